# Fits of omics with very many features, to the end: how the loss of samples held out goes on from
# where training starts, and what comes of it. Writes wide.md beside this file.
#
#   Rscript bench/wide.R        # about 5 minutes
#
# Another version of the package is measured with its library in R_LIBS.
suppressPackageStartupMessages(library(omicpoems))

# 200 samples of two omics with 20,000 features in all and six factors.
fit_cohort <- function(links, seed) {
  settings <- list(200, c(rna = 12000, methylation = 8000), factors = 6, noise = 0.5, seed = seed)
  made <- do.call(simulate_omics, c(settings, links))
  fit_at <- \(...) poems(made$omics, factors = 12, seed = 1,
                         control = list(threads = 1, progress = FALSE, ...))
  seconds <- system.time(fit <- fit_at())[["user.self"]]
  start <- fit_at(learning_rate = 1e-12, epochs = 1)$history$validation
  left <- stats::lm.fit(cbind(1, latent(fit)), made$factors)$residuals
  told <- sqrt(1 - colSums(left^2) / colSums(scale(made$factors, scale = FALSE)^2))
  loss <- fit$history$validation
  sprintf("| %s, seed %d | %.0f | %.0f | %.0f after %d | %.4f to %.4f | %.3f, %.3f | %.0f s |",
          if (length(links) > 0) links$links else "bent", seed, start, loss[1], min(loss),
          which.min(loss), min(told), max(told), fit$remainder$hidden[1], fit$remainder$hidden[2],
          seconds)
}

script <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
rows <- unlist(lapply(list(list(links = "linear"), list()), \(links) {
  vapply(2:3, \(seed) fit_cohort(links, seed), "")
}))
writeLines(c(
  "# Omics of many features", "",
  "Made by `Rscript bench/wide.R`: 200 samples, 12,000 and 8,000 features, defaults, 12 factors.", "",
  paste("| cohort | held out at the start | after an epoch | lowest | true factors, correlation |",
        "hidden values, R2 | CPU |"),
  "|---|---|---|---|---|---|---|", rows
), file.path(dirname(script), "wide.md"))
