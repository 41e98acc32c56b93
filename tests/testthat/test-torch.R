# Training with backend = "torch": the recorded numbers of the released model, the core's own
# losses and gradients, and whole fits. Skipped, and said so, where torch cannot be loaded.

fixture <- published_fixture()

# From the core's and torch's lists of gradients, without those that nothing is trained by.
trained_gradients <- function(gradients) {
  gradients$omics <- lapply(gradients$omics, \(omic) omic[!startsWith(names(omic), "agreement_")])
  gradients
}

for (name in c("plain", "row_normalized")) {
  case <- fixture[[name]]
  config <- published_config(fixture, case$row_normalize)
  parameters <- as_parameters(case$parameters)

  test_that(paste("torch has the released model's numbers,", name), {
    skip_without_torch()
    o <- case$optimizer
    batch <- core_evaluate(parameters, config, published_omics(fixture), t(fixture$eps),
                           FALSE)$batch
    run <- \(steps) torch_run(parameters, config, batch, steps = steps, learning_rate = o$lr,
                              weight_decay = o$weight_decay)
    got <- run(1)
    numbers <- \(x) if (is.list(x)) lapply(x, \(x) from_torch(x$detach())) else
      from_torch(x$detach())
    pass <- got$pass
    forward <- list(
      expert_mean = numbers(lapply(pass$experts, `[[`, "mean")),
      expert_logvar = numbers(lapply(pass$experts, `[[`, "logvar")),
      gate_input = numbers(pass$gate_input), gates = numbers(pass$alpha),
      posterior_mean = numbers(pass$mean), posterior_logvar = numbers(pass$logvar),
      z = numbers(pass$z), decoder_mask = got$masks, reconstruction = got$reconstruction
    )
    expect_all_close(forward, case$forward, 1e-8, "forward")
    loss <- list(reconstruction = got$terms$reconstruction, kl = got$terms$kl,
                 mask = got$terms$penalty, sigma = got$terms$noise,
                 total = sum(unlist(got$terms)))
    expect_all_close(loss, case$loss, 1e-8, "loss")
    expect_all_close(got$gradients, case$gradients, 1e-8, "gradient")
    expect_all_close(got$parameters, case$after_1_step, 1e-8, "after 1 step")
    five <- run(5)
    expect_all_close(five$parameters, case$after_5_steps, 1e-8, "after 5 steps")
    expect_close(five$losses, case$training_loss, 1e-8, "training loss")
  })
}

test_that("torch has the core's losses, gradients and steps in all families", {
  skip_without_torch()
  p <- mixed_problem()
  core <- core_evaluate(p$parameters, p$config, p$core, p$normals, FALSE)
  got <- torch_run(p$parameters, p$config, core$batch, p$links, steps = 3, learning_rate = 0.01,
                   weight_decay = 0.1)
  expect_close(got$terms$reconstruction, core$loss$reconstruction, 1e-9, "reconstruction")
  expect_close(got$terms$kl, core$loss$kl, 1e-9, "kl")
  expect_close(got$terms$penalty, core$loss$mask, 1e-9, "penalty")
  expect_close(got$terms$noise, core$loss$sigma, 1e-9, "noise")
  expect_all_close(got$gradients, trained_gradients(core$gradients), 1e-8, "gradient", 1e-10)
  steps <- core_steps(p$parameters, p$config, p$core, p$normals, 3, 0.01, 0.1)
  expect_close(got$losses, steps$losses, 1e-8, "losses")
  expect_all_close(got$parameters, steps$parameters, 1e-7, "after 3 steps", 1e-9)
})

test_that("gradients do not depend on how many features are decoded at once", {
  skip_without_torch()
  p <- mixed_problem()
  batch <- core_evaluate(p$parameters, p$config, p$core, p$normals, FALSE)$batch
  whole <- torch_run(p$parameters, p$config, batch, p$links)
  local_function("block_budget", \(device) 1)  # one feature
  single <- torch_run(p$parameters, p$config, batch, p$links)
  expect_equal(single$terms, whole$terms, tolerance = 1e-12)
  expect_equal(single$gradients, whole$gradients, tolerance = 1e-12)
})

