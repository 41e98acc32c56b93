loadNamespace("Matrix")

quiet <- list(threads = 1, progress = FALSE)
planted <- simulate_omics(1000, c(a = 30, b = 25), factors = 2, links = "linear", shared = 1,
                          factors_per_feature = 1, noise = 0.4, seed = 5)
part <- lapply(planted$omics, \(x) x[, 1:120])
part$b <- part$b[, 1:100]
planted_fit <- local({
  fit <- NULL
  function() {
    if (is.null(fit)) fit <<- poems(part, factors = 2, seed = 1, control = quiet)
    fit
  }
})
planted_uncertainty <- local({
  of <- NULL
  function() {
    if (is.null(of)) of <<- uncertainty(planted_fit(), part, refits = 20, seed = 3)
    of
  }
})

# Effects and shares of variance of the true factors, in the factors and signs of the fit.
true_of <- function(fit, table) {
  like <- stats::cor(latent(fit), planted$factors[fit$samples, ])
  match <- max.col(abs(like))
  i <- as.integer(table$factor)
  mapply(\(omic, feature, k) planted$loadings[[omic]][feature, k], as.character(table$omic),
         table$feature, match[i]) * sign(like[cbind(i, match[i])])
}

test_that("intervals of effects cover planted effects, and are no wider than they must be", {
  of <- planted_uncertainty()$effects
  true <- true_of(planted_fit(), of)
  covered <- (of$low <= true & true <= of$high)[true != 0]
  expect_gt(length(covered), 50)
  expect_gt(mean(covered), 0.88)
  # A slope in standard deviations that is known given the factors has sqrt(noise / samples).
  expect_lt(mean(of$standard_error), 2.5 * sqrt(0.4 / 100))
})

test_that("intervals are the estimates plus and minus Student's quantile times the error", {
  x <- planted_uncertainty()
  fit <- planted_fit()
  expect_identical(x$effects$effect, feature_effects(fit, "table")$effect)
  expect_identical(x$variance$r2, variance_explained(fit)$r2)
  half <- stats::qt(0.975, 19)
  expect_equal(x$factors$found, c(1, 1))
  middle <- x$variance$r2 / (2 - rep(unname(apply(fit$mode, 2, stats::var)), 2))
  for (case in list(list(x$effects, x$effects$effect), list(x$variance, middle))) {
    expect_equal(case[[1]]$high - case[[2]], half * case[[1]]$standard_error)
    expect_equal(case[[2]] - case[[1]]$low, half * case[[1]]$standard_error)
  }
})

test_that("errors are root mean squares of differences, over refits that have found it", {
  drawn <- c(0.5, 0.1, 0, 0.3)
  at <- difference_from(0.4, sum(drawn), sum(drawn^2), 4)
  expect_equal(at, sqrt(mean((drawn - 0.4)^2)))
  expect_equal(difference_from(0.4, 0, 0, 3), 0.4)  # selected in no refit: the interval holds 0
  expect_identical(difference_from(0.4, 0.3, 0.09, 1), NA_real_)
})

test_that("intervals of the variance explained hold what the factors explain", {
  of <- planted_uncertainty()$variance
  fit <- planted_fit()
  like <- abs(stats::cor(latent(fit), planted$factors[fit$samples, ]))
  true <- vapply(seq_len(nrow(of)), \(i) {
    k <- which.max(like[as.integer(of$factor[i]), ])
    mean(planted$loadings[[as.character(of$omic[i])]][, k]^2)
  }, 0)
  expect_true(all(of$low < true & true < of$high))
})

test_that("a refit is a fit of half of the samples in the factors of the first", {
  fit <- planted_fit()
  data <- align_newdata(fit$omics, part)
  drawn <- draw_refit(7, fit, data$data, NULL, refit_control(fit))
  half <- with_seed(7, draw_samples(part, 0.5))
  expect_identical(drawn$samples, 60L)
  again <- poems(half, factors = 2, seed = 7,
                 control = c(quiet, list(epochs = fit$best_epoch, validation = 0)))
  like <- stats::cor(fit$latent[again$samples, ], again$latent)
  match <- max.col(abs(like))
  sign <- sign(like[cbind(1:2, match)])
  want <- as.matrix(feature_effects(again)$a)[, match] %*% diag(sign)
  expect_equal(unname(as.matrix(drawn$effects$a)), unname(want), tolerance = 1e-6)
  expect_equal(drawn$correlation, abs(like[cbind(1:2, match)]))
  expect_equal(unname(drawn$variance["b", ]), r2_by_omic(again)["b", match])
})

