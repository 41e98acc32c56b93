skip_if_not_installed("ggplot2")

drawn <- \(plot, layer = 1) ggplot2::ggplot_build(plot)$data[[layer]]

# The value of `column` in a plot's data for every cell of a matrix with names.
cells <- function(plot, row, column, value) {
  wide <- tapply(plot$data[[value]], list(plot$data[[row]], plot$data[[column]]), sum)
  wide[, levels(factor(plot$data[[column]])), drop = FALSE]
}

test_that("plot_history() draws the history's losses and marks the epoch kept", {
  fit <- small_fit()
  plot <- plot_history(fit)
  training <- plot$data[plot$data$set == "training", ]
  validation <- plot$data[plot$data$set == "validation", ]
  expect_identical(training$loss, fit$history$training)
  expect_identical(validation$loss, fit$history$validation)
  expect_identical(training$epoch, fit$history$epoch)
  expect_equal(drawn(plot, 1)$xintercept, fit$best_epoch)
  losses <- c(fit$history$training, fit$history$validation)
  expect_setequal(drawn(plot, 2)$y, pmin(losses, highest_drawn(plot$data)))
  expect_draws(plot)
})

test_that("plot_history() marks the start, and a first loss far above all others at the edge", {
  fit <- small_fit()
  fit$history <- data.frame(epoch = 1:5, training = c(900, 520, 510, 505, 500),
                            validation = c(540, 530, 525, 520, 518))
  plot <- draw_history(fit)
  expect_identical(plot$data$loss[1], 900)
  marks <- drawn(plot, 3)
  expect_identical(marks$x, c(1, 1))
  expect_identical(marks$y, c(540, 540))
  expect_identical(marks$shape, c(17, 16))
  expect_match(drawn(plot, 4)$label, "900")
  expect_lt(max(ggplot2::ggplot_build(plot)$layout$panel_params[[1]]$y.range), 545)
  expect_match(plot$labels$subtitle, "triangle")
  expect_draws(plot)
  # A start as far from the second epoch as that is from the last is no outlier.
  fit$history$training[1] <- 540
  plot <- draw_history(fit)
  expect_identical(drawn(plot, 3)$y, c(540, 540))
  expect_identical(drawn(plot, 3)$shape, c(16, 16))
  expect_no_match(plot$labels$subtitle, "triangle")
  fit$history <- fit$history[1, ]
  expect_identical(draw_history(fit)$data$loss, c(540, 540))
})

test_that("plot_history() has one curve where no sample was held out", {
  fit <- small_fit()
  fit$history$validation <- NaN
  plot <- plot_history(fit)
  expect_identical(unique(plot$data$set), "training")
  expect_draws(plot)
})

test_that("plot_latent() draws every value of the latent matrix", {
  fit <- small_fit()
  for (group in list(NULL, small_group())) {
    plot <- plot_latent(fit, group)
    values <- cells(plot, "sample", "factor", "latent")
    expect_identical(values[fit$samples, colnames(fit$latent)], fit$latent)
    expect_identical(nrow(drawn(plot, 1)), length(fit$latent))
    expect_draws(plot)
  }
})

test_that("plot_latent() keeps groups together, in their order and colours", {
  fit <- small_fit()
  group <- factor(small_group(), levels = c("low", "high"))
  plot <- plot_latent(fit, unname(group))
  in_order <- setNames(group, fit$samples)[levels(plot$data$sample)]
  expect_false(is.unsorted(as.integer(in_order)))
  expect_identical(as.vector(group[match(plot$data$sample, fit$samples)]),
                   as.vector(plot$data$group))
  strip <- drawn(plot, 2)
  expect_identical(strip$colour, group_palette[1:2])
  expect_equal(as.numeric(strip$xend) - as.numeric(strip$x), as.vector(table(group)))
})

test_that("plot_latent() has white at 0", {
  plot <- plot_latent(small_fit())
  limits <- ggplot2::ggplot_build(plot)$plot$scales$get_scales("fill")$get_limits()
  expect_equal(sum(limits), 0)
})

