# Slopes of every sample by central differences of the core's reconstruction, features x samples.
slopes <- function(fit, k, step = 1e-3) {
  moved <- \(by) {
    latent <- core_latent(fit)
    latent[, k] <- latent[, k] + by
    core_reconstruct(core_parameters(fit), fit$config, latent, 1L)
  }
  Map(\(up, down) (up - down) / (2 * step), moved(step), moved(-step))
}

test_that("effects are the mean slopes of the reconstruction, in standard deviations", {
  # Objective "published" scales to 0..1, where a feature's standard deviation is not 1. Trained
  # long enough that few samples are within a step of where a hidden unit turns on.
  for (objective in c("elbo", "published")) {
    omics <- lapply(small_cohort()$omics, \(x) x[, 1:45])
    control <- quick_control(objective = objective, epochs = 100, learning_rate = 5e-3)
    fit <- poems(omics, factors = 3, seed = 3, control = control)
    effects <- feature_effects(fit)
    table <- feature_effects(fit, "table")
    for (i in seq_len(fit$factors)) {
      by_hand <- slopes(fit, fit$order[i])
      names(by_hand) <- names(omics)
      unit <- stats::sd(latent(fit)[, i])
      for (omic in names(omics)) {
        s <- by_hand[[omic]] * unit / fit$omics[[omic]]$sd
        expect_equal(unname(effects[[omic]][, i]), rowMeans(s), tolerance = 0.01)
        rows <- table[table$omic == omic & table$factor == paste0("Factor", i), ]
        at <- match(rows$feature, rownames(effects[[omic]]))
        expect_equal(rows$effect, rowMeans(s)[at], tolerance = 0.01)
      }
    }
  }
})

test_that("effects have the shape and the zeros of the loadings", {
  fit <- small_fit()
  effects <- feature_effects(fit)
  expect_named(effects, names(loadings(fit)))
  for (omic in names(effects)) {
    expect_s4_class(effects[[omic]], "dgCMatrix")
    expect_identical(dimnames(effects[[omic]]), dimnames(loadings(fit)[[omic]]))
    expect_identical(effects[[omic]]@i, loadings(fit)[[omic]]@i)
    expect_identical(effects[[omic]]@p, loadings(fit)[[omic]]@p)
  }
})

test_that("the table has the matrices' values", {
  fit <- small_fit()
  table <- feature_effects(fit, "table")
  expect_named(table, c("omic", "feature", "factor", "effect"))
  for (omic in names(fit$omics)) {
    rows <- table[table$omic == omic, ]
    effects <- as.matrix(feature_effects(fit)[[omic]])
    expect_identical(rows$effect, effects[cbind(rows$feature, rows$factor)])
    expect_identical(nrow(rows), length(loadings(fit)[[omic]]@x))
  }
})

test_that("effects have the signs of the correlations of features and factors", {
  large <- small_cohort(samples = 300)$omics
  control <- quick_control(epochs = 200, learning_rate = 5e-3, dropout = 0)
  fit <- poems(large, factors = 2, seed = 3, control = control)
  correlation <- stats::cor(t(large$protein), latent(fit))
  clear <- abs(correlation) > 0.5
  expect_gt(sum(clear), 10)
  effect <- as.matrix(feature_effects(fit)$protein)
  expect_identical(sign(effect[clear]), sign(correlation[clear]))
})

test_that("effects do not depend on the number of threads", {
  fit <- small_fit()
  fit$control$threads <- 2L
  expect_identical(feature_effects(fit, "table"), feature_effects(small_fit(), "table"))
})

test_that("effects are of fits only", {
  expect_snapshot(tell(feature_effects("fit")))
  expect_error(feature_effects(small_fit(), "list"), "must be one of")
})
