test_that("latent() gives blocks, means and standard deviations", {
  world <- split_world(samples = 40, lacking = list(b = paste0("s", 1:8)))
  fit <- split_fit(world)
  expect_identical(latent(fit), fit$latent)
  expect_identical(colnames(latent(fit, "shared")), c("shared_1", "shared_2"))
  expect_identical(colnames(latent(fit, c("b", "shared"))),
                   c("shared_1", "shared_2", "b_1", "b_2", "b_3"))
  lacks <- rownames(fit$latent) %in% paste0("s", 1:8)
  expect_identical(rowSums(is.na(latent(fit, "b"))) > 0, stats::setNames(lacks, fit$samples))
  expect_false(anyNA(latent(fit, "shared")))
  sd <- latent(fit, "shared", sd = TRUE)
  expect_identical(sd, fit$latent_sd[, 1:2])
  expect_gt(min(colMeans(sd[lacks, ]) / colMeans(sd[!lacks, ])), 1.05)
})

test_that("predict() of the samples of a fit is its latent, and new samples may lack omics", {
  split_world_works()
  world <- split_world(samples = 40)
  fit <- split_fit(world)
  expect_identical(predict(fit), latent(fit))
  expect_equal(predict(fit, world$omics), latent(fit))
  expect_equal(predict(fit, world$omics, block = "a"), latent(fit, "a"))
  alone <- predict(fit, world$omics["a"])
  expect_true(all(is.na(alone[, fit$blocks$b])))
  expect_false(anyNA(alone[, unlist(fit$blocks[c("shared", "a")])]))
})

test_that("reconstructions come from the omics asked for, on the scale of the data", {
  split_world_works()
  world <- split_world(samples = 60, lacking = list(a = c("s1", "s2")))
  fit <- split_fit(world)
  known <- predict(fit, world$omics, type = "reconstruction")
  expect_identical(lapply(known, dim), list(a = c(40L, 60L), b = c(30L, 60L)))
  crossed <- predict(fit, world$omics, type = "reconstruction", from = "a")
  expect_true(all(is.na(crossed$b[, c("s1", "s2")])))
  expect_equal(crossed, predict(fit, world$omics["a"], type = "reconstruction") |>
                 lapply(\(x) replace(matrix(NA_real_, nrow(x), 60, dimnames = list(
                   rownames(x), fit$samples
                 )), TRUE, x[, match(fit$samples, colnames(x))])))
  # What a predicts of b is not what b says of itself, but near what is shared of it.
  shared <- world$loadings$b[, 1:2] %*% t(world$z$shared) + 5
  has <- colnames(world$omics$a)
  driven <- rowSums(world$loadings$b[, 1:2] != 0) > 0
  expect_gt(stats::cor(as.vector(crossed$b[driven, has]), as.vector(shared[driven, has])), 0.9)
  error <- \(x) mean((x$b - world$omics$b[, fit$samples])[, has]^2)
  expect_lt(error(known), 0.7 * error(crossed))
})

test_that("transformed omics come back as they were", {
  split_world_works()
  world <- split_world(samples = 30)
  fit <- split_fit(world)
  counted <- fit
  counted$omics$a$transform <- "log1p"
  omics <- world$omics
  omics$a <- expm1(omics$a)
  expect_equal(predict(counted, omics, type = "reconstruction")$a,
               expm1(predict(fit, world$omics, type = "reconstruction")$a))
})

test_that("top_features() finds the planted features of a coordinate", {
  fit <- split_fit(split_world())
  w <- loadings(fit)
  for (name in c("shared_2", "a_1")) {
    top <- top_features(fit, name, n = 1000)
    of_omic <- function(w) if (name %in% colnames(w)) w[w[, name] != 0, name]
    size <- unlist(lapply(unname(w), of_omic))
    expect_identical(top$feature, names(sort(-abs(size))))
    expect_equal(top$loading, unname(size[top$feature]))
    expect_equal(top$inclusion, rep(0.95, length(size)))
    expect_identical(top$rank, seq_along(size))
  }
  expect_identical(top_features(fit), top_features(fit, "shared_1"))
  one <- top_features(fit, "b: shared_1", n = 4)
  expect_identical(one, top_features(fit, "shared_1", n = 4, omic = "b"))
  expect_identical(unique(one$omic), "b")
  both <- top_features(fit, c("b: shared_1", "a: shared_1"), n = 2)
  expect_identical(both$omic, c("b", "b", "a", "a"))
  expect_identical(nrow(top_features(fit, "b_1", omic = "a")), 0L)
})

