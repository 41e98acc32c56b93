# Runs that do not depend on each other, one after the other or side by side: the one home of
# `BPPARAM`, which stability(), uncertainty(), benchmark_models(), classify_samples() and
# poems_tune() have.

check_parallel <- function(BPPARAM, call = rlang::caller_env()) {
  if (is.null(BPPARAM)) return(invisible())
  rlang::check_installed("BiocParallel", "to fit runs at the same time.", call = call)
  if (!methods::is(BPPARAM, "BiocParallelParam")) {
    cli::cli_abort(c(
      "{.arg BPPARAM} must be {.code NULL} or a parameter object of the package BiocParallel.",
      "x" = "It is {describe(BPPARAM)}.",
      "i" = "For instance {.code BPPARAM = BiocParallel::MulticoreParam(4)}."
    ), call = call)
  }
}

# The settings of every run: processes that run side by side need no more threads than one.
control_of_runs <- function(control, BPPARAM) {
  if (!is.null(BPPARAM)) control$threads <- 1L
  control$progress <- FALSE
  control
}

# fun(run, ...) for every run, a list in their order. `done(at, results)` is told what has been done
# as soon as it is: what was told is not lost where the others fail or the user interrupts.
apply_runs <- function(runs, fun, BPPARAM, progress, ..., done = \(at, results) NULL,
                       call = rlang::caller_env()) {
  here <- environment()
  all <- vector("list", length(runs))
  if (length(runs) == 0) return(all)
  bar <- if (progress) {
    cli::cli_progress_bar("Fitting runs", total = length(runs), .envir = here)
  }
  take <- \(at, results) {
    all[at] <<- results
    done(at, results)
    if (progress) cli::cli_progress_update(inc = length(at), id = bar, .envir = here)
  }
  if (is.null(BPPARAM)) {
    for (i in seq_along(runs)) take(i, list(fun(runs[[i]], ...)))
    return(all)
  }
  prepare_cluster(BPPARAM, here)
  if (!BiocParallel::bpisup(BPPARAM)) {
    BiocParallel::bpstart(BPPARAM)
    on.exit(BiocParallel::bpstop(BPPARAM), add = TRUE)
  }
  for (at in rounds_of(length(runs), BPPARAM)) {
    round <- \() BiocParallel::bplapply(runs[at], fun, ..., BPPARAM = BPPARAM)
    take(at, if (is_cluster(BPPARAM)) on_cluster(round, BPPARAM, take, call) else round())
  }
  all
}

# Workers get what all runs share once a round, and divide its runs among them before they start:
# ten rounds at most, to tell of progress, of four runs or more per worker. A cluster, which has a
# queue, gets all runs at once.
rounds_of <- function(n, BPPARAM) {
  if (is_cluster(BPPARAM)) return(list(seq_len(n)))
  size <- max(ceiling(n / 10), 4 * BiocParallel::bpnworkers(BPPARAM))
  unname(split(seq_len(n), (seq_len(n) - 1) %/% size))
}

# Clusters ---------------------------------------------------------------------------------------

is_cluster <- \(BPPARAM) methods::is(BPPARAM, "BatchtoolsParam")

# batchtools asks SLURM for the jobs of $USER: where it is empty (containers, cron), it would take
# all jobs for gone. It also sleeps before it removes its files, for people at a console. Both last
# as long as the frame `envir`.
prepare_cluster <- function(BPPARAM, envir) {
  if (!is_cluster(BPPARAM)) return(invisible())
  if (Sys.getenv("USER") == "") {
    withr::local_envvar(USER = Sys.info()[["user"]], .local_envir = envir)
  }
  withr::local_options(BIOCPARALLEL_BATCHTOOLS_REMOVE_REGISTRY_WAIT = 0, .local_envir = envir)
}

# `round()` runs on a cluster. Jobs that come back without a result (killed, out of time or memory)
# are an error with the end of a log, after the results of the others were told to `take`. On an
# interrupt, jobs that wait or run are taken off the cluster.
on_cluster <- function(round, BPPARAM, take, call) {
  salvage <- \() {
    registry <- BPPARAM$registry
    found <- suppressWarnings(batchtools::findDone(reg = registry)$job.id)
    if (length(found) > 0) take(found, lapply(found, batchtools::loadResult, reg = registry))
    found
  }
  withCallingHandlers(
    tryCatch(round(), error = \(e) {
      lost <- describe_lost(BPPARAM$registry, salvage())
      cli::cli_abort(c("Jobs on the cluster came back without a result.", lost), parent = e,
                     class = "poems_cluster", call = call)
    }),
    interrupt = \(condition) {
      try(suppressMessages(batchtools::killJobs(reg = BPPARAM$registry)), silent = TRUE)
      try(salvage(), silent = TRUE)
    }
  )
}

lines_of_log <- 12L

# How many jobs were lost and how the log of the first of them ends.
describe_lost <- function(registry, found) {
  jobs <- batchtools::getJobTable(reg = registry)
  lost <- setdiff(jobs$job.id[!is.na(jobs$submitted)], found)
  if (length(lost) == 0) return(NULL)
  log <- tryCatch(batchtools::getLog(lost[1], reg = registry), error = \(e) character())
  log <- utils::tail(log[nzchar(log)], lines_of_log)
  c(
    "x" = sprintf("%d of %d: the first is number %d.", length(lost), nrow(jobs), lost[1]),
    if (length(log) == 0) {
      c("i" = "It has left no log: it may never have started, or was ended at once.")
    } else {
      log <- gsub("([{}])", "\\1\\1", log)  # which are not to be read as code
      c("i" = "Its log ends:", stats::setNames(log, rep(" ", length(log))))
    }
  )
}