test_that("torch trains as the core does: batches, hidden omics, EM, noise and loadings of zero", {
  skip_without_torch()
  p <- mixed_problem(samples = 40)
  cohort <- held_cohort(p$omics, p$data$data, p$data$samples, p$design, 1L)
  settings <- c(unclass(poems_control(epochs = 7, batch_size = 16, threads = 1, progress = FALSE,
                                      learning_rate = 0.01, validation = 0.25, warmup = 3,
                                      hidden = 5)),
                list(seed = 3L, revisit = revisit_zeros_every, samples = length(p$data$samples)))
  misplaced <- list(integer(), 5L, integer(), integer())
  members <- lapply(p$config$omics, \(omic) {
    m <- matrix(FALSE, omic$features, p$config$factors)
    m[1:4, 2] <- TRUE
    m
  })
  reporter <- \(epoch, training, validation) TRUE
  core <- core_train(cohort, p$config, p$noise, settings, reporter, p$parameters, misplaced,
                     members, member_odds)
  before <- .Random.seed
  got <- torch_train(cohort, p$config, settings, reporter, p$parameters, misplaced, p$links,
                     members, member_odds, single = FALSE)
  expect_identical(.Random.seed, before)
  expect_identical(got$validation, core$validation)
  expect_identical(got[c("stopped", "best_epoch")], core[c("stopped", "best_epoch")])
  same <- c("epoch", "training", "validation", "reconstruction", "kl", "penalty", "noise",
            "kl_weight", "nonzero")
  expect_equal(got$history[same], core$history[same], tolerance = 1e-4)
  expect_equal(got$latent, core$latent, tolerance = 1e-2)
  expect_equal(got$parameters$omics[[1]]$inclusion_rate, core$parameters$omics[[1]]$inclusion_rate,
               tolerance = 1e-3)
  expect_setequal(names(got), names(core))
  expect_setequal(names(got$parameters$omics[[1]]), names(core$parameters$omics[[1]]))
})

test_that("torch cuts passes of large cohorts into epochs, and halves its rate, as the core does", {
  skip_without_torch()
  p <- mixed_problem(samples = 40)
  cohort <- held_cohort(p$omics, p$data$data, p$data$samples, p$design, 1L)
  settings <- c(unclass(poems_control(epochs = 12, batch_size = 8, threads = 1, progress = FALSE,
                                      learning_rate = 0.03, validation = 0.25, hidden = 5)),
                list(seed = 3L, revisit = revisit_zeros_every, samples = length(p$data$samples),
                     largest_epoch = 16L, most_validated = 4L, slow_after = 1L))
  reporter <- \(epoch, training, validation) TRUE
  nobody <- rep(list(integer()), 4)
  core <- core_train(cohort, p$config, p$noise, settings, reporter, p$parameters, nobody, list(), 1)
  got <- torch_train(cohort, p$config, settings, reporter, p$parameters, nobody, p$links, list(), 1,
                     single = FALSE)
  expect_gt(sum(diff(core$history$validation) > 0), 0)  # the rate was halved
  expect_identical(got[c("stopped", "best_epoch")], core[c("stopped", "best_epoch")])
  same <- c("epoch", "training", "validation", "reconstruction", "kl", "penalty", "noise")
  expect_equal(got$history[same], core$history[same], tolerance = 1e-4)
  at_one_rate <- torch_train(cohort, p$config, utils::modifyList(settings, list(slow_after = 100L)),
                             reporter, p$parameters, nobody, p$links, list(), 1, single = FALSE)
  expect_false(isTRUE(all.equal(at_one_rate$history[same], core$history[same], tolerance = 1e-4)))
})

test_that("a fit by torch finds what was planted, as the core does, and needs no torch then", {
  skip_without_torch()
  truth <- simulate_omics(150, c(rna = 60, protein = 30), factors = 3, seed = 4)
  fit_by <- \(backend) poems(truth$omics, factors = 5, seed = 1, control = list(
    backend = backend, epochs = 40, threads = 1, progress = FALSE
  ))
  torch <- fit_by("torch")
  core <- fit_by("core")
  found <- \(fit) summary(factor_recovery(fit, truth))[["correlation"]]
  expect_gt(found(torch), 0.9)
  expect_equal(found(torch), found(core), tolerance = 0.02)
  expect_output(print(torch), "seed 1, trained by torch (cpu).", fixed = TRUE)
  expect_output(print(summary(torch)), "trained by torch (cpu)", fixed = TRUE)
  expect_no_match(capture.output(print(core)), "torch")
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(torch, file)
  read <- readRDS(file)
  local_function("torch_train", \(...) stop("torch was asked"))
  expect_equal(predict(read, truth$omics), latent(torch), tolerance = 1e-4)
  expect_identical(loadings(read), loadings(torch))
})

