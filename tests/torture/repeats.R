# Many fits in one process, half of them interrupted at random times: what they took comes back.
#
#   Rscript tests/torture/repeats.R seed=1 count=200
#
# After every tenth of the fits, tells the memory that the process holds once R has collected what
# it no longer needs. `grows`: of the last three of these it is more than a twentieth higher than of
# the third to the fifth (medians). Linux alone.

resident_memory <- function() {
  gc()
  omicpoems:::core_release_memory()
  line <- grep("^VmRSS", readLines("/proc/self/status"), value = TRUE)
  1024 * as.numeric(gsub("\\D", "", line))
}

# One fit of any kind, and how it ended.
one_repeat <- function(omics, kind, seed) {
  quiet <- list(progress = FALSE, threads = 2, epochs = 20)
  fit <- tryCatch(
    suppressMessages(suppressWarnings(switch(
      kind,
      poems = poems(omics, 5, seed = seed, control = quiet),
      split = poems_split(omics, 4, seed = seed, control = quiet),
      compare = poems_compare(omics, TRUE, rep(c(TRUE, FALSE), 40), seed = seed, control = quiet),
      baseline = poems_baseline(omics, "mocss_ae", seed = seed, control = quiet)
    ))),
    interrupt = \(condition) NULL, error = identity
  )
  if (is.null(fit)) return("untrained")
  if (inherits(fit, "error")) {
    text <- conditionMessage(fit)
    return(if (grepl("^Interrupted before", text)) "untrained" else text)
  }
  if (fit$stopped == "interrupted") "interrupted" else "whole"
}

# The same, with SIGINT after `delay` seconds; one that comes late ends with the wait.
one_interrupted <- function(omics, kind, seed, delay) {
  command <- sprintf("sleep %.3f; kill -INT %d", delay, Sys.getpid())
  system2("sh", c("-c", shQuote(command)), wait = FALSE)
  begun <- proc.time()[["elapsed"]]
  outcome <- one_repeat(omics, kind, seed)
  left <- delay + 0.2 - (proc.time()[["elapsed"]] - begun)
  tryCatch(Sys.sleep(max(left, 0)), interrupt = \(condition) NULL)
  outcome
}

if (sys.nframe() == 0L) {
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
  source(file.path(here, "outcomes.R"))
  suppressPackageStartupMessages(library(omicpoems))
  given <- arguments(seed = 1L, count = 40L)
  set.seed(given$seed)
  omics <- simulate_omics(80, c(a = 200, b = 100), factors = 3, seed = 1)$omics
  kinds <- c("poems", "split", "compare", "baseline")
  lasts <- vapply(kinds, \(kind) system.time(one_repeat(omics, kind, 1L))[["elapsed"]], 0)
  memory <- numeric()
  rows <- lapply(seq_len(given$count), \(i) {
    kind <- kinds[(i - 1) %/% 2 %% length(kinds) + 1]
    outcome <- if (i %% 2 == 0) {
      one_interrupted(omics, kind, i, stats::runif(1, 0, lasts[[kind]]))
    } else {
      one_repeat(omics, kind, i)
    }
    if (i %% max(given$count %/% 10, 1) == 0) {
      memory <<- c(memory, resident_memory())
      cat(sprintf("after %3d fits: %.0f MB\n", i, utils::tail(memory, 1) / 1e6))
    }
    data.frame(call = kind, outcome = outcome, text = "")
  })
  rows <- do.call(rbind, rows)
  if (stats::median(utils::tail(memory, 3)) > 1.05 * stats::median(memory[3:5])) {
    rows <- rbind(rows, data.frame(call = "all", outcome = "grows", text = ""))
  }
  report_outcomes(rows, setdiff(rows$outcome, c("whole", "interrupted", "untrained")))
}
