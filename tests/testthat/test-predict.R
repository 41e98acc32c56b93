cohort <- small_cohort()
fit <- poems(cohort$omics, factors = 3, seed = 3, control = quick_control())

test_that("the samples of training are projected to where training had them", {
  expect_equal(predict(fit, cohort$omics), latent(fit), tolerance = 1e-5)
  expect_equal(predict(fit, cohort$omics, type = "gates"), gates(fit), tolerance = 1e-5)
  expect_identical(predict(fit), latent(fit))
  expect_identical(predict(fit, type = "gates"), gates(fit))
  expect_equal(
    predict(fit, type = "reconstruction"), predict(fit, cohort$omics, type = "reconstruction"),
    tolerance = 1e-4
  )
})

test_that("a fit saved and read back predicts identically", {
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(fit, file)
  again <- readRDS(file)
  expect_identical(again, fit)
  for (type in c("latent", "gates", "reconstruction")) {
    expect_identical(
      predict(again, cohort$omics, type = type), predict(fit, cohort$omics, type = type)
    )
  }
})

test_that("permuting samples or features of newdata permutes predictions", {
  shuffled <- withr::with_seed(1, lapply(cohort$omics, \(x) x[sample(nrow(x)), sample(ncol(x))]))
  shuffled <- rev(shuffled)
  for (type in c("latent", "gates")) {
    expect_equal(
      predict(fit, shuffled, type = type)[fit$samples, ], predict(fit, cohort$omics, type = type),
      tolerance = 1e-5
    )
  }
  expect_equal(
    predict(fit, shuffled, type = "reconstruction")$rna[, fit$samples],
    predict(fit, cohort$omics, type = "reconstruction")$rna,
    tolerance = 1e-5
  )
})

test_that("a sample's prediction does not depend on the samples beside it", {
  alone <- predict(fit, list(rna = cohort$omics$rna[, 7, drop = FALSE]))
  among <- predict(fit, list(rna = cohort$omics$rna))
  expect_equal(alone, among["s07", , drop = FALSE], tolerance = 1e-5)
})

test_that("samples that lack omics are projected, and all omics reconstructed", {
  only_rna <- list(rna = cohort$omics$rna)
  expect_equal(predict(fit, only_rna, type = "gates")[, "rna"],
    stats::setNames(rep(1, 60), fit$samples))
  reconstruction <- predict(fit, only_rna, type = "reconstruction")
  expect_named(reconstruction, c("rna", "protein", "mirna"))
  expect_identical(rownames(reconstruction$mirna), rownames(cohort$omics$mirna))
  expect_identical(colnames(reconstruction$mirna), fit$samples)
})

test_that("reconstructions are in the units of the data", {
  large <- small_cohort(samples = 300)$omics
  long <- poems(
    large, factors = 4, seed = 3,
    control = list(validation = 0.2, threads = 1, progress = FALSE)
  )
  xhat <- predict(long, large, type = "reconstruction")
  residual <- sum((large$protein - xhat$protein)^2)
  total <- sum((large$protein - rowMeans(large$protein))^2)
  shares <- long$variance[long$variance$omic == "protein", ]
  weight <- ifelse(shares$set == "training", 0.8, 0.2)
  expect_equal(1 - residual / total, sum(weight * shares$r2), tolerance = 0.02)
  # An omic that was never measured is predicted from the others.
  imputed <- predict(long, large["rna"], type = "reconstruction")$protein
  expect_gt(stats::cor(as.vector(imputed), as.vector(large$protein)), 0.75)
})

test_that("missing values enter as the feature's mean", {
  holes <- cohort$omics$protein[, 1:10]
  filled <- holes
  holes[4, ] <- NA
  filled[4, ] <- fit$omics$protein$center[4]
  expect_equal(predict(fit, list(protein = holes)), predict(fit, list(protein = filled)),
    tolerance = 1e-6)
})
