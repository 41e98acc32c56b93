# Which omics belong to their sample, told by maps (maps.R). A map says where among the principal
# components of omic v a sample should lie, given its other omics and without itself, g; and the
# sample's own omic lies at t. Of every component k that the map knows, r_k being the correlation of
# the two over the cohort and both having variance 1, how well they go together is measured twice:
#
#   odds       log p(t, g | correlated by r) - log p(t, g | independent)
#   direction  artanh cos(g, t),   the inner product weighed by r_k / (1 - r_k^2)
#
# The odds tell most where few components are well known; the direction is not moved by how extreme
# a sample is. Each is standardised by the median and the mad of the cohort; agreement is their
# mean. Over samples that are as they should be, it is close to t-distributed about some center: the
# p-value. What agreement looks like where omics do not belong is known, too, from all pairs of
# different samples; the share of those that do not belong is fitted by expectation and
# maximisation, so that they do not widen the center's spread. Which sample's omic fits instead is
# told by the odds of all pairs of samples in doubt at once: every omic is given to one sample
# (Hungarian algorithm).

most_checked_components <- 60L
least_checked_components <- 3L

# What a map must tell of the target's components, in nats (their mutual information), to check it.
least_told <- 0.5

# Tails of agreement in cohorts that are as they should be.
agreement_tails <- 3

belonging_steps <- 50L

# Samples in doubt: those with a p-value below this, and of these the lowest.
doubted_below <- 0.35
most_doubted <- 500L

# Adds to every map what it needs to check samples, and to `maps` the result of the cohort's own.
# x: features x samples as learn_maps() takes them, with the omics that are misplaced; `used`: their
# positions in the cohort.
learn_checks <- function(maps, x, omic, used) {
  if (is.null(maps)) return(NULL)
  scores <- Map(crossprod, parts_for_maps(maps, x, omic), maps$directions)
  has <- omics_had(x, omic)
  maps$maps <- lapply(maps$maps, \(map) {
    map$check <- learn_check(map, scores, has)
    map
  })
  maps$checked <- check_omics(maps$maps, scores, has)
  maps$maps <- lapply(maps$maps, lean_map)
  maps$used <- used
  maps
}

# NULL where a map knows too little.
learn_check <- function(map, scores, has) {
  n <- length(map$both)
  if (n < least_belonging_samples) return(NULL)
  k <- seq_len(min(most_checked_components, ncol(map$coefficients)))
  t <- own_components(map, scores, map$both)[, k, drop = FALSE]
  g <- map$left_out[, k, drop = FALSE]
  own_sd <- sqrt(pmax(colMeans(t^2), 1e-12))
  said_sd <- sqrt(pmax(colMeans(g^2), 1e-12))
  r <- pmin(colMeans(g * t) / own_sd / said_sd, most_agreement)
  kept <- which(r > 2 / sqrt(n))
  told <- -sum(log(1 - r[kept]^2)) / 2
  if (length(kept) < least_checked_components || told < least_told) return(NULL)
  check <- list(components = kept, agreement = r[kept], own_sd = own_sd[kept],
                said_sd = said_sd[kept])
  rows <- which(colSums(!has[c(map$from, map$to), , drop = FALSE]) == 0)
  pairs <- measure_pairs(check, said_of(map, check, scores, rows), own_of(map, check, scores, rows))
  middle <- \(x) c(stats::median(diag(x)), max(stats::mad(diag(x)), 1e-6))
  check$standards <- lapply(pairs, middle)
  a <- agreement_of(check, pairs)
  c(check, fit_agreement(diag(a), a[row(a) != col(a)]))
}

# What a sample's omic has, samples x components, about the means that the map knows.
own_components <- function(map, scores, samples) {
  own <- scores[[map$to]][samples, , drop = FALSE]
  own - rep(map$target_means, each = nrow(own))
}

