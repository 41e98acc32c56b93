test_that("POEM recovers planted shared factors", {
  truth <- planted_cohort()
  fit <- poems_baseline(truth$omics, "poem", factors = 8, seed = 1,
                        control = list(epochs = 150, learning_rate = 2e-3, threads = 1))
  expect_gt(min(stats::cancor(truth$shared, latent(fit))$cor), 0.95)
  # It has not learnt this from names or order: other samples' factors are not found.
  expect_lt(found(truth$shared[rev(seq_len(200)), ], latent(fit)), 0.2)
})

test_that("MOCSS holds apart what is shared and what is specific", {
  truth <- planted_cohort()
  control <- list(epochs = 150, learning_rate = 1e-3, threads = 1)
  for (model in c("mocss_ae", "mocss_vae")) {
    fit <- poems_baseline(truth$omics, model, embedding = 4, units = 64, seed = 1,
                          control = control)
    r2 <- found_apart(fit, truth)
    expect_gt(r2[["shared_in_shared"]], r2[["specific_in_shared"]] + 0.3)
    expect_gt(r2[["specific_in_specific"]], r2[["shared_in_specific"]] + 0.2)
    expect_gt(r2[["shared_in_shared"]], r2[["shared_in_specific"]] + 0.2)
  }
})

test_that("the sparse VAE has loadings on the features that its coordinates move", {
  truth <- planted_cohort()
  # The last 30 features of omic a are noise.
  noise <- 31:60
  truth$omics$a[noise, ] <- withr::with_seed(2, rnorm(30 * 200))
  fit <- poems_baseline(truth$omics, "mocss_sparsevae", embedding = 4, units = 32,
                        orthogonality_weight = 0, encoder_units = 32, decoder_units = 32, seed = 1,
                        control = list(epochs = 100, learning_rate = 3e-3, threads = 1))
  w <- loadings(fit)$a
  expect_identical(dimnames(w), list(rownames(truth$omics$a), paste0("a_", 1:4)))
  strength <- rowSums(abs(w))
  expect_gt(mean(strength[-noise]), 1.4 * mean(strength[noise]))
})

test_that("predict() of the samples of a fit is its embedding, in both forms", {
  for (model in all_baselines) {
    omics <- small_cohort()$omics
    fit <- quick_baseline(omics, model)
    expect_equal(predict(fit, omics), latent(fit), tolerance = 1e-6)
    expect_identical(predict(fit), latent(fit))
    whole <- whole_cohort()
    fit <- quick_baseline(whole, model, form = "published")
    expect_equal(predict(fit, whole), latent(fit), tolerance = 1e-6)
    expect_identical(fit$best_epoch, 5L)
  }
})

test_that("new samples may lack omics and features", {
  omics <- small_cohort()$omics
  for (model in all_baselines) {
    fit <- quick_baseline(omics, model)
    # miRNA is missing for the last 15 samples.
    lacks <- paste0("s", 46:60)
    expect_identical(rownames(latent(fit)), colnames(omics$rna))
    expect_false(anyNA(latent(fit, block = "shared")))
    if (model != "poem") {
      specific <- latent(fit, block = "specific/mirna")
      expect_identical(rownames(specific)[rowSums(is.na(specific)) > 0], lacks)
      expect_true(all(is.na(specific[lacks, ])))
    }
    one <- predict(fit, list(protein = omics$protein[, 1:3]))
    expect_identical(rownames(one), c("s01", "s02", "s03"))
    expect_warning(predict(fit, list(protein = omics$protein[1:10, 1:3])), "lacks features")
  }
})

test_that("a sample's embedding does not depend on who else is there", {
  omics <- small_cohort()$omics
  for (model in all_baselines) {
    fit <- quick_baseline(omics, model)
    some <- lapply(omics, \(x) x[, intersect(colnames(x), c("s03", "s50", "s07")), drop = FALSE])
    expect_equal(predict(fit, some), latent(fit)[c("s03", "s07", "s50"), ], tolerance = 1e-5)
  }
})

test_that("missing values are not what a fit is about", {
  # A feature that is missing in all but a few samples hardly matters, whatever its fill value.
  omics <- whole_cohort()
  fit <- quick_baseline(omics, epochs = 3)
  gaps <- omics
  gaps$rna[1, 4:45] <- NA
  other <- quick_baseline(gaps, epochs = 3)
  expect_gt(cor(as.vector(latent(fit)), as.vector(latent(other))), 0.9)
  expect_false(identical(latent(fit), latent(other)))
})

