#' What only one omic knows
#'
#' How much of every omic the others tell, how much its own coordinates add, and whether these are
#' free of what is shared.
#'
#' Of new samples, shares are means over features of R2 as [cross_prediction()] has it, of samples
#' that have the omic and another one. `shared` predicts the omic from all others that a sample
#' has; `total` reconstructs it from all omics, itself included. An omic's own encoder may hide
#' private knowledge among what it says of shared coordinates, which is why others are asked.
#'
#' Without `newdata`, shares are those of [variance_explained.poems_split()] in the samples of the
#' fit, which flatter it. Dependence is not told: in these samples, the fit has made private
#' coordinates free of shared ones.
#'
#' Dependence of the omic's private coordinates z on the shared ones s (of new samples, told by the
#' omic alone and by the others alone) is the Hilbert-Schmidt independence criterion, HSIC = tr(K H
#' L H) / n^2 with K = exp(-|z_i - z_j|^2 / (2 m^2)), m the median of all |z_i - z_j|, L alike of
#' s, and H = I - 1/n. It is above 0 by chance as well, and is therefore divided by its mean over
#' `r hsic_permutations` random permutations of the samples. The p-value is
#' (1 + b) / (1 + `r hsic_permutations`), where b counts permutations with as large an HSIC. Where
#' there are more than `r most_hsic_samples` samples, as many are looked at, evenly spaced.
#'
#' It tests the coordinates as they were learnt: with the errors of learning them, some of what is
#' shared is left in most private ones. In simulations with independent private factors the p-value
#' of 150 new samples is below 0.05 in a fifth of the cases.
#'
#' @inheritParams cross_prediction
#' @param newdata New samples, in any form that [poems()] takes; or `NULL` for those of the fit.
#' @param seed A whole number that decides the permutations; `NULL` for that of the fit. The user's
#'   random numbers are left as they were.
#'
#' @return Data frame with a row per omic that some sample has together with another one. Columns:
#'   * `omic`; `samples`, their number;
#'   * `shared`, `private`, `total`: shares of the variance; `private` is `total` less `shared`, and
#'     is what only this omic knows;
#'   * `dependence`: 1 where private coordinates are independent of shared ones, larger where they
#'     are not; `NA` where one of the two does not vary, and without `newdata`;
#'   * `p`: that of independence; `NA` where `dependence` is.
#'
#' @section Errors:
#' As of [cross_prediction()].
#'
#' @source Written for this package. Gretton A, Bousquet O, Smola A, Scholkopf B (2005). Measuring
#'   statistical dependence with Hilbert-Schmidt norms. Algorithmic Learning Theory, 63-77.
#' @seealso [variance_explained.poems_split()] for shares in the samples of the fit, told by all
#'   their omics.
#' @examples
#' train <- tcga_breast$samples$set == "train"
#' omics <- lapply(tcga_breast$omics[c("mrna", "mirna")], \(x) x[1:60, ])
#' fit <- poems_split(lapply(omics, \(x) x[, train]), shared = 3, private = 3, seed = 21,
#'                    control = list(epochs = 20, threads = 1))
#' information(fit, lapply(omics, \(x) x[, !train]))
#' information(fit)
#' @export
information <- function(fit, newdata = NULL, samples = c("columns", "rows"), covariates = NULL,
                        seed = NULL) {
  check_split_fit(fit)
  samples <- arg_match(samples)
  seed <- if (is.null(seed)) fit$seed else check_seed(seed)
  if (is.null(newdata)) {
    check_no_covariates(covariates)
    return(do.call(rbind, lapply(names(fit$omics), \(omic) information_in_fit(fit, omic))))
  }
  data <- new_split_data(fit, newdata, samples, covariates)
  check_some_together(data)
  rows <- lapply(names(data$data), \(omic) information_row(fit, data, omic, seed))
  do.call(rbind, rows)
}

information_in_fit <- function(fit, omic) {
  shares <- variance_explained(fit)
  shares <- shares[shares$omic == omic, ]
  has <- fit$omics[[omic]]$samples
  data.frame(omic = omic, samples = length(has), shared = shares$shared, private = shares$private,
             total = shares$total, dependence = NA_real_, p = NA_real_)
}

information_row <- function(fit, data, omic, seed) {
  others <- setdiff(names(data$data), omic)
  both <- samples_with(data, omic, others)
  if (length(both) == 0) return(NULL)
  x <- as.matrix(data$data[[omic]])[, both, drop = FALSE]
  told <- \(from) split_predict(fit, data, from, omic)[, match(both, data$samples), drop = FALSE]
  shared <- mean_known(feature_r2(x, told(others)))
  total <- mean_known(feature_r2(x, told(names(data$data))))
  of <- \(from, block) {
    mean <- split_embed(fit, only_omics(data, from))$mean
    mean[both, fit$blocks[[block]], drop = FALSE]
  }
  test <- independence_test(of(omic, omic), of(others, "shared"), seed)
  data.frame(omic = omic, samples = length(both), shared = shared, private = total - shared,
             total = total, dependence = test$ratio, p = test$p)
}

hsic_permutations <- 199L

# Kernels compare all pairs of samples.
most_hsic_samples <- 1000L

# Whether the rows of two matrices, coordinates of the same samples, are independent: HSIC divided
# by its mean over permutations, and the p-value.
independence_test <- function(a, b, seed) {
  rows <- spaced(nrow(a), most_hsic_samples)
  k <- median_kernel(a[rows, , drop = FALSE])
  l <- median_kernel(b[rows, , drop = FALSE])
  if (is.null(k) || is.null(l)) return(list(ratio = NA_real_, p = NA_real_))
  k <- doubly_centred(k)
  hsic <- \(order) sum(k * l[order, order]) / length(k)
  found <- hsic(seq_along(rows))
  by_chance <- with_seed(seed, replicate(hsic_permutations, hsic(sample.int(length(rows)))))
  # A permutation that changes nothing must count in spite of rounding.
  as_large <- sum(by_chance >= found * (1 - 1e-9))
  list(ratio = found / mean(by_chance), p = (1 + as_large) / (1 + hsic_permutations))
}

# Gaussian kernel of the rows of x, as wide as the median of their distances; NULL where this is 0.
median_kernel <- function(x) {
  distance <- stats::dist(x)
  width <- if (length(distance) == 0 || ncol(x) == 0) 0 else stats::median(distance)
  if (width == 0) return(NULL)
  unname(exp(-as.matrix(distance)^2 / (2 * width^2)))
}

# H K H of a symmetric K.
doubly_centred <- function(k) {
  means <- rowMeans(k)
  k - means - rep(means, each = nrow(k)) + mean(means)
}