test_that("factors that change order and sign, and one that is lost, are put in place", {
  w <- methods::as(matrix(c(1, 0, 0, 2), 2, dimnames = list(c("x", "y"), NULL)), "CsparseMatrix")
  latent <- withr::with_seed(1, matrix(stats::rnorm(60), 20, 3))
  rownames(latent) <- 1:20
  fit <- list(omics = list(a = list()), loadings = list(a = w), latent = latent)
  shares <- array(rep(c(0.6, 1), each = 20), c(20, 1, 2),
                  list(NULL, "a", c("Factor1", "Factor2")))
  refit <- list(factors = 2L, samples = rownames(latent), loadings = list(a = w),
                omics = list(a = list(samples = 1:20)), contributions = shares,
                latent = cbind(Factor1 = latent[, 2], Factor2 = -latent[, 1]),
                explained = list(factor = data.frame(omic = "a", factor = c("Factor1", "Factor2"),
                                                     r2 = c(0.3, 0.1))))
  placed <- in_factors_of(fit, refit, refit$loadings)
  expect_identical(placed$found, c(TRUE, TRUE, FALSE))
  expect_equal(as.matrix(placed$effects$a), cbind(c(0, -2), c(1, 0), c(0, 0)), ignore_attr = TRUE)
  expect_equal(as.matrix(placed$loadings$a), cbind(c(0, 2), c(1, 0), c(0, 0)), ignore_attr = TRUE)
  expect_equal(unname(placed$variance[1, ]), c(0.1, 0.3, NA))
  expect_equal(unname(placed$contributions[1, ]), c(1, 0.6, NA))
})

test_that("one omic and one factor are enough", {
  one <- simulate_omics(80, c(a = 25), factors = 1, links = "linear", noise = 0.3, seed = 1)
  fit <- poems(one$omics, factors = 1, seed = 1, control = quiet)
  of <- uncertainty(fit, one$omics, refits = 10, seed = 1)
  expect_identical(of$factors$found, 1)
  expect_true(of$variance$low < 0.7 && of$variance$high > 0.7)
})

test_that("the seed decides everything, and workers change nothing", {
  fit <- planted_fit()
  once <- uncertainty(fit, part, refits = 10, seed = 2)
  expect_identical(uncertainty(fit, part, refits = 10, seed = 2), once)
  skip_if_not_installed("BiocParallel")
  expect_identical(uncertainty(fit, part, refits = 10, seed = 2,
                               BPPARAM = BiocParallel::SerialParam()), once)
})

test_that("covariates and families are those of the fit", {
  mixed <- simulate_omics(60, c(a = 20, m = 20), factors = 2, seed = 1,
                          family = c(m = "bernoulli"), noise = 0.2)
  batch <- data.frame(batch = rep(c("A", "B"), 30), row.names = rownames(mixed$factors))
  fit <- suppressMessages(poems(mixed$omics, factors = 3, seed = 1, covariates = batch,
                                control = quiet))
  skip_if(fit$factors == 0)
  of <- uncertainty(fit, mixed$omics, refits = 10, covariates = batch, seed = 1)
  expect_s3_class(of, "poems_uncertainty")
  expect_error(uncertainty(fit, mixed$omics, refits = 10, seed = 1), "must be given")
})

test_that("tables, figure and printing", {
  x <- planted_uncertainty()
  expect_identical(as.data.frame(tidy(x)), x$effects)
  expect_identical(as.data.frame(tidy(x, "factors")), x$factors)
  expect_identical(glance(x)$refits, 20L)
  expect_output(print(x), "20 refits, 2 factors in use")
  expect_true(all(x$loadings$selected >= 0 & x$loadings$selected <= 1))
  skip_if_not_installed("ggplot2")
  figure <- plot_uncertainty(x, "Factor2", n = 4)
  expect_identical(nrow(figure$data), 4L)
  expect_no_error(ggplot2::ggplot_build(figure))
  expect_error(plot_uncertainty(x, 9), "must be one of the factors in use")
})

test_that("bad settings and other data are errors", {
  fit <- planted_fit()
  expect_error(uncertainty("fit", part), "fit")
  few <- lapply(part, \(x) x[, 1:18])
  expect_error(uncertainty(poems(few, 2, seed = 1, control = quiet), few), "at least 10")
  expect_error(uncertainty(fit, part, refits = 3), "at least 10")
  expect_error(uncertainty(fit, part, level = 1), "between 0 and 1")
  expect_error(uncertainty(fit, lapply(part, \(x) x[, -1])), "must be the data")
  expect_error(suppressMessages(uncertainty(fit, part["a"])), "must be the data")
})

test_that("contributions have errors of the size that cohorts differ by", {
  of <- tidy(planted_uncertainty(), "contributions")
  fit <- planted_fit()
  expect_named(of, c("omic", "factor", "contribution", "standard_error", "low", "high"))
  expect_identical(nrow(of), length(fit$omics) * fit$factors)
  means <- mean_contributions(fit)
  expect_equal(of$contribution, means[cbind(as.character(of$omic), as.character(of$factor))])
  expect_true(all(of$low >= 0 & of$high <= 1 & of$low <= of$contribution))
  # Other cohorts of the same population, their factors matched with those of the fit by what they
  # explain of the true ones.
  others <- lapply(1:5, \(i) {
    drawn <- lapply(planted$omics, \(x) x[, 120 * i + seq_len(120)])
    drawn$b <- drawn$b[, 1:100]
    other <- poems(drawn, factors = 2, seed = 1, control = quiet)
    true <- \(f) max.col(abs(t(stats::cor(planted$factors[f$samples, ], latent(f)))))
    mean_contributions(other)[, match(true(fit), true(other))]
  })
  apart <- vapply(others, \(x) x[cbind(as.integer(of$omic), as.integer(of$factor))],
                  numeric(nrow(of)))
  covered <- apart >= of$low - of$standard_error & apart <= of$high + of$standard_error
  expect_gt(mean(covered), 0.8)
})
