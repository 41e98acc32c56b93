whole <- function() with_factors(small_fit(), small_fit()$factors)

broken <- function(change) {
  fit <- whole()
  change(fit)
}

test_that("whole fits pass, also when they were saved and read", {
  file <- withr::local_tempfile()
  saveRDS(small_fit(), file)
  expect_identical(check_fit(readRDS(file)), readRDS(file))
  expect_error(check_fit(whole()), NA)
})

test_that("a fit of an earlier version is read if it has what fits have", {
  earlier <- small_fit()
  earlier[c("format", "seal")] <- NULL
  expect_identical(latent(earlier), latent(small_fit()))
  earlier$mode <- NULL
  earlier$version <- "0.0.1"
  expect_error(latent(earlier), "lacks \"mode\".*omicpoems 0.0.1")
})

test_that("a fit without a factor, or of one omic, is whole", {
  noise <- simulate_omics(40, c(rna = 12), factors = 1, noise = 0.95, seed = 1)$omics
  control <- quick_control(epochs = 3, validation = 0)
  fit <- suppressWarnings(poems(noise, factors = 2, seed = 1, control = control))
  expect_identical(check_fit(fit), fit)
  expect_identical(check_fit(with_factors(fit, 0)), with_factors(fit, 0))
})

test_that("a fit that is not whole is an error that names the part", {
  expect_error(latent(structure(list(), class = "poems")), "not a whole fit")
  expect_error(summary(structure(1, class = "poems")), "not a whole fit")
  damages <- list(
    omics = \(fit) {
      fit$omics[[1]]$center <- rep(fit$omics[[1]]$center, 2)
      fit
    },
    omics = \(fit) {
      fit$omics[[1]]$scale <- numeric()
      fit
    },
    omics = \(fit) {
      fit$omics[[1]]$center <- rev(fit$omics[[1]]$center)
      fit
    },
    config = \(fit) {
      fit$config$omics <- rep(fit$config$omics, 2)
      fit
    },
    parameters = \(fit) {
      fit$parameters$omics[[1]]$encoder_hidden1_weight[1] <- NaN
      fit
    },
    gates = \(fit) {
      fit$omics <- rev(fit$omics)
      fit$config$omics <- rev(fit$config$omics)
      fit
    },
    latent = \(fit) {
      fit$latent[2] <- NaN
      fit
    }
  )
  for (i in seq_along(damages)) {
    part <- names(damages)[i]
    expect_error(predict(broken(damages[[i]])), paste0("`", part, "`"), info = part)
  }
})

test_that("a fit of a later version says so", {
  later <- small_fit()
  later$format <- 99L
  expect_error(latent(later), "later version")
  later$format <- "one"
  expect_error(latent(later), "no known format")
})

test_that("the core checks sizes, whoever asks", {
  fit <- small_fit()
  x <- small_cohort()$omics
  data <- align_newdata(fit$omics, x)
  cohort <- \(omics) held_cohort(omics, data$data, data$samples, NULL, 1L)
  longer <- fit$omics
  longer[[1]]$center <- rep(longer[[1]]$center, 2)
  expect_error(cohort(longer), "Centres of features")
  of_model <- \(config, held = cohort(fit$omics)) {
    core_project(core_parameters(fit), config, held, 1L)
  }
  twice <- fit$config
  twice$omics <- rep(twice$omics, 2)
  expect_error(of_model(twice), "Omics")
  expect_error(of_model(fit$config, cohort(fit$omics[1])), "Omics")
  expect_error(core_reconstruct(core_parameters(fit), fit$config, matrix(0, 2, 1), 1L), "Factors")
  z <- matrix(0, 1, fit$config$factors)
  expect_error(core_mode(core_parameters(fit), fit$config, cohort(fit$omics), z, 1L), "Samples")
  unknown <- core_parameters(fit)
  unknown$omics[[1]]$encoder_mean_bias[1] <- NaN
  expect_error(core_reconstruct(unknown, fit$config, z, 1L), "not finite")
})

test_that("a checksum tells values, names and shapes apart, and not how they are kept", {
  expect_identical(core_checksum(1:10), core_checksum(c(1:9, 10L)))
  values <- list(1:2, c(1, 2), 2:1, c(a = 1L, b = 2L), matrix(1:2, 1), matrix(1:2, 2), c("1", "2"),
                 list(1L, 2L), c(1L, NA), NULL, "12", c(TRUE, FALSE))
  expect_identical(anyDuplicated(vapply(values, core_checksum, "")), 0L)
})
