# A few seconds of what `make torture` does for long.
torture <- function() {
  folder <- test_path("..", "torture")
  skip_if_not(dir.exists(folder))
  here <- new.env(parent = asNamespace("omicpoems"))
  for (file in c("outcomes.R", "fits.R", "mutate.R", "calls.R", "signals.R")) {
    sys.source(file.path(folder, file), here)
  }
  here
}

expect_none <- function(table, bad) {
  wrong <- table[table$outcome %in% bad, ]
  expect_identical(unique(paste(wrong$outcome, wrong$call, wrong$text)), character())
}

test_that("damaged fits are errors", {
  skip_on_cran()
  here <- torture()
  kinds <- here$torture_fits(c("covariates", "split", "poem"))
  table <- here$torture_by_damage(kinds, seed = 1, count = 30, isolated = FALSE)
  expect_gt(sum(table$outcome == "clear"), 100)
  expect_none(table, c("cpp", "raw", "silent"))
})

test_that("malformed calls are clear errors", {
  skip_on_cran()
  here <- torture()
  kinds <- here$torture_fits(c("covariates", "split", "poem"))
  calls <- suppressMessages(suppressWarnings(here$valid_calls(kinds)))
  calls <- calls[!names(calls) %in% c("poems_report", "stability", "uncertainty")]
  table <- here$torture_by_calls(calls, seed = 1, count = 150, isolated = FALSE)
  expect_gt(sum(table$outcome == "clear"), 50)
  expect_none(table, c("cpp", "raw"))
})

test_that("what is trained is not lost to an interrupt or a request to end", {
  skip_on_cran()
  skip_on_os("windows")
  undo <- suppressWarnings(system2("env", c("--default-signal=INT", "true"), stderr = FALSE))
  skip_if(undo != 0, "env cannot set signals back to their default")
  library_path <- dirname(getNamespaceInfo("omicpoems", "path"))
  skip_if_not(dir.exists(file.path(library_path, "omicpoems", "Meta")), "package not installed")
  withr::local_envvar(R_LIBS = paste(c(library_path, .libPaths()), collapse = ":"))
  here <- torture()
  script <- here$child_script()
  withr::defer(unlink(script))
  expect_identical(here$one_signal(script, "poems", tools::SIGTERM, 100, "trained"), "fit")
  expect_identical(here$one_signal(script, "split", tools::SIGINT, 100, "trained"), "fit")
})
