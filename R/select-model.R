#' Fit the configuration that was chosen
#'
#' Fits the best configuration of [poems_tune()], or the simplest that is about as good, to all
#' samples.
#'
#' @param tuned A result of [poems_tune()] with all jobs of some configuration done.
#' @param rule `"best"`, the configuration whose mean is highest; or `"one_se"`, the simplest of
#'   those within one standard error of it, see [poems_tune()].
#' @param data The omics once more, where they are not found under the name they had when tuned.
#'
#' @return A fit of [poems()], whose `call` is that of the chosen settings. It holds out samples to
#'   know when to stop, as every fit does, and has the seed of the tuning.
#'
#' @section Errors:
#' A `tuned` without a configuration whose repeats are all done, `"one_se"` with one repeat, and
#' data that are not found or are others.
#'
#' @source Written for this package.
#' @inherit poems_tune references
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:20, ])
#' tuned <- poems_tune(omics, factors = c(2, 6), repeats = 2, seed = 21,
#'                     control = list(epochs = 20, threads = 1))
#' select_model(tuned)
#' @export
select_model <- function(tuned, rule = c("best", "one_se"), data = NULL) {
  if (!inherits(tuned, "poems_tuned")) {
    cli::cli_abort("{.arg tuned} must be a result of {.fn poems_tune}, not {describe(tuned)}.")
  }
  rule <- arg_match(rule)
  chosen <- choose_configurations(tuned, configuration_table(tuned))
  check_choice(tuned, chosen, rule)
  data <- data_of_tuned(tuned, data, parent.frame())
  cohort_of_tuned(tuned, data)
  fit <- do.call(poems, c(list(x = data, seed = tuned$settings$seed), tuned$settings$describes,
                          tuned$arguments[[chosen[[rule]]]]))
  fit$call <- call_of_configuration(tuned, chosen[[rule]])
  fit
}

check_choice <- function(tuned, chosen, rule, call = rlang::caller_env()) {
  if (is.na(chosen[["best"]])) {
    cli::cli_abort(c(
      "No configuration of {.arg tuned} has all its repeats done.",
      "i" = "{.code poems_tune(tuned)} runs those that are missing or have failed."
    ), call = call)
  }
  if (is.na(chosen[[rule]])) {
    cli::cli_abort(c(
      "{.code rule = \"one_se\"} needs a standard error.",
      "x" = "{.arg tuned} has one repeat."
    ), call = call)
  }
}

# The call of poems() with the settings of a configuration that are not the defaults, and the
# arguments about the data as they were written for the tuning.
call_of_configuration <- function(tuned, number) {
  arguments <- tuned$arguments[[number]]
  settings <- unclass(arguments$control)
  defaults <- c(control_defaults[[settings$objective]],
                list(objective = names(control_defaults)[1], row_normalize = FALSE,
                     backend = backends[1], device = devices[1]))
  settings <- settings[setdiff(names(settings), c("threads", "progress"))]
  settings <- settings[!mapply(\(value, name) value == defaults[[name]], settings, names(settings))]
  described <- intersect(names(tuned$settings$describes), names(tuned$call))
  as.call(c(
    list(as.name("poems"), x = tuned$call$x, factors = arguments$factors),
    if (!is.null(tuned$grid$scale)) arguments["scale"],
    list(seed = tuned$settings$seed),
    if (length(settings) > 0) list(control = as.call(c(list(as.name("list")), settings))),
    if (!is.null(tuned$grid$weights)) list(weights = tuned$grid$weights[[number]]),
    as.list(tuned$call)[described]
  ))
}
