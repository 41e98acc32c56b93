# Without the messages, which have tests of their own.
quietly <- \(...) suppressMessages(associate_factors(...))

# Clinical data of the samples of a fit, of every kind, in another order and with gaps.
clinical_data <- function(fit = complete_fit()) {
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
  fit <- complete_fit()
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
  fit <- complete_fit()
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
  fit <- complete_fit()
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
  fit <- complete_fit()
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
  fit <- complete_fit()
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

# A cohort of rna and protein with one factor that both share and one of each; the last 40 of 100
# samples lack the protein.
lacking_cohort <- function(seed = 1, samples = 100, lacks = seq_len(samples) > 60) {
  withr::with_seed(seed, {
    factors <- matrix(rnorm(samples * 3), samples)
    omics <- Map(\(own, name) {
      w <- cbind(rep(1:0, c(10, 15)), rep(c(0, 1, 0), c(10, 10, 5)))
      x <- w %*% t(factors[, c(1, own)]) + matrix(rnorm(25 * samples, sd = 0.7), 25)
      dimnames(x) <- list(paste0(name, 1:25), sprintf("s%03d", seq_len(samples)))
      x
    }, 2:3, c("rna", "protein"))
  })
  names(omics) <- c("rna", "protein")
  omics$protein <- omics$protein[, !lacks]
  list(omics = omics, factors = factors)
}

lacking_fit <- function(cohort = lacking_cohort(), epochs = 5) {
  control <- list(epochs = epochs, threads = 1, progress = FALSE)
  suppressMessages(suppressWarnings(poems(cohort$omics, factors = 4, seed = 1, control = control)))
}

# Which factor of the fit is which true one, by samples that have all omics.
closest <- function(fit, cohort, rows = 1:60) {
  apply(abs(cor(fit$latent[rows, ], cohort$factors[rows, ])), 2, which.max)
}

test_that("samples are informed of a factor by the omics that have it", {
  cohort <- lacking_cohort()
  fit <- lacking_fit(cohort)
  informed <- informed_samples(fit)
  factor <- closest(fit, cohort)
  expect_identical(dimnames(informed), list(fit$samples, colnames(fit$latent)))
  expect_true(all(informed[, factor[1:2]]))
  expect_identical(unname(informed[, factor[3]]), rep(c(TRUE, FALSE), c(60, 40)))
  # The reliability is the share of the true factor that the posterior means tell.
  reliability <- factor_reliability(fit, rbind(c(TRUE, TRUE), c(TRUE, FALSE)))
  rows <- list(1:60, 61:100)
  found <- t(vapply(rows, \(i) {
    diag(cor(fit$latent[i, factor], cohort$factors[i, ]))^2
  }, numeric(3)))
  expect_lt(max(abs(reliability[, factor] - found)), 0.12)
  expect_lt(reliability[2, factor[3]], 0.05)
})

test_that("reliability is that of a linear factor model, for every family", {
  families <- c(mutations = "bernoulli", counts = "negative_binomial")
  truth <- simulate_omics(80, c(rna = 30, mutations = 30, counts = 30), factors = 2, seed = 1,
                          links = "linear", family = families)
  fit <- lacking_fit(truth)
  has <- rbind(c(TRUE, FALSE, FALSE), c(FALSE, TRUE, TRUE), TRUE)
  slopes <- core_slopes(core_parameters(fit), fit$config, core_latent(fit), 1)
  noise <- list(
    exp(fit$parameters$omics$rna$log_sigma)^2,
    with(fit$omics$mutations$link, 1 / (unit^2 * dlogis(intercept))),
    with(fit$omics$counts$link, {
      mu <- exp(intercept)
      (mu + exp(fit$parameters$omics$counts$log_dispersion) * mu^2) / (mu * unit)^2
    })
  )
  expected <- t(apply(has, 1, \(row) {
    l <- do.call(rbind, lapply(slopes[row], \(slope) slope$mean[, factors_in_use(fit)]))
    covariance <- tcrossprod(l) + diag(as.vector(unlist(noise[row])))
    diag(t(l) %*% solve(covariance, l))
  }))
  expect_equal(factor_reliability(fit, has), expected, tolerance = 1e-6)
})

test_that("uninformed samples are left out, and a factor goes with no missing omic by itself", {
  cohort <- lacking_cohort()
  fit <- lacking_fit(cohort)
  set <- data.frame(set = rep(c("early", "late"), c(60, 40)), age = cohort$factors[, 3],
                    row.names = fit$samples)
  associations <- quietly(fit, set)
  own <- paste0("Factor", closest(fit, cohort)[3])
  shared <- paste0("Factor", closest(fit, cohort)[1])
  age <- row_of(associations, "age", own)
  expect_identical(age$n, 60L)
  first <- stats::cor.test(fit$latent[1:60, own], set$age[1:60], method = "spearman", exact = FALSE)
  expect_equal(c(age$effect, age$p), c(first$estimate[["rho"]], first$p.value))
  expect_identical(row_of(associations, "age", shared)$n, 100L)
  # The set is the same in all samples with the same omics.
  expect_true(all(is.na(associations$p[associations$column == "set"])))
  lacks <- associations[associations$technical, ]
  expect_identical(unique(lacks$column), "lacks protein")
  expect_true(is.na(row_of(lacks, "lacks protein", own)$p))
  expect_gt(row_of(lacks, "lacks protein", shared)$p, 0.01)
})

test_that("samples are compared with those that have the same omics", {
  z <- withr::with_seed(3, rnorm(60) * rep(c(1, 3), c(40, 20)))
  stratum <- rep(c("a", "b"), c(40, 20))
  group <- factor(withr::with_seed(4, sample(c("x", "y"), 60, TRUE)))
  number <- withr::with_seed(5, rnorm(60))
  # van Elteren's test, from the Wilcoxon statistic of either stratum.
  parts <- lapply(c("a", "b"), \(s) {
    y <- z[stratum == s & group == "y"]
    x <- z[stratum == s & group == "x"]
    n <- length(x) + length(y)
    c(w = stats::wilcox.test(y, x)$statistic[[1]] - length(x) * length(y) / 2, n = n,
      variance = length(x) * length(y) * (n + 1) / 12)
  })
  parts <- do.call(rbind, parts)
  weight <- 1 / (parts[, "n"] + 1)
  distance <- abs(sum(weight * parts[, "w"])) - min(weight) / 2
  p <- 2 * stats::pnorm(-distance / sqrt(sum(weight^2 * parts[, "variance"])))
  expect_equal(run_wilcoxon(z, group, stratum)$p, p)
  # The others against values dealt within strata.
  deal <- \(x) stats::ave(seq_along(x), stratum, FUN = \(i) i[sample.int(length(i))])
  three <- factor(withr::with_seed(6, sample(letters[1:3], 60, TRUE)))
  z3 <- z + (three == "a") * 0.8
  dealt <- withr::with_seed(7, replicate(2000, {
    i <- deal(z)
    c(run_spearman(z, number[i], stratum)$effect, run_kruskal(z3, three[i], stratum)$effect)
  }))
  spearman <- run_spearman(z, number, stratum)
  kruskal <- run_kruskal(z3, three, stratum)
  expect_lt(abs(spearman$p - mean(abs(dealt[1, ]) >= abs(spearman$effect))), 0.03)
  expect_lt(abs(kruskal$p - mean(dealt[2, ] >= kruskal$effect)), 0.03)
})

test_that("Brunner and Munzel's test is that of their example", {
  # Pain scores after surgery, Brunner and Munzel (2000), table 1; W = 3.1375, df = 17.683.
  treated <- c(1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1)
  others <- c(3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4)
  found <- run_brunner_munzel(c(treated, others), rep(c(FALSE, TRUE), c(14, 11)))
  expect_equal(found$p, 0.005786, tolerance = 1e-3)
  expect_equal(found$effect, 2 * 0.788961 - 1, tolerance = 1e-5)
  apart <- run_brunner_munzel(1:12, rep(c(FALSE, TRUE), 6:6))
  expect_gt(apart$p, 0)
  expect_equal(run_brunner_munzel(c(1:6, 101:106), rep(c(FALSE, TRUE), c(6, 6)))$p,
               2 / choose(12, 6))
})

# Columns of chance that go with the omics lacked, and nothing else: `lacks` raises all of them.
confounded_columns <- function(lacks, seed, samples) {
  n <- length(lacks)
  withr::with_seed(seed, data.frame(
    number = rnorm(n) + lacks, two = ifelse(runif(n) < ifelse(lacks, 0.5, 0.15), "a", "b"),
    four = sample(letters[1:4], n, TRUE, c(3, 1, 1, 1)), row.names = samples,
    time = rexp(n, 1 + lacks)
  ))
}

test_that("p-values are uniform where omics are missing by the column, and biology is found", {
  skip_if_not_installed("survival")
  results <- lapply(1:20, \(seed) {
    lacks <- withr::with_seed(seed, stats::runif(100) < 0.4)
    cohort <- lacking_cohort(seed, lacks = lacks)
    fit <- lacking_fit(cohort, epochs = 2)
    data <- confounded_columns(lacks, 100 + seed, fit$samples)
    data$time <- survival::Surv(data$time, rep(1, 100))
    data$real <- cohort$factors[, 3] + withr::with_seed(seed, stats::rnorm(100, sd = 1.5))
    associations <- quietly(fit, data)
    associations$own <- associations$factor == paste0("Factor", closest(fit, cohort, !lacks)[3])
    associations
  })
  results <- do.call(rbind, results)
  chance <- results[!results$technical & results$column != "real", ]
  expect_false(anyNA(chance$p))
  for (p in split(chance$p, chance$test)) {
    expect_lt(mean(p < 0.05), stats::qbinom(0.999, length(p), 0.05) / length(p))
    expect_gt(suppressWarnings(stats::ks.test(p, "punif")$p.value), 0.001)
  }
  real <- results[results$column == "real" & results$own, ]
  expect_gt(mean(real$fdr < 0.05), 0.8)
})

# Rna and counts of 80 samples; in the second half, rna is shifted along a direction of its own.
batch_cohort <- function() {
  batch <- rep(c("one", "two"), each = 40)
  truth <- simulate_omics(80, c(rna = 30, counts = 30), factors = 2, shared = 1, links = "linear",
                          seed = 5, family = c(counts = "negative_binomial"))
  truth$omics$rna[1:12, ] <- truth$omics$rna[1:12, ] + 2 * rep(batch == "two", each = 12)
  list(omics = truth$omics, batch = batch)
}

test_that("technical variables are tested apart, and factors that go with them are named", {
  cohort <- batch_cohort()
  cohort$omics$counts <- cohort$omics$counts[, -(1:12)]
  fit <- lacking_fit(cohort)
  data <- data.frame(batch = cohort$batch, row.names = fit$samples)
  data$case <- ifelse(withr::with_seed(1, stats::runif(80)) < 0.8, cohort$batch, "one")
  associations <- quietly(fit, data, technical = "batch")
  expect_identical(unique(associations$column[!associations$technical]), "case")
  expect_setequal(associations$column[associations$technical],
                  c("batch", "lacks counts", "counts library size"))
  for (kind in split(associations, associations$technical)) {
    expect_equal(kind$fdr, stats::p.adjust(kind$p, "BH"))
    expect_false(is.unsorted(kind$p, na.rm = TRUE))
  }
  expect_false(is.unsorted(associations$technical))
  case <- associations[1, ]
  expect_lt(case$fdr, 0.01)
  expect_identical(case$also, "batch")
  expect_identical(case$also_fdr, row_of(associations, "batch", case$factor)$fdr)
  expect_true(all(is.na(associations$also[associations$technical])))
  size <- row_of(associations, "counts library size", "Factor1")
  expected <- stats::cor.test(fit$latent[13:80, 1], fit$omics$counts$offset[13:80],
                              method = "spearman", exact = FALSE)
  expect_equal(size$p, expected$p.value)
  # Without data, the same technical rows.
  alone <- quietly(fit)
  expect_true(all(alone$technical))
  expect_equal(alone$p, associations$p[associations$column %in% alone$column])
})

test_that("what is left out and what is technical is told", {
  cohort <- lacking_cohort()
  cohort$omics$rna[1:10, 61:100] <- cohort$omics$rna[1:10, 61:100] + 3
  fit <- lacking_fit(cohort)
  data <- data.frame(set = rep(c("early", "late"), c(60, 40)),
                     age = sin(1:100), row.names = fit$samples)
  expect_snapshot({
    tell(found <- associate_factors(fit, data))
    tell(associate_factors(fit, technical = "batch"))
    tell(associate_factors(fit, data, technical = c("age", "plate")))
    tell(associate_factors(fit, data, technical = 1))
    tell(associate_factors(complete_fit()))
  })
})

test_that("in tcga_breast, the factors of proteins go with no set of tumours", {
  fit <- suppressMessages(poems(tcga_breast$omics, factors = 32, seed = 21,
                                control = list(threads = 1, progress = FALSE)))
  tumours <- tcga_breast$samples
  data <- data.frame(tumours[c("subtype", "set")], row.names = tumours$sample)
  associations <- quietly(fit, data)
  loadings <- vapply(fit$loadings, \(w) Matrix::colSums(w != 0), numeric(fit$factors))
  proteins_only <- names(which(rowSums(loadings[, c("mrna", "mirna")]) == 0))
  expect_gt(length(proteins_only), 0)
  of_set <- associations[associations$column %in% c("set", "lacks protein"), ]
  expect_true(all(is.na(of_set$p[of_set$factor %in% proteins_only])))
  # Tumours of the two sets differ in a factor of miRNAs.
  batch <- of_set$factor[which.min(of_set$fdr)]
  expect_lt(min(of_set$fdr, na.rm = TRUE), 1e-6)
  expect_identical(sum(of_set$fdr <= 0.05, na.rm = TRUE), 1L)
  expect_lt(sum(loadings[batch, c("mrna", "protein")]), 0.1 * loadings[batch, "mirna"])
  expect_lt(min(associations$fdr[associations$column == "subtype"]), 1e-20)
})

test_that("p-values of unrelated data are uniform", {
  fit <- complete_fit()
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
  fit <- complete_fit()
  data <- clinical_data(fit)["age"]
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
  associations <- quietly(fit, data[1:55, ])
  expect_setequal(associations$column, c("age", "third", "infinite"))
  expect_identical(row_of(associations, "infinite")$n, sum(is.finite(data$infinite[1:55])))
})

test_that("wrong data are errors that say what to do", {
  fit <- complete_fit()
  data <- clinical_data(fit)["age"]
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
  fit <- complete_fit()
  associations <- associate_factors(fit, clinical_data(fit))
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

test_that("plot_associations() draws technical variables below a line", {
  skip_if_not_installed("ggplot2")
  fit <- small_fit()
  associations <- quietly(fit, clinical_data(fit)[c("age", "sex")])
  plot <- plot_associations(associations)
  expect_identical(utils::tail(levels(plot$data$column), 1), "lacks mirna")
  lines <- Filter(\(layer) inherits(layer$geom, "GeomHline"), plot$layers)
  expect_identical(lines[[1]]$data$yintercept, 1.5)
  unknown <- is.na(plot$data$fdr)
  expect_true(all(plot$data$strength[unknown] == 0 & plot$data$label[unknown] == ""))
  only <- plot_associations(associations[!associations$technical, ])
  expect_false(any(vapply(only$layers, \(layer) inherits(layer$geom, "GeomHline"), NA)))
})

test_that("plot_associations() names the group that red stands for, and fills its rows", {
  skip_if_not_installed("ggplot2")
  row <- function(column, measure, effect, higher) {
    data.frame(factor = paste0("Factor", seq_along(effect)), column = column, measure = measure,
               effect = effect, higher = higher, fdr = 0.01)
  }
  associations <- rbind(
    row("sex", "r", c(0.3, -0.4), c("male", "female")),
    row("smoker", "r", c(0.2, -0.1), c("TRUE", "FALSE")),
    row("site", "r", c(-0.2, -0.1), c("A", "A")),
    row("grade", "eta2", c(0.2, 0.1), c("III", "I")), row("age", "rho", c(0.1, 0.2), NA)
  )
  plot <- plot_associations(associations)
  labels <- plot$scales$get_scales("y")$labels
  expect_identical(labels[["sex"]], "sex = male (r)")
  expect_identical(unname(labels[c("smoker", "site", "age")]),
                   c("smoker (r)", "site (r)", "age (rho)"))
  for (layer in 1:2) {
    tiles <- ggplot2::layer_data(plot, layer)
    expect_equal(as.numeric(tiles$ymax - tiles$ymin), rep(1, nrow(tiles)))
  }
})
