# A cohort made of few-loading linear factors, and the numbers that linear_start() works with.
linear_cohort <- function(samples = 400, seed = 5) {
  simulate_omics(samples, features = c(rna = 80, protein = 50), factors = 4, links = "linear",
                 noise = 0.4, seed = seed)
}

# What ridge regression of the factors on features says of all samples, by normal equations, with
# the penalties of the smallest leave-one-out errors over `held_in`.
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

# All features, standardised, with what linear_start() makes of them.
standardised <- function(omics) {
  x <- standardise_rows(do.call(rbind, omics))$x
  list(x = x, omic = rep(seq_along(omics), vapply(omics, nrow, 0L)))
}

test_that("experts are ridge regressions with the smallest error of samples left out", {
  x <- standardised(linear_cohort(120)$omics)$x
  factors <- withr::with_seed(1, matrix(rnorm(3 * 120), 3)) + x[c(1, 20, 90), ]
  held_in <- 1:100
  inner <- inner_eigen(x[, held_in], 1L)
  weights <- ridge_weights(x[, held_in], factors[, held_in], inner)$weights
  by_hand <- ridge_by_leaving_out(x, t(factors), held_in)
  expect_equal(crossprod(x, t(weights)), by_hand, tolerance = 1e-3, ignore_attr = TRUE)
})

