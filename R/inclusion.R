#' Inclusion probabilities of the loadings
#'
#' The probability that a loading belongs to the slab of the spike-and-slab prior, that is, that the
#' factor acts on the feature, given the size of the loading and how many features the factor acts
#' on. Loadings that are exactly zero have one as well, a small one.
#'
#' @inheritParams latent
#'
#' @return Named list with, per omic, a numeric matrix of features x factors with the dimnames of
#'   `loadings(object)`. Values from 0 to 1.
#'
#' @section Errors:
#' Objects without a method are an error.
#'
#' @references Rockova V, George EI (2018). The spike-and-slab lasso. Journal of the American
#'   Statistical Association 113, 431-444. \doi{10.1080/01621459.2016.1260469}
#' @seealso [top_features()], which has them beside loadings and effects.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' inclusion(fit)$mrna[1:3, 1:4]
#' loadings(fit)$mrna[1:3, 1:4]
#' @export
inclusion <- function(object, ...) UseMethod("inclusion")

#' @rdname inclusion
#' @export
inclusion.poems <- function(object, ...) {
  rlang::check_dots_empty()
  object$inclusion
}
