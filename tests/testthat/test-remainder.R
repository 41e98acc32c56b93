# What predictions of missing values rest on beside the decoders.

# Standardised noise (features x samples) whose features go together in groups of 10.
grouped_noise <- function(features, samples, seed) {
  withr::with_seed(seed, {
    common <- matrix(rnorm(samples * features / 10), ncol = samples)
    common <- common[rep(seq_len(features / 10), 10), ]
    standardise_rows(0.7 * common + matrix(rnorm(features * samples), features))$x
  })
}

test_that("correlations are shrunk by the variances of every pair", {
  x <- grouped_noise(20, 50, 1)
  n <- ncol(x)
  pairs <- which(upper.tri(diag(20)), arr.ind = TRUE)
  products <- x[pairs[, 1], ] * x[pairs[, 2], ]
  variance <- rowSums((products - rowMeans(products))^2) / n / (n - 1)
  expect_equal(correlation_shrinkage(x, 1L), sum(variance) / sum(rowMeans(products)^2),
               tolerance = 1e-4)
  alone <- withr::with_seed(2, standardise_rows(matrix(rnorm(20 * 50), 20))$x)
  expect_gt(correlation_shrinkage(alone, 1L), 0.8)
})

test_that("what is unknown is predicted by the conditional distribution", {
  x <- grouped_noise(40, 60, 3)
  omic <- rep(1:2, c(25, 15))
  of <- c(list(loadings = matrix(0, 40, 0), noise = rep(1, 40), uncertainty = matrix(0, 0, 2),
               offset = rep(0, 40)), correlated_noise(x, 0, omic, 1L))
  covariance <- (tcrossprod(of$components) + diag(of$own)) * tcrossprod(of$spread)
  # The diagonal is that of the data, the rest shrunk.
  expect_equal(diag(covariance), rowMeans(x^2), tolerance = 1e-3)
  expect_equal(covariance[1, 2], (1 - of$shrinkage) * mean(x[1, ] * x[2, ]), tolerance = 1e-3)

  seen <- x
  hidden <- c(3, 17, 30)
  seen[hidden, 5] <- NA
  seen[omic == 2, 6] <- NA  # an omic that the sample lacks
  got <- predict_left(of, seen, omic, 1L, with_sd = TRUE)
  weights <- covariance[hidden, -hidden] %*% solve(covariance[-hidden, -hidden])
  expect_equal(got$mean[hidden, 5], drop(weights %*% x[-hidden, 5]), tolerance = 1e-4)
  variance <- covariance[hidden, hidden] - weights %*% covariance[-hidden, hidden]
  expect_equal(got$sd[hidden, 5], sqrt(diag(variance)), tolerance = 1e-4)
  lacks <- which(omic == 2)
  weights <- covariance[lacks, -lacks] %*% solve(covariance[-lacks, -lacks])
  expect_equal(got$mean[lacks, 6], drop(weights %*% x[-lacks, 6]), tolerance = 1e-4)
})

test_that("hidden values are predicted from features that no factor stands for", {
  simulation <- simulate_omics(200, c(rna = 60, protein = 40), factors = 3, links = "linear",
                               noise = 0.3, seed = 4)
  x <- lapply(simulation$omics, \(x) x / apply(x, 1, stats::sd))
  left <- grouped_noise(100, 200, 5)
  x$rna <- x$rna + left[1:60, ]
  x$protein <- x$protein + left[61:100, ]
  hidden <- withr::with_seed(6, lapply(x, \(x) matrix(runif(length(x)) < 0.1, nrow(x))))
  seen <- Map(\(x, h) replace(x, h, NA), x, hidden)
  fit <- poems(seen, 6, seed = 1, control = list(threads = 2, progress = FALSE))
  filled <- impute(fit, seen)
  sd <- impute(fit, seen, "sd", draws = 10, seed = 1)
  decoded <- predict(fit, seen, type = "reconstruction")
  r2 <- \(guess) mean(mapply(\(x, g, h, s) {
    m <- rowMeans(s, na.rm = TRUE)
    1 - sum((x - g[rownames(x), colnames(x)])[h]^2) / sum((x - m)[h]^2)
  }, x, guess, hidden, seen))
  expect_gt(r2(filled), r2(decoded) + 0.03)
  # The fit says how well it predicts, of samples that it has not seen: a little less well.
  expect_lt(mean(fit$remainder$hidden), r2(filled) + 0.03)
  expect_gt(mean(fit$remainder$hidden), r2(filled) - 0.12)
  z <- unlist(Map(\(x, g, s, h) ((x - g) / s)[h], x, filled, sd, hidden))
  expect_gt(mean(abs(z) < 1.96), 0.92)
  expect_lt(mean(abs(z) < 1.96), 0.98)
  again <- poems(seen, 6, seed = 1, control = list(threads = 1, progress = FALSE))
  expect_identical(again$remainder, fit$remainder)
})

test_that("a factor is worth what hidden values lose without it", {
  simulation <- simulate_omics(300, c(rna = 80, protein = 50), factors = 4, links = "linear",
                               noise = 0.4, seed = 5)
  fit <- poems(simulation$omics, 8, seed = 1, control = list(threads = 1, progress = FALSE))
  rows <- tidy(fit, "factors")
  expect_identical(nrow(rows), 2L * fit$factors)
  loaded <- rows$loadings > 5
  expect_true(all(rows$worth[loaded] > 0.01))
  expect_true(all(abs(rows$worth[rows$loadings == 0]) < 0.01))
  expect_gt(stats::cor(rows$worth, rows$r2), 0.85)
})
