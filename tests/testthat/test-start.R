# A cohort made of few-loading linear factors, and the numbers that linear_start() works with.
linear_cohort <- function(samples = 400, seed = 5) {
  simulate_omics(samples, features = c(rna = 80, protein = 50), factors = 4, links = "linear",
                 noise = 0.4, seed = seed)
}

# What training starts from, and the linear model's posterior by its textbook formula.
started_from <- function(omics, factors) {
  control <- poems_control(threads = 1, hidden = 20, progress = FALSE)
  scaled <- learn_scaling(omics, "standardise")
  sd <- lapply(scaled, `[[`, "sd")
  config <- model_config(control, factors, unname(sd))
  samples <- colnames(omics[[1]])
  in_core <- core_omics(scaled, omics, samples)
  settings <- c(utils::modifyList(unclass(control), list(epochs = 0L)), seed = 1L, revisit = 5L)
  train <- \(start) core_train(in_core, length(samples), config, unname(sd), settings, \(...) TRUE,
                              start)
  blank <- train(NULL)
  start <- linear_start(
    blank$parameters, scaled, omics, samples, blank$validation, factors, control
  )
  held_in <- match(samples[-blank$validation], samples)
  z <- do.call(rbind, lapply(omics, \(x) (x - rowMeans(x)) / apply(x, 1, stats::sd)))
  # The structure, of bounded features; then the same factors, of the features themselves.
  robust <- standardised_by(z / sqrt(1 + z^2), held_in)
  loadings <- factor_loadings(robust[, held_in], factors, 1L)
  nonzero <- unname(nonzero_loadings(loadings, rep(1, nrow(z)), length(held_in)))
  first <- textbook_posterior(loadings, robust)
  x <- standardised_by(z, held_in)
  refitted <- ridge_by_augmentation(x[, held_in], first$mean[held_in, ], first$variance, nonzero)
  learnt <- ridge_by_leaving_out(x, first$mean, held_in)
  variance <- textbook_posterior(refitted$slopes, x)$variance
  list(trained = train(start), config = config, loadings = loadings, posterior = learnt,
       variance = variance, nonzero = nonzero, z = z[, held_in], held_in = held_in)
}

standardised_by <- function(x, samples) {
  center <- rowMeans(x[, samples])
  (x - center) / sqrt(rowMeans((x[, samples] - center)^2))
}

# Of samples (columns of x) under a linear factor model with these loadings: samples x factors.
textbook_posterior <- function(loadings, x) {
  noise <- diag(pmax(1 - rowSums(loadings^2), 0.05))
  weights <- t(loadings) %*% solve(loadings %*% t(loadings) + noise)
  mean <- t(weights %*% x)
  colnames(mean) <- NULL
  list(mean = mean, variance = diag(diag(ncol(loadings)) - weights %*% loadings))
}

# What ridge regression of the factors on features says of all samples, by normal equations, with the
# penalties of the smallest leave-one-out errors over `held_in`.
ridge_by_leaving_out <- function(x, factors, held_in) {
  seen <- x[, held_in]
  inner <- tcrossprod(seen)
  unit <- sum(diag(inner)) / ncol(seen)
  tries <- lapply(ridge_penalties * unit, \(penalty) {
    coefficients <- solve(inner + penalty * diag(nrow(x)), x)
    hat <- crossprod(seen, coefficients)  # of those held in (rows) in all (columns)
    fitted <- crossprod(hat, factors[held_in, ])
    left <- (factors - fitted)[held_in, ] / (1 - diag(hat[, held_in]))
    list(fitted = fitted, error = colMeans(left^2))
  })
  best <- apply(vapply(tries, `[[`, numeric(ncol(factors)), "error"), 1, which.min)
  vapply(seq_along(best), \(k) tries[[best[[k]]]]$fitted[, k], numeric(ncol(x)))
}

# Ridge regression of each feature on its factors, by the formula for augmented data.
ridge_by_augmentation <- function(x, mean, variance, nonzero) {
  extra <- diag(sqrt(nrow(mean) * variance))
  slopes <- 0 * nonzero
  for (j in which(rowSums(nonzero) > 0)) {
    k <- nonzero[j, ]
    y <- c(x[j, ] - mean(x[j, ]), numeric(ncol(mean)))
    slopes[j, k] <- stats::lm.fit(rbind(mean, extra)[, k, drop = FALSE], y)$coefficients
  }
  list(slopes = slopes, intercept = rowMeans(x))
}

