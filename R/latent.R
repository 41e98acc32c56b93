#' Factors and gates of every sample
#'
#' `latent()` returns the coordinates of every sample on the factors that all omics share.
#' `gates()` returns how much each omic's expert is trusted in every sample.
#'
#' @param object A fit from [poems()].
#' @param scaled Whether to put factors on scales that make distances between samples mean
#'   something, for clusters, neighbours and maps; see Value.
#' @param ... For methods; [poems()] fits take no further arguments.
#'
#' @return
#' * `latent()`: numeric matrix, samples x factors. The sign of a factor is arbitrary.
#'   * Not scaled: posterior means. Each is the sample's own, computed from its omics alone. The
#'     prior is standard normal, so a value of 2 is far from the average sample. Of a factor that a
#'     sample's omics say little of, it is close to 0.
#'   * Scaled: posterior means less those of the average sample of the fit, multiplied per factor so
#'     that their standard deviation over the samples of the fit is how far the factor moves an omic
#'     (the root mean square over features, in units of their standard deviations), summed over
#'     omics: omics count alike however many features they have, and factors that omics share count
#'     more than those of one. Nothing else is done; samples do not look at each other. Fits with
#'     `objective = "published"` are not scaled.
#' * `gates()`: numeric matrix, samples x omics. Weights between 0 and 1 that sum to 1 per sample;
#'   exactly 0 where a sample lacks the omic. They weigh whole experts; how much an omic says of a
#'   single factor also depends on how precise its expert is: see [contributions()].
#'
#' Rows are named by sample and in the order of `object$samples`, columns by factor or omic.
#'
#' @section Errors:
#' Objects without a method are an error.
#'
#' @references Equation 1 of Kocak Balik et al. (2025), \doi{10.48550/arXiv.2511.03464}: the gated
#'   product of experts.
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
latent.poems <- function(object, scaled = FALSE, ...) {
  check_fit(object, arg = "object")
  rlang::check_dots_empty()
  if (!is_flag(scaled)) cli::cli_abort("{.arg scaled} must be TRUE or FALSE.")
  if (scaled) scaled_means(object$latent, object) else object$latent
}

#' @rdname latent
#' @export
gates <- function(object, ...) UseMethod("gates")

#' @rdname latent
#' @export
gates.poems <- function(object, ...) {
  check_fit(object, arg = "object")
  rlang::check_dots_empty()
  object$gates
}
