# The peak of memory that fits take beside their data, and what poems_memory() says of it before:
#
#   Rscript bench/memory.R            # all sizes, writes bench/memory.md
#
# Every fit is made in a process of its own, of two epochs and one thread. The peak is that of
# /proc/self/status (VmHWM) less what the process held before, after a small fit that loads what is
# loaded late. Linux alone.

sizes <- read.table(header = TRUE, text = "
  samples features omics factors hidden family
      200     2000     2      32    100 gaussian
     1000     1000     2      32    100 gaussian
      200    20000     2      32    100 gaussian
     2000     2000     2      32    100 gaussian
      400     4000     2      32    300 gaussian
      400     4000     2      32    100 negative_binomial
     5000     1000     1      32    100 gaussian
      100    60000     3      32    100 gaussian
      500    10000     2      32    100 gaussian
     3000     3000     3      16    100 gaussian
      150    40000     2      32    100 gaussian
    10000     1000     2      32     50 gaussian
      800     5000     1      10    200 gaussian
      600     3000     2      32    100 negative_binomial
      300    30000     3      20    100 gaussian
")

held <- function(what) {
  line <- grep(what, readLines("/proc/self/status"), value = TRUE)
  1024 * as.numeric(gsub("\\D", "", line))
}

cohort <- function(size) {
  set.seed(1)
  z <- matrix(rnorm(5 * size$samples), 5)
  p <- size$features %/% size$omics
  lapply(stats::setNames(nm = letters[seq_len(size$omics)]), \(omic) {
    x <- (matrix(rnorm(5 * p), p) * (runif(5 * p) < 0.2)) %*% z
    x[] <- if (size$family == "gaussian") x + rnorm(length(x)) else
      rnbinom(length(x), mu = exp(1 + 0.3 * x), size = 5)
    dimnames(x) <- list(paste0(omic, seq_len(p)), paste0("s", seq_len(size$samples)))
    x
  })
}

one_fit <- function(size) {
  suppressPackageStartupMessages(library(omicpoems))
  control <- list(epochs = 2, threads = 1, progress = FALSE, hidden = size$hidden)
  family <- size$family
  quietly <- \(expr) suppressMessages(suppressWarnings(expr))
  small <- cohort(replace(size, c("samples", "features"), list(40, 20 * size$omics)))
  quietly(poems(small, 3, seed = 1, control = control, family = family))
  x <- cohort(size)
  told <- poems_memory(x, size$factors, control = control, family = family)
  gc()
  omicpoems:::core_release_memory()
  before <- held("VmRSS")
  cat("5", file = "/proc/self/clear_refs")
  seconds <- system.time(quietly(
    poems(x, size$factors, seed = 1, control = control, family = family)
  ))[["elapsed"]]
  c(told = told$bytes, measured = held("VmHWM") - before, seconds = seconds,
    stats::setNames(told$parts$bytes, told$parts$part))
}

if (length(commandArgs(TRUE)) == 1) {
  row <- one_fit(sizes[as.integer(commandArgs(TRUE)), ])
  cat("result", format(row, digits = 6), "\n")
} else {
  file <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
  rows <- t(sapply(seq_len(nrow(sizes)), \(i) {
    out <- system2(file.path(R.home("bin"), "Rscript"), c(file, i), stdout = TRUE)
    row <- grep("^result", out, value = TRUE)
    cat(i, row, "\n")
    as.numeric(strsplit(trimws(sub("^result", "", row)), " +")[[1]])
  }))
  table <- cbind(sizes, told_mb = round(rows[, 1] / 1e6), peak_mb = round(rows[, 2] / 1e6),
                 ratio = round(rows[, 1] / rows[, 2], 2))
  saveRDS(list(table = table, rows = rows), file.path("build", "memory.rds"))
  writeLines(c(
    "# Memory of fits, told and measured",
    "",
    "Made by `Rscript bench/memory.R`. MB beside the data, above what a process holds that has",
    "given back all it can. The factors in `R/memory.R` were fitted to these peaks.",
    "",
    knitr::kable(table)
  ), "bench/memory.md")
}
