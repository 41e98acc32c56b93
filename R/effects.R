#' Signed effect of every factor on every feature
#'
#' The sign of a loading means nothing by itself, because the decoder's layers may turn it. An
#' effect says which way a feature goes when the factor rises, and how far: by how many standard
#' deviations of the feature, for one standard deviation of the factor, on average over samples.
#'
#' The effect of factor k on feature j is the slope of the reconstruction, d xhat_j / d z_k,
#' averaged over the posterior means of all samples of the fit, times the standard deviation of
#' these means, divided by that of the feature. All factors but k stay as they are. The decoder is
#' not linear, and the slope differs between samples: a feature that rises on both sides of a factor
#' can have a large loading and an effect near 0. How well effects are known, [uncertainty()] says.
#'
#' Of omics that are not Gaussian (see [poems()]), the reconstruction is on the scale of the link,
#' and the feature's standard deviation is about that on this scale: multiplied by
#' `fit$omics[[omic]]$link$unit`, an effect is in log odds (0/1) or in natural logarithms of the
#' expected count.
#'
#' A factor's direction is arbitrary, so only the effects of one factor compare in sign, and with
#' [latent()].
#'
#' @inheritParams variance_explained
#' @param format What to return: see Value.
#'
#' @return
#' * `"matrix"`: named list with, per omic, a sparse matrix of features x factors with the dimnames
#'   of `loadings(fit)`, and values where that has them.
#' * `"table"`: data frame with one row per loading that is not zero and the columns `omic`,
#'   `feature`, `factor` and `effect`.
#'
#' @section Errors:
#' Objects other than fits are an error.
#'
#' @source Written for this package; the decoder is that of Moran et al. (2022), Identifiable deep
#'   generative models via sparse decoding, Transactions on Machine Learning Research.
#' @seealso [top_features()] for the features that a factor drives most, [uncertainty()] for
#'   intervals.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' feature_effects(fit)$mrna[1:3, 1:4]
#' head(feature_effects(fit, "table"))
#' @export
feature_effects <- function(fit, format = c("matrix", "table")) {
  check_fit(fit)
  format <- arg_match(format)
  slopes <- core_slopes(
    core_parameters(fit), fit$config, core_latent(fit), fit$control$threads
  )
  effects <- Map(\(slope, omic) omic_effects(fit, slope, omic), slopes, names(fit$omics))
  if (format == "table") return(do.call(rbind, unname(effects)))
  Map(\(w, table) {
    w@x <- table$effect
    w
  }, fit$loadings, unname(effects))
}

# The rows of the table, in the order of the sparse matrix's values.
omic_effects <- function(fit, slope, omic) {
  entries <- loading_entries(fit$loadings[[omic]])
  at <- cbind(entries$row, factors_in_use(fit)[entries$column])
  unit <- apply(fit$latent, 2, stats::sd)[entries$column] / fit$omics[[omic]]$sd[entries$row]
  data.frame(
    omic = rep(omic, nrow(at)), feature = rownames(fit$loadings[[omic]])[entries$row],
    factor = names_of_factors(fit)[entries$column],
    effect = slope$mean[at] * unit, row.names = NULL
  )
}

# Row, column and value of every loading that is not zero, column by column.
loading_entries <- function(w) {
  list(row = w@i + 1L, column = rep(seq_len(ncol(w)), times = diff(w@p)), value = w@x)
}
