cohort <- small_cohort()

test_that("equal seeds give equal fits, on one thread or two", {
  one <- poems(cohort$omics, factors = 4, seed = 3, control = quick_control(threads = 1))
  again <- poems(cohort$omics, factors = 4, seed = 3, control = quick_control(threads = 1))
  two <- poems(cohort$omics, factors = 4, seed = 3, control = quick_control(threads = 2))
  other <- poems(cohort$omics, factors = 4, seed = 4, control = quick_control(threads = 1))
  expect_identical(without_timing(again), without_timing(one))
  expect_identical(without_timing(two), without_timing(one))
  expect_false(identical(other$latent, one$latent))
})

test_that("set.seed() governs when no seed is given", {
  fit_under <- \(seed) withr::with_seed(seed, {
    poems(cohort$omics, factors = 2, control = quick_control(epochs = 3))
  })
  expect_identical(without_timing(fit_under(1)), without_timing(fit_under(1)))
  expect_false(fit_under(1)$seed == fit_under(2)$seed)
})

test_that("a given seed leaves R's generator alone", {
  withr::with_seed(1, {
    before <- .Random.seed
    poems(cohort$omics, factors = 2, seed = 9, control = quick_control(epochs = 2))
    expect_identical(.Random.seed, before)
  })
})

test_that("the two factors behind the data are found", {
  large <- small_cohort(samples = 300)
  control <- quick_control(epochs = 300, learning_rate = 5e-3, dropout = 0)
  fit <- poems(large$omics, factors = 4, seed = 3, control = control)
  r2 <- apply(large$factors, 2, \(f) summary(stats::lm(f ~ latent(fit)))$r.squared)
  expect_gt(min(r2), 0.85)
  # Factors explain 4 / 5 of every feature's variance.
  expect_gt(min(fit$variance$r2), 0.5)
  expect_lt(max(fit$variance$r2), 0.9)
})

test_that("samples lacking an omic have no gate for it", {
  fit <- poems(cohort$omics, factors = 2, seed = 3, control = quick_control(epochs = 3))
  expect_equal(rowSums(gates(fit)), stats::setNames(rep(1, 60), fit$samples), tolerance = 1e-6)
  lacking <- setdiff(fit$samples, colnames(cohort$omics$mirna))
  expect_length(lacking, 15)
  expect_identical(unname(gates(fit)[lacking, "mirna"]), rep(0, 15))
  expect_true(all(gates(fit)[, "rna"] > 0))
})

test_that("orientation and class of the input do not matter", {
  reference <- poems(cohort$omics, factors = 2, seed = 3, control = quick_control(epochs = 3))
  transposed <- poems(
    lapply(cohort$omics, t), factors = 2, seed = 3, samples = "rows",
    control = quick_control(epochs = 3)
  )
  frames <- poems(
    lapply(cohort$omics, \(x) as.data.frame(x)), factors = 2, seed = 3,
    control = quick_control(epochs = 3)
  )
  expect_identical(without_timing(transposed), without_timing(reference))
  expect_identical(without_timing(frames), without_timing(reference))
})

test_that("a fit has the documented parts", {
  fit <- poems(cohort$omics, factors = 3, seed = 3, control = quick_control(epochs = 12))
  expect_s3_class(fit, "poems")
  expect_identical(fit$config$factors, 3L)
  expect_setequal(fit$order, 1:3)
  expect_identical(dim(fit$latent), c(60L, fit$factors))
  expect_named(loadings(fit), c("rna", "protein", "mirna"))
  for (omic in names(cohort$omics)) {
    expect_s4_class(loadings(fit)[[omic]], "dgCMatrix")
    expect_identical(dim(loadings(fit)[[omic]]), c(nrow(cohort$omics[[omic]]), fit$factors))
    expect_identical(dimnames(fit$inclusion[[omic]]), dimnames(loadings(fit)[[omic]]))
    expect_true(all(fit$inclusion[[omic]] >= 0 & fit$inclusion[[omic]] <= 1))
  }
  expect_identical(fit$history$epoch, 1:12)
  terms <- fit$history$reconstruction + fit$history$kl + fit$history$penalty + fit$history$noise
  expect_equal(fit$history$training, terms)
  expect_length(fit$validation, 12)
  expect_identical(fit$call$x, quote(cohort$omics))
  expect_lt(as.numeric(utils::object.size(fit)), 4e5)
})

test_that("a call made by do.call() does not keep the data", {
  fit <- do.call(poems, list(
    cohort$omics, factors = 2, seed = 3, control = quick_control(epochs = 2)
  ))
  expect_identical(fit$call$x, quote(x))
})

test_that("loadings shrink to exact zeros, more of them under a stronger spike", {
  zeros <- \(lambda0) {
    control <- quick_control(epochs = 150, lambda0 = lambda0, learning_rate = 5e-3)
    fit <- poems(cohort$omics, factors = 4, seed = 3, control = control)
    mean(unlist(lapply(loadings(fit), \(w) as.vector(as.matrix(w)))) == 0)
  }
  expect_lt(zeros(0.6), 0.2) # hardly stronger than the slab, 0.5
  expect_gt(zeros(10), 0.4)
})

test_that("objective \"published\" fits as the released code does", {
  fit <- poems(
    lapply(cohort$omics, \(x) x[, 1:45]), factors = 3, seed = 3,
    control = quick_control(objective = "published", epochs = 20)
  )
  expect_identical(fit$scaling, "minmax")
  expect_identical(fit$best_epoch, 20L) # the last, not the best
  w <- as.matrix(loadings(fit)$rna)
  expect_true(all(w != 0)) # no loading is ever exactly zero
})

