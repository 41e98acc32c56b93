# The omics of small_omics() in the classes of Bioconductor.

skip_without <- function(...) for (package in c(...)) skip_if_not_installed(package)

as_experiment <- function(...) SummarizedExperiment::SummarizedExperiment(assays = list(...))

# Columns have barcodes of their own: the patient's name and a letter for the omic.
small_mae <- function(omics = small_omics()) {
  barcoded <- Map(\(x, letter) {
    colnames(x) <- paste0(colnames(x), "-", letter)
    x
  }, omics, letters[seq_along(omics)])
  map <- do.call(rbind, lapply(names(omics), \(omic) data.frame(
    assay = omic, primary = colnames(omics[[omic]]), colname = colnames(barcoded[[omic]])
  )))
  map$assay <- factor(map$assay, names(omics))
  barcoded[[1]] <- as_experiment(exprs = barcoded[[1]])
  patients <- unique(map$primary)
  MultiAssayExperiment::MultiAssayExperiment(
    barcoded, S4Vectors::DataFrame(age = seq_along(patients), row.names = patients),
    S4Vectors::DataFrame(map)
  )
}

small_long <- function(omics = small_omics()) {
  do.call(rbind, lapply(names(omics), \(omic) {
    x <- omics[[omic]]
    data.frame(sample = colnames(x)[col(x)], omic = omic, feature = rownames(x)[row(x)],
               value = as.vector(x))
  }))
}

on_disk <- \(x) methods::as(x, "HDF5Array")
