test_that("tidy loadings are the matrices' non-zero values, effects and probabilities", {
  fit <- small_fit()
  table <- tidy(fit)
  expect_named(table, c("omic", "feature", "factor", "loading", "effect", "inclusion"))
  expect_identical(levels(table$omic), names(fit$omics))
  expect_identical(levels(table$factor), colnames(latent(fit)))
  expect_type(table$feature, "character")
  expect_false(is.unsorted(as.integer(table$omic)))
  effects <- feature_effects(fit)
  for (omic in names(fit$omics)) {
    rows <- table[table$omic == omic, ]
    at <- cbind(rows$feature, as.character(rows$factor))
    w <- as.matrix(fit$loadings[[omic]])
    expect_identical(nrow(rows), sum(w != 0))
    expect_identical(rows$loading, w[at])
    expect_identical(rows$effect, as.matrix(effects[[omic]])[at])
    expect_identical(rows$inclusion, inclusion(fit)[[omic]][at])
  }
})

test_that("tidy features sum up the rows of the loadings", {
  fit <- small_fit()
  table <- tidy(fit, "features")
  expect_named(table, c("omic", "feature", "strength", "factors", "main_factor", "r2"))
  for (omic in names(fit$omics)) {
    rows <- table[table$omic == omic, ]
    w <- abs(as.matrix(fit$loadings[[omic]]))
    expect_identical(rows$feature, rownames(w))
    expect_equal(rows$strength, unname(rowSums(w)))
    expect_equal(rows$factors, unname(rowSums(w > 0)))
    main <- colnames(w)[apply(w, 1, which.max)]
    expect_identical(as.character(rows$main_factor), ifelse(rowSums(w) > 0, main, NA)[rows$feature],
                     ignore_attr = TRUE)
  }
  expect_identical(table$r2, variance_explained(fit, by = "feature")$r2)
})

test_that("a feature without loadings has no main factor", {
  w <- Matrix::sparseMatrix(i = c(1, 1), j = c(1, 2), x = c(1, -2), dims = c(2, 2),
                            dimnames = list(c("a", "b"), c("Factor1", "Factor2")))
  expect_identical(feature_strengths(w, "mrna"), data.frame(
    omic = "mrna", feature = c("a", "b"), strength = c(3, 0), factors = c(2L, 0L),
    main_factor = c("Factor2", NA)
  ))
})

test_that("tidy latent and gates have the matrices' values, sample by sample", {
  fit <- small_fit()
  table <- tidy(fit, "latent")
  expect_named(table, c("sample", "factor", "latent", "scaled"))
  at <- cbind(table$sample, as.character(table$factor))
  expect_identical(table$sample, rep(fit$samples, each = 5))
  expect_identical(table$latent, latent(fit)[at])
  expect_identical(table$scaled, latent(fit, scaled = TRUE)[at])

  table <- tidy(fit, "gates")
  expect_named(table, c("sample", "omic", "gate", "observed"))
  expect_identical(table$gate, gates(fit)[cbind(table$sample, as.character(table$omic))])
  lacking <- table$omic == "mirna" & !table$sample %in% colnames(small_cohort()$omics$mirna)
  expect_identical(table$observed, !lacking)
  expect_identical(nrow(table), 180L)
})

test_that("tidy variance, omics and history are those of the fit", {
  fit <- small_fit()
  table <- tidy(fit, "variance")
  expect_identical(table$r2, variance_explained(fit)$r2)
  expect_identical(as.character(table$factor), variance_explained(fit)$factor)

  table <- tidy(fit, "omics")
  expect_named(table, c("omic", "family", "features", "samples", "r2_training", "r2_validation",
                        "r2_hidden", "zero", "gate"))
  expect_identical(table$r2_hidden, unname(fit$remainder$hidden))
  expect_identical(table$family, rep("gaussian", 3))
  expect_identical(table$features, c(30L, 20L, 24L))
  expect_identical(table$samples, c(60L, 60L, 45L))
  expect_equal(table$zero, unname(vapply(fit$loadings, \(w) mean(as.matrix(w) == 0), 0)))

  table <- tidy(fit, "history")
  expect_named(table, c("epoch", "set", "loss", "kept"))
  expect_false(is.unsorted(table$epoch))
  expect_identical(table$loss[table$set == "training"], fit$history$training)
  expect_identical(table$loss[table$set == "validation"], fit$history$validation)
  expect_identical(unique(table$epoch[table$kept]), fit$best_epoch)
})

