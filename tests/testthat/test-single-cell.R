test_that("a fit becomes a SingleCellExperiment with its latent space and gates", {
  skip_without("SingleCellExperiment")
  fit <- small_fit()
  cells <- as_single_cell(fit)
  expect_identical(colnames(cells), fit$samples)
  expect_identical(SingleCellExperiment::reducedDim(cells, "POEMS"), latent(fit))
  expect_identical(cells$gate_rna, unname(gates(fit)[, "rna"]))
  expect_error(as_single_cell(1), "fit")
})

small_seurat <- function(fit = small_fit()) {
  cells <- rev(fit$samples)[1:40]
  counts <- matrix(1:200, 5, dimnames = list(paste0("g", 1:5), cells))
  SeuratObject::CreateSeuratObject(Matrix::Matrix(counts, sparse = TRUE))
}

test_that("a Seurat object gets factors and gates, cell by cell", {
  skip_without("SeuratObject")
  fit <- small_fit()
  object <- add_to_seurat(fit, small_seurat())
  cells <- colnames(object)
  embedding <- SeuratObject::Embeddings(object, "poems")
  expect_identical(rownames(embedding), cells)
  expect_identical(unname(embedding), unname(latent(fit)[cells, ]))
  expect_identical(colnames(embedding), paste0("POEMS_", 1:5))
  expect_identical(SeuratObject::Key(object[["poems"]]), "POEMS_", ignore_attr = TRUE)
  expect_identical(unname(object$gate_mirna), unname(gates(fit)[cells, "mirna"]))
  expect_identical(SeuratObject::FetchData(object, "POEMS_2")[[1]], unname(latent(fit)[cells, 2]))
  scaled <- add_to_seurat(fit, object, scaled = TRUE)
  expect_identical(unname(SeuratObject::Embeddings(scaled, "poems")),
                   unname(latent(fit, scaled = TRUE)[cells, ]))
})

test_that("what cannot be added to a Seurat object is told", {
  skip_without("SeuratObject")
  fit <- small_fit()
  other <- small_seurat()
  other <- SeuratObject::RenameCells(other, new.names = paste0("cell_", colnames(other)))
  expect_snapshot({
    tell(add_to_seurat(fit, matrix(1)))
    tell(add_to_seurat(fit, other))
    tell(add_to_seurat(fit, small_seurat(), scaled = 1))
    tell(add_to_seurat(with_factors(fit, 0), small_seurat()))
    tell(add_to_seurat(1, small_seurat()))
  })
})
