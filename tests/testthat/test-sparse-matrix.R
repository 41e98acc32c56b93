sparse <- \(x) methods::as(x, "CsparseMatrix")

test_that("a sparse omic is the matrix that it was made of, whatever is taken of it", {
  x <- mixed_omics(30)$rna
  stored <- sparse_matrix(sparse(x))
  expect_identical(dim(stored), dim(x))
  expect_identical(dimnames(stored), dimnames(x))
  expect_identical(as.matrix(stored), x)
  expect_identical(as.matrix(stored[5:2, c(9:11, 2)]), x[5:2, c(9:11, 2)])
  expect_identical(as.matrix(stored[rownames(x)[c(4, 1)], colnames(x)[3:1]]), x[c(4, 1), 3:1])
  expect_identical(unname(as.matrix(stored[c(2, NA), 1])), cbind(c(x[2, 1], NA)))
  expect_identical(dim(as.matrix(stored[, integer()])), c(30L, 0L))
  expect_error(core_read(core_source(stored[c(1, 1), ])), "one feature")
  expect_identical(has_gaps(stored), unname(colSums(is.na(x)) > 0))
  empty <- sparse_matrix(sparse(replace(x, seq_len(nrow(x)), NA)))
  expect_identical(unname(is_empty_sample(empty)), seq_len(ncol(x)) == 1)
})

test_that("nothing of the user's matrix is copied or written", {
  x <- sparse(mixed_omics(30)$rna)
  files <- list.files(tempdir())
  stored <- read_omics(list(rna = x))$data$rna
  expect_s3_class(stored, "sparse_matrix")
  expect_identical(rlang::obj_address(stored$value), rlang::obj_address(x@x))
  expect_identical(list.files(tempdir()), files)
})

test_that("statistics are those of the matrix, to the last bit", {
  x <- mixed_omics(50)$rna
  x <- x[rowSums(x, na.rm = TRUE) > 0, ]
  stored <- sparse_matrix(sparse(x))
  offset <- log_library(x, rowMeans(x, na.rm = TRUE))
  expect_identical(log_library(stored, rowMeans(x, na.rm = TRUE)), offset)
  for (of in list(NULL, offset)) {
    for (threads in 1:2) {
      expect_identical(feature_statistics(stored, of, threads), feature_statistics(x, of))
    }
  }
  logs <- adjust_values(x, offset)
  statistics <- feature_statistics(x, offset)
  expect_equal(statistics$mean, unname(rowMeans(logs, na.rm = TRUE)))
  expect_equal(statistics$sd, unname(apply(logs, 1, sd, na.rm = TRUE)))
  expect_equal(statistics$min + statistics$range, unname(apply(logs, 1, max, na.rm = TRUE)))
  rates <- x / rep(exp(offset), each = nrow(x))
  moments <- core_rate_moments(core_source(stored), exp(offset), 2L)
  expect_equal(moments$mean, unname(rowMeans(rates, na.rm = TRUE)))
  expect_equal(moments$variance, unname(apply(rates, 1, var, na.rm = TRUE)))
  expect_equal(moments$exposure, drop(unname(!is.na(x)) %*% exp(offset)))
})

test_that("a fit of sparse omics is that of the matrices to the last bit", {
  x <- mixed_omics(200)
  fit <- expect_identical_fits(x, lapply(x, sparse))
  lacking <- lapply(x, \(x) x[-1, 1:20])
  suppressMessages(suppressWarnings({
    expect_identical(predict(fit, lapply(lacking, sparse)), predict(fit, lacking))
    filled <- impute(fit, lapply(x, sparse))
    expect_identical(lapply(filled, as.matrix), lapply(impute(fit, x), as.matrix))
  }))
})

test_that("with covariates, groups and weights, too", {
  x <- mixed_omics(200)
  names <- sample_names(x)
  design <- data.frame(site = rep(c("a", "b", "c"), length.out = 200), age = sin(1:200),
                       row.names = names)
  expect_identical_fits(x, lapply(x, sparse), covariates = design)
  groups <- stats::setNames(rep(c("one", "two"), each = 100), names)
  expect_identical_fits(x, lapply(x, sparse), groups = groups, weights = c(rna = 2, shift = 0.5))
})

test_that("every class of package Matrix is read", {
  x <- mixed_omics(40)[c("rna", "calls")]
  x$calls[] <- as.double(x$calls > 0)
  general <- sparse(x$calls)
  classes <- list(
    methods::as(general, "TsparseMatrix"), methods::as(general, "RsparseMatrix"),
    methods::as(general, "lMatrix"), methods::as(general, "nMatrix"),
    Matrix::Matrix(x$calls, sparse = FALSE)
  )
  for (calls in classes) {
    read <- read_omics(list(calls = calls))$data$calls
    expect_identical(as.matrix(read), x$calls)
  }
  symmetric <- methods::as(Matrix::crossprod(general), "CsparseMatrix")
  dimnames(symmetric) <- list(colnames(x$calls), paste0("s", seq_len(ncol(x$calls))))
  expect_identical(as.matrix(sparse_matrix(symmetric)), as.matrix(symmetric))
})

