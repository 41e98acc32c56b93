cohort <- small_cohort()$omics

# A fit whose factors are another's, in another order and with other signs.
turned <- function(fit, order, sign) {
  names <- factor_names(fit)
  fit$latent <- t(t(fit$latent[, order]) * sign)
  colnames(fit$latent) <- names
  seal_fit(fit)
}

test_that("factors that change order and sign are matched", {
  fit <- small_fit()
  order <- c(3, 5, 1, 2, 4)
  other <- turned(fit, order, c(1, -1, 1, -1, 1))
  compared <- compare_fits(fit, other)
  expect_identical(compared$matches$factor1, factor_names(fit))
  expect_identical(compared$matches$factor2, factor_names(fit)[match(1:5, order)])
  expect_equal(compared$matches$correlation, c(1, -1, 1, 1, -1))
  expect_equal(compared$correlations[["fit - other"]], stats::cor(fit$latent, other$latent))
})

test_that("only samples in common count, and factors may be left", {
  fit <- small_fit()
  few <- poems(lapply(cohort, \(x) x[, 1:40]), 3, seed = 2, control = quick_control(epochs = 10))
  few <- subset_fit(few, factors = 1:2)
  compared <- compare_fits(list(whole = fit, part = few))
  both <- few$samples
  expect_equal(compared$correlations[[1]], stats::cor(fit$latent[both, ], few$latent))
  expect_identical(compared$samples, matrix(c(60L, 40L, 40L, 40L), 2, dimnames = rep(
    list(c("whole", "part")), 2
  )))
  expect_identical(sum(!is.na(compared$matches$factor2)), 2L)
  expect_identical(nrow(compared$matches), 5L)
  turned <- compare_fits(list(part = few, whole = fit))$matches
  expect_identical(sum(is.na(turned$factor1)), 3L)
  expect_setequal(turned$factor2, factor_names(fit))
  # The best of all ways to match, by trying them.
  sizes <- abs(compared$correlations[[1]])
  ways <- expand.grid(a = 1:5, b = 1:5)
  ways <- ways[ways$a != ways$b, ]
  expect_equal(sum(abs(compared$matches$correlation), na.rm = TRUE),
               max(sizes[cbind(ways$a, 1)] + sizes[cbind(ways$b, 2)]))
})

test_that("fits of several kinds, tables, printing and a figure", {
  fits <- list(a = small_fit(), b = small_fit(), c = split_fit(split_world()))
  compared <- compare_fits(fits)
  expect_identical(unique(paste(compared$matches$fit1, compared$matches$fit2)),
                   c("a b", "a c", "b c"))
  expect_identical(tidy(compared)$correlation[1:5], compared$matches$correlation[1:5])
  all <- tidy(compared, "correlations")
  expect_identical(nrow(all), 25L + 2L * 5L * ncol(split_fit(split_world())$latent))
  expect_output(print(compared), "a - b +60 +5 / 5 +5 +1.00")
  skip_if_not_installed("ggplot2")
  plot <- plot_fits(compared)
  expect_equal(plot$data$correlation, all$correlation)
  expect_identical(sum(plot$data$matched), sum(!is.na(compared$matches$correlation)))
  expect_draws(plot)
  expect_draws(ggplot2::autoplot(compared))
})

test_that("what cannot be compared is an error", {
  fit <- small_fit()
  stranger <- fit
  stranger$samples <- rownames(stranger$latent) <- sprintf("x%02d", 1:60)
  expect_snapshot({
    tell(compare_fits(fit))
    tell(compare_fits(fit, 1))
    tell(compare_fits(fit, list(fit, fit)))
    tell(plot_fits(fit))
  })
  other <- poems(lapply(cohort, \(x) `colnames<-`(x, sub("s", "x", colnames(x)))), 2, seed = 1,
                 control = quick_control(epochs = 2))
  expect_error(compare_fits(fit, other), "at least 10 samples in common")
})
