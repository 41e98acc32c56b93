# Omics that are not Gaussian. The C++ tests compare losses with densities, and gradients with
# differences; here, R's densities, regressions and simulations are the judges.

quiet <- list(threads = 1, progress = FALSE)

mixed_cohort <- function(samples = 60, seed = 1, ...) {
  simulate_omics(
    samples, c(rna = 30, calls = 20, protein = 20), factors = 2, seed = seed, shared = 1,
    family = c(rna = "negative_binomial", calls = "bernoulli"), ...
  )
}

# -log p of every value at one prediction per feature, by the core.
core_loss <- function(x, family, intercept, offset = NULL, noise = rep(1, nrow(x))) {
  control <- poems_control(threads = 1, hidden = 2)
  config <- model_config(control, 1L, list(noise), family)
  omic <- list(
    x = x, center = rep(0, nrow(x)), scale = rep(1, nrow(x)), fill = rep(0, nrow(x)), clip = 6,
    samples = seq_len(ncol(x)), link = list(intercept = intercept, unit = rep(1, nrow(x)))
  )
  omic$offset <- offset
  parameters <- core_initial_parameters(config, list(noise), 1L)
  parameters$omics[[1]]$W[] <- 0  # predictions are the intercepts
  core_evaluate(parameters, config, list(omic), matrix(0, 1, ncol(x)), FALSE)$loss$reconstruction *
    ncol(x)
}

test_that("losses are R's densities, with offsets and without missing values", {
  withr::local_seed(2)
  count <- matrix(as.double(rnbinom(60, mu = 20, size = 2)), 5)
  binary <- matrix(as.double(rbinom(60, 1, 0.3)), 5)
  count[2, 3] <- binary[4, 1] <- NA
  intercept <- rnorm(5)
  offset <- rnorm(12, sd = 0.3)
  mu <- exp(outer(intercept, offset, `+`))
  total <- \(density) -sum(density, na.rm = TRUE)
  expect_equal(core_loss(binary, "bernoulli", intercept),
               total(dbinom(binary, 1, plogis(intercept), log = TRUE)), tolerance = 1e-6)
  expect_equal(core_loss(count, "poisson", intercept, offset),
               total(dpois(count, mu, log = TRUE)), tolerance = 1e-6)
  dispersion <- c(0.01, 0.1, 0.5, 1, 4)
  expect_equal(
    core_loss(count, "negative_binomial", intercept, offset, dispersion),
    total(dnbinom(count, mu = mu, size = 1 / dispersion, log = TRUE)), tolerance = 1e-6
  )
})

test_that("families are read from the values, and said", {
  omics <- mixed_cohort()$omics
  omics$dosage <- omics$calls + 1  # 1 and 2: not binary, hardly counts
  omics$calls[1, 1] <- NA
  expect_message(expect_message(
    chosen <- choose_families(NULL, omics, "elbo"), "\"rna\" looks like counts"
  ), NA) |> suppressMessages()
  expect_identical(chosen, c(rna = "negative_binomial", calls = "bernoulli", protein = "gaussian",
                             dosage = "gaussian"))
  expect_message(choose_families(NULL, omics["calls"], "elbo"), "has only 0 and 1")
  expect_no_message(choose_families(NULL, omics[c("protein", "dosage")], "elbo"))
  expect_no_message(choose_families(c(rna = "poisson", calls = "gaussian"), omics, "elbo"))
  expect_identical(unname(choose_families("gaussian", omics, "elbo")), rep("gaussian", 4))
  expect_no_message(all <- choose_families(NULL, omics, "published"))
  expect_identical(unname(all), rep("gaussian", 4))
})

test_that("what is wrong with families and values is said at the door", {
  omics <- mixed_cohort()$omics
  omics$rna[2, 3:9] <- -1
  omics$protein[1, 4] <- 0.5
  expect_snapshot({
    tell(poems(omics, family = "binomial"))
    tell(poems(omics, family = 3))
    tell(poems(omics, family = c("gaussian", "poisson")))
    tell(poems(omics, family = c(dna = "poisson")))
    tell(poems(omics, family = c(rna = "poisson")))
    tell(poems(omics, family = c(protein = "bernoulli")))
    tell(poems(omics, family = c(calls = "bernoulli"), control = list(objective = "published")))
  })
  omics$rna[2, 3:9] <- 0
  omics$rna[, 5] <- 0
  expect_snapshot(tell(poems(omics, family = c(rna = "poisson", calls = "bernoulli"))))
})

