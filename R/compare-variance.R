# What the factors of a comparison explain, in target and in background.

# With fewer held-out samples of either group, all samples are measured in.
least_measured_samples <- 30

# Samples in which a fit is measured: those held out from training, or else all.
measured_samples <- function(fit) {
  held_out <- fit$samples %in% fit$validation
  enough <- min(sum(held_out & fit$target), sum(held_out & !fit$target)) >= least_measured_samples
  fit$samples[held_out | !enough]
}

# Per omic and feature, the share that is explained by shared factors, in the target also by both
# blocks; and per omic and factor what is lost without it. Shares are of squared deviations from the
# mean of the background, so that a shift of the target is there to be explained.
comparison_variance <- function(fit, data) {
  measured <- measured_samples(fit)
  tables <- Map(\(omic, name, v) {
    samples <- colnames(data$data[[name]])
    x <- standardised_features(fit$omics[name], data$data, samples, data$design)
    center <- rowMeans(x[, !fit$target[samples], drop = FALSE], na.rm = TRUE)
    shares <- \(z, target) {
      of <- which(samples %in% measured & fit$target[samples] == target)
      decoded <- compare_decode(fit, z[samples[of], , drop = FALSE], v)
      explained_share(x[, of, drop = FALSE], decoded, omic, center)
    }
    omic_variance(fit, omic, shares)
  }, fit$omics, names(fit$omics), seq_along(fit$omics))
  list(features = lapply(tables, `[[`, "features"), factors = lapply(tables, `[[`, "factors"))
}

# `shares`: those of every feature that factors (samples x factors) explain in target (or not).
omic_variance <- function(fit, omic, shares) {
  without <- \(k) {
    z <- fit$latent
    z[, k] <- 0
    z
  }
  both <- shares(fit$latent, TRUE)
  shared <- shares(without(fit$blocks$salient), TRUE)
  background <- shares(fit$latent, FALSE)
  k <- seq_len(ncol(fit$latent))
  list(
    features = data.frame(feature = omic$features, target_shared = shared,
                          target_salient = both - shared, target_total = both,
                          background = background),
    factors = data.frame(
      target = vapply(k, \(k) mean_known(both - shares(without(k), TRUE)), 0),
      background = vapply(k, \(k) {
        if (k %in% fit$blocks$salient) return(0)
        mean_known(background - shares(without(k), FALSE))
      }, 0)
    )
  )
}
