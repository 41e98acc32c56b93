loadNamespace("Matrix")
quiet <- list(threads = 1, progress = FALSE)

# Three omics of 120 samples that share six factors. The omics named in `swapped` have changed
# places: sample 1 with 2, 3 with 4, and so on.
cohort <- function(seed = 1, swapped = 0, n = 120) {
  withr::with_seed(seed, {
    z <- matrix(stats::rnorm(6 * n), n)
    omics <- lapply(c(a = 120, b = 100, c = 90), \(p) {
      loadings <- matrix(stats::rnorm(p * 6), p) * (stats::runif(p * 6) < 0.5)
      x <- 0.6 * tcrossprod(loadings, z) + stats::rnorm(p * n)
      dimnames(x) <- list(paste0("f", seq_len(p)), paste0("s", seq_len(n)))
      x
    })
    if (swapped > 0) {
      pairs <- seq_len(swapped)
      omics$b[, pairs] <- omics$b[, pairs + rep(c(1, -1), length.out = swapped)]
    }
    omics
  })
}
swapped_fit <- local({
  fit <- NULL
  function() {
    if (is.null(fit)) fit <<- poems(cohort(swapped = 10), factors = 8, seed = 1, control = quiet)
    fit
  }
})

test_that("omics that have changed places are found, with their partners", {
  check <- check_samples(swapped_fit())
  expect_named(check, c("sample", "omic", "agreement", "p_value", "fdr", "partner", "owner"))
  expect_identical(nrow(check), 360L)
  b <- check[check$omic == "b", ]
  swapped <- match(paste0("s", 1:10), b$sample)
  found <- which(b$fdr < 0.1)
  expect_gte(sum(swapped %in% found), 8)
  expect_lte(sum(!found %in% swapped), 1)
  partner <- paste0("s", 1:10 + rep(c(1, -1), 5))
  expect_gte(sum(b$partner[swapped] == partner, na.rm = TRUE), 9)
  expect_identical(is.na(b$partner[swapped]), is.na(b$owner[swapped]))
})

test_that("an omic that does not belong does not draw the sample's other omics into doubt", {
  check <- check_samples(swapped_fit())
  of_swapped <- check$sample %in% paste0("s", 1:10) & check$omic != "b"
  expect_lte(sum(check$fdr[of_swapped] < 0.1), 1)
})

test_that("with two omics both are as suspect", {
  omics <- cohort(swapped = 10)[c("a", "b")]
  check <- check_samples(poems(omics, factors = 8, seed = 1, control = quiet))
  expect_false(anyNA(check$p_value))
  swapped <- check[check$sample %in% paste0("s", 1:10), ]
  for (omic in c("a", "b")) {
    expect_gte(sum(swapped$p_value[swapped$omic == omic] < 0.02), 7)
  }
})

test_that("agreement is in units of the cohort", {
  check <- check_samples(poems(cohort(), factors = 8, seed = 1, control = quiet))
  by_omic <- split(check$agreement, check$omic)
  expect_lt(max(abs(vapply(by_omic, stats::median, 0))), 0.3)
  expect_lt(max(abs(vapply(by_omic, stats::mad, 0) - 1)), 0.3)
})

test_that("p-values are uniform in cohorts that are as they should be", {
  p <- unlist(lapply(1:6, \(seed) {
    check_samples(poems(cohort(seed), factors = 8, seed = 1, control = quiet))$p_value
  }))
  expect_length(p, 6 * 360)
  expect_gt(mean(p < 0.05), 0.02)
  expect_lt(mean(p < 0.05), 0.08)
  expect_lt(mean(p < 0.005), 0.015)
})

test_that("new samples are checked against the cohort", {
  fit <- poems(lapply(cohort(n = 160), \(x) x[, 1:120]), factors = 8, seed = 1, control = quiet)
  new <- lapply(cohort(n = 160), \(x) x[, 121:160])
  check <- check_samples(fit, new)
  expect_identical(nrow(check), 120L)
  expect_lt(mean(check$p_value < 0.05), 0.12)
  new$c[, 1:6] <- new$c[, c(2, 1, 4, 3, 6, 5)]
  check <- check_samples(fit, new)
  c <- check[check$omic == "c", ]
  expect_gt(mean(c$p_value[1:6] < 0.05), 0.6)
  expect_lt(mean(c$p_value[-(1:6)] < 0.05), 0.15)
  # Fewer samples, another order: the same agreement.
  half <- check_samples(fit, lapply(new, \(x) x[, 20:1]))
  at <- match(paste(half$sample, half$omic), paste(check$sample, check$omic))
  expect_equal(half$agreement, check$agreement[at])
})

