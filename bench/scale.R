# Memory and time of a fit of sparse counts, for bench/scale.md. Prints a row of its table.
#
#   Rscript bench/scale.R [samples, 20000] [features, 5000] [share not zero, 0.07] [proteins, 0]
#
# Another version of the package is measured with its library in R_LIBS. Data are simulated in a
# process of their own and kept in the folder SCALE_DATA, if it is set; the fit runs in a fresh one.
suppressPackageStartupMessages(library(omicpoems))
suppressPackageStartupMessages(library(Matrix))

true_factors <- 8L
epochs <- as.integer(Sys.getenv("SCALE_EPOCHS", "5"))

# Negative binomial counts of factors that act on one feature in five, block by block.
simulate_counts <- function(samples, features, share, z) {
  w <- matrix(stats::rnorm(features * ncol(z)), features) *
    (stats::runif(features * ncol(z)) < 0.2) * 0.5
  base <- log(share) + stats::rnorm(features, 0, 0.7) - 0.5
  blocks <- split(seq_len(samples), (seq_len(samples) - 1) %/% 1000)
  counts <- do.call(cbind, lapply(blocks, \(i) {
    mean <- exp(base + tcrossprod(w, z[i, , drop = FALSE]))
    counts <- stats::rpois(length(mean), mean * stats::rgamma(length(mean), 2, 2))
    methods::as(matrix(as.double(counts), features), "CsparseMatrix")
  }))
  empty <- colSums(counts) == 0
  if (any(empty)) counts[1, empty] <- 1
  dimnames(counts) <- list(sprintf("g%d", seq_len(features)), sprintf("s%d", seq_len(samples)))
  counts
}

simulate_case <- function(samples, features, share, proteins) {
  set.seed(1)
  z <- matrix(stats::rnorm(samples * true_factors), samples)
  omics <- list(rna = simulate_counts(samples, features, share, z))
  if (proteins > 0) {
    omics$protein <- as.matrix(simulate_counts(samples, proteins, 20, z))
    rownames(omics$protein) <- sprintf("p%d", seq_len(proteins))
  }
  list(omics = omics, factors = z)
}

peak_memory_gb <- function() {
  line <- grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) * 1024 / 1e9
}

# How well each true factor is told by those of the fit, linearly.
recovery <- function(fit, truth) {
  rownames(truth) <- sprintf("s%d", seq_len(nrow(truth)))
  truth <- truth[fit$samples, , drop = FALSE]
  left <- stats::lm.fit(cbind(1, latent(fit)), truth)$residuals
  sqrt(pmax(1 - colSums(as.matrix(left)^2) / colSums(scale(truth, scale = FALSE)^2), 0))
}

fit_case <- function(path) {
  case <- readRDS(path)
  invisible(gc(full = TRUE))
  before <- peak_memory_gb()
  seconds <- system.time({
    fit <- poems(case$omics, factors = 16, seed = 1, control = list(
      epochs = epochs, threads = 2, progress = FALSE
    ))
  })
  inside <- max(fit$history$seconds)
  cat(sprintf(
    "| %s | %d | %.1f GB | %.1f GB | %.0f s | %.0f s | %.0f s | %.2f to %.2f |\n",
    paste(vapply(case$omics, \(x) paste(dim(x), collapse = " x "), ""), collapse = ", "),
    nrow(fit$history), before, peak_memory_gb() - before, sum(seconds[1:2]), inside,
    seconds[["elapsed"]] - inside,
    min(recovery(fit, case$factors)), max(recovery(fit, case$factors))
  ))
}

arguments <- commandArgs(trailingOnly = TRUE)
script <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
if (identical(arguments[1], "--fit")) {
  fit_case(arguments[2])
} else {
  size <- c(as.numeric(arguments), c(20000, 5000, 0.07, 0)[seq_len(4) > length(arguments)])
  folder <- Sys.getenv("SCALE_DATA", tempfile("scale-"))
  dir.create(folder, showWarnings = FALSE)
  path <- file.path(folder, sprintf("counts_%s.rds", paste(size, collapse = "_")))
  if (!file.exists(path)) {
    saveRDS(simulate_case(size[1], size[2], size[3], size[4]), path, compress = FALSE)
    invisible(gc())
  }
  system2(file.path(R.home("bin"), "Rscript"), c(script, "--fit", path))
}
