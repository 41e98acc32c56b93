test_that("planted shared and salient factors are found, each in its block", {
  world <- compare_world(seed = 3)
  fit <- quick_compare(world)
  expect_length(fit$blocks$salient, 2)
  of <- world$target
  expect_gt(linear_r2(world$t[of, ], salient(fit)[of, ]), 0.8)
  expect_gt(linear_r2(world$z, shared(fit)), 0.8)
  expect_lt(linear_r2(world$z[of, ], salient(fit)[of, ]), 0.1)
  expect_lt(linear_r2(world$t[of, ], shared(fit)[of, ]), 0.15)
  expect_true(all(salient(fit)[!of, ] == 0))
  expect_true(all(latent(fit, "salient", sd = TRUE)[!of, ] == 0))
  # Loadings tell which features answer to what is salient.
  found <- unlist(lapply(fit$loadings, \(w) rowSums(w[, fit$blocks$salient] != 0) > 0))
  real <- unlist(lapply(world$loadings, \(w) rowSums(w[, -(1:3)] != 0) > 0))
  expect_gt(2 * sum(found & real) / (sum(found) + sum(real)), 0.85)
})

test_that("without a salient factor none is reported", {
  settings <- list(list(), list(background = 40), list(target = 40), list(density = 0.5),
                   list(sizes = c(a = 300), target = 60, background = 60))
  for (i in seq_along(settings)) {
    world <- do.call(compare_world, c(settings[[i]], list(salient = 0, seed = 10 + i)))
    fit <- quick_compare(world, epochs = 3)
    expect_length(fit$blocks$salient, 0)
    expect_identical(dim(salient(fit)), c(length(world$group), 0L))
  }
  expect_output(print(fit), "No salient factor")
  expect_true(is.na(independence(fit)$ratio))
})

test_that("groupings at random have no salient direction, planted factors as many as they are", {
  x <- t(scale(t(rbind(tcga_breast$omics$mrna, tcga_breast$omics$mirna))))
  omic <- rep(1:2, c(nrow(tcga_breast$omics$mrna), nrow(tcga_breast$omics$mirna)))
  directions <- \(target) omicpoems:::salient_directions(x, omic, target, 8, seed = 1)
  at_random <- withr::with_seed(3, lapply(c(60, 110), \(n) seq_len(220) %in% sample(220, n)))
  expect_identical(vapply(at_random, directions, 0L), c(0L, 0L))
  expect_gt(directions(tcga_breast$samples$subtype == "Basal"), 0)
  world <- compare_world(seed = 33)
  planted <- do.call(rbind, lapply(world$omics, \(x) t(scale(t(x)))))
  expect_identical(omicpoems:::salient_directions(planted, rep(1:2, c(60, 40)),
                                                  unname(world$target), 4, seed = 1), 2L)
})

test_that("an omic that one group lacks is no difference between groups", {
  world <- compare_world(salient = 0, seed = 15)
  world$omics$b <- world$omics$b[, world$target]
  expect_length(quick_compare(world, epochs = 2)$blocks$salient, 0)
})

test_that("noise has no factor at all, and its fit can be read", {
  world <- compare_world(seed = 5)
  world$omics <- lapply(world$omics, \(x) {
    x[] <- withr::with_seed(7, stats::rnorm(length(x)))
    x
  })
  fit <- quick_compare(world, epochs = 3)
  expect_identical(ncol(latent(fit)), 0L)
  expect_identical(nrow(compare_factors(fit)), 0L)
  expect_output(print(fit), "0 shared\\s+and\\s+0\\s+salient")
  rebuilt <- predict(fit, world$omics, type = "reconstruction")
  expect_identical(dim(rebuilt$a), dim(world$omics$a))
})

test_that("what varies more in the target, but in both, is not salient", {
  world <- compare_world(salient = 0, seed = 6)
  world$omics <- lapply(world$omics, \(x) {
    x[, world$target] <- 1.5 * x[, world$target]
    x
  })
  expect_length(quick_compare(world, epochs = 3)$blocks$salient, 0)
})

