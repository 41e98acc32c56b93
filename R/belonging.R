# Which omics belong to their sample. Of an omic v, what its features say of the factors is compared
# with what the other omics say. Where it belongs, the two go together in every factor that both
# know; an omic that is another sample's, or noise, is independent of the others:
#
#   (g_k, m_k) ~ N(0, [s^2, r s t; r s t, t^2])   in samples in which it belongs
#   (g_k, m_k) ~ N(0, [s^2, 0; 0, t^2])           in the others
#
# for every factor k, g being what ridge regression on the omic predicts of m without the sample
# itself, m the product of the other experts. A share pi of the samples are the others; r, s, t and
# pi are fitted by expectation and maximisation. The sum over factors of the log ratio of the two
# densities, tempered as far as factors depend on each other, tells how likely the omic belongs.

belonging_rounds <- 30L

# Prior observations: of omics that do not belong, and of those that do.
belonging_prior <- c(1, 19)

# With fewer samples than this that have an omic and another, nothing is told.
least_belonging_samples <- 30L

# Omics that are doubted more than this are left out: one that is left out by mistake costs less
# than one that experts learn from.
least_doubt <- 0.2

# Omics that are doubted more than this are certain to be another's; maps, which learn from many
# features that factors do not stand for, leave out these alone.
least_certain <- 0.99

# In large cohorts, a smaller share of misplaced omics does not move where factors are sought.
most_few <- 0.05

# Closer than this, two omics would be taken to be one.
most_agreement <- 0.995

# `g`, `m`: samples x factors. `doubt`, per sample, the probability that the omic does not belong;
# `evidence`, per sample the tempered log ratio for belonging; `weights`, the quadratic form of
# src/layers/agreement.h with which the core computes it.
agreement_mixture <- function(g, m) {
  n <- nrow(g)
  doubt <- numeric(n)
  share <- belonging_prior[1] / sum(belonging_prior)
  for (round in seq_len(belonging_rounds)) {
    w <- (1 - doubt) / sum(1 - doubt)
    s2 <- pmax(colSums(w * g^2), 1e-8)
    t2 <- pmax(colSums(w * m^2), 1e-8)
    r <- pmin(colSums(w * g * m) / sqrt(s2 * t2), most_agreement)
    r[r < 2 / sqrt(n)] <- 0
    steep <- r^2 / (2 * (1 - r^2))
    form <- list(own = steep / s2, others = steep / t2, product = r / (1 - r^2) / sqrt(s2 * t2))
    parts <- -sweep(g^2, 2, form$own, `*`) - sweep(m^2, 2, form$others, `*`) +
      sweep(g * m, 2, form$product, `*`) + rep(-log(1 - r^2) / 2, each = n)
    variance <- \(x) sum(w * (x - sum(w * x))^2)
    tempering <- min(1, sqrt(sum(apply(parts, 2, variance)) / max(variance(rowSums(parts)), 1e-12)))
    evidence <- tempering * rowSums(parts)
    doubt <- stats::plogis(stats::qlogis(share) - evidence)
    share <- (sum(doubt) + belonging_prior[1]) / (n + sum(belonging_prior))
  }
  offset <- stats::qlogis(share) + tempering * sum(log(1 - r^2)) / 2
  list(doubt = doubt, evidence = evidence, agreement = r,
       weights = c(lapply(form, `*`, tempering), list(offset = offset)))
}

# Product of the experts of the other omics: samples x factors, NaN where a sample has no other.
# `means`: per omic, factors x samples; `precision`: per omic, of every factor; `trust`: omics x
# samples, 0 where a sample lacks an omic.
product_of_others <- function(means, precision, trust, v) {
  others <- setdiff(seq_along(means), v)
  weight <- lapply(others, \(u) outer(precision[[u]], trust[u, ]))
  total <- Reduce(`+`, weight)
  t(Reduce(`+`, Map(`*`, weight, means[others])) / total)
}

# Omics x samples: how much to doubt that an omic belongs to a sample. `start`: of start_model().
# The second round trusts the omics that the first does not doubt.
doubt_omics <- function(start) {
  means <- expert_means(start$experts, start$filled, start$omic)
  doubt <- 0 * start$has
  for (round in 1:2) {
    trust <- start$has * (1 - doubt)
    doubt <- do.call(rbind, lapply(seq_along(means), \(v) {
      m <- product_of_others(means, start$experts$precision, trust, v)
      doubt_omic(m, start$has[v, ], \(m, of) {
        m <- centred(m[start$has[v, ], , drop = FALSE])
        ridge_path(start$inner[[v]], m)$left_out[of[start$has[v, ]], , drop = FALSE]
      })
    }))
  }
  doubt
}

