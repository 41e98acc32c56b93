# The door: reads what the user passed as omics and checks all of it, once.

fewest_samples <- 10

# Reads and checks the omics of a cohort, of any class that read-input.R knows. Returns a list of
# `data`, a named list of double matrices (features x the samples that have the omic, NA where a
# value is missing; a stored_matrix where the user's is sparse or not in memory), `samples`, the
# union of their sample names in order of first appearance, and `assays`, the names of those taken
# where there was a choice.
read_omics <- function(x, samples = c("columns", "rows"), experiments = NULL, assays = NULL,
                       preprocess = NULL, call = rlang::caller_env()) {
  samples <- arg_match(samples, error_call = call)
  sources <- open_input(x, "x", samples, experiments, assays, call)
  data <- read_sources(sources, steps_of(preprocess, "transform", names(sources), call), "x", call)
  data <- drop_empty_samples(data)
  check_not_empty(data, call)
  check_common_samples(data, samples, call)
  warn_names_in_part(lapply(data, colnames), "x", call)
  unlike <- unlike_samples_of(data)
  warn_unlike_samples(unlike, data)
  names_of_samples <- union_of_samples(data)
  check_cohort_size(names_of_samples, samples, call)
  cohort <- list(data = data, samples = names_of_samples)
  if (length(unlike) > 0) cohort$unlike <- unlike
  cohort$assays <- unlist(lapply(sources, `[[`, "assay"))
  cohort
}

read_sources <- function(sources, transforms, arg, call) {
  Map(\(source, omic) {
    read_omic(source$values, omic, source$samples, transforms[[omic]], arg, call)
  }, sources, names(sources))
}

union_of_samples <- \(data) unique(unlist(lapply(data, colnames), use.names = FALSE))

