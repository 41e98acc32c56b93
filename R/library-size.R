# Library sizes of samples that lack an omic of counts, as far as factors tell them. Few proteins
# of a few kinds of cells make a library whose size is biology: predicted for a library of mean
# size, all of them would be wrong by the same factor.

# With fewer samples, nothing is told.
least_library_samples <- 20L

# Of one omic, the linear regression of the log library size on the factors, by ridge penalties that
# predict samples left out; `variance`: of what it misses there; `range`: what predictions are
# limited to. `z`: samples x core factors, the posterior means. NULL without counts.
learn_library <- function(omic, z) {
  y <- omic$offset[omic$samples]
  if (length(y) < least_library_samples || ncol(z) == 0) return(NULL)
  z <- z[omic$samples, , drop = FALSE]
  ridge <- averaged_ridge(centred(z), cbind(y - mean(y)))
  slope <- drop(ridge$coefficients)
  list(intercept = mean(y) - sum(colMeans(z) * slope), slope = slope,
       variance = mean((y - mean(y) - ridge$left_out)^2), range = range(y))
}

# Per omic, `offset` with what is expected of the samples that lack it: the log of the mean size,
# not the mean of the log. `has`: samples x omics; `z` as above. Fits that have learnt nothing of it
# (those of earlier versions) keep the mean library.
with_expected_libraries <- function(offset, omics, has, z) {
  Map(\(offset, omic, v) {
    of <- omic$library
    lacks <- !has[, v]
    if (is.null(of) || !any(lacks)) return(offset)
    log_size <- drop(z[lacks, , drop = FALSE] %*% of$slope) + of$intercept
    offset[lacks] <- pmin(pmax(log_size, of$range[1]), of$range[2]) + of$variance / 2
    offset
  }, offset, omics, seq_along(omics))
}

# Adds to every omic of counts its `library`, and to its offsets those of samples that lack it.
add_libraries <- function(omics, z) {
  has <- vapply(omics, \(omic) seq_len(nrow(z)) %in% omic$samples, logical(nrow(z)))
  for (v in seq_along(omics)) {
    if (!is.null(omics[[v]]$offset)) omics[[v]]$library <- learn_library(omics[[v]], z)
  }
  offset <- with_expected_libraries(lapply(omics, `[[`, "offset"), omics, as.matrix(has), z)
  for (v in seq_along(omics)) omics[[v]]$offset <- offset[[v]]
  omics
}