test_that("values of new samples are checked", {
  omics <- mixed_cohort()$omics
  fit <- suppressMessages(poems(omics, 3, seed = 1, control = c(quiet, epochs = 2)))
  new <- lapply(omics, \(x) x[, 1:3])
  new$calls[3, 2] <- 2
  expect_snapshot(tell(predict(fit, new)))
  new$calls <- NULL
  new$rna[4, 1] <- 2.5
  expect_snapshot(tell(predict(fit, new)))
})

test_that("library sizes are those of the observed counts", {
  reference <- c(10, 20, 30)
  values <- cbind(a = reference, b = 2 * reference, c = c(NA, 10, 15))
  expect_equal(exp(log_library(values, reference)), c(1, 2, 0.5))
})

test_that("the link's intercepts and effects are those of glm()", {
  withr::local_seed(4)
  design <- scale(cbind(a = rnorm(200), b = rbinom(200, 1, 0.4)))
  offset <- rnorm(200, sd = 0.3)
  eta <- drop(0.5 + design %*% c(0.4, -0.3))
  binary <- rbind(rbinom(200, 1, plogis(eta)))
  count <- rbind(rpois(200, exp(eta + offset + 1)))
  binary[7] <- NA
  without <- learn_link(binary, "bernoulli", NULL, 0.4, NULL)
  expect_equal(without$intercept, qlogis(mean(binary, na.rm = TRUE)))
  without <- learn_link(count, "poisson", offset, 0.4, NULL)
  expect_equal(without$intercept,
               unname(coef(glm(count[1, ] ~ 1, poisson, offset = offset))), tolerance = 1e-6)
  # The standard normal prior of the effects hardly shows with 200 samples.
  logistic <- learn_link(binary, "bernoulli", NULL, 0.4, design)
  expect_equal(c(logistic$intercept, logistic$effects),
               unname(coef(glm(binary[1, ] ~ design, binomial))), tolerance = 0.05)
  loglinear <- learn_link(count, "poisson", offset, 0.4, design)
  expect_equal(c(loglinear$intercept, loglinear$effects),
               unname(coef(glm(count[1, ] ~ design, poisson, offset = offset))), tolerance = 0.01)
  # A group without a single 1 would have an infinite effect.
  separated <- rbind(ifelse(design[, "b"] > 0, 0, rbinom(200, 1, 0.5)))
  expect_lt(max(abs(learn_link(separated, "bernoulli", NULL, 0.4, design)$effects)), 10)
})

# Held-out log density per value, of what every family can be given: the omic's values in samples
# 301 to 450, at the posterior means, which have seen them.
late <- 301:450

held_out_density <- function(fit, omics, omic) {
  new <- lapply(omics, \(x) x[, late])
  x <- new[[omic]][fit$omics[[omic]]$features, ]
  expected <- predict(fit, new, type = "reconstruction")[[omic]]
  switch(fit$omics[[omic]]$family,
    bernoulli = mean(dbinom(x, 1, expected, log = TRUE)),
    poisson = mean(dpois(x, expected, log = TRUE)),
    negative_binomial = {
      dispersion <- exp(drop(fit$parameters$omics[[omic]]$log_dispersion))
      mean(dnbinom(x, mu = expected, size = 1 / dispersion, log = TRUE))
    }
  )
}

noise_sd <- \(fit, omic) exp(drop(fit$parameters$omics[[omic]]$log_sigma)) * fit$omics[[omic]]$scale

test_that("bernoulli beats a gaussian on held-out 0/1 values, and finds the factors", {
  simulation <- simulate_omics(450, c(calls = 120, protein = 60), factors = 3, noise = 0.4,
                               seed = 6, shared = 1, links = "linear",
                               family = c(calls = "bernoulli"))
  train <- lapply(simulation$omics, \(x) x[, 1:300])
  fit <- suppressMessages(poems(train, 6, seed = 1, control = quiet))
  gaussian <- poems(train, 6, seed = 1, control = quiet, family = "gaussian")
  new <- lapply(simulation$omics, \(x) x[, late])
  x <- new$calls[gaussian$omics$calls$features, ]
  # The Gaussian's density at 0 and 1, made to sum to 1.
  mean <- predict(gaussian, new, type = "reconstruction")$calls
  sd <- noise_sd(gaussian, "calls")
  of_gaussian <- mean(dnorm(x, mean, sd, log = TRUE) - log(dnorm(0, mean, sd) + dnorm(1, mean, sd)))
  expect_gt(held_out_density(fit, simulation$omics, "calls"), of_gaussian + 0.005)
  expect_gt(mean(factor_recovery(fit, simulation)$correlation), 0.95)

  # Probabilities are calibrated.
  p <- predict(fit, new, type = "reconstruction")$calls
  expect_gte(min(p), 0)
  expect_lte(max(p), 1)
  groups <- cut(p, c(0, 0.2, 0.4, 0.6, 0.8, 1))
  expect_lt(max(abs(tapply(x[rownames(p), ], groups, mean) - tapply(p, groups, mean))), 0.06)
})