test_that("a shift of the whole target is salient", {
  world <- compare_world(salient = 1, shift = 1.5, density = 0.3, seed = 8)
  fit <- quick_compare(world)
  of <- world$target
  expect_gt(linear_r2(world$t[of, , drop = FALSE], salient(fit)[of, , drop = FALSE]), 0.75)
  expect_gt(abs(mean(salient(fit)[of, 1])), 0.5)
  # The shift is variation that shared factors do not explain, not one that they explain badly.
  shares <- variance_explained(fit)
  expect_true(all(shares$target_shared > 0 & shares$target_salient > 0))
})

test_that("shares are those of held-out samples where there are enough, by definition", {
  world <- compare_world(seed = 16)
  fit <- quick_compare(world, epochs = 5, control = list(validation = 0.25))
  held_out <- fit$samples %in% fit$validation
  x <- (world$omics$a[, fit$samples] - fit$omics$a$center) / fit$omics$a$scale
  center <- rowMeans(x[, !fit$target])
  shared <- predict(fit, world$omics, target = unname(fit$target), type = "reconstruction",
                    block = "shared")$a
  decoded <- (shared - fit$omics$a$center) / fit$omics$a$scale
  left <- \(of) 1 - rowSums((x - decoded)[, of]^2) / rowSums((x - center)[, of]^2)
  told <- variance_explained(fit, by = "feature")
  told <- told[told$omic == "a", ]
  expect_equal(told$target_shared, unname(left(held_out & fit$target)), tolerance = 1e-4)
  expect_equal(told$background, unname(left(held_out & !fit$target)), tolerance = 1e-4)
  expect_output(print(fit), sprintf("the %d samples held out", sum(held_out)), fixed = TRUE)
})

test_that("cancelling blocks are told", {
  fit <- quick_compare(compare_world(seed = 3), epochs = 2)
  expect_no_match(capture.output(print(fit)), "cancel")
  fit$variance$features$a$target_shared[1:6] <- -0.5
  fit$variance$features$a$target_total[1:6] <- 0.2
  expect_output(print(fit), "cancel each other in the target in features \\(10%", perl = TRUE)
})

test_that("figures show which samples look like targets and how far blocks are independent", {
  skip_if_not_installed("ggplot2")
  world <- compare_world(seed = 9)
  fit <- quick_compare(world, epochs = 3)
  drawn <- plot_salient_in(fit, world$omics)
  expect_no_warning(ggplot2::ggplotGrob(drawn))
  expect_identical(drawn$data$gain, salient_in(fit, world$omics)$gain)
  expect_identical(as.character(drawn$data$group),
                   ifelse(world$target[drawn$data$sample], "target", "background") |> unname())
  few <- lapply(world$omics, \(x) x[, 1:12])
  named <- plot_salient_in(fit, few, group = rep(c("x", "y"), 6))
  expect_identical(as.character(named$data$group), rep(c("x", "y"), 6))
  strangers <- lapply(few, \(x) `colnames<-`(x, paste0("new", 1:12)))
  expect_identical(unique(as.character(plot_salient_in(fit, strangers)$data$group)), "new")
  drawn <- plot_independence(fit)
  expect_no_warning(ggplot2::ggplotGrob(drawn))
  of <- intersect(omicpoems:::measured_samples(fit), names(which(fit$target)))
  one <- drawn$data[drawn$data$shared == "Shared2" & drawn$data$salient == "Salient1", ]
  expect_equal(one$correlation,
               stats::cor(shared(fit)[of, "Shared2"], salient(fit)[of, "Salient1"]))
  nothing <- quick_compare(compare_world(salient = 0, seed = 15), epochs = 2)
  expect_error(plot_independence(nothing), "no salient factor")
  expect_error(plot_salient_in(nothing, world$omics), "no salient factor")
  whole <- lapply(world$omics, \(x) round(exp(x / 4 + 3)))
  counts <- quick_compare(utils::modifyList(world, list(omics = whole)), epochs = 2,
                          family = "poisson")
  expect_gt(length(counts$blocks$salient), 0)
  expect_true(all(is.na(salient_in(counts, whole)$gain)))
  expect_error(plot_salient_in(counts, whole), "Gaussian")
})

