# Clinical data of the samples of small_fit(), of every kind, in another order and with gaps.
clinical_data <- function(fit = small_fit()) {
  withr::with_seed(1, {
    n <- length(fit$samples)
    z <- fit$latent[, 1]
    data <- data.frame(
      age = 60 + 5 * z + stats::rnorm(n, sd = 5), row.names = fit$samples,
      stage = factor(sample(c("I", "II", "III"), n, TRUE), ordered = TRUE),
      sex = ifelse(z + stats::rnorm(n) > 0, "male", "female"),
      smoker = stats::rbinom(n, 1, 0.5) == 1,
      type = factor(sample(letters[1:3], n, TRUE), levels = letters[1:5])
    )
    data$age[3:9] <- NA
    data$sex[1:4] <- NA
    data$type[7] <- NA
    if (rlang::is_installed("survival")) {
      data$survival <- survival::Surv(stats::rexp(n, exp(z / 2)), stats::rbinom(n, 1, 0.7))
      data$survival[5:6] <- NA
    }
    data[sample.int(n), ]
  })
}

row_of <- function(associations, column, factor = "Factor1") {
  associations[associations$column == column & associations$factor == factor, ]
}

test_that("numbers and ordered groups are compared by rank correlation", {
  fit <- small_fit()
  data <- clinical_data()
  row <- row_of(associate_factors(fit, data), "age", "Factor2")
  age <- data[fit$samples, "age"]
  expected <- stats::cor.test(fit$latent[, 2], age, method = "spearman", exact = FALSE)
  expect_equal(row$effect, expected$estimate[["rho"]])
  expect_equal(row$p, expected$p.value)
  expect_identical(row$n, sum(!is.na(age)))
  known <- !is.na(age)
  expect_equal(row$effect, stats::cor(rank(fit$latent[known, 2]), rank(age[known])))
  stage <- row_of(associate_factors(fit, data), "stage")
  expect_equal(stage$effect, stats::cor(rank(fit$latent[, 1]),
                                        rank(as.integer(data[fit$samples, "stage"]))))
  expect_identical(stage$measure, "rho")
})

test_that("two groups are compared by Wilcoxon's test, with twice the AUC less 1", {
  fit <- small_fit()
  data <- clinical_data()
  row <- row_of(associate_factors(fit, data), "sex")
  sex <- data[fit$samples, "sex"]
  z <- fit$latent[, 1]
  female <- z[which(sex == "female")]
  male <- z[which(sex == "male")]
  wins <- outer(male, female, \(a, b) (a > b) + (a == b) / 2)
  expect_equal(row$effect, 2 * mean(wins) - 1)
  expect_equal(row$p, stats::wilcox.test(male, female, exact = FALSE)$p.value)
  expect_identical(row$n, length(male) + length(female))
  expect_identical(row_of(associate_factors(fit, data), "smoker")$measure, "r")
})

test_that("more groups are compared by Kruskal and Wallis's test, with the R2 of ranks", {
  fit <- small_fit()
  data <- clinical_data()
  row <- row_of(associate_factors(fit, data), "type", "Factor3")
  type <- data[fit$samples, "type"]
  expect_equal(row$p, stats::kruskal.test(fit$latent[, 3], droplevels(type))$p.value)
  known <- !is.na(type)
  ranks <- rank(fit$latent[known, 3])
  expect_equal(row$effect, summary(stats::lm(ranks ~ type[known]))$r.squared)
})

test_that("survival gives the hazard ratio of one standard deviation", {
  skip_if_not_installed("survival")
  fit <- small_fit()
  data <- clinical_data()
  row <- row_of(associate_factors(fit, data), "survival")
  known <- !is.na(data[fit$samples, "survival"])
  z <- fit$latent[known, 1]
  survival <- data[fit$samples, "survival"][known, ]
  model <- survival::coxph(survival ~ z)
  expect_equal(row$effect, exp(stats::coef(model)[["z"]] * stats::sd(z)), tolerance = 1e-6)
  expect_equal(c(row$low, row$high), exp(unname(stats::confint(model)[1, ]) * stats::sd(z)),
               tolerance = 1e-6)
  expect_equal(row$p, summary(model)$coefficients[1, "Pr(>|z|)"], tolerance = 1e-6)
  expect_identical(row$n, sum(known))
})