test_that("the network that training starts from computes the linear model", {
  omics <- linear_cohort()$omics
  control <- poems_control(threads = 1, hidden = 20, progress = FALSE)
  scaled <- learn_scaling(omics, "standardise")
  samples <- colnames(omics[[1]])
  sd <- unname(lapply(scaled, `[[`, "sd"))
  config <- model_config(control, 6L, sd)
  cohort <- held_cohort(scaled, omics, samples, NULL, 1L)
  settings <- c(utils::modifyList(unclass(control), list(epochs = 0L, validation = 0)), seed = 1L,
                revisit = 5L)
  run <- \(start) {
    core_train(cohort, config, sd, settings, \(...) TRUE, start$parameters, list(), list(), 1)
  }
  blank <- core_initial_parameters(config, sd, 1L)
  expect_identical(run(NULL)$parameters, blank)
  started <- run(linear_start(blank, scaled, omics, samples, integer(), 6, control, 1))

  at <- standardised(omics)
  scores <- starting_scores(standardise_rows(bounded(at$x))$x, at$omic, 6L, 1L)
  model <- sparse_factors(at$x, scores, at$omic, 1L)
  expect_identical(ncol(model$loadings), 4L)  # as many as there are
  expect_gt(min(abs(diag(stats::cor(started$latent[, 1:4], t(model$mean))))), 0.98)
  expect_identical(started$latent[, 5:6], matrix(0, 400, 2))
  W <- do.call(rbind, lapply(started$parameters$omics, `[[`, "W"))
  expect_identical(W[, 1:4] != 0, model$nonzero)

  # Decoders are least squares on the factors that a feature may have.
  z <- started$latent[, 1:4]
  decoded <- do.call(rbind, core_reconstruct(started$parameters, config, started$latent, 1L))
  experts <- linear_experts(model$loadings, model$noise, at$omic) |>
    learn_experts(at$x, model$mean, omics_had(at$x, at$omic), at$omic,
                  lapply(seq_along(omics), \(v) inner_eigen(at$x[at$omic == v, ], 1L)))
  product <- product_of_experts(experts, at$x, omics_had(at$x, at$omic), at$omic)
  expect_equal(started$latent[, 1:4], unname(t(product$mean)), tolerance = 1e-3)
  expected <- ridge_by_augmentation(at$x, z, product$variance[, 1], model$nonzero)
  loaded <- rowSums(model$nonzero) > 0
  ours <- tcrossprod(expected$slopes, z) + expected$intercept
  sds <- unlist(lapply(omics, \(x) apply(x, 1, stats::sd)))
  population <- sqrt(399 / 400)  # the two standard deviations of a feature
  expect_equal(decoded[loaded, ], ours[loaded, ] * population, tolerance = 1e-3,
               ignore_attr = TRUE)
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
  expect_lt(max(abs(latent(fit))), 20)
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

test_that("principal components are those of prcomp()", {
  for (samples in c(60, 400)) {  # from either matrix of inner products
    x <- standardised(linear_cohort(samples)$omics)$x
    ours <- principal_components(x, 3, 1L)
    theirs <- stats::prcomp(t(x), center = FALSE, rank. = 3)
    expect_equal(ours$variance, theirs$sdev[1:3]^2 * (samples - 1) / samples, tolerance = 1e-4)
    expected <- theirs$x / rep(apply(theirs$x, 2, \(z) sqrt(mean(z^2))), each = samples)
    expect_equal(abs(ours$scores), abs(expected), tolerance = 1e-2, ignore_attr = TRUE)
  }
})

test_that("the edge of noise is that of Marchenko and Pastur, and of features that differ", {
  expect_equal(noise_edge(rep(2, 300), 100), 2 * (1 + sqrt(3))^2, tolerance = 1e-6)
  sd <- rep(c(0.3, 1, 2), c(500, 300, 100))
  largest <- withr::with_seed(1, replicate(5, {
    max(svd(matrix(rnorm(900 * 300), 900) * sd, 0, 0)$d)^2 / 300
  }))
  expect_equal(noise_edge(sd^2, 300), mean(largest), tolerance = 0.03)
})

test_that("nothing stands out from noise, whatever its size", {
  for (n in c(30, 100, 400)) for (p in c(50, 1000)) {
    found <- vapply(1:20, \(seed) {
      x <- withr::with_seed(seed, matrix(rnorm(n * p), p) * rexp(p))
      !is.null(starting_scores(standardise_rows(x)$x, rep(1, p), 10L, 1L))
    }, NA)
    expect_lte(sum(found), 1)
  }
})

test_that("a factor of a few proteins beside thousands of genes is found", {
  withr::local_seed(5)
  n <- 150
  a <- rnorm(n)
  b <- rnorm(n)
  rna <- outer(rnorm(2000) * rbinom(2000, 1, 0.2), a) + matrix(rnorm(2000 * n), 2000)
  protein <- outer(rnorm(8), a) + outer(c(2, -2, 1.5, 2, -1.5, 2, 1, 2), b) +
    matrix(rnorm(8 * n), 8)
  dimnames(rna) <- list(paste0("g", 1:2000), paste0("s", 1:n))
  dimnames(protein) <- list(paste0("p", 1:8), paste0("s", 1:n))
  fit <- poems(list(rna = rna, protein = protein), 8, seed = 1,
               control = list(epochs = 5, threads = 1, progress = FALSE))
  expect_gt(max(abs(stats::cor(b, fit$latent))), 0.9)
  expect_gt(max(abs(stats::cor(a, fit$latent))), 0.9)
  worth <- tidy(fit, "factors")
  private <- worth$factor == names(which.max(abs(stats::cor(b, fit$latent)[1, ])))
  expect_lt(worth$worth[private & worth$omic == "rna"], 0.01)
  expect_gt(worth$worth[private & worth$omic == "protein"], 0.2)
})

test_that("a factor that features answer along a curve stays whole", {
  simulation <- simulate_omics(600, c(rna = 120, protein = 60), factors = 3,
                               links = c("linear", "rectified"), seed = 2)
  at <- standardised(simulation$omics)
  scores <- components_of_omics(standardise_rows(bounded(at$x))$x, at$omic, !is.na(at$x), 12L, 1L)
  expect_identical(is_bend(scores)[1:3], c(FALSE, FALSE, FALSE))
  expect_true(any(is_bend(scores)))
  rotated <- starting_scores(standardise_rows(bounded(at$x))$x, at$omic, 12L, 1L)
  expect_gt(min(apply(abs(stats::cor(simulation$factors, rotated)), 1, max)), 0.9)
})

test_that("the factor model takes what is missing as unknown", {
  simulation <- linear_cohort(300)
  at <- standardised(simulation$omics)
  holes <- at$x
  holes[withr::with_seed(1, sample(length(holes), length(holes) / 4))] <- NA
  holes[at$omic == 2, 1:100] <- NA
  scores <- starting_scores(holes, at$omic, 6L, 1L)
  model <- core_factor_model(holes, at$omic, scores, 40L, 2L, NULL, 1)
  expect_identical(model, core_factor_model(holes, at$omic, scores, 40L, 1L, NULL, 1))
  # Components that only the gaps have made hold nothing.
  kept <- sparse_factors(holes, scores, at$omic, 1L)
  expect_identical(ncol(kept$loadings), 4L)
  # A factor of the second omic alone is known of the samples that have it.
  has <- 101:300
  found <- apply(abs(stats::cor(simulation$factors[has, ], t(kept$mean)[has, ])), 1, max)
  expect_gt(min(found), 0.9)
  # Its own posterior, by the formula.
  n <- 7
  known <- !is.na(holes[, n])
  w <- model$loadings[known, ]
  share <- tapply(known, at$omic, mean)
  precision <- diag(drop(1 + model$uncertainty %*% share)) + crossprod(w, w / model$noise[known])
  left <- (holes[, n] - model$intercept)[known] / model$noise[known]
  expected <- solve(precision, crossprod(w, left))
  ours <- core_factor_scores(holes - model$intercept, at$omic, model$loadings, model$noise,
                             model$uncertainty, 1L)
  expect_equal(ours[n, ], drop(expected), tolerance = 1e-6)
  expect_equal(t(ours), model$mean, tolerance = 0.02)
})

test_that("noise alone has no component to start from, and is fitted all the same", {
  withr::local_seed(3)
  noise <- lapply(c(a = 40, b = 30), \(d) {
    matrix(stats::rnorm(d * 100), d, dimnames = list(paste0("f", 1:d), paste0("s", 1:100)))
  })
  at <- standardised(noise)
  expect_null(starting_scores(at$x, at$omic, 5L, 1L))
  expect_warning(
    fit <- poems(noise, 4, seed = 1, control = list(threads = 1, progress = FALSE)),
    "No factor is in use"
  )
  expect_identical(fit$factors, 0L)
  expect_identical(unique(as.vector(fit$unused$latent)), 0)
  expect_lt(max(abs(variance_explained(fit, by = "omic")$r2)), 0.02)
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

split_rows <- function(x, like) {
  of <- rep(seq_along(like), vapply(like, nrow, 0L))
  lapply(stats::setNames(seq_along(like), names(like)), \(v) x[of == v, , drop = FALSE])
}

test_that("training improves on the start where links are not linear", {
  # Two links, so that no other scale of the factors makes both straight.
  simulation <- simulate_omics(600, factors = 4, links = c("linear", "rectified"), seed = 4)
  part <- \(x, samples) lapply(x, \(m) m[, samples])
  missed <- \(guess) {
    sum(mapply(\(g, s) sum((g - s[rownames(g), colnames(g)])^2), guess,
               part(simulation$signal, 401:600)))
  }
  early <- part(simulation$omics, 1:400)
  late <- part(simulation$omics, 401:600)
  error <- \(epochs) {
    fit <- poems(early, 8, seed = 1, control = list(threads = 1, epochs = epochs, progress = FALSE))
    missed(predict(fit, late, type = "reconstruction"))
  }
  # The best that principal components do, whatever their number.
  of_components <- vapply(4:10, \(k) {
    components <- stats::prcomp(t(do.call(rbind, early)), rank. = k)
    guess <- stats::predict(components, t(do.call(rbind, late))) %*% t(components$rotation)
    guess <- t(guess) + components$center
    missed(split_rows(guess, early))
  }, 0)
  trained <- error(300)
  expect_lt(trained, 0.9 * error(1))
  expect_lt(trained, 0.85 * min(of_components))
})

test_that("training does not forget where it starts, however many features there are", {
  made <- simulate_omics(100, c(rna = 10000), factors = 4, links = "linear", noise = 0.5, seed = 2)
  held_out <- \(rate) {
    fit <- poems(made$omics, factors = 8, seed = 1, control = list(
      epochs = 2, learning_rate = rate, threads = 2, progress = FALSE
    ))
    fit$history$validation
  }
  expect_lt(max(held_out(0.0005)), 1.01 * held_out(1e-12)[1])
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

test_that("of many samples the largest components are sought alone, and are the same", {
  n <- 600
  x <- withr::with_seed(1, {
    w <- matrix(rnorm(700 * 5), 700) * rep(seq(0.6, 0.2, length.out = 5), each = 700)
    w %*% matrix(rnorm(5 * n), 5) + matrix(rnorm(700 * n), 700)
  })
  expect_true(is_large(x))
  of <- principal_components(x, 8L, 1L)
  all <- eigen(crossprod(x) / n, symmetric = TRUE)
  expect_equal(of$variance[1:5], all$values[1:5], tolerance = 1e-4)
  agreement <- abs(colSums(of$scores[, 1:5] * all$vectors[, 1:5])) / sqrt(n)
  expect_gt(min(agreement), 0.999)
  expect_identical(principal_components(x, 8L, 2L), of)
  expect_equal(ncol(standing_components(x, 8L, 1L)), 5L)
  few <- x[1:600, 1:500]  # all of them
  expect_false(is_large(few))
  expect_equal(wide_product(x, of$scores, 1L), x %*% of$scores, tolerance = 1e-5)
  # Least squares without the factors.
  expect_equal(left_by_scores(x, of$scores), t(stats::lm.fit(of$scores, t(x))$residuals),
               tolerance = 1e-6)
})

test_that("ridge regression on the components of many samples is that on their features", {
  cohort <- linear_cohort(700)
  x <- standardised(cohort$omics)$x
  x <- x[rep(seq_len(nrow(x)), length.out = 800), ] +
    withr::with_seed(2, matrix(rnorm(800 * 700), 800))
  y <- t(cohort$factors)
  # All components, by hand.
  exact <- eigen(crossprod(x), symmetric = TRUE)
  exact <- list(values = pmax(exact$values, 0), vectors = exact$vectors,
                mean = mean(exact$values))
  want <- ridge_weights(x, y, exact)
  got <- ridge_weights(x, y, inner_eigen(x, 1L))
  expect_equal(inner_eigen(x, 1L)$mean, exact$mean)
  for (k in seq_len(nrow(y))) {
    expect_gt(cor(want$left_out[k, ], got$left_out[k, ]), 0.99)
    error <- \(of) mean((of$left_out[k, ] - y[k, ])^2)
    expect_lt(error(got), 1.02 * error(want))
  }
})

test_that("samples are drawn at random where there are more than are looked at", {
  expect_identical(drawn(30L, 30L, 1), 1:30)
  some <- drawn(1000L, 100L, 1)
  expect_identical(some, drawn(1000L, 100L, 1))
  expect_false(identical(some, drawn(1000L, 100L, 2)))
  expect_identical(some, sort(unique(some)))
  expect_length(some, 100L)
  expect_true(all(some %in% 1:1000))
  # No even spaces, which samples in a cycle would fall in with.
  expect_gt(length(unique(diff(some))), 5)
  set.seed(1)
  before <- .Random.seed
  drawn(1000L, 100L, 3)
  expect_identical(.Random.seed, before)
})