test_that("tables, figures and gene sets take comparisons", {
  world <- compare_world(seed = 4)
  fit <- quick_compare(world, epochs = 3)
  expect_identical(as.character(tidy(fit)$factor), compare_factors(fit)$factor)
  loadings <- tidy(fit, "loadings")
  expect_identical(nrow(loadings), sum(vapply(fit$loadings, \(w) sum(w != 0), 0L)))
  expect_identical(nrow(tidy(fit, "latent")), length(fit$latent))
  expect_identical(nrow(tidy(fit, "variance")), 100L)
  expect_identical(unique(as.character(tidy(fit, "history")$set)), c("training", "validation"))
  row <- glance(fit)
  expect_identical(row$salient, length(fit$blocks$salient))
  expect_identical(row$r2_salient, mean(variance_explained(fit)$target_salient))
  more <- augment(fit)
  expect_identical(more$.target, unname(fit$target))
  expect_identical(more$.Salient1, unname(fit$latent[, "Salient1"]))
  expect_output(print(summary(fit)), "Call: poems_compare")
  skip_if_not_installed("ggplot2")
  drawn <- plot_compare(fit)$data
  expect_identical(drawn$share[drawn$part == "salient"], variance_explained(fit)$target_salient)
  for (type in c("compare", "history", "latent")) {
    expect_no_error(ggplot2::ggplotGrob(ggplot2::autoplot(fit, type)))
  }
  skip_if_not_installed("limma")
  first <- top_features(fit, "Salient1", n = 10, omic = "a")
  rest <- setdiff(rownames(world$omics$a), first$feature)
  rows <- enrich_factors(fit, list(top = first$feature[first$loading * first$loading[1] > 0],
                                   other = rest[1:10]), omic = "a", min_size = 2)
  expect_identical(rows$set[rows$factor == "Salient1"][1], "top")
})

test_that("tables tell what both groups have of every factor and feature", {
  world <- compare_world(seed = 4)
  fit <- quick_compare(world)
  factors <- compare_factors(fit)
  expect_identical(nrow(factors), 2L * ncol(fit$latent))
  expect_true(all(factors$background[factors$block == "salient"] == 0))
  by_feature <- variance_explained(fit, by = "feature")
  w <- do.call(rbind, world$loadings)
  power <- \(k) rowSums(w[, k]^2)
  expect_gt(stats::cor(by_feature$target_salient, power(4:5) / (1 + power(1:5))), 0.8)
  expect_gt(stats::cor(by_feature$background, power(1:3) / (1 + power(1:3))), 0.8)
  omics <- variance_explained(fit)
  a <- by_feature[by_feature$omic == "a", ]
  # An omic's share is that of its features together.
  measured <- omicpoems:::measured_samples(fit)
  of <- intersect(measured, names(which(fit$target)))
  scaled <- omicpoems:::standardised_features(fit$omics["a"], world$omics["a"],
                                              names(fit$target), NULL)
  colnames(scaled) <- names(fit$target)
  center <- rowMeans(scaled[, !fit$target])
  weight <- rowSums((scaled[, of] - center)^2)
  expect_equal(omics$target_total[1], sum(weight * a$target_total) / sum(weight))
  expect_equal(a$target_total, a$target_shared + a$target_salient)
  top <- top_features(fit, "Salient1", n = 5)
  expect_identical(top$loading[1], fit$loadings[[top$omic[1]]][top$feature[1], "Salient1"])
  expect_identical(max(abs(unlist(lapply(fit$loadings, \(w) w[, "Salient1"])))),
                   abs(top$loading[1]))
  told <- independence(fit)
  expect_gt(told$p, 0.01)
  expect_lt(max(told$r2), 0.5)
  expect_identical(told$bound, 3)
  z <- shared(fit)[of, ]
  t <- salient(fit)[of, 1]
  left_out <- vapply(seq_along(t), \(i) {
    t[i] - sum(c(1, z[i, ]) * stats::lm.fit(cbind(1, z[-i, ]), t[-i])$coefficients)
  }, 0)
  others <- t - vapply(seq_along(t), \(i) mean(t[-i]), 0)
  expect_equal(told$r2[["Salient1"]], 1 - sum(left_out^2) / sum(others^2))
})

