# A fit whose decoders have bent, of a cohort whose links are known.
bent <- local({
  made <- NULL
  function() {
    if (is.null(made)) {
      truth <- simulate_omics(400, c(a = 40, b = 30), factors = 3, factors_per_feature = 1,
                              links = c("linear", "linear", "quadratic"), noise = 0.3, shared = 1,
                              seed = 3)
      control <- list(start = "random", learning_rate = 5e-3, epochs = 300, patience = 100,
                      threads = 1, progress = FALSE)
      made <<- list(truth = truth, fit = poems(truth$omics, 3, seed = 1, control = control))
    }
    made
  }
})

# The rows of tidy(fit, "effects") whose loading is truly there, with the link that made them.
effects_with_links <- function(made) {
  matched <- factor_recovery(made$fit, made$truth)
  table <- as.data.frame(tidy(made$fit, "effects"))
  table$true <- matched$factor[match(as.character(table$factor), matched$matched)]
  key <- \(rows, factor) paste(rows$omic, rows$feature, factor)
  links <- made$truth$links
  table$link <- links$link[match(key(table, table$true), key(links, links$factor))]
  table[!is.na(table$link), ]
}

# The decoder by hand: c + v relu(A (m z)), with z a samples x core factors matrix.
decode_by_hand <- function(fit, omic, feature, z) {
  p <- core_parameters(fit)$omics[[omic]]
  j <- match(feature, fit$omics[[omic]]$features)
  hidden <- pmax(tcrossprod(p$decoder_hidden_weight, sweep(z, 2, p$W[j, ], `*`)), 0)
  drop(p$decoder_output_weight[j, ] %*% hidden) + p$decoder_output_bias[j]
}

test_that("a curve is the decoder's, other factors at their mean, in the units of the data", {
  fit <- small_fit()
  curves <- feature_response(fit, c("protein3", "rna2"), factor = 1:2, n = 15)
  expect_s3_class(curves, c("feature_response", "data.frame"), exact = TRUE)
  expect_named(curves, c("omic", "feature", "factor", "value", "response", "bend"))
  expect_identical(unique(curves$feature), c("protein3", "rna2"))
  expect_identical(nrow(curves), 60L)
  for (feature in c("protein3", "rna2")) for (name in c("Factor1", "Factor2")) {
    rows <- curves[curves$feature == feature & curves$factor == name, ]
    mode <- fit$mode[, name]
    expect_equal(rows$value, seq(min(mode), max(mode), length.out = 15))
    z <- matrix(colMeans(core_mode_of(fit)), 15, 5, byrow = TRUE)
    z[, factors_in_use(fit)[match(name, numbered_factors(5))]] <- rows$value
    omic <- fit$omics[[rows$omic[1]]]
    j <- match(feature, omic$features)
    by_hand <- decode_by_hand(fit, rows$omic[1], feature, z) * omic$scale[j] + omic$center[j]
    expect_equal(rows$response, by_hand, tolerance = 1e-5)
  }
})

test_that("points are measured values less what other factors say", {
  fit <- small_fit()
  omics <- small_cohort()$omics
  curves <- feature_response(fit, "rna2", factor = 2, newdata = omics)
  points <- attr(curves, "points")
  expect_named(points, c("omic", "feature", "factor", "sample", "value", "response"))
  # Sample s01 lacks a value of rna2.
  expect_identical(points$sample, setdiff(fit$samples, "s01"))
  expect_equal(points$value, unname(fit$mode[points$sample, 2]), tolerance = 1e-3)
  z <- core_mode_of(fit)[match(points$sample, fit$samples), ]
  held <- matrix(colMeans(core_mode_of(fit)), nrow(z), 5, byrow = TRUE)
  k <- factors_in_use(fit)[2]
  held[, k] <- z[, k]
  others <- decode_by_hand(fit, "rna", "rna2", z) - decode_by_hand(fit, "rna", "rna2", held)
  expect_equal(points$response, unname(omics$rna["rna2", points$sample]) -
                 others * fit$omics$rna$scale[2], tolerance = 1e-3)
})

test_that("without data, points are the samples' values; without the omic there are none", {
  fit <- small_fit()
  points <- attr(feature_response(fit, "mirna1", factor = "Factor1"), "points")
  expect_identical(points$sample, fit$samples[1:45])
  expect_identical(points$value, unname(fit$mode[1:45, 1]))
  expect_true(all(is.na(points$response)))
  curves <- feature_response(fit, "mirna1", newdata = small_cohort()$omics["rna"])
  expect_identical(nrow(attr(curves, "points")), 0L)
  expect_equal(curves$response, feature_response(fit, "mirna1")$response)
})

