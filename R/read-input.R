# What users keep omics in, taken apart: every class of input becomes a named list of sources, one
# per omic. A source is a list of `values`, a matrix-like object; `samples`, whether these are in
# its "columns" or "rows"; and, where there was a choice, the `assay` taken. read_omics() and
# align_newdata() go on from there.

# `experiments`: names or numbers of the omics to take; NULL for all. `assays`: per omic, or for all
# alike, the name or number of the assay to take; NULL for the first.
open_input <- function(x, arg, samples, experiments, assays, call) {
  omics <- list_omics(x, arg, call)
  check_printable(names(omics), arg, call)
  check_experiments(experiments, call)
  omics <- choose_experiments(omics, experiments, arg, call)
  check_assays(assays, omics, call)
  assays <- spread_assays(assays, names(omics), call)
  sources <- Map(
    \(omic, name) open_omic(omic, name, samples, assays[[name]], arg, call), omics, names(omics)
  )
  tell_assays(sources, assays)
  sources
}

# Names of omics head tables, files and figures.
check_printable <- function(names, arg, call) {
  control <- names[grepl("[\\x01-\\x1f\\x7f]", names, perl = TRUE, useBytes = TRUE)]
  if (length(control) == 0) return(invisible())
  cli::cli_abort(c(
    "Names of omics in {.arg {arg}} must have no line breaks, tabs or other control characters.",
    "x" = "Not so: {quote_some(control)}."
  ), call = call)
}

# The omics of any input, still of their own class, without reading them. Those of a
# MultiAssayExperiment come with the primary names of their columns.
list_omics <- function(x, arg, call) {
  if (inherits(x, "MultiAssayExperiment")) return(list_mae(x, arg, call))
  if (inherits(x, "SingleCellExperiment")) return(list_single_cell(x))
  if (inherits(x, assay_classes)) return(list(main = x))
  if (is_long(x)) return(read_long(x, arg, call))
  if (inherits(x, "SimpleList")) x <- as.list(x)
  check_omic_list(x, arg, call)
  x
}

# The main experiment, and the alternative ones beside it.
list_single_cell <- function(x) {
  name <- SingleCellExperiment::mainExpName(x)
  main <- stats::setNames(list(x), if (is.null(name)) "main" else name)
  c(main, as.list(SingleCellExperiment::altExps(x)))
}

choose_experiments <- function(omics, experiments, arg, call) {
  if (is.null(experiments)) return(omics)
  known <- if (is.character(experiments)) names(omics) else seq_along(omics)
  unknown <- setdiff(experiments, known)
  if (length(experiments) == 0 || length(unknown) > 0) {
    cli::cli_abort(c(
      "{.arg experiments} must be names or numbers of omics in {.arg {arg}}.",
      "x" = if (length(unknown) > 0) "Not among them: {quote_some(unknown)}." else "It is empty.",
      "i" = "{.arg {arg}} has {quote_some(names(omics))}."
    ), call = call)
  }
  omics[unique(experiments)]
}

# One entry per omic, NULL where the user does not say.
spread_assays <- function(assays, omics, call) {
  if (is.null(names(assays)) && length(assays) == 1) assays <- rep(assays, length(omics))
  if (is.null(names(assays)) && length(assays) == length(omics)) names(assays) <- omics
  unknown <- if (is.null(names(assays))) as.character(assays) else setdiff(names(assays), omics)
  if (length(unknown) > 0) {
    cli::cli_abort(c(
      "{.arg assays} must be one assay for all omics, or named by omic.",
      "x" = "Not among the omics: {quote_some(unknown)}.",
      "i" = "The omics are {quote_some(omics)}."
    ), call = call)
  }
  as.list(assays)
}

# Classes that hold assays.
assay_classes <- c("SummarizedExperiment", "ExpressionSet")

open_omic <- function(omic, name, samples, assay, arg, call) {
  if (inherits(omic, "mae_experiment")) {
    source <- open_omic(omic$values, name, "columns", assay, arg, call)
    source$values <- rename_samples(source$values, omic, name)
    return(source)
  }
  if (inherits(omic, "RaggedExperiment")) abort_ragged(name, arg, call)
  if (!inherits(omic, assay_classes)) return(list(values = omic, samples = samples))
  found <- assay_names(omic)
  assay <- if (is.null(assay)) 1L else assay
  if (length(found) == 0 || !(assay %in% found || assay %in% seq_along(found))) {
    cli::cli_abort(c(
      if (length(found) == 0) "Every omic in {.arg {arg}} must have an assay." else
        "{.arg assays} must be names or numbers of assays.",
      "x" = "Omic {quote_some(name)} has no assay {quote_some(as.character(assay))}.",
      "i" = if (length(found) > 0) "It has {quote_some(found)}."
    ), call = call)
  }
  position <- if (is.character(assay)) match(assay, found) else as.integer(assay)
  list(values = assay_values(omic, position), samples = "columns", assay = found[position],
       assays = found)
}

# The assay to take of newdata: as in the fit, or the only one.
known_assay <- function(omic, assay) {
  values <- if (inherits(omic, "mae_experiment")) omic$values else omic
  if (!inherits(values, assay_classes) || length(assay_names(values)) == 1) NULL else assay
}

# Assays without a name go by their number.
assay_names <- function(x) {
  if (inherits(x, "ExpressionSet")) return(Biobase::assayDataElementNames(x))
  found <- SummarizedExperiment::assayNames(x)
  count <- length(SummarizedExperiment::assays(x, withDimnames = FALSE))
  found <- if (is.null(found)) character(count) else found
  ifelse(found == "", as.character(seq_len(count)), found)
}

assay_values <- function(x, position) {
  if (inherits(x, "ExpressionSet")) {
    return(Biobase::assayDataElement(x, assay_names(x)[position]))
  }
  SummarizedExperiment::assay(x, position)
}

# Says which assays were taken where the user had a choice and made none.
tell_assays <- function(sources, assays) {
  by_default <- sources[setdiff(names(sources), names(assays))]
  chosen <- Filter(\(source) length(source$assays) > 1, by_default)
  if (length(chosen) == 0) return(invisible())
  lines <- sprintf("%s: %s, not %s", names(chosen), vapply(chosen, `[[`, "", "assay"),
                   vapply(chosen, \(source) toString(setdiff(source$assays, source$assay)), ""))
  cli::cli_inform(c(
    "i" = "Took the first of several assays; {.arg assays} chooses others.", as_bullets(lines)
  ))
}

abort_ragged <- function(name, arg, call) {
  cli::cli_abort(c(
    "Every omic in {.arg {arg}} must have the same features in all samples.",
    "x" = "Omic {quote_some(name)} is a RaggedExperiment, whose samples have ranges of their own.",
    "i" = "Leave it out with {.arg experiments}, or make it a matrix of genes, for instance with
           {.fn RaggedExperiment::qreduceAssay}."
  ), call = call)
}
