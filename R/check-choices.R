# Arguments that choose among the omics of the input and their assays.

# Names or numbers, or NULL: TRUE would count as 1, and language is no choice at all.
are_choices <- \(x) is.null(x) || ((is.character(x) || is.numeric(x)) && !is.object(x) && !anyNA(x))

check_experiments <- function(experiments, call) {
  if (are_choices(experiments)) return(invisible())
  cli::cli_abort(
    "{.arg experiments} must be names or numbers of omics, not {describe(experiments)}.",
    call = call
  )
}

# `omics`: a list of them, as the user has them.
check_assays <- function(assays, omics, call) {
  each <- if (is.list(assays) && !is.object(assays)) assays else list(assays)
  if (!all(vapply(each, are_choices, NA))) {
    cli::cli_abort(
      "{.arg assays} must be names or numbers of assays, not {describe(assays)}.", call = call
    )
  }
  has_assays <- vapply(omics, inherits, NA, c(assay_classes, "mae_experiment"))
  if (length(assays) == 0 || any(has_assays)) return(invisible())
  cli::cli_abort(c(
    "{.arg assays} must be {.code NULL}: no omic in {.arg x} has assays to choose from.",
    "x" = "It is {describe(assays)}."
  ), call = call)
}
