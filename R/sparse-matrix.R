# Sparse omics: a stored_matrix with the compressed columns of a matrix of package Matrix, of which
# the core makes no more samples dense than it has in hand. Nothing is copied from the user's
# matrix, if it is a dgCMatrix.

# Whether a matrix is sparse, wherever it is.
is_sparse_input <- function(x) {
  if (inherits(x, "DelayedArray")) return(DelayedArray::is_sparse(x))
  inherits(x, c("sparseMatrix", "SparseArray"))
}

# As a dgCMatrix. What is in files is read block by block.
as_compressed <- function(x) {
  if (inherits(x, "SparseArray")) return(methods::as(x, "dgCMatrix"))
  if (inherits(x, "DelayedArray")) {
    blocks <- lapply(column_blocks(x), \(columns) {
      as_compressed(methods::as(x[, columns, drop = FALSE], "dgCMatrix"))
    })
    return(do.call(cbind, blocks))
  }
  if (inherits(x, "dgCMatrix")) return(x)
  methods::as(methods::as(methods::as(x, "dMatrix"), "generalMatrix"), "CsparseMatrix")
}

# `check`: called with blocks, matrices of doubles, if there is anything to say of them;
# `transform`: of a matrix, which leaves zeros as they are; NULL for none.
sparse_matrix <- function(values, check = identity, transform = NULL) {
  values <- as_compressed(values)
  if (!is_ordinary(core_extremes(values@x))) {
    for (columns in column_blocks(values)) check(as_dense(values[, columns, drop = FALSE]))
  }
  if (!is.null(transform)) values@x <- as.vector(transform(matrix(values@x, ncol = 1)))
  missing <- missing_entries(values)
  new_stored(list(start = values@p, row = values@i, value = values@x), values,
             missing$incomplete, missing$empty, "sparse_matrix")
}

# Whether values are such that no check has anything to say of them.
is_ordinary <- function(extremes) {
  extremes$largest < largest_value && extremes$smallest >= smallest_value
}

# Per column, whether it has no value, and per row, whether it lacks one in another.
missing_entries <- function(values) {
  at <- which(is.na(values@x))
  column <- findInterval(at - 1, values@p)
  row <- values@i[at] + 1L
  empty <- tabulate(column, ncol(values)) == nrow(values)
  incomplete <- tabulate(row[!empty[column]], nrow(values)) > 0
  list(empty = empty, incomplete = incomplete)
}

#' @exportS3Method
list_stored.sparse_matrix <- function(x, rows, columns) {
  c(unclass(x)[c("start", "row", "value", "height")],
    list(rows = rows, columns = columns, has_missing = lacks_values(x)))
}
