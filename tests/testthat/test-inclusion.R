# Probabilities against planted links, and the regression behind them against lm().

control <- list(threads = 1, progress = FALSE)

planted <- function(seed, noise, links = "linear") {
  simulation <- simulate_omics(100, c(a = 120, b = 80), factors = 3, factors_per_feature = 0:2,
                               links = links, noise = noise, seed = seed)
  fit <- poems(simulation$omics, 6, seed = seed, control = control)
  match <- apply(abs(stats::cor(fit$mode, simulation$factors)), 1, which.max)
  real <- lapply(simulation$loadings, \(w) as.matrix(w)[, match] != 0)
  data.frame(p = unlist(inclusion(fit)), real = unlist(real))
}

test_that("of loadings with some probability, as many are real", {
  skip_on_cran()
  links <- do.call(rbind, lapply(1:4, \(seed) planted(seed, noise = 0.7)))
  groups <- split(links, cut(links$p, c(0, 0.1, 0.5, 0.9, 1), include.lowest = TRUE))
  for (group in groups) {
    error <- 3 * sqrt(mean(group$p * (1 - group$p)) / nrow(group))
    expect_lt(abs(mean(group$real) - mean(group$p)), 0.02 + error)
  }
  expect_gt(mean(links$p[links$real] > 0.9), 0.8)
})

test_that("features of noise alone have small probabilities, those of clear links large ones", {
  links <- planted(5, noise = 0.3)
  expect_gt(min(links$p[links$real]), 0.99)
  expect_lt(mean(links$p[!links$real]), 0.02)
  expect_lt(mean(links$p[!links$real] > 0.5), 0.005)
})

test_that("links that are not monotone count where samples suffice", {
  z <- withr::with_seed(1, matrix(stats::rnorm(200 * 2), 200))
  y <- withr::with_seed(2, rbind(z[, 1]^2 - 1, z[, 2], 0) + matrix(stats::rnorm(600), 3))
  none <- matrix(0, 3, 2)
  size <- link_statistics(y, y, z, none, none)
  expect_gt(size[1, 1], 10)
  expect_gt(size[2, 2], 8)
  expect_lt(max(size[3, ], size[1, 2], size[2, 1]), 3)
  # With so few samples, squares take no part.
  expect_null(square_terms(z[1:8, ]))
  expect_identical(colnames(square_terms(z)), c("1", "2"))
  # A factor that stands for the square of another tells what its square would.
  expect_false("1" %in% colnames(square_terms(centred(cbind(z, z[, 1]^2)))))
})

test_that("statistics are those of F tests in a regression", {
  z <- withr::with_seed(3, centred(matrix(stats::rnorm(60 * 3), 60)))
  y <- withr::with_seed(4, matrix(stats::rnorm(4 * 60), 4)) + z[, 2]
  moved <- withr::with_seed(5, matrix(stats::rnorm(12, sd = 0.1), 4))
  loadings <- withr::with_seed(6, matrix(stats::rnorm(12), 4))
  size <- link_statistics(y, y, z, loadings, moved)
  squares <- square_terms(z)
  for (j in 1:4) {
    r <- y[j, ] - drop(z %*% loadings[j, ])
    left_out <- z - outer(r - mean(r), moved[j, ])
    full <- stats::lm(y[j, ] ~ left_out + squares)
    for (k in 1:3) {
      fewer <- stats::lm(y[j, ] ~ left_out[, -k] + squares[, colnames(squares) != k])
      p <- stats::anova(fewer, full)[2, "Pr(>F)"]
      expect_equal(size[j, k], -stats::qnorm(p / 2), tolerance = 1e-6)
    }
  }
})

test_that("scores without a feature are those of a model without it", {
  withr::local_seed(7)
  w <- matrix(stats::rnorm(40), 20)
  noise <- stats::runif(20, 0.5, 1)
  y <- w %*% matrix(stats::rnorm(60), 2) + sqrt(noise) * matrix(stats::rnorm(600), 20)
  of <- list(loadings = w, noise = noise, uncertainty = matrix(0, 2, 1))
  omic <- rep(1L, 20)
  scores <- core_factor_scores(y, omic, w, noise, of$uncertainty, 1)
  moved <- left_out_scores(of, omic, matrix(TRUE, 1, 30), 1:20)
  for (j in c(1, 20)) {
    r <- y[j, ] - drop(scores %*% w[j, ])
    others <- core_factor_scores(y[-j, ], omic[-j], w[-j, ], noise[-j], of$uncertainty, 1)
    expect_equal(scores - outer(r, moved[j, ]), others, tolerance = 1e-6)
  }
})

test_that("two groups of statistics are told apart, and noise is taken for noise", {
  withr::local_seed(8)
  linked <- rep(c(TRUE, FALSE), c(100, 900))
  size <- matrix(abs(stats::rnorm(2000, rep(c(linked, rep(FALSE, 1000)) * 4, 1))), 1000)
  p <- two_groups(size)
  expect_lt(abs(mean(p[, 1]) - 0.1), 0.02)
  expect_gt(mean(p[linked, 1]), 0.8)
  expect_lt(mean(p[, 2]), 0.01)
  # Statistics that are too wide for theory are not taken for links.
  wide <- two_groups(abs(matrix(stats::rnorm(2000, sd = 1.4), 1000)))
  expect_lt(mean(wide > 0.5), 0.005)
})

test_that("the published objective, and fits of few samples, have the probabilities of training", {
  omics <- lapply(small_cohort(30)$omics["rna"], \(x) x[, 1:10])
  for (fit in list(
    poems(omics, 3, seed = 1, control = quick_control("published", epochs = 3)),
    poems(omics, 3, seed = 1, control = quick_control(epochs = 10))
  )) {
    trained <- fit$parameters$omics$rna$inclusion_probability[, factors_in_use(fit)]
    expect_identical(unname(inclusion(fit)$rna), trained)
  }
})

test_that("probabilities of fits of other families, with gaps, lie between 0 and 1", {
  simulation <- simulate_omics(
    80, c(a = 30, b = 30, c = 30), factors = 2, noise = 0.4, seed = 3, missing_omics = 0.2,
    missing_values = 0.05, family = c(b = "bernoulli", c = "negative_binomial")
  )
  fit <- suppressMessages(poems(simulation$omics, 4, seed = 1, control = control))
  p <- unlist(inclusion(fit))
  expect_true(all(p >= 0 & p <= 1))
  expect_gt(mean(p[unlist(lapply(loadings(fit), as.vector)) != 0]), 0.8)
  again <- unserialize(serialize(fit, NULL))
  expect_identical(predict(again, simulation$omics), predict(fit, simulation$omics))
})