test_that("plot_gates() draws every gate, stacked to 1", {
  fit <- small_fit()
  for (group in list(NULL, small_group())) {
    plot <- plot_gates(fit, group)
    values <- cells(plot, "sample", "omic", "gate")
    expect_identical(values[fit$samples, colnames(fit$gates)], fit$gates)
    tops <- tapply(drawn(plot)$ymax, drawn(plot)[c("PANEL", "x")], max)
    expect_equal(as.vector(tops[!is.na(tops)]), rep(1, 60), tolerance = 1e-6)
    expect_draws(plot)
  }
})

test_that("plot_gates() orders by group, omics at hand, then the heaviest gate", {
  gates <- rbind(
    s1 = c(0.2, 0.8), s2 = c(0.4, 0.6), s3 = c(0, 1), s4 = c(0.1, 0.9), s5 = c(0.3, 0.7)
  )
  colnames(gates) <- c("mrna", "protein")
  expect_identical(heaviest_omic(gates), "protein")
  expect_identical(order_by_gate(gates, factor(c("b", "a", "a", "a", "b")), "protein"),
                   c(4L, 2L, 3L, 1L, 5L))
  expect_identical(order_by_gate(gates, NULL, "protein"), c(4L, 1L, 5L, 2L, 3L))
  expect_identical(order_by_gate(gates, NULL, "mrna"), c(2L, 5L, 1L, 4L, 3L))
})

test_that("plot_gates() can be sorted by any omic", {
  fit <- small_fit()
  plot <- plot_gates(fit, sort = "mirna")
  in_order <- fit$gates[levels(plot$data$sample), "mirna"]
  expect_false(is.unsorted(-in_order[1:45]))
  expect_true(all(in_order[46:60] == 0))
  expect_snapshot({
    tell(plot_gates(fit, sort = "metabolome"))
    tell(plot_gates(fit, sort = 1))
  })
})

test_that("plot_gate_distribution() draws quartiles, apart for samples with other omics", {
  fit <- small_fit()
  group <- factor(small_group())
  omics <- names(fit$omics)
  lacks <- !seq_along(fit$samples) %in% fit$omics$mirna$samples
  expect_quartiles <- function(box, gates, omic) {
    expect_equal(unlist(box[c("xlower", "xmiddle", "xupper")], use.names = FALSE),
                 unname(quantile(gates, c(0.25, 0.5, 0.75))))
    expect_identical(substr(box$fill, 1, 7), omic_palette[match(omic, omics)])
  }
  plot <- plot_gate_distribution(fit, group)
  boxes <- drawn(plot)
  panels <- ggplot2::ggplot_build(plot)$layout$layout
  expect_identical(nrow(boxes), 10L) # 2 groups x (3 omics with, 2 without mirna)
  for (row in seq_len(nrow(panels))) {
    omic <- as.character(panels$omic[row])
    here <- group == panels$group[row]
    box <- boxes[boxes$PANEL == row, ]
    expect_quartiles(box[box$y == 2, ], fit$gates[here & !lacks, omic], omic)
    if (omic != "mirna") expect_quartiles(box[box$y == 1, ], fit$gates[here & lacks, omic], omic)
  }
  expect_draws(plot)
  alone <- drawn(plot_gate_distribution(fit))
  expect_equal(sort(alone$xmiddle), sort(c(
    apply(fit$gates[!lacks, ], 2, median), apply(fit$gates[lacks, c("rna", "protein")], 2, median)
  )), ignore_attr = TRUE)
  expect_draws(plot_gate_distribution(fit))
})

test_that("plot_gate_distribution() has a row per omic or group where all samples have all omics", {
  fit <- small_fit()
  all <- seq_along(fit$samples)
  fit$omics <- lapply(fit$omics, \(omic) replace(omic, "samples", list(all)))
  fit$gates[] <- 1 / 3
  fit <- seal_fit(fit)
  expect_equal(sort(as.numeric(drawn(plot_gate_distribution(fit))$y)), 1:3)
  grouped <- drawn(plot_gate_distribution(fit, small_group()))
  expect_identical(as.vector(table(grouped$PANEL)), rep(2L, 3))
})

