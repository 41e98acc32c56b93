cohort <- small_cohort()$omics
settings <- list(start = "random", epochs = 4, hidden = 8, threads = 1, progress = FALSE)

quick_tune <- function(..., repeats = 2, seed = 3, control = settings) {
  poems_tune(cohort, ..., repeats = repeats, seed = seed, control = control)
}

# One tuning for all tests that need a real one: two configurations that work and one that fails.
small_tuning <- local({
  tuned <- NULL
  function() {
    if (is.null(tuned)) {
      suppressWarnings(
        tuned <<- quick_tune(
          grid = data.frame(factors = c(2, 3, 2), learning_rate = c(1e-3, 1e-3, 1)), repeats = 3,
          keep = "all"
        )
      )
    }
    tuned
  }
})

without_seconds <- function(tuned) {
  tables <- lapply(c("configurations", "jobs", "omics"), \(what) tidy(tuned, what))
  lapply(tables, \(table) as.data.frame(table)[setdiff(names(table), "seconds")])
}

test_that("arguments are crossed, a grid is taken as it is, and both together meet", {
  crossed <- read_grid(list(factors = c(2, 4), lambda0 = c(5, 10, 20)), NULL)
  expect_identical(crossed, data.frame(factors = rep(c(2, 4), each = 3), lambda0 = c(5, 10, 20)))
  rows <- data.frame(factors = c(2, 2, 7), start = factor(c("linear", "random", "linear")))
  grid <- read_grid(list(), rows)
  expect_identical(grid$start, as.character(rows$start))
  both <- read_grid(list(lambda0 = c(5, 10)), rows)
  expect_identical(both$factors, c(2, 2, 2, 2, 7, 7))
  expect_identical(both$lambda0, rep(c(5, 10), 3))
  weights <- list(c(rna = 2), c(rna = 1, protein = 0.5))
  expect_identical(read_grid(list(weights = weights), NULL)$weights, weights)
  expect_identical(read_grid(list(weights = weights[[2]]), NULL)$weights, weights[2])
  expect_identical(read_grid(list(epochs = list(3, 4)), NULL)$epochs, c(3, 4))
})

test_that("configurations have the defaults of their objective, and what `control` says", {
  of <- \(control, ...) read_configurations(read_grid(list(...), NULL), control, names(cohort))
  two <- of(list(threads = 1), objective = c("elbo", "published"))
  expect_identical(two[[1]]$control, poems_control(threads = 1))
  expect_identical(two[[2]]$control, poems_control("published", threads = 1))
  expect_identical(two[[2]]$scale, "minmax")
  expect_identical(two[[1]]$factors, 32L)
  changed <- of(poems_control(epochs = 7, threads = 1), objective = "published")[[1]]$control
  expect_identical(changed, poems_control("published", epochs = 7, threads = 1))
  expect_identical(of(list(epochs = 7), epochs = 9)[[1]]$control$epochs, 9)
})

test_that("wrong names and values are errors before any fit", {
  unfit <- omicpoems::poems
  body(unfit) <- quote(stop("fitted"))
  local_function("poems", unfit)
  expect_snapshot({
    tell(quick_tune())
    tell(quick_tune(lamda0 = 5))
    tell(quick_tune(5))
    tell(quick_tune(grid = data.frame(family = "gaussian")))
    tell(quick_tune(grid = data.frame(seed = 1:2)))
    tell(quick_tune(threads = 1:2))
    tell(quick_tune(factors = c(2, 0)))
    tell(quick_tune(learning_rate = c(1e-3, 5)))
    tell(quick_tune(lambda0 = c(10, 0.5)))
    tell(quick_tune(lambda0 = numeric()))
    tell(quick_tune(weights = list(c(dna = 2))))
    tell(quick_tune(scale = c("standardise", "log")))
    tell(quick_tune(factors = 2, grid = data.frame(factors = 3)))
    tell(quick_tune(grid = list(factors = 3)))
    tell(quick_tune(factors = 2, control = list(epoch = 3)))
    tell(quick_tune(factors = 2, control = 3))
    tell(quick_tune(factors = 2, repeats = 0))
    tell(quick_tune(factors = 2, repeats = 1, metric = "stability"))
    tell(quick_tune(factors = 2, metric = "loss"))
    tell(quick_tune(factors = 2, folds = 60))
    tell(quick_tune(factors = 2, BPPARAM = 2))
    tell(quick_tune(factors = 2, family = c(dna = "poisson")))
  })
  expect_error(poems_tune(cohort, objective = "published", groups = rep(c("a", "b"), 30)), "groups")
  expect_error(quick_tune(factors = 2, checkpoint = "file"), "does not take it")
  expect_error(quick_tune(factors = 2, sets = list(a = "x")), "does not take it")
})

