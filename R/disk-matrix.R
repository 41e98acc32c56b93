# Omics that do not fit into memory: a matrix whose values are in a temporary file of doubles, one
# sample after the other, from which R and the core read the samples they need. It is written once,
# block by block, from what the user passed (a DelayedArray, say, whose own files may be compressed
# and cut into chunks that suit no access by sample).
#
# A disk_matrix has dim(), dimnames(), and `[`, which reads nothing; as.matrix() reads. `rows` and
# `columns`, named, lead to those of the file, which is `height` doubles high; a row that is NA
# has no value. `empty` says which columns of the file have no value, `incomplete` which rows lack a
# value in another column. The file (R/temporary-files.R)
# goes when no disk_matrix refers to it any more.

# Values that are read or written at once, at most: 160 MB.
largest_block <- 2e7

is_disk_matrix <- \(x) inherits(x, "disk_matrix")

# Matrices that are read in blocks: not dense, or not in memory.
is_blockwise <- \(x) inherits(x, c("DelayedArray", "Matrix"))

# `prepare`: called with every block, a matrix of doubles; what it returns is written.
disk_matrix <- function(values, prepare = identity) {
  file <- new_temporary_file(8 * as.numeric(nrow(values)) * ncol(values))
  connection <- file(file$path, "wb")
  on.exit(close(connection))
  incomplete <- logical(nrow(values))
  empty <- logical(ncol(values))
  for (columns in column_blocks(values)) {
    block <- as_dense(values[, columns, drop = FALSE])
    dimnames(block) <- list(rownames(values), colnames(values)[columns])
    block <- prepare(block)
    writeBin(as.vector(block), connection)
    if (anyNA(block)) {
      empty[columns] <- is_empty_sample(block)
      there <- block[, !empty[columns], drop = FALSE]
      incomplete <- incomplete | rowSums(is.na(there)) > 0
    }
  }
  flush(connection)
  check_file_size(file)
  structure(list(
    file = file, height = nrow(values), incomplete = incomplete, empty = empty,
    rows = stats::setNames(seq_len(nrow(values)), rownames(values)),
    columns = stats::setNames(seq_len(ncol(values)), colnames(values))
  ), class = "disk_matrix")
}

as_dense <- function(x) {
  x <- as.matrix(x)
  if (!is.double(x)) storage.mode(x) <- "double"
  x
}

# Ranges of columns, as wide as memory and, where there are any, whole chunks allow.
column_blocks <- function(x) {
  width <- max(1, floor(largest_block / nrow(x)))
  chunk <- if (inherits(x, "DelayedArray")) DelayedArray::chunkdim(x)[2]
  if (!is.null(chunk) && chunk <= width) width <- width - width %% chunk
  unname(split(seq_len(ncol(x)), ceiling(seq_len(ncol(x)) / width)))
}

#' @export
dim.disk_matrix <- \(x) c(length(x$rows), length(x$columns))

#' @export
dimnames.disk_matrix <- \(x) list(names(x$rows), names(x$columns))

#' @export
`dimnames<-.disk_matrix` <- function(x, value) {
  names(x$rows) <- value[[1]]
  names(x$columns) <- value[[2]]
  x
}

#' @export
`[.disk_matrix` <- function(x, i, j, drop = FALSE) {
  if (!missing(i)) x$rows <- x$rows[i]
  if (!missing(j)) x$columns <- x$columns[j]
  x
}

#' @export
as.matrix.disk_matrix <- function(x, ...) {
  check_file_size(x$file)
  connection <- file(x$file$path, "rb")
  on.exit(close(connection))
  values <- matrix(0, nrow(x), ncol(x), dimnames = dimnames(x))
  # Columns that follow each other in the file are read together, within the limit.
  most <- max(1, floor(largest_block / x$height))
  run <- cumsum(c(TRUE, diff(x$columns) != 1)[seq_along(x$columns)])
  run <- paste(run, ceiling(seq_along(run) / most))
  for (columns in split(seq_along(x$columns), factor(run, unique(run)))) {
    seek(connection, 8 * x$height * (x$columns[[columns[1]]] - 1))
    read <- readBin(connection, "double", x$height * length(columns))
    values[, columns] <- matrix(read, x$height)[x$rows, , drop = FALSE]
  }
  values
}

# Calls `f` with the values of every sample in turn, features as they are in `values`.
for_each_sample <- function(values, f) {
  if (!is_disk_matrix(values)) {
    for (i in seq_len(ncol(values))) f(values[, i])
    return(invisible())
  }
  for (columns in column_blocks(values)) {
    block <- as.matrix(values[, columns])
    for (i in seq_along(columns)) f(block[, i])
  }
}

# Per sample, whether it has no value. A column mean is NaN only where the column has none.
is_empty_sample <- function(values) {
  if (!is_disk_matrix(values)) return(is.nan(colMeans(values, na.rm = TRUE)))
  if (!lacks_values(values)) return(values$empty[values$columns])
  unlist(lapply(column_blocks(values), \(columns) is_empty_sample(as.matrix(values[, columns]))))
}

# Per sample, whether it lacks a value. `values`: NULL for none.
has_gaps <- function(values) {
  gaps <- logical()
  if (!is.null(values)) {
    for_each_sample(values, \(x) gaps[length(gaps) + 1] <<- anyNA(x))
  }
  gaps
}

# Whether any value may be missing in the samples that have one.
lacks_values <- \(x) anyNA(x$rows) || any(x$incomplete[x$rows])

# What the core reads the file with.
core_file <- function(x) {
  list(path = x$file$path, height = x$height, rows = unname(x$rows), columns = unname(x$columns),
       has_missing = lacks_values(x))
}
