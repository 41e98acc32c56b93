#' Choose settings by what they say of samples held out
#'
#' Fits every configuration of settings several times, each time without some of the samples, and
#' measures on these what the factors know: a table to choose from, [select_model()] to fit the
#' choice to all samples.
#'
#' @section What is tried:
#' Arguments of [poems()] and settings of [poems_control()] go by their names into `...`, each with
#' the values to try, and every combination of them is a configuration: `factors = c(8, 16), lambda0
#' = c(5, 10)` makes four. `weights`, a vector by itself, takes a list of them. `grid`, a data frame
#' with a column per argument, is taken as it is, row by row, for a design that is no cross; with
#' `...` beside it, every row meets every combination. What `control` sets is the same for all, and
#' all else has its default. Names and values are checked before anything is fitted.
#'
#' @section Held out:
#' In every repeat, one of `folds` parts of the samples (alike in which omics they have) is held out
#' of everything: it neither trains the model nor decides when training stops, for which [poems()]
#' holds out some of the others. The first `folds` repeats hold out different parts; then samples
#' are dealt anew. All configurations of a repeat have the same samples held out and the same seed,
#' so that they differ by their settings alone. One job is one configuration in one repeat.
#'
#' @section Measures:
#' Higher is better in all. What is predicted is what the decoders say (not what [impute()] adds,
#' which hardly depends on settings); values are in standard deviations from the mean of the
#' training samples, limited to +-6, whatever `scale` says, so that configurations compare.
#'
#' * `"loglik"`: every value of the samples held out is hidden once, a tenth of them at a time, and
#'   predicted from the sample's other values. The mean over hidden values of log p(x | xhat), with
#'   the noise of the feature that the fit has learnt: for Gaussian omics,
#'   -log(s) - log(2 pi) / 2 - (x - xhat)^2 / (2 s^2). Omics count by their values.
#' * `"r2"`: the mean over omics of R2 = 1 - sum (x - xhat)^2 / sum (x - m)^2 over the same hidden
#'   values, m being the mean of training. Of omics that are not Gaussian, deviances take the place
#'   of squares, see [variance_explained()].
#' * `"hidden_omic"`: the same R2 where every omic as a whole is predicted from the sample's other
#'   omics; `NA` with one omic.
#' * `"stability"`: how alike the factors of a repeat are to those of the others: per pair of
#'   repeats, the sum of the absolute correlations of matched factors (Hungarian algorithm) over the
#'   same samples, 200 at most, held out or not, divided by the larger number of factors in use; the
#'   mean over pairs. It needs two repeats.
#'
#' A configuration has the mean over its repeats, and its standard error, that of repeats.
#'
#' @section How good is the best:
#' The best of many configurations is partly the luckiest: on the held-out samples that chose it,
#' its mean is too good, the more so the more configurations there are and the less they differ. So
#' every repeat is also measured by the configuration that is best in the repeats which share no
#' held-out sample with it. The mean of that, `honest` in `glance()`, is what to expect of new
#' samples from a model chosen like this (a little too low, as a repeat fewer has chosen). `NA` with
#' one repeat, and for `"stability"`, which compares repeats.
#'
#' The rule `"one_se"` takes the simplest of the configurations whose mean is within one standard
#' error of the best: that of fewest `factors`, then largest `lambda0`, largest `lambda1`, fewest
#' `hidden` units, largest `dropout`, largest `weight_decay`; then the best. Learning rates and
#' batch sizes make no model simpler.
#'
#' @section Failures and interrupts:
#' A job that fails (training that diverges) is a row with its error; a configuration with such a
#' row is not chosen. An interrupt (Ctrl-C) ends the tuning, which returns what is done so far, with
#' a warning, and so do workers that die. `poems_tune(tuned)` runs what is missing or has failed, to
#' the same table as an unbroken run. It looks for the data under the name that they had, and makes
#' sure that they are the same.
#'
#' @inheritParams poems
#' @param x For the default method the omics, as [poems()] takes them; for the other, a result of
#'   `poems_tune()` to complete.
#' @param ... Arguments of [poems()] and [poems_control()] with the values to try, see below.
#' @param grid A data frame of configurations, or `NULL`.
#' @param repeats Number of fits of every configuration, at least 1.
#' @param folds Number of parts of the samples, at least 2. Every repeat holds out one.
#' @param metric By which measure configurations are ranked; the others are in the table as well.
#' @param seed A whole number that decides everything random: who is held out, and the seed of every
#'   repeat. Results depend neither on `BPPARAM` nor on the order of jobs. `NULL` draws it from R's
#'   generator.
#' @param BPPARAM As in [stability()]. Results are the same, but for the seconds.
#' @param keep `"table"` for small results; `"all"` to keep the fit of every job, that of row i of
#'   `tidy(tuned, "jobs")` as `results[[i]]$fit`. These lack what [impute()] and missing omics rest
#'   on.
#' @param control Settings that all configurations share: a plain list of arguments of
#'   [poems_control()], or its result; `progress` shows a bar of the jobs.
#' @param data The omics once more, where they are not found under the name they had.
#'
#' @return A list of class `poems_tuned`. `print()` shows the best configurations and the choice of
#'   both rules. `tidy()` gives tables, by `what`:
#'   * `"configurations"`: one row per configuration, best first: `configuration` (its number), the
#'     arguments tuned, `repeats` (those done), and for every measure its mean and standard error
#'     (`loglik`, `loglik_se` ...); means over repeats of `factors_used`, `zero` (the share of
#'     loadings that are zero), `epochs` and `seconds`; `best` and `one_se`, what each rule chooses.
#'   * `"jobs"`: one row per configuration and repeat: `configuration`, `fold` (the repeat), `seed`,
#'     the arguments tuned, the measures and numbers as above, `status` (`"done"`, `"failed"` or
#'     `"not run"`) and `error`.
#'   * `"omics"`: one row per job done and omic: `configuration`, `fold`, `omic`, `values` (hidden),
#'     `loglik`, `r2`, `hidden_omic`.
#'
#'   `glance()`, one row: `configurations`, `repeats`, `jobs`, `failed`, `not_run`, `metric`, `best`
#'   and `one_se` (numbers of configurations), `mean` and `se` (of the best), `honest`, `seconds`
#'   (of all jobs), `seed`. `autoplot()` is described at [autoplot.poems_tuned()].
#'
#' @section Errors:
#' Names that are no argument, values out of range, configurations that take an omic for different
#' families, too few samples to hold some out (fewer than `r fewest_samples` in training), all
#' before any fit. Errors of `x` are those of [poems()].
#'
#' @references Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, 7.10:
#'   cross-validation and the rule of one standard error. Varma and Simon (2006), Bias in error
#'   estimation when using cross-validation for model selection, BMC Bioinformatics 7, 91.
#' @seealso [select_model()]; [stability()] for one configuration in depth; [benchmark_models()] to
#'   compare models; `vignette("on-a-cluster", "omicpoems")` for many jobs.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:20, ])
#' tuned <- poems_tune(omics, factors = c(2, 6), repeats = 2, seed = 21,
#'                     control = list(epochs = 20, threads = 1))
#' tuned
#' fit <- select_model(tuned, "one_se")
#' fit$call
#' @export
poems_tune <- function(x, ...) UseMethod("poems_tune")

