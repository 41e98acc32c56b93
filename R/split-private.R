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
  target <- t(factors$mean[seq_len(min(most, nrow(factors$mean))), , drop = FALSE])
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
