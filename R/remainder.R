# What missing values are predicted from, beside what the decoders say.
#
# Decoders are made to be read: loadings that are uncertain are 0, and those that are not are
# believed. Predictions do better when they average over what the loadings could be, and when they
# use that what the factors leave is not independent: features go together in ways that no factor in
# use stands for. Given the decoders f, the values x of a sample, on the scale of training, are
# described as
#
#   x = N(z) + m + s (c + W z' + t (B u + e)),      N(z) = f(z) - a - L z
#
# N is the bend of the decoders, see bend.R; W the posterior mean of the loadings of a linear factor
# model of what the bend leaves (see src/analysis/factor_model.h), m and s scales, t the standard
# deviation that the factors leave of a feature; u and e are standard normal and independent, but
# for the variances of e. B B' + Var(e) is the correlation of what is left, shrunk towards
# independence as far as its own sampling error says (Schafer and Strimmer 2005), of rank at most
# `most_remainder_components`.

most_remainder_components <- 200L

# Numbers that B may have in all: 32 MiB.
most_remainder_values <- 2^22

# Rounds in which what is unknown of the remainder is filled in by itself.
remainder_rounds <- 2L

# x: what values_without_covariates() returns; z: samples x core factors, where the decoders see
# them; `decode`: called for what decoders say of them, per omic, which is not held for longer than
# it is used. NULL where there are too few samples.
learn_remainder <- function(x, z, decode, omics, seed, threads) {
  if (ncol(x) < least_remainder_samples) return(NULL)
  omic <- omic_of_features(omics)
  decoded <- gaussian_part(decode(), omics)
  line <- linear_part(decoded, z)
  y <- standardise_rows(x - bend_of(decoded, z, line))
  rm(x, decoded)
  collect_garbage(is_large_matrix(y$x))
  start <- scale(z[, line$factors, drop = FALSE])
  left <- describe_left(y$x, start, omic, factor_model_rounds, threads)
  c(list(line = line), y[c("center", "scale")], left,
    check_on_hidden(y$x, start, omic, seed, threads))
}

# The second half of the description, of y = c + W z' + t (B u + e): features x samples, NA where
# unknown.
describe_left <- function(y, start, omic, rounds, threads) {
  linear <- average_loadings(y, start, omic, rounds, threads)
  collect_garbage(is_large_matrix(y))
  c(linear[c("loadings", "noise", "uncertainty")], list(offset = linear$intercept),
    correlated_noise(y - linear$intercept - linear$loadings %*% linear$mean, ncol(start), omic,
                     threads))
}

# What the description predicts of values that it has not seen: a tenth of the samples, at most
# `most_checked_samples`, are left out of it, and of these every value is hidden once, a tenth at a
# time. Returns `inflation`, per omic what standard deviations of predictions are to be multiplied
# by for 95 % of values to lie within 1.96 of them; `hidden`, per omic the share of the variance of
# hidden values that is predicted; and `worth`, omics x factors, the share that is lost when a
# factor's part is left out.
check_on_hidden <- function(y, start, omic, seed, threads) {
  omics <- max(omic)
  nothing <- list(inflation = rep(1, omics), hidden = rep(NA_real_, omics),
                  worth = matrix(NA_real_, omics, ncol(start)))
  if (ncol(y) < least_checked_samples) return(nothing)
  held_out <- spaced(ncol(y), min(max(ncol(y) %/% 10L, 5L), most_checked_samples))
  large <- is_large_matrix(y)
  collect_garbage(large)
  of <- describe_left(y[, -held_out], start[-held_out, , drop = FALSE], omic, check_rounds, threads)
  y <- y[, held_out, drop = FALSE]
  tenth <- with_seed(seed, matrix(sample(rep_len(1:10, length(y))), nrow(y)))
  mean <- sd <- factors <- y
  scores <- list()
  at_once <- max(1, floor(largest_block / 4 / length(y)))
  for (tenths in blocks_of(10L, at_once)) {  # the same samples, each time without other values
    collect_garbage(large)
    seen <- do.call(cbind, lapply(tenths, \(i) replace(y, tenth == i, NA)))
    predicted <- predict_left(of, seen, omic, threads, with_sd = TRUE)
    for (i in tenths) {
      hides <- which(tenth == i)
      columns <- (match(i, tenths) - 1L) * ncol(y) + seq_len(ncol(y))
      mean[hides] <- predicted$mean[, columns][hides]
      sd[hides] <- predicted$sd[, columns][hides]
      factors[hides] <- predicted$factors[, columns][hides]
      scores[[i]] <- predicted$scores[columns, , drop = FALSE]
    }
  }
  by_omic <- \(x) rowsum(rowSums(x, na.rm = TRUE), omic)[, 1]
  collect_garbage(large)
  total <- by_omic(y^2)
  twice <- 2 * (y - factors)
  seen_as <- col(y) + (tenth - 1L) * ncol(y)  # the sample without what is hidden with the value
  lost <- vapply(seq_len(ncol(start)), \(k) {
    of_factor <- of$loadings[, k] * vapply(scores, \(z) z[, k], numeric(ncol(y)))[seen_as]
    by_omic((twice + of_factor) * of_factor) / total
  }, numeric(omics))
  list(
    inflation = vapply(split(seq_along(omic), omic), \(rows) {
      error <- abs((y - mean) / sd)[rows, ]
      stats::quantile(error[is.finite(error)], 0.95, names = FALSE) / stats::qnorm(0.975)
    }, 0),
    hidden = 1 - by_omic((y - mean)^2) / total,
    worth = matrix(lost, omics)
  )
}

least_checked_samples <- 30L
most_checked_samples <- 50L
check_rounds <- 15L

