# Which samples know a factor: those whose omics inform it. A sample without the proteins knows
# nothing of a factor that only proteins have; where its posterior mean lies is then a matter of the
# encoders, not of the sample.
#
# Around the fit, decoders are close to a linear model x_v = L_v z + noise of variance S_v with z
# standard normal. The precision of z given the omics V, and what a sample knows of factor k, are
#
#   P(V) = I + sum over v in V of L_v' S_v^-1 L_v,   reliability_k(V) = 1 - (P(V)^-1)_kk
#
# the share of the factor's variance that its posterior mean holds: 0 without any information, 1
# where it is known exactly. L_v are the mean slopes of the decoders. A sample is informed of a
# factor where its reliability is at least half of that of a sample with all omics. Single missing
# values are not looked at.
least_informed <- 0.5

# Samples x factors in use: TRUE where the sample is informed of the factor.
informed_samples <- function(fit) {
  has <- membership(fit)
  reliability <- factor_reliability(fit, rbind(unique(has), TRUE))
  complete <- reliability[nrow(reliability), ]
  informed <- t(t(reliability) >= least_informed * complete)
  pattern <- match(pattern_of(has), pattern_of(rbind(unique(has), TRUE)))
  informed <- informed[pattern, , drop = FALSE]
  dimnames(informed) <- list(fit$samples, names_of_factors(fit))
  informed
}

# Which omics a sample has, as one text per row of `has` (samples x omics).
pattern_of <- \(has) apply(has, 1, \(row) paste(as.integer(row), collapse = ""))

# Reliability of every factor in use for every row of `has`: rows x factors.
factor_reliability <- function(fit, has) {
  information <- omic_information(fit)
  reliability <- apply(has, 1, \(row) {
    precision <- Reduce(`+`, information[row], diag(fit$config$factors))
    1 - diag(chol2inv(chol(precision)))[factors_in_use(fit)]
  })
  matrix(reliability, nrow(has), byrow = TRUE)
}

# L' S^-1 L of every omic, of all of the core's factors: a part of a fit shows some of them.
omic_information <- function(fit) {
  slopes <- core_slopes(
    core_parameters(fit), fit$config, core_latent(fit), fit$control$threads
  )
  Map(\(slope, name) {
    crossprod(slope$mean * sqrt(feature_precision(fit, name)))
  }, slopes, names(fit$omics))
}

# What one value of each feature says of its prediction: the inverse of the noise variance; of
# features that are not Gaussian, Fisher information at the feature's mean.
feature_precision <- function(fit, name) {
  omic <- fit$omics[[name]]
  parameters <- fit$parameters$omics[[name]]
  if (omic$family == "gaussian") return(exp(-2 * as.vector(parameters$log_sigma)))
  mean <- expected_value(omic$link$intercept, omic$family)
  omic$link$unit^2 * switch(omic$family,
    bernoulli = mean * (1 - mean),
    poisson = mean,
    negative_binomial = mean / (1 + exp(as.vector(parameters$log_dispersion)) * mean)
  )
}