test_that("POEM reconstructs omics that samples lack, MOCSS says NA", {
  truth <- planted_cohort()
  train <- lapply(truth$omics, \(x) x[, 1:150])
  new <- lapply(truth$omics, \(x) x[, 151:200])
  fit <- poems_baseline(train, "poem", factors = 8, seed = 1,
                        control = list(epochs = 100, learning_rate = 2e-3, threads = 1))
  filled <- predict(fit, new[c("a", "b")], type = "reconstruction")$c
  expect_identical(dimnames(filled), dimnames(new$c))
  r2 <- 1 - sum((new$c - filled)^2) / sum((new$c - rowMeans(train$c))^2)
  expect_gt(r2, 0.25)  # of what two shared factors explain, a third

  mocss <- quick_baseline(train, "mocss_ae", units = 64, epochs = 60)
  again <- predict(mocss, new[c("a", "b")], type = "reconstruction")
  expect_true(all(is.na(again$c)))
  expect_gt(1 - sum((new$a - again$a)^2) / sum((new$a - rowMeans(train$a))^2), 0.2)
})

test_that("reconstructions are on the scale of the data", {
  omics <- lapply(whole_cohort(), \(x) exp(x / 4))
  fit <- quick_baseline(omics, preprocess = preprocess_steps("log1p"), epochs = 40)
  back <- predict(fit, omics, type = "reconstruction")
  ratio <- vapply(names(omics), \(omic) mean(log(back[[omic]]) - log(omics[[omic]])), 0)
  expect_lt(max(abs(ratio)), 0.15)
})

test_that("fits are the same on any number of threads, and differ with the seed", {
  omics <- small_cohort()$omics
  for (model in all_baselines) {
    fit <- quick_baseline(omics, model)
    expect_identical(quick_baseline(omics, model, threads = 2)$parameters, fit$parameters)
    expect_false(identical(quick_baseline(omics, model, seed = 2)$parameters, fit$parameters))
  }
  expect_identical(withr::with_seed(3, quick_baseline(omics, seed = NULL)$seed),
                   withr::with_seed(3, quick_baseline(omics, seed = NULL)$seed))
})

test_that("the corrected form keeps the best epoch", {
  omics <- small_cohort()$omics
  fit <- quick_baseline(omics, "mocss_sparsevae", epochs = 60,
                        control = list(learning_rate = 2e-2, patience = 5, validation = 0.2))
  expect_lt(fit$best_epoch, nrow(fit$history))
  expect_identical(fit$best_epoch, which.min(fit$history$validation))
  until_then <- quick_baseline(omics, "mocss_sparsevae", epochs = fit$best_epoch,
                               control = list(learning_rate = 2e-2, validation = 0.2))
  expect_identical(fit$latent, until_then$latent)
  expect_identical(fit$parameters, until_then$parameters)
})

test_that("the terms of the history make up the loss", {
  fit <- quick_baseline(small_cohort()$omics, "mocss_vae")
  terms <- fit$history[setdiff(names(fit$history), c("epoch", "training", "validation", "seconds"))]
  expect_true(all(c("kl", "contrastive", "orthogonality") %in% names(terms)))
  expect_equal(rowSums(terms), fit$history$training, tolerance = 1e-4)
})

test_that("a fit survives saveRDS() and forgetting its data", {
  omics <- small_cohort()$omics
  file <- withr::local_tempfile(fileext = ".rds")
  for (model in all_baselines) {
    fit <- quick_baseline(omics, model)
    saveRDS(fit, file)
    expect_identical(predict(readRDS(file), omics), predict(fit, omics))
  }
})

test_that("every kind of input gives the same fit", {
  omics <- whole_cohort()
  fit <- quick_baseline(omics)
  long <- do.call(rbind, Map(\(x, omic) data.frame(
    sample = rep(colnames(x), each = nrow(x)), omic = omic, feature = rownames(x),
    value = as.vector(x)
  ), omics, names(omics)))
  expect_identical(latent(quick_baseline(long)), latent(fit))
  expect_identical(latent(quick_baseline(lapply(omics, t), samples = "rows")), latent(fit))
  sparse <- lapply(omics, \(x) Matrix::Matrix(x, sparse = TRUE))
  expect_identical(latent(quick_baseline(sparse)), latent(fit))
})

