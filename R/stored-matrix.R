# Omics that are not ordinary matrices: in a temporary file (disk-matrix.R) or sparse
# (sparse-matrix.R). A stored_matrix has dim(), dimnames(), and `[`, which reads nothing;
# as.matrix() reads. `rows` and `columns`, named, lead to those of what is stored, which is `height`
# values high; a row that is NA has no value. `empty` says which columns of what is stored have no
# value, `incomplete` which rows lack a value in another column.

# Values that are read or written at once, at most: 160 MB.
largest_block <- 2e7

is_stored <- \(x) inherits(x, "stored_matrix")

# Matrices that are not read at once: not dense, or not in memory.
is_blockwise <- \(x) inherits(x, c("DelayedArray", "Matrix", "SparseArray"))

# `parts`: what the class has of its own.
new_stored <- function(parts, values, incomplete, empty, class) {
  structure(c(parts, list(
    height = nrow(values), incomplete = incomplete, empty = empty,
    rows = stats::setNames(seq_len(nrow(values)), rownames(values)),
    columns = stats::setNames(seq_len(ncol(values)), colnames(values))
  )), class = c(class, "stored_matrix"))
}

#' @export
dim.stored_matrix <- \(x) c(length(x$rows), length(x$columns))

#' @export
dimnames.stored_matrix <- \(x) list(names(x$rows), names(x$columns))

#' @export
`dimnames<-.stored_matrix` <- function(x, value) {
  names(x$rows) <- value[[1]]
  names(x$columns) <- value[[2]]
  x
}

#' @export
`[.stored_matrix` <- function(x, i, j, drop = FALSE) {
  if (!missing(i)) x$rows <- x$rows[i]
  if (!missing(j)) x$columns <- x$columns[j]
  x
}

#' @export
as.matrix.stored_matrix <- function(x, ...) {
  values <- core_read(core_source(x))
  if (anyNA(x$rows)) values[is.na(x$rows), ] <- NA
  dimnames(values) <- dimnames(x)
  values
}

# What the core reads values from.
core_source <- function(x) {
  if (!is_stored(x)) {
    if (!is.double(x)) storage.mode(x) <- "double"
    return(x)
  }
  list_stored(x, unname(x$rows), unname(x$columns))
}

as_dense <- function(x) {
  x <- as.matrix(x)
  if (!is.double(x)) storage.mode(x) <- "double"
  x
}

# Ranges of columns, as wide as memory allows, and whole chunks where there are any.
column_blocks <- function(x) {
  width <- max(1, floor(largest_block / nrow(x)))
  chunk <- if (inherits(x, "DelayedArray")) DelayedArray::chunkdim(x)[2]
  if (!is.null(chunk) && chunk <= 2 * width) width <- max(chunk, width - width %% chunk)
  blocks_of(ncol(x), width)
}

blocks_of <- \(n, width) unname(split(seq_len(n), ceiling(seq_len(n) / width)))

# Calls `f` with the values of every sample in turn, features as they are in `values`.
for_each_sample <- function(values, f) {
  if (!is_stored(values)) {
    for (i in seq_len(ncol(values))) f(values[, i])
    return(invisible())
  }
  for (columns in column_blocks(values)) {
    block <- as.matrix(values[, columns])
    for (i in seq_along(columns)) f(block[, i])
  }
}

# What `f` returns of some features after the others: a list. It is called with their values, an
# ordinary matrix, and their positions; once for one that is ordinary already.
over_features <- function(values, f) {
  if (!is_stored(values)) return(list(f(values, seq_len(nrow(values)))))
  width <- max(1, floor(largest_block / ncol(values)))
  lapply(blocks_of(nrow(values), width), \(rows) f(as.matrix(values[rows, ]), rows))
}

# Per sample, whether it has no value. A column mean is NaN only where the column has none.
is_empty_sample <- function(values) {
  if (!is_stored(values)) return(is.nan(colMeans(values, na.rm = TRUE)))
  if (!lacks_values(values)) return(values$empty[values$columns])
  unlist(lapply(column_blocks(values), \(columns) is_empty_sample(as.matrix(values[, columns]))))
}

# Per sample, whether it lacks a value. `values`: NULL for none.
has_gaps <- function(values) {
  if (is_stored(values) && !lacks_values(values)) return(values$empty[values$columns])
  gaps <- logical()
  if (!is.null(values)) {
    for_each_sample(values, \(x) gaps[length(gaps) + 1] <<- anyNA(x))
  }
  gaps
}

# Whether any value may be missing in the samples that have one.
lacks_values <- \(x) anyNA(x$rows) || any(x$incomplete[x$rows])
