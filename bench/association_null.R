# Are p-values of associate_factors() what they say? Clinical columns that have nothing to do with
# the omics, in small cohorts: the share of p-values below 0.05, and whether real associations are
# still found. Writes bench/association_null.md.
#
#   Rscript bench/association_null.R [cohorts]        (about 9 minutes on 1 core; 200 cohorts)
#
# Cohorts: simulate_omics(), 60 to 120 samples, 2 or 3 omics of 20 to 40 features, 4 to 6 factors of
# which half are private, linear or not; fits of 8 factors and 5 epochs. Columns: a normal number,
# two groups of 20 and 80 %, four groups, exponential survival times with 30 % censored. "complete":
# all samples have all omics. "missing": whether a sample lacks an omic depends on the columns (and
# on them alone): the first mostly on both groups, the second on the number and the time, a third
# on the two groups. "usual" is the same tests of all samples with a value, as if none lacked
# anything (Spearman, Wilcoxon, Kruskal-Wallis, Cox). Power: a number, two groups, four groups and
# survival times that go with one true factor; the share of cohorts where the factor of the fit that
# is closest to it (of correlation above 0.8 where informed) has an FDR of at most 0.05.
library(omicpoems)

cohorts <- as.integer(c(commandArgs(TRUE), 200)[1])
control <- list(epochs = 5, threads = 1, progress = FALSE)

draw_cohort <- function(seed) {
  set.seed(seed)
  omics <- sample(2:3, 1)
  features <- stats::setNames(sample(20:40, omics, TRUE), c("rna", "protein", "mirna")[1:omics])
  # Columns must not be drawn from the numbers that make the omics.
  simulate_omics(sample(60:120, 1), features, factors = sample(4:6, 1), seed = 1e6 + seed)
}

# Columns that go with `signal`, a number per sample; 0 for columns of chance alone.
draw_columns <- function(signal, names) {
  n <- length(names)
  chance <- function(sd) signal + stats::rnorm(n, sd = sd)
  time <- stats::rexp(n, exp(0.7 * signal))
  end <- stats::rexp(n, 3 / 7)
  data.frame(
    number = chance(1.5), two = ifelse(rank(chance(1)) <= 0.2 * n, "a", "b"),
    four = cut(rank(chance(1)), 4, labels = letters[1:4]),
    survival = I(survival::Surv(pmin(time, end), time <= end)), row.names = names
  )
}

# Whether samples lack omics, by columns.
lose_omics <- function(omics, columns) {
  time <- columns$survival[, "time"]
  late <- as.numeric(time > stats::median(time))
  scores <- list(2.5 * (columns$two == "a") + 1.5 * (columns$four %in% c("a", "b")),
                 1.2 * as.vector(scale(columns$number)) + 1.5 * late, 2 * (columns$two == "a"))
  n <- nrow(columns)
  lacks <- vapply(scores[seq_along(omics)], \(s) stats::runif(n) < stats::plogis(s - 2), logical(n))
  kept <- sample(length(omics), n, TRUE)
  lacks[cbind(seq_len(n), kept)] <- lacks[cbind(seq_len(n), kept)] & rowSums(!lacks) > 0
  Map(\(x, v) x[, !lacks[, v]], omics, seq_along(omics))
}

# The tests of all samples, as if none lacked anything.
usual_tests <- function(latent, columns) {
  of <- list(
    number = \(z, x) stats::cor.test(z, x, method = "spearman", exact = FALSE)$p.value,
    two = \(z, x) stats::wilcox.test(z ~ x, exact = FALSE)$p.value,
    four = \(z, x) stats::kruskal.test(z, x)$p.value,
    survival = \(z, x) summary(survival::coxph(x ~ z))$coefficients[1, "Pr(>|z|)"]
  )
  do.call(rbind, lapply(names(of), \(column) data.frame(
    column = column, way = "usual",
    p = apply(latent, 2, \(z) suppressWarnings(of[[column]](z, columns[[column]])))
  )))
}

strip_class <- function(columns) {
  class(columns$survival) <- "Surv"
  columns
}

fit_quietly <- function(omics, seed) {
  suppressWarnings(suppressMessages(poems(omics, 8, seed = seed, control = control)))
}

run_null <- function(seed, missing) {
  truth <- draw_cohort(seed)
  columns <- strip_class(draw_columns(0, rownames(truth$factors)))
  omics <- if (missing) lose_omics(truth$omics, columns) else truth$omics
  fit <- fit_quietly(omics, seed)
  if (fit$factors == 0) return(NULL)
  found <- suppressMessages(associate_factors(fit, columns))
  found$column <- ifelse(found$technical, "lacks an omic", found$column)
  rbind(data.frame(column = found$column, way = "associate_factors()", p = found$p),
        usual_tests(fit$latent, columns[fit$samples, ])) |>
    cbind(cohort = if (missing) "missing" else "complete", seed = seed)
}

