# SIGKILL at random times while a model is fitted with a checkpoint, and the same call again, until
# the fit is done.
#
#   Rscript tests/torture/checkpoints.R seed=1 count=20
#
# Outcomes, one for each of `count` kills: `kept`, the next call went on; `early`, nothing had been
# written yet; `damaged`, the next call could not use the file. And one for each fit that came to
# its end: `same`, it has the bits of an unbroken one; `other`.

# What the child does. It leaves a checksum of what it learnt, or its error.
fit_in_child <- function() {
  out <- Sys.getenv("OUT")
  write <- function(text, name) {
    writeLines(text, file.path(out, "new"))
    file.rename(file.path(out, "new"), file.path(out, name))
  }
  suppressPackageStartupMessages(library(omicpoems))
  options(omicpoems.checkpoint_seconds = 0.05)
  omics <- simulate_omics(120, c(a = 150, b = 100), factors = 3, seed = 1)$omics
  write(as.character(Sys.getpid()), "pid")
  fit <- tryCatch(
    suppressMessages(suppressWarnings(
      poems(omics, 5, seed = 1, checkpoint = file.path(out, "checkpoint"),
            control = list(progress = FALSE, threads = 1, epochs = 60, patience = 60,
                           batch_size = 16))
    )),
    error = \(error) write(conditionMessage(error), "error")
  )
  if (inherits(fit, "poems")) {
    learnt <- unclass(fit)[c("latent", "parameters", "gates", "explained", "inclusion")]
    write(omicpoems:::core_checksum(learnt), "learnt")
  }
}

# A process that is killed after `delay` seconds of training, or ends before: whether it was.
run_child <- function(script, out, delay) {
  unlink(file.path(out, c("pid", "error")))
  settings <- c(paste0("OUT=", out), file.path(R.home("bin"), "Rscript"), shQuote(script))
  system2("env", settings, wait = FALSE, stdout = FALSE, stderr = FALSE)
  if (!wait_until(\() file.exists(file.path(out, "pid")), 600)) stop("No child has started.")
  child <- as.integer(readLines(file.path(out, "pid")))
  gone <- \() !isTRUE(tools::pskill(child, 0))
  wait_until(gone, delay)
  if (gone()) return(FALSE)
  tools::pskill(child, tools::SIGKILL)
  wait_until(gone, 60)
  TRUE
}

# How many of a fit's trainings have a checkpoint; -1 where one is damaged.
kept_in <- function(out) {
  files <- file.path(out, c("checkpoint", "checkpoint-all"))
  for (file in files[file.exists(files)]) {
    readable <- tryCatch(is.character(omicpoems:::core_checkpoint_key(file)), error = \(e) FALSE)
    if (!readable) return(-1)
  }
  sum(file.exists(files))
}

# Kills, and outcomes, until a fit is done or `most` kills are.
one_fit <- function(script, lasts, most, right) {
  out <- tempfile("checkpoints")
  dir.create(out)
  on.exit(unlink(out, recursive = TRUE))
  outcomes <- character()
  repeat {
    killed <- length(outcomes) < most && run_child(script, out, stats::runif(1, 0, lasts))
    if (!killed && length(outcomes) >= most) run_child(script, out, 600)
    if (file.exists(file.path(out, "error"))) outcomes <- c(outcomes, "damaged")
    learnt <- file.path(out, "learnt")
    if (file.exists(learnt)) {
      return(c(outcomes, if (identical(readLines(learnt), right)) "same" else "other"))
    }
    if (!killed) return(c(outcomes, "damaged"))
    kept <- kept_in(out)
    outcomes <- c(outcomes, if (kept < 0) "damaged" else if (kept == 0) "early" else "kept")
  }
}

if (sys.nframe() == 0L) {
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
  source(file.path(here, "outcomes.R"))
  given <- arguments(seed = 1L, count = 20L)
  set.seed(given$seed)
  script <- child_script(fit_in_child)
  whole <- tempfile("whole")
  dir.create(whole)
  lasts <- system.time(run_child(script, whole, 600))[["elapsed"]]
  right <- readLines(file.path(whole, "learnt"))
  outcomes <- character()
  while (sum(outcomes != "same") < given$count) {
    left <- given$count - sum(outcomes != "same")
    outcomes <- c(outcomes, one_fit(script, 0.3 * lasts, min(left, 8), right))
  }
  report_outcomes(data.frame(call = seq_along(outcomes), outcome = outcomes, text = ""),
                  c("damaged", "other"))
}