# t and g of the header. Of samples that the map has learnt from, while they are known, what it says
# of them left out.
own_of <- function(map, check, scores, samples) {
  own <- own_components(map, scores, samples)[, check$components, drop = FALSE]
  own / rep(check$own_sd, each = length(samples))
}

said_of <- function(map, check, scores, samples) {
  said <- map_components(map, lapply(scores[map$from], \(s) s[samples, , drop = FALSE]))
  learnt <- match(samples, map$both)
  known <- !is.na(learnt)
  said[known, ] <- map$left_out[learnt[known], ]
  said[, check$components, drop = FALSE] / rep(check$said_sd, each = length(samples))
}

# `odds` and `direction` of the samples of `said`, each with all samples of `own`: a matrix of each.
measure_pairs <- function(check, said, own) measure(check, said, own, outer, tcrossprod)

# Of each with itself: a vector of each.
measure_each <- function(check, said, own) {
  measure(check, said, own, \(x, y, add) add(x, y), \(x, y) rowSums(x * y))
}

measure <- function(check, said, own, combine, inner_product) {
  r <- check$agreement
  weight <- r / (1 - r^2)
  size <- \(x) drop(x^2 %*% (-r * weight / 2))
  odds <- combine(size(said), size(own), `+`) +
    inner_product(said * rep(weight, each = nrow(said)), own) - sum(log(1 - r^2)) / 2
  unit <- \(x) {
    x <- x * rep(sqrt(weight), each = nrow(x))
    x / sqrt(pmax(rowSums(x^2), 1e-12))
  }
  cosine <- inner_product(unit(said), unit(own))
  list(odds = odds, direction = atanh(pmax(pmin(cosine, 0.999), -0.999)))
}

agreement_of <- function(check, measured) {
  standard <- Map(\(x, by) (x - by[1]) / by[2], measured, check$standards)
  (standard$odds + standard$direction) / 2
}

# `center` and `spread` of agreement where omics belong, and the `share` of those that do not. `a`:
# agreement of samples with themselves; `apart`: of pairs of samples. Sought from the median on and,
# since half of the samples may not belong, from the upper half; the likelier one is returned.
fit_agreement <- function(a, apart) {
  away <- c(mean(apart), stats::sd(apart))
  upper <- a[a >= stats::median(a)]
  found <- lapply(list(a, upper), \(of) mixed_agreement(a, away, of))
  found[[which.max(vapply(found, `[[`, 0, "likelihood"))]]
}

mixed_agreement <- function(a, away, of) {
  fit <- list(center = stats::median(of), spread = max(stats::mad(of), 1e-6), away = away,
              share = belonging_prior[1] / sum(belonging_prior))
  df <- agreement_tails
  for (step in seq_len(belonging_steps)) {
    doubt <- doubt_of(fit, a)
    weight <- (1 - doubt) * (df + 1) / (df + ((a - fit$center) / fit$spread)^2)
    fit$share <- (sum(doubt) + belonging_prior[1]) / (length(a) + sum(belonging_prior))
    fit$center <- sum(weight * a) / sum(weight)
    fit$spread <- max(sqrt(sum(weight * (a - fit$center)^2) / sum(1 - doubt)), 1e-6)
  }
  fit$likelihood <- sum(log(density_foreign(fit, a) + density_own(fit, a))) +
    sum(belonging_prior * log(c(fit$share, 1 - fit$share)))
  fit
}

# Densities of agreement, times how often the omic is the sample's own or not. `check`: what
# fit_agreement() returns.
density_own <- function(check, a) {
  z <- (a - check$center) / check$spread
  (1 - check$share) * stats::dt(z, agreement_tails) / check$spread
}

density_foreign <- \(check, a) check$share * stats::dnorm(a, check$away[1], check$away[2])

# How likely it is that an omic does not belong, given its agreement.
doubt_of <- function(check, a) {
  foreign <- density_foreign(check, a)
  ifelse(a > check$center, 0, foreign / (foreign + density_own(check, a)))
}

