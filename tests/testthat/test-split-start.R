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

test_that("reliabilities are those planted, of two omics their geometric mean", {
  withr::local_seed(3)
  truth <- rnorm(1e5)
  planted <- c(0.9, 0.6, 0.3)
  said <- lapply(planted, \(rho) cbind(sqrt(rho) * truth + sqrt(1 - rho) * rnorm(1e5)))
  has <- matrix(TRUE, 3, 1e5)
  found <- reliability(said, has, pairs_with(has, 10))
  expect_equal(unlist(found), planted, tolerance = 0.02)
  found <- reliability(said[1:2], has[1:2, ], pairs_with(has[1:2, ], 10))
  expect_equal(unlist(found), rep(sqrt(0.9 * 0.6), 2), tolerance = 0.02)
  has[3, -(1:5)] <- FALSE
  expect_identical(reliability(said, has, pairs_with(has, 10))[[3]], least_reliable)
})

test_that("intervals of coordinates cover", {
  covered <- vapply(1:3, \(seed) {
    world <- split_world(samples = 300, sizes = c(a = 30, b = 20), shared = 2, noise = 1,
                         lacking = list(b = paste0("s", 1:60)), seed = seed)
    fit <- poems_split(world$omics, shared = 3, private = 3, seed = seed,
                       control = list(epochs = 5, threads = 1, encoder_units = 60))
    within <- \(block) {
      z <- latent(fit, block)
      z <- z[, apply(z, 2, sd, na.rm = TRUE) > 1e-8, drop = FALSE]
      sd <- latent(fit, block, sd = TRUE)[, colnames(z)]
      known <- !is.na(z[, 1])
      truth <- world$z[[block]]
      map <- qr.coef(qr(cbind(1, z[known, ])), truth[known, ])
      error <- truth - cbind(1, z) %*% map
      mean(abs(error[known, ]) < 1.96 * sqrt(sd^2 %*% map[-1, ]^2)[known, ])
    }
    c(shared = within("shared"), private = within("a"))
  }, c(shared = 0, private = 0))
  expect_gt(mean(covered["shared", ]), 0.92)
  expect_lt(mean(covered["shared", ]), 0.98)
  expect_gt(mean(covered["private", ]), 0.86)
  expect_lt(mean(covered["private", ]), 0.98)
})