# What the decoders are to explain: standardised_features() less what they say of covariates.
values_without_covariates <- function(parameters, omics, data, samples, design) {
  x <- standardised_features(omics, data, samples, design)
  if (is.null(design)) return(x)
  effects <- do.call(rbind, unname(Map(\(p, omic) {
    if (omic$family == "gaussian") p$covariate_effects else 0 * p$covariate_effects
  }, parameters$omics, omics)))
  x - tcrossprod(effects, design[samples, , drop = FALSE])
}

# Fewer samples than this tell nothing of how features go together.
least_remainder_samples <- 10L

# What decoders say, of all omics in one matrix (features x samples); 0 in omics that are not
# Gaussian.
gaussian_part <- function(decoded, omics) {
  do.call(rbind, Map(\(x, omic) if (omic$family == "gaussian") x else 0 * x, decoded, omics))
}

average_loadings <- function(y, start, omic, rounds, threads) {
  if (ncol(start) == 0) {
    return(list(loadings = matrix(0, nrow(y), 0), mean = matrix(0, 0, ncol(y)),
                intercept = numeric(nrow(y)), noise = rep(1, nrow(y)),
                uncertainty = matrix(0, 0, max(omic))))
  }
  core_factor_model(y, omic, start, rounds, threads, NULL, 1)
}

# The correlation of what so many factors leave (features x samples): the standard deviations
# `spread` (t), the components `components` (B) and the variances `own` of e.
correlated_noise <- function(left, factors, omic, threads) {
  # Factors have taken some of the noise with them.
  free <- max(ncol(left) - factors, 2)
  spread <- sqrt(rowMeans(left^2, na.rm = TRUE) * ncol(left) / free)
  spread[!(spread > 1e-8)] <- Inf
  left <- left / spread
  collect_garbage(is_large_matrix(left))
  unknown <- which_unknown(left)
  filled <- unknown_as_0(left)
  most <- min(most_remainder_components, ncol(left) - 1L, nrow(left),
              max(most_remainder_values %/% nrow(left), 1L))
  shrinkage <- correlation_shrinkage(filled, threads)
  collect_garbage(is_large_matrix(filled))
  for (round in seq_len(if (length(unknown) > 0) remainder_rounds else 1L)) {
    if (round > 1) filled[unknown] <- (components %*% t(scores))[unknown]
    parts <- principal_components(filled, most, threads)
    components <- sqrt(1 - shrinkage) * wide_product(filled, parts$scores, threads) / ncol(left)
    own <- pmax(rowMeans(filled^2) - rowSums(components^2), 1e-3)
    if (length(unknown) > 0) {
      scores <- core_factor_scores(left, omic, components, own,
                                   matrix(0, ncol(components), max(omic)), threads)
    }
  }
  list(spread = spread, components = components, own = own, shrinkage = shrinkage)
}

# Positions of what is unknown, for which nothing is allocated where there is none.
which_unknown <- \(x) if (anyNA(x)) which(is.na(x)) else integer()

# x itself, not a copy, where all is known.
unknown_as_0 <- function(x) {
  if (anyNA(x)) x[is.na(x)] <- 0
  x
}

# By how much to shrink correlations towards 0: the sum of their sampling variances over that of
# their squares. With G the inner products of the samples, sums over pairs of features are sums over
# pairs of samples. x: standardised features x samples.
correlation_shrinkage <- function(x, threads) {
  n <- ncol(x)
  inner <- core_inner_products(x, threads)
  squares <- sum(inner^2) / n^2 - sum(rowMeans(x^2)^2)
  products <- sum(diag(inner)^2) / n - sum(rowMeans(x^4))
  if (squares <= 0) return(1)
  min(max((products - squares) / (n - 1) / squares, 0.01), 1)
}

# Predictions of all values of samples, features x samples on the scale of training without
# covariates, given those that are known: `x`, of which NA is unknown; `mode`: samples x core
# factors. With `sd`, standard deviations of what is unknown in omics that a sample has, about its
# prediction.
predict_values <- function(fit, x, mode, with_sd = FALSE) {
  of <- fit$remainder
  omic <- omic_of_features(fit$omics)
  threads <- fit$control$threads
  decoded <- core_reconstruct(core_parameters(fit), fit$config, mode, threads) |>
    gaussian_part(fit$omics)
  bend <- bend_of(decoded, mode, of$line)
  left <- predict_left(of, (x - bend - of$center) / of$scale, omic, threads, with_sd)
  scale <- ifelse(is.finite(of$scale), of$scale, 0)
  list(mean = bend + of$center + left$mean * scale,
       sd = if (with_sd) left$sd * scale * of$inflation[omic])
}

# The same on the scale of describe_left(): `mean`, `sd`, the part `factors` of the mean and their
# `scores`.
predict_left <- function(of, y, omic, threads, with_sd) {
  y <- y - of$offset
  factors <- 0 * ifelse(is.na(y), 0, y)
  posterior <- \(...) {
    if (with_sd) core_factor_posterior(...) else list(scores = core_factor_scores(...))
  }
  z <- list(scores = matrix(0, ncol(y), ncol(of$loadings)), variances = 0)
  if (ncol(of$loadings) > 0) {
    z <- posterior(y, omic, of$loadings, of$noise, of$uncertainty, threads)
    factors <- tcrossprod(of$loadings, z$scores)
  }
  none <- matrix(0, ncol(of$components), max(omic))
  left <- (y - factors) / of$spread
  u <- posterior(left, omic, of$components, of$own, none, threads)
  spread <- ifelse(is.finite(of$spread), of$spread, 0)
  mean <- of$offset + factors + tcrossprod(of$components, u$scores) * spread
  if (!with_sd) return(list(mean = mean))
  list(mean = mean, sd = sqrt(z$variances + (u$variances + of$own) * spread^2),
       factors = of$offset + factors, scores = z$scores)
}
