#' omicpoems: readable non-linear multi-omics integration
#'
#' Factors shared by several omics that can be read: which features (sparse loadings), which omic
#' (gates), which samples (latent). Start with [poems()]; [predict.poems()] projects new samples.
#'
#' @references
#' Kocak Balik M, Marttinen P, Safinianaini N (2025). POEMS: Product of Experts for Interpretable
#' Multi-omic Integration using Sparse Decoding. \doi{10.48550/arXiv.2511.03464}
#'
#' @useDynLib omicpoems, .registration = TRUE
#' @importFrom Rcpp sourceCpp
#' @keywords internal
"_PACKAGE"
