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
