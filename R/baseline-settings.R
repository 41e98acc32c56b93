# Settings of the comparison models. The core has the table of them: names, defaults of both forms,
# what they must be and what they mean. Users' settings are checked against it, and the help has it.

baseline_models <- c("poem", "mocss_ae", "mocss_vae", "mocss_sparsevae")

# One row per model and setting; `group` is "model" or "training".
baseline_options <- function() do.call(rbind, core_baseline_options())

options_of <- function(model, group) {
  options <- baseline_options()
  options[options$model == model & options$group == group, ]
}

# Settings of the model: the defaults of its form, and what the user gave for them by name.
baseline_settings <- function(given, model, form, call = rlang::caller_env()) {
  options <- options_of(model, "model")
  unknown <- setdiff(check_given_names(given, "...", call), options$setting)
  if (length(unknown) > 0) abort_unknown_setting(unknown[1], model, options, call)
  settings <- fill_settings(given, options, form, call)
  if (!is.null(settings$lambda0) && settings$lambda0 <= settings$lambda1) {
    cli::cli_abort(c(
      "{.arg lambda0} must be larger than {.arg lambda1}: the spike is narrower than the slab.",
      "x" = "{.arg lambda0} is {settings$lambda0} and {.arg lambda1} is {settings$lambda1}."
    ), call = call)
  }
  settings
}

baseline_control <- function(control, model, form, call = rlang::caller_env()) {
  fill_control(control, options_of(model, "training"), form, call)
}

# Settings of the training, with those of the machine. `options`: the table of what there is;
# `form`: which defaults.
fill_control <- function(control, options, form, call) {
  if (!is.list(control) || is.object(control)) {
    cli::cli_abort(c(
      "{.arg control} must be a named list of training settings.",
      "x" = "It is {describe(control)}.",
      "i" = "For instance {.code control = list(epochs = 100)}."
    ), call = call)
  }
  machine <- c("threads", "progress")
  known <- c(options$setting, machine)
  unknown <- setdiff(check_given_names(control, "control", call), known)
  if (length(unknown) > 0) {
    cli::cli_abort(c(
      "{.arg control} has no setting {quote_some(unknown[1])}.",
      "i" = "It has {.field {known}}."
    ), call = call)
  }
  settings <- fill_settings(control[setdiff(names(control), machine)], options, form, call)
  settings$threads <- unname(parallelly::availableCores())
  settings$progress <- shows_progress()
  for (setting in intersect(names(control), machine)) {
    rule <- control_rules[[setting]]
    check_value(control[[setting]], setting, rule$wanted, rule$valid, call)
    settings[[setting]] <- control[[setting]]
  }
  settings$threads <- limit_threads(settings$threads)
  settings
}

# The names of what the user gave; every one must have one of its own.
check_given_names <- function(given, arg, call) {
  names <- rlang::names2(given)
  if (any(names == "")) {
    cli::cli_abort("Every setting in {.arg {arg}} must have a name.", call = call)
  }
  twice <- unique(names[duplicated(names)])
  if (length(twice) > 0) {
    cli::cli_abort("{.arg {arg}} sets {quote_some(twice)} more than once.", call = call)
  }
  names
}

abort_unknown_setting <- function(name, model, options, call) {
  training <- options_of(model, "training")$setting
  cli::cli_abort(c(
    "Model {.val {model}} has no setting {quote_some(name)}.",
    "i" = if (name %in% c(training, "threads", "progress")) {
      "It is a setting of the training: {.code control = list({name} = ...)}."
    } else {
      "It has {.field {options$setting}}."
    }
  ), call = call)
}

fill_settings <- function(given, options, form, call) {
  settings <- stats::setNames(as.list(options[[form]]), options$setting)
  for (setting in names(given)) {
    option <- options[options$setting == setting, ]
    check_value(given[[setting]], setting, option$wanted, \(x) in_option(x, option), call)
    settings[[setting]] <- as.double(given[[setting]])
  }
  settings
}

in_option <- function(x, option) {
  is_number(x) && x >= option$least && x <= option$most && (!option$whole || is_whole(x))
}

# The help's table: a row per setting and meaning.
baseline_settings_section <- function() {
  options <- baseline_options()
  options$row <- match(paste(options$setting, options$meaning),
                       unique(paste(options$setting, options$meaning)))
  rows <- vapply(split(options, options$row), settings_row, "")
  training <- vapply(split(options, options$row), \(rows) rows$group[1] == "training", NA)
  header <- c("| setting | default | published | meaning |", "|:--|--:|--:|:--|")
  c(
    "@section Settings:", "Of the model, passed by name:", "",
    sub("setting", "setting of", header[1]), header[2], rows[!training], "",
    "Of the training, passed in `control`:", "", header, rows[training]
  )
}

# Where models differ, the default of each.
settings_row <- function(rows) {
  default <- function(values) {
    if (length(unique(values)) == 1) return(format(values[1]))
    paste(sprintf("%s (%s)", vapply(values, format, ""), rows$model), collapse = ", ")
  }
  family <- if (all(grepl("^mocss", rows$model)) && nrow(rows) == 3) "mocss" else rows$model
  of <- if (rows$group[1] == "training") "" else sprintf(" (%s)", toString(family))
  sprintf("| `%s`%s | %s | %s | %s |", rows$setting[1], of, default(rows$corrected),
          default(rows$published), rows$meaning[1])
}
