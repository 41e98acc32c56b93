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
# blocks; and per factor what an omic loses without it. Shares are of squared deviations from the
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
      x <- x[, of, drop = FALSE]
      features <- explained_share(x, decoded, omic, center)
      list(features = features, omic = omic_share(features, x, center, omic))
    }
    omic_variance(fit, omic, shares)
  }, fit$omics, names(fit$omics), seq_along(fit$omics))
  parts <- c("omic", "features", "factors")
  lapply(stats::setNames(parts, parts), \(part) lapply(tables, `[[`, part))
}

# The share of all features together, in which each has the weight of how much it varies: one that
# hardly does in these samples may have any share of its own. Of squared correlations their mean.
omic_share <- function(shares, x, center, omic) {
  if (omic$family != "gaussian") return(mean_known(shares))
  stats::weighted.mean(shares, rowSums((x - center)^2, na.rm = TRUE), na.rm = TRUE)
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
  parts <- \(of) data.frame(
    target_shared = shared[[of]], target_salient = both[[of]] - shared[[of]],
    target_total = both[[of]], background = background[[of]]
  )
  k <- seq_len(ncol(fit$latent))
  list(
    omic = parts("omic"), features = data.frame(feature = omic$features, parts("features")),
    factors = data.frame(
      target = vapply(k, \(k) both$omic - shares(without(k), TRUE)$omic, 0),
      background = vapply(k, \(k) {
        if (k %in% fit$blocks$salient) return(0)
        background$omic - shares(without(k), FALSE)$omic
      }, 0)
    )
  )
}
