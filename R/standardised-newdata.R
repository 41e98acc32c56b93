# What figures of measured values need: data of any samples as training sees them, and where the
# samples lie.

# `values`, all features of the fit x samples, standardised and without the effects of covariates,
# NA where they are not known; `features`, the omic and name of each; `latent`, samples x factors in
# use; `samples`, their names.
standardised_newdata <- function(fit, newdata, samples, covariates, call = rlang::caller_env()) {
  check_takes_data(fit, call)
  data <- align_newdata(fit$omics, newdata, samples, call, own = own_side(fit))
  design <- new_design(fit, covariates, newdata, data$samples, call)
  projected <- project_samples(fit, data, design)
  latent <- latent_of(projected, fit, scaled = FALSE)
  dimnames(latent) <- list(data$samples, colnames(fit$latent))
  features <- lapply(fit$omics, `[[`, "features")
  list(
    values = values_without_covariates(fit$parameters, fit$omics, data$data, data$samples, design),
    features = data.frame(omic = rep(names(features), lengths(features)),
                          feature = unlist(features, use.names = FALSE)),
    latent = latent, samples = data$samples
  )
}

# The samples whose order a vector without names is taken to be in: those of the fit, or of data
# that has others.
samples_to_match <- function(fit, samples) {
  if (all(samples %in% fit$samples)) fit$samples else samples
}