test_that("samples without another omic, and too few to compare with, are NA", {
  omics <- cohort()
  omics$a <- omics$a[, 1:60]
  omics$b <- omics$b[, 41:120]
  omics$c <- omics$c[, 41:60]
  fit <- poems(omics, factors = 8, seed = 1, control = quiet)
  check <- check_samples(fit)
  expect_identical(nrow(check), 160L)
  # 20 samples have two omics each: too few.
  expect_true(all(is.na(check$p_value)))
  expect_error(plot_check(fit), "no sample can be checked")
})

test_that("an omic of noise cannot be checked, and draws nobody into doubt", {
  omics <- cohort(swapped = 10)
  omics$noise <- withr::with_seed(3, matrix(stats::rnorm(50 * 120), 50))
  dimnames(omics$noise) <- list(paste0("f", 1:50), colnames(omics$a))
  check <- check_samples(poems(omics, factors = 8, seed = 1, control = quiet))
  noise <- check$p_value[check$omic == "noise"]
  expect_true(all(is.na(noise)) || mean(noise < 0.05) < 0.12)
  b <- check[check$omic == "b", ]
  expect_gte(sum(b$fdr[match(paste0("s", 1:10), b$sample)] < 0.1), 8)
})

test_that("counts are checked, too", {
  omics <- cohort(swapped = 10)
  omics$a <- withr::with_seed(2, {
    matrix(stats::rpois(length(omics$a), exp(2 + 0.5 * omics$a)), 120, dimnames = dimnames(omics$a))
  })
  fit <- poems(omics, factors = 8, seed = 1, control = quiet, family = c(a = "poisson"))
  check <- check_samples(fit)
  expect_false(anyNA(check$p_value))
  b <- check[check$omic == "b", ]
  expect_gte(sum(b$fdr[match(paste0("s", 1:10), b$sample)] < 0.1), 8)
})

test_that("fits that cannot check say so", {
  single <- poems(cohort()["a"], factors = 4, seed = 1, control = quiet)
  expect_error(check_samples(single), "single omic")
  published <- poems(cohort(), factors = 4, seed = 1,
                     control = list(objective = "published", epochs = 2, progress = FALSE))
  expect_error(check_samples(published), "elbo")
  expect_error(check_samples(list()), "fit")
  expect_error(check_samples(swapped_fit(), covariates = data.frame(x = 1)), "covariates")
})

test_that("plot_check() names the samples that are found", {
  skip_if_not_installed("ggplot2")
  plot <- plot_check(swapped_fit(), fdr = 0.1)
  check <- check_samples(swapped_fit())
  named <- plot$data$label != ""
  expect_setequal(plot$data$sample[named], check$sample[which(check$fdr < 0.1)])
  expect_match(plot$data$label[named][1], "\\?\\)$")
  expect_error(plot_check(swapped_fit(), fdr = 2), "between 0 and 1")
})

test_that("one new sample is checked, and thousands are without a table of all pairs", {
  fit <- swapped_fit()
  omics <- cohort(swapped = 10)
  all <- check_samples(fit, omics)
  one <- check_samples(fit, lapply(omics, \(x) x[, 30, drop = FALSE]))
  expect_equal(one[1:4], all[all$sample == "s30", 1:4], ignore_attr = TRUE)
  many <- lapply(omics, \(x) {
    x <- x[, rep(seq_len(120), 50)]
    colnames(x) <- paste0("n", seq_len(6000))
    x
  })
  many <- check_samples(fit, many)
  expect_identical(nrow(many), 18000L)
  expect_lte(max(table(many$omic[!is.na(many$partner)])), 500)
  expect_equal(many$p_value[1:360], all$p_value)
})
