# Memory and time of a fit of sparse counts, for bench/scale.md. Prints a row of its table, and the
# loss of the samples held out by the processor seconds of training.
#
#   Rscript bench/scale.R [samples, 20000] [features, 5000] [share not zero, 0.07] [proteins, 0]
#   Rscript bench/scale.R samples features gaussian
#
# As many epochs as SCALE_EPOCHS says (5), at most; 1000 are the default of poems_control(). With
# SCALE_LARGEST_EPOCH, epochs of large cohorts are as long as that says: 1e9 is a pass over all.
# Another version of the package is measured with its library in R_LIBS. Data are simulated in a
# process of their own and kept in the folder SCALE_DATA, if it is set; the fit runs in a fresh one.
suppressPackageStartupMessages(library(omicpoems))
suppressPackageStartupMessages(library(Matrix))

true_factors <- 8L
epochs <- as.integer(Sys.getenv("SCALE_EPOCHS", "5"))
largest_epoch <- as.integer(Sys.getenv("SCALE_LARGEST_EPOCH", NA))

# Negative binomial counts (size 2) of factors that act on one feature in five, block by block, none
# of which is ever dense but for its expected values. A count of mean m is the sum of Poisson(2
# log(1 + m / 2)) numbers of the logarithmic distribution with p = m / (m + 2).
simulate_counts <- function(samples, features, share, z) {
  w <- matrix(stats::rnorm(features * ncol(z)), features) *
    (stats::runif(features * ncol(z)) < 0.2) * 0.5
  base <- log(share) + stats::rnorm(features, 0, 0.7) - 0.5
  blocks <- split(seq_len(samples), (seq_len(samples) - 1) %/% 1000)
  counts <- do.call(cbind, lapply(blocks, \(i) {
    mean <- exp(base + tcrossprod(w, z[i, , drop = FALSE]))
    at <- lapply(seq_along(i), \(column) {
      rate <- cumsum(2 * log1p(mean[, column] / 2))
      found <- stats::runif(stats::rpois(1, rate[features]), 0, rate[features])
      cbind(findInterval(found, rate) + 1L, rep(column, length(found)))
    })
    at <- do.call(rbind, at)
    Matrix::sparseMatrix(at[, 1], at[, 2], x = logarithmic(mean[at] / (mean[at] + 2)),
                         dims = c(features, length(i)))
  }))
  empty <- which(colSums(counts) == 0)
  if (length(empty) > 0) counts[1, empty] <- 1
  dimnames(counts) <- list(sprintf("g%d", seq_len(features)), sprintf("s%d", seq_len(samples)))
  counts
}

# One number per p, by Kemp's method (1981, Applied Statistics 30, 249-253).
logarithmic <- function(p) {
  u <- stats::runif(length(p))
  q <- -expm1(stats::runif(length(p)) * log1p(-p))
  ifelse(u >= p | u >= q, 1, ifelse(u > q^2, 2, floor(1 + log(u) / log(q))))
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

# Two Gaussian omics, with noise that leaves factors to be learnt from many features.
simulate_gaussian <- function(samples, features) {
  sizes <- c(mrna = features - features %/% 3, methylation = features %/% 3)
  made <- simulate_omics(samples, sizes, factors = true_factors, seed = 1)
  set.seed(1)
  omics <- lapply(made$omics, \(x) {
    dimnames(x)[[2]] <- sprintf("s%d", seq_len(samples))
    x + stats::rnorm(length(x), 0, 2 * stats::sd(x[seq_len(50), ]))
  })
  list(omics = omics, factors = made$factors)
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

cpu <- \() sum(proc.time()[1:2])

temporary_gb <- \() sum(file.size(list.files(tempdir(), full.names = TRUE, recursive = TRUE))) / 1e9

# Calls f, and returns its value and, for the end of every epoch of the first training, processor
# seconds, `cpu`, and the size of temporary files.
with_epochs_watched <- function(f) {
  of_epochs <- temporary <- numeric()
  reporter <- \(control, envir) function(epoch, training, validation) {
    if (is.na(of_epochs[epoch])) of_epochs[epoch] <<- cpu()
    temporary[epoch] <<- temporary_gb()
    TRUE
  }
  utils::assignInNamespace("progress_reporter", reporter, "omicpoems")
  if (!is.na(largest_epoch)) {
    large <- utils::getFromNamespace("large_cohorts", "omicpoems")
    large$largest_epoch <- largest_epoch
    utils::assignInNamespace("large_cohorts", large, "omicpoems")
  }
  list(value = f(), cpu = of_epochs, temporary = temporary)
}

fit_case <- function(path) {
  case <- readRDS(path)
  invisible(gc(full = TRUE))
  before <- peak_memory_gb()
  begun <- cpu()
  elapsed <- system.time({
    run <- with_epochs_watched(\() {
      poems(case$omics, factors = 16, seed = 1,
            control = list(epochs = epochs, threads = 2, progress = FALSE))
    })
  })[["elapsed"]]
  fit <- run$value
  all <- cpu() - begun
  n <- nrow(fit$history)
  # The first epoch begins where the others say that it did.
  first <- run$cpu[1] - (run$cpu[n] - run$cpu[1]) / max(n - 1, 1)
  inside <- run$cpu[n] - first
  found <- recovery(fit, case$factors)
  cat(sprintf(
    paste("| %s | %d | %.1f GB | %.1f GB | %.1f GB | %.2f s | %.1f s | %.1f s | %.1f s |",
          "%.2f to %.2f |\n"),
    paste(vapply(case$omics, \(x) paste(dim(x), collapse = " x "), ""), collapse = ", "),
    n, before, peak_memory_gb() - before, max(run$temporary), inside, all - inside,
    max(fit$history$seconds), elapsed - max(fit$history$seconds), min(found), max(found)
  ))
  shown <- unique(round(exp(seq(0, log(n), length.out = 12))))
  cat(sprintf("epoch %d: held out %.3f after %.1f CPU seconds\n", shown,
              fit$history$validation[shown], run$cpu[shown] - first), sep = "")
  cat(sprintf("%s after epoch %d of %d, kept %d, factors %d\n", fit$stopped, n, epochs,
              fit$best_epoch, fit$factors))
}

arguments <- commandArgs(trailingOnly = TRUE)
script <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
if (identical(arguments[1], "--fit")) {
  fit_case(arguments[2])
} else {
  folder <- Sys.getenv("SCALE_DATA", tempfile("scale-"))
  dir.create(folder, showWarnings = FALSE)
  gaussian <- identical(arguments[3], "gaussian")
  size <- as.numeric(arguments[arguments != "gaussian"])
  if (!gaussian) size <- c(size, c(20000, 5000, 0.07, 0)[seq_len(4) > length(size)])
  kind <- if (gaussian) "gaussian" else "counts"
  path <- file.path(folder, sprintf("%s_%s.rds", kind, paste(size, collapse = "_")))
  if (!file.exists(path)) {
    case <- if (gaussian) {
      simulate_gaussian(size[1], size[2])
    } else {
      simulate_case(size[1], size[2], size[3], size[4])
    }
    saveRDS(case, path, compress = FALSE)
    rm(case)
    invisible(gc())
  }
  system2(file.path(R.home("bin"), "Rscript"), c(script, "--fit", path))
}
