# How well a fit finds the factors and loadings behind simulated data.

#' Compare a fit with the truth of a simulation
#'
#' Matches fitted factors with the true ones, one to one, so that the sum of their absolute
#' correlations over the samples is greatest (Hungarian algorithm); then compares which loadings are
#' not zero.
#'
#' Samples and features are matched by name. Fitted factors whose loadings are all zero are not in
#' use and are not matched. Loadings are pooled over the omics of `loadings`; features that the fit
#' dropped count as not selected.
#'
#' @param x A fit from [poems()], or the samples x factors matrix of any other method, with row
#'   names.
#' @param truth A simulation from [simulate_omics()], or a list of `factors` (a samples x factors
#'   matrix) and `loadings` (per omic, a features x factors matrix), named alike.
#' @param loadings Named list with, per omic, a features x factors matrix of loadings, dense or
#'   sparse, with row names; columns as in `x`. What counts as selected is what is not zero: for
#'   methods without exact zeros, set those below a threshold to 0. `NULL` takes those of the fit;
#'   without a fit, correlations alone are compared.
#'
#' @return Data frame of class `factor_recovery` with one row per true factor:
#'   * `factor`: its name, and `matched`, that of the fitted factor, `NA` if there is none left;
#'   * `correlation`: absolute Pearson correlation of the two, 0 without a match;
#'   * `precision`: share of the selected loadings that are truly not zero, `NA` if none is
#'     selected; `recall`: share of the true ones that are selected; `f1`: their harmonic mean.
#'     All three are `NA` without loadings.
#'
#'   `summary()` of it returns the means over the true factors, leaving out `NA`, and `unmatched`:
#'   the number of fitted factors in use that match none.
#'
#' @section Errors:
#' It is an error if samples lack names, if fit and truth share fewer than three samples, or if
#' `loadings` has omics or features that the truth does not have.
#'
#' @source The assignment problem is solved by [clue::solve_LSAP()]. Precision, recall and F1 are
#'   those of van Rijsbergen (1979), Information Retrieval, chapter 7.
#' @seealso [simulate_omics()]; [stability()] for data whose truth is not known.
#' @examples
#' truth <- simulate_omics(samples = 100, features = c(rna = 40, protein = 20), factors = 2,
#'                         noise = 0.2, seed = 1)
#' fit <- poems(truth$omics, factors = 4, seed = 1, control = list(epochs = 60, threads = 1))
#' factor_recovery(fit, truth)
#' # The yardstick: principal components of one omic, with a threshold on their loadings.
#' pca <- prcomp(t(truth$omics$rna), rank. = 2)
#' weights <- pca$rotation * (abs(pca$rotation) > 0.1)
#' summary(factor_recovery(pca$x, truth, loadings = list(rna = weights)))
#' @export
factor_recovery <- function(x, truth, loadings = NULL) {
  check_truth(truth)
  if (inherits(x, "poems")) {
    check_fit(x, arg = "x")
    if (is.null(loadings)) loadings <- x$loadings
    x <- latent(x)
  }
  check_estimate(x, truth$factors)
  if (!is.null(loadings)) check_estimated_loadings(loadings, x, truth$loadings)

  in_use <- if (is.null(loadings)) rep(TRUE, ncol(x)) else used_factors(loadings)
  common <- intersect(rownames(truth$factors), rownames(x))
  correlation <- absolute_correlation(truth$factors[common, , drop = FALSE],
                                      x[common, in_use, drop = FALSE])
  match <- match_columns(correlation)
  column <- which(in_use)[match$column]
  table <- data.frame(
    factor = label(seq_len(ncol(truth$factors)), colnames(truth$factors)),
    matched = label(column, colnames(x)),
    correlation = match$value
  )
  unmatched <- label(setdiff(which(in_use), column), colnames(x))
  structure(
    cbind(table, compare_support(truth$loadings, loadings, column, nrow(table))),
    unmatched = unmatched, class = c("factor_recovery", "data.frame")
  )
}

#' @export
summary.factor_recovery <- function(object, ...) {
  means <- colMeans(as.data.frame(object)[c("correlation", "precision", "recall", "f1")],
                    na.rm = TRUE)
  c(means, unmatched = length(attr(object, "unmatched")))
}

#' @export
print.factor_recovery <- function(x, ...) {
  print(as.data.frame(x), digits = 2, row.names = FALSE)
  means <- summary(x)
  share <- \(name) format(round(means[[name]], 2), nsmall = 2)
  cli::cat_line()
  cat_text(paste0(
    "Mean: correlation ", share("correlation"),
    if (!is.nan(means[["f1"]])) {
      sprintf(", precision %s, recall %s, F1 %s", share("precision"), share("recall"), share("f1"))
    },
    cli::pluralize(". {means[['unmatched']]} further factor{?s} in use.")
  ))
  invisible(x)
}

#' @export
as.data.frame.factor_recovery <- function(x, ...) {
  attr(x, "unmatched") <- NULL
  class(x) <- "data.frame"
  x
}

