#' Names of factors
#'
#' Factors are numbered by how much they explain. Once it is known what they are, they can be called
#' by it: every table, figure and matrix of the fit then has these names.
#'
#' @param fit A fit from [poems()]; for `factor_names(fit)` also from [poems_split()] or
#'   [poems_compare()].
#' @param value The new names, text: one for every factor in use, in order; or a vector with the
#'   names of some, named by what these are called so far.
#'
#' @return `factor_names(fit)`: the names of the factors in use, in order; of [poems_split()] and
#'   [poems_compare()] fits those of coordinates and factors of all blocks. The replacement returns
#'   the fit, of which only names have changed. They are kept with it by [saveRDS()].
#'
#' @section Errors:
#' Names that are missing, empty or not unique, or that name factors that the fit does not have, are
#' an error. Coordinates of blocks say by their name what they are of and cannot be renamed.
#'
#' @source Written for this package.
#' @seealso [subset_fit()] to show some of the factors.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' factor_names(fit)
#' factor_names(fit) <- c(Factor1 = "Oestrogen")
#' head(latent(fit)[, 1:2])
#' top_features(fit, "Oestrogen", n = 3)
#' @export
factor_names <- function(fit) {
  check_any_fit(fit)
  names_of_factors(fit)
}

#' @rdname factor_names
#' @export
`factor_names<-` <- function(fit, value) {
  if (has_blocks(fit)) {
    cli::cli_abort("{.arg fit} must be a fit from {.fn poems}: coordinates of blocks keep their
                    names, which say what they are of.")
  }
  check_fit(fit)
  rename_factors(fit, check_factor_names(value, names_of_factors(fit)))
}

check_factor_names <- function(value, names, call = rlang::caller_env()) {
  if (!is.character(value) || anyNA(value) || any(trimws(value) == "")) {
    cli::cli_abort(c(
      "Names of factors must be text that is not empty.",
      "x" = if (!is.character(value)) "It is {describe(value)}."
    ), call = call)
  }
  if (is.null(names(value))) {
    if (length(value) != length(names)) {
      cli::cli_abort(c(
        "There must be one name for each of {length(names)} factors in use.",
        "x" = "There {?is/are} {length(value)}.",
        "i" = "To name some, say which: {.code c(Factor1 = \"Proliferation\")}."
      ), call = call)
    }
    new <- value
  } else {
    unknown <- setdiff(names(value), names)
    if (length(unknown) > 0 || anyDuplicated(names(value))) {
      cli::cli_abort(c(
        "New names must be named by factors in use, each once.",
        "x" = if (length(unknown) > 0) "Not in use: {quote_some(unknown)}.",
        "i" = describe_factors(names)
      ), call = call)
    }
    new <- stats::setNames(names, names)
    new[names(value)] <- value
  }
  if (anyDuplicated(new)) {
    cli::cli_abort(c(
      "Names of factors must differ.",
      "x" = "More than once: {quote_some(unique(new[duplicated(new)]))}."
    ), call = call)
  }
  unname(new)
}

# The parts that have names of factors.
rename_factors <- function(fit, names) {
  old <- names_of_factors(fit)
  columns <- \(x) {
    dimnames(x) <- list(rownames(x), names)
    x
  }
  fit[c("latent", "mode")] <- lapply(fit[c("latent", "mode")], columns)
  dimnames(fit$contributions)[[3]] <- names
  fit$loadings <- lapply(fit$loadings, columns)
  fit$inclusion <- lapply(fit$inclusion, columns)
  for (table in intersect(c("factor", "group_factor"), names(fit$explained))) {
    fit$explained[[table]]$factor <- names[match(fit$explained[[table]]$factor, old)]
  }
  of <- match(fit$sets$table$factor, old)
  if (!is.null(fit$sets)) fit$sets$table$factor <- ifelse(is.na(of), fit$sets$table$factor,
                                                          names[of])
  seal_fit(fit)
}
