# Which sets of features the data hold, and where their factors start.
#
# A factor that acts on a set's members and on little else is a direction u in the space of samples
# along which members vary much and features in general do not. With X, features x samples of
# variance 1, X_M its members' rows and C = X'X / features, the set's statistic is
#
#   max over u of  |X_M u|^2 / |M| / u' (C + c I) u
#
# With c = 1, about what noise alone gives C, strong factors of many features count for little; with
# larger c, members may share in one, if only more than others do. Sets of the same numbers of
# features per omic, drawn at random, tell how large the statistics are by chance: they meet the
# same factors and the same correlations of the cohort at large. The set with the most evidence gets
# its factor first; what it explains is taken from all features before the next ones are looked at.
# So a set that says what another has said (G2M checkpoint after E2F targets) gets none.

# The values of c.
direction_floors <- c(1, 8, 64)

# Random sets that a set is compared with, and the largest p-value of sets that get a factor.
random_sets <- 199L
largest_set_p <- 0.025

# So many are drawn at first; of a set for which more than one in ten of them say more, no others.
first_random_sets <- 39L

# Rounds of the power iteration for the statistics: the same for sets and random ones.
direction_rounds <- 12L

# x: features x samples, mean 0 and variance 1, NA where unknown; `members`: per set; `most`: sets
# with a factor. `scores`: samples x sets with a factor, `set`, their numbers; and `tests`, one row
# per set with its p-value and verdict.
starting_programs <- function(x, omic, members, most) {
  n <- ncol(x)
  x[is.na(x)] <- 0
  basis <- eigen(crossprod(x) / nrow(x), symmetric = TRUE)
  basis$values <- pmax(basis$values, 0)
  turned <- crossprod(basis$vectors, t(x))
  direct <- \(set) set_directions(turned[, set, drop = FALSE], basis$values)
  with_seed(1, {
    random <- lapply(members, \(set) random_statistics(set, omic, direct))
    p <- vapply(seq_along(members), \(s) {
      if (length(members[[s]]) == 0) return(NA_real_)
      set_p(direct(members[[s]])$value, random[[s]])
    }, 0)
    verdict <- ifelse(is.na(p), "too few members", "rejected")
    scores <- matrix(0, n, 0)
    set <- integer()
    waiting <- which(p <= largest_set_p)
    while (length(waiting) > 0) {
      now <- lapply(members[waiting], direct)
      excess <- mapply(\(found, random) max(excess_over(found$value, random)), now,
                       random[waiting])
      best <- which.max(excess)
      found <- now[[best]]
      if (set_p(found$value, random[[waiting[best]]]) > largest_set_p) break
      if (length(set) < most) {
        score <- drop(basis$vectors %*% found$score[, which.max(
          excess_over(found$value, random[[waiting[best]]])
        )])
        score <- score / sqrt(mean(score^2))
        scores <- cbind(scores, score, deparse.level = 0)
        set <- c(set, waiting[best])
        verdict[waiting[best]] <- "kept"
        slope <- drop(x %*% score) / n
        x <- x - tcrossprod(slope, score)
        turned <- turned - tcrossprod(drop(crossprod(basis$vectors, score)), slope)
      } else {
        verdict[waiting[best]] <- "no room"
      }
      waiting <- waiting[-best]
    }
    verdict[waiting] <- "covered"
  })
  list(scores = scores, set = set, tests = data.frame(p = p, verdict = verdict))
}

# What a linear regression on scores leaves of x: features x samples, NA where unknown.
without_scores <- function(x, scores) {
  if (ncol(scores) == 0) return(x)
  known <- x
  known[is.na(x)] <- 0
  x - tcrossprod(known %*% scores %*% solve(crossprod(scores)), scores)
}

# Of a set's members in the basis of C's eigenvectors (samples x members), with C's eigenvalues: the
# statistic for every c, and the scores of the direction, in that basis.
set_directions <- function(members, values) {
  found <- lapply(direction_floors, \(c) {
    scale <- 1 / sqrt(values + c)
    white <- members * scale
    direction <- drop(white %*% stats::rnorm(ncol(white)))
    for (round in seq_len(direction_rounds)) {
      direction <- direction / max(sqrt(sum(direction^2)), 1e-12)  # 0 where members are constant
      direction <- drop(white %*% crossprod(white, direction))
    }
    size <- sqrt(sum(direction^2))
    list(value = size / ncol(white), score = scale * direction / max(size, 1e-12))
  })
  list(value = vapply(found, `[[`, 0, "value"),
       score = vapply(found, `[[`, numeric(length(values)), "score"))
}

# Random sets x c: the statistics of sets of as many features per omic.
random_statistics <- function(set, omic, direct) {
  if (length(set) == 0) return(NULL)
  size <- tabulate(omic[set], max(omic))
  draw <- \(sets) t(vapply(seq_len(sets), \(i) {
    direct(unlist(lapply(which(size > 0), \(v) draw_from(which(omic == v), size[v]))))$value
  }, direction_floors))
  random <- draw(first_random_sets)
  if (set_p(direct(set)$value, random) > 0.1) return(random)
  rbind(random, draw(random_sets - first_random_sets))
}

# Statistics in units of standard deviations from the mean of random ones and the set's own: rows of
# `random` before, the set's last.
standardised_statistics <- function(value, random) {
  all <- scale(rbind(random, value))
  all[is.nan(all)] <- 0  # where a set is all of an omic, as the random ones are
  apply(all, 1, max)
}

# The share of sets, itself among them, whose largest standardised statistic is at least as large.
set_p <- function(value, random) {
  largest <- standardised_statistics(value, random)
  mean(largest >= largest[length(largest)])
}

excess_over <- \(value, random) (value - colMeans(random)) / apply(random, 2, stats::sd)