test_that("variance_explained() has features, and omics as their means", {
  fit <- split_fit(split_world())
  fit$variance$a[1, 2:4] <- NA
  features <- variance_explained(fit, by = "feature")
  expect_identical(features$feature, unlist(lapply(fit$omics, `[[`, "features"), use.names = FALSE))
  expect_equal(features$total, features$shared + features$private)
  omics <- variance_explained(fit)
  expect_identical(names(omics), c("omic", "shared", "private", "total"))
  expect_equal(omics$private[1], mean(fit$variance$a$private, na.rm = TRUE))
  expect_equal(omics$shared[2], mean(fit$variance$b$shared))
})

test_that("cross_prediction() has the R2 of held-out features in every direction", {
  split_world_works()
  world <- split_world(sizes = c(a = 40, b = 30, c = 20), private = c(a = 2, b = 3, c = 1),
                       lacking = list(c = paste0("s", 150:170)))
  train <- paste0("s", 1:120)
  fit <- split_fit(utils::modifyList(world, list(omics = world_half(world, train))))
  test <- world_half(world, paste0("s", 121:200))
  test$b[2, ] <- 3
  cross <- cross_prediction(fit, test)
  expect_s3_class(cross, "cross_prediction")
  expect_identical(nrow(cross), 3L * (40L + 30L + 20L))
  expect_identical(levels(cross$from), c("a", "b", "c", "all others"))
  # By hand: from c to a, of the samples that have c.
  data <- align_newdata(fit$omics, test)
  has <- colnames(test$c)
  predicted <- world_prediction(fit, data, "c", "a")[, has]
  by_hand <- vapply(seq_len(40), \(j) {
    x <- test$a[j, has]
    1 - sum((x - predicted[j, ])^2) / sum((x - mean(x))^2)
  }, 0)
  found <- cross[cross$from == "c" & cross$to == "a", ]
  expect_identical(found$feature, rownames(test$a))
  expect_equal(found$r2, by_hand)
  # Constant features have none; features without shared loadings are not predicted.
  expect_identical(unique(cross$feature[is.na(cross$r2)]), "b2")
  of <- \(from, to) as.data.frame(cross[cross$from == from & cross$to == to, ])
  driven <- rowSums(world$loadings$a[, 1:2] != 0) > 0
  expect_gt(stats::median(of("b", "a")$r2[driven]), 0.4)
  expect_lt(max(of("b", "a")$r2[!driven]), 0.02)
  # All others know more than any of them.
  expect_gt(mean(of("all others", "a")$r2), max(mean(of("b", "a")$r2), mean(of("c", "a")$r2)))

  table <- summary(cross)
  expect_identical(nrow(table), 9L)
  row <- table[table$from == "c" & table$to == "a", ]
  expect_equal(c(row$median, row$mean, row$above),
               c(stats::median(by_hand), mean(by_hand), mean(by_hand > 0.1)))
  expect_identical(row$features, 40L)
})

test_that("feature_r2() leaves out what is unknown", {
  x <- rbind(c(1, 2, 3, NA), c(5, 5, 5, 5), c(NA, NA, NA, 1), c(1e9, 1e9 + 1e-6, 1e9, 1e9))
  predicted <- rbind(c(1, 2, NA, 4), 5, 1, 1e9)
  expect_equal(feature_r2(x, predicted), c(1, NA, NA, NA))
  expect_equal(feature_r2(rbind(c(0, 2)), rbind(c(2, 0))), -3)
})

test_that("information() is what only one omic knows, and finds leaks", {
  split_world_works()
  world <- split_world(samples = 260)
  fit <- split_fit(utils::modifyList(world, list(omics = world_half(world, paste0("s", 1:100)))))
  test <- world_half(world, paste0("s", 101:260))
  found <- information(fit, test)
  expect_identical(found$omic, c("a", "b"))
  expect_identical(found$samples, c(160L, 160L))
  cross <- summary(cross_prediction(fit, test))
  expect_equal(found$shared, cross$mean)
  expect_equal(found$total, found$shared + found$private)
  full <- predict(fit, test, type = "reconstruction")
  expect_equal(found$total[1], mean(feature_r2(test$a, full$a)))
  expect_true(all(found$private > 0.2))
  expect_true(all(found$p > 0.05))
  expect_identical(found, information(fit, test, seed = fit$seed))

  # A private block that holds what is shared is told.
  leaky <- \(fit, data) {
    told <- world_posterior(fit, data)
    told$mean[, "a_1"] <- told$mean[, "a_1"] + 2 * told$mean[, "shared_1"]
    told
  }
  replace_function("split_embed", leaky, environment())
  leak <- information(fit, test)
  expect_identical(leak$p[1], 1 / 200)
  expect_gt(leak$dependence[1], 2)
  expect_equal(leak[2, ], found[2, ])
})

