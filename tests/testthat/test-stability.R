loadNamespace("Matrix")  # whose classes fake_fit() makes

cohort <- small_cohort()$omics
quick_stability <- function(..., runs = 3, epochs = 5) {
  stability(cohort, factors = 3, runs = runs, ..., control = quick_control(epochs = epochs))
}

# Without how long the reference took and on how many threads.
without_fit_timing <- function(x) {
  x$fit <- without_timing(x$fit)
  x
}

# Fits with given loadings of two omics of three features each, one column per factor.
fake_fit <- function(...) {
  columns <- list(...)
  w <- do.call(cbind, columns)
  colnames(w) <- paste0("Factor", seq_along(columns))
  rows <- \(i, prefix) {
    part <- w[i, , drop = FALSE]
    rownames(part) <- paste0(prefix, 1:3)
    methods::as(part, "CsparseMatrix")
  }
  list(loadings = list(a = rows(1:3, "a"), b = rows(4:6, "b")))
}
fake_features <- list(a = paste0("a", 1:3), b = paste0("b", 1:3))
fake_settings <- list(runs = 3L, subsample = 1, seed = 1L)

test_that("factors that only change order, sign and scale are found again", {
  one <- c(1, 2, 0, 0, 0, 3)
  two <- c(0, 0, 1, 1, 0, 0)
  idle <- numeric(6)
  compared <- compare_runs(
    list(fake_fit(one, two, idle), fake_fit(idle, -two, 2 * one), fake_fit(-one, idle, two)),
    fake_features, 11:13, fake_settings
  )
  expect_equal(compared$agreement, matrix(1, 3, 3))
  expect_identical(compared$reference, 1L)
  expect_identical(as.character(compared$factors$factor), c("Factor1", "Factor2"))
  expect_equal(compared$factors$features, c(3, 2))
  expect_equal(compared$factors$mean, c(1, 1))
  expect_equal(compared$factors$min, c(1, 1))
  expect_identical(compared$similarity$run, c(2L, 2L, 3L, 3L))
  expect_identical(compared$similarity$matched, paste0("Factor", c(3, 2, 1, 3)))
  selected <- cbind(Factor1 = one, Factor2 = two) > 0
  rownames(selected) <- c(fake_features$a, fake_features$b)
  expect_equal(compared$selection, list(a = selected[1:3, ] * 1, b = selected[4:6, ] * 1))
})

test_that("similarity, selection and the reference are those of a calculation by hand", {
  first <- fake_fit(c(1, 1, 0, 0, 0, 0), c(0, 0, 0, 1, 1, 0))
  second <- fake_fit(c(0, 0, 0, 3, 4, 0), c(1, 0, 0, 0, 0, 1))
  third <- fake_fit(c(1, 1, 1, 0, 0, 0), c(0, 0, 0, 0, 0, 0))
  compared <- compare_runs(list(second, first, third), fake_features, 1:3, fake_settings)
  same <- 7 / 5 / sqrt(2)
  half <- 1 / 2
  full <- 2 / sqrt(6)
  lone <- 1 / sqrt(6)
  agreement <- c(1, (same + half) / 2, lone / 2, 1, full / 2, 1)
  expect_equal(compared$agreement[lower.tri(diag(3), diag = TRUE)], agreement)
  expect_true(isSymmetric(compared$agreement))
  expect_identical(compared$reference, 2L)
  expect_identical(compared$similarity$matched, c("Factor2", "Factor1", "Factor1", NA))
  expect_equal(compared$similarity$similarity, c(half, same, full, 0))
  expect_equal(compared$factors$mean, c((half + full) / 2, same / 2))
  expect_equal(compared$factors$min, c(half, 0))
  expect_equal(unname(compared$selection$a) * 3, cbind(c(3, 2, 1), 0))
  expect_equal(unname(compared$selection$b) * 3, cbind(c(0, 0, 1), c(2, 2, 0)))
})

test_that("features that a run dropped count as not selected there", {
  whole <- fake_fit(c(1, 1, 1, 0, 0, 1))
  part <- whole
  part$loadings$a <- part$loadings$a[c(3, 1), , drop = FALSE]
  settings <- utils::modifyList(fake_settings, list(runs = 2L))
  compared <- compare_runs(list(whole, part), fake_features, 1:2, settings)
  expect_equal(compared$selection$a[, 1], c(a1 = 1, a2 = 0.5, a3 = 1))
  expect_equal(compared$factors$mean, 3 / sqrt(12))
})

test_that("runs without any factor in use are an error, one such run is not", {
  idle <- fake_fit(numeric(6))
  compare <- \(fits) compare_runs(fits, fake_features, 1:3, fake_settings)
  stability <- \(fits) compare_runs(fits, fake_features, 1:3, fake_settings)
  some <- compare(list(idle, fake_fit(c(1, 0, 0, 0, 0, 0)), idle))
  expect_identical(some$reference, 2L)
  expect_equal(some$factors$mean, 0)
  expect_equal(some$selection$a[[1]], 1 / 3)
  expect_snapshot(tell(stability(list(idle, idle, idle))))
})

test_that("every run is a fit with its own seed", {
  result <- quick_stability(seed = 4)
  expect_length(unique(result$seeds), 3)
  fits <- lapply(result$seeds, \(seed) {
    poems(cohort, factors = 3, seed = seed, control = quick_control(epochs = 5))
  })
  reference <- without_timing(result$fit)
  expect_identical(reference, without_timing(fits[[result$reference]]))
  features <- lapply(cohort, rownames)
  by_hand <- compare_runs(fits, features, result$seeds, result$settings)
  expect_identical(by_hand$selection, result$selection)
  expect_identical(by_hand$similarity, result$similarity)
  used <- result$fit$factors
  expect_identical(lapply(result$selection, dim),
                   list(rna = c(30L, used), protein = c(20L, used), mirna = c(24L, used)))
})

