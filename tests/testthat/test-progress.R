test_that("bars are drawn where they can be, lines where they cannot", {
  withr::local_options(cli.dynamic = TRUE)
  expect_true(draws_bars())
  for (option in c("knitr.in.progress", "jupyter.in_kernel", "rstudio.notebook.executing")) {
    withr::with_options(stats::setNames(list(TRUE), option), {
      expect_false(draws_bars())
      expect_false(shows_progress())
      expect_false(poems_control()$progress)
    })
  }
  withr::local_options(cli.dynamic = FALSE)
  expect_false(draws_bars())
  omics <- small_cohort()$omics["rna"]
  said <- character()
  fit <- withCallingHandlers(
    poems(omics, 2, seed = 1, control = quick_control(epochs = 30, patience = 50, progress = TRUE)),
    message = \(m) {
      said <<- c(said, conditionMessage(m))
      invokeRestart("muffleMessage")
    }
  )
  said <- grep("^Epoch", said, value = TRUE)
  expect_match(said, "^Epoch [0-9]+/[0-9]+: loss [0-9.e+]+(, held out [0-9.e+]+)?\n$")
  expect_lte(length(said), 20)  # of both trainings
  expect_gte(length(said), 10)
})
