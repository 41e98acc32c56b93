# Disks that are too small: a tmpfs of random size, to which a fit of data on disk, a checkpoint, a
# report and a cache write. Needs a system that lets the user mount one (root on Linux).
#
#   Rscript tests/torture/disks.R seed=1 count=20
#
# Beside the outcomes of outcome_of(), `other` means that what was computed is not what it is with
# room enough, and `files` that something half written stayed behind.

# What the child does with the folder DISK, which is also where its temporary files are.
write_in_child <- function() {
  suppressPackageStartupMessages(library(omicpoems))
  disk <- Sys.getenv("DISK")
  options(omicpoems.checkpoint_seconds = 0)
  source(file.path(Sys.getenv("HERE"), "outcomes.R"))
  control <- list(progress = FALSE, threads = 1, epochs = 5)
  omics <- simulate_omics(60, c(a = 200, b = 100), factors = 2, seed = 1)$omics
  fit_of <- \(x, ...) poems(x, 3, seed = 1, control = control, ...)
  learnt <- \(fit) omicpoems:::core_checksum(unclass(fit)[c("latent", "parameters", "explained")])
  run <- switch(Sys.getenv("KIND"),
    on_disk = \() learnt(fit_of(lapply(omics, DelayedArray::DelayedArray))),
    checkpoint = \() learnt(fit_of(omics, checkpoint = file.path(disk, "checkpoint"))),
    report = \() {
      file <- poems_report(fit_of(omics), file = file.path(disk, "report.html"))
      file.size(file) > 1e5
    },
    cache = \() {
      runs <- benchmark_models(omics, rep(c("x", "y"), 30), models = "pca", splits = 12,
                               cache = file.path(disk, "cache"), progress = FALSE)
      omicpoems:::core_checksum(runs$runs[omicpoems:::benchmark_scores])
    }
  )
  got <- outcome_of(run)
  saveRDS(list(outcome = got$outcome, text = paste(got$text, collapse = ""), value = got$value),
          Sys.getenv("RESULT"))
}

run_child <- function(script, kind, disk, tmp) {
  result <- tempfile()
  on.exit(unlink(result))
  system2(file.path(R.home("bin"), "Rscript"), shQuote(script), stdout = FALSE, stderr = FALSE,
          env = c(paste0("DISK=", disk), paste0("TMPDIR=", tmp), paste0("KIND=", kind),
                  paste0("RESULT=", result), paste0("HERE=", here)))
  if (!file.exists(result)) return(list(outcome = "crash", text = "the process died"))
  readRDS(result)
}

with_small_disk <- function(kilobytes, f) {
  disk <- tempfile("disk")
  dir.create(disk)
  mount <- c("-t", "tmpfs", "-o", sprintf("size=%dk", kilobytes), "tmpfs", disk)
  if (suppressWarnings(system2("mount", mount, stderr = FALSE)) != 0) return(NULL)
  on.exit({
    system2("umount", disk)
    unlink(disk, recursive = TRUE)
  })
  f(disk)
}

# `right`: what each kind computes with room enough. R itself needs room for its temporary files
# where reports are made.
one_disk <- function(script, kind, kilobytes, right) {
  with_small_disk(kilobytes, \(disk) {
    got <- run_child(script, kind, disk, if (kind == "on_disk") disk else tempdir())
    if (got$outcome %in% c("value", "warned") && !identical(got$value, right[[kind]])) {
      got$outcome <- "other"
    }
    if (any(grepl("part$|unfinished", list.files(disk, recursive = TRUE)))) got$outcome <- "files"
    data.frame(call = sprintf("%s on %d kB", kind, kilobytes), outcome = got$outcome,
               text = got$text)
  })
}

# What each kind computes where nothing is too small.
with_room <- function(script, kinds) {
  lapply(stats::setNames(nm = kinds), \(kind) {
    folder <- tempfile("room")
    dir.create(folder)
    on.exit(unlink(folder, recursive = TRUE))
    got <- run_child(script, kind, folder, tempdir())
    if (got$outcome != "value" && got$outcome != "warned") stop(kind, ": ", got$text)
    got$value
  })
}

if (sys.nframe() == 0L) {
  here <- normalizePath(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
  )
  source(file.path(here, "outcomes.R"))
  given <- arguments(seed = 1L, count = 20L)
  set.seed(given$seed)
  script <- child_script(write_in_child)
  kinds <- c("on_disk", "checkpoint", "report", "cache")
  right <- with_room(script, kinds)
  largest <- c(on_disk = 200, checkpoint = 1500, report = 8000, cache = 40)
  rows <- lapply(seq_len(given$count), \(i) {
    kind <- kinds[(i - 1) %% length(kinds) + 1]
    one_disk(script, kind, ceiling(exp(stats::runif(1, log(4), log(1.2 * largest[[kind]])))), right)
  })
  if (is.null(rows[[1]])) {
    cat("No small disk can be mounted here.\n")
  } else {
    report_outcomes(do.call(rbind, rows), c("crash", "cpp", "raw", "other", "files"))
  }
}
