quick_split <- function(x, ..., shared = 3, private = 3, epochs = 10, seed = 1, threads = 1,
                        control = list()) {
  poems_split(x, shared = shared, private = private, seed = seed, ..., control = utils::modifyList(
    list(epochs = epochs, threads = threads, encoder_units = 40), control
  ))
}

test_that("planted shared and private coordinates are found, each in its block", {
  world <- split_world(samples = 300, seed = 3)
  fit <- quick_split(world$omics, epochs = 60)
  within <- \(truth, block) found(truth, latent(fit, block))
  expect_gt(within(world$z$shared, "shared"), 0.9)
  for (omic in names(world$omics)) {
    expect_gt(within(world$z[[omic]], omic), 0.85)
    expect_lt(within(world$z$shared, omic), 0.1)
    expect_lt(within(world$z[[omic]], "shared"), 0.1)
  }
  # Loadings tell which features answer to which block.
  for (omic in names(world$omics)) {
    blocks <- ifelse(grepl("^shared", colnames(fit$loadings[[omic]])), "shared", "private")
    strength <- \(w, block) sqrt(rowSums(w[, block, drop = FALSE]^2))
    planted <- world$loadings[[omic]]
    of_shared <- grepl("^shared", colnames(planted))
    real <- rowSums(planted[, of_shared, drop = FALSE] != 0) > 0
    expect_gt(mean(strength(fit$loadings[[omic]], blocks == "shared")[real] > 0), 0.9)
    expect_lt(mean(strength(fit$loadings[[omic]], blocks == "shared")[!real] > 0.2), 0.1)
    v <- fit$variance[[omic]]
    expect_gt(stats::cor(v$shared, rowSums(planted[, of_shared, drop = FALSE]^2)), 0.7)
  }
})

test_that("omics predict each other as well as the planted shared coordinates do", {
  world <- split_world(samples = 400, seed = 5)
  train <- lapply(world$omics, \(x) x[, 1:250])
  test <- lapply(world$omics, \(x) x[, 251:400])
  fit <- quick_split(train, epochs = 60)
  for (to in names(test)) {
    from <- setdiff(names(test), to)
    predicted <- predict(fit, test, type = "reconstruction", from = from)[[to]]
    r2 <- \(x, p) 1 - sum((x - p)^2) / sum((x - rowMeans(x))^2)
    known <- world$loadings[[to]][, 1:2] %*% t(world$z$shared[251:400, ]) + 5
    expect_gt(r2(test[[to]], predicted), r2(test[[to]], known) - 0.08)
  }
})

test_that("standard deviations cover the shared coordinates, with both omics and with one", {
  world <- split_world(samples = 600, seed = 7, lacking = list(a = paste0("s", 1:120),
                                                               b = paste0("s", 121:240)))
  fit <- quick_split(world$omics, shared = 2, private = 3, epochs = 60)
  z <- latent(fit, "shared")
  sd <- latent(fit, "shared", sd = TRUE)
  truth <- world$z$shared[fit$samples, ]
  omics <- vapply(world$omics, \(x) fit$samples %in% colnames(x), logical(600))
  complete <- rowSums(omics) == 2
  # The model knows coordinates up to a rotation: the truth, turned to the fit's axes.
  axes <- svd(stats::lm.fit(cbind(1, truth), z)$coefficients[-1, ])
  truth <- truth %*% axes$u %*% t(axes$v)
  for (who in list(complete, !omics[, "a"], !omics[, "b"])) {
    covered <- mean(abs(truth[who, ] - z[who, ]) < 1.96 * sd[who, ])
    expect_gt(covered, 0.8)  # 0.95 if nothing had to be estimated
  }
  expect_gt(mean(sd[!complete, ]), mean(sd[complete, ]))
  for (omic in names(world$omics)) {
    own <- latent(fit, omic)
    there <- !is.na(own[, 1])
    truth <- world$z[[omic]][fit$samples, ][there, ]
    axes <- svd(stats::lm.fit(cbind(1, truth), own[there, ])$coefficients[-1, ])
    error <- truth %*% axes$u %*% t(axes$v) - own[there, ]
    expect_gt(mean(abs(error) < 1.96 * latent(fit, omic, sd = TRUE)[there, ]), 0.75)
  }
})

