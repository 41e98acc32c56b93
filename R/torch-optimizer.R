# A step of training in torch, all in place: AdamW, the loadings' proximal step, unit lengths, and
# the updates of inclusion probabilities (src/tape/adamw.h, src/models/sparse_omics.h,
# src/pieces/spike_slab.h). torch's own AdamW counts its steps in single precision.

adam_beta1 <- 0.9
adam_beta2 <- 0.999
adam_epsilon <- 1e-8

# First and second moments of all that has gradients.
torch_adamw <- function(model, learning_rate, weight_decay) {
  zeros <- \() map_tensors(model$parameters, torch::torch_zeros_like)
  adam <- new.env(parent = emptyenv())
  adam$first <- zeros()
  adam$second <- zeros()
  adam$steps <- 0
  adam$rate <- learning_rate
  adam$decay <- weight_decay
  adam
}

# sqrt(second moment), bias corrected, + epsilon.
adam_scale <- function(adam, second) {
  torch::torch_sqrt(second)$mul_(1 / sqrt(1 - adam_beta2^adam$steps))$add_(adam_epsilon)
}

# `where`: 1 for the entries that are to be moved and 0 for all others, or NULL for all.
adam_update <- function(adam, value, gradient, first, second, decays, where = NULL) {
  towards <- \(moment, new, beta) {
    change <- new$sub(moment)
    if (!is.null(where)) change <- change$mul_(where)
    moment$add_(change, alpha = 1 - beta)
  }
  if (decays) value$mul_(1 - adam$rate * adam$decay)
  towards(first, gradient, adam_beta1)
  towards(second, gradient * gradient, adam_beta2)
  step <- first / adam_scale(adam, second)
  if (!is.null(where)) step <- step$mul_(where)
  value$sub_(step, alpha = adam$rate / (1 - adam_beta1^adam$steps))
}

# Weights of layers decay; biases, loadings and noise do so with the published objective alone.
decaying <- function(names) grepl("(encoder|decoder|hidden|output).*weight$", names)

# `skips`: whether loadings that are 0 stay so in this step; `samples`: in the batch, and in
# training.
torch_step <- function(model, adam, gradients, skips, samples) {
  published <- model$objective$published
  adam$steps <- adam$steps + 1
  for (v in seq_along(model$parameters$omics)) {
    step_omic(model, adam, v, gradients$omics[[v]])
    step_loadings(model, adam, v, gradients$omics[[v]], skips,
                  model$objective$prior_weight(samples$batch, samples$training))
    if (published) update_inclusion(model, v)
  }
  for (name in names(model$parameters$gate)) {
    adam_update(adam, model$parameters$gate[[name]], gradients$gate[[name]],
                adam$first$gate[[name]], adam$second$gate[[name]], published || decaying(name))
  }
}

# All of an omic but W and v. Noise is the optimiser's with the published objective alone.
step_omic <- function(model, adam, v, gradients) {
  published <- model$objective$published
  held <- c("W", "decoder_output_weight", if (!published) model$noise[[v]]$name)
  for (name in setdiff(names(gradients), held)) {
    adam_update(adam, model$parameters$omics[[v]][[name]], gradients[[name]],
                adam$first$omics[[v]][[name]], adam$second$omics[[v]][[name]],
                published || decaying(name))
  }
}

# W and v, then, but for the published objective, the proximal step of W and unit lengths of v and
# of A's columns, whose lengths go into W.
step_loadings <- function(model, adam, v, gradients, skips, prior_weight) {
  published <- model$objective$published
  omic <- model$parameters$omics[[v]]
  first <- adam$first$omics[[v]]
  second <- adam$second$omics[[v]]
  W <- omic$W
  where <- if (skips) (W != 0)$to(dtype = W$dtype)
  adam_update(adam, W, gradients$W, first$W, second$W, published, where)
  adam_update(adam, omic$decoder_output_weight, gradients$decoder_output_weight,
              first$decoder_output_weight, second$decoder_output_weight, TRUE)
  if (published) return(invisible())
  threshold <- penalty_rate(model, v)$mul_(prior_weight * adam$rate)$
    div_(adam_scale(adam, second$W))
  W$copy_(torch::torch_sign(W) * torch::torch_relu(torch::torch_abs(W) - threshold))
  columns <- lengths_of(omic$decoder_hidden_weight, 1)
  omic$decoder_hidden_weight$div_(columns)
  rows <- lengths_of(omic$decoder_output_weight, 2)
  omic$decoder_output_weight$div_(rows)
  W$mul_(columns * rows)
}

# 1 where all is zero, which then stays so.
lengths_of <- function(x, dim) {
  length <- torch::torch_sqrt((x * x)$sum(dim, keepdim = TRUE))
  length + (length == 0)$to(dtype = length$dtype)
}

# The E step and the M step of the spike and slab.
update_inclusion <- function(model, v) {
  config <- model$config
  omic <- model$parameters$omics[[v]]
  eta <- omic$inclusion_rate$to(dtype = model$place$wide)$t()
  odds <- (-eta + 1) / eta * model$objective$density_ratio(config$lambda0, config$lambda1)
  size <- torch::torch_abs(torch_mask(model, omic$W))$to(dtype = model$place$wide)
  evidence <- size * (config$lambda0 - config$lambda1)
  members <- if (length(model$members) > 0) model$members[[v]]
  if (!is.null(members)) evidence <- evidence + members * log(model$odds)
  p <- torch::torch_reciprocal(torch::torch_exp(-evidence) * odds + 1)
  omic$inclusion_probability$copy_(p)
  included <- from_torch(p$sum(1))
  counts <- if (is.null(members)) 0 * included else from_torch(members$sum(1))
  rate <- inclusion_rate(as.vector(included), config$inclusion_a, config$omics[[v]]$inclusion_b,
                         config$omics[[v]]$features, as.vector(counts), model$odds)
  omic$inclusion_rate$copy_(to_torch(as.matrix(rate), model$place))
}

# The most likely rate of every factor: src/pieces/inclusion_rate.h. `included`: sums of the
# inclusion probabilities; `members`: numbers of features in the factors' sets.
inclusion_rate <- function(included, a, b, features, members, odds) {
  found <- included + a - 1
  all <- a + b - 2 + features
  square <- (all - members) * (odds - 1)
  linear <- found * (odds - 1) - (all - members) - members * odds
  root <- sqrt(linear^2 + 4 * square * found)
  with_set <- ifelse(linear > 0, (linear + root) / (2 * square), 2 * found / (root - linear))
  ifelse(members == 0, found / all, with_set)
}
