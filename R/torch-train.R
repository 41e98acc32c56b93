# Training in torch: epochs, batches, validation and early stopping as src/training/trainer.cpp has
# them. Batches, and what is random about them but for dropout, are the core's.

# Trains as core_train() does, and returns what it does. `start`: parameters; `links`: of omics that
# are not Gaussian, see torch_model().
torch_train <- function(cohort, config, settings, reporter, start, misplaced, links, members, odds,
                        single = TRUE) {
  local_torch_threads(settings$threads)
  torch::local_torch_manual_seed(settings$seed)
  place <- torch_place(settings$device, single)
  model <- torch_model(start, config, links, members, odds, place)
  batches <- batch_source(cohort, config, settings, misplaced, place)
  trained <- torch::with_no_grad(torch_epochs(model, batches, settings, reporter))
  parameters <- parameters_from_torch(model$parameters)
  if (trained$stopped != "diverged" && !all(is.finite(unlist(parameters)))) {
    trained$stopped <- "diverged"
  }
  read <- if (trained$stopped != "diverged") {
    core_read_out(parameters, config, cohort, settings$threads)
  }
  c(list(parameters = parameters, validation = batches$held_out, not_kept = ""), trained, read)
}

local_torch_threads <- function(threads, frame = parent.frame()) {
  before <- torch::torch_get_num_threads()
  torch::torch_set_num_threads(threads)
  withr::defer(torch::torch_set_num_threads(before), frame)
}

# What asks the core for batches.
batch_source <- function(cohort, config, settings, misplaced, place) {
  samples <- settings$samples
  held_out <- core_held_out(samples, settings$validation, settings$seed)
  hides <- config$objective == "elbo"
  cut <- \(positions, epoch, training) batch_to_torch(
    core_batch(cohort, positions, config$factors, settings$seed, epoch, training, hides, misplaced,
               settings$threads), place
  )
  at_once <- min(512, settings$batch_size)
  largest <- c(settings$largest_epoch, samples)[1]
  is_cut <- samples - length(held_out) > largest  # a pass over them takes several epochs
  validated <- if (is_cut) evenly(held_out, settings$most_validated) else held_out
  list(
    held_out = held_out, samples = samples - length(held_out), is_cut = is_cut,
    validated = length(validated),
    epoch = \(epoch) core_epoch_batches(samples, settings$validation, settings$batch_size,
                                        settings$seed, epoch, largest),
    training = \(positions, epoch) cut(positions, epoch, TRUE),
    validation = \(epoch) lapply(
      split(validated, ceiling(seq_along(validated) / at_once)),
      \(positions) \() cut(positions, epoch, FALSE)
    )
  )
}

# At most so many of x: spread() in src/training/schedule.h.
evenly <- function(x, most) {
  n <- length(x)
  if (n <= most) x else x[((seq_len(most) - 1) * n) %/% most + 1]
}

# The epochs, until they are through, patience is, or somebody interrupts.
torch_epochs <- function(model, batches, settings, reporter) {
  adam <- torch_adamw(model, settings$learning_rate, settings$weight_decay)
  published <- model$objective$published
  started <- now()
  history <- list()
  best <- list(epoch = 0, loss = Inf)
  slowed <- 0
  stopped <- "epochs"
  for (epoch in seq_len(settings$epochs)) {
    record <- torch_epoch(model, adam, batches, settings, epoch)
    if (is.null(record)) {
      stopped <- "interrupted"
      break
    }
    record$validation <- torch_validation(model, batches, settings, epoch)
    record$seconds <- now() - started
    history[[epoch]] <- record
    told <- reporter(epoch, record$training, record$validation)
    if (!is.finite(record$training)) {
      stopped <- "diverged"
      break
    }
    if (length(batches$held_out) > 0 && epoch >= settings$warmup) {
      if (best$epoch == 0 || isTRUE(record$validation < best$loss)) {
        best <- list(epoch = epoch, loss = record$validation,
                     parameters = if (!published) map_tensors(model$parameters, copy_of))
      }
      if (batches$is_cut && epoch - max(best$epoch, slowed) >= settings$slow_after) {
        halve_rate(adam)
        slowed <- epoch
      }
      if (epoch - best$epoch >= settings$patience) {
        stopped <- "converged"
        break
      }
    }
    if (!told) {
      stopped <- "interrupted"
      break
    }
  }
  if (!is.null(best$parameters)) restore(model, best$parameters)
  list(history = columns_of(history), stopped = stopped,
       best_epoch = if (is.null(best$parameters)) length(history) else best$epoch)
}

