# POEMS in torch: the equations of src/models/poems.h and their gradients. A batch is samples in
# rows here; see torch-batch.R.
#
# Nothing of size samples x features x hidden units is ever held: decoders go through features block
# by block, and the gradients of a block are taken before the next one is computed. Those of the
# factors z are summed over blocks, and taken through the encoders last.

# What the objectives differ in: src/models/objective.h.
torch_objective <- function(objective) {
  published <- objective == "published"
  list(
    published = published,
    likelihood_weight = \(size, features) 1 / (size * if (published) features else 1),
    kl_weight = \(size, factors, beta) beta / (size * if (published) factors else 1),
    prior_weight = \(size, training) 1 / (if (published) size else training),
    noise_observations = \(size) if (published) size else 0,
    # Of the odds of the spike, in the E step.
    density_ratio = \(lambda0, lambda1) if (published) 1 else lambda0 / lambda1
  )
}

# The model: its parameters, of which AdamW moves those in `moved` (names, per omic) and the gate's,
# and what does not change in training. `links`: per omic the scale of its link (features in rows),
# or NULL; `members`, `odds`: of sets, as in core_train().
torch_model <- function(parameters, config, links, members, odds, place) {
  in_columns <- \(link) lapply(link, \(x) to_torch(as.matrix(x), place))
  noise <- lapply(config$omics, \(omic) list(
    name = unname(c(gaussian = "log_sigma", negative_binomial = "log_dispersion")[omic$family]),
    df = config$sigma_df, typical = omic$noise_prior
  ))
  objective <- torch_objective(config$objective)
  join_moved(list(
    parameters = parameters_to_torch(parameters, place), config = config, place = place,
    objective = objective, links = lapply(links, in_columns),
    members = lapply(members, \(m) to_torch(1 * m, place)), odds = odds, noise = noise,
    moved = Map(\(omic, noise) moved_names(names(omic), noise$name, objective), parameters$omics,
                noise)
  ))
}

# Loadings and noise are AdamW's with the published objective alone, see step_loadings() and
# updated_noise(). The weights of agreement keep the values that training starts from.
moved_names <- function(names, noise, objective) {
  held <- c("inclusion_probability", "inclusion_rate", if (!objective$published) c("W", noise))
  setdiff(names[!startsWith(names, "agreement_")], held)
}

# What AdamW moves, of lists as those of the parameters.
moved_of <- function(model, lists) {
  omics <- Map(\(omic, names) unname(omic[names]), lists$omics, model$moved)
  c(unlist(omics, recursive = FALSE), unname(lists$gate[names(model$parameters$gate)]))
}

as_vector <- \(tensors) torch::torch_cat(lapply(tensors, \(x) x$reshape(-1)))

# Makes what AdamW moves one vector, `all`, of which the parameters are views: a step is then a few
# calls, however many parameters there are.
join_moved <- function(model) {
  parts <- moved_of(model, model$parameters)
  model$all <- as_vector(parts)
  sizes <- vapply(parts, \(x) x$numel(), 0)
  views <- Map(\(view, part) view$view(dim(part)), torch::torch_split(model$all, sizes), parts)
  at <- 0
  for (v in seq_along(model$moved)) {
    names <- model$moved[[v]]
    model$parameters$omics[[v]][names] <- views[at + seq_along(names)]
    at <- at + length(names)
  }
  model$parameters$gate[] <- views[at + seq_along(model$parameters$gate)]
  model
}

# Encoders, gate and fusion ----------------------------------------------------------------------

linear <- function(x, parameters, layer) {
  weight <- parameters[[paste0(layer, "_weight")]]
  x$mm(weight$t()) + parameters[[paste0(layer, "_bias")]]$t()
}

relu_and_drop <- function(x, rate) {
  y <- torch::torch_relu(x)
  if (rate > 0) torch::nnf_dropout(y, rate) else y
}

# Means and log variances of an omic's expert, members x factors.
torch_expert <- function(omic, batch, rate) {
  hidden <- relu_and_drop(linear(batch$x, omic, "encoder_hidden1"), rate)
  hidden <- relu_and_drop(linear(hidden, omic, "encoder_hidden2"), rate)
  list(mean = linear(hidden, omic, "encoder_mean"),
       logvar = linear(hidden, omic, "encoder_logvar"))
}

