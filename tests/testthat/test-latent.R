test_that("latent() and gates() return what the fit holds, named", {
  fit <- small_fit()
  expect_identical(latent(fit), fit$latent)
  expect_identical(gates(fit), fit$gates)
  expect_identical(dimnames(latent(fit)), list(fit$samples, paste0("Factor", seq_len(fit$factors))))
  expect_identical(dimnames(gates(fit)), list(fit$samples, c("rna", "protein", "mirna")))
})

test_that("factors are scaled by how far they move the omics", {
  fit <- small_fit()
  whole <- core_reconstruct(core_parameters(fit), fit$config, core_mode_of(fit), 1L)
  cohort <- small_cohort()$omics
  moved <- vapply(seq_len(fit$factors), \(k) {
    held <- core_mode_of(fit)
    held[, fit$order[k]] <- mean(held[, fit$order[k]])
    without <- core_reconstruct(core_parameters(fit), fit$config, held, 1L)
    sum(mapply(\(a, b, omic, x) {
      there <- omic$samples
      z <- (x[omic$features, fit$samples[there]] - omic$center) / omic$scale
      measured <- !is.na(z)
      share <- rowSums(((a - b)[, there] * measured)^2) /
        rowSums(pmax(pmin(z, 6), -6)^2, na.rm = TRUE)
      sqrt(mean(share))
    }, whole, without, fit$omics, cohort[names(fit$omics)]))
  }, 0)
  sd <- apply(latent(fit), 2, stats::sd)
  expect_equal(unname(fit$spread * sd), moved, tolerance = 1e-3)
  published <- poems(lapply(cohort, \(x) x[, 1:45]), factors = 3, seed = 3,
                     control = quick_control(objective = "published", epochs = 3))
  expect_identical(latent(published, scaled = TRUE), published$latent)
})

test_that("gates sum to 1 and are 0 where an omic is missing, and only there", {
  weights <- gates(small_fit())
  expect_equal(unname(rowSums(weights)), rep(1, 60), tolerance = 1e-6)
  expect_identical(unname(weights[, "mirna"] == 0), 1:60 > 45)
  expect_true(all(weights[, c("rna", "protein")] > 0))
})

test_that("the true factors can be read from the latent ones", {
  truth <- small_cohort()$factors
  recovered <- summary(stats::lm(truth ~ latent(small_fit())))
  expect_true(all(vapply(recovered, \(model) model$r.squared, 0) > 0.5))
})

test_that("loadings() of stats finds the loadings", {
  expect_identical(stats::loadings(small_fit()), small_fit()$loadings)
})

test_that("inclusion() returns a probability for every loading", {
  fit <- small_fit()
  expect_identical(inclusion(fit), fit$inclusion)
  expect_identical(lapply(inclusion(fit), dimnames), lapply(loadings(fit), dimnames))
  expect_error(inclusion(list()), "no applicable method")
})

test_that("the core's own probabilities are those of its loadings", {
  fit <- small_fit()
  # By hand, from the loadings and the factors' inclusion rates.
  w <- as.matrix(loadings(fit)$rna)
  rate <- rep(fit$parameters$omics$rna$inclusion_rate[factors_in_use(fit)], each = nrow(w))
  slab <- rate * 0.5 * exp(-0.5 * abs(w))
  spike <- (1 - rate) * 10 * exp(-10 * abs(w))
  p <- fit$parameters$omics$rna$inclusion_probability[, factors_in_use(fit)]
  expect_gt(stats::cor(as.vector(p), as.vector(slab / (slab + spike))), 0.95)
})

test_that("they take nothing but a fit", {
  expect_error(latent(matrix(0)), "no applicable method")
  expect_error(gates(list()), "no applicable method")
  expect_error(latent(small_fit(), TRUE, 3), class = "rlib_error_dots_nonempty")
  expect_error(latent(small_fit(), scaled = 3), "TRUE or FALSE")
  expect_error(gates(small_fit(), 3), class = "rlib_error_dots_nonempty")
})
