
truth <- simulate_omics(60, c(rna = 30, protein = 20), factors = 3, seed = 1)

test_that("the truth itself, permuted and with other signs, is recovered exactly", {
  order <- c(3, 1, 2)
  x <- truth$factors[60:1, order] %*% diag(c(-1, 2, 1))
  colnames(x) <- c("a", "b", "c")
  recovered <- factor_recovery(x, truth, lapply(truth$loadings, \(w) w[, order]))
  expect_identical(recovered$factor, paste0("Factor", 1:3))
  expect_identical(recovered$matched, c("b", "c", "a"))
  for (metric in c("correlation", "precision", "recall", "f1")) {
    expect_equal(recovered[[metric]], rep(1, 3))
  }
  expect_equal(summary(recovered),
               c(correlation = 1, precision = 1, recall = 1, f1 = 1, unmatched = 0))
})

test_that("the matching is the best of all permutations", {
  similarity <- matrix(abs(sin(1:16)), 4)
  orders <- as.matrix(expand.grid(1:4, 1:4, 1:4, 1:4))
  orders <- orders[apply(orders, 1, anyDuplicated) == 0, ]
  totals <- apply(orders, 1, \(order) sum(similarity[cbind(1:4, order)]))
  match <- match_columns(similarity)
  expect_equal(sum(match$value), max(totals))
  expect_identical(match$column, unname(orders[which.max(totals), ]))
})

test_that("rows beyond the columns, or without anything similar, have no match", {
  expect_identical(match_columns(matrix(c(0.5, 0.9, 0), 3)),
                   list(column = c(NA, 1L, NA), value = c(0, 0.9, 0)))
  expect_identical(match_columns(matrix(0, 2, 0)),
                   list(column = c(NA, NA_integer_), value = c(0, 0)))
  expect_identical(match_columns(matrix(0, 0, 2)), list(column = integer(), value = numeric()))
})

test_that("precision, recall and F1 are counted over all omics", {
  samples <- paste0("s", 1:8)
  factors <- matrix(sin(1:8), dimnames = list(samples, "z"))
  column <- \(...) matrix(c(...), dimnames = list(paste0("f", seq_along(c(...))), NULL))
  known <- list(factors = factors, loadings = list(a = column(1, -1, 0), b = column(1, 0, 0)))
  # One omic finds 1 of 2 and a false one; the other finds its one, in another order of features.
  found <- list(b = column(2, 0, 0)[3:1, , drop = FALSE], a = column(0, 3, -1))
  recovered <- factor_recovery(factors, known, found)
  expect_equal(recovered$precision, 2 / 3)
  expect_equal(recovered$recall, 2 / 3)
  expect_equal(recovered$f1, 2 / 3)
  # A feature that the fit dropped counts as not selected; an omic it lacks does not count.
  dropped <- factor_recovery(factors, known, list(a = column(0, 3, -1)[3, , drop = FALSE]))
  expect_equal(c(dropped$precision, dropped$recall, dropped$f1), c(0, 0, 0))
})

test_that("factors without a loading are not matched, further ones are counted", {
  x <- cbind(idle = truth$factors[, 1], truth$factors, noise = sin(1:60))
  loadings <- lapply(truth$loadings, \(w) cbind(0, as.matrix(w), 1))
  recovered <- factor_recovery(x, truth, loadings)
  expect_identical(recovered$matched, paste0("Factor", 1:3))
  expect_identical(attr(recovered, "unmatched"), "noise")
  expect_equal(summary(recovered)[["unmatched"]], 1)
})

test_that("true factors without a match have correlation and recall 0", {
  recovered <- factor_recovery(truth$factors[, 2, drop = FALSE], truth,
                               lapply(truth$loadings, \(w) w[, 2, drop = FALSE]))
  expect_identical(recovered$matched, c(NA, "Factor2", NA))
  expect_equal(recovered$correlation, c(0, 1, 0))
  expect_equal(recovered$precision, c(NA, 1, NA))
  expect_equal(recovered$recall, c(0, 1, 0))
  expect_equal(recovered$f1, c(0, 1, 0))
  none <- factor_recovery(truth$factors, truth, lapply(truth$loadings, \(w) 0 * w))
  expect_equal(none$correlation, numeric(3))
})

test_that("without loadings, correlations alone are compared", {
  shifted <- truth$factors + 0.5 * sin(1:180)
  recovered <- factor_recovery(shifted, truth)
  expect_equal(recovered$correlation, unname(abs(diag(stats::cor(truth$factors, shifted)))))
  expect_true(all(is.na(recovered[c("precision", "recall", "f1")])))
  constant <- factor_recovery(cbind(truth$factors[, 1:2], 0), truth)
  expect_equal(constant$correlation, c(1, 1, 0))
})

test_that("the factors of clear data are recovered by a fit, and compared with its loadings", {
  clear <- simulate_omics(300, c(rna = 40, protein = 30), factors = 2, factors_per_feature = 1,
                          links = "linear", noise = 0.2, shared = 1, seed = 1)
  fit <- poems(clear$omics, factors = 2, seed = 3, control = quick_control(epochs = 300))
  recovered <- factor_recovery(fit, clear)
  latent <- latent(fit)[rownames(clear$factors), ]
  correlation <- abs(stats::cor(clear$factors, latent))
  swapped <- correlation[1, 2] + correlation[2, 1] > sum(diag(correlation))
  order <- if (swapped) 2:1 else 1:2
  expect_gt(min(recovered$correlation), 0.9)
  expect_equal(recovered$correlation, unname(correlation[cbind(1:2, order)]))

  found <- do.call(rbind, lapply(loadings(fit), as.matrix))[, order] != 0
  known <- do.call(rbind, lapply(clear$loadings, as.matrix)) != 0
  expect_equal(recovered$precision, unname(colSums(found & known) / colSums(found)))
  expect_equal(recovered$recall, unname(colSums(found & known) / colSums(known)))
  expect_gt(min(recovered$recall), 0.8)
})

test_that("a recovery prints", {
  expect_snapshot({
    factor_recovery(truth$factors, truth, truth$loadings)
    factor_recovery(truth$factors, truth)
  })
})

test_that("bad estimates and truths are errors", {
  x <- truth$factors
  renamed <- lapply(truth$loadings, \(w) `rownames<-`(w, paste0("x", rownames(w))))
  expect_snapshot({
    tell(factor_recovery(x, x))
    tell(factor_recovery("fit", truth))
    tell(factor_recovery(unname(x), truth))
    tell(factor_recovery(replace(x, 3, NA), truth))
    tell(factor_recovery(`rownames<-`(x, paste0("t", 1:60)), truth))
    tell(factor_recovery(x, truth, truth$loadings$rna))
    tell(factor_recovery(x[, 1:2], truth, truth$loadings))
    tell(factor_recovery(x, truth, stats::setNames(truth$loadings, c("rna", "mirna"))))
    tell(factor_recovery(x, truth, renamed))
  })
})
