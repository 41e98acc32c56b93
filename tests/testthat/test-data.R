test_that("tcga_breast is what its help page says", {
  expect_identical(
    vapply(tcga_breast$omics, dim, integer(2)),
    cbind(mrna = c(200L, 220L), mirna = c(184L, 220L), protein = c(142L, 150L))
  )
  samples <- tcga_breast$samples
  expect_identical(nrow(samples), 220L)
  expect_identical(anyDuplicated(samples$sample), 0L)
  expect_identical(colnames(tcga_breast$omics$mrna), samples$sample)
  expect_identical(colnames(tcga_breast$omics$mirna), samples$sample)
  expect_setequal(colnames(tcga_breast$omics$protein), samples$sample[samples$set == "train"])
  expect_identical(
    c(table(samples$subtype)), c(Basal = 66L, Her2 = 44L, LumA = 110L)
  )
  for (omic in tcga_breast$omics) {
    expect_type(omic, "double")
    expect_true(all(is.finite(omic)))
    expect_identical(anyDuplicated(rownames(omic)), 0L)
  }
})
