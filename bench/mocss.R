# CPU seconds of an epoch of MOCSS-AE at the size of the POEMS paper's breast cancer cohort: 560
# training samples, 1000, 1000 and 503 features, 6.1 million parameters, in published form.
#
#   Rscript bench/mocss.R [batch size, 256] [threads, 1]
library(omicpoems)

given <- as.integer(commandArgs(TRUE))
batch_size <- if (length(given) > 0) given[1] else 256L
threads <- if (length(given) > 1) given[2] else 1L
epochs <- 20

set.seed(1)
factors <- matrix(rnorm(560 * 5), 5)
omics <- lapply(c(mrna = 1000, methylation = 1000, mirna = 503), \(features) {
  x <- matrix(rnorm(features * 5), features) %*% factors + rnorm(features * 560)
  dimnames(x) <- list(paste0("feature", seq_len(features)), paste0("sample", 1:560))
  x
})

control <- list(batch_size = batch_size, threads = threads, validation = 0, progress = FALSE)
train <- function(epochs) {
  control$epochs <- epochs
  started <- proc.time()
  fit <- poems_baseline(omics, "mocss_ae", form = "published", seed = 1, control = control)
  list(cpu = sum((proc.time() - started)[c("user.self", "sys.self")]),
       wall = diff(fit$history$seconds))
}

# What is not training takes as long with one epoch as with many.
least <- min(replicate(3, (train(epochs + 1)$cpu - train(1)$cpu) / epochs))
cat(sprintf(
  "MOCSS-AE, batch %d, %d thread%s, kernel %s: %.3f CPU s per epoch, wall %.3f s (fastest epoch)\n",
  batch_size, threads, if (threads == 1) "" else "s", poems_engine()$level, least,
  min(train(epochs)$wall)
))