check_omic_list <- function(x, arg, call) {
  if (is.matrix(x) || is.data.frame(x) || is_blockwise(x)) {
    cli::cli_abort(c(
      "{.arg {arg}} must be {accepted_input}.",
      "x" = "It is a single {if (is.data.frame(x)) 'data frame' else 'matrix'}.",
      "i" = "Wrap it in a list that names the omic: {.code {arg} = list(mrna = ...)}.",
      if (is.data.frame(x)) c("i" = "A long one has columns {.field sample}, {.field omic},
                                     {.field feature} and {.field value}.")
    ), call = call)
  }
  if (!is.list(x) || is.object(x)) {
    cli::cli_abort(c(
      "{.arg {arg}} must be {accepted_input}.",
      "x" = "It is {describe(x)}."
    ), call = call)
  }
  if (length(x) == 0) {
    cli::cli_abort(c(
      "{.arg {arg}} must hold at least one omic.",
      "x" = "It is an empty list."
    ), call = call)
  }
  check_omic_names(x, arg, call)
}

accepted_input <-
  "a MultiAssayExperiment, a named list with one matrix per omic, or a long data frame"

check_omic_names <- function(x, arg, call) {
  omics <- rlang::names2(x)
  unnamed <- which(is.na(omics) | omics == "")
  if (length(unnamed) > 0) {
    cli::cli_abort(c(
      "Every omic in {.arg {arg}} must have a name.",
      "x" = "Of {length(x)} omics, {cli::qty(length(unnamed))} number{?s} {utils::head(unnamed, 5)}
             {cli::qty(length(unnamed))} {?has/have} none.",
      "i" = "Name them: {.code {arg} = list(mrna = ..., protein = ...)}."
    ), call = call)
  }
  twice <- unique(omics[duplicated(omics)])
  if (length(twice) > 0) {
    cli::cli_abort(c(
      "Every omic in {.arg {arg}} must have a name of its own.",
      "x" = "Given more than once: {quote_some(twice)}.",
      "i" = "Rename the omics, or remove those given twice."
    ), call = call)
  }
}

# One omic as a double matrix, features x samples. What is one already is returned as it is, not
# copied; what has been read before passes.
read_omic <- function(values, omic, samples, transform, arg, call) {
  if (is_stored(values)) return(values)
  check_shape(values, omic, arg, call)
  check_numeric(values, omic, arg, call)
  if (is.data.frame(values) || inherits(values, "denseMatrix")) values <- as.matrix(values)
  if (inherits(values, "SparseArray")) values <- as_compressed(values)
  side <- c(feature = "row", sample = "col")
  if (samples == "rows") {
    values <- Matrix::t(values)
    side <- c(feature = "col", sample = "row")
  }
  check_names(rownames(values), "feature", side["feature"], omic, arg, call)
  check_names(colnames(values), "sample", side["sample"], omic, arg, call)
  check <- function(values) {
    check_finite(values, omic, arg, call)
    check_no_bit_patterns(values, omic, arg, call)
  }
  prepare <- function(values) {
    check(values)
    transform_values(values, transform, omic, arg, call)
  }
  if (is_sparse_input(values) && keeps_zeros(transform)) {
    return(sparse_matrix(values, check, if (!is.null(transform)) {
      \(x) transform_values(x, transform, omic, arg, call)
    }))
  }
  if (is_blockwise(values)) return(disk_matrix(values, prepare))
  if (!is.double(values)) storage.mode(values) <- "double"
  prepare(values)
}

check_shape <- function(values, omic, arg, call) {
  is_flat <- is.matrix(values) || is.data.frame(values) ||
    (is_blockwise(values) && length(dim(values)) == 2)
  if (!is_flat) {
    cli::cli_abort(c(
      "Every omic in {.arg {arg}} must be a matrix or a data frame, or hold one as its assay.",
      "x" = "Omic {quote_some(omic)} is {describe(values)}.",
      "i" = "Convert it, for instance with {.fn as.matrix}."
    ), call = call)
  }
  if (any(dim(values) == 0)) {
    cli::cli_abort(c(
      "Every omic in {.arg {arg}} must have at least one feature and one sample.",
      "x" = "Omic {quote_some(omic)} is {describe(values)}.",
      "i" = "Remove this omic from {.arg {arg}}."
    ), call = call)
  }
}

# Logical values pass as 0 and 1: a column without any value is logical in a data frame. Classes
# (factor, Date, integer64) do not: what their numbers mean is not what they look like.
is_numeric_vector <- \(x) (is.numeric(x) || is.logical(x)) && !is.object(x)

check_numeric <- function(values, omic, arg, call) {
  if (is.data.frame(values)) {
    long <- vapply(values, inherits, NA, "integer64")
    if (any(long)) {
      columns <- toString(quote_some(names(values)[long]))
      abort_integer64(sprintf("Its columns %s are.", columns), omic, arg, call)
    }
    numeric <- vapply(values, is_numeric_vector, NA)
    if (!all(numeric)) abort_not_numeric("column", names(values)[!numeric], omic, arg, call)
  } else if (inherits(values, "DelayedArray")) {
    type <- DelayedArray::type(values)
    if (!type %in% c("double", "integer", "logical")) abort_type(type, omic, arg, call)
  } else if (is.matrix(values) && !is.numeric(values) && !is.logical(values)) {
    abort_matrix_not_numeric(values, omic, arg, call)
  }
}

# as.matrix() of whole numbers of 64 bits (integer64, as fread() reads large counts) has their bits,
# which are numbers next to 0.
smallest_value <- 1e-300

check_no_bit_patterns <- function(values, omic, arg, call) {
  if (!is.double(values)) return(invisible())
  highest <- core_largest_sizes(values)
  bits <- highest > 0 & highest < smallest_value
  if (any(bits)) {
    abort_integer64(sprintf("Values of its samples %s are below %g.",
                            toString(quote_some(colnames(values)[bits])), smallest_value),
                    omic, arg, call)
  }
}

abort_integer64 <- function(found, omic, arg, call) {
  cli::cli_abort(c(
    "Every omic in {.arg {arg}} must be numeric, not of class integer64.",
    "x" = "Omic {quote_some(omic)} has whole numbers of 64 bits. {found}",
    "i" = "Read them as numbers, {.code data.table::fread(file, integer64 = \"double\")}, or convert
           every column with {.fn as.double} while package bit64 is loaded."
  ), call = call)
}

abort_not_numeric <- function(side, culprits, omic, arg, call) {
  cli::cli_abort(c(
    "Every omic in {.arg {arg}} must be numeric.",
    "x" = "Omic {quote_some(omic)} has {length(culprits)} non-numeric
           {side}{cli::qty(length(culprits))}{?s}: {quote_some(culprits)}.",
    "i" = "Remove what is not a measurement; move feature and sample names into the row and
           column names, as {.code read.csv(file, row.names = 1)} does."
  ), call = call)
}

abort_type <- function(type, omic, arg, call) {
  cli::cli_abort(c(
    "Every omic in {.arg {arg}} must be numeric.",
    "x" = "Omic {quote_some(omic)} holds values of type {type}."
  ), call = call)
}

# Stops, naming the rows or the columns that hold text, whichever are fewer.
abort_matrix_not_numeric <- function(values, omic, arg, call) {
  if (!is.character(values)) {
    cli::cli_abort(c(
      "Every omic in {.arg {arg}} must be numeric.",
      "x" = "Omic {quote_some(omic)} is {describe(values)}."
    ), call = call)
  }
  is_text <- is.na(suppressWarnings(as.double(values))) & !is.na(values)
  cells <- arrayInd(which(is_text), dim(values))
  if (nrow(cells) == 0) {
    cli::cli_abort(c(
      "Every omic in {.arg {arg}} must be numeric.",
      "x" = "Omic {quote_some(omic)} holds its numbers as text.",
      "i" = "Convert it with {.code storage.mode(values) <- \"double\"}."
    ), call = call)
  }
  rows <- unique(cells[, 1])
  columns <- unique(cells[, 2])
  if (length(rows) < length(columns)) {
    abort_not_numeric("row", label(rows, rownames(values)), omic, arg, call)
  }
  abort_not_numeric("column", label(columns, colnames(values)), omic, arg, call)
}

label <- \(index, names) if (is.null(names)) as.character(index) else names[index]

# `what`: "feature" or "sample"; `side`: "row" or "col", where the user keeps these names.
check_names <- function(names, what, side, omic, arg, call) {
  unnamed <- sum(is.na(names) | names == "")
  if (is.null(names) || unnamed > 0) {
    how_many <- if (is.null(names)) "all" else sprintf("%d of %d", unnamed, length(names))
    cli::cli_abort(c(
      "Every {what} in {.arg {arg}} must have a name.",
      "x" = "Omic {quote_some(omic)} lacks the names of {how_many} {what}s.",
      "i" = "Set them with {.fn {side}names}."
    ), call = call)
  }
  twice <- unique(names[duplicated(names)])
  if (length(twice) > 0) {
    cli::cli_abort(c(
      "Every {what} of an omic in {.arg {arg}} must have a name of its own.",
      "x" = "Omic {quote_some(omic)} has {length(twice)} duplicated {what}
             {cli::qty(length(twice))} name{?s}: {quote_some(twice)}.",
      "i" = if (what == "sample") {
        "Average replicates or keep one of them."
      } else {
        "Average them, keep one of them, or see {.fn make.unique}."
      }
    ), call = call)
  }
}

check_finite <- function(values, omic, arg, call) {
  # min() and max() allocate nothing; where all is missing they warn and return Inf and -Inf.
  lowest <- suppressWarnings(min(values, na.rm = TRUE))
  highest <- suppressWarnings(max(values, na.rm = TRUE))
  check_magnitude(lowest, highest, omic, arg, call)
  if (lowest != -Inf && highest != Inf) return(invisible())

  infinite <- lapply(seq_len(ncol(values)), \(i) which(is.infinite(values[, i])))
  features <- rownames(values)[sort(unique(unlist(infinite)))]
  samples <- colnames(values)[lengths(infinite) > 0]
  cli::cli_abort(c(
    "Values in {.arg {arg}} must be finite, or {.code NA} where missing.",
    "x" = "Omic {quote_some(omic)} has {sum(lengths(infinite))} infinite value{?s}.",
    "*" = "{cli::qty(length(features))}Feature{?s}: {quote_some(features)}.",
    "*" = "{cli::qty(length(samples))}Sample{?s}: {quote_some(samples)}.",
    "i" = "The logarithm of 0 is infinite: add a small count before taking it, or set these values
           to {.code NA}."
  ), call = call)
}

check_common_samples <- function(data, samples, call) {
  if (length(data) < 2) return(invisible())
  if (anyDuplicated(unlist(lapply(data, colnames))) > 0) return(check_each_common(data, call))
  headline <- "No sample in {.arg x} has more than one omic."
  if (anyDuplicated(unlist(lapply(data, rownames))) > 0) {
    actual <- setdiff(c("columns", "rows"), samples)
    cli::cli_abort(c(
      headline,
      "i" = "These look like samples in {actual}: pass {.code samples = \"{actual}\"}."
    ), call = call)
  }
  check_same_orientation(data, call)
  first <- vapply(data, \(values) colnames(values)[1], "")
  shown <- utils::head(sprintf("%s: first sample %s", names(data), quote_each(first)), 5)
  cli::cli_abort(c(
    headline,
    as_bullets(shown),
    names_hint_of_all(data),
    "i" = "Samples are matched by name: write them alike in every omic (the same separators, case
           and suffixes)."
  ), call = call)
}

