test_that("the features of a factor are ordered by the size of their loading or effect", {
  fit <- small_fit()
  all <- do.call(rbind, lapply(names(fit$omics), \(omic) data.frame(
    omic = omic, feature = rownames(fit$loadings[[omic]]),
    loading = as.matrix(fit$loadings[[omic]])[, 2],
    effect = as.matrix(feature_effects(fit)[[omic]])[, 2],
    inclusion = fit$inclusion[[omic]][, 2], row.names = NULL
  )))
  for (by in c("loading", "effect")) {
    top <- top_features(fit, factor = 2, n = 7, by = by)
    expected <- utils::head(all[order(-abs(all[[by]])), ], 7)
    expect_equal(top[names(all)], expected, ignore_attr = "row.names")
    expect_identical(top$factor, rep("Factor2", 7))
    expect_identical(top$rank, 1:7)
  }
})

test_that("factors go by number or name, several in the order given", {
  fit <- small_fit()
  expect_identical(top_features(fit), top_features(fit, "Factor1"))
  two <- top_features(fit, c(3, 1), n = 4)
  expect_identical(two$factor, rep(c("Factor3", "Factor1"), each = 4))
  expect_identical(two$rank, rep(1:4, times = 2))
  expect_identical(top_features(fit, c("Factor3", "Factor1", "Factor3"), n = 4), two)
})

test_that("omics can be chosen", {
  fit <- small_fit()
  top <- top_features(fit, 1, n = 5, omic = c("mirna", "protein"))
  expect_true(all(top$omic %in% c("mirna", "protein")))
  all <- top_features(fit, 1, n = 1000)
  expect_identical(top$feature, utils::head(all$feature[all$omic != "rna"], 5))
})

test_that("only features with a loading are returned", {
  fit <- small_fit()
  top <- top_features(fit, 1, n = 1000)
  expect_identical(nrow(top), sum(vapply(loadings(fit), \(w) sum(w[, 1] != 0), 0L)))
  expect_true(all(top$loading != 0))
})

test_that("wrong arguments are errors that say what there is", {
  fit <- with_factors(small_fit(), 3) # whatever training made of it
  single <- with_factors(fit, 1)
  none <- with_factors(fit, 0)
  expect_snapshot({
    tell(top_features(list()))
    tell(top_features(fit, 7))
    tell(top_features(fit, 1.5))
    tell(top_features(fit, c("Factor2", "Factor{9}")))
    tell(top_features(fit, TRUE))
    tell(top_features(fit, character()))
    tell(top_features(single, 2))
    tell(top_features(none))
    tell(top_features(fit, omic = c("rna", "dna")))
    tell(top_features(fit, omic = 1))
    tell(top_features(fit, n = 0))
  })
})