test_that("sparse arrays on disk are read in blocks, and stay sparse", {
  skip_without("HDF5Array")
  x <- mixed_omics(30)$rna
  x[is.na(x)] <- 0
  on_disk <- HDF5Array::writeHDF5Array(sparse(x), withr::local_tempfile(fileext = ".h5"), "counts",
                                       with.dimnames = TRUE, as.sparse = TRUE)
  local_largest_block(100)
  for (counts in list(on_disk, DelayedArray::DelayedArray(sparse(x)))) {
    read <- read_omics(list(rna = counts))$data$rna
    expect_s3_class(read, "sparse_matrix")
    expect_identical(as.matrix(read), x)
  }
})

# Written by hand: writers differ between versions of HDF5Array.
tenx_matrix <- function(x, path) {
  rhdf5::h5createFile(path)
  rhdf5::h5createGroup(path, "matrix")
  parts <- list(data = x@x, indices = x@i, indptr = x@p, shape = dim(x), barcodes = colnames(x),
                genes = rownames(x))
  for (name in names(parts)) rhdf5::h5write(parts[[name]], path, paste0("matrix/", name))
  rhdf5::h5errorHandling("normal")  # by which TENxMatrix() tells groups from data sets
  HDF5Array::TENxMatrix(path, "matrix")
}

test_that("a sparse matrix in 10x Genomics' format stays sparse, and gives the same fit", {
  skip_without("HDF5Array")
  x <- mixed_omics(60)
  x$rna[is.na(x$rna)] <- 0
  skip_without("rhdf5")
  stored <- tenx_matrix(sparse(x$rna), withr::local_tempfile(fileext = ".h5"))
  expect_s4_class(stored, "TENxMatrix")
  local_largest_block(5 * nrow(x$rna))
  read <- read_omics(list(rna = stored))$data$rna
  expect_s3_class(read, "sparse_matrix")
  expect_identical(as.matrix(read), x$rna)
  expect_identical(as.matrix(read_omics(list(rna = Matrix::t(stored)), "rows")$data$rna), x$rna)
  fit <- \(rna) {
    poems(list(rna = rna, calls = x$calls), 3, seed = 1, control = quick_control(epochs = 3)) |>
      suppressMessages()
  }
  of_file <- fit(stored)
  expect_identical(latent(of_file), latent(fit(x$rna)))
  expect_identical(predict(of_file, list(rna = stored[, 5:9])),
                   predict(of_file, list(rna = x$rna[, 5:9])))
})

test_that("statistics of what is not 0 are those of all values", {
  x <- withr::with_seed(2, matrix(stats::rpois(60 * 40, 0.4), 60,
                                  dimnames = list(paste0("g", 1:60), paste0("s", 1:40))))
  x[cbind(1:20, 20:1)] <- NA
  x[, 7] <- NA  # a sample without values
  shuffled <- rev(seq_len(60))
  reference <- withr::with_seed(3, stats::runif(60))
  for (values in list(x, sparse_matrix(sparse(x)))) {
    of <- feature_statistics(values)
    expect_equal(of$mean, unname(rowMeans(x, na.rm = TRUE)))
    expect_equal(of$sd, unname(apply(x, 1, stats::sd, na.rm = TRUE)))
    expect_equal(of$min + of$range, unname(apply(x, 1, max, na.rm = TRUE)))
    of <- core_sample_sums(core_source(values[shuffled, ]), reference[shuffled], 1L)
    expect_equal(of$sum, unname(colSums(x, na.rm = TRUE)))
    expect_equal(of$expected, colSums(reference * !is.na(x)), ignore_attr = TRUE)
    expect_identical(of$expected[7], 0)
    size <- reference[1:40] + 0.5
    of <- core_rate_moments(core_source(values), size, 1L)
    rates <- sweep(x, 2, size, "/")
    expect_equal(of$exposure, drop((!is.na(x)) %*% size), ignore_attr = TRUE)
    expect_equal(of$mean, unname(rowMeans(rates, na.rm = TRUE)))
    expect_equal(of$variance, unname(apply(rates, 1, stats::var, na.rm = TRUE)))
  }
})

test_that("values are checked and transformed as those of a matrix", {
  x <- mixed_omics(30)$rna
  steps <- preprocess_steps("log1p")
  expect_identical(as.matrix(read_omics(list(rna = sparse(x)), preprocess = steps)$data$rna),
                   read_omics(list(rna = x), preprocess = steps)$data$rna)
  shares <- x / max(x, na.rm = TRUE)  # M-values of 0 are not 0
  steps <- preprocess_steps("m_values")
  expect_equal(as.matrix(read_omics(list(rna = sparse(shares)), preprocess = steps)$data$rna),
               read_omics(list(rna = shares), preprocess = steps)$data$rna, tolerance = 1e-6)
  x[3, 4] <- Inf
  expect_error(read_omics(list(rna = sparse(x))), "infinite")
  x[3, 4] <- 1e200
  expect_error(read_omics(list(rna = sparse(x))), "smaller than")
  x[3, 4] <- 0.5
  expect_error(poems(list(rna = sparse(x)), 2, family = "poisson"), "other value")
})
