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
#' The share of a sample is R2 over the features of an omic that it has: how well the factors
#' describe this sample. Samples count by how far their values are from the means: `weight` is the
#' sample's part of the omic's sum (x - m)^2, and the sum over samples of weight times share is the
#' share of the omic. The same holds for groups of samples (`groups` in [poems()]), whose values are
#' without the groups' means; a factor in a group is held at its mean over all samples. A share
#' below 0 says that a sample or a group is described worse than by the means.
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
#'   for every feature, `"omic"` for every omic, `"sample"` for every sample in every omic,
#'   `"group"` for every group of samples in every omic, all with all factors; `"group_factor"` for
#'   every factor in every group and omic.
#' @param samples Where the samples are in `newdata`: `"columns"` or `"rows"`.
#' @param covariates For a fit with covariates or groups, those of `newdata`; see [predict.poems()].
#' @param ... Not used.
#'
#' @return A data frame with a row per omic and factor, feature, sample or group. Columns:
#'   * `omic`: in the order of the fit; omics that `newdata` lacks are left out;
#'   * `factor`, `feature`, `sample`, `group`: what the row is of, unless `by = "omic"`;
#'   * `r2`: share of the variance explained; `NA` for a feature without variance in `newdata`, and
#'     for a sample or group that lacks the omic;
#'   * `weight`: with `by = "sample"` and `"group"`, its part of the omic's variance; 0 where it
#'     lacks the omic.
#'
#' @section Errors:
#' Objects other than fits are an error, and so is `by = "group"` of a fit without groups; for
#' errors in `newdata` and `covariates` see [predict.poems()].
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
#' # The tumours that the factors describe worst.
#' tumours <- variance_explained(fit, by = "sample")
#' head(tumours[order(tumours$r2), ])
#' @export
variance_explained <- function(fit, ...) UseMethod("variance_explained")

#' @export
variance_explained.default <- function(fit, ...) check_fit(fit)

#' @rdname variance_explained
#' @export
variance_explained.poems <- function(fit, newdata = NULL,
                                     by = c("factor", "feature", "omic", "sample", "group",
                                            "group_factor"),
                                     samples = c("columns", "rows"), covariates = NULL, ...) {
  check_fit(fit)
  rlang::check_dots_empty()
  by <- arg_match(by)
  if (by %in% c("group", "group_factor")) check_has_groups(fit)
  samples <- arg_match(samples)
  if (is.null(newdata)) {
    check_no_covariates(covariates)
    if (is.null(fit$explained[[by]])) abort_earlier(fit, by)
    return(fit$explained[[by]])
  }
  check_takes_data(fit)
  data <- align_newdata(fit$omics, newdata, samples, own = own_side(fit))
  design <- new_design(fit, covariates, newdata, data$samples)
  projected <- project_samples(fit, data, design)
  sums <- variance_sums(
    core_parameters(fit), fit$config, projected$cohort, find_mode(fit, projected),
    colMeans(core_mode_of(fit)), groups_of_new(fit, covariates, newdata, data$samples),
    fit$control$threads
  )
  factors <- stats::setNames(factors_in_use(fit), names_of_factors(fit))
  explained_tables(sums, fit$omics, factors, data$samples)[[by]]
}

# Fits of versions that did not measure samples.
abort_earlier <- function(fit, by, call = rlang::caller_env()) {
  cli::cli_abort(c(
    "The fit does not say what is explained by {by}.",
    "i" = made_by(fit),
    "i" = "Or pass its data as {.arg newdata}."
  ), call = call)
}

# What core_variance() says of all samples, and of those of every group; `groups`: a factor, or
# NULL.
variance_sums <- function(parameters, config, cohort, mode, held, groups, threads) {
  sums_over <- \(counted) {
    core_variance(parameters, config, cohort, mode, held, counted, threads)
  }
  list(
    all = sums_over(rep(TRUE, nrow(mode))),
    groups = if (!is.null(groups)) {
      lapply(stats::setNames(nm = levels(groups)), \(level) sums_over(groups == level))
    }
  )
}

# Of every omic, what is explained in some samples. `sums`: what core_variance() says of them. NaN
# where none has the omic.
share_of_samples <- function(sums, samples) {
  vapply(sums, \(omic) {
    1 - sum(omic$sample_residual[samples]) / sum(omic$sample_total[samples])
  }, 0)
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

# What variance_explained() returns, for every `by`. `sums`: what variance_sums() returns;
# `factors`: the core's numbers of the factors to show, in order, by name; `samples`: names. An omic
# that no sample has, has sums of 0.
explained_tables <- function(sums, omics, factors, samples) {
  groups <- lapply(sums$groups, stats::setNames, names(omics))
  sums <- Filter(\(omic) sum(omic$total) > 0, stats::setNames(sums$all, names(omics)))
  by_omic <- \(name, of) do.call(rbind, unname(Map(of, name, sums)))
  names <- names(sums)
  tables <- list(
    factor = by_omic(names, \(name, omic) factor_shares(name, omic, factors)),
    feature = by_omic(names, \(name, omic) data.frame(
      omic = name, feature = omics[[name]]$features, r2 = 1 - omic$residual / omic$total
    )),
    omic = by_omic(names, \(name, omic) data.frame(
      omic = name, r2 = 1 - sum(omic$residual) / sum(omic$total)
    )),
    sample = by_omic(names, \(name, omic) data.frame(
      omic = name, sample = samples, r2 = 1 - omic$sample_residual / omic$sample_total,
      weight = omic$sample_total / sum(omic$sample_total)
    ))
  )
  if (length(groups) > 0) tables <- c(tables, group_tables(groups, sums, factors))
  lapply(tables, \(table) {
    table$r2[!is.finite(table$r2)] <- NA
    table
  })
}

factor_shares <- function(name, omic, factors) {
  data.frame(omic = rep(name, length(factors)), factor = as.character(names(factors)),
             r2 = omic$gain[factors] / sum(omic$total))
}

# `groups`: per group, the sums of every omic; `sums`: those of all samples.
group_tables <- function(groups, sums, factors) {
  rows <- \(of) do.call(rbind, unname(unlist(lapply(names(sums), \(name) {
    Map(\(group, omics) of(name, group, omics[[name]]), names(groups), groups)
  }), recursive = FALSE)))
  list(
    group = rows(\(name, group, omic) data.frame(
      omic = name, group = group, r2 = 1 - sum(omic$residual) / sum(omic$total),
      weight = sum(omic$total) / sum(sums[[name]]$total)
    )),
    group_factor = rows(\(name, group, omic) {
      shares <- factor_shares(name, omic, factors)
      data.frame(omic = shares$omic, group = rep(group, nrow(shares)), shares[c("factor", "r2")])
    })
  )
}
