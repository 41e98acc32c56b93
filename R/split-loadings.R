#' The features that shared and private coordinates drive most
#'
#' @param fit A fit from [poems_split()] with sparse decoders.
#' @param factor Which coordinates: their numbers among the columns of `latent(fit)`, or their
#'   names, such as `"shared_1"`. With the name of an omic in front, `"mrna: shared_1"`, features of
#'   this omic only.
#' @param n Number of features per coordinate, at least 1, over all of the chosen omics.
#' @param omic Names of the omics to choose from; `NULL` for all.
#' @param ... Not used.
#'
#' @return Data frame with the rows of each coordinate, the largest loading first. Only features
#'   with a loading that is not zero are in it, which can be fewer than `n`. Columns:
#'   * `factor`, `omic`, `feature`: names;
#'   * `loading`: by how many of its standard deviations the feature changes when the coordinate
#'     rises by one of its own; signs compare within a coordinate, whose direction is arbitrary;
#'   * `inclusion`: probability that the coordinate acts on the feature;
#'   * `rank`: from 1, within the coordinate.
#'
#'   `loadings(fit)` has all of them: a named list with, per omic, a features x coordinates matrix.
#'
#' @section Errors:
#' A fit with dense decoders has no loadings, which is an error; so are coordinates and omics that
#' the fit does not have.
#'
#' @source Written for this package.
#' @seealso [variance_explained.poems_split()] for how much blocks explain of a feature.
#' @examples
#' omics <- lapply(tcga_breast$omics[c("mrna", "protein")], \(x) x[1:60, ])
#' fit <- poems_split(omics, shared = 3, private = 3, seed = 21,
#'                    control = list(epochs = 20, threads = 1))
#' top_features(fit, "shared_1", n = 5)
#' top_features(fit, "protein: shared_1", n = 5)
#' @export
top_features.poems_split <- function(fit, factor = 1, n = 10, omic = NULL, ...) {
  check_split_fit(fit)
  rlang::check_dots_empty()
  check_count(n)
  omics <- check_omic_choice(omic, names(fit$omics))
  check_has_loadings(fit)
  named <- name_omic(factor, names(fit$omics))
  check_factor_choice(named$factor, fit, names = colnames(fit$latent))
  chosen <- unique(data.frame(
    factor = if (is.numeric(factor)) colnames(fit$latent)[factor] else named$factor,
    omic = named$omic
  ))
  of <- lapply(chosen$omic, \(one) if (is.na(one)) omics else intersect(omics, one))
  top_rows(split_loading_rows(fit), chosen$factor, of, "loading", n)
}

# Coordinates as the user names them, parted into the coordinate and the omic before it, if any.
name_omic <- function(factor, omics) {
  omic <- rep(NA_character_, length(factor))
  if (!is.character(factor)) return(list(factor = factor, omic = omic))
  for (name in omics) {
    prefix <- paste0(name, ": ")
    with <- startsWith(factor, prefix)
    omic[with] <- name
    factor[with] <- substring(factor[with], nchar(prefix) + 1)
  }
  list(factor = factor, omic = omic)
}

# One row per loading that is not zero.
split_loading_rows <- function(fit) {
  rows <- Map(\(w, p, omic) {
    w <- as.matrix(w)
    table <- long_table(w, c("feature", "factor", "loading"))
    table$inclusion <- as.vector(as.matrix(p))
    data.frame(omic = rep(omic, nrow(table)), table)[table$loading != 0, ]
  }, fit$loadings, fit$inclusion[names(fit$loadings)], names(fit$loadings))
  rows <- do.call(rbind, unname(rows))
  rownames(rows) <- NULL
  rows[c("factor", "omic", "feature", "loading", "inclusion")]
}

check_has_loadings <- function(fit, call = rlang::caller_env()) {
  if (!is.null(fit$loadings)) return(invisible())
  cli::cli_abort(c(
    "There are no loadings: dense decoders have none.",
    "i" = "Fit with {.code decoder = \"sparse\"}."
  ), call = call)
}
