# Maps from omics to omics.

test_that("predictions of samples left out are those of fits without them", {
  withr::local_seed(1)
  x <- centred(matrix(rnorm(30 * 50), 30))
  y <- centred(x[, 1:3] + matrix(rnorm(90), 30))
  got <- averaged_ridge(x, y, 0.7)
  penalty <- 0.7 * mean(svd(x)$d[1:29]^2)
  expect_equal(got$coefficients, solve(crossprod(x) + penalty * diag(50), crossprod(x, y)),
               tolerance = 1e-6)
  # A fit without a sample has means without it, too.
  without <- function(i, x, penalty) {
    inputs <- centred(x[-i, ])
    slopes <- solve(crossprod(inputs) + penalty * diag(ncol(x)),
                    crossprod(inputs, centred(y[-i, ])))
    drop((x[i, ] - colMeans(x[-i, ])) %*% slopes) + colMeans(y[-i, ])
  }
  expect_equal(got$left_out, t(vapply(1:30, \(i) without(i, x, penalty), numeric(3))),
               tolerance = 1e-6)
  # With more samples than variables, too.
  few <- x[, 1:5]
  expect_equal(averaged_ridge(few, y, 0.7)$left_out[4, ],
               without(4, few, 0.7 * mean(svd(few)$d^2)), tolerance = 1e-6)
})

test_that("columns that cannot be told get large penalties", {
  withr::local_seed(2)
  x <- centred(matrix(rnorm(100 * 20), 100))
  y <- centred(cbind(x[, 1] + rnorm(100) / 2, rnorm(100)))
  got <- averaged_ridge(x, y)
  expect_gt(stats::cor(got$left_out[, 1], y[, 1]), 0.8)
  expect_lt(stats::var(got$left_out[, 2]), 0.15)
})

test_that("single features are found, and not among noise", {
  withr::local_seed(3)
  features <- matrix(rnorm(200 * 100), 200)
  left <- matrix(rnorm(100 * 60), 100)
  none <- single_features(features, rep(1, 200), left, 0 * left)
  expect_lt(Matrix::nnzero(none$pairs), 5)
  left[, 7] <- left[, 7] + 0.8 * features[30, ]
  one <- single_features(features, rep(1, 200), left, 0 * left)
  expect_gt(one$pairs[30, 7], 0.4)
  expect_lt(one$sd[7], 1.15)
})

test_that("tumours of the fit are imputed as well as those left out of it, and above their mean", {
  train <- tcga_breast$samples$set == "train"
  omics <- lapply(tcga_breast$omics, \(x) x[, tcga_breast$samples$sample[train]])
  late <- withr::with_seed(1, sample(colnames(omics$mrna), 40))
  early <- setdiff(colnames(omics$mrna), late)
  control <- list(threads = 2, epochs = 3, progress = FALSE)
  without <- poems(lapply(omics, \(x) x[, early]), 16, seed = 1, control = control)
  for (omic in names(omics)) {
    seen <- omics
    seen[[omic]] <- seen[[omic]][, early]
    with <- poems(seen, 16, seed = 1, control = control)
    standard <- \(x) (x - rowMeans(omics[[omic]][, early])) / apply(omics[[omic]][, early], 1, sd)
    r2 <- \(guess) {
      left <- omics[[omic]][, late] - guess[, late] + rowMeans(omics[[omic]][, early])
      1 - sum(standard(left)^2) / sum(standard(omics[[omic]][, late])^2)
    }
    part <- r2(impute(with, seen)[[omic]])
    apart <- r2(predict(without, lapply(omics[names(omics) != omic], \(x) x[, late]),
                        type = "reconstruction")[[omic]])
    expect_lt(abs(part - apart), 0.03)
    expect_gt(min(part, apart), 0.08)
  }
})

test_that("what only the missing omic knows is not made up", {
  simulation <- simulate_omics(200, c(a = 60, b = 40), factors = 2, links = "linear", seed = 1)
  withr::local_seed(2)
  x <- simulation$omics
  x$b[] <- rnorm(length(x$b))
  fit <- poems(lapply(x, \(x) x[, 1:150]), 6, seed = 1,
               control = list(threads = 1, progress = FALSE))
  guess <- predict(fit, list(a = x$a[, 151:200]), type = "reconstruction")$b
  expect_gt(1 - sum((x$b[, 151:200] - guess)^2) / sum(x$b[, 151:200]^2), -0.03)
})

test_that("the map from the most omics is used, and decoders where there is none", {
  maps <- list(list(from = c(1, 2), to = 3), list(from = 1, to = 3), list(from = 2, to = 3))
  expect_identical(map_for(maps, 1:2, 3)$from, c(1, 2))
  expect_identical(map_for(maps, c(1, 4), 3)$from, 1)
  expect_null(map_for(maps, 4, 3))
  expect_identical(map_sources(3, 2), list(c(1L, 3L), 1L, 3L))
  expect_identical(map_sources(2, 1), list(2L))
  few <- lapply(small_cohort()$omics, \(x) x[, seq_len(min(ncol(x), 19))])
  fit <- poems(few, 2, seed = 1, control = quick_control(epochs = 2))
  expect_length(fit$maps$maps, 0)
  alone <- predict(fit, few["rna"], type = "reconstruction")
  expect_true(all(is.finite(unlist(alone))))
})
