# The models that benchmark_models() has built in, each made as users make theirs: a function of
# training data and a seed that fits, and returns one that embeds new samples.

benchmark_dimensions <- 32L

built_in_models <- function() {
  rivals <- c("poem", "mocss_ae", "mocss_vae", "mocss_sparsevae")
  c(
    list(poems = embed_poems("elbo"), poems_published = embed_poems("published"), pca = embed_pca),
    stats::setNames(lapply(rivals, embed_baseline, form = "corrected"), rivals),
    stats::setNames(lapply(rivals, embed_baseline, form = "published"),
                    paste0(rivals, "_published"))
  )
}

embed_poems <- function(objective) {
  force(objective)
  function(train, seed) {
    fit <- one_of_many(poems(train, factors = benchmark_dimensions, seed = seed,
                             control = poems_control(objective, progress = FALSE)))
    function(newdata) stats::predict(fit, newdata, scaled = TRUE)
  }
}

embed_baseline <- function(model, form) {
  force(model)
  force(form)
  function(train, seed) {
    fit <- poems_baseline(train, model = model, form = form, seed = seed)
    function(newdata) stats::predict(fit, newdata, type = "latent")
  }
}

# Features that are constant in the training samples are left out.
embed_pca <- function(train, seed) {
  statistics <- lapply(train, feature_statistics)
  components <- stats::prcomp(stack_standardised(train, statistics), rank. = benchmark_dimensions)
  function(newdata) stats::predict(components, stack_standardised(newdata, statistics))
}

# Samples x features of all omics, standardised; 0, the mean, where a value or an omic is missing.
# Features go without names: those of different omics may be the same.
stack_standardised <- function(omics, statistics) {
  samples <- union_of_samples(omics)
  do.call(cbind, unname(Map(\(statistic, omic) {
    varies <- which(statistic$varies)
    stacked <- matrix(0, length(samples), length(varies), dimnames = list(samples, NULL))
    if (is.null(omics[[omic]])) return(stacked)
    values <- (omics[[omic]][varies, , drop = FALSE] - statistic$mean[varies]) /
      statistic$sd[varies]
    values[is.na(values)] <- 0
    stacked[colnames(values), ] <- t(values)
    stacked
  }, statistics, names(statistics))))
}
