loadNamespace("Matrix")

quiet <- list(threads = 1, progress = FALSE)

test_that("runs in pairs have disjoint halves of every group of samples", {
  omics <- small_cohort()$omics
  halves <- lapply(1:2, \(half) with_seed(4, draw_half(omics, half)))
  expect_identical(vapply(halves[[1]], ncol, 0L), c(rna = 29L, protein = 29L, mirna = 22L))
  expect_identical(vapply(halves[[2]], ncol, 0L), c(rna = 29L, protein = 29L, mirna = 22L))
  expect_length(intersect(colnames(halves[[1]]$rna), colnames(halves[[2]]$rna)), 0)
  plan <- plan_runs(11:14, TRUE)
  expect_identical(vapply(plan, `[[`, 0L, "draw"), c(11L, 11L, 13L, 13L))
  expect_equal(vapply(plan, `[[`, 0, "half"), c(1, 2, 1, 2))
  expect_null(plan_runs(11:14, FALSE)[[1]]$half)
})

test_that("the bound is that of Shah and Samworth, as they tabulate it", {
  # With B = 50 pairs, the smallest and the largest share.
  expect_equal(false_bound(0.75, 50), 1 / (2 * (0.5 - 0.01)))
  expect_equal(false_bound(1, 50), 4 * 0.01 / 1.02)
  expect_true(all(diff(false_bound(seq(0.7, 1, 0.01), 50)) < 0))
})

test_that("the threshold is the lowest that keeps the bound", {
  share <- c(rep(1, 20), rep(0.9, 10), rep(0.75, 5), rep(0.2, 10), numeric(100))
  for (fdr in c(0.01, 0.05, 0.2)) {
    at <- share_threshold(share, pairs = 10, fdr)
    bound <- \(t) false_bound(t, 10) * 0.5 * 2 / sum(share >= t - 1e-9)
    expect_lte(bound(at$threshold), fdr)
    lower <- at$threshold - 1 / 20
    if (lower > 1 / 2 + 1 / 20 + 3 / 16) expect_gt(bound(lower), fdr)
  }
  expect_identical(share_threshold(rep(0.4, 50), 10, 0.1)$threshold, NA_real_)
})

test_that("at most the wanted share of noise alone behaves like what is planted", {
  # Independent selections: 100 links with probability 0.95, 300 false ones with 0.1 at most.
  drawn <- withr::with_seed(1, replicate(40, {
    p <- c(rep(0.95, 100), stats::runif(300, 0, 0.1))
    share <- stats::rbinom(400, 40, p) / 40
    at <- share_threshold(share, 20, 0.1)
    kept <- which(share >= at$threshold - 1e-9)
    c(false = sum(kept > 100) / max(1, length(kept)), true = mean(1:100 %in% kept))
  }))
  expect_lt(mean(drawn["false", ]), 0.1)
  expect_gt(mean(drawn["true", ]), 0.5)
})

test_that("stable links are planted ones", {
  truth <- simulate_omics(120, c(a = 40, b = 30), factors = 2, factors_per_feature = 0:1,
                          noise = 0.5, links = "linear", shared = 1, seed = 1)
  x <- stability(truth$omics, factors = 2, runs = 10, pairs = TRUE, seed = 1, control = quiet)
  expect_length(x$fit$samples, 60)
  expect_true(x$settings$pairs)
  expect_output(print(x), "pairs of disjoint parts: each has 50% of the samples", fixed = TRUE)
  links <- stable_links(x, 0.1)
  expect_true(all(links$share >= attr(links, "threshold")))
  expect_false(is.unsorted(-links$share))
  match <- max.col(abs(stats::cor(latent(x$fit), truth$factors[x$fit$samples, ])))
  true <- mapply(\(omic, feature, k) truth$loadings[[omic]][feature, match[k]] != 0,
                 as.character(links$omic), links$feature, as.integer(links$factor))
  expect_gt(sum(true), 0.8 * sum(vapply(truth$loadings, \(w) length(w@x), 0L)))
  expect_lt(mean(!true), 0.1)
})

test_that("results without pairs and bad settings are errors", {
  cohort <- small_cohort()$omics
  x <- stability(cohort, factors = 2, runs = 2, seed = 1, control = quick_control(epochs = 2))
  expect_error(stable_links(x), "are not pairs")
  expect_error(stable_links(1), "must be a result")
  x$settings$pairs <- TRUE
  expect_error(stable_links(x, 1), "fdr")
  expect_error(stability(cohort, runs = 3, pairs = TRUE), "even")
  expect_error(stability(cohort, pairs = NA), "TRUE or FALSE")
})
