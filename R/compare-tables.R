#' What a comparison found
#'
#' `compare_factors()` tells of every factor what it explains in target and background,
#' `variance_explained()` what both blocks do, `top_features()` which features answer to a factor,
#' and `independence()` how far shared and salient factors are from independent. `print()` says what
#' was found, and in words what to be careful about.
#'
#' @param fit,x A fit from [poems_compare()].
#' @param by What the rows are: `"omic"` or `"feature"`.
#' @param factor,n,omic See [top_features.poems_split()]; factors are named `"Shared1"`, ...,
#'   `"Salient1"`, ...
#' @param ... Not used.
#'
#' @return
#' * `compare_factors()`: data frame with a row per factor and omic: `factor`, `block`, `omic`;
#'   `target` and `background`, the share of the omic's variance in these samples (mean over
#'   features) that is lost without the factor, in the background 0 of salient ones; and `loadings`,
#'   how many are not zero (`NA` with dense decoders).
#' * `variance_explained()`: data frame with a row per omic or feature: `omic`, `feature`;
#'   `target_shared`, `target_salient` and `target_total`, shares of the variance in target samples
#'   explained by shared factors, by what salient ones add, and by both; `background`, by shared
#'   factors in the background.
#' * `top_features()`: as of [top_features.poems_split()].
#' * `independence()`: a list of `ratio` and `p`, the Hilbert-Schmidt independence criterion of
#'   shared and salient factors of target samples (held out where there are at least 30, or else
#'   all), divided by its mean over permutations of the samples, and the p-value by these; `samples`
#'   looked at; `r2`, of every salient factor the share of its variance that is linear in the shared
#'   ones; `bound`, the one asked for; `excess`, by which share batches exceeded it when training
#'   ended (negative: kept); `multiplier` and `target_weight`, histories by epoch.
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
  block <- rep(names(fit$blocks), lengths(fit$blocks))
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
  by <- rlang::arg_match(by)
  rlang::check_dots_empty()
  features <- do.call(rbind, unname(Map(\(table, omic) {
    data.frame(omic = rep(omic, nrow(table)), table)
  }, fit$variance$features, names(fit$variance$features))))
  rownames(features) <- NULL
  if (by == "feature") return(features)
  parts <- setdiff(names(features), c("omic", "feature"))
  rows <- lapply(fit$variance$features, \(table) vapply(table[parts], mean_known, 0))
  data.frame(omic = names(rows), do.call(rbind, rows), row.names = NULL)
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

# Fewer held-out samples say too little of dependence.
least_independence_samples <- 30

#' @rdname compare_factors
#' @export
independence <- function(fit) {
  check_comparison(fit)
  held_out <- intersect(fit$validation, names(which(fit$target)))
  of <- if (length(held_out) >= least_independence_samples) held_out else names(which(fit$target))
  z <- shared(fit)[of, , drop = FALSE]
  t <- salient(fit)[of, , drop = FALSE]
  test <- independence_test(z, t, fit$seed)
  left <- if (ncol(t) > 0) as.matrix(stats::lm.fit(cbind(1, z), t)$residuals)
  list(
    ratio = test$ratio, p = test$p, samples = length(of),
    r2 = if (ncol(t) > 0) 1 - colSums(left^2) / colSums((t - rep(colMeans(t), each = nrow(t)))^2),
    bound = fit$independence, excess = excess_at_end(fit),
    multiplier = fit$history$multiplier, target_weight = fit$history$target_weight
  )
}

excess_at_end <- function(fit) {
  last <- fit$history$excess[match(fit$best_epoch, fit$history$epoch)]
  if (length(last) == 0 || is.nan(last)) NA_real_ else last
}

# A salient factor that explains less in every omic is not worth its name.
least_salient <- 0.01

# A bound counts as kept up to such an excess.
tolerated_excess <- 0.1

#' @rdname compare_factors
#' @export
print.poems_comparison <- function(x, ...) {
  n <- c(sum(x$target), sum(!x$target))
  cli::cat_line(cli::style_bold("Comparison"), sprintf(
    " (%s decoders): target %d samples, background %d, %d omic%s", x$decoder, n[1], n[2],
    length(x$omics), if (length(x$omics) == 1) "" else "s"
  ))
  cli::cat_line()
  shares <- variance_explained(x)
  columns <- list(omic = shares$omic, features = format(lengths(features_of(x$omics))),
                  `target: shared` = percent(shares$target_shared),
                  salient = percent(shares$target_salient),
                  `background: shared` = percent(shares$background))
  cat_table(columns)
  cat_families(data.frame(omic = names(x$omics),
                          family = vapply(x$omics, `[[`, "", "family")))
  cat_text(sprintf("Shares of variance explained by %d shared and %d salient factors.",
                   length(x$blocks$shared), length(x$blocks$salient)))
  for (warning in comparison_warnings(x)) cat_text(warning)
  cli::cat_line()
  cat_covariates(all.vars(x$covariates$terms))
  training <- baseline_training(x)
  cat_text(describe_training(training))
  cat_text(describe_losses_kept(training))
  cat_text(sprintf("Scaling \"%s\", seed %d.", x$scaling, x$seed))
  invisible(x)
}

comparison_warnings <- function(fit) {
  table <- compare_factors(fit)
  own <- table[table$block == "salient", ]
  most <- vapply(split(own$target, factor(own$factor, unique(own$factor))), max, 0, na.rm = TRUE)
  weak <- names(most)[most < least_salient]
  excess <- excess_at_end(fit)
  c(
    if (length(fit$blocks$salient) == 0)
      "No salient factor: nothing varies in the target alone that these samples confirm.",
    if (length(weak) > 0)
      sprintf("Less than %s of every omic of the target: %s.", percent(least_salient),
              toString(weak)),
    if (isTRUE(excess > tolerated_excess))
      sprintf("The bound on the dependence of shared and salient factors was exceeded by %s.",
              percent(excess))
  )
}
