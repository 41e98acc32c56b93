tiny <- c(rna = 30, protein = 20)

test_that("links have mean 0 and variance 1 over a standard normal factor", {
  for (link in link_functions) {
    moment <- \(power) stats::integrate(
      \(z) link(z)^power * stats::dnorm(z), -10, 10, rel.tol = 1e-9, subdivisions = 1000
    )$value
    expect_equal(moment(1), 0, tolerance = 1e-6)
    expect_equal(moment(2), 1, tolerance = 1e-6)
  }
})

test_that("links are what the documentation says, up to an affine map", {
  z <- seq(-3, 3, by = 0.1)
  shapes <- list(linear = z, saturating = 2 * stats::pnorm(2 * z) - 1, rectified = pmax(z, 0),
                 quadratic = z^2)
  for (link in names(shapes)) {
    expect_equal(stats::cor(link_functions[[link]](z), shapes[[link]]), 1)
  }
})

test_that("the signal follows from factors, loadings and links", {
  truth <- simulate_omics(50, tiny, factors = 4, factors_per_feature = 1:3, seed = 1)
  for (omic in names(tiny)) {
    w <- as.matrix(truth$loadings[[omic]])
    links <- truth$links[truth$links$omic == omic, ]
    expect_equal(nrow(links), sum(w != 0))
    expected <- matrix(0, nrow(w), 50, dimnames = list(rownames(w), rownames(truth$factors)))
    for (i in seq_len(nrow(links))) {
      feature <- links$feature[i]
      contribution <- link_functions[[links$link[i]]](truth$factors[, links$factor[i]])
      expected[feature, ] <- expected[feature, ] + w[feature, links$factor[i]] * contribution
    }
    expect_equal(truth$signal[[omic]], expected)
  }
})

test_that("noise has its share of every feature's variance", {
  truth <- simulate_omics(4000, tiny, factors = 3, noise = 0.3, seed = 2)
  for (omic in names(tiny)) {
    signal <- truth$signal[[omic]]
    expect_equal(unname(apply(signal, 1, stats::var)), rep(0.7, nrow(signal)))
    noise <- truth$omics[[omic]] - signal
    expect_equal(unname(apply(noise, 1, stats::var)), rep(0.3, nrow(signal)), tolerance = 0.1)
    expect_lt(max(abs(diag(stats::cor(t(noise), t(signal))))), 0.08)
  }
  clean <- simulate_omics(50, tiny, factors = 3, noise = 0, seed = 2)
  expect_equal(clean$omics, clean$signal)
})

test_that("a feature's loadings are in units of its standard deviation", {
  truth <- simulate_omics(200, tiny, factors = 3, factors_per_feature = 1, links = "linear",
                          noise = 0.36, seed = 1)
  for (w in truth$loadings) {
    expect_equal(abs(w@x), rep(0.8, length(w@x)))
    expect_setequal(sign(w@x), c(-1, 1))
  }
})

test_that("features have as many factors as asked for, dealt evenly", {
  truth <- simulate_omics(20, c(rna = 600), factors = 4, factors_per_feature = c(1, 3), seed = 3)
  counts <- table(Matrix::rowSums(truth$loadings$rna != 0))
  expect_named(counts, c("1", "3"))
  expect_gt(stats::chisq.test(counts)$p.value, 0.001)

  single <- simulate_omics(20, c(rna = 30), factors = 4, factors_per_feature = 1, seed = 3)
  expect_setequal(Matrix::colSums(single$loadings$rna != 0), c(7, 8))
  most <- simulate_omics(20, c(rna = 30), factors = 2, factors_per_feature = 5, seed = 3)
  expect_true(all(most$loadings$rna != 0))
})

test_that("features without factors are noise of variance 1", {
  truth <- simulate_omics(3000, c(rna = 40), factors = 2, factors_per_feature = 0:1, noise = 0.2,
                          seed = 1)
  idle <- Matrix::rowSums(truth$loadings$rna != 0) == 0
  expect_gt(sum(idle), 5)
  expect_true(all(truth$signal$rna[idle, ] == 0))
  expect_equal(unname(apply(truth$omics$rna[idle, ], 1, stats::var)), rep(1, sum(idle)),
               tolerance = 0.1)
})

test_that("the smallest simulation is one, also without any loading", {
  smallest <- \(seed) simulate_omics(10, c(rna = 1), factors = 1, factors_per_feature = 0:1,
                                     noise = 0, seed = seed)
  loadings <- lapply(1:8, \(seed) smallest(seed)$loadings$rna)
  expect_setequal(vapply(loadings, \(w) length(w@x), 0L), 0:1)
  idle <- smallest(which(lengths(lapply(loadings, \(w) w@x)) == 0)[1])
  expect_identical(dim(idle$links), c(0L, 4L))
  expect_output(print(idle), "No factor drives any feature.")
})

test_that("factors have mean 0, standard deviation 1 and the correlation asked for", {
  z <- simulate_omics(5000, c(rna = 5), factors = 4, correlation = 0.6, seed = 1)$factors
  expect_equal(unname(colMeans(z)), rep(0, 4))
  expect_equal(unname(apply(z, 2, stats::sd)), rep(1, 4))
  correlations <- stats::cor(z)[upper.tri(diag(4))]
  expect_lt(max(abs(correlations - 0.6)), 0.05)
})

