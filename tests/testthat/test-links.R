test_that("links are the products of effects, of features of different omics", {
  fit <- small_fit()
  links <- feature_links(fit, factor = 2, n = 4)
  expect_named(links, c("factor", "omic", "feature", "effect", "other_omic", "other_feature",
                        "other_effect", "link"))
  expect_identical(unique(links$factor), "Factor2")
  expect_identical(nrow(links), 3L * 16L)
  effect_of <- \(omic, feature) {
    mapply(\(o, f) feature_effects(fit)[[o]][f, "Factor2"], omic, feature, USE.NAMES = FALSE)
  }
  expect_equal(links$effect, effect_of(links$omic, links$feature))
  expect_equal(links$link, links$effect * effect_of(links$other_omic, links$other_feature))
  expect_false(is.unsorted(-abs(links$link)))
  expect_true(all(match(links$omic, names(fit$omics)) < match(links$other_omic, names(fit$omics))))
})

test_that("links join the features with the largest effects", {
  fit <- small_fit()
  links <- feature_links(fit, factor = "Factor1", n = 2, omic = c("rna", "mirna"))
  top <- \(omic) {
    names(sort(-abs(as.matrix(feature_effects(fit)[[omic]])[, "Factor1"])))[1:2]
  }
  expect_setequal(links$feature, top("rna"))
  expect_setequal(links$other_feature, top("mirna"))
})

test_that("the links of a linear factor are the correlations that it gives to features", {
  # Two features that are multiples of a factor, and noise of the same size.
  truth <- small_cohort(samples = 200)
  fit <- poems(truth$omics, factors = 2, seed = 1,
               control = list(epochs = 60, threads = 1, progress = FALSE))
  factor <- which.max(abs(cor(latent(fit), truth$factors[, 1])))
  links <- feature_links(fit, factor, n = 3, omic = c("rna", "protein"))
  observed <- mapply(\(a, b) cor(truth$omics$rna[a, ], truth$omics$protein[b, ],
                                 use = "complete.obs"), links$feature, links$other_feature)
  expect_lt(max(abs(links$link - observed)), 0.15)
})

test_that("one omic has no links", {
  links <- feature_links(small_fit(), omic = "rna")
  expect_identical(nrow(links), 0L)
  expect_identical(ncol(links), 8L)
})

test_that("feature_links() checks its arguments", {
  fit <- small_fit()
  expect_snapshot({
    tell(feature_links(fit, factor = 1:2))
    tell(feature_links(fit, n = 0))
    tell(feature_links(fit, omic = "metabolome"))
  })
})
