# Gene sets, in the forms that users keep them in.

# A named list of character vectors, each name and each feature of a set once. `features`: of the
# fit.
read_sets <- function(sets, features = character(), call = rlang::caller_env()) {
  if (is.character(sets) && length(sets) == 1) sets <- read_gmt(sets, call)
  if (methods::is(sets, "DataFrame")) sets <- as.data.frame(sets, optional = TRUE)
  if (methods::is(sets, "List")) sets <- as.list(sets)
  if (is.data.frame(sets)) sets <- split_sets(sets, features, call)
  is_text <- \(set) is.character(set) || is.factor(set)
  valid <- is.list(sets) && length(sets) > 0 && all(vapply(sets, is_text, NA))
  if (!valid) {
    cli::cli_abort(c(
      "{.arg sets} must be a named list of character vectors, or the path of a GMT file.",
      "x" = "It is {describe_sets(sets)}."
    ), call = call)
  }
  names <- rlang::names2(sets)
  if (any(is.na(names) | names == "")) {
    cli::cli_abort(c(
      "Every set in {.arg sets} must have a name.",
      "x" = "{sum(is.na(names) | names == '')} of {length(sets)} have none."
    ), call = call)
  }
  twice <- unique(names[duplicated(names)])
  if (length(twice) > 0) {
    cli::cli_abort(c(
      "Every set in {.arg sets} must have a name of its own.",
      "x" = "Given more than once: {quote_some(twice)}."
    ), call = call)
  }
  without_empty_sets(lapply(sets, \(set) {
    set <- unique(as_names(set))
    set[!is.na(set) & set != ""]
  }), call)
}

# Columns that may name genes or sets: text, factors, numbers such as Entrez identifiers.
may_name <- \(x) is.character(x) || is.factor(x) || (is_numeric_vector(x) && !is.logical(x))

without_empty_sets <- function(sets, call) {
  empty <- names(sets)[lengths(sets) == 0]
  if (length(empty) == length(sets)) {
    cli::cli_abort("No set in {.arg sets} has a gene.", call = call)
  }
  if (length(empty) > 0) {
    cli::cli_inform(c("i" = "Left out {length(empty)} set{?s} of {.arg sets} without a gene:
                             {quote_some(empty)}."))
  }
  sets[setdiff(names(sets), empty)]
}

# Columns that name the set in tables of sets, as packages and databases have them.
set_columns_known <- c("gs_name", "term", "set", "set_name", "gene_set", "geneset", "pathway",
                       "pathway_name", "ont", "go_id", "term_name", "gs_id", "source", "name")

# A table with a row per set and gene as a list. Genes are in the column that has most of the fit's
# features; sets in a column of a known name, or the only other one. A table of which every column
# has features is one of a set per column.
split_sets <- function(table, features, call) {
  table <- as.data.frame(table)
  text <- vapply(table, may_name, NA)
  found <- vapply(table[text], \(column) mean(unique(as_names(column)) %in% features), 0)
  if (length(found) > 0 && all(found > 0) && all(text)) return(lapply(table, as_names))
  columns <- names(found)
  by_name <- columns[match(set_columns_known, tolower(columns), nomatch = 0)]
  first <- c(by_name, columns)[1]
  genes <- if (any(found > 0)) columns[which.max(found)] else setdiff(columns, first)[1]
  others <- setdiff(columns, genes)
  of <- c(setdiff(by_name, genes), if (length(others) == 1) others)[1]
  if (is.na(of) || is.na(genes)) {
    cli::cli_abort(c(
      "As a data frame, {.arg sets} must have one row per set and gene.",
      "x" = "Which column names the sets cannot be told: there are {quote_some(names(table))}.",
      "i" = "Pass its two columns, or a list: {.code split(table$gene, table$set)}."
    ), call = call)
  }
  set <- as_names(table[[of]])
  split(as_names(table[[genes]]), factor(set, unique(set)))
}

describe_sets <- function(sets) {
  if (!is.list(sets) || length(sets) == 0) return(describe(sets))
  other <- which(!vapply(sets, is.character, NA))[1]
  sprintf("a list whose element %d is %s", other, describe(sets[[other]]))
}

# A GMT file has one set per line: its name, a description and its genes, separated by tabs.
read_gmt <- function(path, call = rlang::caller_env()) {
  if (!file.exists(path) || dir.exists(path)) {
    cli::cli_abort(c(
      "{.arg sets} must be a named list of gene sets, or the path of a GMT file.",
      "x" = "There is no file {.file {path}}."
    ), call = call)
  }
  file <- gzfile(path, "rt")
  on.exit(close(file))
  lines <- readLines(file, warn = FALSE)
  old <- !validUTF8(lines)
  lines[old] <- iconv(lines[old], "latin1", "UTF-8")
  number <- which(trimws(lines) != "")
  fields <- strsplit(lines[number], "\t", fixed = TRUE)
  # A name with a description alone is a set without a gene; without a tab, it is another format.
  short <- number[!grepl("\t", lines[number], fixed = TRUE) | !any(lengths(fields) > 2)]
  if (length(fields) == 0 || length(short) > 0) {
    cli::cli_abort(c(
      "{.file {path}} must be in the GMT format: a name, a description and genes on every line,
       separated by tabs.",
      "x" = if (length(fields) == 0) {
        "It is empty."
      } else {
        "Fewer than three fields on {cli::qty(length(short))}line{?s} {utils::head(short, 5)}."
      }
    ), call = call)
  }
  stats::setNames(
    lapply(fields, \(field) trimws(field[-(1:2)])),
    trimws(vapply(fields, `[[`, "", 1))
  )
}