test_that("HSIC is that of its definition", {
  withr::local_seed(3)
  a <- matrix(rnorm(90), 30)
  b <- cbind(a[, 1]^2, rnorm(30))
  kernel <- function(x) {
    n <- nrow(x)
    d2 <- outer(seq_len(n), seq_len(n), Vectorize(\(i, j) sum((x[i, ] - x[j, ])^2)))
    exp(-d2 / (2 * median(sqrt(d2[upper.tri(d2)]))^2))
  }
  h <- diag(30) - 1 / 30
  hsic <- \(order) sum(diag(kernel(a) %*% h %*% kernel(b)[order, order] %*% h)) / 30^2
  by_chance <- with_seed(5, replicate(hsic_permutations, hsic(sample.int(30))))
  test <- independence_test(a, b, seed = 5)
  expect_equal(test$ratio, hsic(1:30) / mean(by_chance))
  expect_equal(test$p, (1 + sum(by_chance >= hsic(1:30))) / 200)
})

test_that("p-values of independent blocks are uniform, those of dependent ones small", {
  withr::local_seed(4)
  null <- lapply(seq_len(60), \(i) {
    independence_test(matrix(rnorm(60), 30), matrix(rnorm(90), 30), seed = i)
  })
  p <- vapply(null, `[[`, 0, "p")
  expect_gt(suppressWarnings(stats::ks.test(p, "punif"))$p.value, 0.01)
  expect_equal(mean(vapply(null, `[[`, 0, "ratio")), 1, tolerance = 0.06)
  a <- rnorm(60)
  curved <- independence_test(matrix(a), matrix(a^2 + rnorm(60, sd = 0.3)), seed = 1)
  expect_identical(curved$p, 1 / 200)
  expect_identical(independence_test(matrix(1, 9, 2), matrix(rnorm(9)), 1)$p, NA_real_)
  expect_identical(independence_test(matrix(0, 9, 0), matrix(rnorm(9)), 1)$ratio, NA_real_)
})

test_that("omic_importance() says which omic tells the labels", {
  fit <- split_fit(split_world(samples = 120, lacking = list(b = paste0("s", 111:120))))
  # Only a's private coordinates know the label.
  label <- stats::setNames(ifelse(fit$latent[, "a_1"] > 0, "high", "low"), fit$samples)
  found <- omic_importance(fit, label)
  purity <- found$purity
  expect_identical(names(purity), c("label", "omic", "samples", "purity", "chance"))
  expect_gt(min(purity$purity[purity$omic == "a"]), 0.8)
  b <- purity[purity$omic == "b", ]
  expect_lt(max(abs(b$purity - b$chance)), 0.12)
  expect_true(all(found$theta$theta > 0.3))
  expect_identical(found$theta$samples, as.integer(table(label[1:110])))
  expect_identical(omic_importance(fit, unname(label)), found)
  expect_identical(omic_importance(fit, rev(label)), found)

  # By hand, of one label.
  near <- \(omic, samples) {
    d <- as.matrix(stats::dist(latent(fit, omic)[samples, ]))
    diag(d) <- Inf
    share <- apply(d, 1, \(d) mean(label[samples][order(d)[1:10]] == "low"))
    share[label[samples] == "low"]
  }
  a <- near("a", fit$samples)
  with_b <- setdiff(fit$samples, paste0("s", 111:120))
  expect_equal(purity$purity[purity$label == "low"], c(mean(a), mean(near("b", with_b))))
  theta <- log((10 * a[names(near("b", with_b))] + 1) / 12 / ((10 * near("b", with_b) + 1) / 12))
  expect_equal(found$theta$theta[found$theta$label == "low"], mean(theta))
})

test_that("samples without a label are nobody's neighbours", {
  fit <- split_fit(split_world(samples = 60))
  label <- rep(c("x", "y", NA), 20)
  some <- fit
  kept <- !is.na(label)
  some$latent <- fit$latent[kept, ]
  some$latent_sd <- fit$latent_sd[kept, ]
  some$samples <- fit$samples[kept]
  some$validation <- intersect(fit$validation, some$samples)
  for (omic in names(fit$omics)) some$omics[[omic]]$samples <- seq_len(sum(kept))
  expect_equal(omic_importance(fit, label, 5)$purity, omic_importance(some, label[kept], 5)$purity)
})

