# Where a sparse poems_compare() starts: a linear factor model of both groups, without training.
# Shared factors are those of the background by the sparse factor model of poems() (start.R),
# salient ones what stands out from what these leave of the target, as many as a permutation test
# finds (compare-test.R). Features are centred at the mean of the background: a shift of
# the target is a salient factor, too, whose square is 1 on average.

# Rounds in which posterior and loadings take turns.
comparison_rounds <- 6L

# A factor is salient if its variance in the background is below this share of that in the target,
most_in_background <- 0.25

# and if as little would be seen there with at most this chance if it had half the variance.
absence_level <- 0.05

# Nats by which target samples must be more likely with a salient factor than without.
least_gain <- 5

# x: features x samples on the scale of training, NA where unknown; `omic`: of every feature;
# `target`: of every sample. At most `shared` and `salient` factors. Per block `loadings` (features
# x factors), with `bias` and `noise` of every feature, on the scale of training, `posterior` of
# these samples, and what was standardised: `seen`. NULL without any factor.
comparison_start <- function(x, omic, target, shared, salient, seed, threads) {
  seen <- standardise_about(x, !target)
  model <- learn_comparison(seen$x, omic, target, shared, salient, threads)
  directions <- salient_directions(seen$x, omic, target, salient, seed)
  model <- confirmed_model(model, seen$x, omic, target, shared, directions)
  if (ncol(model$loadings) == 0) return(NULL)
  model <- about_zero(model)
  posterior <- comparison_posterior(model, seen$x, omic, target)
  list(model = model, posterior = posterior, seen = seen)
}

# As standardise_rows(), but centred at the mean of the samples that are the `reference`, or of all
# where these know nothing of a feature.
standardise_about <- function(x, reference) {
  center <- rowMeans(x[, reference, drop = FALSE], na.rm = TRUE)
  center[!is.finite(center)] <- rowMeans(x[!is.finite(center), , drop = FALSE], na.rm = TRUE)
  seen <- standardise_rows(x)
  center[!is.finite(center)] <- 0
  moved <- (seen$center - center) / seen$scale
  list(x = seen$x + ifelse(is.finite(moved), moved, 0), center = center, scale = seen$scale)
}

# The factors of one set of samples and as much as the features vary about 0.
factors_about_zero <- function(x, omic, most, threads) {
  scale <- sqrt(rowMeans(x^2, na.rm = TRUE))
  usual <- stats::median(scale, na.rm = TRUE)
  scale[!(scale > least_relative_sd * usual) | is.na(scale)] <- Inf
  x <- x / scale
  x[!is.finite(scale), ] <- 0
  straight <- bounded(x)
  spread <- sqrt(rowMeans(straight^2, na.rm = TRUE))
  most <- min(most, ncol(x) - 3L)
  if (most < 1) return(no_factors(nrow(x)))
  scores <- starting_scores(straight / ifelse(spread > 0, spread, 1), omic, most, threads)
  found <- sparse_factors(x, scores, omic, threads)
  if (is.null(found)) return(no_factors(nrow(x)))
  unit <- ifelse(is.finite(scale), scale, 0)
  kept <- seq_len(min(most, ncol(found$loadings)))
  list(loadings = (found$loadings * found$nonzero * unit)[, kept, drop = FALSE],
       noise = found$noise * unit^2)
}

no_factors <- \(features) list(loadings = matrix(0, features, 0))

# A model is a list of `loadings` (features x factors, shared ones first), `noise` of every feature,
# `shared`, how many factors are, and `mean` of every factor in the target, 0 of shared ones:
# salient factors are looked for in what varies within the target, since about 0 a shift makes all
# that it touches look like one factor. x: standardised about the background.
learn_comparison <- function(x, omic, target, shared, salient, threads) {
  common <- factors_about_zero(x[, !target, drop = FALSE], omic, shared, threads)
  model <- list(loadings = common$loadings, shared = ncol(common$loadings),
                mean = numeric(ncol(common$loadings)),
                noise = if (is.null(common$noise)) rowMeans(x^2, na.rm = TRUE) else common$noise)
  model$noise <- pmax(model$noise, least_noise)
  model <- refined_comparison(model, x[, !target, drop = FALSE], omic,
                              rep(FALSE, sum(!target)))
  left <- x[, target, drop = FALSE]
  z <- comparison_posterior(model, left, omic, rep(TRUE, sum(target)))$mean
  left <- left - model$loadings %*% z
  own <- factors_about_zero(left - rowMeans(left, na.rm = TRUE), omic, salient, threads)
  refined_comparison(with_salient(model, own$loadings, x, target), x, omic, target)
}

