counts <- function() lapply(small_cohort()$omics, \(x) round(exp(x / 2)))

test_that("transformations have inverses", {
  x <- matrix(c(0.01, 0.5, 0.7, NA), 2)
  for (transform in c("none", "log1p", "m_values")) {
    forward <- transform_values(x, transform, "a", "x", NULL)
    expect_equal(back_transform(forward, transform), x)
  }
  expect_equal(transform_values(x, "m_values", "a", "x", NULL), log2(x / (1 - x)))
  expect_equal(transform_values(matrix(0:1), "m_values", "a", "x", NULL),
               log2(matrix(c(0.001 / 0.999, 0.999 / 0.001))))
})

test_that("the most variable features are kept, in their order", {
  omics <- small_cohort()$omics
  expect_snapshot(tell(
    fit <- poems(omics, 3, seed = 1, control = quick_control(epochs = 2),
                 preprocess = list(protein = preprocess_steps(n_top = 7)))
  ))
  sd <- apply(omics$protein, 1, stats::sd)
  expect_identical(rownames(loadings(fit)$protein),
                   rownames(omics$protein)[sd >= sort(sd, decreasing = TRUE)[7]])
  expect_identical(nrow(loadings(fit)$rna), 30L)
  expect_identical(rownames(predict(fit, omics, "reconstruction")$protein),
                   rownames(loadings(fit)$protein))
})

test_that("variance is that after the transformation", {
  x <- counts()
  suppressMessages(fit <- poems(x, 3, seed = 1, control = quick_control(epochs = 2),
                                preprocess = preprocess_steps("log1p", n_top = 5)))
  sd <- apply(log1p(x$rna), 1, stats::sd, na.rm = TRUE)
  expect_setequal(rownames(loadings(fit)$rna), names(sort(sd, decreasing = TRUE))[1:5])
})

test_that("steps must fit omics and values", {
  fit <- function(preprocess) poems(small_omics(), 2, preprocess = preprocess)
  expect_snapshot({
    tell(preprocess_steps("log"))
    tell(preprocess_steps(n_top = 0))
    tell(fit("log1p"))
    tell(fit(list(preprocess_steps())))
    tell(fit(list(rna = preprocess_steps("log1p"))))
    tell(fit(list(mrna = preprocess_steps("log1p"))))
    tell(fit(list(mrna = preprocess_steps("m_values"))))
  })
})

# Abundances with zeros, as counts and as shares of each sample's total.
abundances <- function() {
  withr::with_seed(3, {
    x <- matrix(stats::rpois(40 * 30, exp(rnorm(40 * 30))), 40,
                dimnames = list(paste0("t", 1:40), paste0("s", 1:30)))
  })
  x[1, ] <- 1:30
  list(counts = x, shares = sweep(x, 2, colSums(x), `/`))
}

test_that("centred log-ratios are those of the closed form", {
  x <- cbind(a = c(1, 10, 100), b = c(2, 0, 8), c = c(NA, 3, 27))
  clr <- transform_values(x, "clr", "m", "x", NULL)
  expect_equal(clr[, "a"], log(10) * c(-1, 0, 1))
  # The zero is 1, half of 2: the geometric mean of 2, 1, 8 is 2^(4/3).
  expect_equal(clr[, "b"], log(2) * (c(1, 0, 3) - 4 / 3))
  expect_equal(clr[, "c"], c(NA, -log(3), log(3)))
  expect_identical(dimnames(clr), dimnames(x))
  expect_true(all(is.na(transform_values(cbind(c(0, 0)), "clr", "m", "x", NULL))))
  expect_identical(dim(transform_values(matrix(3:5, 1), "clr", "m", "x", NULL)), c(1L, 3L))
  # Sums are 0, and only ratios within a sample count.
  made <- abundances()
  by_counts <- transform_values(made$counts, "clr", "m", "x", NULL)
  expect_equal(colSums(by_counts), 0 * by_counts[1, ])
  expect_equal(transform_values(made$shares, "clr", "m", "x", NULL), by_counts)
})

test_that("centred log-ratios are those of compositions::clr()", {
  # Recorded with compositions 2.0.9, whose samples are in rows.
  x <- cbind(a = c(1, 2, 5, 9), b = c(3, 0.5, 7, 11))
  recorded <- cbind(
    a = c(-1.124952417582566, -0.431805237022621, 0.484485494851534, 1.072272159753653),
    b = c(-0.088705343822352, -1.880464813050407, 0.758592516564851, 1.210577640307909)
  )
  expect_equal(transform_values(x, "clr", "m", "x", NULL), recorded, tolerance = 1e-13)
})