test_that("combinations of omics are named, the most common first", {
  expect_identical(describe_omics_at_hand(c(a = TRUE, b = TRUE, c = TRUE)), "all omics")
  expect_identical(describe_omics_at_hand(c(a = TRUE, b = FALSE, c = TRUE)), "no b")
  expect_identical(describe_omics_at_hand(c(a = TRUE, b = FALSE, c = FALSE)), "only a")
  has <- omics_at_hand(small_fit())
  expect_identical(as.vector(table(has)), c(45L, 15L))
  expect_identical(levels(has), c("all omics", "no mirna"))
  combinations <- expand.grid(rep(list(0:1), 3))[-1, ]
  fit <- list(samples = as.character(1:7), omics = lapply(
    stats::setNames(combinations, c("a", "b", "c")), \(has) list(samples = which(has == 1))
  ))
  expect_identical(nlevels(omics_at_hand(fit)), 6L)
  expect_identical(levels(omics_at_hand(fit))[6], "others")
})

test_that("panels are as wide as their groups, and titles of narrow ones stand upright", {
  group <- rep(c("large", "small"), c(57, 3))
  upright <- \(plot) identical(plot$theme$strip.text.x$angle, 90)
  plot <- plot_gates(small_fit(), group)
  grid <- ggplot2::ggplotGrob(plot)
  widths <- grid$widths[sort(unique(grid$layout$l[grepl("^panel", grid$layout$name)]))]
  expect_equal(as.numeric(widths[2]) / as.numeric(widths[1]), 3 / 57, tolerance = 1e-6)
  expect_true(upright(plot))
  expect_draws(plot)
  expect_false(upright(plot_gates(small_fit(), rep(c("a", "b"), 30))))
})

test_that("ink can be read on every colour", {
  contrast <- function(one, other) {
    luminance <- function(colour) {
      rgb <- grDevices::col2rgb(colour)[, 1] / 255
      linear <- ifelse(rgb <= 0.03928, rgb / 12.92, ((rgb + 0.055) / 1.055)^2.4)
      sum(c(0.2126, 0.7152, 0.0722) * linear)
    }
    both <- sort(c(luminance(one), luminance(other)))
    (both[2] + 0.05) / (both[1] + 0.05)
  }
  numbers <- seq(-1, 1, by = 0.02)
  colours <- colours_at(numbers, diverging, c(-1, 1))
  # 3 is what WCAG 2.1 asks of graphics.
  expect_gt(min(mapply(contrast, colours, ink_on(colours))), 3)
  expect_identical(ink_on(colours_at(c(-0.52, 0.52, 0, NA), diverging, c(-1, 1))),
                   c("white", "white", "black", "white"))
  # The colours are those that ggplot2 draws.
  values <- data.frame(x = numbers)
  drawn_colours <- ggplot2::layer_data(
    ggplot2::ggplot(values, ggplot2::aes(x, 1, fill = x)) + ggplot2::geom_tile() +
      scale_fill_around_0(1)
  )$fill
  expect_lt(max(abs(grDevices::col2rgb(drawn_colours) - grDevices::col2rgb(colours))), 6)
})

test_that("omics have the same colours everywhere, in the order of the fit", {
  bars <- drawn(plot_gates(small_fit()))
  heights <- tapply(bars$ymax - bars$ymin, bars$fill, sum)
  expect_equal(as.vector(heights[omic_palette[1:3]]), unname(colSums(gates(small_fit()))))
  expect_identical(omic_colours(c("x", "y")), c(x = omic_palette[1], y = omic_palette[2]))
  expect_length(unique(omic_colours(letters[1:12])), 12)
})

test_that("plot_loadings() draws the non-zero loadings of the top features", {
  fit <- small_fit()
  plot <- plot_loadings(fit, n = 4)
  for (omic in names(fit$loadings)) {
    w <- abs(as.matrix(fit$loadings[[omic]]))
    top <- names(utils::head(sort(apply(w, 1, max), decreasing = TRUE), 4))
    values <- plot$data[plot$data$omic == omic, ]
    expect_setequal(values$feature, top)
    expect_identical(nrow(values), sum(w[top, ] > 0))
    expect_identical(values$loading, w[cbind(values$feature, as.character(values$factor))])
  }
  expect_identical(nrow(drawn(plot)), nrow(plot$data))
  expect_draws(plot)
})

