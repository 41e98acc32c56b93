# Where samples lie for those who seek clusters or neighbours: posterior means on scales that make
# factors comparable, with what only one sample shows held back.

# How many samples of the fit a sample is drawn to, and how many are looked at.
embedding_neighbours <- 10L
most_embedding_samples <- 1000L

# Per factor in use, what its posterior means are multiplied by, so that their standard deviation
# becomes how far the factor moves an omic (the root mean square over its features, in units of the
# feature's standard deviation), summed over omics: omics count alike however many features they
# have, and factors that omics share count more. "published" is left as it is.
factor_spread <- function(trained, in_use, objective) {
  if (objective == "published") return(rep(1, length(in_use)))
  moved <- Reduce(`+`, lapply(trained$sums, \(omic) sqrt(omic$change / length(omic$total))))[in_use]
  sd <- apply(trained$latent[, in_use, drop = FALSE], 2, stats::sd)
  ifelse(sd > 0, moved / sd, 1)
}

# Posterior means (samples x factors in use) on the scale of factor_spread(), less those of the
# average sample of the fit.
scaled_means <- function(latent, fit) {
  t((t(latent) - colMeans(fit$latent)) * fit$spread)
}

# From posterior means (samples x factors in use) to the embedding. With e a sample's scaled means,
# n the mean e of the nearest samples of the fit, and s^2 twice the mean of |e|^2 over the fit:
#
#   m = (e + n) / 2,   embedding = m / sqrt(1 + |m|^2 / s^2)
#
# The first is half a step of mean shift (Fukunaga and Hostetler 1975): what a sample does not share
# with those like it fades. The second keeps a few far samples from taking a cluster of their own.
embed_samples <- function(latent, fit) {
  if (fit$control$objective == "published" || ncol(latent) == 0) return(latent)
  cohort <- t(scaled_means(fit$latent, fit))
  radius2 <- 2 * mean(colSums(cohort^2))
  looked_at <- cohort[, spaced(ncol(cohort), most_embedding_samples), drop = FALSE]
  embedding <- apply(scaled_means(latent, fit), 1, \(e) {
    nearest <- utils::head(order(colSums((looked_at - e)^2)), embedding_neighbours)
    m <- (e + rowMeans(looked_at[, nearest, drop = FALSE])) / 2
    m / sqrt(1 + sum(m^2) / radius2)
  })
  matrix(embedding, nrow(latent), byrow = TRUE, dimnames = dimnames(latent))
}

# At most `most` of the numbers from 1 to n, evenly spaced.
spaced <- \(n, most) unique(round(seq(1, n, length.out = min(n, most))))