test_that("new samples become log-ratios by themselves, in memory and on disk", {
  x <- list(taxa = abundances()$counts)
  fit <- poems(x, 2, seed = 1, preprocess = preprocess_steps("clr", n_top = 20),
               control = quick_control(epochs = 3)) |> suppressMessages()
  expect_identical(fit$omics$taxa$family, "gaussian")
  by_hand <- poems(list(taxa = transform_values(x$taxa, "clr", "m", "x", NULL)), 2, seed = 1,
                   preprocess = preprocess_steps(n_top = 20),
                   control = quick_control(epochs = 3)) |> suppressMessages()
  expect_identical(latent(fit), latent(by_hand))
  # A sample alone, in other units.
  one <- list(taxa = 1e-3 * x$taxa[, "s7", drop = FALSE])
  expect_equal(predict(fit, one), latent(fit)["s7", , drop = FALSE])
  expect_identical(predict(fit, x, "reconstruction"), predict(by_hand, list(
    taxa = transform_values(x$taxa, "clr", "m", "x", NULL)
  ), "reconstruction"))
  skip_without("HDF5Array")
  stored <- list(taxa = on_disk(x$taxa + 0))  # log-ratios in single precision
  expect_equal(predict(fit, stored), predict(fit, x), tolerance = 1e-5)
})

test_that("log-ratios are not imputed into data on another scale", {
  made <- abundances()$counts
  other <- t(scale(t(made[1:12, ] + matrix(stats::qnorm(stats::ppoints(360)), 12))))
  x <- list(taxa = replace(made, cbind(3, 4), NA)[, 1:25], other = replace(other, 5, NA))
  fit <- poems(x, 2, seed = 1, preprocess = list(taxa = preprocess_steps("clr")),
               control = quick_control(epochs = 3)) |> suppressMessages()
  expect_snapshot(tell(filled <- impute(fit, x)))
  expect_equal(filled$taxa[, 1:25], x$taxa)
  expect_true(all(is.na(filled$taxa[, 26:30])))
  expect_false(anyNA(filled$other))
  expect_message(sd <- impute(fit, x, "sd", draws = 5, seed = 1), "log-ratios")
  expect_true(is.na(sd$taxa[3, 4]) && sd$taxa[1, 1] == 0 && sd$other[5] > 0)
  expect_snapshot(tell(poems(list(taxa = made - 1), 2, preprocess = preprocess_steps("clr"))))
})

# Features of which 40 vary and 80 hardly do.
hardly_varying <- function(small = 0.05) {
  sd <- rep(c(1, small), c(40, 80))
  x <- withr::with_seed(1, matrix(rnorm(120 * 50), 120) * sd)
  dimnames(x) <- list(paste0("f", 1:120), paste0("s", 1:50))
  x
}

test_that("many features that hardly vary are told of once, with the call that leaves them out", {
  local_constant("most_features_untold", 100L)
  fit <- \(...) poems(..., factors = 2, seed = 1, control = quick_control(epochs = 1))
  x <- list(rna = hardly_varying(), protein = hardly_varying() + 3,
            small = hardly_varying(1)[1:90, ])
  told <- capture_messages(suppressWarnings(fit(x)))
  expect_length(grep("hardly vary", told), 1)
  told <- gsub("\\s+", " ", paste(told, collapse = " "))
  expect_match(told, "rna: 8[0-9] of 120 features hold 5 % of the variance", fixed = FALSE)
  expect_match(told, "rna = preprocess_steps(n_top = ", fixed = TRUE)
  expect_match(told, "protein = preprocess_steps(n_top = ", fixed = TRUE)
  expect_no_match(told, "small")
  # What the call keeps has the rest of the variance.
  kept <- as.integer(sub(".*rna = preprocess_steps\\(n_top = ([0-9]+)\\).*", "\\1", told))
  variance <- sort(apply(x$rna, 1, stats::var), decreasing = TRUE)
  expect_gte(sum(variance[1:kept]), 0.95 * sum(variance))
  expect_lt(sum(variance[seq_len(kept - 2)]), 0.95 * sum(variance))
  # The user's own steps: a transformation is kept, a choice is not questioned.
  positive <- list(rna = exp(x$rna))
  expect_message(suppressWarnings(fit(positive, preprocess = preprocess_steps("log1p"))),
                 "preprocess_steps(\"log1p\", n_top = ", fixed = TRUE)
  told <- capture_messages(suppressWarnings(fit(x, preprocess = preprocess_steps(n_top = 110))))
  expect_no_match(paste(told, collapse = " "), "hardly")
})

test_that("nothing is told where all features vary, or where they are not many", {
  x <- list(rna = hardly_varying(0.7))
  local_constant("most_features_untold", 100L)
  expect_no_message(suppressWarnings(tell_of_little_variance(learn_scaling(x), NULL)))
  local_constant("most_features_untold", 120L)
  expect_no_message(tell_of_little_variance(learn_scaling(list(rna = hardly_varying())), NULL))
})