test_that("plot_loadings() tells features of the same name apart", {
  w <- Matrix::sparseMatrix(i = c(1, 2), j = c(1, 2), x = c(-2, 1), dims = c(3, 2),
                            dimnames = list(c("TP53", "ESR1", "AR"), c("Factor1", "Factor2")))
  fit <- list(loadings = list(mrna = w, protein = w), omics = list(mrna = NULL, protein = NULL),
              factors = 2)
  values <- top_loadings(fit, n = 10, by = "loading")
  expect_identical(values$feature, c("TP53", "ESR1", "TP53", "ESR1"))
  expect_identical(values$loading, c(2, 1, 2, 1))
  expect_identical(nlevels(values$row), 4L)
  expect_identical(top_loadings(fit, n = 1, by = "loading")$feature, c("TP53", "TP53"))
})

test_that("plot_loadings() draws the effects of the features with the largest, white at 0", {
  fit <- small_fit()
  plot <- plot_loadings(fit, n = 3, by = "effect")
  for (omic in names(fit$loadings)) {
    effects <- as.matrix(feature_effects(fit)[[omic]])
    top <- names(utils::head(sort(apply(abs(effects), 1, max), decreasing = TRUE), 3))
    values <- plot$data[plot$data$omic == omic, ]
    expect_setequal(values$feature, top)
    expect_equal(values$effect, effects[cbind(values$feature, as.character(values$factor))])
  }
  limits <- ggplot2::ggplot_build(plot)$plot$scales$get_scales("fill")$get_limits()
  expect_equal(limits, c(-1, 1) * max(abs(plot$data$effect)))
  expect_draws(plot)
})

test_that("plot_strength() draws the largest sums of sizes of loadings", {
  fit <- small_fit()
  bars <- drawn(plot_strength(fit, n = 4))
  for (i in seq_along(fit$loadings)) {
    strength <- sort(rowSums(abs(as.matrix(fit$loadings[[i]]))), decreasing = TRUE)[1:4]
    panel <- bars[bars$PANEL == i, ]
    # From the bottom up.
    expect_equal(panel$xmax[order(panel$y)], rev(unname(strength)))
    expect_identical(unique(panel$fill), omic_palette[i])
  }
  data <- plot_strength(fit, n = 4)$data
  expect_identical(data$feature[1], names(which.max(Matrix::rowSums(abs(fit$loadings$rna)))))
  expect_draws(plot_strength(fit))
})

test_that("plot_top_features() draws what top_features() returns", {
  fit <- small_fit()
  for (by in c("loading", "effect")) {
    plot <- plot_top_features(fit, factor = c(2, 1), n = 3, by = by)
    bars <- drawn(plot)
    for (i in 1:2) {
      expected <- top_features(fit, factor = i, n = 3, by = by)
      value <- if (by == "loading") abs(expected$loading) else expected$effect
      panel <- bars[bars$PANEL == i, ]
      expect_equal((panel$xmin + panel$xmax)[order(panel$y)], sort(value))
      colours <- omic_colours(names(fit$omics))[expected$omic[order(value)]]
      expect_identical(panel$fill[order(panel$y)], unname(colours))
    }
    expect_draws(plot)
  }
})

test_that("plot_top_features() shows the factors that explain most, of the omics chosen", {
  fit <- small_fit()
  expect_identical(levels(plot_top_features(fit)$data$factor), colnames(latent(fit)))
  expect_identical(unique(as.character(plot_top_features(fit, omic = "rna")$data$omic)), "rna")
  expect_snapshot(tell(plot_top_features(fit, factor = "Factor9")))
})

test_that("plot_sparsity() draws a tile for every loading that is not zero", {
  fit <- small_fit()
  plot <- plot_sparsity(fit)
  tiles <- drawn(plot)
  for (i in seq_along(fit$loadings)) {
    w <- as.matrix(fit$loadings[[i]])
    values <- plot$data[plot$data$omic == names(fit$loadings)[i], ]
    expect_identical(nrow(values), sum(w != 0))
    expect_identical(values$loading, w[cbind(values$feature, as.character(values$factor))])
    # One position per feature, in the order of the factor with its largest loading.
    place <- tapply(values$position, values$feature, unique)
    expect_identical(sort(as.vector(place)), seq_along(place))
    main <- max.col(abs(w[names(sort(place)), ]))
    expect_false(is.unsorted(main))
    expect_identical(sum(tiles$PANEL == i), sum(w != 0))
  }
  expect_draws(plot)
})

