# From R's settings to the core's description of a model.

# Epochs from one to the next in which loadings that are exactly zero can come back, in its first
# half: in the second, those that the data do not hold fall back. Elsewhere they are skipped, which
# saves their arithmetic.
revisit_zeros_every <- 5L

# Units of the gating network's hidden layer, as published.
gate_hidden_units <- 64L

# The core's model description. `noise`: per omic, what initial_noise() says of every feature;
# `family`: of each omic; `covariates`: their number of columns; `weights`: of each omic, or NULL.
model_config <- function(control, factors, noise, family = rep("gaussian", length(noise)),
                         covariates = 0L, weights = NULL) {
  prior <- noise_prior(control$objective)
  omics <- unname(omic_configs(noise, family, prior))
  if (!is.null(weights)) omics <- Map(\(omic, weight) c(omic, weight = weight), omics,
                                      unname(weights))
  list(
    objective = control$objective,
    factors = factors,
    encoder_hidden = control$hidden,
    decoder_hidden = control$hidden,
    gate_hidden = gate_hidden_units,
    dropout = control$dropout,
    lambda0 = control$lambda0,
    lambda1 = control$lambda1,
    inclusion_a = 1,
    sigma_df = prior$df,
    row_normalize = control$row_normalize,
    covariates = covariates,
    omics = omics
  )
}

# Of every omic, what sparse decoders and their priors are made of.
omic_configs <- function(noise, family, prior) {
  Map(\(s, family) list(
    features = length(s),
    family = family,
    noise_prior = if (family == "gaussian") prior$variance(s) else exp(mean(log(s))),
    inclusion_b = length(s) / 10
  ), noise, family)
}

# Where the noise of every feature starts: its standard deviation on the scale of training, the
# dispersion of negative binomial ones; other families have none, and 1 stands for it.
initial_noise <- function(omics) {
  lapply(unname(omics), \(omic) {
    if (omic$family == "negative_binomial") omic$dispersion else omic$sd
  })
}

# Scaled inverse chi-squared prior of a feature's noise variance: degrees of freedom, and the scale
# s^2 as a function of the features' standard deviations. "published" is what the released code
# uses for breast cancer. "elbo" puts 90 % of the prior below the variance of the least variable
# features, the usual choice of Bayesian regression trees.
noise_prior <- function(objective) {
  switch(objective,
    published = list(
      df = 10,
      variance = \(s) max(stats::quantile(s, 0.1), 0.01)^2 * stats::qchisq(0.9, 10) / 10
    ),
    elbo = list(
      df = 3,
      variance = \(s) max(stats::quantile(s, 0.05), 0.001)^2 * stats::qchisq(0.1, 3) / 3
    )
  )
}

# Data read by read_omics() or align_newdata(), read and scaled by the core: what its other
# functions take, held while several things are asked of it. `design`: samples x covariates, or
# NULL.
held_cohort <- function(omics, data, samples, design, threads) {
  core_cohort(core_omics(omics, data, samples, design), length(samples), threads)
}

# The core's form of such data: one entry per omic of the fit. An omic that no sample has is passed
# with no column.
core_omics <- function(omics, data, samples, design = NULL) {
  lapply(names(omics), \(omic) {
    scaling <- omics[[omic]]
    x <- data[[omic]]
    if (is.null(x)) {
      x <- matrix(0, length(scaling$features), 0)
    } else if (!identical(rownames(x), scaling$features)) {
      x <- x[scaling$features, , drop = FALSE]
    }
    c(
      scaling[intersect(c("center", "scale", "fill", "clip", "effects", "link"), names(scaling))],
      list(x = core_source(x), samples = match(colnames(x), samples)),
      if (!is.null(design)) list(covariates = t(design[colnames(x), , drop = FALSE])),
      if (scaling$family %in% count_families) list(offset = omic_offset(scaling, x))
    )
  })
}
