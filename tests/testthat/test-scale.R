test_that("standardising gives mean 0 and standard deviation 1", {
  x <- small_omics()
  scaling <- learn_scaling(x)
  expect_named(scaling, c("mrna", "protein"))
  mrna <- scaling$mrna
  expect_equal(mrna$features, rownames(x$mrna))
  expect_equal(mrna$center, unname(apply(x$mrna, 1, mean)))
  expect_equal(mrna$scale, unname(apply(x$mrna, 1, sd)))
  expect_equal(mrna$fill, numeric(5))
  expect_equal(mrna$sd, rep(1, 5))
  expect_equal(mrna$clip, 6)
})

test_that("minmax gives the range from 0 to 1", {
  x <- small_omics()$mrna
  scaling <- learn_scaling(list(mrna = x), "minmax")$mrna
  scaled <- (x - scaling$center) / scaling$scale
  expect_equal(unname(apply(scaled, 1, range)), matrix(c(0, 1), 2, 5))
  expect_equal(scaling$fill, unname(rowMeans(scaled)))
  expect_equal(scaling$sd, unname(apply(scaled, 1, sd)))
  expect_equal(scaling$clip, Inf)
})

test_that("missing values are left out of the statistics", {
  x <- replace(small_omics()$mrna, c(1, 7, 12, 31), c(NA, NaN, NA, NA))
  scaling <- learn_scaling(list(mrna = x))$mrna
  expect_equal(scaling$center, unname(apply(x, 1, mean, na.rm = TRUE)))
  expect_equal(scaling$scale, unname(apply(x, 1, sd, na.rm = TRUE)))
})

test_that("a mean far above the spread does not spoil the spread", {
  # In units of 2^-10, so that 2^40 + spread is exact.
  spread <- c(-3, -1, 0, 1, 3, 0, 2, -2, 4, -4) / 2^10
  x <- rbind(low = spread, high = 2^40 + spread)
  expect_message(scaling <- learn_scaling(list(a = x)), "a \\(1\\)")
  expect_equal(scaling$a$features, "low")  # 1e-14 of the mean: taken for rounding errors
  x <- rbind(low = spread, high = 2^24 + spread)
  scale <- learn_scaling(list(a = x))$a$scale
  expect_equal(scale[2] / scale[1], 1, tolerance = 1e-13)
})

test_that("very large and very small values neither overflow nor vanish", {
  x <- outer(c(1e-300, 1, 1e300), c(1:9, 20))
  rownames(x) <- c("tiny", "one", "huge")
  scaling <- learn_scaling(list(a = x))$a
  expect_equal(scaling$scale / c(1e-300, 1, 1e300), rep(sd(c(1:9, 20)), 3))
})

test_that("constant and empty features are dropped with one message", {
  x <- small_omics()
  x$mrna["g2", ] <- 3
  x$mrna["g3", ] <- NA
  x$mrna["g5", 2:12] <- NA
  x$protein["p1", ] <- c(0.3, 0.1 + 0.2)
  expect_snapshot(tell(scaling <- learn_scaling(x)))
  expect_equal(scaling$mrna$features, c("g1", "g4"))
  expect_length(scaling$mrna$center, 2)
  expect_equal(scaling$protein$features, c("p2", "p3"))
})

test_that("an omic without a feature that varies is an error", {
  fit <- function(x) learn_scaling(x)
  x <- small_omics()
  x$protein[] <- 1
  expect_snapshot(tell(fit(x)))
})

test_that("very abundant counts and whole-number intensities are no constants", {
  withr::local_seed(1)
  logs <- outer(rep(c(1, -1, 0, 0.5), 10), rnorm(60)) + matrix(rnorm(2400, sd = 0.7), 40) +
    runif(40, 26, 34)
  x <- round(2^logs)
  dimnames(x) <- list(paste0("P", 1:40), paste0("s", 1:60))
  for (family in c("negative_binomial", "gaussian")) {
    expect_silent(scaling <- learn_scaling(list(ms = x), family = family))
    expect_identical(scaling$ms$features, rownames(x))
    site <- cbind(site = rep(c(-1, 1), 30))
    rownames(site) <- colnames(x)
    expect_silent(scaling <- learn_scaling(list(ms = x), family = family, design = site))
    expect_identical(scaling$ms$features, rownames(x))
  }
  # What is the same share of every library is constant.
  fixed <- rbind(x[1:20, ], fixed = 0)
  fixed["fixed", ] <- colSums(fixed)
  expect_message(scaling <- learn_scaling(list(ms = fixed), family = "negative_binomial"), "ms (1)",
                 fixed = TRUE)
})