test_that("configurations that read an omic as different families cannot be compared", {
  counts <- lapply(cohort, \(x) round(exp(x)))
  expect_error(
    suppressMessages(poems_tune(counts, objective = c("elbo", "published"), control = settings)),
    "different families"
  )
})

test_that("every repeat holds out other samples, until all have been", {
  parts <- with_seed(1, hold_out(cohort, 7, 5))
  samples <- union_of_samples(cohort)
  expect_setequal(unlist(parts[1:5]), samples)
  expect_identical(anyDuplicated(unlist(parts[1:5])), 0L)
  expect_identical(lengths(parts), rep(12L, 7))
  expect_identical(anyDuplicated(unlist(parts[6:7])), 0L)
  expect_false(setequal(parts[[6]], parts[[1]]))
  # A quarter of the samples lacks mirna: so does a quarter of every part.
  lacking <- setdiff(samples, colnames(cohort$mirna))
  expect_identical(vapply(parts, \(part) sum(part %in% lacking), 0L), rep(3L, 7))
})

test_that("a job is poems() without the samples held out, measured on these by hand", {
  tuned <- small_tuning()
  jobs <- tidy(tuned, "jobs")
  omics <- tidy(tuned, "omics")
  for (i in c(1, 5)) {  # of the first and the second configuration
    held <- tuned$held[[jobs$fold[i]]]
    train <- lapply(cohort, \(x) x[, !colnames(x) %in% held])
    fit <- poems(train, factors = jobs$factors[i], seed = jobs$seed[i],
                 control = c(settings, list(learning_rate = 1e-3)))
    kept <- tuned$results[[i]]$fit
    expect_identical(kept$loadings, fit$loadings)
    expect_identical(jobs$factors_used[i], fit$factors)
    expect_identical(jobs$epochs[i], nrow(fit$history))
    # Without what impute() rests on, reconstructions are what the decoders say.
    test <- lapply(cohort, \(x) x[, colnames(x) %in% held])
    parts <- with_seed(jobs$seed[i], lapply(test, \(x) {
      matrix(sample(rep_len(1:10, length(x))), nrow(x))
    }))
    sums <- lapply(names(test), \(omic) {
      x <- test[[omic]]
      guess <- x * NA
      for (t in 1:10) {
        hidden <- Map(\(x, part) replace(x, part == t, NA), test, parts)
        hidden <- hidden[vapply(hidden, \(x) any(!is.na(x)), NA)]
        all <- suppressMessages(predict(kept, hidden, type = "reconstruction"))[[omic]]
        at <- which(parts[[omic]] == t, arr.ind = TRUE)
        guess[at] <- all[cbind(rownames(x)[at[, 1]], colnames(x)[at[, 2]])]
      }
      mean <- rowMeans(train[[omic]], na.rm = TRUE)
      sd <- apply(train[[omic]], 1, stats::sd, na.rm = TRUE)
      z <- (x - mean) / sd
      guess <- (guess - mean) / sd
      noise <- exp(as.vector(kept$parameters$omics[[omic]]$log_sigma))
      known <- !is.na(z)
      density <- stats::dnorm(z, guess, noise, log = TRUE)[known]
      alone <- predict(kept, test[setdiff(names(test), omic)], type = "reconstruction")[[omic]]
      cross <- (alone[, colnames(x)] - mean) / sd
      c(n = sum(known), loglik = mean(density),
        r2 = 1 - sum((z - guess)[known]^2) / sum(z[known]^2),
        hidden_omic = 1 - sum((z - cross)[known]^2) / sum(z[known]^2))
    })
    sums <- do.call(rbind, sums)
    rows <- omics[omics$configuration == jobs$configuration[i] & omics$fold == jobs$fold[i], ]
    expect_equal(rows$values, sums[, "n"])
    expect_equal(rows$loglik, sums[, "loglik"], tolerance = 1e-6)
    expect_equal(rows$r2, sums[, "r2"], tolerance = 1e-6)
    expect_equal(rows$hidden_omic, sums[, "hidden_omic"], tolerance = 1e-6)
    expect_equal(jobs$loglik[i], stats::weighted.mean(sums[, "loglik"], sums[, "n"]),
                 tolerance = 1e-6)
    expect_equal(jobs$r2[i], mean(sums[, "r2"]), tolerance = 1e-6)
  }
})

