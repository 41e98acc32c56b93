#' Variance explained by every factor
#'
#' How much of the data's variance the factors explain: each given the others, all together per
#' omic, and all together per feature.
#'
#' The share that all factors explain is R2 = 1 - sum (x - xhat)^2 / sum (x - m)^2, over the
#' observed values of an omic or of a feature. xhat is the reconstruction that [predict.poems()]
#' gives of omics that a sample has, and m is the feature's mean in training; x is on the scale of
#' training, so that every feature of a standardised omic counts alike. With covariates, x and xhat
#' are without their effects (but for what training has refined), so shares are of what covariates
#' leave.
#'
#' Of omics that are not Gaussian, deviances take the place of squares: R2 = 1 - D(x, mu) / D(x, m),
#' where D is twice the log-likelihood by which a perfect prediction exceeds that of mu, the values
#' expected from the factors, or of m, those expected without any (each feature's mean, given the
#' library size and covariates). It is at most 1, but even the true model stays well below: 0/1
#' values and small counts are mostly chance. It compares within an omic, not across families.
#'
#' The share of one factor is the fall of R2 when the factor is held at its mean over the samples of
#' the fit, in every sample, while the others stay as they are. It is what the factor adds to the
#' others. The decoder is not linear and factors may be correlated: shares of single factors need
#' not sum to that of all, and a factor that makes the reconstruction worse has a share below 0.
#'
#' @section Factors in use:
#' A fit shows the factors that are in use, ordered by variance explained (the sum over omics of
#' their shares). A factor is in use when holding it at its mean changes the reconstruction of at
#' least one feature by 0.1 % of the feature's variance, as a sum of squares over samples. One that
#' is not changes no feature, and thus no omic, by more. The rule looks at features one by one
#' because a factor of a few features, however clear, explains next to nothing of an omic with
#' thousands. Where no factor does as much, as after a few epochs, all that change anything are in
#' use. With `objective = "published"`, whose loadings are never exactly zero, all factors count as
#' in use. Factors not in use stay part of the model: predictions are those of all factors.
#'
#' @param fit A fit from [poems()].
#' @param newdata New samples, as in [predict.poems()]; `NULL` for the samples of the fit, those
#'   held out included. Factors are held at their mean over the samples of the fit, as ever.
#' @param by What the rows of the result are: `"factor"` for every factor in every omic, `"feature"`
#'   for every feature, `"omic"` for every omic, the latter two with all factors.
#' @param samples Where the samples are in `newdata`: `"columns"` or `"rows"`.
#' @param covariates For a fit with covariates, those of `newdata`; see [predict.poems()].
#' @param ... Not used.
#'
#' @return A data frame with a row per omic and factor, feature or omic. Columns:
#'   * `omic`: in the order of the fit; omics that `newdata` lacks are left out;
#'   * `factor` or `feature`: unless `by = "omic"`;
#'   * `r2`: share of the variance explained; `NA` for a feature without variance in `newdata`.
#'
#' @section Errors:
#' Objects other than fits are an error; for errors in `newdata` and `covariates` see
#' [predict.poems()].
#'
#' @source Written for this package. The share of a factor is the importance of a variable in a
#'   model that is not refitted, with the mean in place of the variable.
#' @seealso [variance_explained.poems_split()] for fits of [poems_split()]; [plot_variance()] for a
#'   figure, [feature_effects()] for what a factor does to a feature.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' variance_explained(fit, by = "omic")
#' head(variance_explained(fit))
#' features <- variance_explained(fit, by = "feature")
#' head(features[order(-features$r2), ])
#' @export
variance_explained <- function(fit, ...) UseMethod("variance_explained")

#' @export
variance_explained.default <- function(fit, ...) check_fit(fit)

#' @rdname variance_explained
#' @export
variance_explained.poems <- function(fit, newdata = NULL, by = c("factor", "feature", "omic"),
                                     samples = c("columns", "rows"), covariates = NULL, ...) {
  check_fit(fit)
  rlang::check_dots_empty()
  by <- arg_match(by)
  samples <- arg_match(samples)
  if (is.null(newdata)) {
    check_no_covariates(covariates)
    return(fit$explained[[by]])
  }
  data <- align_newdata(fit$omics, newdata, samples, own = own_side(fit))
  design <- new_design(fit, covariates, newdata, data$samples)
  projected <- project_samples(fit, data, design)
  sums <- core_variance(
    core_parameters(fit), fit$config, projected$cohort, find_mode(fit, projected),
    colMeans(core_mode_of(fit)), fit$control$threads
  )
  explained_tables(sums, fit$omics, factors_in_use(fit))[[by]]
}

# A factor is in use when it changes some feature by this share of its variance.
least_change <- 0.001

# Which of the core's factors are in use, by variance explained. `sums`: per omic, what
# core_variance() returns.
choose_factors <- function(sums, objective) {
  change <- do.call(pmax, lapply(sums, `[[`, "largest_change"))
  least <- if (any(change >= least_change)) least_change else .Machine$double.xmin
  in_use <- if (objective == "published") seq_along(change) else which(change >= least)
  share <- Reduce(`+`, lapply(sums, \(omic) omic$gain / sum(omic$total)))
  in_use[order(-share[in_use])]
}

# What variance_explained() returns, for every `by`. `factors`: the core's numbers of the factors to
# show, in order. An omic that no sample has, has sums of 0.
explained_tables <- function(sums, omics, factors) {
  names(sums) <- names(omics)
  sums <- Filter(\(omic) sum(omic$total) > 0, sums)
  by_omic <- \(name, of) do.call(rbind, unname(Map(of, name, sums)))
  names <- names(sums)
  tables <- list(
    factor = by_omic(names, \(name, omic) data.frame(
      omic = rep(name, length(factors)), factor = factor_names(length(factors)),
      r2 = omic$gain[factors] / sum(omic$total)
    )),
    feature = by_omic(names, \(name, omic) data.frame(
      omic = name, feature = omics[[name]]$features, r2 = 1 - omic$residual / omic$total
    )),
    omic = by_omic(names, \(name, omic) data.frame(
      omic = name, r2 = 1 - sum(omic$residual) / sum(omic$total)
    ))
  )
  tables$feature$r2[!is.finite(tables$feature$r2)] <- NA
  tables
}
