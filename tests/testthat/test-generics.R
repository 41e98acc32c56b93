one_of_each <- local({
  fits <- NULL
  function() {
    if (is.null(fits)) {
      omics <- small_cohort()$omics[c("rna", "protein")]
      fits <<- list(
        poems = complete_fit(),
        split = poems_split(omics, shared = 1, private = 1, seed = 1,
                            control = list(epochs = 2, threads = 1, progress = FALSE)),
        baseline = quick_baseline(omics, epochs = 2),
        sparse = quick_baseline(omics, "mocss_sparsevae", epochs = 2)
      )
    }
    fits
  }
})

test_that("what has a meaning is what the package's own functions return", {
  for (fit in one_of_each()) {
    expect_identical(nobs(fit), 60L)
    expect_identical(dim(fit), dim(fit$latent))
    expect_identical(as.data.frame(fit, what = "latent"), as.data.frame(tidy(fit, "latent")))
    expect_s3_class(as.data.frame(fit, what = "history"), "data.frame", exact = TRUE)
  }
  fits <- one_of_each()
  expect_identical(coef(fits$poems), fits$poems$loadings)
  expect_identical(coef(fits$split), fits$split$loadings)
  expect_identical(coef(fits$sparse), loadings(fits$sparse))
  expect_error(coef(fits$baseline), "needs a model with loadings")
  expect_identical(fitted(fits$poems), predict(fits$poems, type = "reconstruction"))
})

test_that("plot() and screeplot() draw", {
  skip_if_not_installed("ggplot2")
  grDevices::pdf(NULL)
  withr::defer(grDevices::dev.off())
  for (fit in one_of_each()) expect_s3_class(plot(fit), "ggplot")
  expect_invisible(plot(complete_fit(), "latent"))
  expect_identical(plot(complete_fit(), type = "gates")$labels,
                   ggplot2::autoplot(complete_fit(), "gates")$labels)
  expect_s3_class(screeplot(complete_fit()), "ggplot")
  expect_s3_class(screeplot(one_of_each()$split), "ggplot")
})

test_that("what has none says what to call", {
  for (fit in one_of_each()) {
    expect_error(residuals(fit), "predict(fit, omics", fixed = TRUE)
    expect_error(logLik(fit), "glance()", fixed = TRUE)
    expect_error(AIC(fit), "glance()", fixed = TRUE)
    expect_error(weights(fit), "loadings()", fixed = TRUE)
    expect_error(biplot(fit), "autoplot(fit", fixed = TRUE)
  }
  for (fit in one_of_each()[-1]) expect_error(fitted(fit), "predict(fit, omics", fixed = TRUE)
})

test_that("update() fits once more, and do.call() leaves a call that can be read", {
  omics <- small_cohort()$omics[c("rna", "protein")]
  quiet <- list(epochs = 2, threads = 1, progress = FALSE)
  fit <- poems(omics, 3, seed = 1, control = quiet)
  expect_identical(latent(update(fit, factors = 2)),
                   latent(poems(omics, 2, seed = 1, control = quiet)))
  doors <- list(poems = list(factors = 2), poems_split = list(shared = 1, private = 1),
                poems_baseline = list(model = "poem", factors = 2))
  for (door in names(doors)) {
    call <- do.call(get(door), c(list(omics, seed = 1, control = quiet), doors[[door]]))$call
    expect_identical(call[[1]], as.name(door))
    expect_identical(call$x, quote(x))
    expect_lt(sum(nchar(deparse(call))), 300)
  }
})