names_hint_of_all <- function(data) {
  found <- matched_by_rule(lapply(data, colnames))
  if (is.null(found)) return(NULL)
  text <- sprintf("%d would match if names were compared %s.", found$count, found$rule)
  c("i" = text)
}

# Where some omics share samples: those that share none may be turned round, or named otherwise.
check_each_common <- function(data, call) {
  check_same_orientation(data, call)
  count <- table(unlist(lapply(data, colnames)))
  alone <- names(data)[vapply(data, \(values) all(count[colnames(values)] == 1), NA)]
  if (length(alone) > 0) {
    cli::cli_warn(c(
      "No sample of {quote_some(alone)} has another omic.",
      "i" = "Samples are matched by name: write them alike in every omic."
    ), call = call)
  }
}

check_same_orientation <- function(data, call) {
  turned <- Filter(\(omic) {
    others <- unlist(lapply(data[setdiff(names(data), omic)], colnames))
    any(rownames(data[[omic]]) %in% others) && !any(colnames(data[[omic]]) %in% others)
  }, names(data))
  if (length(turned) == 0) return(invisible())
  cli::cli_abort(c(
    "Every omic in {.arg x} must have its samples on the same side.",
    "x" = "Features of {quote_some(turned)} are named as samples of other omics are.",
    "i" = "Turn {cli::qty(length(turned))}{?it/one of them} round with {.fn t}."
  ), call = call)
}