check_truth <- function(truth, call = rlang::caller_env()) {
  valid <- is.list(truth) && is.matrix(truth$factors) && is.list(truth$loadings)
  if (!valid) {
    cli::cli_abort(c(
      "{.arg truth} must come from {.fn simulate_omics}, or be a list of {.field factors} and
       {.field loadings}.",
      "x" = "It is {describe(truth)}."
    ), call = call)
  }
}

check_estimate <- function(x, factors, call = rlang::caller_env()) {
  if (!is.matrix(x) || !is.numeric(x) || is.null(rownames(x)) || !all(is.finite(x))) {
    cli::cli_abort(c(
      "{.arg x} must be a fit from {.fn poems}, or a numeric matrix, samples x factors, with row
       names and without missing values.",
      "x" = "It is {describe(x)}."
    ), call = call)
  }
  common <- intersect(rownames(factors), rownames(x))
  if (length(common) < 3) {
    cli::cli_abort(c(
      "{.arg x} and {.arg truth} must share at least three samples.",
      "x" = "They share {length(common)}.",
      "*" = "In {.arg x}: {quote_some(rownames(x))}.",
      "*" = "In {.arg truth}: {quote_some(rownames(factors))}."
    ), call = call)
  }
}

check_estimated_loadings <- function(loadings, x, truth, call = rlang::caller_env()) {
  valid <- is.list(loadings) && length(loadings) > 0 &&
    all(vapply(loadings, \(w) identical(ncol(w), ncol(x)) && !is.null(rownames(w)), NA))
  if (!valid) {
    cli::cli_abort(c(
      "{.arg loadings} must be a named list with, per omic, a features x factors matrix with row
       names and {ncol(x)} column{?s}, as many as {.arg x} has.",
      "x" = "It is {describe(loadings)}."
    ), call = call)
  }
  unknown <- setdiff(rlang::names2(loadings), names(truth))
  if (length(unknown) > 0) {
    cli::cli_abort(c(
      "{.arg loadings} must have omics of {.arg truth} only.",
      "x" = "Not among them: {quote_some(unknown)}."
    ), call = call)
  }
  features <- unlist(Map(\(w, omic) setdiff(rownames(w), rownames(truth[[omic]])),
                         loadings, names(loadings)), use.names = FALSE)
  if (length(features) > 0) {
    cli::cli_abort(c(
      "{.arg loadings} must have features of {.arg truth} only.",
      "x" = "Not among them: {quote_some(features)}."
    ), call = call)
  }
}

# Which factors have a loading that is not zero, in any omic.
used_factors <- function(loadings) {
  colSums(do.call(rbind, lapply(loadings, \(w) Matrix::colSums(w != 0)))) > 0
}

# 0 where a factor is constant.
absolute_correlation <- function(a, b) {
  correlation <- abs(suppressWarnings(stats::cor(a, b)))
  correlation[is.na(correlation)] <- 0
  correlation
}

# Matches every row with a column of its own, so that the sum of their similarities (at least 0) is
# greatest. Rows that are left, or that are similar to nothing, have no column: NA.
match_columns <- function(similarity) {
  rows <- nrow(similarity)
  if (rows == 0) return(list(column = integer(), value = numeric()))
  # solve_LSAP() wants no more rows than columns.
  padded <- cbind(similarity, matrix(0, rows, max(0, rows - ncol(similarity))))
  column <- as.integer(clue::solve_LSAP(padded, maximum = TRUE))
  value <- padded[cbind(seq_len(rows), column)]
  list(column = ifelse(value > 0, column, NA_integer_), value = value)
}

# Precision, recall and F1 per true factor, `column` being its match among those of `estimate`.
compare_support <- function(truth, estimate, column, factors) {
  none <- rep(NA_real_, factors)
  if (is.null(estimate)) return(data.frame(precision = none, recall = none, f1 = none))
  counts <- Reduce(`+`, lapply(names(estimate), \(omic) {
    count_support(truth[[omic]], estimate[[omic]], column)
  }))
  hits <- counts[, "hits"]
  ratio <- \(a, b) ifelse(b > 0, a / b, NA_real_)
  data.frame(
    precision = ratio(hits, counts[, "selected"]),
    recall = ratio(hits, counts[, "true"]),
    f1 = ratio(2 * hits, counts[, "selected"] + counts[, "true"])
  )
}

# Per true factor, in one omic: how many loadings are truly not zero, are selected, and are both.
count_support <- function(truth, estimate, column) {
  is_true <- as.matrix(truth != 0)
  is_selected <- matrix(FALSE, nrow(truth), ncol(truth))
  has_match <- which(!is.na(column))
  rows <- match(rownames(estimate), rownames(truth))
  is_selected[rows, has_match] <- as.matrix(estimate[, column[has_match], drop = FALSE] != 0)
  cbind(true = colSums(is_true), selected = colSums(is_selected),
        hits = colSums(is_true & is_selected))
}
