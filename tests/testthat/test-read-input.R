# Errors name the function that the user called: here a stand-in for poems() without the fit.
door <- function(x, ...) read_omics(x, ...)

test_that("every class of an omic gives the same as a matrix", {
  skip_without("SummarizedExperiment", "SingleCellExperiment", "Biobase", "DelayedArray")
  x <- lapply(small_omics(), single)
  whole <- read_omics(x)
  same <- \(...) {
    read <- read_omics(c(list(...), x["protein"]))
    expect_equal(lapply(read$data, as.matrix), whole$data)
    expect_equal(read$samples, whole$samples)
  }
  same(mrna = as_experiment(exprs = x$mrna))
  same(mrna = SingleCellExperiment::SingleCellExperiment(list(logcounts = x$mrna)))
  same(mrna = Biobase::ExpressionSet(x$mrna))
  same(mrna = Matrix::Matrix(x$mrna, sparse = TRUE))
  same(mrna = DelayedArray::DelayedArray(x$mrna))
  expect_equal(read_omics(methods::as(lapply(x, as_experiment), "SimpleList"))$data, whole$data)
})

test_that("assays keep their side when matrices have samples in rows", {
  skip_without("SummarizedExperiment")
  x <- small_omics()
  mixed <- list(mrna = as_experiment(x$mrna), protein = t(x$protein))
  expect_equal(read_omics(mixed, "rows")$data, x)
})

test_that("a single experiment is one omic, and alternative experiments are others", {
  skip_without("SingleCellExperiment")
  x <- small_omics()
  expect_equal(read_omics(as_experiment(x$mrna))$data, list(main = x$mrna))
  cells <- SingleCellExperiment::SingleCellExperiment(
    list(logcounts = x$mrna), altExps = list(adt = as_experiment(x$protein)), mainExpName = "rna"
  )
  expect_equal(read_omics(cells)$data, list(rna = x$mrna, adt = x$protein))
})

test_that("the assay and the experiments to take can be chosen", {
  skip_without("SummarizedExperiment")
  x <- small_omics()
  two <- list(mrna = as_experiment(counts = x$mrna, logcounts = x$mrna + 1), protein = x$protein)
  expect_snapshot(tell(first <- read_omics(two)))
  expect_equal(first$data, x)
  expect_equal(first$assays, c(mrna = "counts"))
  expect_silent(second <- read_omics(two, assays = "logcounts"))
  expect_equal(second$data$mrna, x$mrna + 1)
  expect_equal(read_omics(two, assays = list(mrna = 2)), second)
  expect_named(read_omics(two, experiments = "protein")$data, "protein")
  expect_named(read_omics(two, experiments = 2)$data, "protein")
  expect_snapshot({
    tell(door(two, assays = c(mrna = "tpm")))
    tell(door(two, assays = c(rna = "counts")))
    tell(door(two, experiments = c("mrna", "rppa")))
    tell(door(two, experiments = 3))
  })
})

test_that("samples of a MultiAssayExperiment go by their primary names", {
  skip_without("MultiAssayExperiment")
  x <- small_omics()
  x$protein <- x$protein[, 3:9]
  omics <- read_omics(small_mae(x))
  expect_equal(omics$data, x)
  expect_equal(omics$samples, paste0("s", 1:12))
})

test_that("of a sample with several columns the first is used", {
  skip_without("MultiAssayExperiment")
  x <- small_omics()
  mae <- small_mae(x)
  map <- MultiAssayExperiment::sampleMap(mae)
  map$primary[map$colname == "s5-a"] <- "s2"
  suppressMessages(MultiAssayExperiment::sampleMap(mae) <- map)
  expect_snapshot(tell(omics <- read_omics(mae)))
  expect_equal(omics$data$mrna, x$mrna[, -5])
})

test_that("long data frames give the same as matrices, in any order, of omics or views", {
  x <- small_omics()
  long <- small_long()
  expect_equal(read_omics(long), read_omics(x))
  names(long)[2] <- "view"
  long$group <- "group1"
  expect_equal(read_omics(long), read_omics(x))
  shuffled <- read_omics(withr::with_seed(1, long[sample(nrow(long)), ]))
  expect_equal(shuffled$data$mrna[rownames(x$mrna), colnames(x$mrna)], x$mrna)
  long[1:3] <- lapply(long[1:3], factor)
  fewer <- read_omics(long[-(1:7), ])$data$mrna
  expect_equal(fewer[rownames(x$mrna), "s2"], replace(x$mrna[, "s2"], 1:2, NA))
})

test_that("a fit reads new samples as it read its own", {
  skip_without("MultiAssayExperiment")
  omics <- small_cohort()$omics
  omics$rna <- exp(omics$rna / 2)
  with_two <- \(omics) {
    c(list(rna = as_experiment(log = log(omics$rna), raw = omics$rna)), omics[-1])
  }
  logged <- c(list(rna = log1p(omics$rna)), omics[-1])
  fit <- poems(with_two(omics), 3, seed = 3, control = quick_control(epochs = 3),
               assays = c(rna = "raw"), preprocess = list(rna = preprocess_steps("log1p")))
  plain <- poems(logged, 3, seed = 3, control = quick_control(epochs = 3))
  expect_identical(latent(fit), latent(plain))
  expect_silent(latent <- predict(fit, with_two(omics)))
  expect_identical(latent, predict(fit, omics))
  expect_identical(latent, predict(fit, small_mae(omics)))
  expect_identical(latent, predict(fit, small_long(omics)))
  expect_equal(predict(fit, omics, "reconstruction")$rna,
               expm1(predict(plain, logged, "reconstruction")$rna))
})