tuned_metrics <- c("loglik", "r2", "hidden_omic", "stability")

#' @rdname poems_tune
#' @export
poems_tune.default <- function(x, ..., grid = NULL, repeats = 3, folds = 5,
                               metric = c("loglik", "r2", "hidden_omic", "stability"), seed = NULL,
                               BPPARAM = NULL, keep = c("table", "all"), control = list(),
                               samples = c("columns", "rows"), family = NULL, covariates = NULL,
                               experiments = NULL, assays = NULL, preprocess = NULL,
                               groups = NULL) {
  call <- data_free_call(match.call(), "poems_tune")
  call[[1]] <- as.name("poems_tune")  # not that of the method
  samples <- arg_match(samples)
  metric <- arg_match(metric)
  keep <- arg_match(keep)
  check_value(repeats, "repeats", "a whole number of at least 1", \(x) is_whole(x) && x >= 1)
  check_value(folds, "folds", "a whole number of at least 2", \(x) is_whole(x) && x >= 2)
  check_metric(metric, repeats)
  check_parallel(BPPARAM)
  grid <- read_grid(list(...), grid)
  seed <- check_seed(seed)
  describes <- list(samples = samples, family = family, covariates = covariates,
                    experiments = experiments, assays = assays,
                    preprocess = as_preprocess(preprocess), groups = groups)
  cohort <- read_cohort(x, describes, objectives_of(grid, control))
  configurations <- read_configurations(grid, control, names(cohort$omics))
  parts <- with_seed(seed, hold_out(cohort$omics, repeats, folds))
  check_held_out(cohort$samples, parts, folds)
  tuned <- new_tuned(call, grid, configurations, parts, cohort, list(
    metric = metric, repeats = as.integer(repeats), folds = as.integer(folds), seed = seed,
    keep = keep, describes = describes, seeds = with_seed(seed, draw_seeds(repeats))
  ))
  run_jobs(tuned, cohort, BPPARAM)
}

