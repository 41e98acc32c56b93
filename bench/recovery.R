# Recovery of simulated factors: poems() with its default settings, the "published" configuration,
# and principal components with varimax. Writes bench/recovery.md.
#
#   Rscript bench/recovery.R        (about 6 minutes on 2 cores)
#
# 600 samples, omics of 300, 200 and 100 features, 6 true factors of which 1 or 2 drive a feature,
# 12 factors asked for (principal components are given the true number). Half of every feature's
# variance is noise. The supports of poems() are its exact non-zeros; the rivals have none, so they
# get the threshold that is best for them, which nobody could know without the truth.
library(omicpoems)

seeds <- 1:2
scenarios <- list(
  `linear` = list(links = "linear", correlation = 0),
  `linear, correlated factors (0.3)` = list(links = "linear", correlation = 0.3),
  `linear, saturating, rectified` = list(links = c("linear", "saturating", "rectified"),
    correlation = 0),
  `all four links` = list(links = c("linear", "saturating", "rectified", "quadratic"),
    correlation = 0)
)

fit_default <- function(simulation, seed) {
  fit <- poems(simulation$omics, 12, seed = seed, control = list(progress = FALSE))
  list(found = factor_recovery(fit, simulation), used = fit$factors)
}

# The best of many thresholds, by F1.
best_threshold <- function(scores, loadings, simulation) {
  sizes <- unlist(lapply(loadings, \(w) abs(as.vector(as.matrix(w)))))
  tries <- lapply(stats::quantile(sizes, seq(0, 0.98, by = 0.02)), \(least) {
    kept <- lapply(loadings, \(w) Matrix::drop0(Matrix::Matrix(w * (abs(w) > least), sparse = TRUE)))
    factor_recovery(scores, simulation, kept)
  })
  tries[[which.max(vapply(tries, \(x) mean(x$f1, na.rm = TRUE), 0))]]
}

fit_published <- function(simulation, seed) {
  fit <- poems(simulation$omics, 12, seed = seed,
    control = poems_control("published", progress = FALSE))
  dense <- lapply(loadings(fit), as.matrix)
  list(found = best_threshold(latent(fit), dense, simulation), used = fit$factors)
}

fit_pca <- function(simulation, seed) {
  x <- t(do.call(rbind, lapply(simulation$omics, \(x) t(scale(t(x))))))
  parts <- svd(x, 6, 6)
  w <- parts$v %*% diag(parts$d[1:6] / sqrt(nrow(x)))
  w <- w %*% stats::varimax(w)$rotmat
  scores <- x %*% w %*% solve(crossprod(w))
  dimnames(w) <- list(colnames(x), paste0("Component", 1:6))
  colnames(scores) <- colnames(w)
  omic <- rep(names(simulation$omics), vapply(simulation$omics, nrow, 0L))
  loadings <- lapply(split(seq_along(omic), factor(omic, names(simulation$omics))),
    \(i) w[i, , drop = FALSE])
  list(found = best_threshold(scores, loadings, simulation), used = 6)
}

methods <- list(
  `poems(), default` = fit_default, `PCA + varimax, 6 components` = fit_pca,
  `"published"` = fit_published
)

run <- function(scenario, method, seed) {
  simulation <- do.call(simulate_omics, c(scenarios[[scenario]], list(
    samples = 600, features = c(mRNA = 300, methylation = 200, protein = 100), factors = 6,
    seed = seed
  )))
  seconds <- system.time(result <- methods[[method]](simulation, seed))[["elapsed"]]
  found <- result$found
  message(scenario, ", ", method, ", seed ", seed, " done")
  data.frame(
    scenario = scenario, method = method, correlation = mean(found$correlation, na.rm = TRUE),
    precision = mean(found$precision, na.rm = TRUE), recall = mean(found$recall, na.rm = TRUE),
    f1 = mean(found$f1, na.rm = TRUE), used = result$used, seconds = seconds
  )
}

jobs <- expand.grid(seed = seeds, method = names(methods), scenario = names(scenarios),
  stringsAsFactors = FALSE)
runs <- do.call(rbind, Map(run, jobs$scenario, jobs$method, jobs$seed))
means <- stats::aggregate(
  cbind(correlation, precision, recall, f1, used, seconds) ~ method + scenario, runs, mean
)
means <- means[order(match(means$scenario, names(scenarios)), match(means$method, names(methods))), ]

writeLines(c(
  "# Recovery of simulated factors", "", "Made by `Rscript bench/recovery.R`; its header says how.",
  "",
  sprintf("%s, omicpoems %s; means of %d simulations.", format(Sys.Date()),
    utils::packageVersion("omicpoems"), length(seeds)),
  "", "| links | method | correlation | precision | recall | F1 | factors in use | seconds |",
  "|---|---|---|---|---|---|---|---|",
  sprintf("| %s | %s | %.2f | %.2f | %.2f | %.2f | %.1f | %.1f |", means$scenario, means$method,
    means$correlation, means$precision, means$recall, means$f1, means$used, means$seconds)
), "bench/recovery.md")
cat(readLines("bench/recovery.md"), sep = "\n")