# How far the mean of a salient factor may be from 0, in sd; that of a shared one in the target is
# expected within 1.
most_shift <- 10

# `loadings` are of salient factors that vary within the target. Its shift is what the means of
# shared and of these factors are, by the precision of every feature; what they leave of it is one
# more factor.
with_salient <- function(model, loadings, x, target) {
  shift <- rowMeans(x[, target, drop = FALSE], na.rm = TRUE)
  shift[!is.finite(shift)] <- 0
  both <- cbind(model$loadings, loadings)
  spread <- rep(c(1, most_shift), c(model$shared, ncol(loadings)))
  precise <- both / model$noise * sum(target)
  means <- if (ncol(both) == 0) numeric() else
    as.vector(solve(diag(1 / spread^2, length(spread)) + crossprod(precise, both),
                    crossprod(precise, shift)))
  left <- as.vector(shift - both %*% means)
  chance <- model$noise * (1 / sum(target) + 1 / sum(!target)) * (1 + sum(means^2))
  left[left^2 < 8 * log(nrow(x)) * chance] <- 0
  model$loadings <- both
  model$mean <- means * (seq_along(means) > model$shared)
  if (any(left != 0)) {
    model$loadings <- cbind(both, left / most_shift)
    model$mean <- c(model$mean, most_shift)
  }
  model
}

# The same model with salient factors of mean square 1 about 0, as the network has them.
about_zero <- function(model) {
  model$loadings <- model$loadings * rep(sqrt(1 + model$mean^2), each = nrow(model$loadings))
  model$mean[] <- 0
  model
}

least_noise <- 0.02

# Posterior and loadings take turns. Factors whose loadings are all gone are taken out.
refined_comparison <- function(model, x, omic, target) {
  for (round in seq_len(comparison_rounds)) {
    if (ncol(model$loadings) == 0) {
      model$noise <- pmax(rowMeans(x^2, na.rm = TRUE), least_noise)
      return(model)
    }
    posterior <- comparison_posterior(model, x, omic, target)
    decoded <- comparison_decoder(x, posterior, target, model$shared)
    size <- factor_sizes(posterior, target, model$shared)
    kept <- colSums(decoded$loadings != 0) > 0
    model$loadings <- (decoded$loadings * rep(size$sd, each = nrow(x)))[, kept, drop = FALSE]
    model$mean <- (size$mean / size$sd)[kept]
    model$shared <- sum(kept[seq_len(model$shared)])
    model$noise <- pmax(decoded$noise, least_noise)
  }
  model
}

# Mean and sd of the factors, of salient ones in the target. The mean of shared ones is 0.
factor_sizes <- function(posterior, target, shared) {
  own <- seq_len(nrow(posterior$mean)) > shared
  mean <- ifelse(own, rowMeans(posterior$mean[, target, drop = FALSE]), 0)
  square <- \(of) rowMeans(posterior$mean[, of, drop = FALSE]^2 +
                             posterior$variance[, of, drop = FALSE])
  variance <- ifelse(own, square(target), square(TRUE)) - mean^2
  list(mean = mean, sd = sqrt(pmax(variance, (mean / most_shift)^2)))
}

# As split_decoder(): certain loadings that explain something, a salient one in the target.
comparison_decoder <- function(x, posterior, target, shared) {
  one <- rep(1L, nrow(x))
  k <- nrow(posterior$mean)
  posterior$has <- matrix(TRUE, 1, ncol(x))
  # Features are regressed about their mean, and so must factors be.
  posterior$mean <- posterior$mean - rowMeans(posterior$mean)
  all <- refit_loadings(x, posterior, matrix(TRUE, nrow(x), k), one)
  inner <- tcrossprod(posterior$mean) + diag(rowSums(posterior$variance), k)
  own <- all$loadings^2 / rep(diag(solve(inner)), each = nrow(x))
  samples <- cbind(rowSums(!is.na(x)), rowSums(!is.na(x[, target, drop = FALSE])))
  known <- pmax(samples[, 1 + (seq_len(k) > shared), drop = FALSE], 1)
  refit_loadings(x, posterior,
                 own > 2 * log(nrow(x)) * all$noise & own / known >= least_share, one)
}

