# Numbers of fits are what they were (helper-recorded.R). To the last bit on a machine like that of
# the recording, and on any number of threads; elsewhere, rounding differs.
recorded <- readRDS(recorded_path())
alike <- identical(recorded$machine, recorded_machine())

for (name in names(recorded$fits)) {
  test_that(paste("the recorded fit is made again:", name), {
    skip_on_cran()
    cohort <- recorded_cohorts()[[name]]
    fit <- recorded_fit(cohort, threads = 1L)
    expect_identical(recorded_fit(cohort, threads = 2L), fit)
    want <- recorded$fits[[name]]
    if (alike) {
      expect_identical(fit, want)
    } else {
      expect_equal(fit$latent, want$latent, tolerance = 1e-2)
      expect_equal(fit$reconstruction, want$reconstruction, tolerance = 1e-2)
    }
  })
}