test_that("plot_sparsity() counts and draws what is above the threshold", {
  fit <- small_fit()
  sizes <- abs(fit$loadings$rna@x)
  threshold <- stats::median(sizes)
  plot <- plot_sparsity(fit, threshold = threshold)
  expect_identical(sum(plot$data$omic == "rna"), sum(sizes > threshold))
  labels <- activity_labels(plot$data, fit)
  active <- mean(as.matrix(abs(fit$loadings$rna)) > threshold)
  expect_match(labels[["rna"]], sprintf("rna: %.1f%% of 30 x 5", 100 * active), fixed = TRUE)
  expect_snapshot({
    tell(plot_sparsity(fit, threshold = 1e6))
    tell(plot_sparsity(fit, threshold = -1))
  })
})

test_that("plot_links() points from the factor to the features with the largest effects", {
  fit <- small_fit()
  plot <- plot_links(fit, factor = 2, n = 3)
  effects <- lapply(feature_effects(fit), \(e) as.matrix(e)[, "Factor2"])
  expected <- lapply(effects, \(e) e[order(-abs(e))][1:3])
  expect_identical(plot$data$feature, unlist(unname(lapply(expected, names))))
  expect_equal(plot$data$effect, unlist(expected, use.names = FALSE))
  spokes <- drawn(plot)
  expect_identical(spokes$colour == "#B2182B", plot$data$effect > 0)
  expect_false(is.unsorted(spokes$linewidth[order(abs(plot$data$effect))]))
  expect_equal(spokes$xend^2 + spokes$yend^2, rep(1, 9))
  expect_identical(nrow(unique(round(plot$data[c("x", "y")], 6))), 9L)
  expect_draws(plot)
})

test_that("plot_links() needs features of two omics, and one factor", {
  fit <- small_fit()
  expect_snapshot({
    tell(plot_links(fit, omic = "rna"))
    tell(plot_links(fit, factor = 1:2))
  })
})

test_that("plot_omics() draws which sample has which omic, of a fit or of data", {
  fit <- small_fit()
  omics <- small_cohort()$omics
  for (plot in list(plot_omics(fit), plot_omics(omics), plot_omics(fit, small_group()))) {
    for (omic in names(omics)) {
      has <- plot$data$sample[plot$data$omic == omic & plot$data$observed]
      expect_setequal(as.character(has), colnames(omics[[omic]]))
    }
    tiles <- drawn(plot)
    expect_identical(sum(tiles$fill == "grey93"), 15L)
    expect_setequal(setdiff(tiles$fill, "grey93"), omic_palette[1:3])
    expect_draws(plot)
  }
  rows <- plot_omics(lapply(omics, t), samples = "rows")
  expect_identical(rows$data, plot_omics(omics)$data)
  expect_identical(fit_overview(fit)$labels[["mirna"]], "mirna\n24 features, n = 45")
  # Samples that lack mirna come last, in every group.
  plot <- plot_omics(fit, small_group())
  mirna <- plot$data[plot$data$omic == "mirna", ]
  by_group <- split(mirna$observed[order(mirna$sample)], sort(mirna$group))
  expect_true(all(vapply(by_group, \(observed) !is.unsorted(!observed), NA)))
})

test_that("plot_factors() draws two factors, and names them", {
  fit <- small_fit()
  plot <- plot_factors(fit, c("Factor3", "Factor1"), small_group())
  points <- drawn(plot, 3)
  expect_equal(points$x, unname(latent(fit)[, 3]))
  expect_equal(points$y, unname(latent(fit)[, 1]))
  expect_identical(plot$labels$x, "Factor3")
  expect_identical(points$fill == group_palette[1], unname(small_group() == "high"))
  expect_draws(plot)
  expect_snapshot(tell(plot_factors(fit, 1)))
})

test_that("plot_subtype_correlation() draws every correlation, and writes it", {
  fit <- small_fit()
  omics <- small_cohort()$omics
  plot <- plot_subtype_correlation(fit, small_group(), omics)
  expected <- subtype_correlation(fit, small_group(), omics)
  expect_identical(plot$data, expected)
  tiles <- drawn(plot)
  expect_identical(nrow(tiles), 16L)
  expect_identical(drawn(plot, 2)$label, sprintf("%.2f", expected$correlation))
  one <- expected$correlation == 1
  expect_setequal(tiles$fill[one], toupper(diverging[7]))
  expect_draws(plot)
  expect_identical(correlation_labels(c(-0.001, NA, 1)), c("0.00", NA, "1.00"))
})