test_that("samples held out have no part in a fit", {
  tuned <- small_tuning()
  changed <- lapply(cohort, \(x) {
    x[, colnames(x) %in% tuned$held[[1]]] <- 100
    x
  })
  again <- poems_tune(changed, factors = 2, learning_rate = 1e-3, repeats = 1, seed = 3,
                      control = settings, keep = "all")
  expect_identical(again$held[[1]], tuned$held[[1]])
  expect_identical(again$results[[1]]$fit$loadings, tuned$results[[1]]$fit$loadings)
  expect_false(identical(again$results[[1]]$measures$loglik, tuned$results[[1]]$measures$loglik))
})

test_that("stability is the agreement of where repeats put the same samples", {
  tuned <- small_tuning()
  fits <- lapply(tuned$results[4:6], `[[`, "fit")
  places <- lapply(fits, \(fit) predict(fit, cohort))
  agree <- \(a, b) {
    r <- abs(cor(places[[a]], places[[b]]))
    orders <- rbind(c(1, 2, 3), c(1, 3, 2), c(2, 1, 3), c(2, 3, 1), c(3, 1, 2), c(3, 2, 1))
    max(apply(orders, 1, \(order) sum(r[cbind(1:3, order)]))) / 3
  }
  expect_identical(vapply(places, ncol, 0L), rep(3L, 3))
  jobs <- tidy(tuned, "jobs")[4:6, ]
  expect_equal(jobs$stability[1], mean(c(agree(1, 2), agree(1, 3))))
  expect_equal(mean(jobs$stability), mean(c(agree(1, 2), agree(1, 3), agree(2, 3))))
  # A factor without a match counts 0.
  a <- with_seed(1, matrix(rnorm(60), 20))
  expect_equal(places_agreement(a, -a), 1)
  expect_equal(places_agreement(a, a[, 2, drop = FALSE]), sum(abs(cor(a)[2, 2])) / 3)
  expect_identical(places_agreement(a, a[, 0]), 0)
  expect_identical(places_agreement(a[, 0], a[, 0]), 1)
})

test_that("counts, 0/1 values and covariates: likelihoods and deviances as R has them", {
  mixed <- simulate_omics(60, c(rna = 20, mutations = 15), factors = 2, seed = 1,
                          family = c(rna = "negative_binomial", mutations = "bernoulli"))
  batch <- data.frame(batch = rep(c("a", "b"), 30), row.names = rownames(mixed$factors))
  tuned <- suppressMessages(poems_tune(mixed$omics, factors = 2, repeats = 1, seed = 3,
                                       control = settings, covariates = batch, keep = "all"))
  expect_identical(status_of(tuned), "done")
  fit <- tuned$results[[1]]$fit
  held <- tuned$held[[1]]
  part <- lapply(mixed$omics, \(x) x[, colnames(x) %in% held])
  rows <- tidy(tuned, "omics")
  # Mutations from counts alone: probabilities against those of the batch.
  x <- part$mutations[fit$omics$mutations$features, ]
  coded <- as.data.frame(read_covariates(batch, mixed$omics, rownames(batch), "elbo")$design)
  probability <- predict(fit, part["rna"], type = "reconstruction", covariates = coded)$mutations
  code <- (coded[colnames(x), ] - fit$covariates$center) / fit$covariates$scale
  link <- fit$omics$mutations$link
  null <- stats::plogis(link$intercept + tcrossprod(link$effects, code))
  density <- \(p) sum(stats::dbinom(x, 1, p, log = TRUE))
  expect_equal(rows$hidden_omic[rows$omic == "mutations"],
               1 - density(probability[, colnames(x)]) / density(null), tolerance = 1e-6)
  x <- matrix(c(0, 3, 7, 1), 2)
  expect_equal(log_density(x, x + 1, "negative_binomial", c(2, 5)),
               matrix(dnbinom(c(x), size = c(2, 5, 2, 5), mu = c(x) + 1, log = TRUE), 2))
  expect_equal(log_density(x, x + 1, "poisson"), matrix(dpois(c(x), c(x) + 1, log = TRUE), 2))
})

