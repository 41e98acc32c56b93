# What users see who pass what cannot be fitted, or what looks odd and can. Errors come from the
# door and name poems(); none reaches the core.

control <- quick_control(epochs = 2)
quick <- function(x, ...) poems(x, 2, seed = 1, control = control, ...)

# The whole of what a user sees, without naming the stand-in of this file.
see <- function(x, ...) tell(invisible(poems(x, 2, seed = 1, control = control, ...)))

test_that("wrong classes", {
  x <- small_omics()
  expect_snapshot({
    see(1:3)
    see("cohort.rds")
    see(mean)
    see(Matrix::Matrix(x$mrna, sparse = TRUE))
    see(list(mrna = "mrna.csv"))
    see(list(mrna = list(x$mrna)))
    see(list(mrna = poems_control()))
  })
})

test_that("classes of Bioconductor that hold no matrix of numbers", {
  skip_without("MultiAssayExperiment", "DelayedArray")
  x <- small_omics()
  text <- x$mrna
  storage.mode(text) <- "character"
  text[2, ] <- "high"
  grades <- structure(factor(x$mrna > 0), dim = dim(x$mrna), dimnames = dimnames(x$mrna))
  ragged <- structure(list(), class = "RaggedExperiment")
  expect_snapshot({
    see(list(mrna = as_experiment(text)))
    see(list(mrna = grades))
    see(list(mrna = DelayedArray::DelayedArray(text)))
    see(list(mrna = DelayedArray::DelayedArray(array(0, c(2, 2, 2)))))
    see(list(mrna = SummarizedExperiment::SummarizedExperiment()))
    see(list(mrna = x$mrna, mutations = ragged))
    see(MultiAssayExperiment::MultiAssayExperiment())
  })
})

test_that("mixed orientations", {
  x <- small_omics()
  three <- c(x, list(mirna = x$mrna))
  expect_snapshot({
    see(list(mrna = x$mrna, protein = t(x$protein)))
    see(list(mrna = x$mrna, mirna = three$mirna, protein = t(x$protein)))
    see(lapply(x, t))
  })
})

test_that("no overlap", {
  x <- small_omics()
  other <- `colnames<-`(x$mrna, paste0("P-", 1:12))
  expect_snapshot({
    see(list(mrna = x$mrna, protein = `colnames<-`(x$protein, paste0("P-", 1:12))))
    see(c(x, list(mirna = other)))
  })
})

test_that("one omic, one sample, one feature", {
  x <- small_omics()
  expect_snapshot({
    see(x["mrna"])
    see(lapply(x, \(m) m[, 1, drop = FALSE]))
    see(list(mrna = x$mrna, age = x$protein[1, , drop = FALSE]))
    see(x["protein"] |> lapply(\(m) m[1, , drop = FALSE]))
  })
})

test_that("a sample without any value", {
  x <- lapply(small_omics(), \(m) replace(m, col(m) == 7, NA))
  expect_snapshot(see(x))
  expect_snapshot(see(lapply(x, Matrix::Matrix)))
})

test_that("far too few samples are noticed quickly", {
  many <- matrix(0.5, 1e6, 5, dimnames = list(paste0("cg", 1:1e6), paste0("s", 1:5)))
  seconds <- system.time(expect_snapshot(see(list(methylation = many))))[["elapsed"]]
  expect_lt(seconds, 20)
})

test_that("names may hold anything", {
  x <- small_omics()
  names(x) <- c("mRNA \"raw\" {1}", "prot\u00e9ine \u03b2")
  samples <- paste0("Jos\u00e9's \"tumour\" ", 1:12, " {x}")
  x <- lapply(x, \(m) {
    colnames(m) <- samples
    rownames(m) <- paste0("\u03b1 ", rownames(m), "'")
    m
  })
  fit <- quick(x)
  expect_identical(rownames(latent(fit)), samples)
  expect_identical(lapply(loadings(fit), rownames), lapply(x, rownames))
  expect_identical(colnames(gates(fit)), names(x))
  expect_identical(dim(predict(fit, small_long(x))), dim(latent(fit)))
  expect_identical(names(impute(fit, x)), names(x))
  expect_output(print(fit), "raw", fixed = TRUE)
})

test_that("experiments and assays that are not there", {
  skip_without("MultiAssayExperiment")
  mae <- small_mae()
  expect_snapshot({
    see(mae, experiments = "RNASeq")
    see(mae, experiments = character())
    see(mae, assays = c(mrna = "counts"))
    see(mae, assays = c(rna = "exprs"))
    see(mae, samples = "cols")
  })
})

test_that("long data frames that are not one value per sample and feature", {
  long <- small_long()
  expect_snapshot({
    see(rbind(long, long[c(1, 50), ]))
    see(long[0, ])
    see(transform(long, value = as.character(value)))
    see(transform(long, sample = replace(sample, 1:3, NA)))
    see(long[c("sample", "feature", "value")])
    see(long[1:5, ])
  })
})

test_that("values that are not finite, also on disk", {
  skip_without("DelayedArray")
  x <- replace(small_omics()$mrna, 7, Inf)
  expect_snapshot({
    see(list(mrna = DelayedArray::DelayedArray(x)))
    see(list(mrna = Matrix::Matrix(replace(x, 8, -Inf), sparse = TRUE)))
    see(list(mrna = replace(x, TRUE, NaN)))
  })
})

test_that("sparse matrices and logical values are numbers", {
  x <- small_omics()
  sparse <- c(x["protein"], list(mutated = Matrix::Matrix(x$mrna > 0.5, sparse = TRUE)))
  dense <- c(x["protein"], list(mutated = 1 * (x$mrna > 0.5)))
  expect_identical(without_timing(quick(sparse)), without_timing(quick(dense)))
})

test_that("names of omics that would break tables", {
  x <- small_omics()
  broken <- stats::setNames(x, replace(names(x), 1, "gene\nexpression"))
  expect_error(quick(broken), "\"gene\\\\nexpression\"")
  expect_error(poems_split(broken), "control characters")
  expect_error(poems_baseline(broken), "control characters")
  expect_no_error(quick(stats::setNames(x, replace(names(x), 1, "g\u00e8nes \u03b2"))))
})