test_that("published form minmax-scales and has the paper's tuned settings", {
  fit <- poems_baseline(whole_cohort(), "mocss_ae", form = "published", seed = 1,
                        control = list(epochs = 1, threads = 1))
  expect_identical(fit$scaling, "minmax")
  expect_equal(fit$control[c("batch_size", "learning_rate", "weight_decay")],
               list(batch_size = 256, learning_rate = 3e-4, weight_decay = 7e-4))
  expect_equal(fit$settings[c("embedding", "projection", "units", "temperature")],
               list(embedding = 32, projection = 8, units = 512, temperature = 0.4))
  # Fewer than 1000 features: 256, 128, 64.
  layer <- \(i) dim(fit$parameters[[sprintf("omics/rna/shared/encoder/layer%d/weight", i)]])
  expect_identical(vapply(1:4, layer, c(0L, 0L)), cbind(c(256L, 30L), c(128L, 256L), c(64L, 128L),
                                                        c(32L, 64L)))
})

test_that("errors name what is wrong and what there is", {
  omics <- whole_cohort()
  expect_error(poems_baseline(omics, "vae"), "model")
  expect_snapshot(error = TRUE, {
    poems_baseline(omics, "poem", embedding = 4)
    poems_baseline(omics, "poem", epochs = 4)
    poems_baseline(omics, "poem", 4)
    poems_baseline(omics, "mocss_ae", temperature = 0)
    poems_baseline(omics, "poem", factors = 2.5)
    poems_baseline(omics, "mocss_sparsevae", lambda0 = 0.1)
    poems_baseline(omics, control = list(epoch = 4))
    poems_baseline(omics, control = list(validation = 0.8))
    poems_baseline(omics, control = poems_control())
    poems_baseline(small_cohort()$omics, form = "published")
    poems_baseline(lapply(omics, \(x) round(exp(x))))
  })
})

test_that("errors of a fit's methods say what to do", {
  omics <- whole_cohort()
  fit <- quick_baseline(omics, "mocss_ae", form = "published", epochs = 1)
  expect_snapshot(error = TRUE, {
    latent(fit, block = "private")
    predict(fit, omics, type = "reconstruction")
    predict(fit, omics["rna"])
    tidy(fit, "loadings")
    predict(quick_baseline(omics, epochs = 1), type = "reconstruction")
  })
})

test_that("tables have the columns that their help says", {
  omics <- small_cohort()$omics
  fit <- quick_baseline(omics, "mocss_sparsevae")
  rows <- tidy(fit)
  expect_named(rows, c("sample", "block", "coordinate", "latent"))
  expect_identical(nrow(rows), length(latent(fit)))
  expect_equal(rows$latent[rows$sample == "s50" & rows$coordinate == "protein_2"],
               latent(fit)["s50", "protein_2"])
  loadings <- tidy(fit, "loadings")
  expect_named(loadings, c("omic", "feature", "coordinate", "loading", "inclusion"))
  expect_identical(nrow(loadings), 3L * (30L + 20L + 24L))
  expect_true(all(loadings$inclusion >= 0 & loadings$inclusion <= 1))
  expect_equal(loadings$loading[loadings$feature == "rna7"], unname(fit$loadings$rna["rna7", ]))
  expect_named(tidy(fit, "history"), c("epoch", "set", "loss", "kept"))
  expect_identical(glance(fit)$coordinates, 12L)
  expect_identical(glance(fit)$features, 74L)
})

test_that("augment() adds the embedding to what is known of samples", {
  fit <- quick_baseline(small_cohort()$omics)
  known <- data.frame(sample = c("s02", "s01"), age = c(50, 60))
  more <- augment(fit, known)
  expect_equal(more$.shared_1, unname(latent(fit)[c("s02", "s01"), "shared_1"]))
  expect_identical(augment(fit)$sample, fit$samples)
  expect_error(augment(fit, data.frame(sample = "x")), "data")
})

test_that("print() and autoplot() show a fit", {
  fit <- quick_baseline(small_cohort()$omics, "mocss_ae")
  fit$seconds <- 2.5
  fit$history[c("training", "validation")] <- data.frame(5:1, 6:2)
  expect_snapshot(print(fit))
  skip_if_not_installed("ggplot2")
  plot <- ggplot2::autoplot(fit)
  expect_identical(unique(plot$data$set), c("training", "validation"))
})

test_that("the help's table has every setting", {
  help <- baseline_settings_section()
  options <- baseline_options()
  expect_identical(sort(unique(options$model)), sort(baseline_models))
  for (setting in unique(options$setting)) {
    expect_true(any(grepl(sprintf("`%s`", setting), help)), label = setting)
  }
})