test_that("the table has every column and factor, adjusted over all", {
  fit <- small_fit()
  data <- clinical_data()
  associations <- associate_factors(fit, data)
  expect_identical(nrow(associations), ncol(data) * fit$factors)
  expect_equal(associations$fdr, stats::p.adjust(associations$p, "BH"))
  expect_false(is.unsorted(associations$p))
  expect_identical(is.na(associations$low), associations$measure != "hazard ratio")
  # Neither the order of rows nor samples that the fit lacks change anything.
  more <- data[c(seq_len(nrow(data)), 1:2), ]
  rownames(more)[nrow(data) + 1:2] <- c("x1", "x2")
  expect_equal(associate_factors(fit, more[rev(seq_len(nrow(more))), ]), associations)
})

test_that("p-values of unrelated data are uniform", {
  fit <- small_fit()
  n <- length(fit$samples)
  data <- withr::with_seed(2, data.frame(
    lapply(stats::setNames(nm = sprintf("number%d", 1:40)), \(name) stats::rnorm(n)),
    lapply(stats::setNames(nm = sprintf("pair%d", 1:40)), \(name) sample(c("a", "b"), n, TRUE)),
    lapply(stats::setNames(nm = sprintf("group%d", 1:40)), \(name) sample(letters[1:4], n, TRUE)),
    row.names = fit$samples
  ))
  if (rlang::is_installed("survival")) {
    data[sprintf("time%d", 1:40)] <- withr::with_seed(3, lapply(1:40, \(i) {
      survival::Surv(stats::rexp(n), stats::rbinom(n, 1, 0.7))
    }))
  }
  associations <- associate_factors(fit, data)
  first <- associations[associations$factor == "Factor1", ]
  for (p in split(first$p, first$test)) {
    expect_gt(suppressWarnings(stats::ks.test(p, "punif")$p.value), 0.01)
  }
  expect_lt(mean(first$p < 0.05), 0.1)
  expect_gt(min(associations$fdr), 0.01)
})

test_that("columns that tell nothing are skipped and named", {
  fit <- small_fit()
  data <- clinical_data()["age"]
  data$constant <- "x"
  data$id <- rownames(data)
  data$third <- rep(seq_len(nrow(data) / 3), each = 3) |> as.character()
  data$sparse <- ifelse(seq_len(nrow(data)) < 9, 1:2, NA)
  data$date <- as.Date("2020-01-01") + seq_len(nrow(data))
  data$list <- as.list(data$age)
  data$infinite <- c(Inf, data$age[-1])
  if (rlang::is_installed("survival")) {
    data$late <- survival::Surv(seq_len(nrow(data)), rep(c(1, 0), c(4, nrow(data) - 4)))
    data$interval <- survival::Surv(rep(1, nrow(data)), rep(2, nrow(data)), type = "interval2")
  }
  skip_if_not_installed("survival")
  expect_snapshot(tell(associations <- associate_factors(fit, data[1:55, ])))
  associations <- suppressMessages(associate_factors(fit, data[1:55, ]))
  expect_setequal(associations$column, c("age", "third", "infinite"))
  expect_identical(row_of(associations, "infinite")$n, sum(is.finite(data$infinite[1:55])))
})

test_that("wrong data are errors that say what to do", {
  fit <- small_fit()
  data <- clinical_data()["age"]
  column <- data.frame(age = data$age, "sample{}" = rownames(data), check.names = FALSE)
  other <- data
  rownames(other) <- paste0("patient", seq_len(nrow(data)))
  none <- data.frame(id = rownames(data), one = 1, row.names = rownames(data))
  expect_snapshot({
    tell(associate_factors(1, data))
    tell(associate_factors(fit, as.matrix(data)))
    tell(associate_factors(fit, column))
    tell(associate_factors(fit, other))
    tell(associate_factors(fit, none))
  })
})

test_that("plot_associations() shows signs, and sizes where the FDR is small", {
  skip_if_not_installed("ggplot2")
  skip_if_not_installed("survival")
  fit <- small_fit()
  associations <- associate_factors(fit, clinical_data())
  plot <- plot_associations(associations)
  values <- plot$data
  expect_identical(levels(values$factor), colnames(fit$latent))
  expect_equal(abs(values$strength), -log10(associations$fdr))
  hazard <- associations$measure == "hazard ratio"
  expect_identical(values$strength[hazard] < 0, associations$effect[hazard] < 1)
  rho <- associations$measure == "rho"
  expect_identical(values$strength[rho] < 0, associations$effect[rho] < 0)
  expect_identical(values$label != "", associations$fdr <= 0.05)
  expect_identical(nrow(ggplot2::layer_data(plot, 1)) + nrow(ggplot2::layer_data(plot, 2)),
                   nrow(associations))
  strong <- associations
  strong$fdr <- 0
  expect_true(all(is.finite(plot_associations(strong)$data$strength)))
  expect_snapshot({
    tell(plot_associations(data.frame(a = 1)))
    tell(plot_associations(associations, fdr = 2))
  })
})
