# What figures read of any fit that has loadings and coordinates: of poems(), whose columns are
# factors; and, in blocks, of poems_split(), whose columns are shared and private coordinates, and
# of poems_compare(), whose columns are shared and salient factors.

has_blocks <- \(fit) inherits(fit, c("poems_split", "poems_comparison"))

check_blocks_fit <- function(fit, call = rlang::caller_env()) {
  if (inherits(fit, "poems_split")) check_split_fit(fit, call) else check_comparison(fit, call)
}

check_readable <- function(fit, call = rlang::caller_env()) {
  check_any_fit(fit, call)
  if (has_blocks(fit)) check_has_loadings(fit, call)
}

check_any_fit <- function(fit, call = rlang::caller_env()) {
  if (has_blocks(fit)) check_blocks_fit(fit, call) else check_fit(fit, call)
}

# Names of the columns that have loadings.
readable_names <- function(fit) {
  if (has_blocks(fit)) colnames(fit$latent) else names_of_factors(fit)
}

# What they are called.
readable_word <- \(fit) if (inherits(fit, "poems_split")) "coordinate" else "factor"

# One row per loading that is not zero, with its effect and inclusion probability, or without these.
# Loadings of shared and private coordinates are effects already.
readable_loadings <- function(fit, effects = TRUE) {
  if (!has_blocks(fit)) return(if (effects) features_table(fit) else loading_rows(fit))
  rows <- split_loading_rows(fit)
  rows$effect <- rows$loading
  rows
}

# Names of shared and private coordinates are longer than the numbers of factors.
scale_x_readable <- function(fit) {
  if (!has_blocks(fit)) return(scale_x_factors(names_of_factors(fit)))
  ggplot2::scale_x_discrete(guide = ggplot2::guide_axis(angle = 45))
}
