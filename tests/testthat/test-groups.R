quiet <- list(threads = 1, progress = FALSE)

# Two studies, 150 samples each, of which every feature has another mean. The first factor moves
# both omics in both studies, the second omic b in study "one" only.
studies <- local({
  world <- NULL
  function() {
    if (is.null(world)) {
      world <<- withr::with_seed(5, {
        group <- rep(c("one", "two"), 150)
        z <- matrix(rnorm(600), 300)
        z[group == "two", 2] <- 0
        omics <- list(a = rep(1.5, 20) %o% z[, 1],
                      b = rbind(rep(1, 10) %o% z[, 1], rep(2, 10) %o% z[, 2]))
        omics <- lapply(omics, \(x) {
          x <- x + matrix(rnorm(length(x)), 20) + rnorm(20, sd = 2) %o% (group == "two")
          dimnames(x) <- list(paste0("f", 1:20), paste0("s", 1:300))
          x
        })
        names(group) <- colnames(omics$a)
        omics$b <- omics$b[, -(1:10)]
        list(omics = omics, group = group, factors = z)
      })
    }
    world
  }
})

grouped_fit <- local({
  fit <- NULL
  function() {
    if (is.null(fit)) {
      fit <<- poems(studies()$omics, 6, seed = 1, groups = studies()$group, control = quiet)
    }
    fit
  }
})

test_that("groups are a covariate", {
  world <- studies()
  control <- c(quiet, epochs = 3)
  as_covariate <- poems(world$omics, 4, seed = 1, control = control,
                        covariates = data.frame(groups = world$group))
  in_order <- poems(world$omics, 4, seed = 1, control = control, groups = unname(world$group))
  expect_identical(latent(in_order), latent(as_covariate))
  expect_identical(in_order$parameters, as_covariate$parameters)
  expect_null(as_covariate$covariates$groups)
  expect_identical(in_order$covariates$groups,
                   c(list(variable = "groups", of = unname(world$group)),
                     in_order$covariates$groups["taken"]))
})

test_that("means of groups leave the factors", {
  world <- studies()
  fit <- grouped_fit()
  naive <- poems(world$omics, 6, seed = 1, control = quiet)
  of_group <- \(fit) max(apply(latent(fit), 2, \(z) {
    summary(stats::lm(z ~ world$group[rownames(latent(fit))]))$r.squared
  }))
  expect_gt(of_group(naive), 0.5)
  expect_lt(of_group(fit), 0.03)
  expect_gt(max(abs(stats::cor(world$factors[, 1], latent(fit)))), 0.9)
})

test_that("the share of groups' means is that of a linear model of every feature", {
  world <- studies()
  r2 <- vapply(world$omics, \(x) mean(apply(x, 1, \(y) {
    summary(stats::lm(y ~ world$group[colnames(x)]))$r.squared
  })), 0)
  expect_equal(summary(grouped_fit())$groups$taken, r2, tolerance = 0.01)
})

test_that("what is explained in groups is that of their samples", {
  fit <- grouped_fit()
  world <- studies()
  shares <- variance_explained(fit, by = "group")
  design <- fit$covariates$design
  decode <- \(mode, omic) {
    x <- core_reconstruct(core_parameters(fit), fit$config, mode, 1L)[[match(omic,
                                                                            names(fit$omics))]]
    x + tcrossprod(fit$parameters$omics[[omic]]$covariate_effects, design)
  }
  mode <- core_mode_of(fit)
  for (omic in c("a", "b")) {
    s <- fit$omics[[omic]]
    at <- s$samples
    x <- (world$omics[[omic]] - tcrossprod(s$effects, design[at, , drop = FALSE]) - s$center) /
      s$scale
    x <- pmax(pmin(x, 6), -6)
    of <- world$group[colnames(x)]
    error <- \(xhat, group) sum((x - xhat[, at])[, of == group]^2)
    for (group in c("one", "two")) {
      total <- sum(x[, of == group]^2)
      row <- shares[shares$omic == omic & shares$group == group, ]
      expect_equal(row$r2, 1 - error(decode(mode, omic), group) / total, tolerance = 1e-4)
      expect_equal(row$weight, total / sum(x^2), tolerance = 1e-5)
      held <- mode
      held[, fit$order[1]] <- mean(mode[, fit$order[1]])
      by_factor <- variance_explained(fit, by = "group_factor")
      first <- by_factor[by_factor$omic == omic & by_factor$group == group &
                           by_factor$factor == "Factor1", ]
      gain <- error(decode(held, omic), group) - error(decode(mode, omic), group)
      expect_equal(first$r2, gain / total, tolerance = 1e-4)
    }
    total <- variance_explained(fit, by = "omic")
    expect_equal(sum((shares$r2 * shares$weight)[shares$omic == omic]),
                 total$r2[total$omic == omic], tolerance = 1e-6)
  }
  for (by in c("group", "group_factor", "sample")) {
    expect_equal(variance_explained(fit, world$omics, by, covariates = world$group),
                 variance_explained(fit, by = by), tolerance = 1e-3)
  }
})