test_that("means, standard errors and choices are those of the jobs", {
  tuned <- small_tuning()
  jobs <- tidy(tuned, "jobs")
  table <- tidy(tuned)
  table <- table[order(table$configuration), ]
  expect_equal(table$loglik[1], mean(jobs$loglik[1:3]))
  expect_equal(table$loglik_se[1], sd(jobs$loglik[1:3]) / sqrt(3))
  expect_equal(table$zero[2], mean(jobs$zero[4:6]))
  expect_identical(table$repeats, c(3L, 3L, 0L))
  expect_identical(which(table$best), which.max(table$loglik))
  expect_identical(as.character(jobs$status), rep(c("done", "failed"), c(6, 3)))
  expect_match(jobs$error[7:9], "diverged")
  one <- glance(tuned)
  expect_identical(one$failed, 3L)
  expect_identical(one$best, which(table$best))
})

# A tuning with given values, jobs x the metric.
made_up <- function(values, grid, folds = 5) {
  tuned <- small_tuning()
  tuned$grid <- grid
  tuned$arguments <- read_configurations(grid, settings, names(cohort))
  repeats <- ncol(values)
  tuned$held <- with_seed(1, hold_out(cohort, repeats, folds))
  tuned$settings$repeats <- repeats
  jobs <- expand.grid(fold = seq_len(repeats), configuration = seq_len(nrow(values)))
  tuned$jobs <- data.frame(configuration = jobs$configuration, fold = jobs$fold, seed = 1L)
  tuned$results <- lapply(as.vector(t(values)), \(value) {
    measures <- failed_measures(NA_character_)
    measures$loglik <- value
    measures$factors_used <- 2L
    list(measures = measures)
  })
  tuned
}

test_that("one standard error: fewer factors, then a larger lambda0, then the better", {
  best <- c(1, 1.2, 1.4)
  grid <- data.frame(factors = c(8, 4, 4, 4, 2), lambda0 = c(5, 5, 20, 20, 5),
                     batch_size = c(8, 8, 8, 16, 8))
  tuned <- made_up(rbind(best, best - 0.05, best - 0.08, best - 0.07, best - 0.5), grid)
  table <- tidy(tuned)
  expect_identical(table$configuration[table$best], 1L)
  expect_identical(table$configuration[table$one_se], 4L)  # 0.115 is one standard error
  tuned <- made_up(rbind(best, best - 0.12, best - 0.2, best - 0.3, best - 0.5), grid)
  expect_identical(glance(tuned)$one_se, 1L)
})

test_that("what to expect is measured where it was not chosen", {
  grid <- data.frame(factors = 2:4)
  # In two repeats each, another is best: the choice of the others is never the best.
  values <- rbind(c(5, 1, 1), c(1, 5, 1), c(1, 1, 5))
  expect_equal(glance(made_up(values, grid))$honest, 1)
  values <- rbind(c(3, 3, 3), c(1, 1, 1), c(0, 0, 8))
  # Repeats 1 and 2 are measured by the third configuration, chosen by repeat 3; repeat 3 by the
  # first.
  expect_equal(glance(made_up(values, grid))$honest, mean(c(0, 0, 3)))
  # Repeats of two parts: the third shares samples with both others, and none tells of it.
  values <- rbind(c(1, 2, 9), c(3, 0, 9))
  expect_equal(glance(made_up(values, grid[1:2, , drop = FALSE], folds = 2))$honest, mean(c(1, 0)))
  expect_identical(glance(made_up(cbind(1:3), grid))$honest, NA_real_)
})