test_that("labels below panels are repeated where a row of panels is not full", {
  expect_identical(vapply(c(1, 2, 4, 5), panel_axes, ""), c("fixed", "fixed", "fixed", "free_x"))
})

test_that("plot_loadings() of a fit without a loading is an error", {
  fit <- small_fit()
  fit$loadings <- lapply(fit$loadings, \(w) Matrix::drop0(w * 0))
  expect_snapshot(tell(plot_loadings(fit)))
})

test_that("plot_loadings() checks n", {
  expect_snapshot(tell(plot_loadings(small_fit(), n = 0)))
})

test_that("plot_variance() draws every factor's share of every omic", {
  fit <- small_fit()
  plot <- plot_variance(fit)
  values <- cells(plot, "omic", "factor", "r2")
  expected <- variance_explained(fit)
  expect_identical(values[cbind(expected$omic, expected$factor)], expected$r2)
  expect_identical(colnames(values), colnames(latent(fit)))
  expect_equal(drawn(plot)$ymin + drawn(plot)$ymax, expected$r2) # one of which is 0
  expect_identical(unique(drawn(plot)$fill), omic_palette[1:3])
  expect_draws(plot)
})

test_that("plot_variance() says what all factors explain, and tells the axis' breaks apart", {
  labels <- variance_labels(data.frame(omic = c("rna", "protein"), r2 = c(0.523, 0.1)))
  expect_identical(labels, c(rna = "rna\nall: 52%", protein = "protein\nall: 10%"))
  expect_identical(share_digits(c(0, 0.02, NA)), 0)
  expect_identical(share_digits(c(0, 0.005, 0.01)), 1)
})

test_that("figures of factors need one in use", {
  fit <- with_factors(small_fit(), 0)
  expect_snapshot({
    tell(plot_variance(fit))
    tell(plot_latent(fit))
  })
})

test_that("plot_map() draws principal components", {
  fit <- small_fit()
  plot <- plot_map(fit, small_group())
  components <- stats::prcomp(latent(fit, scaled = TRUE))
  expect_identical(plot$data$sample, fit$samples)
  expect_equal(plot$data$x, unname(components$x[, 1]))
  expect_equal(plot$data$y, unname(components$x[, 2]))
  expect_identical(as.vector(plot$data$group), unname(small_group()))
  expect_match(plot$labels$x, sprintf("(%.0f%%", 100 * summary(components)$importance[2, 1]),
               fixed = TRUE)
  expect_identical(unique(drawn(plot)$fill[plot$data$group == "high"]), group_palette[1])
  expect_draws(plot)
  expect_draws(plot_map(fit))
})

test_that("plot_map() has one scale for both axes of components, in a panel of 4 by 3", {
  for (at in list(cbind(c(-3, 5), c(0, 1)), cbind(c(0, 1), c(-10, 5)))) {
    axes <- equal_axes(at)
    expect_identical(axes$ratio, 1)
    expect_equal(diff(axes$limits$x) / diff(axes$limits$y), 4 / 3)
    expect_true(all(range(at[, 1]) > axes$limits$x[1] & range(at[, 1]) < axes$limits$x[2]))
    expect_true(all(range(at[, 2]) > axes$limits$y[1] & range(at[, 2]) < axes$limits$y[2]))
    # It is no larger than it must be.
    filled <- apply(at, 2, \(x) diff(range(x))) / vapply(axes$limits[c("x", "y")], diff, 0)
    expect_gt(max(filled), 0.9)
  }
})

test_that("plot_map() with UMAP is governed by the fit's seed and leaves the user's be", {
  skip_if_not_installed("uwot")
  set.seed(5)
  before <- .Random.seed
  plot <- plot_map(small_fit(), method = "umap")
  expect_identical(.Random.seed, before)
  expect_identical(plot_map(small_fit(), method = "umap")$data, plot$data)
  expect_identical(dim(unique(plot$data[c("x", "y")])), c(60L, 2L))
})

