# Makes data/tcga_breast.rda from the CSV files in data-raw/breast_tcga/. Run from the package's
# root: Rscript data-raw/tcga_breast.R
#
# Source: TCGA open-access data (https://www.cancer.gov/tcga): normalised log values of mRNA, miRNA
# and protein (RPPA) of 220 breast tumours with their PAM50 subtype, the selection of tumours and
# features that the data set `breast.TCGA` of the R package mixOmics made known, rounded to 5
# decimals. In the CSV files rows are samples and columns are features.
#
# Licence: the measurements are open, but the selection and normalisation are mixOmics' own and GPL
# (>= 2). So are the CSV files, tcga_breast, and the package as a whole, since an R package has one
# licence field (inst/COPYRIGHTS). R packages that carry other selections of the same tumours are
# GPL too (the RTCGA family) or download them when they run (curatedTCGAData).

read_omic <- function(name) {
  file <- gzfile(file.path("data-raw", "breast_tcga", paste0(name, ".csv.gz")))
  t(as.matrix(utils::read.csv(file, row.names = 1, check.names = FALSE)))
}

samples <- utils::read.csv(file.path("data-raw", "breast_tcga", "samples.csv"))
tcga_breast <- list(
  omics = list(
    mrna = read_omic("mrna"), mirna = read_omic("mirna"), protein = read_omic("protein")
  ),
  samples = data.frame(
    sample = samples$sample,
    subtype = factor(samples$subtype, levels = c("Basal", "Her2", "LumA")),
    set = samples$set
  )
)

stopifnot(
  identical(colnames(tcga_breast$omics$mrna), tcga_breast$samples$sample),
  identical(colnames(tcga_breast$omics$mirna), tcga_breast$samples$sample),
  all(colnames(tcga_breast$omics$protein) %in% tcga_breast$samples$sample)
)
save(tcga_breast, file = file.path("data", "tcga_breast.rda"), compress = "xz", version = 2)