test_that("nearest rows are those of all distances, block by block", {
  x <- withr::with_seed(1, matrix(rnorm(600 * 2), 600))
  d <- as.matrix(stats::dist(x))
  diag(d) <- Inf
  expect_identical(nearest_rows(x, 3), unname(t(apply(d, 1, \(row) order(row)[1:3]))))
  expect_identical(dim(nearest_rows(x, 1)), c(600L, 1L))
})

test_that("omics may have nothing of their own, and nothing may be shared", {
  split_world_works()
  world <- split_world(samples = 50, private = c(a = 2, b = 0))
  fit <- split_fit(world)
  expect_identical(dim(latent(fit, "b")), c(50L, 0L))
  found <- information(fit, world$omics)
  expect_identical(c(found$dependence[2], found$p[2]), c(NA_real_, NA_real_))
  expect_lt(abs(found$private[2]), found$private[1] / 2)
  label <- rep(c("x", "y"), 25)
  purity <- omic_importance(fit, label)$purity
  expect_identical(is.na(purity$purity), purity$omic == "b")

  apart <- split_world(samples = 50, shared = 0)
  none <- split_fit(apart)
  expect_identical(ncol(latent(none, "shared")), 0L)
  # Nothing but the mean is predicted, which is that of training.
  expect_equal(cross_prediction(none, apart$omics)$r2, rep(0, 70))
  expect_identical(information(none, apart$omics)$p, c(NA_real_, NA_real_))
  skip_if_not_installed("ggplot2")
  expect_s3_class(ggplot2::autoplot(none, "latent"), "ggplot")
})

test_that("tables have a row per unit", {
  fit <- split_fit(split_world(samples = 40, lacking = list(b = "s1")))
  loading <- tidy(fit)
  expect_named(loading, c("omic", "feature", "factor", "loading", "inclusion"))
  expect_identical(nrow(loading), as.integer(sum(unlist(lapply(fit$loadings, `!=`, 0)))))
  factors <- tidy(fit, "factors")
  expect_identical(as.character(factors$factor),
                   c("shared_1", "shared_1", "shared_2", "shared_2", "a_1", "a_2", "b_1", "b_2",
                     "b_3"))
  expect_identical(as.character(factors$block), rep(c("shared", "a", "b"), c(4, 2, 3)))
  expect_equal(factors$share[1], mean(fit$loadings$a[, 1]^2))
  expect_identical(sum(factors$loadings), nrow(loading))
  latent <- tidy(fit, "latent")
  expect_identical(nrow(latent), 40L * 7L)
  own <- latent[latent$sample == "s1" & latent$block == "b", ]
  expect_true(all(is.na(own$latent)) && all(is.na(own$sd)))
  row <- latent[latent$sample == "s3" & latent$factor == "a_2", ]
  expect_identical(c(row$latent, row$sd), unname(c(fit$latent["s3", "a_2"],
                                                   fit$latent_sd["s3", "a_2"])))
  expect_identical(nrow(tidy(fit, "variance")), 70L)
  expect_identical(nrow(tidy(fit, "history")), 6L)
  one <- glance(fit)
  expect_identical(c(one$shared, one$private, one$features), c(2L, 5L, 70L))
  expect_equal(one$r2_shared, mean(variance_explained(fit)$shared))
  expect_equal(one$validation_loss, 2.2)
  added <- augment(fit, data.frame(sample = c("s2", "s1"), age = 1:2))
  expect_equal(added$.a_1, unname(fit$latent[c("s2", "s1"), "a_1"]))
})

test_that("fits with dense decoders are read but for loadings", {
  fit <- split_fit(split_world(samples = 40))
  fit[c("loadings", "inclusion", "latent_sd")] <- NULL
  fit$decoder <- "dense"
  fit$method <- fit$config$method <- "indiseek"
  expect_true(all(is.na(tidy(fit, "latent")$sd)))
  expect_snapshot({
    print(fit)
    tell(top_features(fit))
    tell(tidy(fit))
    tell(tidy(fit, "factors"))
    tell(latent(fit, sd = TRUE))
  })
})

test_that("prints say what is shared and private", {
  split_world_works()
  world <- split_world()
  fit <- split_fit(world)
  label <- ifelse(fit$latent[, "a_1"] > 0, "high", "low")
  expect_snapshot({
    fit
    summary(fit)
    cross_prediction(fit, world$omics)
    omic_importance(fit, label)
  })
  cross <- cross_prediction(fit, world$omics)
  expect_output(print(cross[1:2, c("feature", "r2")]), "a1")
})