now <- \() as.numeric(Sys.time())

copy_of <- \(x) x$detach()$clone()

restore <- function(model, parameters) {
  for (v in seq_along(parameters$omics)) {
    Map(\(to, from) to$copy_(from), model$parameters$omics[[v]], parameters$omics[[v]])
  }
  Map(\(to, from) to$copy_(from), model$parameters$gate, parameters$gate)
}

columns_of <- function(history) {
  columns <- lapply(stats::setNames(history_columns, history_columns),
                    \(name) vapply(history, \(record) as.numeric(record[[name]]), 0))
  columns$epoch <- as.integer(columns$epoch)
  columns
}

# Loadings that are 0 are skipped but in the first half of some epochs, see revisit_zeros_every.
# `done`: the share of the epoch's batches before this one.
skips_zeros <- function(model, settings, epoch, done) {
  !model$objective$published && (epoch %% settings$revisit != 0 || done >= 0.5)
}

# One epoch; its record, or NULL when it was interrupted.
torch_epoch <- function(model, adam, batches, settings, epoch) {
  cut <- batches$epoch(epoch)
  in_epoch <- sum(lengths(cut))
  beta <- settings$kl_weight * if (epoch >= settings$warmup) 1 else epoch / settings$warmup
  phase <- list(beta = beta, training = TRUE, samples = batches$samples, at_mean = FALSE)
  sums <- c(reconstruction = 0, kl = 0, penalty = 0, noise = 0)
  counts <- NULL
  seconds <- c(encoder = 0, decoder = 0, optimiser = 0)
  for (i in seq_along(cut)) {
    begun <- now()
    batch <- batches$training(cut[[i]], epoch)
    lost <- torch::with_enable_grad(torch_loss(model, batch, phase, gradients = TRUE))
    trained <- now()
    torch_step(model, adam, lost$gradients,
               skips_zeros(model, settings, epoch, (i - 1) / length(cut)),
               list(batch = batch$size, training = batches$samples))
    sums <- sums + vapply(lost$terms, sum, 0) * batch$size / in_epoch
    counts <- add_counts(counts, lost$counts)
    seconds <- seconds + c(trained - begun - lost$decoder_seconds, lost$decoder_seconds,
                           now() - trained)
    if (was_interrupted()) return(NULL)
  }
  if (!model$objective$published) after_epoch(model, counts, epoch)
  c(list(epoch = epoch, training = sum(sums)), as.list(sums), kl_weight = beta,
    nonzero = share_nonzero(model), encoder_seconds = seconds[["encoder"]],
    decoder_seconds = seconds[["decoder"]], optimiser_seconds = seconds[["optimiser"]])
}

add_counts <- function(counts, more) {
  if (is.null(counts)) more else Map(\(a, b) Map(`+`, a, b), counts, more)
}

# As many epochs leave the noise as it starts: until residuals have begun to mean something.
first_noise_epoch <- 5

after_epoch <- function(model, counts, epoch) {
  for (v in seq_along(counts)) {
    update_inclusion(model, v)
    noise <- noise_of(model, v)
    if (is.null(noise) || epoch < first_noise_epoch) next
    noise$copy_(updated_noise(model$config$omics[[v]]$family, noise, counts[[v]],
                              model$noise[[v]]))
  }
}

share_nonzero <- function(model) {
  loadings <- lapply(model$parameters$omics, `[[`, "W")
  counts <- vapply(loadings, \(W) as.numeric((W != 0)$sum()$item()), 0)
  sum(counts) / sum(vapply(loadings, \(W) as.numeric(W$numel()), 0))
}

# What early stopping goes by: NaN without samples held out.
torch_validation <- function(model, batches, settings, epoch) {
  if (length(batches$held_out) == 0) return(NaN)
  published <- model$objective$published
  phase <- list(beta = settings$kl_weight, training = FALSE, samples = batches$samples,
                at_mean = !published)
  counted <- if (published) c("reconstruction", "kl", "penalty", "noise") else
    c("reconstruction", "kl")
  losses <- vapply(batches$validation(epoch), \(cut) {
    batch <- cut()
    terms <- torch_loss(model, batch, phase, gradients = FALSE)$terms
    sum(unlist(terms[counted])) * batch$size
  }, 0)
  sum(losses) / batches$validated
}
