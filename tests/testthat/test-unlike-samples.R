with_column <- function(x, values) cbind(Length = values, x)

test_that("a column of annotation is told from samples", {
  withr::local_seed(2)
  features <- 200
  level <- rnorm(features, 6, 2)
  logs <- level + matrix(rnorm(features * 40, sd = 0.7), features)
  dimnames(logs) <- list(paste0("g", 1:features), paste0("s", 1:40))
  counts <- matrix(rnbinom(length(logs), mu = exp(logs), size = 3) + 0, features,
                   dimnames = dimnames(logs))
  mutations <- matrix(rbinom(length(logs), 1, 0.1) + 0, features, dimnames = dimnames(logs))
  centred <- t(scale(t(logs)))
  length <- round(runif(features, 500, 5000))
  entrez <- round(exp(runif(features, log(10), log(1e8))))
  for (x in list(logs, counts, mutations, centred)) {
    expect_identical(unlike_samples(x), character())
    expect_identical(unlike_samples(with_column(x, length)), "Length")
    expect_identical(unlike_samples(with_column(x, entrez)), "Length")
  }
  # One sample far out, or half of them, are biology.
  shifted <- logs
  shifted[, 1] <- shifted[, 1] + 2
  expect_identical(unlike_samples(shifted), character())
  shifted[, 1:20] <- logs[, 1:20] + 50
  expect_identical(unlike_samples(shifted), character())
  for (omic in tcga_breast$omics) expect_identical(unlike_samples(omic), character())
})

test_that("fits name it", {
  omics <- small_cohort()$omics
  omics$rna <- with_column(omics$rna, round(seq(500, 5000, length.out = 30)))
  quiet <- list(threads = 1, progress = FALSE, epochs = 2)
  expect_warning(poems(omics, 2, seed = 1, control = quiet), "rna: \"Length\"")
  expect_warning(read_omics(lapply(omics, \(x) as.data.frame(t(x))), "rows"), "has no other omic")
  expect_warning(quick_baseline(omics["rna"], epochs = 1), "rna: \"Length\"")
})

test_that("a sample that has most of an omic's variance is told once", {
  quiet <- list(threads = 1, progress = FALSE, epochs = 2)
  told <- \(omics) sum(grepl("s07", testthat::capture_warnings(
    poems(omics, 2, seed = 1, control = quiet)
  )))
  omics <- small_cohort()$omics
  omics$rna[, "s07"] <- 1e6
  expect_identical(told(omics), 1L)
  # Too few features to tell what samples are like.
  omics <- small_cohort()$omics
  omics$rna <- omics$rna[1:4, ]
  omics$rna[, "s07"] <- 1e4
  expect_warning(poems(omics, 2, seed = 1, control = quiet),
                 "\"s07\" has most of the variance of omic \"rna\"")
  expect_identical(told(omics), 1L)
})
