# Lists or installs the R packages that a goal of the Makefile needs and that are missing or older
# than DESCRIPTION asks for.
#
#   Rscript tools/dependencies.R list|install demo|test|bench|docs

arguments <- commandArgs(trailingOnly = TRUE)
action <- arguments[1]
goal <- arguments[2]

# A named vector of the least version ("0" for any) of every package in a field of DESCRIPTION.
read_field <- function(field) {
  entries <- read.dcf("DESCRIPTION", fields = field)[1, 1]
  if (is.na(entries)) return(character())
  entries <- trimws(strsplit(entries, ",")[[1]])
  version <- ifelse(grepl(">=", entries), gsub(".*>=\\s*|\\).*", "", entries), "0")
  stats::setNames(version, gsub("[ (].*", "", entries))
}

wanted <- c(read_field("Imports"), read_field("LinkingTo"), read_field("Suggests"))
if (goal == "docs") wanted <- c(wanted, roxygen2 = "7.2.3")
if (goal == "bench") wanted <- c(wanted, iC10TrainingData = "0", softImpute = "0")
wanted <- wanted[!duplicated(names(wanted))]

is_missing <- function(package, version) {
  found <- suppressWarnings(utils::packageDescription(package, fields = "Version"))
  is.na(found) || utils::compareVersion(found, version) < 0
}
missing <- names(wanted)[mapply(is_missing, names(wanted), wanted)]

if (action == "list") {
  cat(missing, sep = "\n")
} else if (length(missing) > 0) {
  if ("@CRAN@" %in% getOption("repos")) utils::chooseCRANmirror(graphics = FALSE, ind = 1)
  repositories <- getOption("repos")
  utils::setRepositories(ind = 1:2) # CRAN and Bioconductor, which has some of Suggests
  options(repos = c(repositories, getOption("repos")["BioCsoft"]))
  library_path <- .libPaths()[file.access(.libPaths(), 2) == 0][1]
  if (is.na(library_path)) {
    library_path <- path.expand(Sys.getenv("R_LIBS_USER"))
    dir.create(library_path, recursive = TRUE, showWarnings = FALSE)
    .libPaths(library_path)
  }
  cat("Installing R packages", missing, "into", library_path, "\n")
  utils::install.packages(missing, lib = library_path, Ncpus = 2)
  failed <- missing[mapply(is_missing, missing, wanted[missing])]
  if (length(failed) > 0) stop("could not install ", toString(failed), call. = FALSE)
}