# The mass of whole numbers under a Gaussian of log(1 + count / library size): of the interval from
# x - 1/2 to x + 1/2, and from minus infinity for 0.
gaussian_mass <- function(x, size, mean, sd) {
  size <- rep(size, each = nrow(x))
  below <- ifelse(x == 0, 0, pnorm(log1p(pmax(x - 0.5, 0) / size), mean, sd))
  log(pmax(pnorm(log1p((x + 0.5) / size), mean, sd) - below, 1e-300))
}

for (family in c("poisson", "negative_binomial")) {
  test_that(paste(family, "beats a gaussian of log counts on held-out counts"), {
    simulation <- simulate_omics(450, c(rna = 120, protein = 60), factors = 3, noise = 0.3,
                                 seed = 6, shared = 1, links = "linear",
                                 family = c(rna = family))
    raw <- simulation$omics
    # Without overdispersion, the Poisson is for small counts: of large ones it is too sure.
    if (family == "poisson") raw$rna[] <- withr::with_seed(1, rbinom(length(raw$rna), raw$rna, 0.1))
    train <- lapply(raw, \(x) x[, 1:300])
    fit <- poems(train, 6, seed = 1, control = quiet, family = c(rna = family))
    offset <- log_library(raw$rna[fit$omics$rna$features, ], fit$omics$rna$reference)
    logs <- raw
    logs$rna <- log1p(raw$rna / rep(exp(offset), each = nrow(raw$rna)))
    gaussian <- poems(lapply(logs, \(x) x[, 1:300]), 6, seed = 1, control = quiet)
    mean <- predict(gaussian, lapply(logs, \(x) x[, late]), type = "reconstruction")$rna
    of_gaussian <- mean(gaussian_mass(raw$rna[rownames(mean), late], exp(offset[late]), mean,
                                      noise_sd(gaussian, "rna")))
    expect_gt(held_out_density(fit, raw, "rna"), of_gaussian + 0.01)
    expect_gt(mean(factor_recovery(fit, simulation)$correlation), 0.95)
    if (family == "negative_binomial") {
      dispersion <- exp(drop(fit$parameters$omics$rna$log_dispersion))
      expect_equal(median(dispersion), 0.3, tolerance = 0.1)
    }
  })
}

test_that("expected counts follow the library size, the mean one where there is none", {
  omics <- mixed_cohort(80)$omics
  fit <- suppressMessages(poems(omics, 3, seed = 1, control = c(quiet, epochs = 20)))
  new <- lapply(omics, \(x) x[, 1:5])
  deeper <- new
  deeper$rna <- new$rna * 3
  once <- predict(fit, new, type = "reconstruction")$rna
  # Three times the counts say the same of the sample, and are a little surer of it.
  expect_equal(predict(fit, deeper, type = "reconstruction")$rna, 3 * once, tolerance = 0.02)
  expect_equal(predict(fit, deeper), predict(fit, new), tolerance = 1e-5)

  alone <- predict(fit, new["protein"], type = "reconstruction")$rna
  expect_lt(abs(log(sum(alone) / sum(fit$omics$rna$reference * 5))), 0.5)
  expect_identical(fit$omics$rna$offset,
                   stats::setNames(log_library(omics$rna, fit$omics$rna$reference), fit$samples))
  expect_equal(predict(fit, type = "reconstruction"), predict(fit, omics, type = "reconstruction"),
               tolerance = 1e-3)
})

test_that("variance explained is a share of the deviance", {
  omics <- mixed_cohort(100)$omics
  omics$rna[3, 4:9] <- NA
  fit <- suppressMessages(poems(omics, 3, seed = 1, control = c(quiet, epochs = 30)))
  expected <- predict(fit, type = "reconstruction")
  binomial <- \(x, p) -2 * sum(dbinom(x, 1, p, log = TRUE), na.rm = TRUE)
  dispersion <- exp(drop(fit$parameters$omics$rna$log_dispersion))
  negative_binomial <- \(x, mu) {
    density <- \(mu) sum(dnbinom(x, mu = mu, size = 1 / dispersion, log = TRUE), na.rm = TRUE)
    2 * (density(x) - density(mu))
  }
  size <- exp(fit$omics$rna$offset)
  x <- lapply(names(omics), \(omic) omics[[omic]][fit$omics[[omic]]$features, ])
  null_counts <- exp(outer(fit$omics$rna$link$intercept, log(size), `+`))
  null_calls <- rowMeans(x[[2]])
  by_hand <- 1 - c(
    negative_binomial(x[[1]], expected$rna) / negative_binomial(x[[1]], null_counts),
    binomial(x[[2]], expected$calls) / binomial(x[[2]], null_calls)
  )
  expect_equal(variance_explained(fit, by = "omic")$r2[1:2], by_hand, tolerance = 1e-4)
  expect_equal(variance_explained(fit, omics, by = "omic")$r2,
               variance_explained(fit, by = "omic")$r2, tolerance = 1e-4)
  expect_true(all(fit$variance$r2 > 0.05))
})

