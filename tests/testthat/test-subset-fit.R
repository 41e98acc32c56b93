cohort <- small_cohort()$omics

test_that("some factors are shown, the model stays", {
  fit <- small_fit()
  part <- subset_fit(fit, factors = c(4, 2))
  expect_identical(check_fit(part), part)
  expect_identical(factor_names(part), c("Factor2", "Factor4"))
  expect_identical(latent(part), latent(fit)[, c(2, 4)])
  expect_identical(latent(part, scaled = TRUE), latent(fit, scaled = TRUE)[, c(2, 4)])
  expect_identical(core_parameters(part), core_parameters(fit))
  expect_identical(core_mode_of(part), core_mode_of(fit))
  expect_identical(predict(part, cohort), predict(fit, cohort)[, c(2, 4)])
  expect_identical(predict(part, cohort, "reconstruction"), predict(fit, cohort, "reconstruction"))
  expect_identical(impute(part, cohort), impute(fit, cohort))
  expect_identical(feature_effects(part), lapply(feature_effects(fit), \(w) w[, c(2, 4)]))
  expect_identical(variance_explained(part, by = "omic"), variance_explained(fit, by = "omic"))
  shares <- variance_explained(fit)
  expect_equal(variance_explained(part), ignore_attr = "row.names",
               shares[shares$factor %in% c("Factor2", "Factor4"), ])
  expect_equal(variance_explained(part, cohort), variance_explained(part), tolerance = 1e-4,
               ignore_attr = "row.names")
  expect_identical(informed_samples(part), informed_samples(fit)[, c(2, 4)])
  again <- subset_fit(part, factors = "Factor4")
  expect_identical(latent(again), latent(fit)[, 4, drop = FALSE])
  expect_identical(core_mode_of(again), core_mode_of(fit))
  expect_identical(again$subset$factors, factor_names(fit))
})

test_that("some samples are shown, in any order, and new ones are placed as before", {
  fit <- small_fit()
  names <- rev(fit$samples)[c(3, 1, 20, 40, 59)]
  part <- subset_fit(fit, samples = names)
  expect_identical(check_fit(part), part)
  expect_identical(latent(part), latent(fit)[names, ])
  expect_identical(gates(part), gates(fit)[names, ])
  expect_identical(contributions(part), contributions(fit)[names, , ])
  expect_identical(membership(part), membership(fit)[names, ])
  expect_identical(predict(part, cohort), predict(fit, cohort))
  expect_identical(predict(part, cohort, "reconstruction"), predict(fit, cohort, "reconstruction"))
  expect_identical(predict(part, type = "reconstruction"),
                   lapply(predict(fit, type = "reconstruction"), \(x) x[, names]))
  rows <- variance_explained(part, by = "sample")
  expect_setequal(rows$sample, names)
  expect_identical(variance_explained(part), variance_explained(fit))
  expect_identical(subset_fit(fit, samples = match(names, fit$samples)), part)
  expect_output(print(part), "Part of a fit of 60 samples", fixed = TRUE)
  expect_error(check_samples(part), "all samples of the fit")
  expect_error(uncertainty(part, cohort), "all samples of the fit")
})

test_that("some omics are shown, and no data are taken", {
  fit <- small_fit()
  part <- subset_fit(fit, omics = c("mirna", "rna"))
  expect_identical(check_fit(part), part)
  expect_identical(names(part$omics), c("rna", "mirna"))
  expect_identical(latent(part), latent(fit))
  expect_identical(gates(part), gates(fit)[, c("rna", "mirna")])
  expect_identical(loadings(part), loadings(fit)[c("rna", "mirna")])
  expect_identical(feature_effects(part), feature_effects(fit)[c("rna", "mirna")])
  rows <- tidy(fit, "factors")
  expect_identical(as.data.frame(tidy(part, "factors"))["worth"],
                   as.data.frame(rows[rows$omic != "protein", "worth"]))
  expect_identical(
    feature_response(part, "rna1", factor = 1, omic = "rna")$curve,
    feature_response(fit, "rna1", factor = 1, omic = "rna")$curve
  )
  expect_identical(glance(part)$features, 54L)
  omics <- cohort[c("rna", "mirna")]
  takes_data <- list(
    \() predict(part, omics), \() impute(part, omics), \() variance_explained(part, omics),
    \() contributions(part, omics), \() check_samples(part, omics), \() uncertainty(part, omics),
    \() feature_response(part, "rna1", newdata = omics),
    \() subtype_correlation(part, small_group(), omics)
  )
  for (of in takes_data) expect_error(of(), "cannot be applied to data")
  expect_error(check_samples(part), "cannot be applied to data")
})

test_that("all three at once, of a fit with groups", {
  fit <- small_fit()
  part <- subset_fit(fit, 1:2, c("rna", "protein"), fit$samples[1:20])
  expect_identical(check_fit(part), part)
  expect_identical(dim(part), c(20L, 2L))
  grouped <- poems(cohort, 3, seed = 1, groups = small_group(), control = quick_control(epochs = 5))
  some <- subset_fit(grouped, samples = 11:30)
  expect_identical(as.character(groups_of_fit(some)), unname(small_group()[11:30]))
  expect_identical(variance_explained(some, cohort, "group", covariates = small_group())$group[1:2],
                   c("high", "low"))
})

test_that("figures draw parts", {
  skip_if_not_installed("ggplot2")
  part <- subset_fit(small_fit(), c(1, 3), c("rna", "mirna"), 1:30)
  for (type in c("history", "omics", "variance", "loadings", "strength", "top_features", "sparsity",
                 "links", "latent", "factors", "gates", "contributions")) {
    expect_draws(ggplot2::autoplot(part, type))
  }
})

test_that("parts that make no sense are errors", {
  fit <- small_fit()
  expect_snapshot({
    tell(subset_fit(fit, factors = 9))
    tell(subset_fit(fit, omics = "dna"))
    tell(subset_fit(fit, samples = c("s01", "nobody")))
    tell(subset_fit(fit, samples = 1))
    tell(subset_fit(fit, samples = 50:60))
    tell(subset_fit(list()))
    tell(predict(subset_fit(fit, omics = "rna"), cohort["rna"]))
  })
})
