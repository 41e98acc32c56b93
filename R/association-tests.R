# The tests of associate_factors(). Samples are compared only with those of their stratum, which
# have the same omics, as van Elteren (1960) did for two groups: with a the ranks of a factor in a
# stratum of n samples, divided by n + 1, and b the ranks of a number or the indicators of groups,
# both less their means,
#
#   T = sum over strata of sum over samples of a b
#
# has, with b dealt at random within strata, the mean 0 and the (co)variance
#
#   V = sum over strata of sum(a^2) sum(b b') / (n - 1).
#
# With one stratum, these are the usual tests.

# Strata of fewer samples are joined.
fewest_in_pattern <- 10

# One row per factor. `samples`: what_samples_know() of the samples of `column`.
associate_column <- function(samples, column, name) {
  test <- choose_test(column[!is.na(column)])
  rows <- lapply(colnames(samples$latent), \(factor) {
    known <- !is.na(column)
    used <- known & samples$informed[, factor]
    values <- if (inherits(column, "Surv")) column[used, ] else column[used]
    row <- test$run(samples$latent[used, factor], values, join_small(samples$pattern[used, ]))
    data.frame(row, left_out = sum(known) - sum(used))
  })
  label_tests(colnames(samples$latent), name, test, do.call(rbind, rows))
}

label_tests <- function(factors, column, test, rows) {
  data.frame(factor = factors, column = column, test = test$name, measure = test$measure, rows)
}

join_small <- function(pattern) {
  size <- table(pattern)[pattern]
  ifelse(size < fewest_in_pattern, "others", pattern)
}

choose_test <- function(values) {
  if (inherits(values, "Surv")) return(list(name = "cox", measure = "hazard ratio", run = run_cox))
  if (is.numeric(values)) return(list(name = "spearman", measure = "rho", run = run_spearman))
  if (nlevels(values) == 2) return(list(name = "wilcoxon", measure = "r", run = run_wilcoxon))
  list(name = "kruskal-wallis", measure = "eta2", run = run_kruskal)
}

# Each of these returns one row. `z`: the factor in the samples used, `stratum`: theirs.

association <- function(n, effect = NA_real_, p = NA_real_, low = NA_real_, high = NA_real_,
                        confounded = FALSE, higher = NA_character_) {
  data.frame(effect = unname(effect), higher = higher, low = low, high = high, n = as.integer(n),
             p = unname(p), confounded = confounded)
}

# Of two groups, the one in which the factor is higher.
higher_group <- function(effect, levels) {
  if (is.na(effect) || effect == 0) NA_character_ else levels[if (effect > 0) 2 else 1]
}

# Without a result: too few samples, or a value that is the same in all samples of every stratum.
no_association <- function(z, x) {
  association(length(z), confounded = length(z) >= fewest_known && length(unique(x)) > 1)
}

run_spearman <- function(z, x, stratum) {
  kept <- varied_strata(x, stratum)
  if (sum(kept) < fewest_known) return(no_association(z, x))
  t <- stratified_sum(z[kept], as.matrix(x[kept]), stratum[kept], ranked = TRUE)
  rho <- drop(t$sum) / sqrt(drop(t$variance) * t$df)
  statistic <- rho * sqrt((t$df - 1) / max(1 - rho^2, 0))
  association(sum(kept), rho, 2 * stats::pt(-abs(statistic), t$df - 1))
}

run_wilcoxon <- function(z, group, stratum) {
  kept <- varied_strata(group, stratum)
  if (sum(kept) < fewest_known) return(no_association(z, group))
  second <- as.numeric(group[kept] == levels(group)[2])
  t <- stratified_sum(z[kept], as.matrix(second), stratum[kept])
  n <- tapply(second, stratum[kept], length)
  of_second <- tapply(second, stratum[kept], sum)
  # The continuity correction is half of the smallest step that the sum can take.
  distance <- pmax(abs(drop(t$sum)) - 0.5 / (max(n) + 1), 0)
  effect <- 2 * drop(t$sum) / sum(of_second * (n - of_second) / (n + 1))
  association(sum(kept), effect, min(2 * stats::pnorm(-distance / sqrt(drop(t$variance))), 1),
              higher = higher_group(effect, levels(group)))
}

