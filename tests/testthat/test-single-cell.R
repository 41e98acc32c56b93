test_that("a fit becomes a SingleCellExperiment with its latent space and gates", {
  skip_without("SingleCellExperiment")
  fit <- small_fit()
  cells <- as_single_cell(fit)
  expect_identical(colnames(cells), fit$samples)
  expect_identical(SingleCellExperiment::reducedDim(cells, "POEMS"), latent(fit))
  expect_identical(cells$gate_rna, unname(gates(fit)[, "rna"]))
  expect_error(as_single_cell(1), "fit")
})
