# Do intervals cover, and are stable links true? Writes bench/uncertainty.md.
#
#   Rscript bench/uncertainty.R        (about 15 minutes on one core)
#
# Replicated cohorts: samples drawn from a simulated population of 6000 with 4 true factors, 1 or 2
# of which drive a feature, in omics of 60, 50 and 40 features; 8 factors are asked for. True
# effects are those of the population: the loading times the mean slope of its link, 0 for quadratic
# ones, in standard deviations of feature and factor, of the true factor that the fit's factor is
# matched with (one to one, by correlation) in its sign. Coverage is of 95 % intervals of effects
# whose loading is selected and whose link has a slope. The variance explained by a factor is the
# mean of its squared loadings. A stable link is false if the true factor does not drive the
# feature; links of factors that match no true one (bends of others, where links are curved) are
# counted apart.
library(omicpoems)

control <- list(progress = FALSE, threads = 1)
features <- c(a = 60, b = 50, c = 40)
curved <- c("linear", "saturating", "rectified", "quadratic")
cases <- list(
  `linear` = list(links = "linear", noise = 0.5),
  `linear, 80 % noise` = list(links = "linear", noise = 0.8),
  `linear, saturating, rectified` = list(links = curved[1:3], noise = 0.5),
  `all four links` = list(links = curved, noise = 0.5)
)
# Mean slopes of the links over a standard normal factor: E(z g(z)), by Stein's identity.
slopes <- c(linear = 1, saturating = 4 / sqrt(10 * pi) / sqrt(2 / pi * asin(4 / 5)),
            rectified = 1 / 2 / sqrt(1 / 2 - 1 / (2 * pi)), quadratic = 0)

populations <- list()
population <- function(case, seed) {
  key <- paste(case, seed)
  if (is.null(populations[[key]])) {
    populations[[key]] <<- do.call(simulate_omics, c(
      cases[[case]], list(samples = 6000, features = features, factors = 4, seed = seed)
    ))
  }
  populations[[key]]
}

draw_cohort <- function(of, n, seed) {
  set.seed(seed)
  drawn <- sample(rownames(of$factors), n)
  lapply(of$omics, \(x) x[, drawn])
}

# The true factor of every factor of a fit, NA if it matches none at 0.5 at least, and its sign.
true_factors <- function(fit, of) {
  like <- stats::cor(latent(fit, scaled = FALSE), of$factors[fit$samples, ])
  padded <- rbind(abs(like), matrix(0, max(0, ncol(like) - nrow(like)), ncol(like)))
  row <- as.integer(clue::solve_LSAP(t(padded), maximum = TRUE))
  true <- rep(NA_integer_, nrow(padded))
  true[row] <- seq_len(ncol(like))
  true <- true[seq_len(nrow(like))]
  value <- like[cbind(seq_along(true), true)]
  true[!is.na(value) & abs(value) < 0.5] <- NA
  list(true = true, sign = sign(value), correlation = abs(value))
}

loading_of <- function(of, table, k) {
  mapply(\(omic, feature, k) if (is.na(k)) NA else of$loadings[[omic]][feature, k],
         as.character(table$omic), table$feature, k)
}

run_coverage <- function(case, n, seed) {
  of <- population(case, seed %% 2)
  x <- draw_cohort(of, n, seed)
  fit <- poems(x, 8, seed = seed, control = control)
  if (fit$factors == 0) return(NULL)
  sure <- uncertainty(fit, x, refits = 40, seed = seed)
  match <- true_factors(fit, of)
  i <- as.integer(sure$effects$factor)
  k <- match$true[i]
  key <- paste(sure$effects$omic, sure$effects$feature, colnames(of$factors)[k])
  link <- of$links$link[match(key, paste(of$links$omic, of$links$feature, of$links$factor))]
  true <- loading_of(of, sure$effects, k) * slopes[link] * match$sign[i]
  told <- which(!is.na(true) & link != "quadratic" & !is.na(sure$effects$low))
  effects <- sure$effects[told, ]
  v <- sure$variance
  share <- mapply(\(omic, k) if (is.na(k)) NA else mean(of$loadings[[omic]][, k]^2),
                  as.character(v$omic), match$true[as.integer(v$factor)])
  there <- which(share > 0 & !is.na(v$low))
  off <- (effects$effect - true[told]) * sign(true[told])
  data.frame(
    case = case, n = n, correlation = mean(match$correlation[!is.na(match$true)]),
    found = mean(sure$factors$found[!is.na(match$true)]), effects = length(told),
    covered = mean(effects$low <= true[told] & true[told] <= effects$high),
    bias = mean(off), error = sqrt(mean(off^2)), told_error = sqrt(mean(effects$standard_error^2)),
    variance = mean(v$low[there] <= share[there] & share[there] <= v$high[there])
  )
}

