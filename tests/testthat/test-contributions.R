# Three omics of the same factors, and one of noise; `c` is noise, too, in every second sample.
noisy_cohort <- function(samples = 200) {
  truth <- simulate_omics(samples, c(a = 40, b = 40, c = 40), factors = 3, shared = 1,
                          links = "linear", noise = 0.4, seed = 3)
  names <- colnames(truth$omics$a)
  corrupted <- names[seq(2, samples, by = 2)]
  noise <- \(n) withr::with_seed(4, matrix(rnorm(40 * n), 40))
  truth$omics$c[, corrupted] <- noise(length(corrupted)) * apply(truth$omics$c, 1, stats::sd)
  truth$omics$d <- noise(samples)
  dimnames(truth$omics$d) <- list(paste0("d", 1:40), names)
  c(truth, list(corrupted = corrupted))
}

area <- function(score, positive) {
  rank <- rank(score)
  n <- sum(positive)
  (sum(rank[positive]) - n * (n + 1) / 2) / n / sum(!positive)
}

test_that("contributions are the weights of the posterior mean", {
  fit <- small_fit()
  omics <- small_cohort()$omics
  data <- align_newdata(fit$omics, omics)
  experts <- project_samples(fit, data)$experts
  shares <- contributions(fit)
  used <- factors_in_use(fit)
  mean <- Reduce(`+`, lapply(seq_along(experts), \(v) {
    said <- experts[[v]]$mean[, used, drop = FALSE]
    ifelse(is.nan(said), 0, said * shares[, v, ])
  }))
  expect_equal(mean, unname(latent(fit)), tolerance = 1e-5)
  expect_equal(apply(shares, c(1, 3), sum), 1 + 0 * latent(fit), ignore_attr = TRUE)
  expect_identical(dimnames(shares),
                   list(sample = fit$samples, omic = names(fit$omics),
                        factor = colnames(latent(fit))))
  expect_true(all(shares[!membership(fit)] == 0))
  expect_equal(contributions(fit, omics), shares, tolerance = 1e-5)
})

test_that("an omic of noise contributes next to nothing, a corrupted one is told by its gate", {
  cohort <- noisy_cohort(400)
  fit <- poems(cohort$omics, 8, seed = 1, control = list(threads = 1, progress = FALSE))
  # Factors of the cohort; c alone has others, which tell the two kinds of its samples apart.
  shared <- apply(abs(stats::cor(cohort$factors[fit$samples, ], latent(fit))), 1, which.max)
  corrupted <- fit$samples %in% cohort$corrupted
  # Where c is trusted as well; in the other samples, d gets its part of what c loses.
  expect_lt(max(colMeans(contributions(fit)[!corrupted, "d", shared])), 0.03)
  expect_lt(max(colMeans(contributions(fit)[corrupted, "d", shared])), 0.05)
  expect_gt(area(-gates(fit)[, "c"], corrupted), 0.9)
  expect_gt(mean(gates(fit)[!corrupted, "c"]), 3 * mean(gates(fit)[corrupted, "c"]))
})

test_that("tidy() and the figures have the contributions", {
  fit <- small_fit()
  table <- tidy(fit, "contributions")
  at <- cbind(match(table$sample, fit$samples), as.integer(table$omic), as.integer(table$factor))
  expect_identical(table$contribution, contributions(fit)[at])
  means <- mean_contributions(fit)
  complete <- rowSums(membership(fit)) == length(fit$omics)
  expect_equal(means, apply(contributions(fit)[complete, , ], 2:3, mean))
  skip_if_not_installed("ggplot2")
  drawn <- plot_contributions(fit)$data
  expect_equal(drawn$contribution, as.vector(means))
  one <- plot_contributions(fit, factor = 2)$data
  expect_equal(sort(one$contribution), sort(as.vector(contributions(fit)[, , 2])))
  expect_error(plot_contributions(fit, factor = 1:2), "must choose 1 factor")
})

test_that("the mixture tells which omics belong, and its form is what the core computes", {
  n <- 400
  truth <- withr::with_seed(5, matrix(rnorm(n * 3), n))
  m <- truth + withr::with_seed(6, matrix(rnorm(n * 3, sd = 0.3), n))
  g <- truth + withr::with_seed(7, matrix(rnorm(n * 3, sd = 0.3), n))
  wrong <- 1:40
  g[wrong, ] <- g[rev(wrong), ]
  found <- agreement_mixture(g, m)
  expect_gt(area(found$doubt, seq_len(n) %in% wrong), 0.97)
  expect_lt(mean(found$doubt[-wrong] > 0.5), 0.02)
  form <- found$weights
  log_odds <- form$offset + g^2 %*% form$own + m^2 %*% form$others - (g * m) %*% form$product
  expect_equal(stats::plogis(drop(log_odds)), found$doubt, tolerance = 1e-2)
  none <- agreement_mixture(g[-wrong, ], m[-wrong, ])
  expect_lt(mean(none$doubt > 0.5), 0.02)
})
