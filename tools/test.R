# Runs the R tests on the installed package and writes "passed failed skipped" to a file:
#
#   Rscript tools/test.R counts-file [filter]
arguments <- commandArgs(trailingOnly = TRUE)

results <- as.data.frame(testthat::test_dir(
  "tests/testthat",
  filter = if (length(arguments) > 1) arguments[2], perl = TRUE,
  package = "omicpoems", load_package = "installed", reporter = "check", stop_on_failure = FALSE
))
failed <- sum(results$failed) + sum(results$error)
cat(sum(results$passed), failed, sum(results$skipped), "\n", file = arguments[1])
