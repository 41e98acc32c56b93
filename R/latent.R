#' Factors and gates of every sample
#'
#' `latent()` returns the coordinates of every sample on the factors that all omics share.
#' `gates()` returns how much each omic contributed to them.
#'
#' @param object A fit from [poems()].
#' @param scaled Whether factors are scaled by how much they matter, which is what clusters and
#'   neighbours should be sought in; or are left as posterior means.
#' @param ... For methods; [poems()] fits take no further arguments.
#'
#' @return
#' * `latent()`: numeric matrix, samples x factors, the posterior means. Scaled, a factor's standard
#'   deviation over the samples of the fit is how far it moves an omic (the root mean square over
#'   features, in units of their standard deviations), summed over omics: omics count alike however
#'   many features they have, and factors that omics share count more than those of one. Not scaled,
#'   the prior is standard normal, so a value of 2 is far from the average sample. The sign of a
#'   factor is arbitrary.
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
latent.poems <- function(object, scaled = TRUE, ...) {
  rlang::check_dots_empty()
  if (!is_flag(scaled)) cli::cli_abort("{.arg scaled} must be TRUE or FALSE.")
  if (scaled) scale_latent(object$latent, object$spread) else object$latent
}

# Per factor in use, what its posterior means are multiplied by, so that their standard deviation
# becomes how far the factor moves an omic (the root mean square over its features, in units of the
# feature's standard deviation), summed over omics: omics count alike however many features they
# have, and factors that omics share count more. "published" is left as it is.
factor_spread <- function(trained, in_use, objective) {
  if (objective == "published") return(rep(1, length(in_use)))
  moved <- Reduce(`+`, lapply(trained$sums, \(omic) sqrt(omic$change / length(omic$total))))[in_use]
  sd <- apply(trained$latent[, in_use, drop = FALSE], 2, stats::sd)
  ifelse(sd > 0, moved / sd, 1)
}

scale_latent <- \(latent, spread) latent * rep(spread, each = nrow(latent))

#' @rdname latent
#' @export
gates <- function(object, ...) UseMethod("gates")

#' @rdname latent
#' @export
gates.poems <- function(object, ...) {
  rlang::check_dots_empty()
  object$gates
}
