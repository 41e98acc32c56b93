# A step of training in torch, all in place: AdamW, the loadings' proximal step, unit lengths, and
# the updates of inclusion probabilities (src/tape/adamw.h, src/models/sparse_omics.h,
# src/pieces/spike_slab.h). torch's own AdamW counts its steps in single precision.

adam_beta1 <- 0.9
adam_beta2 <- 0.999
adam_epsilon <- 1e-8

# The core's Objective::encoder_pace(): the share of the learning rate with which the weights of an
# encoder's first layer move.
features_at_full_pace <- 1000

# `all`: moments of what AdamW moves in one go, and `pace`, the share of the learning rate that they
# move by; `W`: per omic moments of loadings that have steps of their own.
torch_adamw <- function(model, learning_rate, weight_decay) {
  moments <- \(x) list(first = torch::torch_zeros_like(x), second = torch::torch_zeros_like(x))
  adam <- new.env(parent = emptyenv())
  adam$all <- moments(model$all)
  adam$pace <- paces(model)
  adam$W <- if (!model$objective$published) {
    lapply(model$parameters$omics, \(omic) moments(omic$W))
  }
  adam$steps <- 0
  adam$rate <- learning_rate
  adam$shrink <- decaying(model) * adam$pace * (-learning_rate * weight_decay) + 1
  adam
}

halve_rate <- function(adam) {
  adam$rate <- adam$rate / 2
  adam$shrink <- adam$shrink$add(1)$mul(0.5)
}

# 1 for what decays and 0 for all else, in the order of `all`: weights of layers, or everything with
# the published objective.
decaying <- function(model) {
  decays <- \(tensors) Map(\(x, name) {
    grepl("weight$", name) && !grepl("norm", name) || model$objective$published
  }, tensors, names(tensors))
  of_all(model, list(omics = lapply(model$parameters$omics, decays),
                     gate = decays(model$parameters$gate)))
}

# Of what AdamW moves, in the order of `all`.
paces <- function(model) {
  of_all(model, list(
    omics = Map(\(omic, config) {
      pace <- lapply(omic, \(x) 1)
      if (!model$objective$published && config$features > features_at_full_pace) {
        pace$encoder_hidden1_weight <- features_at_full_pace / config$features
      }
      pace
    }, model$parameters$omics, model$config$omics),
    gate = lapply(model$parameters$gate, \(x) 1)
  ))
}

# One number for each of the tensors, told as model$parameters has them, for every entry of `all`.
of_all <- function(model, numbers) {
  as_vector(Map(\(x, number) torch::torch_zeros_like(x)$add_(1 * number),
                moved_of(model, model$parameters), moved_of(model, numbers)))
}

# sqrt(second moment), bias corrected, + epsilon.
adam_scale <- function(adam, second) {
  torch::torch_sqrt(second)$mul_(1 / sqrt(1 - adam_beta2^adam$steps))$add_(adam_epsilon)
}

# The learning rate, with the bias correction of the first moment.
adam_rate <- \(adam) adam$rate / (1 - adam_beta1^adam$steps)

adam_update <- function(adam, value, gradient, moments, pace = 1) {
  moments$first$mul_(adam_beta1)$add_(gradient, alpha = 1 - adam_beta1)
  moments$second$mul_(adam_beta2)$addcmul_(gradient, gradient, value = 1 - adam_beta2)
  value$addcdiv_(moments$first * pace, adam_scale(adam, moments$second), value = -adam_rate(adam))
}

# The same for the entries where `where` is 1; where it is 0, they and their moments stay.
adam_update_some <- function(adam, value, gradient, moments, where) {
  towards <- \(moment, new, beta) moment$add_((new - moment)$mul_(where), alpha = 1 - beta)
  towards(moments$first, gradient, adam_beta1)
  towards(moments$second, gradient * gradient, adam_beta2)
  step <- (moments$first / adam_scale(adam, moments$second))$mul_(where)
  value$sub_(step, alpha = adam_rate(adam))
}

# `skips`: whether loadings that are 0 stay so in this step; `samples`: in the batch, and in
# training.
torch_step <- function(model, adam, gradients, skips, samples) {
  adam$steps <- adam$steps + 1
  model$all$mul_(adam$shrink)
  adam_update(adam, model$all, as_vector(moved_of(model, gradients)), adam$all,
              adam$pace)
  for (v in seq_along(model$parameters$omics)) {
    if (model$objective$published) {
      update_inclusion(model, v)
    } else {
      step_loadings(model, adam, v, gradients$omics[[v]]$W, skips,
                    model$objective$prior_weight(samples$batch, samples$training))
    }
  }
}

# W, its proximal step, and unit lengths of v and of A's columns, whose lengths go into W.
step_loadings <- function(model, adam, v, gradient, skips, prior_weight) {
  omic <- model$parameters$omics[[v]]
  W <- omic$W
  if (skips) {
    adam_update_some(adam, W, gradient, adam$W[[v]], (W != 0)$to(dtype = W$dtype))
  } else {
    adam_update(adam, W, gradient, adam$W[[v]])
  }
  threshold <- penalty_rate(model, v)$mul_(prior_weight * adam$rate)$
    div_(adam_scale(adam, adam$W[[v]]$second))
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