layer_norm <- function(x, omic) {
  centred <- x - x$mean(2, keepdim = TRUE)
  variance <- (centred * centred)$mean(2, keepdim = TRUE)
  centred / torch::torch_sqrt(variance + 1e-5) * omic$gate_norm_weight$t() +
    omic$gate_norm_bias$t()
}

sum_of <- function(tensors) Reduce(`+`, tensors)

# log P(belongs), samples x omics: see src/layers/agreement.h.
log_belongs <- function(parameters, means, precisions, batch) {
  omics <- seq_along(means)
  odds <- lapply(omics, \(v) {
    omic <- parameters$omics[[v]]
    others <- precisions[-v]
    if (length(others) == 0) return(torch::torch_zeros_like(batch$several)$add(-Inf))
    precision <- sum_of(others)
    precision <- precision + (precision == 0)$to(dtype = precision$dtype)
    m <- means[[v]]
    mu <- sum_of(Map(`*`, others, means[-v])) / precision
    D <- (m * m)$mm(omic$agreement_own) + (mu * mu)$mm(omic$agreement_others) -
      (m * mu)$mm(omic$agreement_product) + omic$agreement_offset
    D$masked_fill(batch$shown[[v]] * batch$several == 0, -Inf)
  })
  zero <- torch::torch_zeros_like(batch$several)
  log_sum <- \(odds) {
    torch::torch_logsumexp(torch::torch_cat(c(list(zero), odds), 2), 2, keepdim = TRUE)
  }
  all <- log_sum(odds)
  torch::torch_cat(lapply(omics, \(v) log_sum(odds[-v]) - all), 2)
}

# All up to z: samples x factors but for `experts` (members) and `alpha` (samples x omics).
torch_encode <- function(model, parameters, batch, rate = 0, at_mean = FALSE) {
  experts <- Map(\(omic, x) torch_expert(omic, x, rate), parameters$omics, batch$omics)
  shown <- batch$shown
  spread <- \(part) Map(\(e, omic) spread_members(e[[part]], omic, batch$size), experts,
                        batch$omics)
  means <- spread("mean")
  precisions <- Map(\(logvar, s) torch::torch_exp(-logvar) * s, spread("logvar"), shown)
  gate_input <- Map(\(mean, omic, s) layer_norm(mean, omic) * s, means, parameters$omics, shown)
  hidden <- torch::torch_relu(linear(torch::torch_cat(gate_input, 2), parameters$gate, "hidden"))
  logits <- linear(hidden, parameters$gate, "output")
  if (!model$objective$published) {
    logits <- logits + log_belongs(parameters, means, precisions, batch)
  }
  if (batch$hides) logits <- logits$masked_fill(torch::torch_cat(shown, 2) == 0, -Inf)
  alpha <- torch::nnf_softmax(logits, 2)
  weights <- Map(`*`, precisions, torch::torch_split(alpha, 1, 2))
  precision <- sum_of(weights)
  mean <- sum_of(Map(`*`, weights, means)) / precision
  logvar <- -torch::torch_log(precision)
  z <- if (at_mean) mean else mean + torch::torch_exp(logvar * 0.5) * batch$normals
  list(experts = experts, gate_input = gate_input, alpha = alpha, mean = mean, logvar = logvar,
       z = z)
}

# KL divergence from N(0, 1), over samples and factors.
torch_kl <- function(pass) {
  (pass$mean * pass$mean + torch::torch_exp(pass$logvar) - 1 - pass$logvar)$sum() * 0.5
}

# Decoders ---------------------------------------------------------------------------------------

# Features that are decoded at once: what a block holds, with its gradients, shall take `budget`
# bytes.
features_at_once <- function(model, samples, budget = block_budget(model$place$device)) {
  config <- model$config
  per_feature <- 4 * config$decoder_hidden * (samples + config$factors)
  bytes <- if (model$place$dtype == torch::torch_float64()) 8 else 4
  max(1, floor(budget / (bytes * per_feature)))
}

# Of a processor, about what its caches hold; of a card, a small part of its memory.
block_budget <- function(device) if (device == "cpu") 2^25 else 2^28

# R does not know how much memory a tensor holds, and would collect those of many blocks late.
blocks_between_collections <- 8

torch_mask <- function(model, W) {
  if (!model$config$row_normalize) return(W)
  size <- torch::torch_abs(W) + 1e-6
  size / size$sum(2, keepdim = TRUE)
}

