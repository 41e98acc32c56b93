#' A fit as a SingleCellExperiment
#'
#' Puts the samples of a fit into the class that scater, scran and iSEE work on: latent coordinates
#' as the reduced dimension `"POEMS"`, gates as column data.
#'
#' To add the coordinates to an experiment that you have, no function is needed:
#' `reducedDim(sce, "POEMS") <- latent(fit)[colnames(sce), ]`.
#'
#' @param fit A fit from [poems()].
#'
#' @return A SingleCellExperiment without features: columns are the samples of the fit, the reduced
#'   dimension `"POEMS"` is [latent()], and the column data hold [gates()] as `gate_` and the omic's
#'   name.
#'
#' @section Errors:
#' Objects other than fits are an error.
#'
#' @source Written for this package.
#' @examplesIf requireNamespace("SingleCellExperiment", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' as_single_cell(fit)
#' @export
as_single_cell <- function(fit) {
  check_fit(fit)
  rlang::check_installed("SingleCellExperiment", "to make a SingleCellExperiment.")
  gates <- gates(fit)
  colnames(gates) <- paste0("gate_", colnames(gates))
  SingleCellExperiment::SingleCellExperiment(
    list(), colData = S4Vectors::DataFrame(gates, check.names = FALSE),
    reducedDims = list(POEMS = latent(fit))
  )
}