# Of all samples, `agreement`, `p_value`, `partner` and `owner` (see check_samples()), each omics x
# samples, NA where nothing can be told; and `has`. An omic that does not belong is left out of what
# tells of the sample's other omics.
check_omics <- function(maps, scores, has) {
  first <- lapply(seq_len(nrow(has)), \(v) {
    check_omic(maps, scores, v, maps_that_check(maps, has, v))
  })
  doubt <- do.call(rbind, lapply(first, `[[`, "doubt"))
  doubt[is.na(doubt)] <- 0
  worst <- misplaced_of(doubt, has, least = 0.5)
  checked <- lapply(seq_len(nrow(has)), \(v) {
    trusted <- has & !worst
    trusted[v, ] <- has[v, ]
    map <- maps_that_check(maps, trusted, v)
    map[is.na(map)] <- first[[v]]$map[is.na(map)]  # nothing is left without it
    omic <- check_omic(maps, scores, v, map)
    c(omic, find_partners(maps, omic$map, scores, v, omic$p_value))
  })
  parts <- c("agreement", "p_value", "partner", "owner")
  tables <- lapply(parts, \(part) do.call(rbind, lapply(checked, `[[`, part)))
  c(stats::setNames(tables, parts), list(has = has))
}

# Of omic `to`, by sample; `map`: the position of the map that tells of it, NA where none does.
check_omic <- function(maps, scores, to, map) {
  agreement <- p_value <- doubt <- rep(NA_real_, length(map))
  for (m in unique(stats::na.omit(map))) {
    samples <- which(map == m)
    check <- maps[[m]]$check
    said <- said_of(maps[[m]], check, scores, samples)
    own <- own_of(maps[[m]], check, scores, samples)
    a <- agreement_of(check, measure_each(check, said, own))
    agreement[samples] <- a
    p_value[samples] <- stats::pt((a - check$center) / check$spread, agreement_tails)
    doubt[samples] <- doubt_of(check, a)
  }
  list(map = map, agreement = agreement, p_value = p_value, doubt = doubt)
}

# By sample, the map from the most of its other omics to `to`; NA where none can check.
maps_that_check <- function(maps, has, to) {
  can <- which(vapply(maps, \(map) map$to == to && !is.null(map$check), NA))
  can <- can[order(-lengths(lapply(maps[can], `[[`, "from")))]
  chosen <- rep(NA_integer_, ncol(has))
  for (m in can) {
    all <- colSums(!has[c(maps[[m]]$from, to), , drop = FALSE]) == 0
    chosen[all & is.na(chosen)] <- m
  }
  chosen
}

# Of samples in doubt, positions: `partner`, the one whose omic fits the sample, and `owner`, the
# one that the sample's omic fits; NA where its own fits best.
find_partners <- function(maps, map, scores, to, p_value) {
  partner <- owner <- rep(NA_integer_, length(map))
  doubted <- utils::head(order(p_value), min(sum(p_value < doubted_below, na.rm = TRUE),
                                             most_doubted))
  if (length(doubted) < 2) return(list(partner = partner, owner = owner))
  odds <- matrix(0, length(doubted), length(doubted))
  for (m in unique(map[doubted])) {
    rows <- which(map[doubted] == m)
    check <- maps[[m]]$check
    odds[rows, ] <- measure_pairs(check, said_of(maps[[m]], check, scores, doubted[rows]),
                                  own_of(maps[[m]], check, scores, doubted))$odds
  }
  # Beforehand a sample's own omic is as likely as all others together.
  odds <- odds + diag(log(length(doubted)), nrow(odds))
  fits <- as.integer(clue::solve_LSAP(odds - min(odds), maximum = TRUE))
  moved <- which(fits != seq_along(fits))
  partner[doubted[moved]] <- doubted[fits[moved]]
  owner[doubted[fits[moved]]] <- doubted[moved]
  list(partner = partner, owner = owner)
}
