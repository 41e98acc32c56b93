# A few seconds of what `make torture` does for long.
torture <- function(files = c("fits.R", "mutate.R", "calls.R", "signals.R")) {
  folder <- test_path("..", "torture")
  skip_if_not(dir.exists(folder))
  here <- new.env(parent = asNamespace("omicpoems"))
  here$here <- normalizePath(folder)
  for (file in c("outcomes.R", files)) sys.source(file.path(folder, file), here)
  here
}

# Drivers whose children load the package need it installed.
with_installed_package <- function(env = parent.frame()) {
  library_path <- dirname(getNamespaceInfo("omicpoems", "path"))
  skip_if_not(dir.exists(file.path(library_path, "omicpoems", "Meta")), "package not installed")
  withr::local_envvar(R_LIBS = paste(c(library_path, .libPaths()), collapse = ":"),
                      .local_envir = env)
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
  with_installed_package()
  here <- torture()
  script <- here$child_script(here$fit_in_child)
  withr::defer(unlink(script))
  expect_identical(here$one_signal(script, "poems", tools::SIGTERM, 100, "trained"), "fit")
  expect_identical(here$one_signal(script, "split", tools::SIGINT, 100, "trained"), "fit")
})

test_that("a fit that is killed goes on from its checkpoint, to the same bits", {
  skip_on_cran()
  skip_on_os("windows")
  with_installed_package()
  here <- torture("checkpoints.R")
  script <- here$child_script(here$fit_in_child)
  whole <- withr::local_tempdir()
  lasts <- system.time(here$run_child(script, whole, 300))[["elapsed"]]
  withr::local_seed(1)
  outcomes <- here$one_fit(script, 0.5 * lasts, 3, readLines(file.path(whole, "learnt")))
  expect_identical(setdiff(outcomes, c("kept", "early")), "same")
})

test_that("disks that are too small lose nothing that was computed", {
  skip_on_cran()
  skip_on_os(c("windows", "mac"))
  skip_if_not_installed("DelayedArray")
  with_installed_package()
  here <- torture("disks.R")
  skip_if(is.null(here$with_small_disk(100, identity)), "no small disk can be mounted here")
  script <- here$child_script(here$write_in_child)
  kinds <- c("on_disk", "checkpoint", "cache")
  right <- here$with_room(script, kinds)
  sizes <- c(on_disk = 60, checkpoint = 100, cache = 8)
  table <- do.call(rbind, lapply(kinds, \(kind) here$one_disk(script, kind, sizes[[kind]], right)))
  expect_none(table, c("crash", "cpp", "raw", "other", "files"))
  expect_identical(table$outcome, c("clear", "clear", "warned"))
})