quote_each <- \(names) encodeString(names, quote = "\"")

# Drops a sample from an omic of which it has no value: it lacks that omic.
drop_empty_samples <- function(data) {
  empty <- lapply(data, is_empty_sample)
  count <- vapply(empty, sum, 0L)
  if (all(count == 0)) return(data)

  before <- union_of_samples(data)
  data <- Map(\(values, drop) if (any(drop)) values[, !drop, drop = FALSE] else values, data, empty)
  by_omic <- sprintf("%s (%d)", names(data), count)[count > 0]
  cli::cli_inform(c("i" = "Samples without any value in an omic count as lacking it: {by_omic}."))
  lost <- setdiff(before, union_of_samples(data))
  if (length(lost) > 0) {
    cli::cli_inform(c("i" = "Dropped {length(lost)} sample{?s} without any value in any omic:
                             {quote_some(lost)}."))
  }
  data
}

check_not_empty <- function(data, call) {
  empty <- names(data)[vapply(data, ncol, 0L) == 0]
  if (length(empty) > 0) {
    cli::cli_abort(c(
      "Every omic in {.arg x} must have values.",
      "x" = "All values are missing in {quote_some(empty)}.",
      "i" = "Remove {cli::qty(length(empty))}{?this omic/these omics} from {.arg x}."
    ), call = call)
  }
}

check_cohort_size <- function(names_of_samples, samples, call) {
  if (length(names_of_samples) >= fewest_samples) return(invisible())
  cli::cli_abort(c(
    "{.arg x} must have at least {fewest_samples} samples.",
    "x" = "It has {length(names_of_samples)}: {quote_some(names_of_samples)}.",
    "i" = "If samples are in {setdiff(c('columns', 'rows'), samples)}, pass
           {.code samples = \"{setdiff(c('columns', 'rows'), samples)}\"}."
  ), call = call)
}
