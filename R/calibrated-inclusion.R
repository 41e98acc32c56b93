# How likely it is that a factor acts on a feature, from what the data say of every pair.
#
# Each feature is regressed on all factors in use and on what their squares add, and the evidence
# for a factor is the F test of its terms. Factors are estimated from the very features that they
# are tested on. So a feature is tested on where samples lie given all other features, which the
# linear factor model of remainder.R tells in closed form: given these, the feature's value has the
# mean w_j' z and independent noise, and the test is what it claims to be.
#
# Probabilities are those of two groups (Efron 2008): of the pairs of an omic, those without a link
# have statistics that are normal, but for a standard deviation of at least 1 that is estimated from
# the many small ones; the others have larger ones, whose distribution is shared by the factors of
# the omic. The share of pairs with a link is each factor's own.

# Samples that a test must have beyond the terms of the regression.
least_free_samples <- 10L

# A factor that the linear model has given up varies less than this, and acts on nothing.
least_score_sd <- 1e-3

# Squares of factors take part if so many samples come on every term, and if a square is not told by
# factors (a second factor can stand for it) or by the squares before it.
samples_per_term <- 2L
least_own_square <- 0.3

# Means that statistics can have where there is a link; those closer to 0 look like none.
link_sizes <- c(2.5, 3, 3.5, 4, 5, 6, 7.5, 9, 11, 14, 18, 24, 32)

# Statistics are counted by size: bins end here.
statistic_bins <- c(seq(0, 8, by = 0.05), seq(8.25, 34, by = 0.25))

# Priors: of the shares of these means, as many pairs as that for each; of each factor's share of
# linked features, a Beta distribution.
prior_size <- 0.1
prior_links <- c(1, 9)
two_group_rounds <- 100L

# Features x factors: probabilities. x, decode: as for learn_remainder(), which returned `of`; z:
# samples x core factors; `factors`: the core's numbers of those to tell of. NULL where samples are
# too few to test.
calibrated_inclusion <- function(x, z, decode, of, omics, factors, threads) {
  column <- match(factors, of$line$factors)
  if (is.null(of) || length(factors) == 0 || anyNA(column)) return(NULL)
  omic <- omic_of_features(omics)
  has <- omics_had(x, omic)
  values <- (x - of$center) / of$scale - of$offset
  straight <- values - bend_of(gaussian_part(decode(), omics), z, of$line) / of$scale
  rm(x)
  collect_garbage(is_large_matrix(values))
  scores <- core_factor_scores(straight, omic, of$loadings, of$noise, of$uncertainty, threads)
  probability <- matrix(0, nrow(values), length(factors))
  tested <- which(apply(scores, 2, stats::sd)[column] > least_score_sd)
  column <- column[tested]
  if (length(column) == 0) return(NULL)
  for (v in seq_along(omics)) {
    rows <- which(omic == v & is.finite(of$scale))
    samples <- which(has[v, ])
    if (length(samples) <= length(column) + least_free_samples) return(NULL)
    if (length(rows) == 0) next
    at_once <- max(1, floor(largest_block / 8 / length(samples)))
    size <- lapply(blocks_of(length(rows), at_once), \(i) {
      collect_garbage(is_large_matrix(values))
      link_statistics(
        values[rows[i], samples, drop = FALSE], straight[rows[i], samples, drop = FALSE],
        scores[samples, column, drop = FALSE], of$loadings[rows[i], column, drop = FALSE],
        left_out_scores(of, omic, has[, samples, drop = FALSE], rows[i])[, column, drop = FALSE]
      )
    })
    size <- do.call(rbind, size)
    probability[rows, tested] <- two_groups(size)
  }
  probability
}

# Features x factors: how much a score moves, per unit of the feature's residual, because the
# feature takes part in it. On average over the samples, which differ in the omics that they have.
left_out_scores <- function(of, omic, has, rows) {
  pattern <- apply(has, 2, paste, collapse = " ")
  covariance <- 0
  for (samples in split(seq_along(pattern), pattern)) {
    here <- which(has[, samples[1]])
    seen <- omic %in% here
    w <- of$loadings[seen, , drop = FALSE]
    precision <- crossprod(w, w / of$noise[seen]) +
      diag(1 + rowSums(of$uncertainty[, here, drop = FALSE]), ncol(w))
    covariance <- covariance + solve(precision) * length(samples) / length(pattern)
  }
  w <- of$loadings[rows, , drop = FALSE]
  moved <- w %*% covariance
  moved / (of$noise[rows] - rowSums(moved * w))
}

# Features x factors: the size of a standard normal number as unlikely as the F test of a factor's
# terms. `values`, `straight`: features x samples, NA where unknown, with and without the bend;
# `scores`: samples x factors; `moved`: what left_out_scores() returns.
link_statistics <- function(values, straight, scores, loadings, moved) {
  scores <- centred(scores)
  terms <- cbind(scores, square_terms(scores))
  unknown <- is.na(values)
  share <- 1 - rowMeans(unknown)
  expected <- tcrossprod(loadings, scores)
  straight <- straight - expected  # of unknown values, nothing is left
  straight[unknown] <- 0
  values[unknown] <- expected[unknown]
  values <- values - rowMeans(values)
  straight <- straight - rowMeans(straight)
  of <- regress_left_out(values, straight, terms, moved)
  free <- pmax(ncol(values) * share - 1 - ncol(terms), 1)
  noise <- pmax(of$left / free, 1e-12) / pmax(share, 1e-3)
  doubt <- vapply(seq_len(ncol(scores)), \(k) {
    joint_test(of, c(k, which(colnames(terms) == k)), noise, free)
  }, numeric(nrow(values)))
  pmin(-stats::qnorm(matrix(doubt, nrow(values)) - log(2), log.p = TRUE), max(statistic_bins))
}

