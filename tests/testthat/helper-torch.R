# Tests of backend = "torch", where torch can be had.

skip_without_torch <- function() {
  skip_if_not_installed("torch", "0.11.0")
  skip_if_not(has_libtorch(), "libtorch, which torch::install_torch() gets, is not installed")
}

# Loss, gradients and, with `steps`, parameters after steps of AdamW on one batch, of core_batch()
# or core_evaluate(), in double precision.
torch_run <- function(parameters, config, batch, links = list(), members = list(), odds = 1,
                      steps = 0, learning_rate = 0, weight_decay = 0) {
  place <- torch_place("cpu", single = FALSE)
  links <- if (length(links) > 0) links else rep(list(NULL), length(config$omics))
  model <- torch_model(parameters, config, links, members, odds, place)
  batch <- batch_to_torch(batch, place)
  phase <- list(beta = 1, training = FALSE, samples = batch$size, at_mean = FALSE)
  pass <- \() torch::with_enable_grad(torch_loss(model, batch, phase, gradients = TRUE))
  first <- pass()
  masks <- lapply(model$parameters$omics, \(omic) from_torch(torch_mask(model, omic$W)))
  reconstruction <- lapply(seq_along(config$omics), \(v) {
    torch_reconstruction(model, v, batch, first$pass)
  })
  adam <- torch_adamw(model, learning_rate, weight_decay)
  losses <- c()
  for (step in seq_len(steps)) {
    lost <- pass()
    losses[step] <- sum(unlist(lost$terms))
    torch::with_no_grad(torch_step(model, adam, lost$gradients, skips = FALSE,
                                   list(batch = batch$size, training = batch$size)))
  }
  list(
    terms = first$terms, pass = first$pass, gradients = parameters_from_torch(first$gradients),
    masks = masks, reconstruction = reconstruction,
    parameters = parameters_from_torch(model$parameters), losses = losses
  )
}

# xhat of an omic, samples x features, block by block.
torch_reconstruction <- function(model, v, batch, pass) {
  omic <- model$parameters$omics[[v]]
  block <- list(mask = torch_mask(model, omic$W), output = omic$decoder_output_weight,
                bias = omic$decoder_output_bias)
  t(from_torch(decode_block(omic$decoder_hidden_weight, block, pass$z$detach(), NULL, 0)$detach()))
}

# Omics of every family, with covariates, values and whole omics missing, as poems() prepares them
# for the core: what core_evaluate() and torch_run() need of them.
mixed_problem <- function(objective = "elbo", factors = 4L, samples = 20) {
  cohort <- simulate_omics(
    samples, c(rna = 9, calls = 7, protein = 8, reads = 6), factors = 2, seed = 1, shared = 1,
    family = c(rna = "negative_binomial", calls = "bernoulli", reads = "poisson")
  )$omics
  cohort$protein <- cohort$protein[, -(1:3)]
  cohort$rna[2, 5] <- cohort$protein[1, 4] <- cohort$calls[3, 2] <- NA
  cohort$reads <- cohort$reads[, -(17:20)]
  data <- suppressWarnings(read_omics(cohort, "columns"))
  family <- c(rna = "negative_binomial", calls = "bernoulli", protein = "gaussian",
              reads = "poisson")[names(data$data)]
  design <- cbind(age = sin(seq_along(data$samples)))
  rownames(design) <- data$samples
  omics <- learn_scaling(data$data, "standardise", family, design, NULL, 1L)
  noise <- initial_noise(omics)
  control <- poems_control(objective, hidden = 5, threads = 1)
  config <- model_config(control, factors, noise, family, 1L, c(1, 2, 0.5, 1))
  parameters <- core_initial_parameters(config, noise, 1L)
  withr::with_seed(1, {
    parameters$omics <- lapply(parameters$omics, \(omic) {
      vary <- setdiff(names(omic), c("W", "inclusion_probability", "inclusion_rate"))
      omic[vary] <- lapply(omic[vary], \(x) x + rnorm(length(x), sd = 0.2))
      omic$W[sample(length(omic$W), 5)] <- 0
      omic$inclusion_probability[] <- runif(length(omic$W))
      omic
    })
    normals <- matrix(rnorm(factors * length(data$samples)), factors)
  })
  list(parameters = parameters, config = config, data = data, omics = omics, noise = noise,
       core = core_omics(omics, data$data, data$samples, design), design = design,
       links = lapply(unname(omics), `[[`, "link"), normals = normals)
}