# xhat of a block of features, features x members, from z (members x factors):
# c_j + v_j' drop(relu(A (m_j * z))) + b_j' y.
decode_block <- function(A, block, z, covariates, rate) {
  features <- nrow(block$mask)
  masked <- A$unsqueeze(1) * block$mask$unsqueeze(2)
  hidden <- masked$reshape(c(-1, ncol(A)))$mm(z$t())
  hidden <- relu_and_drop(hidden, rate)$reshape(c(features, nrow(A), nrow(z)))
  xhat <- block$output$unsqueeze(2)$bmm(hidden)$squeeze(2) + block$bias
  if (is.null(block$effects)) xhat else xhat + block$effects$mm(covariates$t())
}

# What is cut into blocks, in the order of the features: their parameters, link and values.
blocks_of_omic <- function(model, v, mask, batch, size) {
  omic <- model$parameters$omics[[v]]
  rows <- list(
    mask = mask, output = omic$decoder_output_weight, bias = omic$decoder_output_bias,
    effects = omic$covariate_effects, noise = noise_of(model, v),
    intercept = model$links[[v]]$intercept, unit = model$links[[v]]$unit,
    link_effects = model$links[[v]]$effects
  )
  columns <- batch[c("x", "observed", "targets")]
  cut <- \(parts, dim) lapply(Filter(Negate(is.null), parts), torch::torch_split, size, dim)
  c(cut(rows, 1), cut(columns, 2))
}

noise_of <- function(model, v) {
  name <- model$noise[[v]]$name
  if (!is.na(name)) model$parameters$omics[[v]][[name]]
}

# Parameters of a block that have a gradient, beside A and z.
block_parameters <- c("mask", "output", "bias", "effects", "noise")

leaf <- function(x) x$detach()$requires_grad_(TRUE)

# The loss of an omic, summed and not weighed, and `counts` of its features (see block_loss()). With
# `gradients`, their list: of `A`, `z` (members x factors) and block_parameters, weighed.
decode_omic <- function(model, v, mask, z, batch, rate, weight, gradients) {
  config <- model$config$omics[[v]]
  A <- model$parameters$omics[[v]]$decoder_hidden_weight
  z <- members_of_batch(z, batch)
  if (gradients) {
    A <- leaf(A)
    z <- leaf(z)
  }
  cut <- blocks_of_omic(model, v, mask, batch, features_at_once(model, batch$size))
  blocks <- lapply(seq_along(cut$mask), \(b) {
    block <- lapply(cut, `[[`, b)
    learned <- intersect(block_parameters, names(block))
    if (gradients) block[learned] <- lapply(block[learned], leaf)
    xhat <- decode_block(A, block, z, batch$covariates, rate)
    lost <- block_loss(config$family, block, xhat, batch, !model$objective$published,
                       model$place$wide)
    g <- if (gradients) {
      stats::setNames(torch::autograd_grad(lost$loss * weight,
                                           unname(c(list(A, z), block[learned]))),
                      c("A", "z", learned))
    }
    if (b %% blocks_between_collections == 0) gc(full = FALSE)
    list(loss = lost$loss$detach(), counts = lost$counts, gradients = g)
  })
  join <- \(parts) torch::torch_cat(parts, 1)
  counts <- lapply(seq_along(blocks[[1]]$counts), \(i) join(lapply(blocks, \(b) b$counts[[i]])))
  of <- names(blocks[[1]]$gradients)
  joined <- lapply(stats::setNames(of, of), \(name) {
    parts <- lapply(blocks, \(b) b$gradients[[name]])
    if (name %in% c("A", "z")) sum_of(parts) else join(parts)
  })
  list(loss = sum_of(lapply(blocks, `[[`, "loss")), counts = counts, gradients = joined)
}

# The loss ---------------------------------------------------------------------------------------

# Expected rate of the spike and slab, features x factors.
penalty_rate <- function(model, v) {
  lambda0 <- model$config$lambda0
  model$parameters$omics[[v]]$inclusion_probability * (model$config$lambda1 - lambda0) + lambda0
}

of_encoders <- \(names) grepl("^(encoder|gate)_", names)

# Parameters whose gradients come from the loss as a whole: of the encoders and the gate, and W
# where the decoders' mask is made from it.
with_gradients <- function(parameters) {
  parameters$omics <- lapply(parameters$omics, \(omic) {
    names <- names(omic)[of_encoders(names(omic)) | names(omic) == "W"]
    omic[names] <- lapply(omic[names], leaf)
    omic
  })
  parameters$gate <- lapply(parameters$gate, leaf)
  parameters
}

