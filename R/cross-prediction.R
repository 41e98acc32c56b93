#' How well one omic is predicted from another
#'
#' Predicts every omic from each other one alone and, where there are more than two, from all others
#' together, and compares with what was measured.
#'
#' The share explained of a feature is R2 = 1 - sum (x - xhat)^2 / sum (x - m)^2 over the samples
#' that have the value and an omic to predict it from; m is the mean of the feature over these
#' samples of `newdata`. Predictions pass through the coordinates that all omics share. Values are
#' compared after the transformations of the fit, such as log1p; counts as they are. Give samples
#' that were held out: those of the fit flatter it.
#'
#' @param fit A fit from [poems_split()].
#' @param newdata Samples to predict, with at least two omics of the fit, in any form that [poems()]
#'   takes.
#' @param samples Where the samples are in `newdata`: `"columns"` or `"rows"`.
#' @param covariates For a fit with covariates, those of `newdata`; see [predict.poems()].
#' @param x,object What `cross_prediction()` returned.
#' @param n,... `n`: how many features of every direction are named, at least 0; see
#'   [plot_cross_prediction()].
#'
#' @return A data frame of class `cross_prediction` with a row per direction and feature. Columns:
#'   * `from`, `to`: factors with the omics of the fit as levels, in order; the last level of `from`
#'     is `"all others"`;
#'   * `feature`: of the omic `to`;
#'   * `r2`: at most 1, and below 0 where the mean would have been closer; `NA` for a feature that
#'     is constant in `newdata`, or never measured together with `from`.
#'
#'   `summary()` is a data frame with a row per direction: `from`, `to`, `features` (their number),
#'   `median` and `mean` of their `r2`, and `above`, the share of those with an `r2` above 0.1.
#'   `print()` shows it and returns its argument invisibly. `autoplot()` is
#'   [plot_cross_prediction()].
#'
#' @section Errors:
#' It is an error if no sample of `newdata` has two omics of the fit. See [predict.poems()] for
#' other errors in `newdata` and `covariates`.
#'
#' @source Written for this package; R2 of held-out samples is how Martens et al. measure prediction
#'   across omics, see [poems_split()].
#' @seealso [information()] for what no other omic can tell.
#' @examples
#' train <- tcga_breast$samples$set == "train"
#' omics <- lapply(tcga_breast$omics[c("mrna", "mirna")], \(x) x[1:60, ])
#' fit <- poems_split(lapply(omics, \(x) x[, train]), shared = 3, private = 3, seed = 21,
#'                    control = list(epochs = 20, threads = 1))
#' cross <- cross_prediction(fit, lapply(omics, \(x) x[, !train]))
#' cross
#' head(cross[order(-cross$r2), ])
#' @export
cross_prediction <- function(fit, newdata, samples = c("columns", "rows"), covariates = NULL) {
  check_split_fit(fit)
  rlang::check_required(newdata)
  samples <- arg_match(samples)
  data <- new_split_data(fit, newdata, samples, covariates)
  check_some_together(data)
  omics <- names(fit$omics)
  tables <- lapply(names(data$data), \(to) {
    lapply(sources_of(to, names(data$data)), \(from) direction_rows(fit, data, from, to))
  })
  rows <- do.call(rbind, unlist(tables, recursive = FALSE))
  rows$from <- factor(rows$from, c(omics, all_others))
  rows$to <- factor(rows$to, omics)
  structure(rows, class = c("cross_prediction", "data.frame"))
}

all_others <- "all others"

# What an omic is predicted from: each other omic and, if these are several, all of them.
sources_of <- function(to, omics) {
  others <- setdiff(omics, to)
  c(as.list(others), if (length(others) > 1) list(others))
}

direction_rows <- function(fit, data, from, to) {
  both <- samples_with(data, to, from)
  x <- as.matrix(data$data[[to]])[, both, drop = FALSE]
  predicted <- split_predict(fit, data, from, to)[, match(both, data$samples), drop = FALSE]
  data.frame(
    from = if (length(from) == 1) from else all_others, to = to,
    feature = fit$omics[[to]]$features, r2 = feature_r2(x, predicted)
  )
}

# Share explained of every row of `x` by `predicted`, over the columns where both are known; NA
# where these do not vary.
feature_r2 <- function(x, predicted) {
  x[is.na(predicted)] <- NA
  largest <- apply(abs(x), 1, \(row) max(row, 0, na.rm = TRUE))
  total <- rowSums((x - rowMeans(x, na.rm = TRUE))^2, na.rm = TRUE)
  r2 <- 1 - rowSums((x - predicted)^2, na.rm = TRUE) / total
  r2[total <= (rounding_error * largest)^2 * ncol(x)] <- NA
  unname(r2)
}

check_some_together <- function(data, call = rlang::caller_env()) {
  has <- table(factor(unlist(lapply(data$data, colnames), use.names = FALSE), data$samples))
  if (any(has > 1)) return(invisible())
  cli::cli_abort(c(
    "{.arg newdata} must have samples with two or more omics of the fit.",
    "x" = if (length(data$data) == 1) {
      "It has {quote_some(names(data$data))} alone."
    } else {
      "No sample has more than one of {quote_some(names(data$data))}."
    }
  ), call = call)
}

#' @rdname cross_prediction
#' @export
summary.cross_prediction <- function(object, ...) {
  rows <- as.data.frame(object)
  direction <- paste(as.integer(rows$to), as.integer(rows$from))
  first <- rows[!duplicated(direction), ]
  r2 <- split(rows$r2, factor(direction, unique(direction)))
  of <- \(f) vapply(r2, \(values) na_for_nan(f(values[!is.na(values)])), 0, USE.NAMES = FALSE)
  table <- data.frame(
    from = first$from, to = first$to, features = unname(lengths(r2)), median = of(stats::median),
    mean = of(mean), above = of(\(values) mean(values > r2_of_note))
  )
  table <- table[order(table$to, table$from), ]
  rownames(table) <- NULL
  table
}

# Features predicted better than this are counted.
r2_of_note <- 0.1

#' @rdname cross_prediction
#' @export
print.cross_prediction <- function(x, ...) {
  if (!all(c("from", "to", "feature", "r2") %in% names(x))) return(NextMethod())
  table <- summary(x)
  r2 <- if (cli::is_utf8_output()) "R\u00b2" else "R2"
  cli::cat_line(cli::style_bold("Prediction across omics"), sprintf(": %s by feature", r2))
  cli::cat_line()
  cells <- \(values) ifelse(is.na(values), "-", sprintf("%.2f", values))
  columns <- list(
    predicted = as.character(table$to), from = as.character(table$from),
    features = format(table$features), median = cells(table$median), mean = cells(table$mean)
  )
  columns[[sprintf("above %g", r2_of_note)]] <- percent(table$above)
  cat_table(columns)
  invisible(x)
}
