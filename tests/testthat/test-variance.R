cohort <- small_cohort()

# Data of one omic of a fit on the scale of training, features x samples that have it.
scaled <- function(fit, omic, data = cohort$omics) {
  s <- fit$omics[[omic]]
  x <- (data[[omic]][s$features, ] - s$center) / s$scale
  pmax(pmin(x, s$clip), -s$clip)
}

# Every omic decoded by the core from its latent variables, features x samples.
decoded <- function(fit, latent) {
  x <- core_reconstruct(core_parameters(fit), fit$config, latent, 1L)
  stats::setNames(x, names(fit$omics))
}

test_that("a factor's share is the fall of R2 when it is held at its mean", {
  for (objective in c("elbo", "published")) {
    omics <- lapply(cohort$omics, \(x) x[, 1:45])
    fit <- poems(omics, factors = 4, seed = 3, control = quick_control(objective = objective))
    mode <- core_mode_of(fit)
    all <- decoded(fit, mode)
    shares <- variance_explained(fit)
    for (omic in names(omics)) {
      x <- scaled(fit, omic, omics)
      r2 <- \(xhat) 1 - sum((x - xhat)^2, na.rm = TRUE) /
        sum((x - fit$omics[[omic]]$fill)^2, na.rm = TRUE)
      for (i in seq_len(fit$factors)) {
        k <- fit$order[i]
        held <- mode
        held[, k] <- mean(mode[, k])
        share <- shares$r2[shares$omic == omic & shares$factor == paste0("Factor", i)]
        expect_equal(share, r2(all[[omic]]) - r2(decoded(fit, held)[[omic]]), tolerance = 1e-4)
      }
      total <- variance_explained(fit, by = "omic")
      expect_equal(total$r2[total$omic == omic], r2(all[[omic]]), tolerance = 1e-5)
    }
  }
})

test_that("a feature's share is that of all factors", {
  fit <- small_fit()
  shares <- variance_explained(fit, by = "feature")
  expect_identical(shares$feature, unlist(lapply(fit$omics, `[[`, "features"), use.names = FALSE))
  x <- scaled(fit, "rna")
  xhat <- decoded(fit, core_mode_of(fit))$rna
  r2 <- 1 - rowSums((x - xhat)^2, na.rm = TRUE) / rowSums(x^2, na.rm = TRUE)
  expect_equal(shares$r2[shares$omic == "rna"], unname(r2), tolerance = 1e-5)
})

test_that("a sample's share is that of its values, and samples add up to the omic", {
  fit <- small_fit()
  shares <- variance_explained(fit, by = "sample")
  expect_identical(names(shares), c("omic", "sample", "r2", "weight"))
  expect_identical(shares$sample, rep(fit$samples, 3))
  for (omic in names(fit$omics)) {
    x <- scaled(fit, omic)
    xhat <- decoded(fit, core_mode_of(fit))[[omic]][, fit$omics[[omic]]$samples]
    rows <- shares[shares$omic == omic, ]
    at <- match(colnames(x), rows$sample)
    expect_equal(rows$r2[at], tolerance = 1e-5,
                 unname(1 - colSums((x - xhat)^2, na.rm = TRUE) / colSums(x^2, na.rm = TRUE)))
    expect_equal(rows$weight[at], unname(colSums(x^2, na.rm = TRUE)) / sum(x^2, na.rm = TRUE),
                 tolerance = 1e-5)
    expect_identical(which(is.na(rows$r2)), setdiff(seq_len(60), at))
    expect_true(all(rows$weight[-at] == 0))
    total <- variance_explained(fit, by = "omic")
    expect_equal(sum(rows$r2 * rows$weight, na.rm = TRUE), total$r2[total$omic == omic],
                 tolerance = 1e-6)
  }
})

test_that("a fit that did not measure samples says so, and data help", {
  earlier <- small_fit()
  earlier$explained$sample <- NULL
  expect_error(variance_explained(earlier, by = "sample"), "does not say.*newdata")
  expect_equal(variance_explained(earlier, cohort$omics, by = "sample"), tolerance = 1e-4,
               variance_explained(small_fit(), by = "sample"))
})

test_that("factors of independent omics explain what they were made to", {
  # Two factors, of which the second drives the second omic only.
  withr::with_seed(2, {
    z <- matrix(rnorm(600), 300)
    noise <- \(d) matrix(rnorm(d * 300), d)
    omics <- list(a = 2 * rep(1, 20) %o% z[, 1] + noise(20),
                  b = rbind(rep(1, 10) %o% z[, 1], 3 * rep(1, 10) %o% z[, 2]) + noise(20))
    omics <- lapply(omics, \(x) {
      dimnames(x) <- list(paste0("f", 1:20), paste0("s", 1:300))
      x
    })
  })
  fit <- poems(omics, factors = 2, seed = 3, control = list(threads = 1, progress = FALSE))
  shares <- variance_explained(fit)
  own <- apply(abs(stats::cor(z, latent(fit))), 1, which.max)
  expect_setequal(own, 1:2)
  share <- \(omic, true) {
    shares$r2[shares$omic == omic & shares$factor == paste0("Factor", own[true])]
  }
  # The first factor makes 4 / 5 of the variance of a, the second none.
  expect_equal(share("a", 1), 0.8, tolerance = 0.1)
  expect_lt(abs(share("a", 2)), 0.05)
  expect_gt(share("b", 1), 0.1)
  expect_gt(share("b", 2), 0.1)
})