test_that("a factor of one group is told from one of both", {
  fit <- grouped_fit()
  own <- which.max(abs(stats::cor(studies()$factors[, 2], latent(fit))))
  shares <- variance_explained(fit, by = "group_factor")
  share <- \(group) {
    shares$r2[shares$omic == "b" & shares$group == group & shares$factor == factor_names(fit)[own]]
  }
  expect_gt(share("one"), 0.2)
  expect_lt(share("two"), 0.05)
})

test_that("new samples are of a group that the fit knows", {
  fit <- grouped_fit()
  world <- studies()
  late <- sprintf("s%d", 20:24)
  new <- lapply(world$omics, \(x) x[, late])
  by_table <- predict(fit, new, covariates = data.frame(groups = world$group))
  expect_identical(predict(fit, new, covariates = world$group), by_table)
  expect_identical(predict(fit, new, covariates = unname(world$group[late])), by_table)
  # The other group's means are another reconstruction.
  guess <- \(of) rowMeans(predict(fit, new, "reconstruction", covariates = rep(of, 5))$a)
  means <- \(of) rowMeans(world$omics$a[, world$group == of])
  expect_gt(stats::cor(guess("two") - guess("one"), means("two") - means("one")), 0.99)
  expect_snapshot({
    tell(predict(fit, new))
    tell(predict(fit, new, covariates = rep("three", 5)))
  })
})

test_that("groups come from column data, beside other covariates", {
  skip_without("SummarizedExperiment")
  world <- studies()
  table <- data.frame(study = world$group, age = sin(1:300), row.names = names(world$group))
  x <- SummarizedExperiment::SummarizedExperiment(list(world$omics$a), colData = table)
  run <- \(...) poems(list(a = x), 2, seed = 1, control = c(quiet, epochs = 2), ...)
  fit <- run(groups = "study", covariates = ~ age)
  same <- run(covariates = ~ study + age)
  expect_identical(fit$parameters, same$parameters)
  expect_identical(fit$covariates$groups$variable, "study")
  expect_identical(predict(fit, list(a = x[, 1:9])), predict(same, list(a = x[, 1:9])))
  expect_identical(summary(fit)$covariates, "age")
  expect_error(run(groups = "batch"), "column of the column data")
  age <- table["age"]
  expect_identical(run(groups = world$group, covariates = age)$parameters,
                   run(covariates = data.frame(age, groups = world$group))$parameters)
})

test_that("groups may be codes", {
  skip_without("SummarizedExperiment")
  world <- studies()
  codes <- c(one = 100000, two = 2)[world$group]
  table <- data.frame(study = unname(codes), row.names = names(world$group))
  x <- SummarizedExperiment::SummarizedExperiment(list(world$omics$a), colData = table)
  run <- \(...) poems(..., seed = 1, control = c(quiet, epochs = 2))
  fit <- run(list(a = x), 2, groups = "study")
  expect_identical(levels(groups_of_fit(fit)), c("100000", "2"))
  text <- run(world$omics["a"], 2, groups = world$group)
  expect_equal(abs(latent(fit)), abs(latent(text)), tolerance = 1e-4)
  new <- predict(fit, list(a = x[, 1:9]))
  expect_identical(predict(fit, lapply(world$omics["a"], \(x) x[, 1:9]), covariates = codes[1:9] |>
                             unname()), new)
  expect_equal(new, predict(fit)[1:9, , drop = FALSE], tolerance = 1e-5)
  shares <- variance_explained(fit, list(a = x), by = "group")
  expect_equal(shares, variance_explained(fit, by = "group"), tolerance = 1e-4)
})

test_that("a fit with groups says what they are", {
  fit <- grouped_fit()
  expect_output(print(fit), "Means of 2 groups are taken out", fixed = TRUE)
  expect_output(print(summary(fit)), "taken out", fixed = TRUE)
  counts <- summary(fit)$groups$variance
  expect_identical(counts$samples, c(150L, 150L, 145L, 145L))
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(fit, file)
  expect_identical(readRDS(file), fit)
  changed <- fit
  changed$covariates$groups$of[1] <- "two"
  expect_error(latent(changed), "covariates")
})

test_that("groups that make no sense are errors", {
  world <- studies()
  run <- \(groups, ...) tell(poems(world$omics, 2, seed = 1, groups = groups, ...))
  some <- world$group
  some[3] <- NA
  expect_snapshot({
    run("study")
    run(rep("one", 300))
    run(c("alone", rep(c("one", "two"), length.out = 299)))
    run(some)
    run(1:3)
    run(world$group, covariates = data.frame(groups = rev(world$group),
                                             row.names = names(world$group)))
    run(world$group, control = list(objective = "published"))
  })
})

test_that("figures of groups and samples draw what the tables have", {
  skip_if_not_installed("ggplot2")
  fit <- grouped_fit()
  for (by in c("sample", "group", "group_factor")) {
    plot <- plot_variance(fit, by)
    known <- variance_explained(fit, by = by)
    expect_equal(plot$data$r2, known$r2[!is.na(known$r2)])
    expect_draws(plot)
  }
  diamonds <- ggplot2::layer_data(plot_variance(small_fit(), "sample"), 4)
  total <- variance_explained(small_fit(), by = "omic")
  expect_equal(sort(diamonds$x), sort(total$r2), tolerance = 1e-6)
  expect_error(plot_variance(small_fit(), "group"), "no groups")
})