#' @rdname poems_tune
#' @export
poems_tune.poems_tuned <- function(x, data = NULL, BPPARAM = NULL, ...) {
  rlang::check_dots_empty()
  check_parallel(BPPARAM)
  if (all(status_of(x) == "done")) {
    cli::cli_inform(c("i" = "All jobs are done."))
    return(x)
  }
  data <- data_of_tuned(x, data, parent.frame())
  run_jobs(x, cohort_of_tuned(x, data), BPPARAM)
}

draw_seeds <- \(n) sample.int(.Machine$integer.max, n)

check_metric <- function(metric, repeats, call = rlang::caller_env()) {
  if (metric != "stability" || repeats > 1) return(invisible())
  cli::cli_abort("{.arg repeats} must be at least 2 for {.code metric = \"stability\"}.",
                 call = call)
}

objectives_of <- function(grid, control) {
  if (!is.null(grid$objective)) return(unique(grid$objective))
  if (is.list(control) && rlang::is_string(control$objective)) return(control$objective)
  names(control_defaults)[1]
}

# Data -------------------------------------------------------------------------------------------

# What the jobs of a tuning share, but for the settings. `describes`: arguments of poems() about the
# data. Read once without the transformations, which every fit takes for itself, and checked with
# them. Says once, not in every job, what there is to say of the data.
read_cohort <- function(x, describes, objectives, call = rlang::caller_env()) {
  with <- \(steps) read_omics(x, describes$samples, describes$experiments, describes$assays, steps,
                              call)
  data <- with(NULL)
  read <- if (is.null(describes$preprocess)) data else suppressMessages(with(describes$preprocess))
  objectives <- intersect(objectives, names(control_defaults))
  families <- lapply(objectives, \(objective) {
    choose_families(describes$family, read$data, objective, call = call)
  })
  check_same_families(families, objectives, call)
  design <- NULL
  for (objective in objectives) {
    groups <- read_sample_groups(describes$groups, x, data$samples, call)
    design <- read_covariates(describes$covariates, x, data$samples, objective, groups, call)$design
  }
  if (length(families) > 0) {
    check_families(read$data, families[[1]], call = call)
  }
  list(omics = data$data, samples = data$samples, family = families[1][[1]],
       design = if (!is.null(design)) as.data.frame(design), preprocess = describes$preprocess)
}

check_same_families <- function(families, objectives, call) {
  if (length(unique(families)) <= 1) return(invisible())
  differ <- names(families[[1]])[families[[1]] != families[[2]]]
  cli::cli_abort(c(
    "Configurations that take an omic for different families cannot be compared.",
    "x" = "Objectives {quote_some(objectives)} differ in {quote_some(differ)}.",
    "i" = "Tune them apart, or pass {.code family = \"gaussian\"} if the values are continuous."
  ), call = call)
}

# What tells the data of a tuning from others: names and values.
mark_of <- function(omics) {
  core_checksum(lapply(omics, \(values) list(dimnames(values), checksum_of_values(values))))
}

# The data, as given or else under the name that they had, seen from the frame `from`.
data_of_tuned <- function(tuned, data, from, call = rlang::caller_env()) {
  if (!is.null(data)) return(data)
  name <- tuned$call$x
  tryCatch(eval(name, from), error = \(e) {
    cli::cli_abort(c(
      "The data are not found under the name that they had, {.code {deparse1(name)}}.",
      "i" = "Pass them as {.arg data}."
    ), call = call)
  })
}

cohort_of_tuned <- function(tuned, data, call = rlang::caller_env()) {
  objectives <- unique(vapply(tuned$arguments, \(a) a$control$objective, ""))
  cohort <- suppressMessages(read_cohort(data, tuned$settings$describes, objectives, call))
  if (mark_of(cohort$omics) != tuned$settings$mark) {
    cli::cli_abort(c(
      "The data must be those that were tuned on.",
      "x" = "Their samples, features or values are others.",
      "i" = "Pass the right ones as {.arg data}."
    ), call = call)
  }
  cohort
}

# Held out ---------------------------------------------------------------------------------------