test_that("the start is the posterior and the reconstruction of a linear factor model", {
  omics <- linear_cohort()$omics
  one <- started_from(list(all = do.call(rbind, unname(omics))), 6L)
  expect_identical(ncol(one$loadings), 4L)  # as many as there are
  latent <- one$trained$latent
  expect_equal(latent[, 1:4], unname(one$posterior), tolerance = 1e-3)
  expect_identical(latent[, 5:6], matrix(0, 400, 2))
  expect_identical(one$trained$parameters$omics[[1]]$W[, 1:4] != 0, one$nonzero)

  decoded <- ridge_by_augmentation(one$z, one$posterior[one$held_in, ], one$variance, one$nonzero)
  expected <- tcrossprod(decoded$slopes, latent[, 1:4]) + decoded$intercept
  ours <- core_reconstruct(one$trained$parameters, one$config, latent, 1L)[[1]]
  loaded <- rowSums(one$nonzero) > 0
  expect_equal(ours[loaded, ], expected[loaded, ], tolerance = 1e-4, ignore_attr = TRUE)

  # With more omics, experts know less of each other.
  two <- started_from(omics, 6L)
  expect_gt(min(diag(stats::cor(two$trained$latent[, 1:4], two$posterior))), 0.98)
  expect_equal(apply(two$trained$latent[, 1:4], 2, stats::sd),
               unname(apply(two$posterior, 2, stats::sd)), tolerance = 0.1)
})

test_that("the spike and slab adapts to how many loadings are zero", {
  withr::local_seed(2)
  draw <- \(share, sd) stats::rnorm(4000) + stats::rbinom(4000, 1, share) * stats::rnorm(4000, 0, sd)
  threshold <- \(z) min(abs(z)[inclusion_of(z^2) >= 0.9])
  few <- draw(0.1, 10)
  many <- draw(0.7, 3)
  # With the true share p and slab s^2, p / (1 - p) / sqrt(1 + s^2) exp(z^2 / 2 s^2 / (1 + s^2)) = 9.
  exact <- \(p, s2) sqrt(2 * (1 + s2) / s2 * log(9 * (1 - p) / p * sqrt(1 + s2)))
  expect_equal(threshold(few), exact(0.1, 100), tolerance = 0.05)
  expect_equal(threshold(many), exact(0.7, 9), tolerance = 0.05)
  expect_lt(mean(inclusion_of(stats::rnorm(4000)^2) >= 0.5), 0.01)
})

test_that("loadings to start from are significant and explain something", {
  omic <- rep(1, 200)
  size <- c(0.5, 0.1, 0.02, rep(0, 197))
  found <- \(samples) {
    noise <- withr::with_seed(3, stats::rnorm(200)) / sqrt(samples)
    which(nonzero_loadings(matrix(size + noise), omic, samples))
  }
  expect_identical(found(100000), 1L)
  expect_identical(found(300), 1L)
  # An omic that few samples have says little of its loadings.
  few <- nonzero_loadings(matrix(rep(0.3, 400)), rep(1:2, each = 200), c(300, 4))
  expect_identical(few[, 1], rep(c(TRUE, FALSE), each = 200))
  # Significant as they are, where many samples are seen.
  z2 <- (size + withr::with_seed(3, stats::rnorm(200)) / sqrt(100000))^2 * 100000
  expect_identical(which(inclusion_of(z2) >= 0.5), 1:3)
})

test_that("a value that is extreme in one sample, which the start may not see, does no harm", {
  omics <- linear_cohort(1500)$omics
  omics$rna[3, 7] <- 1e6
  omics$protein[5, 9] <- -1e8
  fit <- poems(omics, 8, seed = 1, control = list(epochs = 3, threads = 1, progress = FALSE))
  for (omic in names(omics)) {
    alone <- predict(fit, omics[omic], type = "reconstruction")
    expect_true(all(is.finite(unlist(alone))))
  }
  expect_lt(max(abs(latent(fit, scaled = FALSE))), 20)
})

test_that("an omic that samples lack is predicted from the others, or not at all", {
  simulation <- simulate_omics(400, c(rna = 80, protein = 50), factors = 4, links = "linear",
                               noise = 0.4, shared = 0.5, seed = 8)
  fit <- poems(lapply(simulation$omics, \(x) x[, 1:300]), 8, seed = 1,
               control = list(threads = 1, progress = FALSE))
  late <- lapply(simulation$omics, \(x) x[, 301:400])
  guess <- predict(fit, late["rna"], type = "reconstruction")$protein
  signal <- simulation$signal$protein[rownames(guess), colnames(guess)]
  center <- rowMeans(simulation$omics$protein[rownames(guess), 1:300])
  r2 <- \(j) 1 - sum((guess - signal)[j, ]^2) / sum((signal - center)[j, ]^2)
  # What factors of protein alone do to a feature cannot be predicted, and must not be made up.
  shared <- Matrix::colSums(simulation$loadings$rna != 0) > 0
  of_shared <- Matrix::rowSums(simulation$loadings$protein[, !shared, drop = FALSE] != 0) == 0
  expect_gt(r2(of_shared), 0.9)
  expect_gt(r2(!of_shared), 0)
})

