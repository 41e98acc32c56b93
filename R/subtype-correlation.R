#' Correlation of subtypes, per omic and for the latent space
#'
#' How alike the subtypes of a cohort are in each omic, and how alike in the space of factors that
#' the omics share.
#'
#' A subtype's profile is the mean, over its samples, of every feature or factor. Each feature is
#' centred at its mean over the samples compared and divided by the scale that the fit learned (the
#' standard deviation, unless `scale` says otherwise in [poems()]), or features with a large mean
#' would make all subtypes look alike; factors are those of `latent(fit, scaled = TRUE)`, centred
#' alike. What is returned is Pearson's correlation of two profiles. A profile is thus what sets a
#' subtype apart from the cohort: subtypes cannot all correlate positively, two of them that make up
#' the cohort are opposite (-1), and a correlation depends on which other subtypes there are.
#'
#' @param fit A fit from [poems()].
#' @param subtype Subtype of every sample: a vector named by sample, or in the order of
#'   `fit$samples`. Samples with `NA` are left out.
#' @param x The omics that `fit` was fitted to, as [poems()] took them: a fit holds no data. Samples
#'   that the fit does not have are ignored, with a message. `NULL` compares in the latent space
#'   alone.
#' @param samples Where the samples are in `x`: `"columns"` or `"rows"`.
#'
#' @return Data frame with one row per space and pair of subtypes, in either order, and the columns
#'   `space` (factor: the omics in the order of the fit, then `"latent"`), `subtype` and `other`
#'   (factors) and `correlation`, `NA` where a subtype has no sample with the omic, and with a
#'   single factor or feature.
#'
#' @section Errors:
#' It is an error if `subtype` does not fit the samples or has fewer than two subtypes, if `x` has
#' none of the fit's samples, or if the fit has no factor in use. For other errors in `x` see
#' [predict.poems()].
#'
#' @references Figure 3 of Kocak Balik et al. (2025), \doi{10.48550/arXiv.2511.03464}, which does
#'   not say how features were scaled.
#' @family agreement with subtypes
#' @seealso [plot_subtype_correlation()] for a figure.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' subtype_correlation(fit, tcga_breast$samples$subtype, omics)
#' @export
subtype_correlation <- function(fit, subtype, x = NULL, samples = c("columns", "rows")) {
  check_fit(fit)
  check_any_factor(fit)
  subtype <- match_group(subtype, fit$samples, "subtype")
  check_two_subtypes(subtype)
  data <- if (!is.null(x)) cohort_of(fit, x, arg_match(samples))
  spaces <- c(Map(scale_omic, data, fit$omics[names(data)]),
              list(latent = t(latent(fit, scaled = TRUE))))
  maps <- lapply(spaces, \(values) profile_correlation(values, subtype[colnames(values)]))
  correlation_rows(maps, levels(subtype))
}

check_two_subtypes <- function(subtype, call = rlang::caller_env()) {
  count <- nlevels(subtype)
  if (count < 2 || count > most_groups) {
    cli::cli_abort(c(
      "{.arg subtype} must have 2 to {most_groups} subtypes.",
      "x" = "It has {count}."
    ), call = call)
  }
}

# The data of the fit's samples: per omic of `x`, features x samples.
cohort_of <- function(fit, x, samples, call = rlang::caller_env()) {
  check_takes_data(fit, call)
  data <- align_newdata(fit$omics, x, samples, call, own = own_side(fit))
  unknown <- setdiff(data$samples, fit$samples)
  if (length(unknown) == length(data$samples)) {
    cli::cli_abort(c(
      "{.arg x} must have samples of the fit.",
      "x" = "It has none of them: {quote_some(unknown)}."
    ), call = call)
  }
  if (length(unknown) > 0) {
    cli::cli_inform(c("i" = "Ignored {length(unknown)} sample{?s} of {.arg x} that the fit does not
                             have: {quote_some(unknown)}."))
  }
  data <- lapply(data$data, \(values) {
    as.matrix(values[, colnames(values) %in% fit$samples, drop = FALSE])
  })
  Filter(\(values) ncol(values) > 0, data)
}

scale_omic <- \(values, omic) (values - omic$center) / omic$scale

# Correlation of the mean profiles of subtypes; `values`: features or factors x samples.
profile_correlation <- function(values, subtype) {
  values <- values[, !is.na(subtype), drop = FALSE]
  subtype <- subtype[!is.na(subtype)]
  values <- values - rowMeans(values, na.rm = TRUE)
  profiles <- vapply(levels(subtype), \(name) {
    rowMeans(values[, subtype == name, drop = FALSE], na.rm = TRUE)
  }, numeric(nrow(values)))
  profiles <- matrix(profiles, nrow(values), dimnames = list(NULL, levels(subtype)))
  suppressWarnings(stats::cor(profiles, use = "pairwise.complete.obs"))
}

correlation_rows <- function(maps, subtypes) {
  spaces <- names(maps)
  rows <- Map(\(map, space) {
    data.frame(space = space, long_table(map, c("subtype", "other", "correlation")))
  }, maps, spaces)
  rows <- do.call(rbind, unname(rows))
  rows$space <- factor(rows$space, levels = unique(spaces))
  rows$subtype <- factor(rows$subtype, levels = subtypes)
  rows$other <- factor(rows$other, levels = subtypes)
  rows <- rows[order(rows$space, rows$subtype, rows$other), ]
  rownames(rows) <- NULL
  rows
}
