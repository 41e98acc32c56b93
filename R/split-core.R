# What poems_split() and its readers ask of the core.

# The core's description of a model. `private`: coordinates per omic; `labels`: 0, 1 or NA per
# sample. With sparse decoders networks start with two units per coordinate.
split_config <- function(method, decoder, shared, private, completeness, settings, omics, labels,
                         covariates) {
  prior <- noise_prior("elbo")
  elbo <- control_defaults$elbo
  family <- vapply(omics, `[[`, "", "family")
  least_units <- if (decoder == "sparse") 2 * (shared + max(private)) else 1
  list(
    method = method, decoder = decoder, shared = shared, private = private,
    completeness = completeness, encoder_units = max(settings$encoder_units, least_units),
    decoder_units = max(settings$decoder_units, least_units),
    lambda0 = elbo$lambda0, lambda1 = elbo$lambda1, sigma_df = prior$df,
    covariates = covariates, revisit = revisit_zeros_every,
    labels = as.numeric(labels), label_weight = settings$label_weight,
    omics = stats::setNames(omic_configs(initial_noise(omics), family, prior), names(omics))
  )
}

# A fit holds inclusion probabilities once, by name; the core has them as parameters.
split_parameters <- function(fit) {
  for (omic in names(fit$inclusion)) {
    fit$parameters[[core_name(omic, "inclusion_probability")]] <- unname(fit$inclusion[[omic]])
  }
  fit$parameters
}

core_name <- \(omic, part) sprintf("omics/%s/%s", omic, part)

# Posterior means and standard deviations of samples: `mean`, `sd`, samples x coordinates. `data`:
# what align_newdata() returns.
split_embed <- function(fit, data) {
  cohort <- split_cohort(fit, data)
  core_split_embed(split_parameters(fit), fit$config, cohort, fit$control$threads) |>
    name_posterior(fit$omics, data$samples)
}

name_posterior <- function(posterior, omics, samples) {
  lapply(posterior, \(blocks) {
    names(blocks) <- c("shared", names(omics))
    bind_blocks(blocks, samples)
  })
}

# Omic `to` of samples from the omics `from`, features x samples, as expected on the scale of the
# data after its transformation; NA for samples that have none of them.
split_predict <- function(fit, data, from, to) {
  omics <- fit$omics
  parameters <- split_parameters(fit)
  x <- core_split_predict(parameters, fit$config, split_cohort(fit, data),
                          match(from, names(omics)), match(to, names(omics)), fit$control$threads)
  if (!to %in% from) x <- x + from_maps(fit, data, from, to, x)
  x <- x + covariate_part(parameters, to, data$design, data$samples)
  dimnames(x) <- list(omics[[to]]$features, data$samples)
  offset <- sample_offsets(omics, data)[[to]]
  x <- expected_value(to_link_scale(x, omics[[to]], data$design, offset), omics[[to]]$family)
  given <- unlist(lapply(data$data[intersect(from, names(data$data))], colnames))
  x[, !data$samples %in% given] <- NA
  x
}

split_cohort <- function(fit, data) {
  held_cohort(fit$omics, data$data, data$samples, data$design, fit$control$threads)
}

# What maps see of samples: features x samples over all omics.
split_values <- function(fit, data, samples) {
  effects <- lapply(names(fit$omics), \(omic) {
    list(covariate_effects = fit$parameters[[core_name(omic, "covariate_effects")]])
  })
  values_without_covariates(list(omics = effects), fit$omics, data$data, samples, data$design)
}
