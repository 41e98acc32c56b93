named <- function() {
  fit <- small_fit()
  factor_names(fit) <- c("Immune", "Basal", "Cycle", "Stroma", "Rest")[seq_len(fit$factors)]
  fit
}

test_that("names change, numbers do not", {
  fit <- small_fit()
  new <- named()
  names <- factor_names(new)
  expect_identical(factor_names(fit), paste0("Factor", 1:5))
  expect_identical(colnames(latent(new)), names)
  expect_identical(unname(latent(new)), unname(latent(fit)))
  expect_identical(predict(new, small_cohort()$omics),
                   `colnames<-`(predict(fit, small_cohort()$omics), names))
  for (of in list(loadings, feature_effects, inclusion)) {
    expect_identical(lapply(of(new), as.matrix),
                     lapply(of(fit), \(w) `colnames<-`(as.matrix(w), names)))
  }
  expect_identical(new$seal, fit$seal)
})

test_that("names are kept with the fit, and taken back", {
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(named(), file)
  back <- readRDS(file)
  expect_identical(check_fit(back), named())
  factor_names(back) <- paste0("Factor", 1:5)
  expect_identical(back, small_fit())
})

test_that("some are named by what they are called", {
  fit <- small_fit()
  factor_names(fit) <- c(Factor3 = "Immune", Factor1 = "Factor3")
  expect_identical(factor_names(fit), c("Factor3", "Factor2", "Immune", "Factor4", "Factor5"))
  expect_identical(top_features(fit, "Immune")$feature, top_features(small_fit(), 3)$feature)
})

test_that("every table has the names, in order", {
  fit <- named()
  names <- factor_names(fit)
  omics <- small_cohort()$omics
  for (what in c("loadings", "effects", "latent", "contributions", "variance", "factors")) {
    expect_identical(levels(tidy(fit, what)$factor), names)
    expect_false(anyNA(tidy(fit, what)$factor))
  }
  expect_identical(levels(tidy(fit, "features")$main_factor), names)
  tables <- list(
    variance_explained(fit, omics), feature_effects(fit, "table"), top_features(fit, 1:5),
    feature_links(fit, "Immune"), associate_factors(fit, data.frame(
      group = small_group(), row.names = fit$samples
    )),
    feature_response(fit, top_features(fit, 1)$feature[1], factor = "Immune")
  )
  for (table in tables) {
    expect_true(all(as.character(table[["factor"]]) %in% names))
    text <- unlist(lapply(table, as.character))
    expect_false(any(grepl("Factor[0-9]", text)))
  }
  expect_identical(dimnames(contributions(fit, omics))[[3]], names)
  expect_identical(dimnames(contributions(fit))[[3]], names)
  expect_true(all(paste0(".", names) %in% names(augment(fit))))
  expect_output(print(fit), "Immune")
  again <- uncertainty(fit, omics, refits = 10, seed = 1)
  for (table in c("effects", "loadings", "variance", "contributions", "factors")) {
    expect_identical(levels(again[[table]]$factor), names)
  }
})

test_that("every figure has the names", {
  skip_if_not_installed("ggplot2")
  fit <- named()
  for (type in c("variance", "loadings", "strength", "top_features", "sparsity", "links", "latent",
                 "factors", "contributions")) {
    plot <- ggplot2::autoplot(fit, type)
    expect_draws(plot)
    text <- unlist(lapply(plot$data, as.character))
    expect_false(any(grepl("Factor[0-9]", c(text, unlist(plot$labels)))), info = type)
  }
})

test_that("names come after numbers, in the order they have", {
  expect_identical(sort_factors(c("Factor10", "Immune", "Factor9", "Basal")),
                   c("Factor9", "Factor10", "Immune", "Basal"))
  expect_identical(factor_number(c("Factor12", "Factors of growth")), c("12", "Factors of growth"))
})

test_that("factors of blocks keep their names", {
  split <- split_fit(split_world())
  expect_identical(factor_names(split), colnames(split$latent))
  expect_error(factor_names(split) <- "new", "keep their")
})

test_that("names that make no sense are errors", {
  fit <- small_fit()
  name <- \(value) factor_names(fit) <- value
  expect_error(name("one"), "one name for each of 5 factors.*There is 1")
  expect_error(name(1:5), "must be text.*class \"integer\"")
  expect_error(name(c("a", "b", "c", "d", "a")), "must differ.*\"a\"")
  expect_error(name(c("a", "b", "c", "d", " ")), "not empty")
  expect_error(name(c(Factor9 = "a")), "Not in use: \"Factor9\"")
  expect_error(name(c(Factor1 = "Factor2")), "must differ.*\"Factor2\"")
  expect_error(factor_names(list()), "must be a fit")
})

test_that("a fit of which one part has other names is not whole", {
  fit <- small_fit()
  colnames(fit$latent)[1] <- "Immune"
  expect_error(gates(fit), "not a whole fit")
})
