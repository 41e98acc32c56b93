# Signals at random times while a model is fitted: SIGINT (Ctrl-C), SIGTERM (a scheduler's end) and
# SIGKILL.
#
#   Rscript tests/torture/signals.R seed=1 count=30
#
# Outcomes: `fit`, a fit was returned, whole or so far; `untrained`, none was, and no epoch had
# ended; `killed`, by SIGKILL; `lost`, an epoch had ended and no fit was returned; `files`,
# temporary files stayed behind.

# What the child does. It marks that it is about to fit, that training has something to return, and
# leaves what poems() and the like returned.
fit_in_child <- function() {
  out <- Sys.getenv("OUT")
  mark <- \(name) file.create(file.path(out, name))
  suppressPackageStartupMessages(library(omicpoems))
  omics <- simulate_omics(150, c(a = 300, b = 200), factors = 3, seed = 1)$omics
  check <- omicpoems:::check_trained
  noting <- function(trained, ...) {
    if (length(trained$history$epoch) > 0) mark("trained")
    check(trained, ...)
  }
  utils::assignInNamespace("check_trained", noting, "omicpoems")
  quiet <- list(progress = FALSE, threads = 1, epochs = 300)
  writeLines(as.character(Sys.getpid()), file.path(out, "pid.new"))
  file.rename(file.path(out, "pid.new"), file.path(out, "pid"))
  fit <- suppressMessages(suppressWarnings(switch(
    Sys.getenv("KIND"),
    poems = poems(omics, 5, seed = 1, control = quiet),
    split = poems_split(omics, 4, seed = 1, control = quiet),
    compare = poems_compare(omics, TRUE, rep(c(TRUE, FALSE), 75), seed = 1, control = quiet),
    baseline = poems_baseline(omics, "mocss_ae", seed = 1, control = quiet)
  )))
  omicpoems:::check_fit(fit, class = class(fit)[1])
  saveRDS(list(fit$stopped, nrow(fit$history)), file.path(out, "fit.new"))
  file.rename(file.path(out, "fit.new"), file.path(out, "fit"))
}

# A shell makes what it starts in the background deaf to SIGINT: env undoes it.
start_child <- function(script, out, kind) {
  settings <- c(paste0("OUT=", out), paste0("TMPDIR=", out), paste0("KIND=", kind))
  system2("env", c("--default-signal=INT", settings, file.path(R.home("bin"), "Rscript"),
                   shQuote(script)), wait = FALSE, stdout = FALSE, stderr = FALSE)
}

# Sent after `delay` seconds, or as soon as the child makes `mark`.
one_signal <- function(script, kind, signal, delay, mark = "fit") {
  out <- tempfile("signals")
  dir.create(out)
  on.exit(unlink(out, recursive = TRUE))
  has <- \(name) file.exists(file.path(out, name))
  start_child(script, out, kind)
  if (!wait_until(\() has("pid"), 120)) return("unstarted")
  child <- as.integer(readLines(file.path(out, "pid")))
  gone <- \() !isTRUE(tools::pskill(child, 0))
  wait_until(\() gone() || has(mark), delay)
  tools::pskill(child, signal)
  if (!wait_until(gone, 120)) {
    tools::pskill(child, tools::SIGKILL)
    return("hung")
  }
  if (length(list.files(out, pattern = "omic", recursive = TRUE)) > 0) return("files")
  if (has("fit")) return("fit")
  if (signal == tools::SIGKILL) return("killed")
  if (has("trained")) "lost" else "untrained"
}

if (sys.nframe() == 0L) {
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
  source(file.path(here, "outcomes.R"))
  given <- arguments(seed = 1L, count = 30L)
  set.seed(given$seed)
  script <- child_script(fit_in_child)
  kinds <- c("poems", "split", "compare", "baseline")
  signals <- c(INT = tools::SIGINT, TERM = tools::SIGTERM, KILL = tools::SIGKILL)
  # As long as an undisturbed fit takes, and a bit.
  lasts <- vapply(kinds, \(kind) system.time(one_signal(script, kind, 0L, 300))[["elapsed"]], 0)
  rows <- lapply(seq_len(given$count), \(i) {
    kind <- kinds[(i - 1) %% length(kinds) + 1]
    name <- sample(names(signals), 1, prob = c(2, 2, 1))
    delay <- stats::runif(1, 0, 1.1 * lasts[[kind]])
    outcome <- one_signal(script, kind, signals[[name]], delay)
    data.frame(call = sprintf("%s after %.2f s of %s", name, delay, kind), outcome = outcome,
               text = "")
  })
  report_outcomes(do.call(rbind, rows), c("lost", "hung", "files", "unstarted"))
}