# The names of the samples held out in every repeat. Samples are dealt into `folds` parts, those
# with the same omics evenly; after so many repeats, anew.
hold_out <- function(omics, repeats, folds) {
  patterns <- sample_patterns(omics)
  rounds <- lapply(seq_len(ceiling(repeats / folds)), \(round) {
    dealt <- unlist(lapply(unname(patterns), draw_from))
    split(dealt, rep_len(seq_len(folds), length(dealt)))
  })
  unname(unlist(rounds, recursive = FALSE)[seq_len(repeats)])
}

check_held_out <- function(samples, parts, folds, call = rlang::caller_env()) {
  least <- length(samples) - max(lengths(parts))
  if (least >= fewest_samples && min(lengths(parts)) >= 2) return(invisible())
  cli::cli_abort(c(
    "{.arg folds} must leave at least {fewest_samples} samples to train on, and 2 to hold out.",
    "x" = "{length(samples)} samples in {folds} parts leave {least} and {min(lengths(parts))}."
  ), call = call)
}

# Jobs -------------------------------------------------------------------------------------------

# `configurations`: what read_configurations() returns.
new_tuned <- function(call, grid, configurations, parts, cohort, settings) {
  jobs <- expand.grid(fold = seq_along(parts), configuration = seq_along(configurations))
  settings$samples <- length(cohort$samples)
  settings$mark <- mark_of(cohort$omics)
  structure(
    list(
      grid = grid, arguments = configurations, held = parts,
      jobs = data.frame(configuration = jobs$configuration, fold = jobs$fold,
                        seed = settings$seeds[jobs$fold]),
      results = vector("list", nrow(jobs)), settings = settings, call = call
    ),
    class = "poems_tuned"
  )
}

status_of <- function(tuned) {
  vapply(tuned$results, \(result) {
    if (is.null(result)) "not run" else if (is.na(result$measures$error)) "done" else "failed"
  }, "")
}

# Runs the jobs that are not done. What was done before an interrupt or the loss of a worker stays.
run_jobs <- function(tuned, cohort, BPPARAM, call = rlang::caller_env()) {
  pending <- which(status_of(tuned) != "done")
  jobs <- lapply(pending, \(i) {
    arguments <- tuned$arguments[[tuned$jobs$configuration[i]]]
    arguments$control <- without_predictions(control_of_runs(arguments$control, BPPARAM))
    list(arguments = arguments, held = tuned$held[[tuned$jobs$fold[i]]], seed = tuned$jobs$seed[i])
  })
  if (!is.null(BPPARAM)) cohort$omics <- lapply(cohort$omics, as.matrix)  # other processes
  cohort$keep_fits <- tuned$settings$keep == "all"
  run <- \() apply_runs(
    jobs, do_job, BPPARAM, tuned$arguments[[1]]$control$progress, cohort = cohort,
    done = \(at, results) tuned$results[pending[at]] <<- results, call = call
  )
  stopped <- tryCatch({
    run()
    NULL
  }, interrupt = \(condition) condition, error = \(condition) condition)
  tell_stopped(stopped, tuned)
  warn_failed_jobs(tuned)
  tuned
}

# `stopped`: the condition that has ended the jobs, or NULL. An error before any job was done is
# one.
tell_stopped <- function(stopped, tuned) {
  if (is.null(stopped)) return(invisible())
  missing <- sum(status_of(tuned) == "not run")
  if (inherits(stopped, "error") && missing == nrow(tuned$jobs)) rlang::cnd_signal(stopped)
  why <- if (inherits(stopped, "interrupt")) "Interrupted" else "Workers were lost"
  cli::cli_warn(c(
    paste0(why, ": {missing} of {nrow(tuned$jobs)} job{?s} ",
           "{cli::qty(missing)}{?was/were} not run."),
    "i" = "{.code poems_tune(tuned)} on this result runs them."
  ), class = "poems_tune_stopped", parent = if (inherits(stopped, "error")) stopped)
}

warn_failed_jobs <- function(tuned) {
  failed <- which(status_of(tuned) == "failed")
  if (length(failed) == 0) return(invisible())
  errors <- vapply(tuned$results[failed], \(result) sub("\n.*", "", result$measures$error), "")
  of <- tuned$jobs$configuration[failed]
  lines <- sprintf("Configuration %d: %s", of, errors)[!duplicated(of)]
  cli::cli_warn(c("{length(failed)} of {nrow(tuned$jobs)} job{?s} failed.",
                  "x" = "The first error of each configuration:",
                  as_bullets(utils::head(lines, 5))))
}
