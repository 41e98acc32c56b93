# As files of single precision have it.
single <- function(x) {
  x[] <- readBin(writeBin(as.vector(x), raw(), size = 4), "double", length(x), size = 4)
  x
}

# Omics of all families that are sparse enough, with samples that lack some and values that are NA.
mixed_omics <- function(samples, missing_omics = 0.2, seed = 5) {
  x <- simulate_omics(samples, c(rna = 30, umi = 25, calls = 20), factors = 3, seed = seed,
                      missing_omics = missing_omics, family = c(
                        rna = "negative_binomial", umi = "poisson", calls = "bernoulli"
                      ))$omics
  x$rna[2, ] <- 0
  x$rna[3:4, 7] <- NA
  x$umi[, 9] <- NA
  x$shift <- sqrt(x$umi) - 1  # Gaussian, few values of 0
  x
}

sample_names <- \(x) unique(unlist(lapply(x, colnames)))

# Fits and what they say of data, of ordinary matrices and of the same omics as `stored`.
expect_identical_fits <- function(x, stored, covariates = NULL, groups = NULL, weights = NULL) {
  fit_of <- \(x) suppressMessages(poems(
    x, 4, seed = 1, control = list(epochs = 3, threads = 2, progress = FALSE),
    family = c(umi = "poisson"), covariates = covariates, groups = groups, weights = weights
  ))
  of_new <- covariates
  if (!is.null(groups)) of_new <- groups
  fit <- fit_of(x)
  testthat::expect_identical(without_timing(fit_of(stored)), without_timing(fit))
  for (says in list(
    \(x) predict(fit, x, "reconstruction", covariates = of_new),
    \(x) variance_explained(fit, x, "feature", covariates = of_new),
    \(x) variance_explained(fit, x, "sample", covariates = of_new)
  )) testthat::expect_identical(suppressMessages(says(stored)), suppressMessages(says(x)))
  invisible(fit)
}

# Another value of a constant of the package, until the caller ends.
local_constant <- function(name, value, frame = parent.frame()) {
  internals <- asNamespace("omicpoems")
  set <- function(value) {
    rlang::env_binding_unlock(internals, name)
    assign(name, value, internals)
    rlang::env_binding_lock(internals, name)
  }
  before <- get(name, internals)
  set(value)
  withr::defer(set(before), frame)
}

# Blocks of so many values.
local_largest_block <- function(values, frame = parent.frame()) {
  local_constant("largest_block", values, frame)
}