test_that("plot_map() with t-SNE is governed by the fit's seed and leaves the user's be", {
  skip_if_not_installed("Rtsne")
  set.seed(5)
  before <- .Random.seed
  plot <- plot_map(small_fit(), small_group(), method = "tsne")
  expect_identical(.Random.seed, before)
  expect_identical(plot_map(small_fit(), small_group(), method = "tsne")$data, plot$data)
  # Neighbours on the map are neighbours among the factors, more often than by chance.
  nearest <- \(x) max.col(-as.matrix(dist(x)) - diag(Inf, nrow(x)), ties.method = "first")
  near <- t(apply(as.matrix(dist(latent(small_fit(), scaled = TRUE))), 1, rank)) <= 11
  expect_gt(mean(near[cbind(1:60, nearest(plot$data[c("x", "y")]))]), 0.5)
})

test_that("plot_map() needs two factors", {
  fit <- with_factors(small_fit(), 1)
  expect_snapshot(tell(plot_map(fit)))
})

test_that("autoplot() draws the figure asked for, and passes arguments on", {
  fit <- small_fit()
  group <- small_group()
  expect_identical(ggplot2::autoplot(fit)$data, plot_history(fit)$data)
  expect_identical(ggplot2::autoplot(fit, "latent", group)$data, plot_latent(fit, group)$data)
  expect_identical(ggplot2::autoplot(fit, "gates", group)$data, plot_gates(fit, group)$data)
  expect_identical(ggplot2::autoplot(fit, "loadings", n = 3)$data, plot_loadings(fit, 3)$data)
  expect_identical(ggplot2::autoplot(fit, "map", group)$data, plot_map(fit, group)$data)
  expect_identical(ggplot2::autoplot(fit, "variance")$data, plot_variance(fit)$data)
  expect_identical(ggplot2::autoplot(fit, "omics", group)$data, plot_omics(fit, group)$data)
  expect_identical(ggplot2::autoplot(fit, "strength", n = 2)$data, plot_strength(fit, 2)$data)
  expect_identical(ggplot2::autoplot(fit, "top_features", 2)$data, plot_top_features(fit, 2)$data)
  expect_identical(ggplot2::autoplot(fit, "sparsity")$data, plot_sparsity(fit)$data)
  expect_identical(ggplot2::autoplot(fit, "links", n = 2)$data, plot_links(fit, n = 2)$data)
  expect_identical(ggplot2::autoplot(fit, "factors", c(2, 3))$data, plot_factors(fit, 2:3)$data)
  expect_identical(ggplot2::autoplot(fit, "gate_distribution", group)$data,
                   plot_gate_distribution(fit, group)$data)
  expect_identical(ggplot2::autoplot(fit, "subtype_correlation", group)$data,
                   plot_subtype_correlation(fit, group)$data)
  expect_error(ggplot2::autoplot(fit, "pie"), "must be one of")
})

test_that("groups are matched by name, or taken in the order of the samples", {
  samples <- c("s1", "s2", "s3")
  expected <- setNames(factor(c("a", "b", "a")), samples)
  expect_identical(check_group(c(s3 = "a", s1 = "a", other = "c", s2 = "b"), samples), expected)
  expect_identical(check_group(c("a", "b", "a"), samples), expected)
  expect_identical(check_group(factor(c("a", "b", "a"), levels = c("z", "b", "a")), samples),
                   setNames(factor(c("a", "b", "a"), levels = c("b", "a")), samples))
  with_unknown <- factor(c("2", "1", "unknown"), levels = c("1", "2", "unknown"))
  expect_identical(check_group(c(2, 1, NA), samples), setNames(with_unknown, samples))
  expect_null(check_group(NULL, samples))
})

test_that("samples of unknown group are drawn in grey, last", {
  group <- small_group()
  group[1:5] <- NA
  plot <- plot_map(small_fit(), group)
  expect_identical(levels(plot$data$group), c("high", "low", "unknown"))
  expect_identical(unique(drawn(plot)$fill[1:5]), unknown_colour)
})

test_that("groups that do not fit the samples are an error that says what to do", {
  fit <- small_fit()
  group <- small_group()
  expect_snapshot({
    tell(plot_latent(fit, group = unname(group)[-1]))
    tell(plot_gates(fit, group = group[-(1:7)]))
    tell(plot_map(fit, group = c(group, s01 = "high")))
    tell(plot_gates(fit, group = seq_along(fit$samples)))
    tell(plot_latent(fit, group = data.frame(group)))
  })
})

