# How each feature is scaled before fitting. Only the statistics are computed here: the core
# applies them as it copies the data, so that no scaled copy ever exists in R.

standardised_limit <- 6

# A feature whose values differ by a smaller share of their size is constant: what it shows are
# the rounding errors of an earlier calculation.
rounding_error <- 1e-12

# How to scale the features of each omic: to mean 0 and standard deviation 1, limited to 6 of them
# ("standardise"), or to the range from 0 to 1 ("minmax"). `data`: the matrices of read_omics().
# Features that are constant or have no value are dropped, with one message. `n_top`: per omic, how
# many of the others to keep, those that vary most; NULL for all.
#
# Returns, per omic, a list of `features` (names of those kept) and, for each of them, `center` and
# `scale`: a scaled value is (x - center) / scale, limited to +-`clip`; `fill`, what stands for a
# missing value: the mean, once scaled; and `sd`, the standard deviation, once scaled.
learn_scaling <- function(data, method = c("standardise", "minmax"), n_top = NULL,
                          call = rlang::caller_env()) {
  method <- rlang::arg_match(method, error_call = call)
  statistics <- lapply(data, feature_statistics)
  dropped <- vapply(statistics, \(omic) sum(!omic$varies), 0L)
  scaling <- Map(\(values, omic) {
    scale_features(values, statistics[[omic]], n_top[[omic]], omic, method, call)
  }, data, names(data))
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

scale_features <- function(values, statistics, n_top, omic, method, call) {
  kept <- which(statistics$varies)
  if (length(kept) == 0) {
    cli::cli_abort(c(
      "Every omic in {.arg x} must have a feature that varies.",
      "x" = "In omic {quote_some(omic)}, each of {nrow(values)} features is constant or has no
             value.",
      "i" = "Remove this omic from {.arg x}."
    ), call = call)
  }
  if (!is.null(n_top)) kept <- kept[most_variable(statistics$sd[kept], n_top)]
  features <- rownames(values)[kept]
  statistics <- lapply(statistics, `[`, kept)
  if (method == "standardise") {
    list(features = features, center = statistics$mean, scale = statistics$sd,
         fill = numeric(length(kept)), clip = standardised_limit, sd = rep(1, length(kept)))
  } else {
    list(features = features, center = statistics$min, scale = statistics$range,
         fill = (statistics$mean - statistics$min) / statistics$range, clip = Inf,
         sd = statistics$sd / statistics$range)
  }
}

# Mean, standard deviation, minimum and range of every feature over its observed values, and whether
# it varies. Two passes over the samples: deviations are taken from the middle of the range, in
# units of the range, so that neither a large mean nor very large or small values spoil them. Beside the
# matrix, only vectors of one number per feature are held.
feature_statistics <- function(values) {
  lowest <- rep(Inf, nrow(values))
  highest <- -lowest
  for_each_sample(values, \(x) {
    lowest <<- pmin(lowest, x, na.rm = TRUE)
    highest <<- pmax(highest, x, na.rm = TRUE)
  })
  range <- unname(highest - lowest)
  middle <- unname(lowest) + range / 2

  count <- total <- squares <- numeric(nrow(values))
  for_each_sample(values, \(x) {
    deviation <- (unname(x) - middle) / range
    missing <- is.na(deviation)
    deviation[missing] <- 0
    count <<- count + !missing
    total <<- total + deviation
    squares <<- squares + deviation^2
  })
  variance <- (squares - total^2 / count) / (count - 1)
  list(mean = middle + range * total / count, sd = range * sqrt(variance), min = unname(lowest),
       range = range, varies = range > rounding_error * unname(pmax(abs(lowest), abs(highest))))
}