# The same once more, of all of x (features x samples), after a start without the omics that were
# `misplaced`: those that belong no longer have to agree with experts that have learnt from others.
doubt_again <- function(start, x, misplaced) {
  had <- omics_had(x, start$omic)
  x <- (x - start$seen$center) / start$seen$scale
  x[is.na(x)] <- 0
  means <- expert_means(start$experts, x, start$omic)
  for (v in seq_along(means)) {
    learnt <- start$has[v, ]
    means[[v]][, learnt] <- start$experts$left_out[[v]][, learnt]
  }
  do.call(rbind, lapply(seq_along(means), \(v) {
    m <- product_of_others(means, start$experts$precision, had & !misplaced, v)
    doubt_omic(m, had[v, ], \(m, of) t(means[[v]])[of, , drop = FALSE])
  }))
}

expert_means <- function(experts, x, omic) {
  lapply(seq_along(experts$weights), \(v) experts$weights[[v]] %*% x[omic == v, ])
}

# Of one omic. m: samples x factors, what the others say; `has`: which samples have the omic;
# `own_of(m, of)`: what it says itself of the samples `of`, not having seen them.
doubt_omic <- function(m, has, own_of) {
  doubt <- numeric(nrow(m))
  known <- has & rowSums(!is.finite(m)) == 0
  if (sum(known) < least_belonging_samples) return(doubt)
  m[!known, ] <- 0
  doubt[known] <- agreement_mixture(own_of(m, known), m[known, , drop = FALSE])$doubt
  doubt
}

# Omics that are more likely another sample's than theirs, omics x samples: of a sample the one that
# is doubted most, since it makes the others look as if they did not belong.
misplaced_of <- function(doubt, has, least = least_doubt) {
  most <- apply(doubt, 2, max)
  misplaced <- doubt > least & has & doubt == rep(most, each = nrow(doubt))
  misplaced & !duplicated_in_columns(misplaced)
}

duplicated_in_columns <- \(x) apply(x, 2, cumsum) > 1

# What start_model() says of x without the omics that are misplaced, and these: `start`, NULL
# without a factor; `misplaced`, omics x samples; and those of them that are `certain`. `known`:
# those that a start with some of these samples has found; without, the start with all omics tells
# at first.
start_without_misplaced <- function(x, omic, most, threads, known = NULL, programs = NULL) {
  without <- \(misplaced, from = NULL) {
    if (any(misplaced)) x[misplaced[omic, ]] <- NA
    start_model(x, omic, most, threads, programs, from)
  }
  has <- omics_had(x, omic)
  misplaced <- if (is.null(known)) has & FALSE else known & has
  start <- without(misplaced)
  none <- list(start = start, misplaced = has & FALSE, certain = has & FALSE)
  if (is.null(start) || nrow(has) < 2) return(none)
  if (is.null(known)) {
    misplaced <- misplaced_of(doubt_omics(start), has)
    few <- is_large(x) && sum(misplaced) <= most_few * sum(has)
    again <- if (any(misplaced)) without(misplaced, if (few) start$from)
    if (is.null(again)) return(none)
    start <- again
  }
  doubt <- doubt_again(start, x, misplaced)
  found <- misplaced_of(doubt, has)
  certain <- misplaced_of(doubt, has, least_certain)
  again <- if (!identical(found, misplaced)) without(found, start$from)
  if (is.null(again)) found <- misplaced else start <- again
  list(start = start, misplaced = found, certain = certain & found)
}

# The gate's weights to start from, per omic: the quadratic form between experts as they are, of
# every sample without itself. NULL where too little is known.
starting_agreement <- function(experts, has) {
  lapply(seq_along(experts$left_out), \(v) {
    if (nrow(has) < 2) return(NULL)
    m <- product_of_others(experts$left_out, experts$precision, has + 0, v)
    known <- has[v, ] & rowSums(!is.finite(m)) == 0
    if (sum(known) < least_belonging_samples) return(NULL)
    own <- t(experts$left_out[[v]])
    agreement_mixture(own[known, , drop = FALSE], m[known, , drop = FALSE])$weights
  })
}

# Values (features x samples, of which `used` are the positions in the cohort) without those of
# omics that are misplaced: per omic, positions.
without_misplaced <- function(x, omic, misplaced, used) {
  for (v in which(lengths(misplaced) > 0)) x[omic == v, used %in% misplaced[[v]]] <- NA
  x
}