# The statistic over its degrees of freedom within strata is the share of the ranks' variance.
run_kruskal <- function(z, group, stratum) {
  kept <- varied_strata(group, stratum)
  if (sum(kept) < fewest_known) return(no_association(z, group))
  indicators <- outer(as.integer(group[kept]), seq_len(nlevels(group)), `==`) + 0
  t <- stratified_sum(z[kept], indicators, stratum[kept])
  # Groups that share no stratum are not compared: as many directions have no variance.
  inner <- eigen(t$variance, symmetric = TRUE)
  real <- inner$values > 1e-9 * max(inner$values)
  statistic <- sum(crossprod(inner$vectors[, real, drop = FALSE], t$sum)^2 / inner$values[real])
  # Ranks within strata, of samples of each group: on average the highest.
  ranks <- drop(t$sum) / tabulate(as.integer(group[kept]), nlevels(group))
  association(sum(kept), statistic / t$df, stats::pchisq(statistic, sum(real), lower.tail = FALSE),
              higher = levels(group)[which.max(ranks)])
}

run_cox <- function(z, survival, stratum) {
  if (length(z) < fewest_known || sum(survival[, "status"]) < fewest_events) {
    return(association(length(z)))
  }
  z <- stats::ave(z, stratum, FUN = unit_spread)
  # A factor that tells the order of all events has no finite hazard ratio, of which coxph() warns;
  # its confidence interval shows it.
  model <- suppressWarnings(if (length(unique(stratum)) == 1) {
    survival::coxph(survival ~ z)
  } else {
    survival::coxph(survival ~ z + survival::strata(stratum))
  })
  found <- summary(model)
  association(length(z), found$coefficients[1, "exp(coef)"], found$coefficients[1, "Pr(>|z|)"],
              low = found$conf.int[1, "lower .95"], high = found$conf.int[1, "upper .95"])
}

unit_spread <- function(z) {
  sd <- stats::sd(z)
  if (is.na(sd) || sd == 0) 0 * z else (z - mean(z)) / sd
}

# Samples in strata whose samples are not all alike in `x`.
varied_strata <- function(x, stratum) {
  stats::ave(as.numeric(x), stratum, FUN = \(x) length(unique(x))) > 1
}

# T and V of the file's first lines, and the degrees of freedom within strata. `x`: samples x
# columns of indicators, or of numbers to rank.
stratified_sum <- function(z, x, stratum, ranked = FALSE) {
  parts <- lapply(split(seq_along(z), stratum), \(i) {
    n <- length(i)
    a <- rank(z[i]) / (n + 1) - 0.5
    b <- x[i, , drop = FALSE]
    if (ranked) b[] <- rank(b) / (n + 1)
    b <- sweep(b, 2, colMeans(b))
    list(sum = crossprod(b, a), variance = sum(a^2) * crossprod(b) / (n - 1), df = n - 1)
  })
  add <- \(name) Reduce(`+`, lapply(parts, `[[`, name))
  list(sum = add("sum"), variance = add("variance"), df = add("df"))
}

# Two groups whose spreads differ, without strata: whether the factor tends to be higher in the
# second (Brunner and Munzel 2000). No smaller a p-value than that of the most extreme of all ways
# to deal the samples to the groups, where the asymptotic one would be 0.
run_brunner_munzel <- function(z, second) {
  n <- c(sum(!second), sum(second))
  if (any(n < fewest_events)) return(association(length(z)))
  all <- rank(z)
  placed <- all - stats::ave(z, second, FUN = rank)
  means <- c(mean(all[!second]), mean(all[second]))
  spread <- c(stats::var(placed[!second]), stats::var(placed[second]))
  scaled <- n * spread
  distance <- abs(diff(means)) * prod(n) / sum(n) / sqrt(sum(scaled))
  df <- sum(scaled)^2 / sum(scaled^2 / (n - 1))
  p <- if (sum(scaled) > 0) 2 * stats::pt(-distance, df) else as.numeric(diff(means) == 0)
  effect <- 2 * diff(means) / sum(n)
  association(length(z), effect, min(1, max(p, 2 / choose(sum(n), n[1]))),
              higher = higher_group(effect, c("FALSE", "TRUE")))
}
