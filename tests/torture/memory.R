# Too little memory: fits of random size under a random limit of address space (ulimit -v).
#
#   Rscript tests/torture/memory.R seed=1 count=20
#
# Beside the outcomes of outcome_of(), `other` means that the fit is not what it is with memory
# enough.

fit_in_child <- function() {
  suppressPackageStartupMessages(library(omicpoems))
  source(file.path(Sys.getenv("HERE"), "outcomes.R"))
  size <- as.integer(strsplit(Sys.getenv("SIZE"), " ")[[1]])
  omics <- simulate_omics(size[1], c(a = size[2], b = size[2] %/% 2), factors = 2, seed = 1)$omics
  control <- list(progress = FALSE, threads = size[3], epochs = 2, hidden = size[4])
  got <- outcome_of(\() {
    fit <- poems(omics, 4, seed = 1, control = control)
    omicpoems:::core_checksum(unclass(fit)[c("latent", "parameters", "explained")])
  })
  got$text <- paste(got$text, collapse = "")
  saveRDS(got, Sys.getenv("RESULT"))
}

# `limit`: in MB, of the whole process; Inf for none.
run_child <- function(script, size, limit) {
  result <- tempfile()
  on.exit(unlink(result))
  limited <- if (is.finite(limit)) sprintf("ulimit -v %d; ", as.integer(1024 * limit)) else ""
  settings <- sprintf("SIZE='%s' RESULT=%s HERE=%s", paste(size, collapse = " "), result, here)
  system(paste0(limited, settings, " ", file.path(R.home("bin"), "Rscript"), " ", script),
         ignore.stdout = TRUE, ignore.stderr = TRUE)
  if (!file.exists(result)) return(list(outcome = "crash", text = "the process died"))
  readRDS(result)
}

one_limit <- function(script, size, limit) {
  right <- run_child(script, size, Inf)$value
  got <- run_child(script, size, limit)
  if (got$outcome %in% c("value", "warned") && !identical(got$value, right)) got$outcome <- "other"
  data.frame(call = sprintf("%d samples, %d features, %d threads, %d hidden units in %.0f MB",
                            size[1], size[2], size[3], size[4], limit),
             outcome = got$outcome, text = paste(got$text, collapse = ""))
}

if (sys.nframe() == 0L) {
  here <- normalizePath(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
  )
  source(file.path(here, "outcomes.R"))
  given <- arguments(seed = 1L, count = 20L)
  set.seed(given$seed)
  script <- child_script(fit_in_child)
  # What R and the package take before anything is fitted.
  least <- 100
  while (run_child(script, c(20, 10, 1, 5), least)$outcome == "crash") least <- 1.1 * least
  rows <- lapply(seq_len(given$count), \(i) {
    size <- c(sample(c(60, 300), 1), sample(c(500, 4000, 20000), 1), sample(1:2, 1),
              sample(c(30, 100), 1))
    one_limit(script, size, least + stats::runif(1, 0, 600))
  })
  report_outcomes(do.call(rbind, rows), c("crash", "cpp", "raw", "other"))
}
