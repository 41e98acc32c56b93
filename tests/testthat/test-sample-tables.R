quiet <- list(threads = 1, progress = FALSE, epochs = 3)

# Samples that are named by numbers, and what is known of them in another order.
numbered <- local({
  found <- NULL
  function() {
    if (is.null(found)) {
      omics <- simulate_omics(40, c(rna = 20, protein = 10), factors = 2, seed = 1)$omics
      ids <- as.character(withr::with_seed(1, sample(40)))
      omics <- lapply(omics, `colnames<-`, ids)
      fit <- poems(omics, 2, seed = 1, control = c(quiet, list(start = "random")))
      known <- data.frame(patient = ids, batch = rep(c("a", "b"), 20), score = fit$latent[, 1])
      found <<- list(omics = omics, fit = fit, known = data.frame(known, row.names = NULL))
    }
    found
  }
})

test_that("row numbers are no names of samples", {
  fit <- numbered()$fit
  known <- numbered()$known
  tibble <- if (rlang::is_installed("tibble")) tibble::as_tibble else identity
  for (table in list(known, tibble(known), known[order(known$score), ], known[-1])) {
    expect_error(associate_factors(fit, table), "row numbers")
    expect_error(augment(fit, table), "row numbers")
  }
  sorted <- known[order(known$score), ]
  expect_error(poems(numbered()$omics, 2, covariates = sorted), "column \"patient\"")
  expect_error(predict(fit, numbered()$omics, covariates = sorted), "must be `NULL`")
  expect_message(associate_factors(fit, sorted[-1]), "which are numbers")
  # Row names that name samples are right, in any order and of any kind.
  right <- stats::cor(known$score, fit$latent[, 1], method = "spearman")
  for (names in list(known$patient, as.integer(known$patient))) {
    table <- data.frame(known[-1], row.names = names)[40:1, ]
    found <- suppressMessages(associate_factors(fit, table))
    expect_equal(found$effect[found$factor == "Factor1" & found$column == "score"], right)
    expect_identical(augment(fit, table)$.Factor1, unname(fit$latent[as.character(rev(names)), 1]))
  }
})

test_that("numbers that name samples keep all digits", {
  expect_identical(as_names(c(1e5, 123456, 2e10, 1.5, NA)),
                   c("100000", "123456", "20000000000", "1.5", NA))
  expect_identical(as_names(structure(c(1e5, 7) * 2^-537 * 2^-537, class = "integer64")),
                   c("100000", "7"))
  long <- small_long()
  long$sample <- 1e5 * as.numeric(sub("s", "", long$sample))
  expect_identical(read_omics(long)$samples, sprintf("%d00000", 1:12))
  long$sample <- structure(long$sample * 2^-537 * 2^-537, class = "integer64")
  expect_identical(read_omics(long)$samples, sprintf("%d00000", 1:12))
  columns <- data.frame(x = 1:2, row.names = c("1e+05", "2"))
  table <- add_sample_columns(columns, rownames(columns), data.frame(sample = c(2, 1e5)))
  expect_identical(table$x, 2:1)
})

test_that("column data of Bioconductor's classes serve as tables", {
  skip_without("MultiAssayExperiment")
  fit <- numbered()$fit
  known <- data.frame(numbered()$known[-1], row.names = numbered()$known$patient)
  columns <- S4Vectors::DataFrame(known, row.names = rownames(known))
  quietly <- \(...) suppressMessages(associate_factors(...))
  expect_identical(quietly(fit, columns), quietly(fit, known))
  mae <- MultiAssayExperiment::MultiAssayExperiment(numbered()$omics, columns)
  expect_identical(quietly(fit, mae), quietly(fit, known))
  expect_identical(augment(fit, columns)$.Factor2, augment(fit, known)$.Factor2)
  run <- \(x, ...) poems(x, 2, seed = 1, control = quiet, ...)
  first <- run(numbered()$omics, covariates = known["batch"])
  expect_identical(run(numbered()$omics, covariates = columns["batch"])$latent, first$latent)
  experiments <- lapply(numbered()$omics, \(x) {
    SummarizedExperiment::SummarizedExperiment(list(x), colData = columns)
  })
  listed <- run(experiments, covariates = ~ batch)
  expect_identical(listed$latent, first$latent)
  expect_identical(predict(listed, experiments),
                   predict(first, numbered()$omics, covariates = known))
})