test_that("reconstructions of samples that differ in one factor differ as its curve does", {
  fit <- small_fit()
  curve <- feature_response(fit, "protein1", factor = 3, n = 2)
  k <- factors_in_use(fit)[3]
  ends <- matrix(colMeans(core_mode_of(fit)), 2, 5, byrow = TRUE)
  ends[, k] <- range(fit$mode[, 3])
  projected <- list(latent = ends, mode = ends, has = matrix(TRUE, 2, 3))
  predicted <- reconstruct(fit, projected, c("low", "high"))$protein["protein1", ]
  expect_equal(curve$response, unname(predicted))
})

test_that("a fit that has stayed at its linear start has straight curves", {
  omics <- simulate_omics(80, c(a = 30, b = 20), factors = 3, links = "linear", seed = 2)$omics
  control <- list(epochs = 1, learning_rate = 1e-12, validation = 0, threads = 1, progress = FALSE)
  fit <- poems(omics, 4, seed = 1, control = control)
  expect_lt(max(tidy(fit, "effects")$bend), 1e-6)
  top <- top_features(fit, n = 1)
  curve <- feature_response(fit, top$feature)
  expect_lt(max(abs(diff(curve$response, differences = 2))) / diff(range(curve$response)), 1e-4)
  # The rise per standard deviation of the factor is the effect.
  rise <- diff(range(curve$response)) / diff(range(curve$value)) * stats::sd(fit$latent[, 1])
  omic <- fit$omics[[top$omic]]
  expect_equal(rise / (omic$sd * omic$scale)[match(top$feature, omic$features)], abs(top$effect),
               tolerance = 1e-3, ignore_attr = TRUE)
})

test_that("effects have the bend of their curve", {
  fit <- small_fit()
  table <- tidy(fit, "effects")
  expect_named(table, c("omic", "feature", "factor", "effect", "bend"))
  expect_identical(table[c("omic", "feature", "factor", "effect")],
                   tidy(fit)[c("omic", "feature", "factor", "effect")])
  for (i in c(1, 40, nrow(table))) {
    k <- as.integer(table$factor[i])
    z <- matrix(colMeans(core_mode_of(fit)), 60, 5, byrow = TRUE)
    z[, factors_in_use(fit)[k]] <- fit$mode[, k]
    curve <- decode_by_hand(fit, as.character(table$omic[i]), table$feature[i], z)
    line <- stats::lm(curve ~ fit$mode[, k])
    expect_equal(table$bend[i], 1 - summary(line)$r.squared, tolerance = 1e-3)
    response <- feature_response(fit, table$feature[i], k)
    expect_equal(unique(response$bend), table$bend[i])
  }
})

test_that("quadratic links bend, linear ones do not", {
  table <- effects_with_links(bent())
  share <- split(table$bend, table$link)
  expect_gt(length(share$quadratic), 10)
  expect_lt(stats::median(share$linear), 0.05)
  # NA of a feature whose curve is flat.
  expect_lte(sum(is.na(share$quadratic)), 1)
  expect_gt(stats::median(share$quadratic, na.rm = TRUE), 0.5)
})

test_that("curves follow the links behind the data", {
  made <- bent()
  table <- effects_with_links(made)
  latent <- made$truth$factors
  follows <- vapply(which(abs(table$effect) > 0.3 | table$bend > 0.5), \(i) {
    row <- table[i, ]
    points <- attr(feature_response(made$fit, row$feature, as.character(row$factor),
                                    newdata = made$truth$omics[as.character(row$omic)]), "points")
    signal <- made$truth$signal[[as.character(row$omic)]][row$feature, points$sample]
    stats::cor(points$response, signal)
  }, 0)
  expect_gt(stats::median(follows), 0.7)
})

test_that("the share off a line is that of least squares, and unknown where nothing varies", {
  x <- c(-1, 0, 0.5, 2, 3)
  y <- rbind(2 * x + 1, x^2, 0 * x)
  left <- \(y) sum(stats::resid(stats::lm(y ~ x))^2) / sum((y - mean(y))^2)
  expect_equal(share_off_line(y, x), c(0, left(x^2), NA))
  expect_identical(typical_values(1:3), 1:3)
  expect_equal(typical_values(0:10000), 10000 * (1:200 - 0.5) / 200)
})