# What squares of the factors add to them, those that add enough: samples x squares, whose column
# names are the factors' numbers.
square_terms <- function(scores) {
  n <- nrow(scores)
  if (n < samples_per_term * (2L * ncol(scores) + 1L)) return(NULL)
  squares <- centred(scores^2)
  squares <- qr.resid(qr(scores), squares) / rep(sqrt(colSums(squares^2)), each = n)
  colnames(squares) <- seq_len(ncol(scores))
  squares <- squares[, colSums(squares^2) > least_own_square^2, drop = FALSE]
  apart <- qr(squares, tol = least_own_square)
  squares[, sort(apart$pivot[seq_len(apart$rank)]), drop = FALSE]
}

# Least squares of every feature (y: features x samples) on `terms` (samples x terms) of which the
# first are scores that are not to know the feature: they move by `moved` per unit of its residual r
# (features x samples). With D the terms and a the moves, the feature's own inner products are
# D'D - a q' - q a' + r'r a a', q = D'r, whose inverse differs by two directions from that of D'D.
# Returns `coefficients`, the sum of squares `left`, and what inverse_entry() needs.
regress_left_out <- function(y, r, terms, moved) {
  a <- cbind(moved, matrix(0, nrow(y), ncol(terms) - ncol(moved)))
  q <- r %*% terms
  products <- y %*% terms - a * rowSums(r * y)
  inverse <- solve(crossprod(terms))
  alpha <- a %*% inverse
  beta <- q %*% inverse
  t11 <- rowSums(a * alpha)
  t12 <- rowSums(a * beta) - 1
  t22 <- rowSums(q * beta) - rowSums(r^2)
  determinant <- t11 * t22 - t12^2
  of <- list(inverse = inverse, alpha = alpha, beta = beta, aa = t22 / determinant,
             ab = -t12 / determinant, bb = t11 / determinant)
  along_a <- rowSums(alpha * products)
  along_b <- rowSums(beta * products)
  of$coefficients <- products %*% inverse - alpha * (of$aa * along_a + of$ab * along_b) -
    beta * (of$ab * along_a + of$bb * along_b)
  of$left <- rowSums(y^2) - rowSums(of$coefficients * products)
  of
}

# Of every feature, one entry of the inverse of its inner products.
inverse_entry <- function(of, k, l) {
  of$inverse[k, l] - of$aa * of$alpha[, k] * of$alpha[, l] - of$bb * of$beta[, k] * of$beta[, l] -
    of$ab * (of$alpha[, k] * of$beta[, l] + of$beta[, k] * of$alpha[, l])
}

# Of every feature, the log of the probability that one or two terms would seem to explain as much
# by chance. `noise`: the variance of the feature given all terms; `free`: its degrees of freedom.
joint_test <- function(of, terms, noise, free) {
  b <- of$coefficients[, terms, drop = FALSE]
  first <- inverse_entry(of, terms[1], terms[1])
  explained <- if (length(terms) == 1) {
    b[, 1]^2 / first
  } else {
    second <- inverse_entry(of, terms[2], terms[2])
    both <- inverse_entry(of, terms[1], terms[2])
    (b[, 1]^2 * second - 2 * b[, 1] * b[, 2] * both + b[, 2]^2 * first) / (first * second - both^2)
  }
  stats::pf(pmax(explained, 0) / noise / length(terms), length(terms), free, lower.tail = FALSE,
            log.p = TRUE)
}

# Features x factors: probabilities that a statistic is of the group with links, by expectation
# maximisation over counts of statistics. `size`: features x factors, at least 0.
two_groups <- function(size) {
  bins <- statistic_bins
  middle <- (bins[-1] + bins[-length(bins)]) / 2
  counts <- vapply(seq_len(ncol(size)), \(k) {
    as.double(tabulate(findInterval(size[, k], bins, all.inside = TRUE), length(middle)))
  }, numeric(length(middle)))
  of_sizes <- stats::dnorm(outer(middle, link_sizes, `-`)) +
    stats::dnorm(outer(middle, link_sizes, `+`))
  weights <- rep(1 / length(link_sizes), length(link_sizes))
  rate <- rep(prior_links[1] / sum(prior_links), ncol(size))
  sd <- 1
  for (round in seq_len(two_group_rounds)) {
    none <- 2 * stats::dnorm(middle, sd = sd)
    linked <- drop(of_sizes %*% weights)
    odds <- outer(linked / none, rate / (1 - rate))
    included <- counts * (1 - 1 / (1 + odds))
    weights <- weights * drop(crossprod(of_sizes, rowSums(included) / linked)) + prior_size
    weights <- weights / sum(weights)
    rate <- (prior_links[1] + colSums(included)) / (sum(prior_links) + nrow(size))
    sd <- max(1, weighted_median(middle, rowSums(counts - included)) / stats::qnorm(0.75))
  }
  log_odds <- log(odds)
  matrix(vapply(seq_len(ncol(size)), \(k) {
    stats::plogis(stats::approx(middle, log_odds[, k], size[, k], rule = 2)$y)
  }, numeric(nrow(size))), nrow(size))
}

weighted_median <- \(x, weights) x[which(cumsum(weights) >= sum(weights) / 2)[1]]
