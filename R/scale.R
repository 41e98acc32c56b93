# How each feature is scaled before fitting. Only the statistics are computed here: the core
# applies them as it copies the data, so that no scaled copy ever exists in R.

standardised_limit <- 6

# A feature whose values differ by a smaller share of their size is constant: what it shows are
# the rounding errors of an earlier calculation.
rounding_error <- 1e-12

# How to scale the features of each omic: to mean 0 and standard deviation 1, limited to 6 of them
# ("standardise"), or to the range from 0 to 1 ("minmax", only of Gaussian omics). `data`: the
# matrices of read_omics(); `family`: of each omic; `design`: samples x covariates, or NULL.
# Features that are constant or have no value are dropped, with one message. `n_top`: per omic, how
# many of the others to keep, those that vary most; NULL for all.
#
# Returns, per omic, a list of `features` (names of those kept), `family` and, for each feature,
# `center` and `scale`: a scaled value is (x - center) / scale, limited to +-`clip`; `fill`, what
# stands for a missing value: the mean, once scaled; and `sd`, the standard deviation, once scaled.
# What is centred and scaled are the values of adjust_values(), with `reference` (of counts, the
# mean count of each feature) and `effects` (features x covariates). Omics that are not Gaussian
# also have `link`, see learn_link(), and negative binomial ones `dispersion`.
learn_scaling <- function(data, method = c("standardise", "minmax"), family = NULL, design = NULL,
                          n_top = NULL, threads = 1L, call = rlang::caller_env()) {
  method <- arg_match(method, error_call = call)
  if (is.null(family)) family <- rep("gaussian", length(data))
  adjusted <- Map(\(values, family) {
    adjust_features(values, family, design[colnames(values), , drop = FALSE], threads)
  }, data, family)
  dropped <- vapply(adjusted, \(omic) sum(!omic$statistics$varies), 0L)
  scaling <- Map(\(values, adjusted, omic, family) {
    kept <- keep_features(values, adjusted$statistics, n_top[[omic]], omic, call)
    scale_features(values[kept, , drop = FALSE], take_rows(adjusted, kept),
                   if (family == "gaussian") method else "standardise", family,
                   design[colnames(values), , drop = FALSE], threads)
  }, data, adjusted, names(data), family)
  if (any(dropped > 0)) {
    by_omic <- sprintf("%s (%d)", names(dropped), dropped)[dropped > 0]
    cli::cli_inform(c("i" = "Dropped features that are constant or have no value: {by_omic}."))
  }
  kept <- lengths(lapply(scaling, `[[`, "features"))
  varying <- vapply(data, nrow, 0L) - dropped
  if (any(kept < varying)) {
    by_omic <- sprintf("%s (%d of %d)", names(kept), kept, varying)[kept < varying]
    cli::cli_inform(c("i" = "Kept the features that vary most: {by_omic}."))
  }
  scaling
}

# Statistics of every feature after the adjustments of adjust_values(), and what these need.
adjust_features <- function(values, family, design, threads) {
  statistics <- feature_statistics(values, threads = threads)
  effects <- reference <- offset <- NULL
  if (family %in% count_families) {
    reference <- statistics$mean
    reference[!statistics$varies] <- 0
    offset <- log_library(values, reference, threads)
    logs <- feature_statistics(values, offset, threads)
    logs$varies <- logs$varies & statistics$varies
    statistics <- logs
  }
  if (!is.null(design)) {
    parts <- over_features(values, \(values, rows) {
      effects <- covariate_effects(adjust_values(values, offset), design)
      left <- feature_statistics(adjust_values(values, offset, effects, design), threads = threads)
      list(effects = effects, left = left)
    })
    effects <- do.call(rbind, lapply(parts, `[[`, "effects"))
    left <- do.call(Map, c(c, lapply(parts, `[[`, "left")))
    statistics <- varying_still(statistics, left)
  }
  list(statistics = statistics, effects = effects, reference = reference, offset = offset)
}

take_rows <- function(adjusted, kept) {
  adjusted$statistics <- lapply(adjusted$statistics, `[`, kept)
  adjusted$effects <- adjusted$effects[kept, , drop = FALSE]
  adjusted$reference <- adjusted$reference[kept]
  adjusted
}

# Positions of the features that vary, or of those that vary most.
keep_features <- function(values, statistics, n_top, omic, call) {
  kept <- which(statistics$varies)
  if (length(kept) == 0) abort_no_feature(values, omic, call)
  if (is.null(n_top)) kept else kept[most_variable(statistics$sd[kept], n_top)]
}

# `values` and `adjusted`: of the features kept.
scale_features <- function(values, adjusted, method, family, design, threads) {
  statistics <- adjusted$statistics
  features <- rownames(values)
  scaling <- if (method == "standardise") {
    list(features = features, center = statistics$mean, scale = statistics$sd,
         fill = numeric(length(features)), clip = standardised_limit,
         sd = rep(1, length(features)))
  } else {
    list(features = features, center = statistics$min, scale = statistics$range,
         fill = (statistics$mean - statistics$min) / statistics$range, clip = Inf,
         sd = statistics$sd / statistics$range)
  }
  scaling$family <- family
  scaling$reference <- adjusted$reference
  scaling$effects <- adjusted$effects
  if (family != "gaussian") {
    link <- learn_link(values, family, adjusted$offset, scaling$scale, design, threads)
    scaling$link <- link[names(link) != "dispersion"]
    scaling$dispersion <- link$dispersion
  }
  scaling
}

abort_no_feature <- function(values, omic, call) {
  cli::cli_abort(c(
    "Every omic in {.arg x} must have a feature that varies.",
    "x" = "In omic {quote_some(omic)}, each of {nrow(values)} features is constant or has no
           value.",
    "i" = "Remove this omic from {.arg x}."
  ), call = call)
}

# What is centred and scaled. Counts become logarithms of counts per library size, for which
# `offset` is given, and the linear effects of covariates are taken off. Features x samples.
adjust_values <- function(values, offset = NULL, effects = NULL, design = NULL) {
  if (!is.null(offset)) values <- log1p(values * rep(exp(-offset), each = nrow(values)))
  if (!is.null(effects)) values <- values - tcrossprod(effects, design)
  values
}

# Statistics `after` an adjustment on the same scale; what it made constant, but for rounding, does
# not vary.
varying_still <- function(before, after) {
  after$varies <- before$varies & after$varies & after$sd > 1e-8 * before$sd
  after
}

# The samples' log library sizes; NULL of an omic that does not hold counts.
omic_offset <- function(omic, values, threads = 1L) {
  if (omic$family %in% count_families) log_library(values, omic$reference, threads)
}

# Mean, standard deviation, minimum and range of every feature over its observed values, and whether
# it varies; `offset`: of counts, for those of their logarithms, see adjust_values().
feature_statistics <- function(values, offset = NULL, threads = 1L) {
  of <- core_feature_statistics(core_source(values), as.double(offset), threads)
  list(mean = of$mean, sd = of$sd, min = of$lowest, range = of$highest - of$lowest,
       varies = of$highest - of$lowest > rounding_error * pmax(abs(of$lowest), abs(of$highest)))
}