test_that("counts and 0/1 data have curves of expected values", {
  truth <- simulate_omics(80, c(rna = 20, mutations = 20), factors = 2, seed = 1,
                          family = c(rna = "negative_binomial", mutations = "bernoulli"))
  fit <- suppressMessages(poems(truth$omics, 2, seed = 1, control = quick_control()))
  omics <- truth$omics
  curves <- feature_response(fit, c("rna_01", "mutations_01"), newdata = omics, n = 5)
  points <- attr(curves, "points")
  by_feature <- split(curves, curves$feature)
  expect_true(all(by_feature$mutations_01$response > 0 & by_feature$mutations_01$response < 1))
  z <- matrix(colMeans(core_mode_of(fit)), 5, 2, byrow = TRUE)
  z[, factors_in_use(fit)[1]] <- by_feature$rna_01$value
  link <- fit$omics$rna$link
  by_hand <- exp(link$intercept[1] + link$unit[1] * decode_by_hand(fit, "rna", "rna_01", z))
  expect_equal(by_feature$rna_01$response, unname(by_hand), tolerance = 1e-4)
  seen <- points[points$feature == "mutations_01", ]
  expect_identical(seen$response, unname(omics$mutations["mutations_01", seen$sample]) + 0)
  seen <- points[points$feature == "rna_01", ]
  expect_identical(seen$response == 0, unname(omics$rna["rna_01", seen$sample] == 0))
})

test_that("covariates are at their mean in curves, and taken off points", {
  truth <- simulate_omics(60, c(a = 12), factors = 2, links = "linear", seed = 1)
  batch <- data.frame(batch = rep(0:1, 30), row.names = rownames(truth$factors))
  shifted <- list(a = truth$omics$a + rep(5 * batch$batch, each = 12))
  fit <- poems(shifted, 2, seed = 1, covariates = batch,
               control = list(epochs = 20, threads = 1, progress = FALSE))
  name <- top_features(fit, n = 1)$feature
  curve <- feature_response(fit, name, newdata = shifted, covariates = batch)
  points <- attr(curve, "points")
  of_batch <- batch[points$sample, "batch"]
  expect_gt(abs(diff(tapply(shifted$a[name, points$sample], of_batch, mean))), 4)
  expect_lt(abs(diff(tapply(points$response, of_batch, mean))), 1)
  expect_equal(mean(points$response), mean(shifted$a[name, ]), tolerance = 0.05)
  expect_error(feature_response(fit, name, covariates = batch), "without `newdata`")
})

test_that("what the fit does not have is an error that names it", {
  fit <- small_fit()
  expect_snapshot({
    tell(feature_response(fit, "gene"))
    tell(feature_response(fit, "rna1", omic = "protein"))
    tell(feature_response(fit, 3))
    tell(feature_response(fit, "rna1", factor = 9))
    tell(feature_response(fit, "rna1", n = 1))
    tell(feature_response("fit", "rna1"))
  })
})

test_that("plot_response() draws the curves, with points or ticks", {
  skip_if_not_installed("ggplot2")
  fit <- small_fit()
  omics <- small_cohort()$omics
  plot <- plot_response(fit, c("rna2", "mirna3"), 1, newdata = omics)
  curves <- feature_response(fit, c("rna2", "mirna3"), 1, newdata = omics)
  expect_identical(plot$data$response, curves$response)
  built <- ggplot2::ggplot_build(plot)
  expect_setequal(built$data[[1]]$y, attr(curves, "points")$response)
  expect_setequal(built$data[[2]]$y, curves$response)
  expect_setequal(built$data[[2]]$colour, omic_palette[c(1, 3)])
  ticks <- ggplot2::ggplot_build(plot_response(fit, "rna2", 1))
  expect_setequal(ticks$data[[1]]$x, fit$mode[, 1])
  default <- plot_response(fit)
  expect_identical(unique(default$data$feature), top_features(fit, 1, 6)$feature)
  several <- plot_response(fit, "rna2", 1:2)
  expect_match(levels(several$data$panel), "rna2, Factor[12]")
  expect_identical(ggplot2::autoplot(fit, "response", "rna2", 2)$data,
                   plot_response(fit, "rna2", 2)$data)
  file <- withr::local_tempfile(fileext = ".png")
  expect_silent(ggplot2::ggsave(file, plot, width = 6, height = 4, dpi = 50))
  expect_snapshot(tell(plot_response(fit, "gene")))
})
