#' Links that are found again, with a bound on the share of false ones
#'
#' The links between features and factors (loadings that are not zero) which [stability()] with
#' `pairs = TRUE` selects so often that among them at most a given share is expected to be false.
#'
#' False is a link that half of the samples select with a probability of at most 1/2. Shah and
#' Samworth (2013) bound how many of these are selected in a share of at least t of B pairs of
#' disjoint halves: in expectation by C(t, B) times 1/2 times the number of them that one half
#' selects. C is 1 / (2 (2 t - 1 - 1 / (2 B))) up to t = 3/4 and 4 (1 - t + 1 / (2 B)) / (1 + 1 / B)
#' beyond, if the distribution of the share of pairs in which both halves select a link has one
#' mode. The number that one half selects is estimated by the sum of the shares that are at most
#' 1/2. The threshold is the lowest t, above 1/2 + 1 / (2 B) + 3/16, for which the bound is at most
#' `fdr` times the number of links.
#'
#' What every half gets wrong is not false in this sense: the bend of a factor that is taken for a
#' factor of its own, two factors that are rotated into each other alike in all halves. In
#' simulations (`bench/uncertainty.md`), of the links of factors that match a true one less than 1 %
#' were false at `fdr = 0.1`: the bound is a cautious one, and costs true links where noise is
#' strong.
#'
#' @param x A result of [stability()] with `pairs = TRUE`.
#' @param fdr Largest expected share of false links, above 0 and below 1.
#' @return Data frame with one row per link, the most often selected first: `omic`, `feature`,
#'   `factor` (of `x$fit`) and `share`, the share of runs that select it. The attribute `threshold`
#'   is the smallest share allowed, `NA` where no threshold will do and there are no rows;
#'   `expected_false` is the bound on the number of false links there.
#'
#' @section Errors:
#' Results without pairs are an error, and so is an `fdr` out of range.
#'
#' @references Shah and Samworth (2013), Variable selection with error control: another look at
#'   stability selection, Journal of the Royal Statistical Society B 75, 55-80.
#' @seealso [stability()], [uncertainty()].
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' again <- stability(omics, factors = 4, runs = 10, pairs = TRUE, seed = 21,
#'                    control = list(epochs = 5, threads = 1, progress = FALSE))
#' head(stable_links(again, fdr = 0.1))
#' @export
stable_links <- function(x, fdr = 0.1) {
  if (!inherits(x, "poems_stability") || !isTRUE(x$settings$pairs)) {
    is_stability <- inherits(x, "poems_stability")
    cli::cli_abort(c(
      "{.arg x} must be a result of {.fn stability} with {.code pairs = TRUE}.",
      "x" = if (is_stability) "Its runs are not pairs." else "It is {describe(x)}."
    ))
  }
  check_value(fdr, "fdr", "a number above 0 and below 1", \(x) is_number(x) && x > 0 && x < 1)
  at <- share_threshold(unlist(x$selection, use.names = FALSE), x$settings$runs / 2, fdr)
  rows <- as.data.frame(selection_rows(x))
  rows <- rows[!is.na(at$threshold) & rows$share >= at$threshold - 1e-9, ]
  rows <- rows[order(-rows$share), ]
  rownames(rows) <- NULL
  structure(rows, threshold = at$threshold, expected_false = at$expected_false)
}

# A link is false if half of the samples select it with this probability at most.
most_false <- 0.5

# The lowest share of runs for which the bound on false links allows `fdr`.
share_threshold <- function(share, pairs, fdr) {
  t <- seq_len(2 * pairs) / (2 * pairs)
  t <- t[t > 1 / 2 + 1 / (2 * pairs) + 3 / 4 * most_false^2]
  false <- false_bound(t, pairs) * most_false * sum(share[share <= most_false])
  kept <- vapply(t, \(least) sum(share >= least - 1e-9), 0L)
  first <- match(TRUE, kept > 0 & false <= fdr * kept)
  list(threshold = t[first], expected_false = false[first])
}

# Shah and Samworth's C(t, B) under unimodality.
false_bound <- function(t, pairs) {
  ifelse(t <= 3 / 4, 1 / (2 * (2 * t - 1 - 1 / (2 * pairs))),
         4 * (1 - t + 1 / (2 * pairs)) / (1 + 1 / pairs))
}
