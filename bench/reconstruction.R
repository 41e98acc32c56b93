# Reconstruction of test tumours on tcga_breast. Writes bench/reconstruction.md.
#
#   Rscript bench/reconstruction.R        (about 3 minutes on 2 cores)
#
# 5 folds, drawn 4 times. R2 per omic, 1 - sum of squared errors / sum of squares about the means of
# the training tumours, over features standardised with them. From all omics, beside PCA of as many
# components as the fit has factors in use. (What tumours lack is predicted in bench/peers.R.)
#
# Simulated cohorts of the same size, 200 training and 100 test samples, tell what of the difference
# to PCA is signal: R2 is also taken against the signal, without the noise that was added to it.
library(omicpoems)

folds <- 5L
repeats <- 4L
complete <- tcga_breast$samples$set == "train"
omics <- lapply(tcga_breast$omics, \(x) x[, tcga_breast$samples$sample[complete]])
set.seed(1)
assigned <- replicate(repeats, sample(rep_len(seq_len(folds), sum(complete))))

standardise <- \(x, by) (x - rowMeans(by)) / apply(by, 1, stats::sd)
r2 <- \(truth, guess) 1 - sum((truth - guess)^2) / sum(truth^2)

pca <- function(train, test, k) {
  stack <- \(parts) t(do.call(rbind, parts))
  fit <- stats::prcomp(stack(train), rank. = k)
  guess <- stats::predict(fit, stack(test)) %*% t(fit$rotation)
  guess <- t(sweep(guess, 2, fit$center, `+`))
  omic <- factor(rep(names(train), vapply(train, nrow, 0L)), names(train))
  lapply(split(seq_along(omic), omic), \(i) guess[i, , drop = FALSE])
}

runs <- do.call(rbind, lapply(seq_len(folds * repeats), \(split) {
  tested <- assigned[, (split - 1L) %/% folds + 1L] == (split - 1L) %% folds + 1L
  a <- lapply(omics, \(x) x[, !tested])
  b <- lapply(omics, \(x) x[, tested])
  train <- Map(standardise, a, a)
  test <- Map(standardise, b, a)
  fit <- poems(a, 32, seed = 20L + split, control = list(progress = FALSE))
  ours <- predict(fit, b, type = "reconstruction")
  components <- pca(train, test, fit$factors)
  result <- do.call(rbind, lapply(names(omics), \(omic) {
    zeros <- 1 - sum(vapply(loadings(fit), \(w) sum(w != 0), 0)) / (32 * sum(vapply(a, nrow, 0L)))
    data.frame(
      omic = omic, used = fit$factors,
      ours = r2(test[[omic]], standardise(ours[[omic]], a[[omic]])),
      pca = r2(test[[omic]], components[[omic]]),
      zeros = zeros
    )
  }))
  message("split ", split, " done")
  result
}))

# R2 of the test samples' values and of their signal, over all omics.
simulated <- function(links, seed) {
  simulation <- simulate_omics(300, c(mrna = 200, mirna = 184, protein = 142), factors = 8,
    links = links, seed = seed)
  part <- \(x, samples) lapply(x, \(m) m[, samples])
  a <- part(simulation$omics, 1:200)
  b <- part(simulation$omics, 201:300)
  fit <- poems(a, 32, seed = seed, control = list(progress = FALSE))
  stack <- \(x) do.call(rbind, Map(standardise, x, a))
  train <- Map(standardise, a, a)
  components <- do.call(rbind, pca(train, Map(standardise, b, a), fit$factors))
  ours <- stack(predict(fit, b, type = "reconstruction"))
  signal <- stack(part(simulation$signal, 201:300))
  data.frame(links = paste(links, collapse = ", "), values_ours = r2(stack(b), ours),
    values_pca = r2(stack(b), components), signal_ours = r2(signal, ours),
    signal_pca = r2(signal, components))
}
link_sets <- list("linear", c("linear", "saturating", "rectified"),
  c("linear", "saturating", "rectified", "quadratic"))
signals <- do.call(rbind, lapply(link_sets, \(links) {
  do.call(rbind, lapply(1:5, \(seed) simulated(links, seed)))
}))

cell <- \(x) sprintf("%.3f ± %.3f", mean(x, na.rm = TRUE), stats::sd(x, na.rm = TRUE))
rows <- vapply(names(omics), \(omic) {
  r <- runs[runs$omic == omic, ]
  difference <- r$ours - r$pca
  sprintf("| %s | %s | %s | %+.3f ± %.3f |", omic, cell(r$ours), cell(r$pca), mean(difference),
    stats::sd(difference) / sqrt(length(difference)))
}, "")
writeLines(c(
  "# Reconstruction", "",
  "Made by `Rscript bench/reconstruction.R`; its header says how.", "",
  sprintf("%s, omicpoems %s. Test R2, mean ± standard deviation over %d splits.",
    format(Sys.Date()), utils::packageVersion("omicpoems"), folds * repeats),
  sprintf("%.1f factors in use, %.1f %% of all loadings are 0. Differences with their standard error.",
    mean(runs$used), 100 * mean(runs$zeros)),
  "",
  "| omic | poems() | PCA of as many components | difference |",
  "|---|---|---|---|", rows,
  "",
  "Simulated, 8 factors, half of the variance noise, mean ± standard deviation over 5 cohorts:",
  "",
  "| links | values, poems() | values, PCA | signal, poems() | signal, PCA |",
  "|---|---|---|---|---|",
  vapply(split(signals, factor(signals$links, unique(signals$links))), \(r) {
    sprintf("| %s | %s | %s | %s | %s |", r$links[1], cell(r$values_ours), cell(r$values_pca),
      cell(r$signal_ours), cell(r$signal_pca))
  }, "")
), "bench/reconstruction.md")
cat(readLines("bench/reconstruction.md"), sep = "\n")
