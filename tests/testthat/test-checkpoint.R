# Three families, values missing and samples that lack an omic, in batches of which an epoch has
# several.
cohort <- local({
  made <- simulate_omics(60, c(rna = 24, calls = 12, protein = 16), factors = 2, seed = 11,
                         family = c(rna = "negative_binomial", calls = "bernoulli"))
  omics <- made$omics
  omics$protein[1, 3:5] <- NA
  omics$protein <- omics$protein[, -(1:6)]
  omics
})
settings <- list(epochs = 12, patience = 4, batch_size = 16, threads = 1, progress = FALSE)

fit_of <- function(checkpoint, omics = cohort, control = settings, ...) {
  suppressMessages(suppressWarnings(
    poems(omics, factors = 4, seed = 3, control = control, checkpoint = checkpoint, ...)
  ))
}

# All but what tells of time and of how the call was written.
what_was_learnt <- function(fit) {
  fit <- unclass(fit)
  fit$history <- fit$history[setdiff(names(fit$history), grep("seconds", names(fit$history),
                                                              value = TRUE))]
  fit[setdiff(names(fit), c("seconds", "call", "control", "seal"))]
}

# `expr`, with `report` called after every epoch of a training.
with_reporter <- function(report, expr) {
  namespace <- asNamespace("omicpoems")
  before <- get("progress_reporter", namespace)
  rlang::env_binding_unlock(namespace, "progress_reporter")
  on.exit({
    assign("progress_reporter", before, namespace)
    rlang::env_binding_lock(namespace, "progress_reporter")
  })
  assign("progress_reporter", \(control, envir) report, namespace)
  expr
}

# Ends the process of a training, as far as the training can tell, once `epochs` epochs are done.
killed_after <- function(epochs, checkpoint, ...) {
  told <- 0
  report <- function(epoch, training, validation) {
    told <<- told + 1
    if (told >= epochs) stop("killed")
    TRUE
  }
  expect_error(with_reporter(report, fit_of(checkpoint, ...)), "killed")
}

test_that("a killed fit goes on to the bits of an unbroken one, from any batch", {
  withr::local_options(omicpoems.checkpoint_seconds = 0)
  whole <- fit_of(NULL)
  for (epochs in c(1, 3, 6)) {
    file <- withr::local_tempfile()
    killed_after(epochs, file)
    expect_true(file.exists(file))
    expect_identical(what_was_learnt(fit_of(file)), what_was_learnt(whole))
  }
})

test_that("a fit that is killed again and again comes to its end", {
  withr::local_options(omicpoems.checkpoint_seconds = 0)
  file <- withr::local_tempfile()
  for (i in 1:4) killed_after(2, file)
  expect_identical(what_was_learnt(fit_of(file)), what_was_learnt(fit_of(NULL)))
})

test_that("a fit of a large cohort goes on from within a pass, at the rate it had", {
  withr::local_options(omicpoems.checkpoint_seconds = 0)
  local_large_cohorts(20L, most_validated = 4L, slow_after = 1L)
  longer <- utils::modifyList(settings, list(epochs = 14, patience = 14))
  whole <- fit_of(NULL, control = longer)
  validation <- whole$history$validation
  expect_true(any(validation[-1] > cummin(validation)[-14]))  # so that the rate was halved
  for (epochs in c(2, 5, 9)) {
    file <- withr::local_tempfile()
    killed_after(epochs, file, control = longer)
    expect_identical(what_was_learnt(fit_of(file, control = longer)), what_was_learnt(whole))
  }
})

test_that("a fit killed while all samples are trained keeps the first training", {
  withr::local_options(omicpoems.checkpoint_seconds = 0)
  whole <- fit_of(NULL)
  expect_true(whole$all_samples)
  file <- withr::local_tempfile()
  killed_after(nrow(whole$history) + 2, file)
  expect_true(file.exists(paste0(file, "-all")))
  again <- 0
  count <- function(epoch, training, validation) {
    again <<- again + 1
    TRUE
  }
  expect_identical(what_was_learnt(with_reporter(count, fit_of(file))), what_was_learnt(whole))
  expect_gt(again, 0)
  expect_lt(again, whole$best_epoch)

  again <- 0
  expect_identical(what_was_learnt(with_reporter(count, fit_of(file))), what_was_learnt(whole))
  expect_equal(again, 0)
})

test_that("an interrupted fit is returned, and goes on from where it was interrupted", {
  file <- withr::local_tempfile()
  part <- with_reporter(\(epoch, training, validation) epoch < 3, fit_of(file))
  expect_equal(part$stopped, "interrupted")
  expect_equal(nrow(part$history), 3)
  expect_message(
    rest <- suppressWarnings(poems(cohort, factors = 4, seed = 3, control = settings,
                                   checkpoint = file)),
    "Going on from the checkpoint"
  ) |> suppressMessages()
  expect_identical(what_was_learnt(rest), what_was_learnt(fit_of(NULL)))
})

