# What poems_compare() and its readers ask of the core.

# The core's description of a model. With sparse decoders networks start with two units per factor.
compare_config <- function(decoder, shared, salient, independence, balance, settings, omics,
                           target) {
  prior <- noise_prior("elbo")
  elbo <- control_defaults$elbo
  family <- vapply(omics, `[[`, "", "family")
  least_units <- if (decoder == "sparse") 2 * (shared + salient) else 1
  kept <- round((1 - settings$validation) * c(sum(target), sum(!target)))
  list(
    decoder = decoder, shared = shared, salient = salient, independence = independence,
    balance = balance, target_share = mean(target), training_samples = sum(kept),
    encoder_units = max(settings$encoder_units, least_units),
    decoder_units = max(settings$decoder_units, least_units),
    lambda0 = elbo$lambda0, lambda1 = elbo$lambda1, sigma_df = prior$df, warmup = settings$warmup,
    independent_from = settings$independent_from, dual_rate = dual_rate(settings, max(kept)),
    omics = stats::setNames(omic_configs(initial_noise(omics), family, prior), names(omics))
  )
}

# The bound's multiplier grows by so much a step at most, faster where few steps are left for it: it
# starts small, and a full violation should make it felt well before the end.
dual_rate <- function(settings, largest) {
  steps <- settings$epochs * ceiling(largest / max(settings$batch_size %/% 2, 1))
  min(max(30 / ((1 - settings$independent_from) * steps), 0.01), 0.3)
}

# Posterior `mean` and `sd` of the factors in use, samples x factors. `data`: what align_newdata()
# returns, with its design; `target`: of every sample.
compare_embed <- function(fit, data, target) {
  cohort <- held_cohort(fit$omics, data$data, data$samples, data$design, fit$control$threads)
  core_compare_embed(fit$parameters, fit$config, cohort, target, fit$control$threads) |>
    embedded_factors(fit$used, data$samples)
}

# `used`: per block, which of the core's factors are in use, in their order.
embedded_factors <- function(embedded, used, samples) {
  of <- \(what) do.call(cbind, unname(Map(\(block, k) {
    z <- embedded[[paste(block, what, sep = "/")]][, k, drop = FALSE]
    dimnames(z) <- list(samples, if (length(k) > 0) block_names(block, length(k)))
    z
  }, names(used), used)))
  list(mean = of("mean"), sd = of("sd"))
}

block_names <- function(block, n) {
  paste0(c(shared = "Shared", salient = "Salient")[[block]], seq_len(n))
}

# Omic v at factors in use, samples x factors: features x samples, on the scale of training.
compare_decode <- function(fit, z, v) {
  all <- matrix(0, nrow(z), fit$config$shared + fit$config$salient)
  all[, c(fit$used$shared, fit$config$shared + fit$used$salient)] <- z
  core_compare_decode(fit$parameters, fit$config, all, v)
}
