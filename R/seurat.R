#' Add factors and gates to a Seurat object
#'
#' Puts the samples of a fit beside what is known of the same cells in Seurat: factors as the
#' dimensional reduction `"poems"`, gates as columns of the cells' metadata. What Seurat does with a
#' reduction works on it: `RunUMAP(object, reduction = "poems", dims = 1:10)`,
#' `FindNeighbors(object, reduction = "poems")`, `FeaturePlot(object, "POEMS_1")`.
#'
#' The other way, [poems()] takes the assays of a Seurat object as a list of matrices:
#' `list(rna = GetAssayData(object, assay = "RNA"), adt = GetAssayData(object, assay = "ADT"))`.
#'
#' @param fit A fit from [poems()].
#' @param object A Seurat object whose cells are samples of the fit, in any order. Samples that it
#'   does not have are left out.
#' @param scaled Whether factors are on scales that make distances between cells mean something, for
#'   neighbours and maps; see [latent()].
#'
#' @return `object`, with the reduction `"poems"` (key `POEMS_`, of the default assay), whose
#'   embedding is [latent()], and with metadata called `gate_` and the omic's name, which hold
#'   [gates()]. Ones of the same name are replaced.
#'
#' @section Errors:
#' The package SeuratObject must be installed. Objects of other classes are an error, and so are
#' cells that the fit does not have and a fit without a factor in use.
#'
#' @source Written for this package; the classes are those of Hao Y, Hao S, Andersen-Nissen E, et
#'   al. (2021), Integrated analysis of multimodal single-cell data, Cell 184, 3573-3587.
#' @seealso [as_single_cell()] for Bioconductor's class, [augment()][augment.poems] for tables.
#' @examplesIf requireNamespace("SeuratObject", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' counts <- Matrix::Matrix(round(2^omics$mrna), sparse = TRUE)
#' object <- SeuratObject::CreateSeuratObject(counts)
#' object <- add_to_seurat(fit, object)
#' SeuratObject::Embeddings(object, "poems")[1:3, 1:3]
#' head(object$gate_mrna)
#' @export
add_to_seurat <- function(fit, object, scaled = FALSE) {
  check_fit(fit)
  check_any_factor(fit)
  if (!is_flag(scaled)) cli::cli_abort("{.arg scaled} must be TRUE or FALSE.")
  rlang::check_installed("SeuratObject", "to add factors to a Seurat object.")
  cells <- check_cells(object, fit)
  embedding <- latent(fit, scaled = scaled)[cells, , drop = FALSE]
  colnames(embedding) <- paste0("POEMS_", seq_len(ncol(embedding)))
  gates <- as.data.frame(gates(fit)[cells, , drop = FALSE])
  names(gates) <- paste0("gate_", names(gates))
  object[["poems"]] <- SeuratObject::CreateDimReducObject(
    embedding, key = "POEMS_", assay = SeuratObject::DefaultAssay(object)
  )
  SeuratObject::AddMetaData(object, gates)
}

# Names of the object's cells.
check_cells <- function(object, fit, call = rlang::caller_env()) {
  if (!inherits(object, "Seurat")) {
    cli::cli_abort("{.arg object} must be a Seurat object, not {describe(object)}.", call = call)
  }
  cells <- colnames(object)
  lacking <- setdiff(cells, fit$samples)
  if (length(lacking) == 0) return(cells)
  cli::cli_abort(c(
    "All cells of {.arg object} must be samples of the fit.",
    "x" = "{length(lacking)} of {length(cells)} are not: {quote_some(lacking)}.",
    names_hint(cells, fit$samples),
    "i" = "Pass {.code object[, colnames(object) %in% fit$samples]} for those that are."
  ), call = call)
}