test_that("wrong arguments are errors that say what there is", {
  split_world_works()
  world <- split_world(samples = 30)
  fit <- split_fit(world)
  apart <- list(a = world$omics$a[, 1:10], b = world$omics$b[, 11:20])
  expect_snapshot({
    tell(latent(fit, "c"))
    tell(latent(fit, sd = 1))
    tell(predict(fit, type = "reconstruction"))
    tell(predict(fit, world$omics, from = "a"))
    tell(predict(fit, world$omics, type = "reconstruction", from = "c"))
    tell(predict(fit, world$omics["a"], type = "reconstruction", from = "b"))
    tell(predict(fit, world$omics, covariates = data.frame(age = 1)))
    tell(top_features(fit, "c: shared_1"))
    tell(top_features(fit, 9))
    tell(top_features(fit, "shared_1", omic = "c"))
    tell(top_features(fit, n = 0))
    tell(cross_prediction(list(), world$omics))
    tell(cross_prediction(fit, world$omics["a"]))
    tell(information(fit, apart))
    tell(information(fit, world$omics, seed = -1))
    tell(omic_importance(fit, c("x", "y")))
    tell(omic_importance(fit, rep("x", 30)))
    tell(omic_importance(fit, NULL))
    tell(omic_importance(fit, rep(c("x", "y"), 15), neighbours = 30))
    tell(omic_importance(fit, rep(c("x", "y"), 15), neighbours = 0))
    tell(plot_split(list()))
    tell(plot_cross_prediction(data.frame(from = 1)))
  })
})

test_that("figures draw the numbers", {
  skip_if_not_installed("ggplot2")
  split_world_works()
  world <- split_world(samples = 60, lacking = list(b = paste0("s", 1:9)))
  fit <- split_fit(world)
  plot <- plot_split(fit)
  shares <- variance_explained(fit)
  expect_equal(plot$data$share, c(shares$shared, shares$private))
  built <- ggplot2::ggplot_build(plot)$data[[1]]
  expect_equal(max(built$xmax), max(shares$total))
  cross <- cross_prediction(fit, world$omics)
  curve <- plot_cross_prediction(cross, n = 3)
  expect_identical(nrow(curve$data), nrow(cross))
  layers <- ggplot2::ggplot_build(curve)$data
  named <- layers[[length(layers)]]$label
  best <- lapply(c("a", "b"), \(to) {
    rows <- cross[cross$to == to, ]
    rows$feature[order(-rows$r2)[1:3]]
  })
  expect_setequal(named, unlist(best))
  drawn <- list(plot, curve, ggplot2::autoplot(cross, n = 0), ggplot2::autoplot(fit),
                ggplot2::autoplot(fit, "history"),
                ggplot2::autoplot(fit, "latent", group = rep(c("x", "y"), 30)))
  for (figure in drawn) expect_draws(figure)
})

test_that("figures of features and samples read shared and private coordinates", {
  skip_if_not_installed("ggplot2")
  split_world_works()
  world <- split_world(samples = 60)
  fit <- split_fit(world)
  bars <- plot_top_features(fit, "b_1", n = 4)$data
  expected <- top_features(fit, "b_1", n = 4)
  expect_identical(bars$feature, expected$feature)
  expect_identical(bars$loading, abs(expected$loading))
  tiles <- plot_loadings(fit, n = 3, by = "effect")$data
  for (omic in c("a", "b")) {
    shown <- unique(tiles$feature[tiles$omic == omic])
    largest <- apply(abs(fit$loadings[[omic]]), 1, max)
    expect_setequal(shown, names(sort(largest, decreasing = TRUE))[1:3])
  }
  of_a <- tiles[tiles$omic == "a", ]
  expect_identical(of_a$effect, fit$loadings$a[cbind(of_a$feature, as.character(of_a$factor))])
  map <- plot_map(fit, rep(c("x", "y"), 30))
  expect_equal(unname(cbind(map$data$x, map$data$y)),
               unname(stats::prcomp(latent(fit, "shared"))$x))
  for (type in c("loadings", "top_features", "map")) expect_draws(ggplot2::autoplot(fit, type))
  expect_error(plot_top_features(fit, "Factor1"), "Factor1")
  fit["loadings"] <- list(NULL)
  expect_error(plot_loadings(fit), "dense decoders have none")
})