test_that("text that stands for unknown values counts as missing, with a message", {
  fit <- complete_fit()
  stage <- rep(c("", " ", "[Not Available]", "NA", "I", "II"), c(10, 5, 10, 5, 15, 15))
  table <- data.frame(stage = stage, row.names = fit$samples)
  clean <- table
  clean$stage[1:30] <- NA
  for (of in list(table, data.frame(stage = factor(stage), row.names = fit$samples))) {
    expect_message(found <- associate_factors(fit, of), "stage: 30")
    expect_identical(found, suppressMessages(associate_factors(fit, clean)))
    expect_identical(unique(found$n[!found$technical]), 30L)
  }
  # Numbers that were read as text because of it are numbers.
  age <- data.frame(age = c("[Unknown]", seq(30, 59.5, by = 0.5)[-1]), row.names = fit$samples)
  found <- suppressMessages(associate_factors(fit, age))
  expect_identical(unique(found$test[!found$technical]), "spearman")
  expect_identical(nlevels(match_group(stage, fit$samples)), 2L)
  expect_error(suppressMessages(poems(small_cohort()$omics, 2, covariates = table)),
               "stage: \"s01\"")
})

test_that("whole numbers that may name groups are told", {
  omics <- numbered()$omics
  ids <- colnames(omics$rna)
  batch <- data.frame(batch = rep(1:4, 10), row.names = paste0("s", ids))
  omics <- lapply(omics, \(x) `colnames<-`(x, paste0("s", colnames(x))))
  run <- \(...) poems(omics, 2, seed = 1, control = quiet, ...)
  expect_message(run(covariates = batch), "batch: 4 different whole numbers")
  expect_no_message(run(covariates = data.frame(lapply(batch, factor),
                                                row.names = rownames(batch))))
  expect_message(associate_factors(run(), batch), "batch: 4 different whole numbers")
  expect_identical(coded_groups(data.frame(two = rep(0:1, 15), age = 31:60, half = 0.5,
                                           site = rep(1:3, 10))), "site")
})

test_that("covariates are checked as the formula makes them", {
  table <- data.frame(date = as.Date("2020-01-01") + 1:30, g = rep(c("a", "B", "c"), 10),
                      row.names = paste0("s", 1:30))
  read <- \(formula) {
    terms <- stats::terms(formula)
    used <- arrange_covariates(table, all.vars(terms), rownames(table), NULL)
    covariate_frame(terms, used, NULL)
  }
  expect_identical(read(~ as.numeric(date))[[1]], as.numeric(table$date))
  expect_identical(levels(read(~ g)$g), c("B", "a", "c"))
  expect_identical(levels(read(~ toupper(g))[[1]]), c("A", "B", "C"))
  expect_error(read(~ date), "as.numeric\\(date\\)")
  expect_error(read_covariates(table, NULL, rownames(table), "elbo"), "as.numeric\\(date\\)")
  fit <- list(covariates = list(terms = stats::terms(~ factor(g)),
                                levels = list("factor(g)" = c("B", "a"))))
  expect_error(new_design(fit, table, NULL, rownames(table)), "has \"c\", which the fit has not")
})

test_that("groups have the same order in every locale, and the higher one is named", {
  expect_identical(levels(as_group(c("a", "B", "\u00e9", NA))), c("B", "a", "\u00e9"))
  expect_identical(levels(as_group(factor(c("a", "B"), c("a", "B")))), c("a", "B"))
  fit <- complete_fit()
  high <- fit$latent[, 1] > stats::median(fit$latent[, 1])
  table <- data.frame(two = ifelse(high, "a", "B"), row.names = fit$samples,
                      three = cut(fit$latent[, 1], 3, c("x", "y", "z")), truth = !high)
  found <- suppressMessages(associate_factors(fit, table))
  found <- found[found$factor == "Factor1", ]
  expect_identical(found$higher[match(c("two", "three", "truth"), found$column)],
                   c("a", "z", "FALSE"))
  expect_equal(found$effect[found$column == "two"], 1)  # level "a" comes after "B"
})
