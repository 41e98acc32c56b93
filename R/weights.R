# How much each omic counts.

# `weights` as the user passes them: a weight per omic, in the order of `omics`; NULL without.
read_weights <- function(weights, omics, objective, call = rlang::caller_env()) {
  if (is.null(weights)) return(NULL)
  if (objective == "published") {
    cli::cli_abort(
      "{.arg weights} must be {.code NULL} with {.code objective = \"published\"}.", call = call
    )
  }
  valid <- is_numeric_vector(weights) && are_names(names(weights)) &&
    all(is.finite(weights) & weights > 0)
  if (!valid) {
    cli::cli_abort(c(
      "{.arg weights} must be numbers above 0, named by omic.",
      "x" = if (is.numeric(weights) && length(weights) > 0) {
        "It is {.code {deparse1(utils::head(weights, 5))}}."
      } else {
        "It is {describe(weights)}."
      },
      "i" = "For instance {.code weights = c({omics[1]} = 0.5)}; others count 1. To do without an
             omic, leave it out of {.arg x}."
    ), call = call)
  }
  check_omic_choice(names(weights), omics, call, "weights")
  all <- stats::setNames(rep(1, length(omics)), omics)
  all[names(weights)] <- weights
  all
}

# Those of a fit, named by omic; NULL where it has none.
omic_weights <- function(fit) {
  weights <- lapply(fit$config$omics, `[[`, "weight")
  if (is.null(weights[[1]])) return(NULL)
  stats::setNames(unlist(weights), names(fit$omics))
}
