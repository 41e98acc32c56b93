#' Features of different omics that a factor links
#'
#' Pairs of features from different omics that rise and fall together, or one against the other,
#' because the same factor drives both.
#'
#' The link of two features is the product of the factor's effects on them (see
#' [feature_effects()]): the correlation that the factor gives to the two, as far as it acts on both
#' linearly. It is what the model says of the factor alone; other factors may link the same features
#' as well, or undo it.
#'
#' @inheritParams variance_explained
#' @param factor A factor in use: its number, or its name.
#' @param n Number of features per omic, at least 1: those with the largest effects of the factor.
#' @param omic Names of the omics to link; `NULL` for all.
#'
#' @return Data frame with one row per pair, the strongest link first, and the columns `factor`,
#'   `omic`, `feature`, `effect`, `other_omic`, `other_feature`, `other_effect` and `link`: positive
#'   where both go the same way. `omic` comes before `other_omic` in the fit. There is no row where
#'   the factor drives features of one omic only.
#'
#' @section Errors:
#' Factors and omics that the fit does not have are an error that names those it has.
#'
#' @inherit feature_effects source
#' @seealso [plot_links()] for a figure; [top_features()] for the features themselves.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' feature_links(fit, factor = 1, n = 2)
#' @export
feature_links <- function(fit, factor = 1, n = 10, omic = NULL) {
  check_fit(fit)
  check_count(n)
  name <- check_one_factor(factor, fit)
  omics <- check_omic_choice(omic, names(fit$omics))
  link_rows(driven_features(fit, name, n, omics))
}

check_one_factor <- function(factor, fit, call = rlang::caller_env()) {
  name <- check_factor_choice(factor, fit, call)
  if (length(name) != 1) {
    cli::cli_abort("{.arg factor} must choose one factor, not {length(name)}.", call = call)
  }
  name
}

# The `n` features per omic with the largest effects of a factor, in the order of the omics.
driven_features <- function(fit, name, n, omics) {
  rows <- features_table(fit)
  rows <- rows[rows$factor == name & rows$omic %in% omics, ]
  position <- match(rows$omic, names(fit$omics))
  rows <- rows[order(position, -abs(rows$effect)), c("factor", "omic", "feature", "effect")]
  rows[stats::ave(seq_along(rows$omic), rows$omic, FUN = seq_along) <= n, ]
}

link_rows <- function(features) {
  pairs <- expand.grid(b = seq_len(nrow(features)), a = seq_len(nrow(features)))
  pairs <- pairs[pairs$a < pairs$b & features$omic[pairs$a] != features$omic[pairs$b], ]
  a <- features[pairs$a, ]
  b <- features[pairs$b, ]
  links <- data.frame(
    a, other_omic = b$omic, other_feature = b$feature, other_effect = b$effect,
    link = a$effect * b$effect
  )
  links <- links[order(-abs(links$link)), ]
  rownames(links) <- NULL
  links
}
