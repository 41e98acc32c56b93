# A small cohort: two omics, named features g1.. and p1.., samples s1.., values that differ.
small_omics <- function(samples = 12) {
  matrix_of <- function(features, prefix, seed) {
    values <- sin(seed + seq_len(features * samples))
    matrix(values, features, samples,
           dimnames = list(paste0(prefix, seq_len(features)), paste0("s", seq_len(samples))))
  }
  list(mrna = matrix_of(5, "g", 1), protein = matrix_of(3, "p", 2))
}
