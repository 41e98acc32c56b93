# The factors a fit shows are those in use, by variance explained (see variance_explained()). The
# core has all of them, in its own order. `fit$order` leads from one to the other: the core's
# numbers of the factors in use, in the order shown, then of those not in use, whose latent
# variables and loadings are in `fit$unused`.

numbered_factors <- \(n) sprintf("Factor%d", seq_len(n))

# Those that the factors of a fit go by: the columns of `latent` have them, and all other parts the
# same.
names_of_factors <- \(fit) as.character(colnames(fit$latent))

factors_in_use <- \(fit) utils::head(fit$order, fit$factors)

# A matrix of the factors in use and one of those not in use, as the core has them.
in_core_order <- function(fit, used, unused) {
  unname(cbind(as.matrix(used), as.matrix(unused)))[, order(fit$order), drop = FALSE]
}

core_latent <- \(fit) in_core_order(fit, fit$latent, fit$unused$latent)
core_mode_of <- \(fit) in_core_order(fit, fit$mode, fit$unused$mode)

# The core's parameters of a fit.
core_parameters <- function(fit) {
  parameters <- fit$parameters
  for (omic in names(fit$omics)) {
    parameters$omics[[omic]]$W <-
      in_core_order(fit, fit$loadings[[omic]], fit$unused$loadings[[omic]])
  }
  parameters
}

# Names the rows as told, and the columns as factors.
name_factors <- function(x, rows, names = numbered_factors(ncol(x))) {
  dimnames(x) <- list(rows, names)
  x
}

# For figures, which need something to draw.
check_any_factor <- function(fit, call = rlang::caller_env()) {
  if (fit$factors > 0) return(invisible())
  cli::cli_abort(c(
    "There is no factor to show: {.arg fit} has none in use.",
    "i" = no_factor_hint
  ), call = call)
}

no_factor_hint <- "Lower {.arg lambda0} in {.fn poems_control}, or train for more epochs."
