# Cohorts with planted factors, shared by all omics and specific to each, and how they are found.

planted_cohort <- function(samples = 200, seed = 1) {
  withr::with_seed(seed, {
    sizes <- c(a = 60, b = 50, c = 40)
    shared <- matrix(rnorm(samples * 2), samples)
    specific <- lapply(sizes, \(features) matrix(rnorm(samples * 2), samples))
    omics <- Map(\(features, own, omic) {
      x <- matrix(rnorm(features * 2), features) %*% t(shared) +
        matrix(rnorm(features * 2), features) %*% t(own) + 1.4 * rnorm(features * samples)
      dimnames(x) <- list(paste0(omic, seq_len(features)), paste0("s", seq_len(samples)))
      x
    }, sizes, specific, names(sizes))
    list(omics = omics, shared = shared, specific = specific)
  })
}

# How much of the truth (samples x factors) is linear in an embedding: mean adjusted R2 of its
# factors.
found <- function(truth, embedding) {
  mean(apply(truth, 2, \(factor) summary(stats::lm(factor ~ embedding))$adj.r.squared))
}

# Of a MOCSS fit: shared and specific truth in the shared embedding and in the specific ones.
found_apart <- function(fit, truth) {
  specific <- \(omic) latent(fit, block = paste0("specific/", omic))
  shared <- latent(fit, block = "shared")
  omics <- names(truth$specific)
  over_omics <- \(f) mean(vapply(omics, f, 0))
  c(
    shared_in_shared = found(truth$shared, shared),
    specific_in_shared = over_omics(\(omic) found(truth$specific[[omic]], shared)),
    shared_in_specific = over_omics(\(omic) found(truth$shared, specific(omic))),
    specific_in_specific = over_omics(\(omic) found(truth$specific[[omic]], specific(omic)))
  )
}

quick_baseline <- function(omics, model = "poem", ..., epochs = 5, seed = 1, threads = 1,
                           control = list()) {
  settings <- if (model == "poem") list(factors = 3, encoder_units = 8, decoder_units = 8) else
    list(embedding = 3, units = 16)
  if (model == "mocss_sparsevae") settings <- c(settings, encoder_units = 8, decoder_units = 8)
  given <- list(...)
  settings <- utils::modifyList(settings, given)
  control <- utils::modifyList(
    list(epochs = epochs, threads = threads, batch_size = 16, progress = FALSE), control
  )
  do.call(poems_baseline, c(list(omics, model, seed = seed, control = control), settings))
}

all_baselines <- c("poem", "mocss_ae", "mocss_vae", "mocss_sparsevae")

# The samples that have all omics, and no missing value.
whole_cohort <- function() {
  omics <- small_cohort()$omics
  both <- Reduce(intersect, lapply(omics, colnames))
  lapply(omics, \(x) {
    x[is.na(x)] <- 5
    x[, both]
  })
}
