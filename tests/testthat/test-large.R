# A planted cohort of counts that is taken for a large one: 360 samples in training, in four epochs.
planted <- simulate_omics(400, c(rna = 40, protein = 20), factors = 2, seed = 8,
                          family = c(rna = "negative_binomial"))
large_fit <- function(threads = 1, epochs = 80, ...) {
  suppressMessages(poems(planted$omics, factors = 4, seed = 3, control = list(
    epochs = epochs, patience = 8, batch_size = 16, threads = threads, progress = FALSE, ...
  )))
}

test_that("training of a large cohort looks at the loss within a pass, stops and finds the truth", {
  local_large_cohorts(100L, most_validated = 20L)
  fit <- large_fit()
  expect_equal(fit$stopped, "converged")
  expect_lt(nrow(fit$history), 80)
  expect_equal(fit$history$epoch, seq_len(nrow(fit$history)))
  expect_false(anyNA(fit$history$validation))
  expect_length(fit$validation, 40)
  told <- abs(stats::cor(latent(fit), planted$factors[fit$samples, ]))
  expect_gt(min(apply(told, 2, max)), 0.9)
})

test_that("steps are longer to begin with in large cohorts alone, and never those published", {
  control <- poems_control(learning_rate = 1e-3)
  expect_equal(steps_by_size(control, large_cohorts$largest_epoch)$learning_rate, 1e-3)
  expect_equal(steps_by_size(control, large_cohorts$largest_epoch + 1)$learning_rate, 4e-3)
  expect_equal(steps_by_size(poems_control(learning_rate = 0.9), 1e6)$learning_rate, 1)
  published <- poems_control("published")
  expect_identical(steps_by_size(published, 1e6), list(learning_rate = published$learning_rate))
})

test_that("it is the same to the last bit on any number of threads", {
  local_large_cohorts(100L, most_validated = 20L, slow_after = 1L)
  expect_identical(without_timing(large_fit(2, 12)), without_timing(large_fit(1, 12)))
})

test_that("the first epochs of a large cohort make the steps of its first pass", {
  whole <- large_fit(epochs = 1)
  local_large_cohorts(100L)
  cut <- large_fit(epochs = 4)
  expect_equal(nrow(cut$history), 4)
  # Means over the parts of a pass, of which inclusion probabilities are learnt on the way.
  expect_equal(mean(cut$history$training), whole$history$training, tolerance = 0.02)
  expect_equal(cut$history$validation[4], whole$history$validation, tolerance = 0.02)
})

test_that("the published objective takes whole passes, whatever the size", {
  fit_of <- \() suppressMessages(suppressWarnings(poems(
    planted$omics["protein"], factors = 3, seed = 3,
    control = list(objective = "published", epochs = 3, threads = 1, progress = FALSE)
  )))
  whole <- fit_of()
  local_large_cohorts(100L, most_validated = 20L)
  expect_identical(without_timing(fit_of()), without_timing(whole))
})

test_that("small cohorts are trained as ever", {
  local_large_cohorts(400L, most_validated = 1L, slow_after = 1L)
  cut <- large_fit(epochs = 6)
  local_large_cohorts(100000L)
  expect_identical(without_timing(cut), without_timing(large_fit(epochs = 6)))
})