test_that("fits are the same on any number of threads, and after saveRDS()", {
  world <- split_world(samples = 80, seed = 2, lacking = list(a = paste0("s", 1:9)))
  one <- quick_split(world$omics, epochs = 3)
  two <- quick_split(world$omics, epochs = 3, threads = 2)
  expect_identical(one$latent, two$latent)
  expect_identical(one$loadings, two$loadings)
  file <- withr::local_tempfile()
  saveRDS(one, file)
  again <- readRDS(file)
  expect_identical(predict(one, world$omics), predict(again, world$omics))
  expect_equal(predict(one, world$omics), latent(one), tolerance = 1e-5)
})

test_that("missing values, missing omics, three omics and unequal private blocks are taken", {
  world <- split_world(samples = 90, sizes = c(a = 30, b = 25, c = 20), shared = 2,
                       private = c(a = 2, b = 1, c = 2), lacking = list(b = paste0("s", 1:20)))
  complete <- lapply(world$omics, \(x) x[, paste0("s", 21:90)])
  world$omics$a[3, 5] <- NA
  fit <- quick_split(world$omics, private = c(b = 1, a = 2, c = 3), epochs = 3)
  expect_true(all(lengths(fit$blocks) <= c(3, 2, 1, 3)))  # shared, a, b, c
  expect_identical(lengths(fit$blocks)[-1], fit$private)
  dense <- quick_split(complete, private = c(b = 1, a = 2, c = 3), decoder = "dense", epochs = 2)
  expect_identical(lengths(dense$blocks), c(shared = 3L, a = 2L, b = 1L, c = 3L))
  expect_true(all(is.na(latent(fit, "b")[1:20, ])))
  expect_false(anyNA(latent(fit, c("shared", "a", "c"))))
  predicted <- predict(fit, world$omics, type = "reconstruction")
  expect_false(anyNA(predicted$b))
})

test_that("counts, 0/1 data and covariates are modelled by sparse decoders", {
  mixed <- simulate_omics(80, c(rna = 30, mutations = 20, protein = 20), factors = 2, seed = 1,
                          family = c(rna = "negative_binomial", mutations = "bernoulli"))
  batch <- data.frame(batch = rep(c("A", "B"), 40), row.names = rownames(mixed$factors))
  fit <- quick_split(mixed$omics, covariates = batch, epochs = 3)
  predicted <- predict(fit, mixed$omics, type = "reconstruction", covariates = batch)
  expect_true(all(predicted$rna >= 0))
  expect_true(all(predicted$mutations > 0 & predicted$mutations < 1))
})

test_that("every method fits, with the decoders that it has", {
  world <- split_world(samples = 60)
  labels <- stats::setNames(rep(c("x", "y", NA), 20), colnames(world$omics$a))
  for (method in c("mmvae++", "mmvae", "mopoe", "mvae")) {
    for (decoder in c("sparse", "dense")) {
      fit <- quick_split(world$omics, method = method, decoder = decoder, epochs = 2,
                         labels = labels)
      expect_true(all(is.finite(fit$latent)))
      expect_true(all(fit$latent_sd > 0))
      expect_identical(is.null(fit$loadings), decoder == "dense")
    }
  }
  fit <- quick_split(world$omics, method = "indiseek", epochs = 2, completeness = 10)
  expect_identical(fit$decoder, "dense")
  expect_null(fit$latent_sd)
  # What the reconstruction is weighed by survives training: the mean squared length of a sample.
  expect_equal(drop(fit$parameters[["omics/a/specific/squared_length"]]), 40, tolerance = 0.05)
  cross <- predict(fit, world$omics, type = "reconstruction", from = "a")$b
  expect_true(all(is.finite(cross)))
})

