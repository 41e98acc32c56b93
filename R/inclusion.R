#' Inclusion probabilities of the loadings
#'
#' How likely it is that a factor acts on a feature, given the data. Of the loadings with a
#' probability of 0.9, about nine in ten are real in simulations. Loadings that are exactly zero
#' have one as well, mostly a small one: a large one says that the loading was too small to be worth
#' keeping, not that there is none.
#'
#' Every feature is regressed on all factors in use and, where samples suffice, on what their
#' squares add, and an F test tells what a factor adds to the others. The factors are those of a
#' linear factor model of the same data (less what bends in the decoders) that starts from the fit;
#' since they are estimated from the features that they are tested on, each feature is tested on
#' what all other features say of them. Within an omic, the tests of all pairs are then taken for a
#' mixture of two groups, with and without a link: the spread of those without is estimated, and may
#' be wider than theory has it; how large those with a link are is shared by all factors, and how
#' many there are is told apart for every factor. The probability is that of belonging to the group
#' with a link. At most 1000 samples, drawn at random, are looked at.
#'
#' It is a statement about one factor given the others. Where two factors stand for one true factor
#' (one of them for its bend), a feature may count as driven by one of them alone. Whether the
#' factor itself is found again in other samples is another question: see [stability()].
#'
#' Of omics that are not Gaussian, the values as encoders see them are tested: log(1 + count /
#' library size), and 0 or 1.
#'
#' With `objective = "published"`, and where there are too few samples for the test (fewer than 10
#' that have an omic beyond the factors in use), probabilities are those that shrink loadings in
#' training: that a loading belongs to the slab of the spike-and-slab prior, given its size and how
#' many features the factor acts on. They take the loading as it is for certain, and are above 0.99
#' for nearly all loadings that are not zero.
#'
#' @inheritParams latent
#'
#' @return Named list with, per omic, a numeric matrix of features x factors with the dimnames of
#'   `loadings(object)`. Values from 0 to 1.
#'
#' @section Errors:
#' Objects without a method are an error.
#'
#' @source Written for this package.
#' @references Efron B (2008). Microarrays, empirical Bayes and the two-groups model. Statistical
#'   Science 23, 1-22. \doi{10.1214/07-STS236}
#'
#'   Rockova V, George EI (2018). The spike-and-slab lasso. Journal of the American
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
  check_fit(object, arg = "object")
  rlang::check_dots_empty()
  object$inclusion
}