test_that("torch trains the published objective, with dropout, and the same fit again", {
  skip_without_torch()
  control <- quick_control("published", backend = "torch", epochs = 3)
  omics <- lapply(small_cohort()$omics, \(x) x[, 1:45])
  fit <- poems(omics, factors = 3, seed = 2, control = control)
  expect_identical(fit$best_epoch, 3L)
  expect_true(all(is.finite(fit$history$validation)))
  expect_lt(fit$history$training[3], fit$history$training[1])
  again <- poems(omics, factors = 3, seed = 2, control = control)
  expect_identical(fit$loadings, again$loadings)
})

test_that("training by torch ends where it is to: patience, an interrupt", {
  skip_without_torch()
  control <- quick_control(backend = "torch", warmup = 0, patience = 2, learning_rate = 0.05,
                           epochs = 200)
  fit <- poems(small_cohort()$omics, factors = 3, seed = 2, control = control)
  expect_identical(fit$stopped, "converged")
  expect_equal(nrow(fit$history), fit$best_epoch + 2)
  batches <- 0
  local_function("was_interrupted", \() {
    batches <<- batches + 1
    batches == 8  # in the third epoch of three batches
  })
  expect_warning(
    part <- poems(small_cohort()$omics, factors = 3, seed = 2, control = control),
    "Interrupted after epoch 2"
  )
  expect_identical(part$stopped, "interrupted")
  expect_identical(nrow(part$history), 2L)
  expect_equal(part$history$training, fit$history$training[1:2])
})

test_that("what cannot be had of torch is an error at the door", {
  omics <- small_cohort()$omics
  fit <- function(...) poems(omics, factors = 2, control = list(backend = "torch", ...))
  expect_snapshot({
    tell(poems_control(device = "cuda"))
    tell(poems_control(backend = "tensorflow"))
    tell(poems_control(backend = "torch", device = "gpu"))
    tell(poems(omics, control = list(backend = "torch"), checkpoint = tempfile()))
  })
  local_function("check_torch", \(call) NULL)
  local_function("has_device", \(device) FALSE)
  expect_snapshot({
    tell(fit(device = "cuda"))
    tell(fit(device = "mps"))
  })
})

test_that("an error says what to install", {
  poems <- function() check_torch(rlang::current_env())
  local_function("has_torch", \() FALSE)
  expect_snapshot(tell(poems()))
  local_function("has_torch", \() TRUE)
  local_function("has_libtorch", \() FALSE)
  expect_snapshot(tell(poems()))
})

test_that("torch trains one factor, one omic, batches that nobody of an omic is in, as published", {
  skip_without_torch()
  omics <- small_cohort()$omics
  omics$mirna <- omics$mirna[, 1:6]
  complete <- lapply(small_cohort()$omics, \(x) x[, 1:45])
  complete$rna[is.na(complete$rna)] <- 5
  fit_by <- \(backend, case) suppressWarnings(poems(
    case$x, factors = case$factors, seed = 1,
    control = quick_control(case$objective, epochs = 2, batch_size = 4, dropout = 0,
                            learning_rate = 1e-3, warmup = 0, backend = backend)
  ))
  for (case in list(list(x = omics, factors = 1, objective = "elbo"),
                    list(x = omics["rna"], factors = 3, objective = "elbo"),
                    list(x = complete, factors = 2, objective = "published"))) {
    torch <- fit_by("torch", case)
    core <- fit_by("core", case)
    expect_equal(torch$history[1:3], core$history[1:3], tolerance = 1e-4)
    expect_equal(torch$parameters, core$parameters, tolerance = 1e-2)
  }
})
