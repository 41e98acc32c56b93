#' The features that a factor drives most
#'
#' @param fit A fit from [poems()] (for one from [poems_split()] see [top_features.poems_split()]).
#' @param factor Which factors in use: their numbers, or their names.
#' @param n Number of features per factor, at least 1, over all of the chosen omics.
#' @param by What features are ordered by: the size of their `"loading"` or that of their
#'   `"effect"`.
#' @param omic Names of the omics to choose from; `NULL` for all.
#' @param ... Not used.
#'
#' @return Data frame with the rows of each factor, the largest first. Only features with a loading
#'   that is not zero are in it, which can be fewer than `n`. Columns:
#'   * `factor`, `omic`, `feature`: names;
#'   * `loading`: whose sign means nothing by itself;
#'   * `effect`: see [feature_effects()];
#'   * `inclusion`: probability; see [inclusion()];
#'   * `rank`: from 1, within the factor.
#'
#' @section Errors:
#' Factors and omics that the fit does not have are an error that names those it has.
#'
#' @inherit feature_effects source
#' @seealso [plot_top_features()] for a figure, [plot_loadings()] for one over all factors.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' top_features(fit, factor = 1, n = 5)
#' top_features(fit, factor = c("Factor1", "Factor2"), n = 3, by = "effect", omic = "mirna")
#' @export
top_features <- function(fit, ...) UseMethod("top_features")

#' @export
top_features.default <- function(fit, ...) check_fit(fit)

#' @rdname top_features
#' @export
top_features.poems <- function(fit, factor = 1, n = 10, by = c("loading", "effect"), omic = NULL,
                               ...) {
  check_fit(fit)
  rlang::check_dots_empty()
  by <- arg_match(by)
  check_value(n, "n", "a whole number of at least 1", \(x) is_whole(x) && x >= 1)
  factors <- check_factor_choice(factor, fit)
  omics <- check_omic_choice(omic, names(fit$omics))
  features <- features_table(fit)
  columns <- c("factor", "omic", "feature", "loading", "effect", "inclusion")
  top_rows(features[columns], factors, list(omics), by, n)
}

# Of a table with a row per feature and factor, the `n` rows of every factor that are largest by the
# column `by`. `omics`: per factor, or for all, the omics to choose from.
top_rows <- function(features, factors, omics, by, n) {
  top <- do.call(rbind, unname(Map(\(name, omics) {
    rows <- features[features$factor == name & features$omic %in% omics, ]
    rows <- utils::head(rows[order(-abs(rows[[by]])), ], n)
    rows$rank <- seq_len(nrow(rows))
    rows
  }, factors, omics)))
  rownames(top) <- NULL
  top
}

# The names of the factors chosen by number or name, each once. `names`: those that the fit has.
check_factor_choice <- function(factor, fit, call = rlang::caller_env(),
                                names = names_of_factors(fit), arg = "factor") {
  if (!(is.numeric(factor) || is.character(factor)) || length(factor) == 0) {
    cli::cli_abort(
      "{.arg {arg}} must be numbers or names of factors, not {describe(factor)}.",
      call = call
    )
  }
  known <- if (is.numeric(factor)) factor %in% seq_along(names) else factor %in% names
  if (!all(known)) {
    lacking <- unique(factor[!known])
    cli::cli_abort(c(
      "{.arg {arg}} must name factors in use, by number or name.",
      "x" = "Not in use: {if (is.numeric(lacking)) lacking else quote_some(lacking)}.",
      "i" = describe_factors(names)
    ), call = call)
  }
  unique(if (is.numeric(factor)) names[factor] else factor)
}

describe_factors <- function(names) {
  switch(min(length(names), 2) + 1,
    "{.arg fit} has no factor in use.",
    "{.arg fit} has one, {quote_some(names)}.",
    "{.arg fit} has {length(names)}: {quote_some(names[1])} to {quote_some(names[length(names)])}."
  )
}

check_omic_choice <- function(omic, omics, call = rlang::caller_env(), arg = "omic") {
  if (is.null(omic)) return(omics)
  if (!is.character(omic) || length(omic) == 0) {
    cli::cli_abort("{.arg {arg}} must be names of omics, not {describe(omic)}.", call = call)
  }
  unknown <- setdiff(omic, omics)
  if (length(unknown) > 0) {
    cli::cli_abort(c(
      "{.arg {arg}} must name omics of the fit.",
      "x" = "The fit does not have {quote_some(unknown)}.",
      "i" = "It has {quote_some(omics)}."
    ), call = call)
  }
  omic
}
