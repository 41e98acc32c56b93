#' Which factors of two fits are the same
#'
#' Compares fits that are there, without fitting anything again: of other seeds, settings, omics or
#' methods, or of one part of the omics and another. The factors of each pair of fits are matched by
#' how their coordinates correlate over the samples that both have.
#'
#' Factors are matched one to one so that the sum of their absolute correlations is greatest
#' (Hungarian algorithm). A factor that another fit has split into two is matched with one of them:
#' the matrices of all correlations show the other. Chance makes correlations, too, of about 1 /
#' sqrt(samples), and the largest of many is larger: with few samples, matches below 0.5 mean
#' little.
#'
#' @param ... Two or more fits from [poems()], [poems_split()], [poems_compare()] or
#'   [poems_baseline()], of the same or overlapping samples; or one list of them. They go by the
#'   names of the arguments or of the list, or else by the names of the variables.
#'
#' @return A list of class `compared_fits`:
#'   * `matches`: data frame with one row per pair of fits and factor of the first, and a row for
#'     every factor of the second that has no match: `fit1`, `fit2`, `factor1`, `factor2` (`NA`
#'     without a match) and `correlation`, with its sign;
#'   * `correlations`: a list named `"fit1 - fit2"` of matrices, factors of the first x factors of
#'     the second;
#'   * `samples`: fits x fits, the number of samples in common.
#'
#'   `tidy()` returns the matches, or all correlations with `what = "correlations"`; `print()` says
#'   how many factors are found again.
#'
#' @section Errors:
#' Anything that is not a fit is an error, and so are fits without factors and pairs with fewer than
#' 10 samples in common.
#'
#' @source Written for this package.
#' @seealso [plot_fits()] for a figure; [stability()] to fit the same data again,
#'   [factor_recovery()] where the truth is known.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' control <- list(epochs = 20, threads = 1, progress = FALSE)
#' all <- poems(omics, factors = 6, seed = 21, control = control)
#' rna <- poems(omics[c("mrna", "mirna")], factors = 6, seed = 21, control = control)
#' both <- compare_fits(all, rna)
#' both
#' tidy(both)
#' @export
compare_fits <- function(...) {
  given <- as.list(substitute(list(...)))[-1]
  variables <- vapply(given, \(e) if (is.symbol(e)) as.character(e) else "", "")
  fits <- named_fits(list(...), unname(variables))
  for (name in names(fits)) check_compared_fit(fits[[name]], name)
  latents <- lapply(fits, \(fit) as.matrix(fit$latent))
  pairs <- utils::combn(length(fits), 2, simplify = FALSE)
  compared <- lapply(pairs, \(pair) compare_pair(latents[pair]))
  samples <- outer(seq_along(fits), seq_along(fits), Vectorize(\(a, b) {
    length(intersect(rownames(latents[[a]]), rownames(latents[[b]])))
  }))
  dimnames(samples) <- list(names(fits), names(fits))
  titles <- vapply(pairs, \(pair) paste(names(fits)[pair], collapse = " - "), "")
  structure(
    list(matches = do.call(rbind, lapply(compared, `[[`, "matches")),
         correlations = stats::setNames(lapply(compared, `[[`, "correlation"), titles),
         samples = samples),
    class = "compared_fits"
  )
}

# As one named list. `variables`: what the arguments were called.
named_fits <- function(fits, variables, call = rlang::caller_env()) {
  if (length(fits) == 1 && is.list(fits[[1]]) && !is_any_fit(fits[[1]])) {
    fits <- fits[[1]]
    variables <- rep("", length(fits))
  }
  if (length(fits) < 2) {
    cli::cli_abort(c(
      "There must be at least two fits to compare.",
      "x" = "There {?is/are} {length(fits)}."
    ), call = call)
  }
  names <- rlang::names2(fits)
  names <- ifelse(names == "", variables, names)
  names <- ifelse(names == "", paste0("fit", seq_along(fits)), names)
  stats::setNames(fits, make.unique(names, sep = " "))
}

is_any_fit <- \(x) inherits(x, c("poems", "poems_split", "poems_comparison", "poems_baseline"))

