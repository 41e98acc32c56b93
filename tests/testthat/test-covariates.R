quiet <- list(threads = 1, progress = FALSE)

# Omics with a shift of every feature per batch, as large as the biology; 1:300 to train on.
batched <- function(seed = 1, family = "gaussian", confounded = FALSE) {
  simulation <- simulate_omics(400, c(a = 100, b = 60), factors = 3, noise = 0.4, seed = seed,
                               shared = 1, family = family, links = "linear")
  ids <- rownames(simulation$factors)
  withr::with_seed(seed, {
    batch <- sample(3, 400, TRUE)
    if (confounded) batch <- ifelse(simulation$factors[, 1] + rnorm(400) > 0, 1, pmax(batch, 2))
    age <- rnorm(400, 60, 10)
    names(batch) <- names(age) <- ids
    simulation$omics <- lapply(simulation$omics, \(x) {
      shift <- matrix(rnorm(nrow(x) * 3, sd = 1.2), nrow(x))[, batch[colnames(x)]] +
        outer(rnorm(nrow(x), sd = 0.5), (age[colnames(x)] - 60) / 10)
      y <- if (family == "gaussian") x + shift else rpois(length(x), x * exp(shift / 2))
      matrix(as.double(y), nrow(x), dimnames = dimnames(x))
    })
  })
  simulation$covariates <- data.frame(batch = c("A", "B", "C")[batch], age = age, row.names = ids)
  simulation
}

r2_of <- function(latent, covariates) {
  covariates <- covariates[rownames(latent), ]
  apply(latent, 2, \(z) summary(stats::lm(z ~ batch + age, covariates))$r.squared)
}

found <- function(latent, factors) {
  apply(abs(stats::cor(factors[rownames(latent), ], latent)), 1, max)
}

for (family in c("gaussian", "negative_binomial")) {
  test_that(paste("batch and age leave the factors, biology stays:", family), {
    simulation <- batched(family = family)
    train <- lapply(simulation$omics, \(x) x[, 1:300])
    late <- lapply(simulation$omics, \(x) x[, 301:400])
    naive <- poems(train, 8, seed = 1, control = quiet, family = family)
    fit <- poems(train, 8, seed = 1, control = quiet, family = family,
                 covariates = simulation$covariates)
    expect_gt(max(r2_of(latent(naive), simulation$covariates)), 0.5)
    expect_lt(max(r2_of(latent(fit), simulation$covariates)), 0.05)
    expect_gt(min(found(latent(fit), simulation$factors)), 0.85)
    new <- predict(fit, late, covariates = simulation$covariates)
    # By chance, 3 columns explain 3 % of 100 samples.
    expect_lt(mean(r2_of(new, simulation$covariates)), 0.07)
    expect_gt(min(found(new, simulation$factors)), 0.85)

    # Reconstructions have the batch in them.
    shift <- \(x) rowMeans(x[, simulation$covariates[colnames(x), "batch"] == "A"]) - rowMeans(x)
    guess <- predict(fit, late, type = "reconstruction", covariates = simulation$covariates)
    scale <- if (family == "gaussian") identity else log1p
    expect_gt(stats::cor(shift(scale(guess$a)), shift(scale(late$a[rownames(guess$a), ]))), 0.95)
    expect_equal(predict(fit, type = "reconstruction"), tolerance = 1e-3,
                 predict(fit, train, type = "reconstruction", covariates = simulation$covariates))
  })
}

test_that("biology that goes along with a covariate is lost in part, the rest is kept", {
  simulation <- batched(confounded = TRUE)
  shared <- summary(stats::lm(simulation$factors[, 1] ~ batch, simulation$covariates))$r.squared
  expect_gt(shared, 0.2)
  fit <- poems(simulation$omics, 8, seed = 1, control = quiet, covariates = simulation$covariates)
  expect_lt(max(r2_of(latent(fit), simulation$covariates)), 0.05)
  correlation <- found(latent(fit), simulation$factors)
  # What is left of factor 1 has correlation sqrt(1 - shared) with it.
  expect_equal(correlation[[1]], sqrt(1 - shared), tolerance = 0.1)
  expect_gt(min(correlation[-1]), 0.9)
})

test_that("effects before training are those of lm(), with missing values too", {
  withr::local_seed(3)
  design <- scale(cbind(a = rnorm(30), b = rbinom(30, 1, 0.5), c = rnorm(30)))
  x <- matrix(rnorm(4 * 30), 4)
  x[2, c(3, 8)] <- NA
  x[3, design[, "b"] > 0] <- NA  # says nothing of b
  effects <- covariate_effects(x, design)
  for (j in c(1, 2, 4)) {
    expect_equal(effects[j, ], unname(coef(lm(x[j, ] ~ design))[-1]))
  }
  expect_equal(effects[3, ], c(coef(lm(x[3, ] ~ design[, c("a", "c")]))[-1], 0)[c(1, 3, 2)],
               ignore_attr = TRUE)
  fit_once <- poems(list(all = matrix(rnorm(600), 20, dimnames = list(1:20, 1:30))), 2, seed = 1,
                    control = c(quiet, epochs = 1),
                    covariates = data.frame(design, row.names = 1:30)) |>
    suppressWarnings()
  expect_equal(fit_once$covariates$design, unclass(design), ignore_attr = TRUE)
})