test_that("glance() is one row of what the fit holds", {
  fit <- small_fit()
  row <- glance(fit)
  expect_identical(dim(row), c(1L, 21L))
  expect_identical(row$samples, 60L)
  expect_identical(row$features, 74L)
  expect_identical(row$factors_used, fit$factors)
  training <- fit$variance$r2[fit$variance$set == "training"]
  expect_equal(row$r2_training, mean(training))
  w <- unlist(lapply(fit$loadings, as.matrix))
  expect_equal(row$zero, mean(w == 0))
  together <- do.call(rbind, lapply(fit$loadings, as.matrix)) != 0
  expect_equal(row$features_per_factor, median(colSums(together)))
  expect_equal(row$features_per_factor_min, min(colSums(together)))
  expect_equal(row$features_per_factor_max, max(colSums(together)))
  expect_equal(row$factors_per_feature, median(rowSums(together)))
  expect_identical(row$validation_loss, min(fit$history$validation))
  expect_identical(row$seed, 1L)

  fit$variance <- fit$variance[fit$variance$set == "training", ]
  fit$history$validation <- NaN
  fit$validation <- character()
  expect_identical(glance(fit)$r2_validation, NA_real_)
  expect_identical(glance(fit)$validation_loss, NA_real_)
})

test_that("a fit without a factor in use has empty tables", {
  fit <- with_factors(small_fit(), 0)
  # Some versions of Matrix leave matrices without columns no names of these.
  unnamed <- fit
  unnamed$loadings <- lapply(fit$loadings, \(w) {
    dimnames(w) <- list(rownames(w), NULL)
    w
  })
  for (fit in list(fit, unnamed)) {
    for (what in c("loadings", "effects", "latent", "variance")) {
      expect_identical(nrow(tidy(fit, what)), 0L)
      expect_named(tidy(fit, what), names(tidy(small_fit(), what)))
    }
    expect_named(tidy(fit, "features"), names(tidy(small_fit(), "features")))
    expect_true(all(is.na(tidy(fit, "features")$main_factor)))
    expect_identical(glance(fit)$factors_used, 0L)
    unknown <- c("zero", "features_per_factor", "features_per_factor_min", "factors_per_feature")
    expect_true(all(is.na(glance(fit)[unknown])))
  }
})

test_that("tables are tibbles where tibble is installed, data frames elsewhere", {
  table <- data.frame(a = 1:2, row.names = c("x", "y"))
  expect_identical(as_table(table, tibble = FALSE), data.frame(a = 1:2))
  skip_if_not_installed("tibble")
  expect_s3_class(tidy(small_fit()), "tbl_df")
  expect_s3_class(glance(small_fit()), "tbl_df")
})

test_that("tables print", {
  fit <- fixed_fit()
  shown <- \(table) print(as.data.frame(table), row.names = FALSE)
  expect_snapshot({
    shown(tidy(fit, "omics"))
    shown(tidy(fit, "variance"))
    shown(utils::head(tidy(fit, "history"), 3))
    shown(tidy(fit, "gates")[19:23, ])
    shown(glance(fit))
  })
})

test_that("tidy() names the tables it has", {
  expect_snapshot(tell(tidy(small_fit(), "pie")))
})

test_that("stability has tidy tables", {
  again <- stability(small_cohort()$omics, factors = 3, runs = 3, seed = 1,
                     control = quick_control(epochs = 15))
  expect_identical(as.data.frame(tidy(again)), again$factors)
  expect_identical(as.data.frame(tidy(again, "similarity")), again$similarity)
  table <- tidy(again, "selection")
  expect_named(table, c("omic", "feature", "factor", "share"))
  for (omic in names(again$selection)) {
    rows <- table[table$omic == omic, ]
    share <- again$selection[[omic]]
    expect_identical(rows$share, share[cbind(rows$feature, as.character(rows$factor))])
    expect_identical(nrow(rows), sum(share > 0))
  }
  pairs <- again$agreement[cbind(c(1, 1, 2), c(2, 3, 3))]
  row <- glance(again)
  expect_equal(row$agreement, mean(pairs))
  expect_identical(row$factors, nrow(again$factors))
  expect_identical(row$runs, 3L)
})

test_that("factor recovery has tidy tables", {
  truth <- simulate_omics(samples = 30, features = c(rna = 20), factors = 2, seed = 1)
  found <- factor_recovery(truth$factors, truth)
  expect_identical(as.data.frame(tidy(found)), as.data.frame(found))
  row <- glance(found)
  expect_equal(row$correlation, 1)
  expect_identical(row$f1, NA_real_)
  expect_identical(row$unmatched, 0)
  with_loadings <- factor_recovery(truth$factors, truth, truth$loadings)
  expect_equal(glance(with_loadings)$f1, 1)
})