test_that("mixed fits survive saving, do not depend on threads, and say their families", {
  omics <- mixed_cohort()$omics
  run <- \(threads) suppressMessages(poems(
    omics, 3, seed = 1, control = list(threads = threads, progress = FALSE, epochs = 5)
  ))
  fit <- run(1)
  expect_identical(without_timing(run(2)), without_timing(fit))
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(fit, file)
  expect_identical(predict(readRDS(file), omics, type = "reconstruction"),
                   predict(fit, omics, type = "reconstruction"))
  expect_identical(summary(fit)$omics$family, unname(vapply(fit$omics, `[[`, "", "family")))
  expect_output(print(fit), "negative binomial")
  expect_s3_class(feature_effects(fit, "table"), "data.frame")
})

test_that("a linear start beats a random one", {
  for (family in c("bernoulli", "poisson", "negative_binomial")) {
    simulation <- simulate_omics(200, c(a = 60, b = 40), factors = 3, noise = 0.4, seed = 3,
                                 family = family, links = "linear")
    best <- \(start) {
      fit <- poems(simulation$omics, 5, seed = 1, family = family,
                   control = c(quiet, start = start, epochs = 100))
      min(fit$history$validation)
    }
    expect_lt(best("linear"), best("random"))
  }
})

test_that("odd counts do no harm", {
  omics <- mixed_cohort()$omics
  omics$rna[1, ] <- 0
  omics$rna[2, ] <- c(rep(0, 59), 1)
  omics$rna[3, 1] <- 1e9
  omics$calls[1, ] <- c(1, rep(0, 59))
  omics$calls[2, ] <- 1
  for (family in c("poisson", "negative_binomial")) {
    fit <- suppressMessages(poems(omics, 3, seed = 1, control = c(quiet, epochs = 20),
                                  family = c(rna = family)))
    expect_false(anyNA(latent(fit)))
    expect_true(all(is.finite(fit$history$training)))
    expect_true(all(is.finite(unlist(predict(fit, type = "reconstruction")))))
  }
})

test_that("raw expression that is not whole is told, and clinical numbers are no counts", {
  withr::local_seed(3)
  mean <- exp(rnorm(40, 5, 2) + outer(rnorm(40), rnorm(60)))
  names <- list(paste0("g", 1:40), paste0("s", 1:60))
  counts <- matrix(rnbinom(2400, mu = mean, size = 3) + 0, 40, dimnames = names)
  rsem <- counts + ifelse(counts > 0, round(runif(2400) * 0.98, 2), 0)
  tell_of <- \(x) choose_families(NULL, list(r = x), "elbo")
  expect_message(chosen <- tell_of(rsem), "\"r\" looks like raw expression")
  expect_identical(chosen, c(r = "gaussian"))
  expect_message(tell_of(rsem * 1e6 + 0.5), "raw expression or intensities")
  expect_message(tell_of(round(rsem * 1e7)), "as intensities have rather than counts") |>
    suppressMessages()
  expect_message(tell_of(disk_matrix(Matrix::Matrix(rsem, sparse = TRUE))), "raw expression")
  expect_no_message(tell_of(log1p(rsem)))
  expect_no_message(tell_of(t(scale(t(rsem)))))
  expect_no_message(tell_of(matrix(runif(2400, 0, 100), 40, dimnames = names)))
  expect_no_message(tell_of(matrix(rnorm(2400, 500, 50), 40, dimnames = names)))
  expect_no_message(choose_families("gaussian", list(r = rsem), "elbo"))
  expect_message(chosen <- tell_of(counts), "looks like counts")
  expect_identical(chosen, c(r = "negative_binomial"))
  expect_message(expect_message(
    quick_baseline(list(r = rsem), epochs = 1), "raw expression"
  ), NA) |> suppressMessages()

  clinical <- rbind(age = round(rnorm(60, 60, 11)), bmi = round(rnorm(60, 26, 4)))
  colnames(clinical) <- names[[2]]
  expect_no_message(chosen <- tell_of(clinical))
  expect_identical(chosen, c(r = "gaussian"))
  # A panel of few antibodies has counts.
  expect_message(chosen <- tell_of(counts[1:5, ]), "looks like counts")
})
