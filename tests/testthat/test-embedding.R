# The definition, sample by sample, by stats::dist().
embedding_by_hand <- function(fit) {
  scaled <- sweep(scale(latent(fit, scaled = FALSE), scale = FALSE), 2, fit$spread, `*`)
  apart <- as.matrix(stats::dist(scaled))
  nearest <- apart <= apply(apart, 1, \(d) sort(d)[10])  # the sample itself among them
  drawn <- (scaled + (nearest / rowSums(nearest)) %*% scaled) / 2
  drawn / sqrt(1 + rowSums(drawn^2) / (2 * mean(rowSums(scaled^2))))
}

test_that("samples move half way to those like them, and far ones are drawn in", {
  fit <- small_fit()
  expect_equal(latent(fit), embedding_by_hand(fit), ignore_attr = c("scaled:center", "dim"))
  own <- diag(stats::cor(latent(fit), latent(fit, scaled = FALSE)))
  expect_gt(min(own), 0.9)
})

test_that("where a new sample lies does not depend on the others", {
  fit <- small_fit()
  new <- lapply(small_cohort()$omics, \(x) x[, c(3, 7, 20)] + 0.1)
  alone <- predict(fit, lapply(new, \(x) x[, 2, drop = FALSE]))
  expect_equal(predict(fit, new)[2, , drop = FALSE], alone, tolerance = 1e-6)
})

test_that("large cohorts are compared with some of their samples", {
  fit <- small_fit()
  n <- 2500
  fit$latent <- withr::with_seed(1, matrix(stats::rnorm(n * fit$factors), n))
  few <- fit
  few$latent <- fit$latent[spaced(n, 1000), ]
  expect_length(spaced(n, 1000), 1000)
  whole <- embed_samples(fit$latent[1:5, ], fit)
  some <- embed_samples(fit$latent[1:5, ], few)
  # The same neighbours; only the average sample and the radius differ a little.
  expect_equal(whole, some, tolerance = 0.05)
  expect_identical(spaced(7, 1000), 1:7 + 0)
})

test_that("subtypes are told better by the embedding than by posterior means", {
  # Two groups along a factor that is a tenth of all variance, in noise that samples have alone.
  groups <- rep(1:2, each = 100)
  fit <- list(control = list(objective = "elbo"), spread = rep(1, 6))
  fit$latent <- withr::with_seed(2, matrix(stats::rnorm(200 * 6), 200))
  fit$latent[, 1] <- fit$latent[, 1] + 3 * groups
  share <- \(x) {
    own <- stats::cor(x[, 1], groups)^2 * stats::var(x[, 1])
    own / sum(apply(x, 2, stats::var))
  }
  expect_gt(share(embed_samples(fit$latent, fit)), 1.1 * share(fit$latent))
})
