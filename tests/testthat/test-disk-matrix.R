# Cohorts larger than the core's blocks of samples, with gaps of every kind.
gappy <- \() simulate_omics(1100, c(rna = 30, protein = 20), factors = 3, missing_omics = 0.2,
                            missing_values = 0.03, seed = 3)$omics

test_that("a matrix in a file is what was written, whatever is taken of it", {
  x <- single(replace(small_omics()$mrna, c(3, 20), NA))
  stored <- disk_matrix(Matrix::Matrix(x, sparse = TRUE))
  expect_identical(file.size(stored$file$path), 4 * length(x))
  expect_identical(dim(stored), dim(x))
  expect_identical(dimnames(stored), dimnames(x))
  expect_identical(as.matrix(stored), x)
  expect_identical(as.matrix(stored[c("g4", "g1"), c(9:11, 2)]), x[c("g4", "g1"), c(9:11, 2)])
  expect_identical(as.matrix(stored[, colnames(x) != "s3"][2:3, 3:5]), x[2:3, c(4:6)])
  expect_identical(unname(as.matrix(stored[c(2, NA), 1])), cbind(c(x[2, 1], NA)))
  expect_identical(dim(as.matrix(stored[, integer()])), c(5L, 0L))
  expect_identical(is_empty_sample(stored[3, ]), is.na(x[3, ]))
  stored <- disk_matrix(Matrix::Matrix(replace(x, 6:10, NA)))
  expect_identical(unname(is_empty_sample(stored)), 1:12 == 2)
  expect_identical(unname(is_empty_sample(stored[c(1, 2, 4), ])), 1:12 == 2)
})

test_that("single precision is for what it hardly changes", {
  x <- small_omics()$mrna
  single_file <- disk_matrix(Matrix::Matrix(x, sparse = TRUE))
  expect_identical(as.matrix(single_file), single(x))
  range <- apply(x, 1, \(values) diff(range(values)))
  expect_lt(max(abs(as.matrix(single_file) - x) / range), most_rounding)
  x[2, ] <- x[2, ] + 1e6  # large beside how it varies
  double_file <- disk_matrix(Matrix::Matrix(x, sparse = TRUE))
  expect_identical(as.matrix(double_file), x)
  expect_identical(file.size(double_file$file$path), 8 * length(x))
})

test_that("it is written and read in blocks", {
  x <- single(small_omics()$mrna)
  local_largest_block(10)
  sizes <- integer()
  stored <- disk_matrix(Matrix::Matrix(x, sparse = TRUE), \(block) {
    sizes <<- c(sizes, ncol(block))
    block
  })
  expect_identical(sizes, rep(2L, 6))
  expect_identical(as.matrix(stored), x)
  expect_identical(feature_statistics(stored), feature_statistics(x))
})

test_that("the file goes with the last reference", {
  path <- local({
    stored <- disk_matrix(Matrix::Matrix(small_omics()$mrna))
    part <- stored[1:2, ]
    rm(stored)
    gc()
    expect_true(file.exists(part$file$path))
    part$file$path
  })
  gc()
  expect_false(file.exists(path))
})

test_that("a fit of HDF5 files is that of the matrices in single precision to the last bit", {
  skip_without("HDF5Array")
  x <- lapply(gappy(), single)
  x$rna[, 5] <- NA
  poems <- \(...) suppressMessages(omicpoems::poems(...))
  predict <- \(...) suppressMessages(stats::predict(...))
  variance_explained <- \(...) suppressMessages(omicpoems::variance_explained(...))
  stored <- lapply(x, on_disk)
  control <- list(epochs = 3, threads = 2, progress = FALSE)
  fit <- poems(x, 4, seed = 1, control = control)
  from_disk <- poems(stored, 4, seed = 1, control = control)
  expect_identical(without_timing(from_disk), without_timing(fit))
  expect_identical(predict(fit, stored, "gates"), predict(fit, x, "gates"))
  expect_identical(
    variance_explained(fit, stored, "feature"), variance_explained(fit, x, "feature")
  )
  rows <- poems(lapply(stored, Matrix::t), 4, seed = 1, samples = "rows", control = control)
  expect_identical(without_timing(rows), without_timing(fit))

  fewer <- c(list(rna = x$rna[10:2, 1:50]), x["protein"])
  expect_warning(want <- predict(fit, fewer), "lacks features")
  expect_warning(got <- predict(fit, lapply(fewer, on_disk)), "lacks features")
  expect_identical(got, want)
})

test_that("with preprocessing, too", {
  skip_without("HDF5Array")
  x <- lapply(gappy(), \(x) expm1(single(log1p(exp(x)))))
  x <- lapply(x, \(x) {
    x[] <- ifelse(single(log1p(x)) == log1p(x), x, NA)
    x
  })
  fit_of <- \(x) poems(
    x, 4, seed = 1, control = quick_control("published", epochs = 2),
    preprocess = preprocess_steps("log1p", n_top = 12)
  )
  suppressMessages(expect_identical(
    without_timing(fit_of(lapply(x, on_disk))), without_timing(fit_of(x))
  ))
})

test_that("of all families, with covariates, too", {
  skip_without("HDF5Array")
  x <- lapply(mixed_omics(200), single)
  design <- data.frame(site = rep(c("a", "b", "c"), length.out = 200), row.names = sample_names(x))
  expect_identical_fits(x, lapply(x, on_disk), covariates = design)
})
