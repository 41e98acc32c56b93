# What is known of samples, in any class that users keep it in, as a data frame whose row names are
# names of samples.

# Column data of Bioconductor's classes as data frames; anything else as it is.
as_sample_table <- function(x) {
  if (is.data.frame(x)) return(x)
  if (methods::is(x, "DataFrame")) return(as.data.frame(x, optional = TRUE))
  columns <- sample_table(x)
  if (is.null(columns)) x else columns
}

# The column data of Bioconductor's containers, or what those of a list of them have in common; NULL
# of anything else.
sample_table <- function(x, call = rlang::caller_env()) {
  if (inherits(x, "ExpressionSet")) return(Biobase::pData(x))
  if (inherits(x, c("list", "SimpleList"))) return(common_sample_table(as.list(x), call))
  if (!methods::is(x, "MultiAssayExperiment") && !methods::is(x, "SummarizedExperiment")) {
    return(NULL)
  }
  rlang::check_installed("SummarizedExperiment", "to read column data.")
  as.data.frame(SummarizedExperiment::colData(x), optional = TRUE)
}

# A row per sample, of the columns that all omics with column data have.
common_sample_table <- function(omics, call) {
  tables <- Filter(\(table) !is.null(table) && ncol(table) > 0, lapply(unname(omics), \(omic) {
    if (inherits(omic, assay_classes)) sample_table(omic)
  }))
  if (length(tables) == 0) return(NULL)
  columns <- Reduce(intersect, lapply(tables, names))
  rows <- lapply(tables, \(table) table[columns])
  names <- unlist(lapply(rows, rownames))
  table <- do.call(rbind, rows)
  first <- match(names, names)
  differs <- columns[vapply(columns, \(name) {
    !identical(as.character(table[[name]]), as.character(table[[name]])[first])
  }, NA)]
  if (length(differs) > 0) {
    cli::cli_inform(c("i" = "Left out of the column data, for omics differ in {?it/them}:
                             {quote_some(differs)}."))
  }
  table <- table[!duplicated(names), setdiff(columns, differs), drop = FALSE]
  rownames(table) <- unique(names)
  table
}

# Stops where row names are row numbers, which would match samples that are named by numbers by
# accident. Row names that a user has set to whole numbers look like those of a sorted table: they
# pass, with a message where they may be either.
check_row_numbers <- function(table, samples, arg, call = rlang::caller_env()) {
  if (!is.integer(attr(table, "row.names")) || !any(samples %in% rownames(table))) {
    return(invisible())
  }
  column <- column_of_names(table, samples)
  if (identical(column, "row names")) return(invisible())
  automatic <- .row_names_info(table, type = 1L) < 0
  if (automatic || !is.null(column)) {
    cli::cli_abort(c(
      "The row names of {.arg {arg}} must be names of samples.",
      "x" = "They are row numbers, though samples are named by numbers.",
      "i" = name_hint(column, arg)
    ), call = call)
  }
  numbers <- as.integer(rownames(table))
  if (identical(sort(numbers), seq_along(numbers)) && !identical(rownames(table), samples)) {
    cli::cli_inform(c("!" = "Rows of {.arg {arg}} are matched to samples by their row names, which
                             are numbers. If they are row numbers, set row names first."))
  }
}

# The column that names the samples, other than by row names; "row names" where it agrees with
# these; NULL for none.
column_of_names <- function(table, samples) {
  for (name in names(table)) {
    column <- table[[name]]
    if (!is.atomic(column) || !is.null(dim(column)) || is.logical(column)) next
    if (anyDuplicated(column[!is.na(column)]) > 0) next
    names <- as_names(column)
    if (identical(names, rownames(table))) return("row names")
    if (mean(names %in% samples) > 0.5) return(name)
  }
  NULL
}

name_hint <- function(column, arg) {
  if (is.null(column)) return(sprintf("Set them: {.code rownames(%s) <- ...}.", arg))
  sprintf("Names of samples are in column %s: set the row names from it, as in
           {.code rownames(%s) <- %s}.", gsub("([{}])", "\\1\\1", quote_each(column)), arg,
          "...")
}

# Values that name something, as text: numbers without an exponent ("100000", not "1e+05").
as_names <- function(x) {
  if (inherits(x, "integer64")) x <- from_integer64(x)
  if (!is.double(x) || is.object(x)) return(as.character(x))
  names <- as.character(x)
  whole <- !is.na(x) & x == trunc(x) & abs(x) < 1e15
  names[whole] <- sprintf("%.0f", x[whole])
  names
}

# Whole numbers of 64 bits lie in the memory of doubles, those of at least 0 as x 2^-1074.
from_integer64 <- function(x) {
  x <- as.double(unclass(x))
  x <- ifelse(x == 0 & 1 / x < 0, NA, x)  # how missing values are kept
  x * 2^537 * 2^537
}

# Text that stands for a missing value ------------------------------------------------------------

missing_texts <- c(
  "", "na", "n/a", "nan", "null", "--", "'--", ".", "?", "unknown", "not available",
  "not reported", "not evaluated", "not applicable", "not determined", "missing"
)

# Whether each value is such a text, in any case, with or without brackets.
is_missing_text <- function(x) {
  if (!is.character(x) && !is.factor(x)) return(rep(FALSE, length(x)))
  levels <- unique(as.character(x))
  plain <- tolower(gsub("^[[({<]|[])}>]$", "", trimws(levels)))
  as.character(x) %in% levels[!is.na(levels) & plain %in% missing_texts]
}

# Values without such texts; what read.csv() would then have read as numbers are numbers.
without_missing_text <- function(x) {
  unknown <- is_missing_text(x)
  if (!any(unknown)) return(x)
  x[unknown] <- NA
  if (is.factor(x)) return(droplevels(x))
  numbers <- suppressWarnings(as.numeric(x))
  if (any(!is.na(x)) && !any(is.na(numbers) & !is.na(x))) numbers else x
}

# The same of every column of a table, with a message.
clean_table <- function(table, arg) {
  long <- vapply(table, inherits, NA, "integer64")
  table[long] <- lapply(table[long], from_integer64)
  unknown <- lapply(table, \(column) if (is.null(dim(column))) which(is_missing_text(column)))
  found <- names(table)[lengths(unknown) > 0]
  if (length(found) == 0) return(table)
  lines <- vapply(found, \(name) {
    texts <- unique(as.character(table[[name]])[unknown[[name]]])
    sprintf("%s: %d (%s)", name, length(unknown[[name]]), paste(quote_each(texts), collapse = ", "))
  }, "")
  cli::cli_inform(c("i" = "Text that stands for unknown values in {.arg {arg}} counts as missing.",
                    as_bullets(utils::head(lines, 5))))
  table[found] <- lapply(table[found], without_missing_text)
  table
}

# Groups and numbers ------------------------------------------------------------------------------

# As a factor. Text has its levels in the order of the C alphabet, whatever the locale.
as_group <- function(x) {
  if (!is.character(x)) return(as.factor(x))
  factor(x, sort(unique(x), method = "radix"))
}

most_codes <- 10

# Columns of whole numbers that may be codes of groups: few different ones, each of several samples.
coded_groups <- function(table) {
  coded <- vapply(table, \(x) {
    if (!is.numeric(x) || is.object(x) || !is.null(dim(x))) return(FALSE)
    x <- x[is.finite(x)]
    distinct <- length(unique(x))
    all(x == trunc(x)) && distinct > 2 && distinct <= most_codes && length(x) >= 3 * distinct
  }, NA)
  names(table)[coded]
}

tell_coded_groups <- function(table, arg) {
  coded <- coded_groups(table)
  if (length(coded) == 0) return(invisible())
  lines <- vapply(coded, \(name) {
    sprintf("%s: %d different whole numbers", name, length(unique(table[[name]])))
  }, "")
  cli::cli_inform(c("i" = "Taken for numbers in {.arg {arg}}; where they name groups (batches, say),
                           pass {.fn factor} of them.", as_bullets(utils::head(lines, 5))))
}