test_that("what a bound lets pass is what simulated factors show", {
  hsic <- \(x, y) {
    gram <- \(x) exp(-omicpoems:::kernel_rate(ncol(x)) * as.matrix(stats::dist(x))^2)
    k <- gram(x)
    sum((k - rowMeans(k) - rep(colMeans(k), each = nrow(k)) + mean(k)) * gram(y)) / length(k)
  }
  draw <- \(r) {
    z <- matrix(stats::rnorm(400), 100)
    t <- matrix(stats::rnorm(300), 100)
    t[, 1] <- r * z[, 1] + sqrt(1 - r^2) * t[, 1]
    hsic(z, t)
  }
  r <- omicpoems:::passing_correlation(3, 100, 4, 3)
  shown <- withr::with_seed(4, vapply(c(0, r), \(r) mean(replicate(300, draw(r))), 0))
  expect_equal(shown[2] / shown[1], 3, tolerance = 0.05)
  expect_identical(omicpoems:::passing_correlation(3, 128, 16, 8), 1)
  expect_true(is.na(omicpoems:::passing_correlation(0, 100, 4, 3)))
})

test_that("a shift of the whole target does not make salient factors one", {
  for (shift in c(2, 4)) {
    world <- compare_world(seed = 302, shift = shift)
    fit <- quick_compare(world)
    expect_length(fit$blocks$salient, 2)
    of <- world$target
    expect_gt(linear_r2(world$t[of, ], salient(fit)[of, ]), 0.9)
    expect_gt(linear_r2(world$z, shared(fit)), 0.9)
    found <- unlist(lapply(fit$loadings, \(w) rowSums(w[, fit$blocks$salient] != 0) > 0))
    real <- unlist(lapply(world$loadings, \(w) rowSums(w[, 4:5] != 0) > 0))
    expect_gt(2 * sum(found & real) / (sum(found) + sum(real)), 0.85)
  }
})

test_that("a calling by value keeps no data in the call", {
  world <- compare_world(seed = 3)
  given <- list(world$omics, group = world$group, background = "normal", shared = 2, salient = 2,
                control = list(epochs = 2, threads = 1, progress = FALSE))
  fit <- do.call(poems_compare, given)
  expect_identical(fit$call$x, as.name("x"))
  expect_identical(fit$call$group, as.name("group"))
  expect_identical(fit$call$background, "normal")
})

test_that("new samples get the factors of those of the fit, and omics from them", {
  world <- compare_world(seed = 9)
  fit <- quick_compare(world)
  again <- predict(fit, world$omics, target = unname(world$target[fit$samples]))
  expect_equal(again, latent(fit), tolerance = 1e-5)
  new <- compare_world(seed = 9, noise = 0.5)  # the same loadings, no other noise
  expect_error(predict(fit, new$omics, target = NA), "target")
  full <- predict(fit, world$omics, target = unname(world$target), type = "reconstruction")
  shared_only <- predict(fit, world$omics, target = unname(world$target), type = "reconstruction",
                         block = "shared")
  error <- \(x) sum((world$omics$a - x$a)[, world$target]^2)
  expect_lt(error(full), 0.95 * error(shared_only))
  looks <- salient_in(fit, world$omics)
  gain <- looks$gain[match(names(world$target), looks$sample)]
  expect_gt(mean(outer(gain[world$target], gain[!world$target], `>`)), 0.8)
})

