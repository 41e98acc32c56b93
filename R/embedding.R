# Where samples lie for those who seek clusters or neighbours: posterior means on scales that make
# factors comparable, sample by sample.

# Per factor in use, what its posterior means are multiplied by, so that their standard deviation
# becomes how far the factor moves an omic (the root mean square over its features, in units of the
# feature's standard deviation), summed over omics: omics count alike however many features they
# have, and factors that omics share count more. "published" is left as it is.
factor_spread <- function(trained, in_use, objective) {
  if (objective == "published") return(rep(1, length(in_use)))
  moved <- lapply(trained$sums$all, \(omic) sqrt(omic$change / length(omic$total)))
  moved <- Reduce(`+`, moved)[in_use]
  sd <- apply(trained$latent[, in_use, drop = FALSE], 2, stats::sd)
  as.numeric(ifelse(sd > 0 & is.finite(moved), moved / sd, 1))
}

# Posterior means (samples x factors in use) on the scale of factor_spread(), less those of the
# average sample of the fit. "published" is left as it is.
scaled_means <- function(latent, fit) {
  if (fit$control$objective == "published") return(latent)
  t((t(latent) - colMeans(fit$latent)) * fit$spread)
}

# At most `most` of the numbers from 1 to n, evenly spaced.
spaced <- \(n, most) unique(round(seq(1, n, length.out = min(n, most))))

# At most `most` of the numbers from 1 to n, in order: all, or a random choice that is always the
# same for a seed. Samples often come sorted, or in a cycle that even spaces would fall in with.
drawn <- function(n, most, seed) {
  if (n <= most) seq_len(n) else sort(with_seed(seed, sample.int(n, most)))
}
