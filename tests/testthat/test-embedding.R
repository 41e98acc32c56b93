test_that("scaled means are the posterior means, centred and multiplied, and nothing else", {
  fit <- small_fit()
  by_hand <- sweep(scale(latent(fit), scale = FALSE), 2, fit$spread, `*`)
  expect_equal(latent(fit, scaled = TRUE), by_hand, ignore_attr = "scaled:center")
  new <- lapply(small_cohort()$omics, \(x) x[, c(3, 7, 20)] + 0.1)
  own <- sweep(predict(fit, new), 2, colMeans(latent(fit)))
  expect_equal(predict(fit, new, scaled = TRUE), sweep(own, 2, fit$spread, `*`))
})

test_that("where a new sample lies does not depend on the others", {
  fit <- small_fit()
  new <- lapply(small_cohort()$omics, \(x) x[, c(3, 7, 20)] + 0.1)
  for (scaled in c(FALSE, TRUE)) {
    alone <- predict(fit, lapply(new, \(x) x[, 2, drop = FALSE]), scaled = scaled)
    expect_equal(predict(fit, new, scaled = scaled)[2, , drop = FALSE], alone, tolerance = 1e-6)
  }
  expect_error(predict(fit, new, scaled = 1), "TRUE or FALSE")
})

test_that("a part of many numbers is evenly spaced", {
  expect_length(spaced(2500, 1000), 1000)
  expect_identical(spaced(7, 1000), 1:7 + 0)
})