test_that("figures take nothing but a fit", {
  expect_snapshot(tell(plot_history(list())))
})

test_that("axes of many factors name some of them, those of few all", {
  expect_identical(thin(letters[1:20]), letters[1:20])
  expect_identical(thin(numbered_factors(40)), sprintf("Factor%d", seq(1, 39, by = 2)))
})

test_that("titles of panels are wrapped before the number of samples", {
  group <- factor(c("Basal", "Luminal A, node positive", "Basal"))
  expect_identical(group_titles(group), c(
    Basal = "Basal (n = 2)",
    `Luminal A, node positive` = "Luminal A, node\npositive\n(n = 1)"
  ))
})

test_that("long names lose their middle, short ones nothing", {
  expect_identical(shorten("TP53"), "TP53")
  expect_identical(shorten("cg00000029_chr17:7661779-7687550_promoter"),
                   "cg00000029_chr1...0_promoter")
  expect_identical(nchar(shorten(strrep("x", 28:40))), rep(28L, 13))
})

test_that("numbers have a continuous scale, codes of few groups do not", {
  fit <- small_fit()
  age <- replace(seq(30, 80, length.out = 60), 7, NA)
  for (plot in list(plot_map(fit, age), plot_factors(fit, group = age))) {
    expect_identical(plot$data$group, age)
    expect_s3_class(plot$scales$get_scales("fill"), "ScaleContinuous")
    fills <- ggplot2::layer_data(plot, length(plot$layers))$fill
    expect_identical(fills[7], unknown_colour)
    expect_gt(length(unique(fills)), 50)
  }
  named <- rev(stats::setNames(age, fit$samples))
  expect_identical(plot_map(fit, named)$data$group, unname(rev(named)))
  heat <- plot_latent(fit, age)
  expect_identical(levels(heat$data$sample)[60], fit$samples[7])
  expect_false(is.unsorted(age[match(levels(heat$data$sample), fit$samples)], na.rm = TRUE))
  expect_s3_class(heat$scales$get_scales("colour"), "ScaleContinuous")
  expect_s3_class(plot_map(fit, rep(1:3, 20))$data$group, "factor")
  expect_error(plot_map(fit, age[-1]), "one value for each of 60 samples")
  expect_error(plot_gates(fit, age), "cut")
})

# What is not white on the edges of a picture of 7 x 5 inches.
ink_on_edges <- function(plot) {
  file <- withr::local_tempfile(fileext = ".bmp")
  grDevices::bmp(file, width = 700, height = 500, res = 100, type = "cairo")
  print(plot)
  grDevices::dev.off()
  bytes <- readBin(file, "raw", file.size(file))
  number <- \(at, size) readBin(bytes[at + seq_len(size)], "integer", 1, size, endian = "little")
  per_pixel <- number(28, 2) / 8
  at <- number(10, 4) + seq_len(700 * 500 * per_pixel)
  colours <- array(as.integer(bytes[at]), c(per_pixel, 700, 500))
  grey <- colMeans(colours[1:3, , ])
  sum(grey[c(1, 700), 1:440] < 150) + sum(grey[, 1] < 150)
}

test_that("long names stay in the picture", {
  skip_if_not(capabilities("cairo"))
  fit <- small_fit()
  for (omic in names(fit$loadings)) {
    fit <- with_features(fit, omic, paste0(
      "D_0__Bacteria.D_1__Actinobacteria.D_2__Bifidobacteriales.D_3__", fit$omics[[omic]]$features
    ))
  }
  for (n in c(3, 8)) expect_identical(ink_on_edges(plot_links(fit, factor = 1, n = n)), 0L)
  top <- plot_top_features(fit)
  expect_identical(top$facet$params$ncol, 2)
  expect_null(plot_top_features(small_fit())$facet$params$ncol)
  group <- rep(c("Invasive ductal carcinoma, not otherwise specified, of grade three", "b"), 30)
  labels <- ggplot2::ggplot_build(plot_map(fit, group))$plot$scales$get_scales("fill")$get_labels()
  expect_true(all(nchar(unlist(strsplit(labels, "\n"))) <= 30))
})
