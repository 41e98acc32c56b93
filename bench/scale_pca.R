# Beside PCA (irlba), the usual first step with so many cells: time, memory, the true factors, and
# proteins of cells that lack them. Prints two rows for bench/scale.md.
#
#   SCALE_DATA=folder Rscript bench/scale.R 20000 5000 0.05 50   (simulates, and keeps the data there)
#   Rscript bench/scale_pca.R folder/counts_20000_5000_0.05_50.rds
#
# A tenth of the cells has no proteins. PCA is of log1p of the counts per 10,000 of a cell, centred,
# 16 components; log1p of the proteins is then regressed on them and on the log of the cells' totals.
# poems() has its defaults but for 16 factors. R2 is of log1p of the hidden counts, about the mean of
# the cells that have proteins, the mean over proteins; beside it the squared correlation, since the
# log of an expected count, which poems() predicts, is more than the expected log. Each runs in a
# process of its own.
suppressPackageStartupMessages(library(Matrix))

components <- 16L

peak_memory_gb <- function() {
  line <- grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) * 1024 / 1e9
}

# The true factors' correlations with what least squares make of the scores.
recovery <- function(scores, truth) {
  left <- stats::lm.fit(cbind(1, scores), truth)$residuals
  sqrt(pmax(1 - colSums(as.matrix(left)^2) / colSums(scale(truth, scale = FALSE)^2), 0))
}

of_pca <- function(omics, hidden) {
  rna <- omics$rna
  total <- colSums(rna)
  rna@x <- log1p(1e4 * rna@x / rep(total, diff(rna@p)))
  scores <- irlba::prcomp_irlba(t(rna), n = components, retx = TRUE, center = TRUE)$x
  x <- cbind(1, scores, log(total))
  known <- stats::lm.fit(x[-hidden, ], t(log1p(omics$protein[, -hidden])))$coefficients
  list(scores = scores, proteins = t(x[hidden, ] %*% known))
}

of_poems <- function(omics, hidden) {
  all <- omics$protein
  omics$protein <- all[, -hidden]
  fit <- omicpoems::poems(omics, factors = components, seed = 1,
                          control = list(threads = 2, progress = FALSE))
  cells <- colnames(all)[hidden]
  predicted <- omicpoems::impute(fit, list(rna = omics$rna[, cells]))$protein
  list(scores = omicpoems::latent(fit)[colnames(all), ], proteins = log1p(predicted[, cells]))
}

run <- function(path, tool) {
  case <- readRDS(path)
  omics <- lapply(case$omics, \(x) {
    colnames(x) <- sprintf("s%d", seq_len(ncol(x)))
    x
  })
  hidden <- seq(1, ncol(omics$rna), by = 10)
  invisible(gc(full = TRUE))
  before <- peak_memory_gb()
  seconds <- system.time(of <- switch(tool, PCA = of_pca, poems = of_poems)(omics, hidden))
  truth <- log1p(omics$protein)
  error <- (of$proteins - truth[, hidden])^2
  r2 <- mean(1 - rowSums(error) / rowSums((truth[, hidden] - rowMeans(truth[, -hidden]))^2))
  cells <- seq_along(hidden)
  correlation <- vapply(seq_len(nrow(truth)), \(j) {
    stats::cor(of$proteins[j, cells], truth[j, hidden])
  }, 0)
  found <- recovery(of$scores, case$factors)
  cat(sprintf("| %s | %.0f s | %.0f s | %.1f GB | %.3f to %.3f | %.3f | %.3f |\n", tool,
              seconds[["elapsed"]], sum(seconds[1:2]), peak_memory_gb() - before, min(found),
              max(found), r2, mean(correlation^2)))
}

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) == 2) {
  run(arguments[1], arguments[2])
} else {
  script <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
  for (tool in c("PCA", "poems")) {
    system2(file.path(R.home("bin"), "Rscript"), c(script, arguments[1], tool))
  }
}
