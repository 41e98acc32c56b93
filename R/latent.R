#' Factors and gates of every sample
#'
#' `latent()` returns the coordinates of every sample on the factors that all omics share.
#' `gates()` returns how much each omic contributed to them.
#'
#' @param object A fit from [poems()].
#' @param scaled Whether to return an embedding, which is what clusters and neighbours should be
#'   sought in; or the posterior means, which are each sample's own and what a factor should be
#'   tested by.
#' @param ... For methods; [poems()] fits take no further arguments.
#'
#' @return
#' * `latent()`: numeric matrix, samples x factors. The sign of a factor is arbitrary.
#'   * Not scaled: posterior means. The prior is standard normal, so a value of 2 is far from the
#'     average sample.
#'   * Scaled: the embedding, 0 for the average sample of the fit. Posterior means are multiplied per
#'     factor, so that their standard deviation over the samples of the fit is how far the factor
#'     moves an omic (the root mean square over features, in units of their standard deviations),
#'     summed over omics: omics count alike however many features they have, and factors that omics
#'     share count more than those of one. Then a sample moves half way to the mean of the ten
#'     samples of the fit that are nearest to it (of at most 1000, evenly spaced), and samples far
#'     out are drawn in: a vector m becomes m / sqrt(1 + |m|^2 / s^2), with s^2 twice the mean squared
#'     length over the fit. What a sample shares with others stays, what it shows alone fades; values
#'     of a factor keep a correlation of about 0.98 with its posterior means.
#'
#'   Fits with `objective = "published"` are not scaled.
#' * `gates()`: numeric matrix, samples x omics. Weights between 0 and 1 that sum to 1 per sample;
#'   exactly 0 where a sample lacks the omic.
#'
#' Rows are named by sample and in the order of `object$samples`, columns by factor or omic.
#'
#' @section Errors:
#' Objects without a method are an error.
#'
#' @references Equation 1 of Kocak Balik et al. (2025), \doi{10.48550/arXiv.2511.03464}: the gated
#'   product of experts. Moving samples to the mean of their neighbours before they are clustered:
#'   Fukunaga and Hostetler (1975), IEEE Transactions on Information Theory 21, 32-40,
#'   \doi{10.1109/TIT.1975.1055330}.
#' @seealso [predict.poems()] for samples that were not in the fit; [plot_latent()], [plot_map()]
#'   and [plot_gates()] for figures.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' latent(fit)[1:3, 1:4]
#' gates(fit)[1:3, ]
#' @export
latent <- function(object, ...) UseMethod("latent")

#' @rdname latent
#' @export
latent.poems <- function(object, scaled = TRUE, ...) {
  rlang::check_dots_empty()
  if (!is_flag(scaled)) cli::cli_abort("{.arg scaled} must be TRUE or FALSE.")
  if (scaled) embed_samples(object$latent, object) else object$latent
}

#' @rdname latent
#' @export
gates <- function(object, ...) UseMethod("gates")

#' @rdname latent
#' @export
gates.poems <- function(object, ...) {
  rlang::check_dots_empty()
  object$gates
}
