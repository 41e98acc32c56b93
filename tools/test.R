# Runs the R tests on the installed package and writes "passed failed skipped" to the file named
# by the first argument.
counts_file <- commandArgs(trailingOnly = TRUE)[1]

results <- as.data.frame(testthat::test_dir(
  "tests/testthat",
  package = "omicpoems", load_package = "installed", reporter = "check", stop_on_failure = FALSE
))
failed <- sum(results$failed) + sum(results$error)
cat(sum(results$passed), failed, sum(results$skipped), "\n", file = counts_file)
