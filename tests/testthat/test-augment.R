expected_columns <- function(fit) {
  values <- cbind(latent(fit), gates(fit))
  colnames(values) <- c(paste0(".", colnames(latent(fit))), paste0(".gate_", names(fit$omics)))
  values
}

test_that("augment() without data is a table of the fit's samples", {
  fit <- small_fit()
  table <- augment(fit)
  expect_identical(table$sample, fit$samples)
  expect_identical(as.matrix(table[-1]), expected_columns(fit), ignore_attr = TRUE)
  expect_named(table, c("sample", colnames(expected_columns(fit))))
})

test_that("augment() adds to the rows of a data frame, in its order", {
  fit <- small_fit()
  data <- data.frame(sample = c("s07", "other", "s02"), age = c(50, 60, 70))
  expect_message(table <- augment(fit, data), "1 sample of `data` is not in the fit: \"other\"")
  expect_identical(table[c("sample", "age")], data)
  expect_identical(as.matrix(table[-(1:2)]), expected_columns(fit)[c(7, NA, 2), ],
                   ignore_attr = TRUE)
  named <- data.frame(age = c(50, 70), row.names = c("s07", "s02"))
  expect_identical(augment(fit, named)$.Factor1, unname(latent(fit)[c(7, 2), 1]))
  expect_identical(rownames(augment(fit, named)), rownames(named))
  # Once more changes nothing.
  expect_identical(augment(fit, augment(fit, named)), augment(fit, named))
})

test_that("augment() adds clusters, matched by name", {
  fit <- small_fit()
  clusters <- rev(small_group())
  clusters["s03"] <- NA
  table <- augment(fit, clusters = clusters)
  expect_s3_class(table$.cluster, "factor")
  expect_identical(as.character(table$.cluster), unname(clusters[fit$samples]))
})

test_that("augment() adds to the colData of Bioconductor classes", {
  skip_if_not_installed("MultiAssayExperiment")
  fit <- small_fit()
  omics <- small_cohort()$omics
  rna <- SummarizedExperiment::SummarizedExperiment(list(counts = omics$rna))
  rna$age <- 1:60
  added <- SummarizedExperiment::colData(augment(fit, rna[, 60:1], clusters = small_group()))
  expect_identical(rownames(added), rev(fit$samples))
  expect_identical(added$age, 60:1)
  expect_identical(as.matrix(as.data.frame(added[colnames(expected_columns(fit))])),
                   expected_columns(fit)[60:1, ])
  expect_identical(as.character(added$.cluster), unname(rev(small_group())))

  mae <- MultiAssayExperiment::MultiAssayExperiment(omics)
  both <- augment(fit, mae)
  expect_s4_class(both, "MultiAssayExperiment")
  added <- SummarizedExperiment::colData(both)
  expect_identical(added$.Factor2, unname(latent(fit)[rownames(added), 2]))
  expect_identical(added$.gate_mirna, unname(gates(fit)[rownames(added), "mirna"]))
  expect_identical(names(both), names(omics))
})

test_that("augment() says what it cannot use", {
  fit <- small_fit()
  expect_snapshot({
    tell(augment(fit, list(1)))
    tell(augment(fit, data.frame(id = fit$samples)))
    tell(augment(fit, clusters = 1:3))
  })
})
