# A linear world of two omics: two shared factors and two of each omic alone, all with loadings in
# a part of the features. The last samples lack one omic.
planted_split <- function(n = 300, features = 60, seed = 1) {
  withr::with_seed(seed, {
    z <- matrix(rnorm(6 * n), 6)
    of <- list(c(1, 2, 3, 4), c(1, 2, 5, 6))
    loadings <- lapply(of, \(k) {
      m <- matrix(0, features, 6)
      for (i in seq_along(k)) m[(i - 1) * 15 + 1:15, k[i]] <- sample(c(-1, 1), 15, TRUE)
      m
    })
    x <- lapply(loadings, \(m) m %*% z + rnorm(features * n, sd = 0.5))
  })
  x[[1]][, 1:30] <- NA
  x[[2]][, 31:60] <- NA
  x[[1]][2, 70:90] <- NA  # single values
  x[[2]][60, ] <- 1  # a constant feature
  list(x = do.call(rbind, x), omic = rep(1:2, each = features), z = z, loadings = loadings)
}

# What an encoder says of samples, coordinates x samples, by its definition.
encode_by_hand <- function(encoder, x) {
  x[is.na(x)] <- 0
  hidden <- encoder$weight %*% x + encoder$bias
  encoder$mean %*% ifelse(hidden > 0, hidden, 0.01 * hidden) + encoder$mean_bias
}

found_in <- function(start, block) block[start$encoder$sd[block] < 1]

test_that("shared and private factors of a linear world are found, by the omic that has them", {
  world <- planted_split()
  start <- split_start(world$x, world$omic, 4L, c(4L, 4L), 64L, 1, 1L)
  full <- 91:300
  for (v in 1:2) {
    z <- encode_by_hand(start[[v]]$encoder, world$x[world$omic == v, full])
    shared <- found_in(start[[v]], 1:4)
    private <- found_in(start[[v]], 5:8)
    expect_length(shared, 2)
    expect_length(private, 2)
    own <- list(3:4, 5:6)[[v]]
    correlations <- \(k, true) cancor(t(z[k, ]), t(world$z[true, full]))$cor
    expect_gt(min(correlations(shared, 1:2)), 0.95)
    expect_gt(min(correlations(private, own)), 0.95)
    expect_lt(max(correlations(private, 1:2)), 0.3)
  }
})

test_that("loadings are 0 where none was planted, and decode what was", {
  world <- planted_split()
  start <- split_start(world$x, world$omic, 4L, c(4L, 4L), 64L, 1, 1L)
  for (v in 1:2) {
    loadings <- start[[v]]$decoder$loadings
    blocks <- list(1:4, 5:8)
    planted <- list(1:2, list(3:4, 5:6)[[v]])
    varies <- if (v == 2) 1:59 else 1:60
    for (b in 1:2) {
      is <- rowSums(abs(loadings[varies, blocks[[b]]])) > 0
      was <- rowSums(abs(world$loadings[[v]][varies, planted[[b]]])) > 0
      expect_true(all(is[was]))
      expect_lt(mean(is[!was]), 0.05)
    }
    noise <- start[[v]]$decoder$noise[varies]
    expect_lt(max(noise), 0.6)  # 0.25 in truth, and what the posterior misses
  }
  expect_identical(start[[2]]$decoder$loadings[60, ], numeric(8))
  expect_true(all(is.finite(unlist(start))))
})

test_that("what two omics say of new samples differs no more than their standard deviations tell", {
  world <- planted_split(700)
  start <- split_start(world$x[, 1:350], world$omic, 4L, c(4L, 4L), 64L, 1, 1L)
  shared <- found_in(start[[1]], 1:4)
  said <- lapply(1:2, \(v) {
    encode_by_hand(start[[v]]$encoder, world$x[world$omic == v, 351:700])[shared, ]
  })
  rho <- lapply(start, \(s) 1 - s$encoder$sd[shared]^2)
  told <- rho[[1]] + rho[[2]] - 2 * rho[[1]] * rho[[2]]
  expect_lt(mean((said[[1]] - said[[2]])^2) / mean(told), 1.3)
  expect_lt(mean(told), 0.2)  # of 2, were nothing known
})

test_that("pure noise shares nothing and has nothing of its own", {
  x <- withr::with_seed(1, matrix(rnorm(120 * 80), 120))
  for (part in split_start(x, rep(1:2, each = 60), 4L, c(2L, 2L), 32L, 1, 1L)) {
    expect_identical(part$encoder$sd, rep(1, 6))
    expect_true(all(part$encoder$mean == 0))
    expect_true(all(part$decoder$loadings == 0))
  }
})

test_that("the same seed gives the same start on any number of threads, another one another", {
  world <- planted_split(120)
  start <- \(seed, threads) split_start(world$x, world$omic, 3L, c(2L, 2L), 32L, seed, threads)
  first <- start(1, 1L)
  expect_identical(start(1, 2L), first)
  expect_false(identical(start(2, 1L)[[1]]$encoder$weight, first[[1]]$encoder$weight))
})