test_that("two cohorts are one with groups", {
  world <- compare_world(seed = 2)
  of <- \(which) lapply(world$omics, \(x) x[, which])
  order <- c(names(which(world$target)), names(which(!world$target)))
  apart <- poems_compare(of(world$target), of(!world$target), shared = 3, salient = 2, seed = 1,
                         control = list(epochs = 3, threads = 1))
  together <- poems_compare(of(order), "normal", world$group[order], shared = 3, salient = 2,
                            seed = 1, control = list(epochs = 3, threads = 1))
  expect_identical(apart$latent, together$latent)
  fewer <- of(!world$target)
  fewer$a <- fewer$a[-1, ]
  expect_message(
    poems_compare(of(world$target), fewer, shared = 3, salient = 2, seed = 1,
                  control = list(epochs = 1, threads = 1)), "left out 1 feature"
  )
  expect_error(poems_compare(of(world$target), of(world$target)), "names of their own")
  expect_error(poems_compare(of(world$target), list(c = fewer$a)), "omic in common")
})

test_that("a fit does not depend on threads, and samples may lack omics and values", {
  world <- compare_world(seed = 12)
  world$omics$b <- world$omics$b[, -(1:40)]
  world$omics$a[cbind(1:50, 1:50)] <- NA
  one <- quick_compare(world, epochs = 3)
  two <- quick_compare(world, epochs = 3, threads = 2)
  expect_identical(one$latent, two$latent)
  expect_identical(one$loadings, two$loadings)
  expect_false(anyNA(one$latent))
  expect_gt(linear_r2(world$t[world$target, ], salient(one)[world$target, ]), 0.6)
})

test_that("counts and 0 and 1 have salient factors, too", {
  world <- compare_world(seed = 13, sizes = c(a = 80, b = 60))
  rates <- exp(1.5 + 0.6 * (world$omics$a - rowMeans(world$omics$a)))
  world$omics$a[] <- withr::with_seed(1, stats::rnbinom(length(rates), mu = rates, size = 10))
  world$omics$b[] <- (world$omics$b > 0) + 0
  fit <- suppressMessages(quick_compare(world))
  expect_identical(vapply(fit$omics, `[[`, "", "family"),
                   c(a = "negative_binomial", b = "bernoulli"))
  expect_gt(linear_r2(world$t[world$target, ], salient(fit)[world$target, ]), 0.5)
})

test_that("dense decoders and both balances fit, and the bound lowers dependence", {
  world <- compare_world(target = 60, background = 240, seed = 14)
  dense <- \(...) quick_compare(world, decoder = "dense", shared = 3, salient = 2, epochs = 30,
                                control = list(batch_size = 64), ...)
  pareto <- dense()
  weights <- pareto$history$target_weight
  expect_true(all(weights > 0 & weights < 1) && stats::sd(weights) > 0)
  pooled <- dense(balance = "pooled")
  expect_equal(pooled$history$target_weight, rep(0.2, 30))
  expect_null(dense(independence = NULL)$independence)
  expect_error(top_features(pareto), "no loadings")
  expect_false(anyNA(compare_factors(pareto)$target))
})

test_that("bad input is told before any work", {
  world <- compare_world(seed = 1)
  expect_error(quick_compare(world, independence = 0.5), "independence")
  expect_error(quick_compare(world, shared = 0), "shared")
  expect_error(quick_compare(world, salient = 1.5), "salient")
  expect_error(quick_compare(world, control = list(epoch = 3)), "epoch")
  door <- \(group, background = "normal") poems_compare(world$omics, background, group)
  expect_error(door(world$group, "healthy"), "healthy")
  expect_error(door(world$group, c("normal", "tumour")), "but not all")
  expect_error(door(unname(world$group)[1:10]), "one label for each|10 labels")
  expect_error(door(replace(world$group, 3, NA)), "known of every sample")
  expect_error(door(replace(rep("tumour", 300), 1:5, "normal")), "at least 10 samples each")
  expect_error(shared(list()), "poems_compare")
  fit <- quick_compare(world, epochs = 1)
  expect_error(latent(fit, "private"), "block")
})