test_that("training without held-out samples runs all epochs", {
  fit <- poems(
    cohort$omics, factors = 2, seed = 3, control = quick_control(epochs = 4, validation = 0)
  )
  expect_true(all(is.nan(fit$history$validation)))
  expect_identical(fit$stopped, "epochs")
  expect_identical(fit$best_epoch, 4L)
  expect_identical(unique(fit$variance$set), "training")
})

test_that("a loss that is not finite is an error that says what to do", {
  diverged <- list(stopped = "diverged", history = list(epoch = 1:7))
  poems <- \(trained) check_trained(trained)
  expect_snapshot(tell(poems(diverged)))
})

test_that("one of many fits that is interrupted ends the whole", {
  partial <- list(stopped = "interrupted", history = list(epoch = 1:7), best_epoch = 5)
  expect_warning(check_trained(partial), class = "poems_interrupted")
  told <- \(expr) tryCatch(expr, interrupt = \(condition) "ended")
  expect_identical(told(suppressWarnings(one_of_many(check_trained(partial)))), "ended")
  expect_identical(told(one_of_many(3)), 3)
  expect_warning(one_of_many(warning("other")), "other")
})

# What a process of its own gets from a training without end that is sent a signal.
fit_after_signal <- function(signal, library_path) {
  out <- withr::local_tempdir()
  withr::local_envvar(OUT = out, LIB = library_path)
  script <- quote({
    library(omicpoems, lib.loc = Sys.getenv("LIB"))
    x <- matrix(rnorm(4000), 40, dimnames = list(paste0("f", 1:40), paste0("s", 1:100)))
    control <- list(epochs = 1e6, validation = 0, progress = FALSE, threads = 1)
    writeLines(as.character(Sys.getpid()), file.path(Sys.getenv("OUT"), "pid"))
    warned <- FALSE
    fit <- withCallingHandlers(
      poems(list(rna = x), factors = 2, seed = 1, control = control),
      warning = \(w) {
        warned <<- warned || grepl("Interrupted after epoch", conditionMessage(w))
        invokeRestart("muffleWarning")
      }
    )
    partial <- file.path(Sys.getenv("OUT"), "partial.rds")
    saveRDS(list(stopped = fit$stopped, epochs = nrow(fit$history), warned = warned), partial)
    file.rename(partial, file.path(Sys.getenv("OUT"), "fit.rds"))
  })
  file <- file.path(out, "script.R")
  writeLines(deparse(script), file)
  wait_for <- \(name) {
    for (i in 1:600) if (file.exists(file.path(out, name))) break else Sys.sleep(0.1)
    file.exists(file.path(out, name))
  }
  system2("env", c("--default-signal=INT", file.path(R.home("bin"), "Rscript"), shQuote(file)),
    wait = FALSE, stdout = FALSE, stderr = FALSE)
  expect_true(wait_for("pid"))
  child <- as.integer(readLines(file.path(out, "pid")))
  withr::defer(tools::pskill(child, tools::SIGKILL))
  Sys.sleep(4)
  tools::pskill(child, signal)
  expect_true(wait_for("fit.rds"))
  readRDS(file.path(out, "fit.rds"))
}

test_that("an interrupt or a request to end ends the training and returns the fit so far", {
  skip_on_cran()
  # A shell makes what it starts in the background deaf to SIGINT, and R respects that.
  undo <- suppressWarnings(system2("env", c("--default-signal=INT", "true"), stderr = FALSE))
  skip_if(undo != 0, "env cannot set signals back to their default")
  library_path <- dirname(getNamespaceInfo("omicpoems", "path"))
  skip_if_not(dir.exists(file.path(library_path, "omicpoems", "Meta")), "package not installed")
  for (signal in c(tools::SIGINT, tools::SIGTERM)) {
    fit <- fit_after_signal(signal, library_path)
    expect_identical(fit$stopped, "interrupted")
    expect_gt(fit$epochs, 1)
    expect_true(fit$warned)
  }
})

test_that("a fit read in a new session has the names of its loadings", {
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(small_fit(), file)
  code <- sprintf(
    "library(omicpoems, lib.loc = '%s'); cat(rownames(loadings(readRDS('%s'))$rna)[1:3])",
    dirname(system.file(package = "omicpoems")), file
  )
  out <- system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(code)), stdout = TRUE)
  expect_identical(out, paste(rownames(loadings(small_fit())$rna)[1:3], collapse = " "))
})

test_that("small cohorts are trained again with all samples, for the best number of epochs", {
  cohort <- small_cohort()$omics
  fit <- poems(cohort, factors = 3, seed = 3, control = quick_control(epochs = 12, patience = 4))
  expect_true(fit$all_samples)
  expect_gt(length(fit$validation), 0)
  all <- poems(cohort, factors = 3, seed = 3,
               control = quick_control(epochs = fit$best_epoch, validation = 0))
  expect_false(all$all_samples)
  expect_identical(fit$parameters, all$parameters)
  expect_identical(loadings(fit), loadings(all))
  expect_identical(fit$variance[1:3, ], all$variance)
  published <- poems(lapply(cohort, \(x) x[, 1:45]), factors = 3, seed = 3,
                     control = quick_control(objective = "published", epochs = 3))
  expect_false(published$all_samples)
})