run_power <- function(seed, missing) {
  truth <- draw_cohort(seed)
  target <- sample(ncol(truth$factors), 1)
  columns <- strip_class(draw_columns(truth$factors[, target], rownames(truth$factors)))
  chance <- strip_class(draw_columns(0, rownames(truth$factors)))
  fit <- fit_quietly(if (missing) lose_omics(truth$omics, chance) else truth$omics, seed)
  if (fit$factors == 0) return(NULL)
  informed <- omicpoems:::informed_samples(fit)
  z <- replace(fit$latent, !informed, NA)
  near <- abs(stats::cor(z, truth$factors[fit$samples, target], use = "pairwise"))
  if (max(near, na.rm = TRUE) < 0.8) return(NULL)
  found <- suppressMessages(associate_factors(fit, columns))
  found <- found[found$factor == rownames(near)[which.max(near)] & !found$technical, ]
  usual <- usual_tests(fit$latent, columns[fit$samples, ])
  usual$fdr <- stats::p.adjust(usual$p, "BH")
  usual <- usual[rep(rownames(near), 4) == rownames(near)[which.max(near)], ]
  data.frame(column = found$column, fdr = found$fdr,
             usual = usual$fdr[match(found$column, usual$column)],
             cohort = if (missing) "missing" else "complete")
}

run_all <- function(run, seeds, what) {
  both <- lapply(c(FALSE, TRUE), \(missing) {
    message(what, if (missing) ", missing" else ", complete")
    do.call(rbind, lapply(seeds, run, missing = missing))
  })
  do.call(rbind, both)
}

started <- proc.time()[["elapsed"]]
null <- run_all(run_null, seq_len(cohorts), "null")
power <- run_all(run_power, 1000 + seq_len(max(20, cohorts %/% 2)), "power")
message(sprintf("%.0f s", proc.time()[["elapsed"]] - started))

# The table -------------------------------------------------------------------------------------

# Factors of one cohort are not independent: the standard error is that over cohorts.
share <- function(rows) {
  known <- rows[!is.na(rows$p), ]
  hits <- tapply(known$p < 0.05, known$seed, sum)
  tests <- tapply(known$p < 0.05, known$seed, length)
  rate <- sum(hits) / sum(tests)
  se <- sqrt(sum((hits - rate * tests)^2)) / sum(tests)
  c(tests = sum(tests), rate = rate, se = se, none = mean(is.na(rows$p)))
}

groups <- unique(null[c("cohort", "column", "way")])
shares <- cbind(groups, t(mapply(\(cohort, column, way) {
  share(null[null$cohort == cohort & null$column == column & null$way == way, ])
}, groups$cohort, groups$column, groups$way)))
ours <- shares[shares$way != "usual", ]
usual <- shares[shares$way == "usual", ]
at <- match(paste(ours$cohort, ours$column), paste(usual$cohort, usual$column))
order <- c("number", "two", "four", "survival", "lacks an omic")
rows <- order(ours$cohort, match(ours$column, order))
found <- stats::aggregate(cbind(fdr <= 0.05, usual <= 0.05, 1) ~ column + cohort,
                          transform(power, fdr = ifelse(is.na(fdr), 1, fdr)), sum)
found <- found[order(found$cohort, match(found$column, order)), ]
text <- \(of) ifelse(is.na(of$rate), "", sprintf("%.3f ± %.3f", of$rate, of$se))
writeLines(c(
  "# P-values of associate_factors()", "",
  "Made by `Rscript bench/association_null.R`; its header says how.", "",
  sprintf("%s, omicpoems %s, %d cohorts of each kind.", format(Sys.Date()),
          utils::packageVersion("omicpoems"), cohorts), "",
  "## Columns of chance: share of p-values below 0.05, with its standard error", "",
  "| cohorts | column | tests | without p-value | associate_factors() | usual tests |",
  "|---|---|---|---|---|---|",
  sprintf("| %s | %s | %d | %.1f %% | %s | %s |", ours$cohort, ours$column, ours$tests,
          100 * ours$none, text(ours), text(usual[at, ]))[rows], "",
  "## Columns that go with a factor: share of cohorts where it is found (FDR of 0.05 or less)", "",
  "| cohorts | column | number of cohorts | associate_factors() | usual tests |",
  "|---|---|---|---|---|",
  sprintf("| %s | %s | %d | %.2f | %.2f |", found$cohort, found$column, found[[5]],
          found[[3]] / found[[5]], found[[4]] / found[[5]])
), "bench/association_null.md")
