# Lists or installs the R packages that a goal of the Makefile needs and that are missing or older
# than DESCRIPTION asks for.
#
#   Rscript tools/dependencies.R list|install demo|test|slurm|fuzz|lint|bench|docs

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

package <- c(read_field("Imports"), read_field("LinkingTo"))
suggests <- read_field("Suggests")
# Takes long to build and needs a download of its own (torch::install_torch()): for those who want
# it, and for a job of the GitHub workflow.
suggests <- suggests[names(suggests) != "torch"]

# What a goal cannot go without, and what it does more with.
needs <- switch(goal,
  demo = c(package, suggests[c("class", "cluster", "ggplot2", "Rtsne", "tibble", "uwot")]),
  test = c(package, suggests["testthat"]),
  slurm = c(package, suggests["testthat"]),
  fuzz = character(),
  lint = character(),
  bench = package,
  docs = c(package, roxygen2 = "7.2.3")
)
likes <- switch(goal,
  demo = suggests[c("DT", "knitr", "rmarkdown")],
  test = suggests,
  slurm = suggests[c("batchtools", "BiocParallel")],
  lint = c(lintr = "0"),
  bench = c(suggests, iC10TrainingData = "0", softImpute = "0")
)
without <- c(
  demo = "the report is not written, or its tables cannot be searched",
  test = "tests, examples and vignettes that need them are skipped",
  slurm = "tests on SLURM are skipped",
  lint = "R is not looked at",
  bench = "comparisons that need them are left out"
)

is_missing <- function(package, version) {
  found <- suppressWarnings(utils::packageDescription(package, fields = "Version"))
  is.na(found) || utils::compareVersion(found, version) < 0
}
missing_of <- function(wanted) {
  wanted <- wanted[!duplicated(names(wanted))]
  names(wanted)[as.logical(mapply(is_missing, names(wanted), wanted))]
}

# CRAN, and what Bioconductor has for this version of R: software, annotation and experiments.
use_repositories <- function() {
  if ("@CRAN@" %in% getOption("repos")) utils::chooseCRANmirror(graphics = FALSE, ind = 1)
  own <- getOption("repos")
  utils::setRepositories(ind = 1:4)
  bioconductor <- getOption("repos")[c("BioCsoft", "BioCann", "BioCexp")]
  options(repos = c(own, bioconductor[setdiff(names(bioconductor), names(own))]))
}

# The first library that may be written to, else the user's own; not that of this folder, which
# `make clean` removes.
choose_library <- function() {
  paths <- setdiff(.libPaths(), normalizePath("build/library", mustWork = FALSE))
  path <- paths[file.access(paths, 2) == 0][1]
  if (is.na(path)) {
    path <- path.expand(Sys.getenv("R_LIBS_USER"))
    dir.create(path, recursive = TRUE, showWarnings = FALSE)
    .libPaths(path)
  }
  path
}

missing <- missing_of(c(needs, likes))
if (action == "list") {
  cat(missing, sep = "\n")
} else if (length(missing) > 0) {
  use_repositories()
  path <- choose_library()
  cat("Installing R packages", missing, "into", path, "\n")
  # Without locks, which an interrupted installation leaves behind.
  try(utils::install.packages(missing, lib = path, Ncpus = 2, INSTALL_opts = "--no-lock"))
  failed <- missing_of(needs)
  if (length(failed) > 0) stop("could not install ", toString(failed), call. = FALSE)
  failed <- missing_of(likes)
  if (length(failed) > 0) {
    cat("Could not install ", toString(failed), ": ", without[[goal]], ".\n", sep = "")
  }
}