test_that("the published objective and a warm-up go on, too", {
  withr::local_options(omicpoems.checkpoint_seconds = 0)
  for (control in list(utils::modifyList(settings, list(objective = "published")),
                       utils::modifyList(settings, list(warmup = 5, start = "random")))) {
    file <- withr::local_tempfile()
    omics <- if (is.null(control$objective)) cohort else cohort["protein"]
    killed_after(2, file, omics = omics, control = control)
    expect_identical(what_was_learnt(fit_of(file, omics, control)),
                     what_was_learnt(fit_of(NULL, omics, control)))
  }
})

test_that("a fit with sets goes on, and with other sets does not", {
  withr::local_options(omicpoems.checkpoint_seconds = 0)
  made <- planted_programs()
  sets <- made$sets
  control <- utils::modifyList(set_control, list(epochs = 6))
  file <- withr::local_tempfile()
  killed_after(2, file, omics = made$omics, control = control, sets = sets)
  other <- sets
  other[[1]] <- other[[1]][-1]
  expect_error(fit_of(file, made$omics, control, sets = other), "sets")
  expect_error(fit_of(file, made$omics, control), "sets")
  expect_identical(what_was_learnt(fit_of(file, made$omics, control, sets = sets)),
                   what_was_learnt(fit_of(NULL, made$omics, control, sets = sets)))
})

test_that("another fit does not go on from a checkpoint", {
  withr::local_options(omicpoems.checkpoint_seconds = 0)
  file <- withr::local_tempfile()
  killed_after(2, file)
  other <- cohort
  other$rna[5, 7] <- other$rna[5, 7] + 1
  expect_error(fit_of(file, other), "values of omic .*rna")
  expect_error(fit_of(file, cohort[c("rna", "protein")]), "What differs.*features")
  expect_error(fit_of(file, control = utils::modifyList(settings, list(learning_rate = 1e-3))),
               "learning_rate")
  expect_error(fit_of(file, weights = c(rna = 2)), "weights")
  expect_error(poems(cohort, factors = 5, seed = 4, control = settings, checkpoint = file),
               "factors.*seed") |> suppressMessages()
  renamed <- cohort
  rownames(renamed$calls)[1] <- "another"
  expect_error(fit_of(file, renamed), "features")
  two <- utils::modifyList(settings, list(threads = 2))
  expect_identical(what_was_learnt(fit_of(file, control = two)), what_was_learnt(fit_of(NULL)))
})

test_that("damaged checkpoints are errors, whatever is damaged", {
  withr::local_options(omicpoems.checkpoint_seconds = 0)
  file <- withr::local_tempfile()
  killed_after(3, file)
  whole <- readBin(file, "raw", file.size(file))
  withr::local_seed(5)
  for (at in sample(length(whole), 60)) {
    damaged <- whole
    damaged[at] <- xor(damaged[at], as.raw(1))
    writeBin(damaged, file)
    expect_error(fit_of(file), "checkpoint")
  }
  for (length in c(0, 1, 40, 2000, length(whole) - 1)) {
    writeBin(utils::head(whole, length), file)
    expect_error(fit_of(file), "checkpoint")
  }
  writeBin(c(whole, as.raw(0)), file)
  expect_error(fit_of(file), "checkpoint")
})

test_that("a checkpoint is a file that can be written", {
  folder <- withr::local_tempdir()
  expect_error(poems(cohort, checkpoint = folder), "is a folder")
  expect_error(poems(cohort, checkpoint = file.path(folder, "none", "file")), "no folder")
  expect_error(poems(cohort, checkpoint = NA_character_), "checkpoint.*path")
  expect_error(poems(cohort, checkpoint = c("a", "b")), "checkpoint.*path")
  skip_if(!dir.exists("/dev/full") && !file.exists("/dev/full"), "no full device here")
  expect_error(fit_of("/dev/full/none"), "checkpoint|folder")
})

test_that("data on disk have the checkpoint of data in memory", {
  skip_if_not_installed("DelayedArray")
  withr::local_options(omicpoems.checkpoint_seconds = 0)
  file <- withr::local_tempfile()
  on_disk <- list(protein = DelayedArray::DelayedArray(cohort$protein))
  killed_after(2, file, omics = on_disk)
  expect_identical(what_was_learnt(fit_of(file, on_disk)), what_was_learnt(fit_of(NULL, on_disk)))
  changed <- cohort$protein
  changed[2, 2] <- changed[2, 2] + 1e-3
  expect_error(fit_of(file, list(protein = DelayedArray::DelayedArray(changed))), "values of omic")
})
