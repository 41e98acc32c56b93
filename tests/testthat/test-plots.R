skip_if_not_installed("ggplot2")

drawn <- \(plot, layer = 1) ggplot2::ggplot_build(plot)$data[[layer]]

# The value of `column` in a plot's data for every cell of a matrix with names.
cells <- function(plot, row, column, value) {
  wide <- tapply(plot$data[[value]], list(plot$data[[row]], plot$data[[column]]), sum)
  wide[, levels(factor(plot$data[[column]])), drop = FALSE]
}

expect_draws <- function(plot) {
  file <- withr::local_tempfile(fileext = ".png")
  expect_silent(suppressMessages(
    ggplot2::ggsave(file, plot, width = 6, height = 4, dpi = 50)
  ))
  expect_gt(file.size(file), 1000)
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
  expect_setequal(drawn(plot, 2)$y, c(fit$history$training, fit$history$validation))
  expect_draws(plot)
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
  expect_identical(order_by_gate(gates, factor(c("b", "a", "a", "a", "b"))),
                   c(4L, 2L, 3L, 1L, 5L))
  expect_identical(order_by_gate(gates, NULL), c(4L, 1L, 5L, 2L, 3L))
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
  plot <- top_loadings(list(mrna = w, protein = w), n = 10)
  expect_identical(plot$feature, c("TP53", "ESR1", "TP53", "ESR1"))
  expect_identical(plot$loading, c(2, 1, 2, 1))
  expect_identical(nlevels(plot$row), 4L)
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
  fit <- small_fit()
  fit$factors <- 0L
  expect_snapshot({
    tell(plot_variance(fit))
    tell(plot_latent(fit))
  })
})

test_that("plot_map() draws principal components", {
  fit <- small_fit()
  plot <- plot_map(fit, small_group())
  components <- stats::prcomp(latent(fit))
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

test_that("plot_map() with UMAP is governed by the fit's seed and leaves the user's be", {
  skip_if_not_installed("uwot")
  set.seed(5)
  before <- .Random.seed
  plot <- plot_map(small_fit(), method = "umap")
  expect_identical(.Random.seed, before)
  expect_identical(plot_map(small_fit(), method = "umap")$data, plot$data)
  expect_identical(dim(unique(plot$data[c("x", "y")])), c(60L, 2L))
})

test_that("plot_map() needs two factors", {
  fit <- small_fit()
  fit$latent <- fit$latent[, 1, drop = FALSE]
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
    tell(plot_map(fit, group = seq_along(fit$samples)))
    tell(plot_latent(fit, group = data.frame(group)))
  })
})

test_that("figures take nothing but a fit", {
  expect_snapshot(tell(plot_history(list())))
})

test_that("long names lose their middle, short ones nothing", {
  expect_identical(shorten("TP53"), "TP53")
  expect_identical(shorten("cg00000029_chr17:7661779-7687550_promoter"),
                   "cg00000029_chr1...0_promoter")
  expect_identical(nchar(shorten(strrep("x", 28:40))), rep(28L, 13))
})