check_compared_fit <- function(fit, name, call = rlang::caller_env()) {
  if (!is_any_fit(fit)) {
    cli::cli_abort(c(
      "{.arg ...} must be fits, or a list of fits.",
      "x" = "{quote_some(name)} is {describe(fit)}."
    ), call = call)
  }
  check_fit(fit, call, name, class(fit)[1])
  if (ncol(fit$latent) > 0) return(invisible())
  cli::cli_abort(c(
    "All fits must have a factor in use.",
    "x" = "{quote_some(name)} has none."
  ), call = call)
}

# `latents`: two, samples x factors, by name of their fits.
compare_pair <- function(latents, call = rlang::caller_env(2)) {
  both <- intersect(rownames(latents[[1]]), rownames(latents[[2]]))
  if (length(both) < fewest_samples) {
    cli::cli_abort(c(
      "Fits must have at least {fewest_samples} samples in common.",
      "x" = "{quote_some(names(latents)[1])} and {quote_some(names(latents)[2])} have
             {length(both)}.",
      names_hint(rownames(latents[[1]]), rownames(latents[[2]]))
    ), call = call)
  }
  parts <- lapply(latents, \(z) z[both, , drop = FALSE])
  correlation <- known_correlation(parts[[1]], parts[[2]])
  list(correlation = correlation, matches = match_rows(correlation, names(latents)))
}

# Over samples in which both are known: private coordinates are not in samples that lack their omic.
# 0 where a factor is constant.
known_correlation <- function(a, b) {
  correlation <- suppressWarnings(stats::cor(a, b, use = "pairwise.complete.obs"))
  correlation[is.na(correlation)] <- 0
  correlation
}

match_rows <- function(correlation, fits) {
  column <- match_columns(abs(correlation))$column
  left <- setdiff(seq_len(ncol(correlation)), column)
  data.frame(
    fit1 = fits[1], fit2 = fits[2],
    factor1 = c(rownames(correlation), rep(NA_character_, length(left))),
    factor2 = colnames(correlation)[c(column, left)],
    correlation = c(correlation[cbind(seq_along(column), column)], rep(NA_real_, length(left)))
  )
}

#' @rdname compare_fits
#' @param x What `compare_fits()` returns.
#' @param what Which table: `"matches"` or `"correlations"`.
#' @export
tidy.compared_fits <- function(x, what = c("matches", "correlations"), ...) {
  what <- arg_match(what)
  rlang::check_dots_empty()
  as_table(if (what == "matches") x$matches else compared_rows(x))
}

compared_rows <- function(x) {
  pairs <- unique(x$matches[c("fit1", "fit2")])
  rows <- Map(\(correlation, fit1, fit2) {
    data.frame(fit1 = fit1, fit2 = fit2,
               long_table(correlation, c("factor1", "factor2", "correlation")))
  }, unname(x$correlations), pairs$fit1, pairs$fit2)
  do.call(rbind, unname(rows))
}

# From this absolute correlation on, print() counts a factor as found again.
found_again <- 0.8

#' @export
print.compared_fits <- function(x, ...) {
  cli::cat_line(cli::style_bold("Factors of fits compared"), cli::pluralize(
    ": {nrow(x$samples)} fits, matched over samples in common"
  ))
  cli::cat_line()
  pairs <- unique(x$matches[c("fit1", "fit2")])
  rows <- lapply(seq_len(nrow(pairs)), \(i) {
    of <- x$matches$fit1 == pairs$fit1[i] & x$matches$fit2 == pairs$fit2[i]
    size <- abs(x$matches$correlation[of])
    list(size = dim(x$correlations[[i]]), found = sum(size >= found_again, na.rm = TRUE),
         median = stats::median(size, na.rm = TRUE))
  })
  number <- \(of) format(vapply(rows, of, 0))
  cat_table(stats::setNames(
    list(names(x$correlations), format(x$samples[cbind(pairs$fit1, pairs$fit2)]),
         vapply(rows, \(row) paste(row$size, collapse = " / "), ""),
         number(\(row) as.numeric(row$found)),
         sprintf("%.2f", vapply(rows, `[[`, 0, "median"))),
    c("fits", "samples", "factors", sprintf("|r| >= %g", found_again), "median |r|")
  ))
  invisible(x)
}