test_that("products and mixtures of experts start from the same posterior", {
  world <- split_world(samples = 150, lacking = list(a = paste0("s", 1:30)))
  start <- \(method) quick_split(world$omics, method = method, epochs = 1,
                                control = list(learning_rate = 1e-12))
  mixture <- start("mmvae++")
  for (method in c("mvae", "mopoe")) {
    product <- start(method)
    expect_equal(latent(product, "shared"), latent(mixture, "shared"), tolerance = 1e-4)
    # Private coordinates shrink with the noise that their decoder has come to in the one epoch.
    for (block in c("a", "b")) {
      same <- diag(stats::cor(latent(product, block), latent(mixture, block),
                              use = "complete.obs"))
      expect_equal(unname(same), rep(1, length(same)), tolerance = 1e-9)
      expect_equal(latent(product, block), latent(mixture, block), tolerance = 2e-3)
    }
    expect_equal(latent(product, "shared", sd = TRUE), latent(mixture, "shared", sd = TRUE),
                 tolerance = 1e-4)
  }
})

test_that("labels shape the shared block", {
  world <- split_world(samples = 200, seed = 4)
  label <- world$z$a[, 1] > 0  # of a private coordinate
  told <- \(labels) {
    fit <- quick_split(world$omics, decoder = "dense", labels = labels, epochs = 30)
    summary(stats::lm(label ~ latent(fit, "shared")))$r.squared
  }
  expect_gt(told(label), told(NULL) + 0.1)
})

test_that("gene sets that a coordinate moves are found, and information() looks at the fit", {
  skip_if_not_installed("limma")
  world <- split_world(samples = 200, seed = 3)
  fit <- quick_split(world$omics, epochs = 30)
  w <- world$loadings$a
  planted <- rownames(w)[w[, "a_1"] > 0]
  others <- utils::head(setdiff(rownames(w), planted), length(planted))
  sets <- list(planted = planted, other = others)
  enriched <- enrich_factors(fit, sets, min_size = 3)
  best <- enriched[1, ]
  expect_identical(best$set, "planted")
  expect_match(best$factor, "^a_")
  told <- information(fit)
  expect_equal(told$total, told$shared + told$private)
  expect_equal(told$shared, variance_explained(fit)$shared)
  expect_true(all(is.na(told$p)))  # the fit has made these coordinates free of each other
})

test_that("nothing is shared, and nothing private, in noise", {
  for (seed in 1:3) {
    noise <- withr::with_seed(seed, lapply(c(a = 40, b = 30), \(features) {
      matrix(stats::rnorm(features * 100), features,
             dimnames = list(paste0("f", seq_len(features)), paste0("s", 1:100)))
    }))
    fit <- quick_split(noise, epochs = 30, seed = seed)
    expect_identical(c(fit$shared, fit$private), c(1L, a = 1L, b = 1L))
    for (omic in names(noise)) expect_true(all(fit$loadings[[omic]] == 0))
  }
})

test_that("bad arguments are told before any work", {
  world <- split_world(samples = 30)
  x <- world$omics
  expect_snapshot(error = TRUE, {
    poems_split(x, shared = 0)
    poems_split(x, private = c(2, 2, 2))
    poems_split(x, private = c(a = 2, z = 2))
    poems_split(x, private = 1.5)
    poems_split(x["a"])
    poems_split(x, completeness = 2)
    poems_split(x, method = "indiseek", completeness = -1)
    poems_split(x, method = "indiseek", decoder = "sparse")
    poems_split(x, method = "indiseek", labels = rep(1:2, 15))
    poems_split(x, labels = 1:30)
    poems_split(x, labels = c(TRUE, FALSE))
    poems_split(x, labels = c(other = TRUE, another = FALSE))
    poems_split(x, control = list(epochs = 0))
    poems_split(x, control = list(rate = 1))
    poems_split(x, decoder = "dense", covariates = data.frame(a = 1:30))
    poems_split(stats::setNames(x, c("a", "shared")))
    poems_split(stats::setNames(x, c("a", "b/c")))
  })
})
