# Which configurations poems_tune() tries: read, crossed and checked before any is fitted.

# Of what is not a setting of poems_control(), what may differ between configurations; all else
# describes the data.
tunable_arguments <- c("factors", "scale", "weights")

# Of those, what takes more than one number or word: several of them come in a list.
vector_arguments <- "weights"

tunable_settings <- function() {
  c("objective", setdiff(names(control_rules), computing_settings))
}

# A data frame with a row per configuration and a column per argument, a list where values are
# vectors. `crossed`: named list of what `...` had.
read_grid <- function(crossed, grid, call = rlang::caller_env()) {
  crossed <- Map(as_values, crossed, rlang::names2(crossed))
  if (!is.null(grid)) check_grid(grid, call)
  check_tuned_names(rlang::names2(crossed), "...", call)
  check_tuned_names(names(grid), "grid", call)
  twice <- intersect(names(crossed), names(grid))
  if (length(twice) > 0) {
    cli::cli_abort("{quote_some(twice)} must be given in {.arg ...} or in {.arg grid}, not both.",
                   call = call)
  }
  empty <- names(crossed)[lengths(crossed) == 0]
  if (length(empty) > 0) {
    cli::cli_abort("{.arg {empty[1]}} must have a value to try.", call = call)
  }
  if (length(crossed) + length(grid) == 0) {
    cli::cli_abort(c(
      "There must be something to tune.",
      "i" = "For instance {.code poems_tune(x, factors = c(8, 16, 32), lambda0 = c(5, 10, 20))}."
    ), call = call)
  }
  grid <- lapply(as.list(grid), \(column) if (is.factor(column)) as.character(column) else column)
  # The last argument runs fastest, as one would write nested loops; rows of the grid slowest.
  at <- rev(expand.grid(rev(c(if (length(grid) > 0) list(.row = seq_along(grid[[1]])),
                              lapply(crossed, seq_along)))))
  columns <- c(lapply(grid, \(column) column[at$.row]),
               Map(\(values, name) values[at[[name]]], crossed, names(crossed)))
  structure(columns, class = "data.frame", row.names = seq_len(nrow(at)))
}

# The values to try of one argument, an atomic vector or a list.
as_values <- function(values, name) {
  if (is.factor(values)) values <- as.character(values)
  if (is.list(values) && !is.object(values)) {
    single <- vapply(values, \(x) is.atomic(x) && length(x) == 1 && is.null(names(x)), NA)
    return(if (length(values) > 0 && all(single)) unlist(values, use.names = FALSE) else values)
  }
  if (name %in% vector_arguments || !is.atomic(values)) list(values) else unname(values)
}

check_grid <- function(grid, call) {
  if (!is.data.frame(grid) || ncol(grid) == 0 || nrow(grid) == 0) {
    cli::cli_abort(c(
      "{.arg grid} must be a data frame with a row per configuration, or {.code NULL}.",
      "x" = "It is {describe(grid)}.",
      "i" = "For instance {.code data.frame(factors = c(8, 16), lambda0 = c(10, 5))}."
    ), call = call)
  }
}

check_tuned_names <- function(names, arg, call) {
  if (length(names) == 0) return(invisible())
  if (any(names == "")) {
    cli::cli_abort(c(
      "Everything in {.arg {arg}} must have the name of an argument.",
      "i" = "For instance {.code lambda0 = c(5, 10, 20)}."
    ), call = call)
  }
  twice <- unique(names[duplicated(names)])
  if (length(twice) > 0) {
    cli::cli_abort("{.arg {arg}} has {quote_some(twice)} more than once.", call = call)
  }
  known <- c(tunable_arguments, tunable_settings())
  unknown <- setdiff(names, known)[1]
  if (is.na(unknown)) return(invisible())
  why <- if (unknown %in% computing_settings) {
    "Results do not depend on it: pass it in {.arg control}."
  } else if (unknown == "seed") {
    "Every repeat has a seed of its own, drawn with {.arg seed}."
  } else if (unknown %in% setdiff(names(formals(poems)), names(formals(poems_tune.default)))) {
    "{.fn poems_tune} does not take it."
  } else if (unknown %in% names(formals(poems))) {
    "It is the same for all configurations: pass it as an argument of {.fn poems_tune}."
  } else {
    nearest <- known[which.min(utils::adist(unknown, known, ignore.case = TRUE))]
    "Did you mean {quote_some(nearest)}? {.fn poems} and {.fn poems_control} have them all."
  }
  cli::cli_abort(c("{quote_some(unknown)} cannot be tuned.", "i" = why), call = call)
}

# The arguments of poems() of every configuration, checked: `factors`, `scale`, `weights` and
# `control`. `base`: the settings that are not tuned, as the user gave them.
read_configurations <- function(grid, base, omics, call = rlang::caller_env()) {
  base <- settings_given(base, call)
  lapply(seq_len(nrow(grid)), \(i) {
    row <- lapply(grid, `[[`, i)
    own <- row[names(row) %in% tunable_settings()]
    control <- as_control(utils::modifyList(base, own), call)
    list(
      factors = check_factors(if (is.null(row$factors)) formals(poems)$factors else row$factors,
                              call),
      scale = choose_scaling(row$scale, control$objective, call),
      weights = read_weights(row$weights, omics, control$objective, call),
      control = control
    )
  })
}

# Of settings as poems() takes them, those that are not the defaults: another objective has others.
settings_given <- function(control, call) {
  if (!inherits(control, "poems_control")) {
    if (!is.list(control) || is.object(control)) as_control(control, call)  # an error
    return(control)
  }
  defaults <- c(control_defaults[[control$objective]], list(row_normalize = FALSE))
  control <- unclass(control)
  same <- vapply(names(control), \(name) identical(control[[name]], defaults[[name]]), NA)
  control[!same]
}
