skip_if_not_installed("ggplot2")

drawn <- \(plot, layer = 1) ggplot2::ggplot_build(plot)$data[[layer]]

# Standardised by hand: over the samples that have the feature.
by_hand <- function(omic, feature, samples = small_fit()$samples) {
  x <- small_cohort()$omics[[omic]][feature, ]
  ((x - mean(x, na.rm = TRUE)) / sd(x, na.rm = TRUE))[as.character(samples)]
}

test_that("plot_heatmap() has what was measured of the features with the largest effects", {
  fit <- small_fit()
  omics <- small_cohort()$omics
  plot <- plot_heatmap(fit, omics, factor = 2, n = 12)
  effects <- do.call(rbind, lapply(names(fit$omics), \(omic) {
    effect <- feature_effects(fit)[[omic]][, 2]
    data.frame(omic = omic, feature = names(effect), effect = effect)
  }))
  top <- utils::head(effects[order(-abs(effects$effect)), ], 12)
  values <- plot$data[!is.na(plot$data$omic), ]
  expect_setequal(unique(feature_key(values)), feature_key(top))
  expect_identical(nrow(values), 12L * 60L)
  for (i in 1:12) {
    rows <- values[values$omic == top$omic[i] & values$feature == top$feature[i], ]
    expect_equal(rows$value, unname(by_hand(top$omic[i], top$feature[i], rows$sample)))
  }
  # Samples from low to high; features that rise are above those that fall.
  expect_identical(levels(values$sample), names(sort(latent(fit)[, 2])))
  for (omic in unique(top$omic)) {
    shown <- top[top$omic == omic, ]
    in_order <- shown$feature[order(-shown$effect)]
    keys <- levels(values$row)[levels(values$row) %in% paste0(omic, ": ", in_order)]
    expect_identical(rev(keys), paste0(omic, ": ", in_order))
  }
  factor_row <- plot$data[is.na(plot$data$omic), ]
  z <- latent(fit)[as.character(factor_row$sample), 2]
  expect_equal(factor_row$value, unname(z / sqrt(mean(z^2))))
  expect_draws(plot)
})

test_that("plot_heatmap() has groups, numbers, chosen omics and new samples", {
  fit <- small_fit()
  omics <- small_cohort()$omics
  group <- small_group()
  plot <- plot_heatmap(fit, omics, 1, "protein", 5, group)
  expect_identical(unique(plot$data$omic), c(NA, "protein"))
  bars <- drawn(plot, 2)
  expect_setequal(bars$colour, group_palette[1:2])
  inside <- \(i) bars$colour[bars$x < i & bars$xend > i]
  in_order <- group[levels(plot$data$sample)]
  expect_identical(vapply(1:60, inside, ""),
                   unname(group_palette[as.integer(factor(in_order))]))
  expect_draws(plot)
  expect_draws(plot_heatmap(fit, omics, 1, group = stats::setNames(1:60 / 7, names(group))))
  new <- lapply(omics["rna"], \(x) {
    x <- x[, 1:9]
    colnames(x) <- paste0("n", 1:9)
    x
  })
  later <- plot_heatmap(fit, new, 1, n = 10, group = rep(c("a", "b", NA), 3))
  expect_identical(levels(later$data$sample), names(sort(predict(fit, new)[, 1])))
  expect_true(all(is.na(later$data$value[later$data$omic %in% c("protein", "mirna")])))
  expect_draws(later)
  expect_identical(ggplot2::autoplot(fit, "heatmap", omics, 2)$data,
                   plot_heatmap(fit, omics, 2)$data)
})