test_that("shared factors come first; the others have an omic each", {
  active <- \(truth) vapply(truth$loadings, \(w) Matrix::colSums(w != 0) > 0, logical(5))
  features <- c(a = 40, b = 40, c = 40)
  part <- active(simulate_omics(20, features, factors = 5, shared = 0.4, seed = 1))
  expect_true(all(part[1:2, ]))
  expect_identical(unname(part[3:5, ]), diag(3) == 1)
  expect_true(all(active(simulate_omics(20, features, factors = 5, shared = 1, seed = 1))))
  none <- active(simulate_omics(20, features, factors = 5, shared = 0, seed = 1))
  expect_identical(unname(rowSums(none)), rep(1, 5))
})

test_that("subtypes are equally large and shifted along a factor each", {
  truth <- simulate_omics(6000, c(rna = 5), factors = 2, subtypes = 3, separation = 3, seed = 1)
  expect_identical(names(truth$subtype), rownames(truth$factors))
  expect_identical(as.vector(table(truth$subtype)), rep(2000L, 3))
  means <- apply(truth$factors, 2, \(z) tapply(z, truth$subtype, mean))
  within <- apply(truth$factors, 2, \(z) stats::sd(z - stats::ave(z, truth$subtype)))
  # In standard deviations of a group, from the group that the factor does not shift.
  shifts <- t(t(means) / within)
  expect_equal(shifts[["Subtype1", "Factor1"]] - shifts[["Subtype2", "Factor1"]], 3,
               tolerance = 0.05)
  expect_equal(shifts[["Subtype3", "Factor1"]] - shifts[["Subtype2", "Factor1"]], -3,
               tolerance = 0.05)
  expect_equal(shifts[["Subtype2", "Factor2"]] - shifts[["Subtype1", "Factor2"]], 3,
               tolerance = 0.05)
  expect_null(simulate_omics(20, tiny, factors = 2, seed = 1)$subtype)
})

test_that("the share asked for is missing, and every sample has an omic", {
  truth <- simulate_omics(60, c(a = 10, b = 10, c = 10), factors = 3, missing_omics = 2 / 3,
                          missing_values = 0.1, seed = 1)
  expect_identical(vapply(truth$omics, ncol, 0L), c(a = 20L, b = 20L, c = 20L))
  expect_setequal(unlist(lapply(truth$omics, colnames)), rownames(truth$factors))
  expect_identical(unname(vapply(truth$omics, \(x) sum(is.na(x)), 0L)), rep(20L, 3))
  expect_identical(unname(vapply(truth$signal, ncol, 0L)), rep(60L, 3))
})

test_that("the seed decides everything, and set.seed() governs without one", {
  simulate <- \(seed = NULL) simulate_omics(20, tiny, factors = 2, subtypes = 2,
                                            missing_values = 0.1, seed = seed)
  withr::with_seed(1, {
    before <- .Random.seed
    one <- simulate(5)
    expect_identical(.Random.seed, before)
  })
  withr::with_seed(2, expect_identical(simulate(5), one))
  expect_false(identical(simulate(6)$factors, one$factors))
  expect_identical(withr::with_seed(3, simulate()), withr::with_seed(3, simulate()))
  drawn <- simulate()
  expect_identical(simulate(drawn$settings$seed), drawn)
})

test_that("poems() takes simulated omics as they are", {
  truth <- simulate_omics(40, tiny, factors = 2, missing_omics = 0.3, missing_values = 0.05,
                          seed = 1)
  fit <- poems(truth$omics, factors = 2, seed = 1, control = quick_control(epochs = 2))
  expect_setequal(fit$samples, rownames(truth$factors))
  expect_identical(lapply(loadings(fit), rownames), lapply(truth$loadings, rownames))
})

test_that("a simulation prints", {
  expect_snapshot({
    simulate_omics(20, tiny, factors = 4, factors_per_feature = 1, links = "quadratic", seed = 1)
    simulate_omics(30, c(tiny, "a rather long name of an omic" = 10), factors = 3,
                   factors_per_feature = 1, links = "linear", subtypes = 3, missing_omics = 0.2,
                   missing_values = 0.1, seed = 1)
  })
})

test_that("bad settings are errors", {
  expect_snapshot({
    tell(simulate_omics(samples = 9))
    tell(simulate_omics(features = c(300, 200)))
    tell(simulate_omics(features = c(rna = 300, rna = 200)))
    tell(simulate_omics(features = list(rna = 300)))
    tell(simulate_omics(features = c(rna = 300, protein = 5)))
    tell(simulate_omics(factors = 0))
    tell(simulate_omics(factors_per_feature = 0))
    tell(simulate_omics(factors_per_feature = c(1, 1.5)))
    tell(simulate_omics(links = "cubic"))
    tell(simulate_omics(noise = 1))
    tell(simulate_omics(correlation = -0.5))
    tell(simulate_omics(shared = 2))
    tell(simulate_omics(shared = 0, factors = 2))
    tell(simulate_omics(subtypes = 1))
    tell(simulate_omics(subtypes = 5, factors = 2))
    tell(simulate_omics(separation = NA))
    tell(simulate_omics(missing_omics = 0.7))
    tell(simulate_omics(missing_omics = 0.1, features = c(rna = 10)))
    tell(simulate_omics(missing_values = 1))
    tell(simulate_omics(seed = "a"))
  })
})