# What an omic adds to the loss, weighed, with its `counts` (see decode_omic()) and, with
# `gradients`, the gradients of its decoder, its noise and z. `W`: of with_gradients().
omic_loss <- function(model, v, W, pass, batch, phase, gradients) {
  objective <- model$objective
  config <- model$config$omics[[v]]
  weight <- objective$likelihood_weight(batch$size, config$features) * c(config$weight, 1)[1]
  prior_weight <- objective$prior_weight(batch$size, phase$samples)
  mask <- torch_mask(model, W)
  begun <- now()
  decoded <- decode_omic(model, v, mask$detach(), pass$z$detach(), batch$omics[[v]],
                         dropout_rate(model, phase), weight, gradients)
  seconds <- now() - begun
  penalty <- penalty_rate(model, v)
  noise <- noise_of(model, v)
  prior <- if (!is.null(noise)) {
    noise_prior_loss(config$family, noise, model$noise[[v]],
                     objective$noise_observations(batch$size))
  }
  g <- decoded$gradients
  if (gradients && objective$published) {
    g$mask <- g$mask + torch::torch_sign(mask$detach()) * penalty * prior_weight
  }
  if (gradients && !is.null(noise)) g$noise <- g$noise + prior$gradient * prior_weight
  if (gradients && model$config$row_normalize) {
    g$mask <- torch::autograd_grad(mask, W, g$mask)[[1]]
  }
  list(
    reconstruction = (decoded$loss * weight)$item(),
    penalty = ((torch::torch_abs(mask$detach()) * penalty)$sum() * prior_weight)$item(),
    noise = if (is.null(prior)) 0 else (prior$loss * prior_weight)$item(),
    counts = decoded$counts, gradients = g, seconds = seconds
  )
}

dropout_rate <- function(model, phase) if (phase$training) model$config$dropout else 0

# The terms of the loss on a batch by name, weighed, per omic where there is one for each; with
# `gradients`, those of all parameters, in lists as the parameters are. `phase`: `beta`, the weight
# of the KL divergence, `training`, whether dropout is on, `samples`, the number in training,
# `at_mean`, whether z is the posterior's mean.
torch_loss <- function(model, batch, phase, gradients) {
  config <- model$config
  trained <- model$parameters
  if (gradients) trained <- with_gradients(trained)
  pass <- torch_encode(model, trained, batch, dropout_rate(model, phase), phase$at_mean)
  omics <- lapply(seq_along(config$omics), \(v) {
    omic_loss(model, v, trained$omics[[v]]$W, pass, batch, phase, gradients)
  })
  kl <- torch_kl(pass) * model$objective$kl_weight(batch$size, config$factors, phase$beta)
  of_omics <- \(name) vapply(omics, `[[`, 0, name)
  list(
    terms = list(reconstruction = of_omics("reconstruction"), kl = kl$item(),
                 penalty = of_omics("penalty"), noise = of_omics("noise")),
    counts = lapply(omics, `[[`, "counts"), decoder_seconds = sum(of_omics("seconds")),
    gradients = if (gradients) all_gradients(model, trained, pass, kl, batch, omics),
    pass = pass
  )
}

# Those of the decoders are there; those of the encoders and the gate come from the KL divergence
# and from z.
all_gradients <- function(model, trained, pass, kl, batch, omics) {
  d_z <- sum_of(Map(\(omic, x) spread_members(omic$gradients$z, x, batch$size), omics,
                    batch$omics))
  decodes <- c(A = "decoder_hidden_weight", mask = "W", output = "decoder_output_weight",
               bias = "decoder_output_bias", effects = "covariate_effects")
  gradients <- list(omics = Map(\(omic, noise) {
    g <- omic$gradients[names(omic$gradients) != "z"]
    stats::setNames(g, c(decodes, noise = noise$name)[names(g)])
  }, omics, model$noise))
  encodes <- lapply(trained$omics, \(omic) omic[of_encoders(names(omic))])
  inputs <- c(unlist(encodes, recursive = FALSE), trained$gate)
  got <- torch::autograd_grad(list(kl, pass$z), unname(inputs),
                              list(torch::torch_ones_like(kl), d_z))
  at <- 0
  for (v in seq_along(encodes)) {
    gradients$omics[[v]][names(encodes[[v]])] <- got[at + seq_along(encodes[[v]])]
    at <- at + length(encodes[[v]])
  }
  gradients$gate <- stats::setNames(got[at + seq_along(trained$gate)], names(trained$gate))
  gradients
}