test_that("results depend neither on the backend nor on the order of jobs", {
  grid <- data.frame(factors = c(2, 3), lambda0 = c(10, 5))
  withr::with_seed(1, {
    before <- .Random.seed
    one <- quick_tune(grid = grid)
    expect_identical(.Random.seed, before)
  })
  turned <- quick_tune(grid = grid[2:1, ])
  expect_identical(tidy(turned, "jobs")$loglik, tidy(one, "jobs")$loglik[c(3, 4, 1, 2)])
  skip_if_not_installed("BiocParallel")
  serial <- quick_tune(grid = grid, BPPARAM = BiocParallel::SerialParam())
  expect_identical(without_seconds(serial), without_seconds(one))
  skip_on_os("windows")  # cannot fork
  forked <- quick_tune(grid = grid, BPPARAM = BiocParallel::MulticoreParam(2))
  expect_identical(without_seconds(forked), without_seconds(one))
})

test_that("an interrupt leaves what is done, and the rest is run to the same table", {
  whole <- quick_tune(factors = 2:3)
  fits <- 0
  real <- omicpoems::poems
  local_function("poems", \(...) {
    fits <<- fits + 1
    if (fits == 3) rlang::interrupt()
    real(...)
  })
  expect_warning(part <- quick_tune(factors = 2:3), "2 of 4 jobs were not run",
                 class = "poems_tune_stopped")
  expect_identical(as.character(tidy(part, "jobs")$status),
                   rep(c("done", "not run"), each = 2))
  expect_identical(nrow(tidy(part, "omics")), 6L)
  expect_output(print(part), "2 of 4 jobs were not run", fixed = TRUE)
  done <- poems_tune(part)
  expect_identical(fits, 5)
  expect_identical(without_seconds(done), without_seconds(whole))
  expect_message(poems_tune(done), "All jobs are done")
})

test_that("a worker that dies leaves what was done before", {
  skip_if_not_installed("BiocParallel")
  skip_on_os("windows")
  # Rounds of eight jobs on two workers; the ninth is the last of all.
  real <- omicpoems::poems
  here <- Sys.getpid()
  local_function("poems", \(x, factors, ...) {
    if (factors == 4 && Sys.getpid() != here) tools::pskill(Sys.getpid(), tools::SIGKILL)
    real(x, factors, ...)
  })
  expect_warning(
    part <- quick_tune(grid = data.frame(factors = c(2, 2, 2, 3, 4)),
                       BPPARAM = BiocParallel::MulticoreParam(2)),
    "Workers were lost", class = "poems_tune_stopped"
  )
  expect_identical(as.character(tidy(part, "jobs")$status), rep(c("done", "not run"), c(8, 2)))
  done <- poems_tune(part)
  expect_true(all(tidy(done, "jobs")$status == "done"))
})

test_that("failed jobs are run again, on the same data only", {
  tuned <- small_tuning()
  expect_warning(again <- poems_tune(tuned), "3 of 9 jobs failed")
  expect_identical(without_seconds(again), without_seconds(tuned))
  tuned$call$x <- quote(no_such_data)
  expect_snapshot({
    tell(poems_tune(tuned))
    tell(poems_tune(tuned, data = lapply(cohort, `+`, 1)))
    tell(poems_tune(tuned, factors = 3))
    tell(select_model(tuned, data = lapply(cohort, \(x) x[, -1])))
  })
  expect_warning(again <- poems_tune(tuned, data = cohort), "3 of 9 jobs failed")
  expect_identical(without_seconds(again), without_seconds(tuned))
})