test_that("the samples of the fit as newdata give what the fit holds", {
  fit <- small_fit()
  for (by in c("factor", "feature", "omic", "sample")) {
    expect_equal(
      variance_explained(fit, cohort$omics, by), variance_explained(fit, by = by),
      tolerance = 1e-5
    )
  }
  turned <- variance_explained(fit, lapply(cohort$omics, t), samples = "rows")
  expect_equal(turned, variance_explained(fit), tolerance = 1e-5)
})

test_that("newdata may have one sample, lack omics, and have features without variance", {
  fit <- small_fit()
  one <- cohort$omics$protein[, 7, drop = FALSE]
  one[3] <- NA
  shares <- variance_explained(fit, list(protein = one))
  expect_identical(unique(shares$omic), "protein")
  expect_true(all(is.finite(shares$r2)))
  features <- variance_explained(fit, list(protein = one), by = "feature")
  expect_identical(which(is.na(features$r2)), 3L)
})

test_that("shares do not depend on the number of threads", {
  fit <- small_fit()
  fit$control$threads <- 2L
  expect_identical(
    variance_explained(fit, cohort$omics), variance_explained(small_fit(), cohort$omics)
  )
})

test_that("factors are ordered by the sum of their shares over omics", {
  fit <- small_fit()
  shares <- variance_explained(fit)
  total <- tapply(shares$r2, factor(shares$factor, levels = unique(shares$factor)), sum)
  expect_identical(names(total), colnames(latent(fit)))
  expect_false(is.unsorted(rev(total)))
})

test_that("factors that change no feature are not shown, and predictions still use all", {
  sums_of <- \(gain, change) list(total = c(2, 2), residual = c(1, 1), gain = gain,
                                  largest_change = change)
  sums <- list(
    a = sums_of(c(0.1, 0.3, 0, 0.4), c(0.2, 0.0012, 0, 0.0009)),
    b = sums_of(c(0.5, 0.1, 0, 0.4), c(0.0001, 0.0002, 0, 0.0003))
  )
  expect_identical(choose_factors(sums, "elbo"), c(1L, 2L))
  expect_identical(choose_factors(sums, "published"), c(4L, 1L, 2L, 3L))
  # After a few epochs no factor does much.
  weak <- lapply(sums, \(omic) utils::modifyList(omic, list(
    largest_change = omic$largest_change / 1000
  )))
  expect_identical(choose_factors(weak, "elbo"), c(4L, 1L, 2L))
  none <- lapply(sums, \(omic) utils::modifyList(omic, list(largest_change = numeric(4))))
  expect_identical(choose_factors(none, "elbo"), integer())
})

# With two more of its factors not in use.
pruned <- \(fit) with_factors(fit, fit$factors - 2L)

test_that("factors not in use stay part of the model", {
  fit <- small_fit()
  fewer <- pruned(fit)
  names <- numbered_factors(fit$factors - 2L)
  expect_identical(core_parameters(fewer), core_parameters(fit))
  expect_identical(core_latent(fewer), core_latent(fit))
  expect_identical(predict(fewer), latent(fewer))
  projected <- \(fit) {
    samples <- project_samples(fit, align_newdata(fit$omics, cohort$omics))
    samples[names(samples) != "cohort"]  # which is a pointer
  }
  expect_identical(projected(fewer), projected(fit))
  expect_identical(colnames(predict(fewer, cohort$omics)), names)
  expect_identical(predict(fewer, type = "reconstruction"), predict(fit, type = "reconstruction"))
  expect_identical(
    feature_effects(fewer), lapply(feature_effects(fit), \(effect) effect[, names])
  )
  shares <- variance_explained(fit, cohort$omics)
  expect_equal(
    variance_explained(fewer, cohort$omics), shares[shares$factor %in% names, ],
    ignore_attr = "row.names"
  )
})

test_that("zero loadings take a factor out of use, and a fit can have none", {
  control <- quick_control(lambda0 = 5000, lambda1 = 4000, epochs = 60)
  expect_snapshot({
    tell(fit <- poems(cohort$omics, factors = 3, seed = 1, control = control))
  })
  expect_identical(dim(latent(fit)), c(60L, 0L))
  expect_identical(dim(loadings(fit)$rna), c(30L, 0L))
  expect_identical(nrow(variance_explained(fit)), 0L)
  expect_identical(dim(predict(fit, cohort$omics)), c(60L, 0L))
  expect_identical(dim(predict(fit, type = "reconstruction")$rna), c(30L, 60L))
  expect_identical(feature_effects(fit), loadings(fit))
  expect_identical(nrow(feature_effects(fit, "table")), 0L)
})

test_that("wrong arguments are errors", {
  expect_snapshot({
    tell(variance_explained(list()))
    tell(variance_explained(small_fit(), list(other = matrix(1))))
  })
  expect_error(variance_explained(small_fit(), by = "none"), "must be one of")
  expect_error(variance_explained(small_fit(), by = "group"), "no groups")
})