test_that("the seed decides everything, and set.seed() governs without one", {
  withr::with_seed(1, {
    before <- .Random.seed
    one <- quick_stability(seed = 4, subsample = 0.7)
    expect_identical(.Random.seed, before)
  })
  expect_identical(without_fit_timing(quick_stability(seed = 4, subsample = 0.7)),
                   without_fit_timing(one))
  under <- \(seed) withr::with_seed(seed, quick_stability(runs = 2, epochs = 2)$seeds)
  expect_identical(under(1), under(1))
  expect_false(identical(under(1), under(2)))
})

test_that("BiocParallel's workers give the same result", {
  skip_if_not_installed("BiocParallel")
  one <- quick_stability(seed = 4, subsample = 0.7)
  before <- get0(".Random.seed", globalenv(), inherits = FALSE)
  serial <- quick_stability(seed = 4, subsample = 0.7, BPPARAM = BiocParallel::SerialParam())
  expect_identical(get0(".Random.seed", globalenv(), inherits = FALSE), before)
  expect_identical(without_fit_timing(serial), without_fit_timing(one))
  skip_on_os("windows") # cannot fork
  forked <- quick_stability(seed = 4, subsample = 0.7, BPPARAM = BiocParallel::MulticoreParam(2))
  expect_identical(without_fit_timing(forked), without_fit_timing(one))
})

test_that("processes forked after threads have been used do not wait for ever", {
  skip_if_not_installed("BiocParallel")
  skip_on_os("windows")
  control <- quick_control(epochs = 2, threads = 2)
  poems(cohort, factors = 2, seed = 1, control = control)
  result <- stability(cohort, factors = 2, runs = 2, seed = 1, control = control,
                      BPPARAM = BiocParallel::MulticoreParam(2))
  expect_identical(result$fit$control$threads, 1L)
})

test_that("subsamples keep their share of samples with the same omics", {
  drawn <- with_seed(1, draw_samples(cohort, 0.5))
  # 45 samples have all omics, 15 lack mirna.
  expect_identical(vapply(drawn, ncol, 0L), c(rna = 30L, protein = 30L, mirna = 22L))
  expect_identical(colnames(drawn$rna), colnames(drawn$protein))
  expect_identical(drawn$rna, cohort$rna[, colnames(drawn$rna)])
  result <- quick_stability(seed = 4, subsample = 0.5)
  expect_length(result$fit$samples, 30)
})

test_that("features that never vary are dropped with one message", {
  constant <- cohort
  constant$rna[3, ] <- 1
  control <- quick_control(epochs = 2)
  expect_snapshot(
    tell(result <- stability(constant, factors = 2, runs = 2, seed = 1, control = control))
  )
  expect_identical(rownames(result$selection$rna), rownames(cohort$rna)[-3])
})

test_that("samples may be in the rows", {
  rows <- stability(lapply(cohort, t), factors = 3, runs = 3, samples = "rows", seed = 4,
                    control = quick_control(epochs = 5))
  expect_identical(without_fit_timing(rows), without_fit_timing(quick_stability(seed = 4)))
})

test_that("true loadings are selected more often than others", {
  clear <- simulate_omics(200, c(rna = 40, protein = 30), factors = 2, factors_per_feature = 0:1,
                          noise = 0.2, links = "linear", shared = 1, seed = 1)
  control <- quick_control(epochs = 200, learning_rate = 5e-3, dropout = 0)
  result <- stability(clear$omics, factors = 2, runs = 3, subsample = 0.8, seed = 1,
                      control = control)
  matched <- match_columns(abs(stats::cor(clear$factors[result$fit$samples, ], latent(result$fit))))
  share <- result$selection$rna[, matched$column]
  driven <- as.matrix(clear$loadings$rna != 0)
  expect_gt(mean(share[driven]), mean(share[!driven]) + 0.2)
})

test_that("a progress bar does not change the result", {
  control <- quick_control(epochs = 2, progress = TRUE)
  withr::local_options(cli.progress_show_after = 0)
  suppressMessages(
    shown <- stability(cohort, factors = 2, runs = 2, seed = 1, control = control)
  )
  hidden <- stability(cohort, factors = 2, runs = 2, seed = 1, control = quick_control(epochs = 2))
  expect_identical(shown$selection, hidden$selection)
})

test_that("stability prints", {
  one <- c(1, 1, 0, 0, 0, 0)
  two <- c(0, 0, 0, 1, 1, 0)
  few <- compare_runs(list(fake_fit(one, two), fake_fit(two, one), fake_fit(one)), fake_features,
                      11:13, fake_settings)
  expect_snapshot(few)
  many <- few
  many$factors <- many$factors[rep(1:2, 6), ]
  expect_output(print(many), "and 2 more factors, less alike", fixed = TRUE)
})

test_that("bad settings are errors", {
  expect_snapshot({
    tell(stability(cohort$rna))
    tell(stability(cohort, factors = 0))
    tell(stability(cohort, runs = 1))
    tell(stability(cohort, subsample = 0))
    tell(stability(cohort, subsample = 0.1))
    tell(stability(cohort, seed = -1))
    tell(stability(cohort, control = list(epoch = 3)))
  })
})

test_that("BPPARAM must be BiocParallel's", {
  skip_if_not_installed("BiocParallel")
  expect_snapshot(tell(stability(cohort, BPPARAM = 2)))
})
