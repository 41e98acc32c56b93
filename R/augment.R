#' Factors and gates beside what is known of the samples
#'
#' Adds the factors and gates of a fit, and clusters if given, to the annotation of its samples, for
#' models, tables and figures of both.
#'
#' @param x A fit from [poems()].
#' @param data What to add to: a `MultiAssayExperiment` or a `SummarizedExperiment` (and classes
#'   that extend it), whose `colData` are extended; or a data frame with one row per sample. Samples
#'   of a data frame are named by its column `sample` or, without one, by its row names. `NULL`
#'   makes a table of the fit's samples.
#' @param clusters The cluster of every sample: a vector named by sample, or in the order of
#'   `x$samples`. `NULL` for none.
#' @param ... Not used.
#'
#' @return `data` with these columns added, or replaced where it has them already; a tibble (a data
#'   frame where the package tibble is not installed) with `sample` and these columns where `data`
#'   is `NULL`:
#'   * `.Factor1`, `.Factor2`, ...: the factors in use, as [latent()] has them;
#'   * `.gate_` and the name of the omic: [gates()];
#'   * `.cluster`: a factor, with `clusters`.
#'
#'   Rows of `data` stay as they are. Those of samples that the fit does not have get `NA`, with a
#'   message.
#'
#' @section Errors:
#' It is an error if `data` is of another kind, if it has none of the fit's samples, or if
#' `clusters` does not fit the samples.
#'
#' @inherit tidy.poems references
#' @family tables
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' tumours <- augment(fit, tcga_breast$samples)
#' aggregate(.gate_protein ~ subtype, tumours, mean)
#' @export
augment.poems <- function(x, data = NULL, clusters = NULL, ...) {
  check_fit(x, arg = "x")
  rlang::check_dots_empty()
  add_sample_columns(sample_columns(x, clusters), x$samples, data)
}

# Adds columns, of which every sample of a fit has a row, to what is known of samples. Errors name
# the caller's argument `data`.
add_sample_columns <- function(columns, samples, data, call = rlang::caller_env()) {
  if (is.null(data)) {
    return(as_table(data.frame(sample = samples, columns, check.names = FALSE)))
  }
  at <- match_annotated(sample_names(data, samples, call), samples, call)
  columns <- columns[at, , drop = FALSE]
  if (is_table(data)) return(set_columns(data, columns))
  SummarizedExperiment::colData(data) <-
    set_columns(SummarizedExperiment::colData(data), columns)
  data
}

# What is added, one row per sample of the fit.
sample_columns <- function(fit, clusters, call = rlang::caller_env()) {
  factors <- latent(fit)
  gates <- fit$gates
  colnames(factors) <- sprintf(".%s", colnames(factors))
  colnames(gates) <- sprintf(".gate_%s", colnames(gates))
  columns <- data.frame(factors, gates, check.names = FALSE)
  columns$.cluster <- match_group(clusters, fit$samples, "clusters", call)
  columns
}

set_columns <- function(table, columns) {
  for (name in names(columns)) table[[name]] <- unname(columns[[name]])
  table
}

is_table <- \(x) is.data.frame(x) || methods::is(x, "DataFrame")

sample_names <- function(data, samples, call = rlang::caller_env()) {
  if (is_table(data)) {
    if ("sample" %in% names(data)) return(names_among(data$sample, samples))
    data <- as_sample_table(data)
    check_row_numbers(data, samples, "data", call)
    return(rownames(data))
  }
  classes <- c("MultiAssayExperiment", "SummarizedExperiment")
  if (!any(vapply(classes, \(class) methods::is(data, class), NA))) {
    cli::cli_abort(c(
      "{.arg data} must be a MultiAssayExperiment, a SummarizedExperiment or a data frame.",
      "x" = "It is {describe(data)}."
    ), call = call)
  }
  rlang::check_installed("SummarizedExperiment", "to read and write colData.", call = call)
  rownames(SummarizedExperiment::colData(data))
}

# Numbers as R wrote them when they became names: "1e+05" or "100000".
names_among <- function(x, samples) {
  names <- as_names(x)
  as_r <- as.character(x)
  ifelse(!names %in% samples & as_r %in% samples, as_r, names)
}

# Where the annotated samples are among those of the fit.
match_annotated <- function(annotated, samples, call = rlang::caller_env()) {
  at <- match(annotated, samples)
  if (all(is.na(at))) {
    cli::cli_abort(c(
      "{.arg data} must have samples of the fit.",
      "x" = "It has none of them.",
      "*" = "In {.arg data}: {quote_some(annotated)}.",
      "*" = "In the fit: {quote_some(samples)}.",
      "i" = "A data frame names samples in its column {.field sample}, or in its row names."
    ), call = call)
  }
  unknown <- annotated[is.na(at)]
  if (length(unknown) > 0) {
    cli::cli_inform(c("i" = "{length(unknown)} sample{?s} of {.arg data} {?is/are} not in the fit:
                             {quote_some(unknown)}.", names_hint(samples, annotated)))
  }
  at
}