run_links <- function(case, n, seed) {
  of <- population(case, seed %% 2)
  x <- stability(draw_cohort(of, n, seed), 8, runs = 20, pairs = TRUE, seed = seed, control = control)
  match <- true_factors(x$fit, of)
  is_false <- \(table) loading_of(of, table, match$true[as.integer(table$factor)]) == 0
  links <- stable_links(x, 0.1)
  false <- is_false(links)
  all <- tidy(x$fit)
  data.frame(
    case = case, n = n, threshold = attr(links, "threshold"), links = nrow(links),
    fdr = if (any(!is.na(false))) mean(false, na.rm = TRUE) else 0,
    bound = if (nrow(links) > 0) attr(links, "expected_false") / nrow(links) else NA,
    found = sum(!false, na.rm = TRUE) / nrow(of$links), other = sum(is.na(false)),
    one_half = mean(is_false(all), na.rm = TRUE)
  )
}

over <- function(run, sizes, cohorts, chosen = names(cases)) {
  jobs <- expand.grid(seed = cohorts, n = sizes, case = chosen, stringsAsFactors = FALSE)
  results <- do.call(rbind, Map(\(case, n, seed) {
    row <- run(case, n, seed)
    message(case, ", ", n, " samples, seed ", seed, " done")
    row
  }, jobs$case, jobs$n, jobs$seed))
  values <- setdiff(names(results), c("case", "n"))
  means <- stats::aggregate(results[values], results[c("n", "case")], mean, na.rm = TRUE)
  means[order(match(means$case, names(cases)), means$n), ]
}

started <- proc.time()[["elapsed"]]
covers <- over(run_coverage, c(100, 200, 500), 1:2)
links <- over(run_links, c(100, 300, 1000), 1:2)
minutes <- (proc.time()[["elapsed"]] - started) / 60

percent <- \(x) ifelse(is.na(x), "", sprintf("%.0f %%", 100 * x))
finer <- \(x) sprintf("%.1f %%", 100 * x)
writeLines(c(
  "# Intervals that cover, links that are true", "",
  "Made by `Rscript bench/uncertainty.R`; its header says how.", "",
  sprintf("%s, omicpoems %s; %.0f minutes.", format(Sys.Date()), utils::packageVersion("omicpoems"),
          minutes), "",
  "## Intervals of 95 % from 40 refits to halves (means over 2 cohorts)", "",
  paste("| links | samples | correlation of factors | found again | selected effects | covered |",
        "bias | root mean square error | standard error | variance explained covered |"),
  "|---|---|---|---|---|---|---|---|---|---|",
  with(covers, sprintf("| %s | %d | %.2f | %s | %.0f | %s | %+.3f | %.3f | %.3f | %s |", case, n,
                       correlation, percent(found), effects, finer(covered), bias, error, told_error,
                       percent(variance))), "",
  "Bias is towards 0 where negative.", "",
  "## Stable links, `fdr = 0.1`, 10 pairs of halves (means over 2 cohorts)", "",
  paste("| links | samples | threshold | links | false | bound on false | true ones found |",
        "links of other factors | false in one half's fit |"),
  "|---|---|---|---|---|---|---|---|---|",
  with(links, sprintf("| %s | %d | %.2f | %.0f | %s | %s | %s | %.0f | %s |", case, n, threshold,
                      links, finer(fdr), finer(bound), percent(found), other, finer(one_half)))
), "bench/uncertainty.md")
cat(readLines("bench/uncertainty.md"), sep = "\n")
