# Memory and time of a fit whose omics are in HDF5 files, beside the same fit with them in memory.
# Writes on_disk.md beside this file.
#
#   Rscript bench/on_disk.R [samples, 20000 by default] [features of each of two omics, 20000]
#
# Each fit runs in an R process of its own, on two threads, with so many epochs that it sees every
# sample at least twice. The files are kept in the folder ON_DISK_DATA, if it is set.
suppressPackageStartupMessages(library(omicpoems))
suppressPackageStartupMessages(library(HDF5Array))

passes <- 2L
true_factors <- 10L
samples_at_once <- 1000L
compression <- 1L
largest_epoch <- utils::getFromNamespace("large_cohorts", "omicpoems")$largest_epoch

# Two omics of sparse linear factors and noise, rounded as log expression often is.
write_omics <- function(folder, samples, features) {
  set.seed(21)
  z <- matrix(stats::rnorm(samples * true_factors), samples)
  for (omic in c("rna", "methylation")) {
    w <- matrix(stats::rnorm(features * true_factors), features) *
      (stats::runif(features * true_factors) < 0.2)
    names <- list(sprintf("%s%d", omic, seq_len(features)), sprintf("s%d", seq_len(samples)))
    sink <- HDF5RealizationSink(
      c(features, samples), dimnames = names, filepath = file.path(folder, paste0(omic, ".h5")),
      name = "values", level = compression
    )
    grid <- DelayedArray::RegularArrayGrid(
      c(features, samples), c(features, min(samples_at_once, samples))
    )
    for (i in seq_along(grid)) {
      at <- DelayedArray::start(grid[[i]])[2] - 1 + seq_len(ncol(grid[[i]]))
      block <- tcrossprod(w, z[at, , drop = FALSE]) +
        stats::rnorm(features * length(at)) + 8
      sink <- DelayedArray::write_block(sink, grid[[i]], round(block, 3))
    }
    DelayedArray::close(sink)
  }
}

peak_memory_gib <- function() {
  line <- grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024^2
}

fit_once <- function(folder, where) {
  files <- list.files(folder, "h5$", full.names = TRUE)
  omics <- lapply(files, HDF5Array, name = "values")
  names(omics) <- sub("\\.h5$", "", basename(files))
  opened <- peak_memory_gib()
  training <- ceiling(0.9 * ncol(omics[[1]]))
  epochs <- passes * as.integer(ceiling(training / largest_epoch))
  seconds <- system.time({
    if (where == "memory") omics <- lapply(omics, as.matrix)
    fit <- poems(omics, factors = 32, seed = 21, control = list(
      epochs = epochs, warmup = 0, threads = 2, progress = FALSE
    ))
  })[["elapsed"]]
  dput(list(
    peak = peak_memory_gib(), opened = opened, seconds = seconds,
    epoch = fit$history$seconds[epochs] - fit$history$seconds[epochs - 1L], epochs = epochs,
    training = fit$history$seconds[epochs], factors = fit$factors,
    latent = sum(abs(fit$latent)), loss = fit$history$validation[epochs]
  ))
}

run_alone <- function(folder, where) {
  script <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
  out <- system2(file.path(R.home("bin"), "Rscript"), c(script, "--fit", folder, where),
                 stdout = TRUE)
  eval(parse(text = out))
}

report <- function(samples, features, size, disk, memory) {
  number <- \(x, digits = 0) formatC(x, format = "f", digits = digits, big.mark = ",")
  line <- \(name, r) sprintf("| %s | %s GiB | %s s | %s s | %s s |", name, number(r$peak, 1),
                             number(r$seconds), number(r$seconds - r$training), number(r$epoch, 1))
  script <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
  writeLines(c(
    "# Omics on disk", "",
    "Made by `Rscript bench/on_disk.R`.", "",
    sprintf(paste(
      "%s: %s samples, two omics of %s features each, in HDF5 files (chunks as HDF5Array has them",
      "by default, compression level 1, %s GiB in all). %d epochs, %d passes, on 2 threads of %s,",
      "batch %d, 32 factors. Peak memory is that of the whole R process (VmHWM), of which R with the",
      "packages loaded is %s GiB."
    ), Sys.Date(), number(samples), number(features), number(size, 1), disk$epochs, passes,
            cpu_name(), poems_control()$batch_size, number(disk$opened, 1)), "",
    "| omics | peak memory | `poems()` | of which outside training | an epoch |",
    "|---|---|---|---|---|",
    line("in HDF5 files", disk), line("read into memory first", memory), "",
    sprintf("Files are in single precision, which changes the last loss by %.1e of it.",
            abs(disk$loss / memory$loss - 1)),
    "Outside training are reading (in the second line with the reading into memory), the",
    "statistics of features, the linear start and the variance explained."
  ), file.path(dirname(script), "on_disk.md"))
}

cpu_name <- function() {
  line <- grep("model name", readLines("/proc/cpuinfo"), value = TRUE)[1]
  trimws(sub(".*:", "", line))
}

arguments <- commandArgs(trailingOnly = TRUE)
if (identical(arguments[1], "--fit")) {
  fit_once(arguments[2], arguments[3])
} else {
  sizes <- c(as.integer(arguments), c(20000L, 20000L)[seq_len(2 - length(arguments))])
  folder <- Sys.getenv("ON_DISK_DATA", tempfile("omics-"))
  dir.create(folder, showWarnings = FALSE)
  if (length(list.files(folder, "h5$")) == 0) write_omics(folder, sizes[1], sizes[2])
  size <- sum(file.size(list.files(folder, full.names = TRUE))) / 1024^3
  disk <- run_alone(folder, "disk")
  memory <- run_alone(folder, "memory")
  report(sizes[1], sizes[2], size, disk, memory)
}
