test_that("each objective has its defaults", {
  elbo <- poems_control(threads = 2, progress = FALSE)
  expect_s3_class(elbo, "poems_control")
  expect_equal(unclass(elbo), list(
    objective = "elbo", start = "linear", epochs = 1000L, batch_size = 64L, learning_rate = 5e-4,
    weight_decay = 1e-4, dropout = 0, hidden = 100L, validation = 0.1, patience = 30L,
    warmup = 0L, kl_weight = 1, lambda0 = 10, lambda1 = 0.5, row_normalize = FALSE, threads = 2,
    progress = FALSE, backend = "core", device = "cpu"
  ))
  published <- poems_control("published", threads = 2, progress = FALSE)
  expect_equal(unclass(published), list(
    objective = "published", start = "random", epochs = 5000L, batch_size = 512L,
    learning_rate = 9e-4, weight_decay = 1e-4, dropout = 0.2, hidden = 100L, validation = 0.2,
    patience = 30L, warmup = 0L, kl_weight = 1, lambda0 = 5, lambda1 = 0.5,
    row_normalize = FALSE, threads = 2,
    progress = FALSE, backend = "core", device = "cpu"
  ))
})

test_that("threads are all that are available unless given", {
  expect_equal(poems_control()$threads, unname(parallelly::availableCores()))
  expect_equal(poems_control(threads = 3)$threads, 3)
})

test_that("a plain list is as good as poems_control()", {
  expect_equal(as_control(list()), poems_control())
  expect_equal(as_control(list(epochs = 5, objective = "published", row_normalize = TRUE)),
               poems_control("published", epochs = 5, row_normalize = TRUE))
  expect_equal(as_control(list(epochs = NULL)), poems_control())
  control <- poems_control("published", dropout = 0, warmup = 3)
  expect_equal(as_control(control), control)
})

test_that("the ends of the ranges are allowed", {
  expect_silent(poems_control(
    epochs = 1, batch_size = 1, learning_rate = 1, weight_decay = 0, dropout = 0, hidden = 1,
    validation = 0.5, patience = 1, warmup = 0, kl_weight = 0, threads = 1
  ))
  expect_silent(poems_control(validation = 0))
})

test_that("a control that is not a list, or names nothing, is an error", {
  poems <- function(control) as_control(control)
  expect_snapshot({
    tell(poems(NULL))
    tell(poems("published"))
    tell(poems(data.frame(epochs = 1)))
    tell(poems(list(100)))
    tell(poems(list(epochs = 5, epochs = 6)))
  })
})

test_that("a setting that does not exist is an error that names the nearest", {
  poems <- function(control) as_control(control)
  expect_snapshot({
    tell(poems(list(epoch = 10)))
    tell(poems(list(learning.rate = 0.1)))
    tell(poems(list(`{lambda}` = 1)))
  })
})

test_that("values of the wrong type or out of range are errors", {
  poems <- function(control) as_control(control)
  expect_snapshot({
    tell(poems(list(epochs = 0)))
    tell(poems(list(objective = "elb0")))
    tell(poems_control("elb0"))
    tell(poems_control(epochs = 2.5))
    tell(poems_control(epochs = Inf))
    tell(poems_control(batch_size = "64"))
    tell(poems_control(batch_size = c(32, 64)))
    tell(poems_control(learning_rate = 0))
    tell(poems_control(weight_decay = -1))
    tell(poems_control(dropout = 1))
    tell(poems_control(hidden = NA))
    tell(poems_control(validation = 0.6))
    tell(poems_control(patience = 0))
    tell(poems_control(warmup = -1))
    tell(poems_control(kl_weight = NaN))
    tell(poems_control(lambda0 = 0))
    tell(poems_control(lambda1 = list(1)))
    tell(poems_control(threads = 0))
    tell(poems_control(progress = "yes"))
    tell(poems_control(row_normalize = NA))
  })
})

test_that("settings that contradict each other are errors", {
  expect_snapshot({
    tell(poems_control(lambda0 = 0.5))
    tell(poems_control(row_normalize = TRUE))
  })
})

test_that("a control changed by hand is checked again", {
  poems <- function(control) as_control(control)
  control <- poems_control()
  control$dropout <- 2
  expect_snapshot(tell(poems(control)))
})

test_that("factors must be a whole number of at least 1", {
  expect_identical(check_factors(32), 32L)
  poems <- function(factors) check_factors(factors)
  expect_snapshot({
    tell(poems(0))
    tell(poems(2.5))
    tell(poems("32"))
    tell(poems(NULL))
    tell(poems(c(8, 16)))
  })
})

test_that("the seed is a whole number; without one, set.seed() governs", {
  expect_identical(check_seed(21), 21L)
  set.seed(1)
  first <- check_seed(NULL)
  set.seed(1)
  expect_identical(check_seed(NULL), first)
  expect_false(check_seed(NULL) == check_seed(NULL))
  poems <- function(seed) check_seed(seed)
  expect_snapshot({
    tell(poems(-1))
    tell(poems(1.5))
    tell(poems("a"))
    tell(poems(1e10))
  })
})
