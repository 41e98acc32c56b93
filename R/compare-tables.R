#' What a comparison found
#'
#' `compare_factors()` tells of every factor what it explains in target and background,
#' `variance_explained()` what both blocks do, `top_features()` which features answer to a factor,
#' and `independence()` how far shared and salient factors are from independent.
#'
#' @param fit A fit from [poems_compare()].
#' @param by What the rows are: `"omic"` or `"feature"`.
#' @param factor,n,omic See [top_features.poems_split()]; factors are named `"Shared1"`, ...,
#'   `"Salient1"`, ...
#' @param ... Not used.
#'
#' @return
#' * `compare_factors()`: data frame with a row per factor and omic: `factor`, `block`, `omic`;
#'   `target` and `background`, the share of the omic's variation in these samples that is lost
#'   without the factor, in the background 0 of salient ones; and `loadings`, how many are not zero
#'   (`NA` with dense decoders).
#' * `variance_explained()`: data frame with a row per omic or feature: `omic`, `feature`;
#'   `target_shared`, `target_salient` and `target_total`, shares of the variation of target samples
#'   explained by shared factors, by what salient ones add, and by both; `background`, by shared
#'   factors in the background. An omic's share is of the variation of its features together, so
#'   that one which hardly varies in a group counts little; with families other than Gaussian the
#'   mean of its features' squared correlations.
#' * `top_features()`: as of [top_features.poems_split()].
#' * `independence()`: a list of `ratio` and `p`, the Hilbert-Schmidt independence criterion of
#'   shared and salient factors of target samples (the ones measured in, see below), divided by its
#'   mean over permutations of the samples, and the p-value by these; `samples` looked at; `r2`, of
#'   every salient factor the share of its variance that a linear map of the shared ones predicts,
#'   each sample left out in turn (`NA` with too few samples; below 0: nothing); `bound`, the
#'   one asked for; `passes`, which correlation of one salient with one shared factor, all others
#'   independent, this bound lets pass with these numbers of factors and of samples in a batch (1:
#'   any); `excess`, by which share batches exceeded it when training ended (negative: kept);
#'   `multiplier` and `target_weight`, histories by epoch.
#'
#' Variation is the mean square of the deviations from the mean of the background, in which a shift
#' of the whole target counts. It is measured in the samples held out from training where there are
#' `r least_measured_samples` of each group, or else in all. A share below 0 says that blocks cancel
#' each other there.
#'
#' @section Errors:
#' Fits with dense decoders have no loadings, which is an error for `top_features()`.
#'
#' @source Written for this package; the criterion is that of Gretton A and others (2008). A kernel
#'   statistical test of independence. NeurIPS 20.
#' @examples
#' omics <- lapply(tcga_breast$omics[c("mrna", "mirna")], \(x) x[1:60, ])
#' fit <- poems_compare(omics, group = tcga_breast$samples$subtype == "Basal", background = FALSE,
#'                      shared = 4, salient = 2, seed = 21,
#'                      control = list(epochs = 10, threads = 1))
#' compare_factors(fit)
#' variance_explained(fit)
#' top_features(fit, "Salient1", n = 5)
#' independence(fit)$ratio
#' @export
compare_factors <- function(fit) {
  check_comparison(fit)
  factors <- colnames(fit$latent)
  block <- blocks_of_coordinates(fit)
  rows <- do.call(rbind, unname(Map(\(table, omic) {
    nonzero <- if (is.null(fit$loadings)) NA_integer_ else
      as.integer(colSums(fit$loadings[[omic]] != 0))
    data.frame(factor = factors, block = block, omic = rep(omic, length(factors)), table,
               loadings = rep_len(nonzero, length(factors)))
  }, fit$variance$factors, names(fit$variance$factors))))
  rows <- rows[order(match(rows$factor, factors)), ]
  rownames(rows) <- NULL
  rows
}

#' @rdname compare_factors
#' @export
variance_explained.poems_comparison <- function( # nolint: object_length_linter.
  fit, by = c("omic", "feature"), ...
) {
  by <- arg_match(by)
  rlang::check_dots_empty()
  features <- do.call(rbind, unname(Map(\(table, omic) {
    data.frame(omic = rep(omic, nrow(table)), table)
  }, fit$variance$features, names(fit$variance$features))))
  rownames(features) <- NULL
  if (by == "feature") return(features)
  data.frame(omic = names(fit$variance$omic), do.call(rbind, fit$variance$omic), row.names = NULL)
}

#' @rdname compare_factors
#' @export
top_features.poems_comparison <- function(fit, factor = "Salient1", n = 10, omic = NULL, ...) {
  rlang::check_dots_empty()
  check_count(n)
  omics <- check_omic_choice(omic, names(fit$omics))
  check_has_loadings(fit)
  check_factor_choice(factor, fit, names = colnames(fit$latent))
  if (is.numeric(factor)) factor <- colnames(fit$latent)[factor]
  top_rows(split_loading_rows(fit), factor, rep(list(omics), length(factor)), "loading", n)
}

#' @rdname compare_factors
#' @export
independence <- function(fit) {
  check_comparison(fit)
  of <- intersect(measured_samples(fit), names(which(fit$target)))
  z <- shared(fit)[of, , drop = FALSE]
  t <- salient(fit)[of, , drop = FALSE]
  test <- independence_test(z, t, fit$seed)
  list(
    ratio = test$ratio, p = test$p, samples = length(of), r2 = left_out_r2(t, z),
    bound = fit$independence, passes = bound_passes(fit), excess = excess_at_end(fit),
    multiplier = fit$history$multiplier, target_weight = fit$history$target_weight
  )
}

bound_passes <- function(fit) {
  size <- c(batch = fit$control$batch_size %/% 2,
            trained = sum(fit$target) - sum(fit$target[fit$validation]))
  passing_correlation(fit$config$independence, min(size), fit$config$shared, fit$config$salient)
}

# R2 of the columns of y by least squares from those of x, of each row from the others.
left_out_r2 <- function(y, x) {
  if (ncol(y) == 0) return(numeric())
  if (nrow(x) < ncol(x) + 3) return(stats::setNames(rep(NA_real_, ncol(y)), colnames(y)))
  fitted <- stats::lm.fit(cbind(1, x), y)
  own <- rowSums(qr.Q(fitted$qr)[, seq_len(fitted$rank), drop = FALSE]^2)
  left <- as.matrix(fitted$residuals) / (1 - own)
  total <- (y - rep(colMeans(y), each = nrow(y))) * nrow(y) / (nrow(y) - 1)
  1 - colSums(left^2) / colSums(total^2)
}

excess_at_end <- function(fit) {
  last <- fit$history$excess[match(fit$best_epoch, fit$history$epoch)]
  if (length(last) == 0 || is.nan(last)) NA_real_ else last
}
