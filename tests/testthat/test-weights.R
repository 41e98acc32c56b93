cohort <- small_cohort()$omics
quick <- \(weights, ...) {
  poems(cohort, factors = 4, seed = 1, control = list(epochs = 20, threads = 1, progress = FALSE),
        weights = weights, ...)
}

test_that("weights of 1 change nothing, and those not named are 1", {
  plain <- quick(NULL)
  ones <- quick(c(rna = 1, protein = 1, mirna = 1))
  expect_identical(latent(ones), latent(plain))
  expect_identical(ones$parameters, plain$parameters)
  part <- quick(c(mirna = 3))
  expect_identical(vapply(part$config$omics, `[[`, 0, "weight"), c(1, 1, 3))
  expect_output(print(part), "Omics count rna 1, protein 1, mirna 3.", fixed = TRUE)
})

test_that("an omic that counts more is trusted more and explained better", {
  fits <- lapply(c(0.1, 1, 10), \(weight) quick(c(protein = weight)))
  of <- \(what) vapply(fits, what, 0)
  expect_false(is.unsorted(of(\(fit) mean(gates(fit)[, "protein"])), strictly = TRUE))
  r2 <- of(\(fit) {
    table <- variance_explained(fit, by = "omic")
    table$r2[table$omic == "protein"]
  })
  expect_false(is.unsorted(r2, strictly = TRUE))
})

test_that("experts multiply with the weights of their omics", {
  experts <- list(weights = list(matrix(2), matrix(-1)), precision = list(3, 5))
  x <- rbind(c(1, 2, 3), c(4, NA, 6))
  seen <- x
  seen[is.na(seen)] <- 0
  product <- product_of_experts(experts, seen, !is.na(x), 1:2, c(2, 0.5))
  gate <- c(2, 0.5) / 2.5
  precision <- gate * c(3, 5)
  expect_equal(product$mean[1, c(1, 3)],
               (precision[1] * 2 * c(1, 3) - precision[2] * c(4, 6)) / sum(precision))
  expect_equal(product$mean[1, 2], 4)  # the only omic that is there
  expect_equal(product$variance[1, ], 1 / c(sum(precision), 3, sum(precision)))
})

test_that("weights that make no sense are errors", {
  expect_snapshot({
    tell(quick(c(1, 2, 3)))
    tell(quick(c(rna = -1)))
    tell(quick(c(rna = NA)))
    tell(quick("rna"))
    tell(quick(c(dna = 2)))
    tell(poems(cohort, 2, weights = c(rna = 2), control = list(objective = "published")))
  })
})
