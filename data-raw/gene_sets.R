# Makes inst/extdata/gene_sets.gmt, the gene sets of the demo and of examples. Run from the
# package's root: Rscript data-raw/gene_sets.R miFam.dat
#
# None was made from tcga_breast or from a fit; the whole of each collection is taken:
# * all 50 hallmark gene sets of MSigDB 7.5.1, from the R package msigdbr 7.5.1. Copyright Broad
#   Institute, Massachusetts Institute of Technology and Regents of the University of California,
#   licensed CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). Unchanged but for their
#   names, which are put in lower case without "HALLMARK_".
#   Liberzon et al. (2015), The Molecular Signatures Database hallmark gene set collection, Cell
#   Systems 1, 417-425.
# * all families of at least 5 human microRNAs of miRBase 18 (miFam.dat), the release of October
#   2011. Which family a microRNA belongs to is a fact and no work of its own.
#   Kozomara and Griffiths-Jones (2011), miRBase: integrating microRNA annotation and
#   deep-sequencing data, Nucleic Acids Research 39, D152-D157.

stopifnot(utils::packageVersion("msigdbr") == "7.5.1")
hallmark <- msigdbr::msigdbr(species = "Homo sapiens", category = "H")
genes <- lapply(split(hallmark$gene_symbol, hallmark$gs_name), \(set) sort(unique(set)))
names(genes) <- tolower(gsub("_", " ", sub("^HALLMARK_", "", names(genes))))

lines <- readLines(commandArgs(trailingOnly = TRUE)[1])
records <- split(lines, cumsum(startsWith(lines, "AC ")))
field <- \(record, tag) sub("^[A-Z]+ +", "", grep(paste0("^", tag, " "), record, value = TRUE))
families <- lapply(records, \(record) {
  sort(grep("^hsa-", sub("^MI[0-9]+ +", "", field(record, "MI")), value = TRUE))
})
names(families) <- paste(vapply(records, field, "", "ID"), "family")
families <- families[lengths(families) >= 5]

as_gmt <- \(sets, source) {
  sprintf("%s\t%s\t%s", names(sets), source, vapply(sets, paste, "", collapse = "\t"))
}
stopifnot(
  length(genes) == 50, length(families) == 20,
  !anyDuplicated(c(names(genes), names(families)))
)
writeLines(
  c(as_gmt(genes, "MSigDB 7.5.1 hallmark, CC BY 4.0"), as_gmt(families, "miRBase 18 family")),
  file.path("inst", "extdata", "gene_sets.gmt")
)