test_that("principal components are those of prcomp(), shrunk", {
  x <- standardise_rows(do.call(rbind, linear_cohort(60)$omics))$x
  ours <- principal_components(x, 3, 1L)
  theirs <- stats::prcomp(t(x), center = FALSE, rank. = 3)
  variance <- theirs$sdev^2 * 59 / 60
  noise <- (sum(variance) - sum(variance[1:3])) / (nrow(x) - 3)
  expected <- theirs$rotation %*% diag(sqrt(variance[1:3] - noise))
  expect_equal(abs(ours$loadings), unname(abs(expected)), tolerance = 1e-3, ignore_attr = TRUE)
})

test_that("noise alone has no component to start from, and is fitted all the same", {
  withr::local_seed(3)
  noise <- lapply(c(a = 40, b = 30), \(d) {
    matrix(stats::rnorm(d * 100), d, dimnames = list(paste0("f", 1:d), paste0("s", 1:100)))
  })
  x <- standardise_rows(do.call(rbind, noise))$x
  expect_null(principal_components(x * 1, 5, 1L))
  fit <- suppressWarnings(
    poems(noise, 4, seed = 1, control = list(epochs = 2, threads = 1, progress = FALSE))
  )
  expect_s3_class(fit, "poems")
})

test_that("default fits find sparse linear factors, and only those", {
  simulation <- linear_cohort()
  fit <- poems(simulation$omics, 10, seed = 1, control = list(threads = 1, progress = FALSE))
  expect_identical(fit$factors, 4L)
  found <- factor_recovery(fit, simulation)
  expect_gt(mean(found$correlation), 0.95)
  expect_gt(mean(found$f1), 0.9)
})

test_that("factors are found behind saturating and rectified links, and when they correlate", {
  simulation <- simulate_omics(600, factors = 5, links = c("linear", "saturating", "rectified"),
                               correlation = 0.3, seed = 2)
  fit <- poems(simulation$omics, 10, seed = 1, control = list(threads = 1, progress = FALSE))
  found <- factor_recovery(fit, simulation)
  expect_gt(mean(found$correlation), 0.95)
  expect_gt(mean(found$f1), 0.85)
})

test_that("training improves on the start where links are not linear", {
  # Two links, so that no other scale of the factors makes both straight.
  simulation <- simulate_omics(600, factors = 4, links = c("linear", "rectified"), seed = 4)
  late <- \(x) x[, 401:600]
  error <- \(epochs) {
    fit <- poems(lapply(simulation$omics, \(x) x[, 1:400]), 8, seed = 1,
                 control = list(threads = 1, epochs = epochs, progress = FALSE))
    guess <- predict(fit, lapply(simulation$omics, late), type = "reconstruction")
    sum(mapply(\(g, s) sum((g - s[rownames(g), colnames(g)])^2), guess,
               lapply(simulation$signal, late)))
  }
  expect_lt(error(300), 0.8 * error(1))
})

test_that("two seeds give the same factors", {
  simulation <- linear_cohort()
  fits <- lapply(1:2, \(seed) {
    poems(simulation$omics, 8, seed = seed, control = list(threads = 1, progress = FALSE))
  })
  strength <- lapply(fits, \(fit) abs(do.call(rbind, lapply(loadings(fit), as.matrix))))
  expect_true(all(apply(stats::cor(strength[[1]], strength[[2]]), 1, max) > 0.9))
})

test_that("samples without an omic do not spoil the start", {
  simulation <- linear_cohort(500)
  omics <- simulation$omics
  omics$protein <- omics$protein[, 1:250]
  fit <- poems(omics, 8, seed = 1, control = list(threads = 1, progress = FALSE))
  found <- factor_recovery(fit, simulation)
  expect_gt(mean(found$correlation), 0.85)
})

test_that("few hidden units hold few factors", {
  omics <- linear_cohort(60)$omics
  for (hidden in c(1, 4, 5)) {
    fit <- poems(omics["rna"], 6, seed = 1,
                 control = list(hidden = hidden, epochs = 3, threads = 1, progress = FALSE))
    expect_lte(fit$factors, 6)
    expect_false(anyNA(latent(fit)))
  }
})

test_that("extreme values and learning rates do no harm", {
  omics <- linear_cohort(150)$omics
  omics$rna[3, 5] <- 1e30
  omics$rna[4, ] <- omics$rna[4, ] * 1e-20
  for (rate in c(1e-4, 1e-2)) {
    fit <- poems(omics, 6, seed = 1,
                 control = list(learning_rate = rate, epochs = 50, threads = 1, progress = FALSE))
    expect_false(anyNA(unlist(fit$history[c("training", "validation")])))
    expect_false(anyNA(latent(fit)))
  }
})

test_that("a feature that varies in held-out samples only does not stop the start", {
  omics <- linear_cohort(100)$omics
  held_out <- poems(omics, 2, seed = 1, control = list(epochs = 1, threads = 1))$validation
  omics$rna[1, ] <- 0
  omics$rna[1, held_out] <- 1
  fit <- poems(omics, 4, seed = 1, control = list(epochs = 2, threads = 1))
  expect_false(anyNA(latent(fit)))
})