test_that("plot_correlation_circle() has correlations over the samples that have a feature", {
  fit <- small_fit()
  omics <- small_cohort()$omics
  plot <- plot_correlation_circle(fit, omics, c(2, 1), n = 3)
  expect_identical(nrow(plot$data), 74L)
  z <- latent(fit)
  for (i in c(1, 2, 40, 70)) {
    x <- omics[[as.character(plot$data$omic[i])]][plot$data$feature[i], ]
    of <- names(x)[!is.na(x)]
    expect_equal(plot$data$x[i], cor(x[of], z[of, 2]))
    expect_equal(plot$data$y[i], cor(x[of], z[of, 1]))
  }
  far <- plot$data$feature[order(-plot$data$x^2 - plot$data$y^2)][1:3]
  expect_setequal(drawn(plot, 5)$label, far)
  expect_draws(plot)
  one <- plot_correlation_circle(fit, omics, omic = "rna", n = 0)
  expect_identical(levels(one$data$omic), "rna")
  expect_draws(one)
})

test_that("counts are logarithms per library size, and covariates are taken off", {
  simulated <- simulate_omics(60, c(rna = 20, protein = 15), factors = 2, seed = 1,
                              family = c(rna = "negative_binomial"))
  samples <- rownames(simulated$factors)
  batch <- data.frame(batch = rep(c("A", "B"), 30), row.names = samples)
  protein <- simulated$omics$protein
  simulated$omics$protein <- protein + rep(c(0, 9), 30)[col(protein)]
  fit <- suppressMessages(poems(simulated$omics, 3, seed = 1, covariates = batch,
                                control = quick_control(epochs = 5)))
  seen <- standardised_newdata(fit, simulated$omics, "columns", batch)
  of <- seen$features$omic == "protein"
  mean_of <- \(name) rowMeans(seen$values[of, batch$batch == name])
  gap <- mean_of("B") - mean_of("A")
  expect_lt(max(abs(gap)), 0.5) # 9 of the data, or some 2 standard deviations
  counts <- simulated$omics$rna
  size <- colSums(counts) / sum(rowMeans(counts))
  logs <- log1p(sweep(counts, 2, size, `/`))
  left <- stats::residuals(stats::lm(t(logs) ~ batch$batch))
  r <- diag(stats::cor(left, t(seen$values[!of, ])))
  expect_gt(min(r), 0.98)
})

test_that("plot_response() colours points by group", {
  fit <- small_fit()
  omics <- small_cohort()$omics
  group <- small_group()
  plot <- plot_response(fit, c("rna2", "mirna3"), 1, newdata = omics, group = group)
  points <- drawn(plot, 1)
  expect_setequal(points$fill, group_palette[1:2])
  shown <- attr(feature_response(fit, "rna2", 1, newdata = omics), "points")
  rna <- points[points$PANEL == 1, ]
  expect_identical(rna$fill[match(shown$response, rna$y)],
                   unname(group_palette[as.integer(factor(group[shown$sample]))]))
  expect_setequal(drawn(plot, 2)$colour, omic_palette[c(1, 3)])
  expect_draws(plot)
  expect_draws(plot_response(fit, "mirna3", newdata = omics,
                             group = stats::setNames(1:60 / 7, names(group))))
  expect_snapshot({
    tell(plot_response(fit, "rna2", group = group))
    tell(plot_response(fit, "rna2", newdata = omics, group = group[1:3]))
  })
})

test_that("figures of measured values check their arguments", {
  fit <- small_fit()
  omics <- small_cohort()$omics
  bare <- fit
  bare$loadings$protein <- Matrix::drop0(bare$loadings$protein * 0)
  expect_snapshot({
    tell(plot_heatmap(1, omics))
    tell(plot_heatmap(fit, omics, factor = 1:2))
    tell(plot_heatmap(fit, omics, n = 0))
    tell(plot_heatmap(fit, omics, omic = "methylation"))
    tell(plot_heatmap(bare, omics, omic = "protein"))
    tell(plot_heatmap(fit, list(metabolome = omics$rna)))
    tell(plot_heatmap(fit, omics, group = "a"))
    tell(plot_correlation_circle(fit, omics, factor = 1))
    tell(plot_correlation_circle(fit, omics, n = -1))
    tell(plot_correlation_circle(fit, lapply(omics["rna"], \(x) x[, 1:2])))
  })
})
