# What only one omic knows: what sparse linear decoding of the shared coordinates leaves of it.
# Components that stand out from noise, made sparse, are told from the omic's features through its
# bases, and what shared coordinates explain of them is taken out.

# x: features x samples, standardised, NA where unknown, of the samples that have the omic;
# `decoded`: refit_loadings() on the shared posterior `mean` (coordinates x samples); `values`: of
# the omic's bases, `shared`: what the omic alone says of the shared coordinates (both with samples
# in rows). NULL where nothing stands out.
private_coordinates <- function(x, decoded, mean, values, shared, most, threads) {
  left <- standardise_rows(x - decoded$bias - decoded$loadings %*% mean)$x
  one <- rep(1L, nrow(x))
  factors <- sparse_factors(left, starting_scores(left, one, most, threads), one, threads)
  if (is.null(factors)) return(NULL)
  own <- utils::head(which(!in_span(factors$loadings, decoded$loadings)), most)
  if (length(own) == 0) return(NULL)
  target <- t(factors$mean[own, , drop = FALSE])
  target <- independent_of(target, t(mean))
  target <- target / rep(sqrt(colMeans(target^2)), each = nrow(target))
  all <- seq_len(nrow(target))
  told <- learn_saying(values, target, all, all)
  told$shared <- if (ncol(shared) > 0) stats::lm.fit(cbind(1, shared), told$said)$coefficients
  if (!is.null(told$shared)) {
    told$shared <- matrix(told$shared, ncol(shared) + 1)[-1, , drop = FALSE]
    told$said <- told$said - shared %*% told$shared
  }
  told$rho <- pmin(colMeans(centred(told$said)^2), most_reliable)
  told
}

# Residuals of the columns of y on those of x.
independent_of <- \(y, x) as.matrix(stats::lm.fit(cbind(rep(1, nrow(y)), x), y)$residuals)

# Which columns of `loadings` lie in the span of those of shared coordinates: what is uncertain in
# these is left in the features as a factor that has their loadings.
in_span <- function(loadings, shared) {
  if (ncol(shared) == 0) return(rep(FALSE, ncol(loadings)))
  left <- independent_of(loadings, shared)
  colSums(left^2) < least_outside * colSums(loadings^2)
}

# Share of a private factor's loadings that no shared ones explain.
least_outside <- 0.3