# Mean and variance of the factors, factors x samples; salient ones are 0 in the background. Missing
# values of an omic that a sample has count as what the factors' means say.
comparison_posterior <- function(model, x, omic, target) {
  k <- ncol(model$loadings)
  mean <- variance <- matrix(0, k, ncol(x))
  if (k == 0) return(list(mean = mean, variance = variance))
  has <- omics_had(x, omic)
  pattern <- paste(target, apply(has, 2, paste, collapse = ""))
  for (one in unique(pattern)) {
    samples <- which(pattern == one)
    f <- if (target[samples[1]]) seq_len(k) else seq_len(model$shared)
    rows <- has[omic, samples[1]]
    if (length(f) == 0) next
    w <- model$loadings[rows, f, drop = FALSE]
    scaled <- w / model$noise[rows]
    covariance <- solve(diag(length(f)) + crossprod(scaled, w))
    left <- x[rows, samples, drop = FALSE] - as.vector(w %*% model$mean[f])
    left[is.na(left)] <- 0
    mean[f, samples] <- model$mean[f] + tcrossprod(covariance, scaled) %*% left
    variance[f, samples] <- diag(covariance)
  }
  list(mean = mean, variance = variance)
}

# As many salient factors stay as there are directions that vary in the target alone: the ones of
# which the target says most. The others are shared, as far as there is room for them, since
# something stood out.
confirmed_model <- function(model, x, omic, target, shared, directions) {
  own <- seq_len(ncol(model$loadings)) > model$shared
  if (!any(own)) return(model)
  gain <- salient_gain(model, x, omic, target)
  at <- which(own)
  real <- at[utils::head(order(-gain), min(directions, sum(gain > 0)))]
  moved <- utils::head(setdiff(at, real), max(shared - model$shared, 0L))
  order <- c(which(!own), moved, real)
  model$loadings <- model$loadings[, order, drop = FALSE]
  model$mean <- model$mean[order] * (order %in% real)
  model$shared <- model$shared + length(moved)
  refined_comparison(model, x, omic, target)
}

# Per salient factor of a model, by how much more likely target samples are with it than without,
# the logarithm of the ratio of its densities at 0 before and after they are seen; 0 where it may
# be in the background, too.
salient_gain <- function(model, x, omic, target) {
  model <- about_zero(model)
  with_all <- comparison_posterior(model, x[, target, drop = FALSE], omic, rep(TRUE, sum(target)))
  last <- model$shared + 1L
  vapply(seq_len(ncol(model$loadings) - model$shared), \(k) {
    m <- with_all$mean[model$shared + k, ]
    v <- with_all$variance[model$shared + k, ]
    alone <- model
    of <- c(seq_len(model$shared), model$shared + k)
    alone$loadings <- model$loadings[, of, drop = FALSE]
    alone$mean <- model$mean[of]
    background <- comparison_posterior(alone, x[, !target, drop = FALSE], omic,
                                       rep(TRUE, sum(!target)))
    gain <- sum(m^2 / v + log(v)) / 2
    absent <- is_absent(background$mean[last, ], background$variance[last, ],
                        factor_variance(m, v))
    if (absent && gain > least_gain) gain else 0
  }, 0)
}

# Whether samples with posterior means m and variances v hardly have a factor whose variance in
# others is `usual`: m^2 has the mean (1 - v)^2 c + v (1 - v) if its variance is c. Where v is 1,
# nothing is known.
is_absent <- function(m, v, usual) {
  known <- v < 1
  if (!any(known) || factor_variance(m, v) >= most_in_background * usual) return(FALSE)
  expected <- (1 - v)^2 * usual / 2 + v * (1 - v)
  stats::pchisq(sum((m^2 / expected)[known]), sum(known)) < absence_level
}

# Of a factor with posterior means m and variances v: its mean square, from E m^2 = (1 - v)^2 c +
# v (1 - v).
factor_variance <- function(m, v) {
  known <- v < 1
  sum((m^2 - v * (1 - v))[known]) / sum((1 - v[known])^2)
}
