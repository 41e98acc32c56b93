#' What is shared and what is private of every omic and feature
#'
#' The share of the variance that the coordinates shared by all omics explain, and what the omic's
#' own coordinates add.
#'
#' Shares of a feature are R2 = 1 - sum (x - xhat)^2 / sum (x - m)^2 over the samples of the fit
#' that have its omic; m is the feature's mean. `shared` has xhat decoded from shared coordinates
#' with private ones at 0, `total` has it decoded from both, and `private` is the difference. Those
#' of an omic are pooled over its features, which count alike: means.
#'
#' @param fit A fit from [poems_split()].
#' @param by What the rows of the result are: `"omic"` or `"feature"`.
#' @param ... Not used.
#'
#' @return A data frame with a row per omic or feature, in the order of the fit, and the columns
#'   `omic`, `feature` (with `by = "feature"`), `shared`, `private` and `total`. A share below 0
#'   says that the feature is decoded worse than by its mean.
#'
#' @section Errors:
#' None.
#'
#' @source Written for this package.
#' @seealso [plot_split()] for a figure; [information()] for shares in samples that were not in the
#'   fit.
#' @examples
#' omics <- lapply(tcga_breast$omics[c("mrna", "protein")], \(x) x[1:60, ])
#' fit <- poems_split(omics, shared = 3, private = 3, seed = 21,
#'                    control = list(epochs = 20, threads = 1))
#' variance_explained(fit)
#' features <- variance_explained(fit, by = "feature")
#' head(features[order(-features$private), ])
#' @export
variance_explained.poems_split <- function(fit, by = c("omic", "feature"), ...) {
  check_split_fit(fit)
  by <- arg_match(by)
  rlang::check_dots_empty()
  features <- do.call(rbind, unname(Map(\(table, omic) {
    data.frame(omic = rep(omic, nrow(table)), table[c("feature", variance_parts)])
  }, fit$variance, names(fit$variance))))
  rownames(features) <- NULL
  if (by == "feature") return(features)
  omics <- unique(features$omic)
  means <- rowsum(features[variance_parts], features$omic, na.rm = TRUE, reorder = FALSE) /
    rowsum(+!is.na(features[variance_parts]), features$omic, reorder = FALSE)
  data.frame(omic = omics, lapply(means, na_for_nan))
}

variance_parts <- c("shared", "private", "total")