test_that("the chosen configuration is fitted to all samples by a call that runs", {
  tuned <- small_tuning()
  fit <- select_model(tuned)
  best <- tuned$grid[glance(tuned)$best, ]
  by_hand <- poems(cohort, factors = best$factors, seed = 3,
                   control = c(settings, list(learning_rate = best$learning_rate)))
  expect_identical(without_timing(fit), without_timing(by_hand))
  expect_identical(fit$call$x, quote(cohort))
  again <- eval(fit$call)
  expect_identical(again$loadings, fit$loadings)
  expect_identical(again$control[names(settings)[1:3]], fit$control[names(settings)[1:3]])
  expect_identical(nobs(fit), 60L)
  simple <- select_model(tuned, "one_se")
  expect_identical(simple$config$factors, as.integer(tuned$grid$factors[glance(tuned)$one_se]))
})

test_that("calls of other arguments run as well", {
  counts <- lapply(cohort["rna"], \(x) replace(round(exp(x - 3)), is.na(x), 1))
  rows <- lapply(counts, t)
  age <- data.frame(age = 1:60, row.names = rownames(rows$rna))
  tuned <- suppressMessages(poems_tune(
    rows, scale = c("standardise", "minmax"), weights = list(c(rna = 2)), repeats = 1, seed = 3,
    control = settings, samples = "rows", covariates = age, family = "gaussian",
    preprocess = preprocess_steps("log1p", n_top = 20)
  ))
  expect_identical(status_of(tuned), rep("done", 2))
  fit <- suppressMessages(select_model(tuned))
  expect_identical(length(fit$omics$rna$features), 20L)
  expect_identical(fit$omics$rna$transform, "log1p")
  again <- suppressMessages(eval(fit$call))
  expect_identical(again$loadings, fit$loadings)
  expect_identical(names(fit$call), c("", "x", "factors", "scale", "seed", "control", "weights",
                                      "samples", "family", "covariates", "preprocess"))
})

test_that("select_model() says what it lacks", {
  one <- made_up(cbind(1:2), data.frame(factors = 2:3))
  none <- made_up(rbind(c(1, NA)), data.frame(factors = 2))
  none$results[[2]] <- list(measures = failed_measures("no"))
  expect_snapshot({
    tell(select_model(one, "one_se"))
    tell(select_model(none))
    tell(select_model(3))
  })
})

test_that("what is printed", {
  local_reproducible_output(width = 80)
  grid <- data.frame(factors = c(8, 4, 2, 2, 2, 1),
                     learning_rate = c(1e-4, 5e-5, 1e-7, 0.1, 0.2, 0.3))
  tuned <- made_up(outer(c(1, 0.9, 0.5, 0.4, 0.3, 0.1), c(1, 1.1, 1.3)), grid)
  expect_snapshot(print(tuned))
  tuned$results[[18]] <- NULL
  tuned$results[18] <- list(NULL)
  tuned$results[[17]] <- list(measures = failed_measures("no"))
  expect_snapshot(print(tuned))
})

test_that("figures show what was tuned", {
  skip_if_not_installed("ggplot2")
  values <- outer(c(1, 0.9, 0.5, 0.4), c(1, 1.1, 1.3))
  one <- ggplot2::autoplot(made_up(values, data.frame(factors = c(8, 4, 2, 1))))
  expect_identical(levels(one$data$at), c("1", "2", "4", "8"))
  expect_identical(nrow(one$data), 12L)
  cross <- data.frame(factors = c(8, 4, 8, 4), lambda0 = c(5, 5, 20, 20))
  map <- ggplot2::autoplot(made_up(values, cross))
  at <- map$data$x == "8" & map$data$y == "20"
  expect_equal(map$data$value[at], mean(values[3, ]))
  panels <- ggplot2::autoplot(made_up(values, cross), arguments = "factors")
  expect_identical(nrow(panels$data), 4L)
  three <- cbind(cross, batch_size = c(8, 16, 16, 8))
  panels <- ggplot2::autoplot(made_up(values, three))
  expect_identical(levels(panels$data$argument), names(three))
  for (figure in list(one, map, panels)) {
    expect_s3_class(ggplot2::ggplot_build(figure), "ggplot_built")
  }
  expect_error(ggplot2::autoplot(made_up(values, cross), arguments = "hidden"), "arguments")
  expect_error(ggplot2::autoplot(made_up(values, cross), metric = "loss"), "metric")
})