test_that("designs are those of model.matrix(), standardised, for new samples as for old", {
  table <- data.frame(
    batch = factor(c("x", "y", "z")[rep(1:3, 10)], levels = c("unused", "x", "y", "z")),
    age = sin(1:30), sex = rep(c(TRUE, FALSE), 15), row.names = paste0("s", 1:30)
  )
  samples <- rev(rownames(table))
  read <- read_covariates(table, NULL, samples, "elbo")
  by_hand <- model.matrix(~ batch + age + sex, droplevels(table[samples, ]))[, -1]
  expect_equal(read$design, scale(by_hand), ignore_attr = TRUE)
  expect_identical(rownames(read$design), samples)
  few <- c("s5", "s9")
  expect_equal(new_design(list(covariates = read), table, NULL, few), read$design[few, ])

  same <- cbind(table, site = "here", dose = 2)
  expect_message(again <- read_covariates(same, NULL, samples, "elbo"), "\"site\" and \"dose\"")
  expect_equal(again$design, read$design)
  same$site <- "there"
  expect_equal(new_design(list(covariates = again), same, NULL, few), read$design[few, ])
  expect_null(suppressMessages(read_covariates(same["site"], NULL, samples, "elbo")))
})

test_that("formulas read column data of Bioconductor's containers", {
  skip_if_not_installed("SummarizedExperiment")
  table <- data.frame(batch = rep(c("x", "y"), 10), age = sin(1:20), other = NA,
                      row.names = paste0("s", 1:20))
  x <- SummarizedExperiment::SummarizedExperiment(
    list(matrix(0, 2, 20, dimnames = list(NULL, rownames(table)))), colData = table
  )
  read <- read_covariates(~ batch + log(age + 2), x, rownames(table), "elbo")
  by_hand <- model.matrix(~ batch + log(age + 2), table)[, -1]
  expect_equal(read$design, scale(by_hand), ignore_attr = TRUE)
  few <- c("s5", "s9")
  expect_equal(new_design(list(covariates = read), NULL, x[, few], few), read$design[few, ])
  skip_if_not_installed("MultiAssayExperiment")
  mae <- MultiAssayExperiment::MultiAssayExperiment(list(a = x), colData = table) |>
    suppressMessages()
  expect_equal(read_covariates(~ batch + log(age + 2), mae, rownames(table), "elbo")$design,
               read$design)
})

test_that("what is wrong with covariates is said before any fitting", {
  simulation <- batched()
  omics <- lapply(simulation$omics, \(x) x[1:10, 1:40])
  good <- simulation$covariates[1:40, ]
  try_with <- \(covariates, ...) tell(poems(omics, 2, covariates = covariates, ...))
  expect_snapshot({
    try_with("batch")
    try_with(unname(as.list(good)))
    try_with(`rownames<-`(good, NULL))
    try_with(~ batch)
    try_with(good[5:40, ])
    holes <- good
    holes$age[3:9] <- NA
    holes$batch[2] <- NA
    try_with(holes)
    try_with(cbind(good, when = Sys.Date()))
    try_with(data.frame(name = rownames(good), row.names = rownames(good)))
    try_with(good, control = list(objective = "published"))
  })
})

test_that("what is wrong with covariates of new samples is said", {
  simulation <- batched()
  omics <- lapply(simulation$omics, \(x) x[1:10, 1:40])
  new <- lapply(simulation$omics, \(x) x[1:10, 41:44])
  without <- poems(omics, 2, seed = 1, control = c(quiet, epochs = 1))
  fit <- poems(omics, 2, seed = 1, control = c(quiet, epochs = 1),
               covariates = simulation$covariates)
  good <- simulation$covariates[41:44, ]
  expect_snapshot({
    tell(predict(fit, new))
    tell(predict(fit, new, covariates = good["age"]))
    tell(predict(fit, new, covariates = good[2:4, ]))
    tell(predict(fit, new, covariates = transform(good, batch = c("A", "D", "E", "B"))))
    tell(predict(fit, covariates = good))
    tell(predict(without, new, covariates = good))
    tell(variance_explained(fit, new))
  })
  expect_equal(variance_explained(fit, omics, covariates = simulation$covariates),
               variance_explained(fit), tolerance = 1e-4)
})

test_that("fits with covariates survive saving, do not depend on threads, and say what they are", {
  simulation <- batched()
  omics <- lapply(simulation$omics, \(x) x[1:20, 1:60])
  run <- \(threads) poems(omics, 3, seed = 1, covariates = simulation$covariates,
                          control = list(threads = threads, progress = FALSE, epochs = 5))
  fit <- run(1)
  expect_identical(without_timing(run(2)), without_timing(fit))
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(fit, file)
  # The formula does not drag along the environment it was made in.
  expect_identical(environment(fit$covariates$terms), globalenv())
  expect_identical(predict(readRDS(file), omics, covariates = simulation$covariates),
                   predict(fit, omics, covariates = simulation$covariates))
  expect_output(print(fit), "Free of linear effects of batch, age.", fixed = TRUE)
  called <- do.call(poems, list(omics, 3, seed = 1, covariates = simulation$covariates,
                                control = c(quiet, epochs = 1)))
  expect_identical(called$call$covariates, quote(covariates))
})

test_that("covariates and families reach every run of stability()", {
  simulation <- batched(family = "negative_binomial")
  omics <- lapply(simulation$omics, \(x) x[1:40, 1:100])
  again <- stability(omics, factors = 4, runs = 2, subsample = 0.8, seed = 1,
                     covariates = simulation$covariates, control = c(quiet, epochs = 10)) |>
    suppressMessages()
  expect_lt(max(r2_of(latent(again$fit), simulation$covariates)), 0.1)
  expect_identical(again$fit$omics$a$family, "negative_binomial")
})
