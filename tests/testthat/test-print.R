# cli is told not to use Unicode or colour in snapshots (local_reproducible_output()).

test_that("a fit prints", {
  expect_snapshot(print(fixed_fit()))
})

test_that("a fit's summary prints", {
  expect_snapshot(print(summary(fixed_fit())))
})

test_that("a fit without held-out samples prints", {
  fit <- fixed_fit()
  fit$variance <- fit$variance[fit$variance$set == "training", ]
  fit$history$validation <- NaN
  fit$validation <- character()
  fit$stopped <- "epochs"
  fit$best_epoch <- 40L
  fit$seconds <- 4000
  expect_snapshot({
    print(fit)
    print(summary(fit))
  })
})

test_that("an interrupted fit prints", {
  fit <- fixed_fit()
  fit$stopped <- "interrupted"
  expect_output(print(fit), "Trained for 40 of at most 1000 epochs in 2.5 s: interrupted.")
})

test_that("a fit that was trained again with all samples says so", {
  fit <- fixed_fit()
  fit$all_samples <- TRUE
  shown <- paste(capture.output(print(fit)), collapse = " ")
  expect_match(shown, "Best was epoch 10: trained again so long, with all samples.", fixed = TRUE)
})

test_that("print() returns its argument invisibly", {
  fit <- fixed_fit()
  capture.output(expect_identical(withVisible(print(fit)), list(value = fit, visible = FALSE)))
  overview <- summary(fit)
  capture.output(
    expect_identical(withVisible(print(overview)), list(value = overview, visible = FALSE))
  )
})

test_that("sparsity is told among the factors in use", {
  # 12 and 4 loadings of 10 and 5 features on 2 factors: the first column is filled first.
  sparsity <- summary(fixed_fit())$sparsity
  expect_identical(sparsity, list(
    features = 15L, factors = 2L, features_per_factor = c(median = 8, min = 2, max = 14),
    factors_per_feature = 1
  ))
  # Factors that are not in use, whose loadings are all zero, change nothing.
  omics <- small_cohort()$omics
  fit <- poems(omics, factors = 8, seed = 1, control = list(epochs = 5, threads = 1))
  expect_lt(fit$factors, 8)
  w <- do.call(rbind, lapply(fit$loadings, as.matrix))
  expect_identical(ncol(w), fit$factors)
  expect_equal(glance(fit)$zero, mean(w == 0))
  expect_equal(summary(fit)$omics$zero,
               unname(vapply(fit$loadings, \(w) mean(as.matrix(w) == 0), 0)))
  expect_equal(summary(fit)$sparsity$features_per_factor[["median"]], median(colSums(w != 0)))
  expect_identical(describe_sparsity(list(
    features = 526L, factors = 32L, features_per_factor = c(median = 96.5, min = 20, max = 210),
    factors_per_feature = 5
  )), paste("A factor acts on 96.5 of 526 features (median; 20 to 210), a feature is moved by 5 of",
            "32 factors (median)."))
  expect_length(describe_sparsity(list(factors = 0L)), 0)
})

test_that("the summary counts what the fit holds", {
  fit <- small_fit()
  overview <- summary(fit)
  expect_identical(overview$samples, 60L)
  expect_identical(overview$omics$omic, c("rna", "protein", "mirna"))
  expect_identical(overview$omics$features, c(30L, 20L, 24L))
  expect_identical(overview$omics$samples, c(60L, 60L, 45L))
  w <- lapply(fit$loadings, as.matrix)
  expect_equal(overview$omics$zero, unname(vapply(w, \(x) mean(x == 0), 0)))
  expect_identical(overview$factors, 5L)
  expect_identical(overview$factors_used, ncol(latent(fit)))
  expect_identical(overview$variance, variance_explained(fit))
  expect_equal(overview$omics$gate[3], mean(fit$gates[1:45, "mirna"]))
  training <- fit$variance[fit$variance$set == "training", ]
  expect_identical(overview$omics$training, training$r2)
})

test_that("all lines fit 80 columns, also with many omics with long names", {
  name <- "a rather long name of an omic"
  fit <- fixed_fit(name)
  fit$explained$factor <- data.frame(
    omic = rep(c(name, "protein"), each = 7), factor = numbered_factors(7), r2 = 0.123
  )
  expect_lte(max(nchar(capture.output(print(fit)))), 80)
  expect_lte(max(nchar(capture.output(print(summary(fit))))), 80)
})

test_that("a Unicode terminal gets a superscript", {
  withr::local_options(cli.unicode = TRUE)
  expect_match(paste(capture.output(print(fixed_fit())), collapse = "\n"), "R\u00b2 training")
})

test_that("five factors are printed, or as many as there are", {
  table_of <- \(fit) {
    lines <- capture.output(print(fit))
    lines[grep("explain most", lines) + 1]
  }
  fit <- fixed_fit()
  expect_match(table_of(fit), "omic +Factor1  Factor2$")
  fit$explained$factor <- data.frame(omic = "mrna", factor = numbered_factors(7), r2 = 7:1 / 100)
  expect_match(table_of(fit), "Factor1  Factor2  Factor3  Factor4  Factor5$")
  fit <- with_factors(fit, 0)
  expect_no_match(paste(capture.output(print(fit)), collapse = " "), "explain most")
})

test_that("shares read well", {
  expect_identical(percent(c(0.123, -0.004, NA, 1)), c("12%", "0%", "-", "100%"))
  expect_identical(percent(-0.004, digits = 1), "-0.4%")
})

test_that("times read well", {
  expect_identical(
    vapply(c(0.234, 9.71, 45.2, 59.9, 61, 3599, 4000), format_seconds, ""),
    c("0.23 s", "9.7 s", "45 s", "60 s", "1 min", "1 h 0 min", "1 h 7 min")
  )
})

test_that("everything printed fits narrow terminals", {
  withr::local_options(cli.width = 60, width = 60)
  fit <- fixed_fit()
  for (lines in list(capture.output(print(fit)), capture.output(print(summary(fit))))) {
    expect_lte(max(nchar(lines)), 60)
    # Every column is there, those without room below.
    expect_match(lines, "zero loadings", all = FALSE)
    expect_gt(sum(grepl("^mrna", lines)), 1)
  }
})
