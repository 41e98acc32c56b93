# Omics that do not fit into memory: a stored_matrix whose values are in a temporary file, one
# sample after the other. It is written once, block by block, from what the user passed (a
# DelayedArray, say, whose own files may be compressed and cut into chunks that suit no access by
# sample). The file (R/temporary-files.R) goes when no disk_matrix refers to it any more.

# Values are written in single precision, of which training has no more, unless that changes a
# feature by more than this share of its range.
most_rounding <- 2^-20

# `prepare`: called with every block, a matrix of doubles; what it returns is written.
disk_matrix <- function(values, prepare = identity) {
  written <- write_values(values, prepare, bytes = 4L)
  if (any(written$lost > most_rounding * written$range & written$range > 0)) {
    written <- write_values(values, prepare, bytes = 8L)
  }
  new_stored(written[c("file", "bytes")], values, written$incomplete, written$empty, "disk_matrix")
}

# `bytes`: per value. Returns, beside the file, per feature its `range` and how far the file is off.
write_values <- function(values, prepare, bytes) {
  file <- new_temporary_file(bytes * as.numeric(nrow(values)) * ncol(values))
  incomplete <- logical(nrow(values))
  empty <- logical(ncol(values))
  lost <- numeric(nrow(values))
  lowest <- rep(Inf, nrow(values))
  highest <- -lowest
  for (columns in column_blocks(values)) {
    block <- as_dense(values[, columns, drop = FALSE])
    dimnames(block) <- list(rownames(values), colnames(values)[columns])
    block <- prepare(block)
    of <- core_append_columns(file$path, block, bytes)
    lost <- pmax(lost, of$lost)
    lowest <- pmin(lowest, of$lowest)
    highest <- pmax(highest, of$highest)
    if (anyNA(block)) {
      empty[columns] <- is_empty_sample(block)
      there <- block[, !empty[columns], drop = FALSE]
      incomplete <- incomplete | rowSums(is.na(there)) > 0
    }
  }
  check_file_size(file)
  list(file = file, bytes = bytes, incomplete = incomplete, empty = empty, lost = lost,
       range = highest - lowest)
}

list_stored <- \(x, ...) UseMethod("list_stored")

#' @exportS3Method
list_stored.disk_matrix <- function(x, rows, columns) {
  check_file_size(x$file)
  list(path = x$file$path, bytes = x$bytes, height = x$height, rows = rows, columns = columns,
       has_missing = lacks_values(x))
}
