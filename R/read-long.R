# Long data frames: one row per sample, omic and feature. MOFA2 calls the omic `view`.

long_columns <- c("sample", "feature", "value")

is_long <- \(x) is.data.frame(x) && all(long_columns %in% names(x)) &&
  any(c("omic", "view") %in% names(x))

omic_column <- \(x) if ("omic" %in% names(x)) "omic" else "view"

# A named list of matrices, features x samples, in order of first appearance.
read_long <- function(x, arg, call) {
  by <- omic_column(x)
  # Without package bit64, `[` takes their class.
  long <- vapply(x, inherits, NA, "integer64")
  x[long] <- lapply(x[long], from_integer64)
  check_long(x, by, arg, call)
  omic <- as_names(x[[by]])
  rows <- split(seq_len(nrow(x)), factor(omic, unique(omic)))
  Map(\(rows, name) {
    sample <- as_names(x$sample[rows])
    feature <- as_names(x$feature[rows])
    values <- matrix(NA_real_, length(unique(feature)), length(unique(sample)),
                     dimnames = list(unique(feature), unique(sample)))
    cells <- cbind(match(feature, rownames(values)), match(sample, colnames(values)))
    check_no_repeats(cells, values, name, arg, call)
    values[cells] <- as.double(x$value[rows])
    values
  }, rows, names(rows))
}

check_long <- function(x, by, arg, call) {
  if (nrow(x) == 0) {
    cli::cli_abort(c(
      "{.arg {arg}} must hold at least one omic.",
      "x" = "It is a long data frame without rows."
    ), call = call)
  }
  if (!is_numeric_vector(x$value)) {
    cli::cli_abort(c(
      "Column {.field value} of {.arg {arg}} must be numeric.",
      "x" = "It is {describe(x$value)}."
    ), call = call)
  }
  keys <- c("sample", by, "feature")
  unnamed <- vapply(keys, \(key) sum(is.na(x[[key]]) | as.character(x[[key]]) == ""), 0L)
  if (any(unnamed > 0)) {
    counts <- sprintf("%s (%d rows)", keys, unnamed)[unnamed > 0]
    cli::cli_abort(c(
      "Every row of {.arg {arg}} must name its sample, omic and feature.",
      "x" = "Names are missing in {.field {counts}}."
    ), call = call)
  }
}

check_no_repeats <- function(cells, values, name, arg, call) {
  repeated <- which(duplicated(cells[, 1] + nrow(values) * (cells[, 2] - 1)))
  if (length(repeated) == 0) return(invisible())
  shown <- utils::head(cells[repeated, , drop = FALSE], 5)
  lines <- sprintf("sample %s, feature %s", quote_each(colnames(values)[shown[, 2]]),
                   quote_each(rownames(values)[shown[, 1]]))
  cli::cli_abort(c(
    "Every sample must have one value of a feature in {.arg {arg}}.",
    "x" = "Omic {quote_some(name)} has {length(repeated)} more than that:",
    as_bullets(lines),
    "i" = "Average replicates or keep one of them."
  ), call = call)
}
