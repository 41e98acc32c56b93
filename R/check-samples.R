#' Find samples whose omics do not belong together
#'
#' Mix-ups are the commonest silent error of cohorts with several omics: a tube or a column changes
#' places, and one omic of a sample is another patient's. `check_samples()` tells of every omic of
#' every sample how well it goes with the sample's other omics, whether worse than chance has it,
#' and, if omics have changed places, with which sample.
#'
#' When a fit is made, maps learn to predict principal components of each omic from the others. The
#' agreement of a sample's omic compares what the maps say with what the sample has, over the
#' components that can be predicted; of samples of the fit, what maps say that have not seen the
#' sample. It is the mean of two measures, the log odds that the two belong together and Fisher's z
#' of their cosine, each in units of the cohort: 0 is a typical sample, -1 one that agrees less by a
#' standard deviation. The p-value tells how rarely samples of the cohort agree as little, if they
#' are as they should be: agreement is then taken to follow a t distribution with 3 degrees of
#' freedom about the cohort's center, and those that do not belong, whose agreement is known from
#' all pairs of different samples, are kept from widening it. An omic that does not belong is not
#' used to judge the sample's other omics. With two omics only, both are as suspect.
#'
#' Low agreement has other causes than mix-ups: contamination, a bad array, a tumour unlike all
#' others. A partner speaks for a mix-up: with all samples in doubt considered at once, each omic
#' given to one of them, so that the likelihood is greatest. Where omics tell little of each other,
#' many a mix-up is not found. Real tumours that are unlike all others are named along with swapped
#' ones: in `bench/belonging.md`, 13 to 15 % of those named at a rate of 0.1 had not been swapped.
#'
#' @inheritParams variance_explained
#' @param newdata New samples to check, in any form that [predict.poems()] takes; `NULL` for those
#'   of the fit. Partners are sought among the samples that are checked,
#'   of which the 500 with the lowest p-values are looked at.
#'
#' @return A data frame with one row per sample and omic that it has, in the order of the samples:
#'   * `sample`, `omic`;
#'   * `agreement`: see above, 0 for a typical sample of the cohort;
#'   * `p_value`: of an agreement as low as this, were the omic the sample's own;
#'   * `fdr`: false discovery rate (Benjamini and Hochberg), over the samples that have the omic;
#'   * `partner`: the sample whose omic fits this sample best, `NA` where that is its own;
#'   * `owner`: the sample that this omic fits best, `NA` where that is this one. If two samples
#'     have changed places, partner and owner are the same.
#'
#'   All but the names are `NA` where nothing can be told: the sample has no other omic, or fewer
#'   than 30 samples of the fit have both. Of fits of more than 1000 samples, 1000 are looked at;
#'   give the others as `newdata`.
#'
#' @section Errors:
#' Fits of a single omic, or with `objective = "published"`, cannot check samples; for errors in
#' `newdata` and `covariates` see [predict.poems()].
#'
#' @references Efron (2004), Large-scale simultaneous hypothesis testing: the choice of a null
#'   hypothesis, Journal of the American Statistical Association 99, 96-104: a null distribution
#'   from the cohort itself.
#' @source The assignment problem is solved by [clue::solve_LSAP()].
#' @seealso [plot_check()] for a figure, [gates()] for how far the fit trusts each omic.
#' @examples
#' # The mRNA of the first three tumours changes places.
#' omics <- tcga_breast$omics
#' omics$mrna[, 1:3] <- omics$mrna[, c(2, 3, 1)]
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' check <- check_samples(fit)
#' check[which(check$fdr < 0.1), ]
#' @export
check_samples <- function(fit, newdata = NULL, samples = c("columns", "rows"), covariates = NULL) {
  check_fit(fit)
  samples <- arg_match(samples)
  check_takes_data(fit)
  check_can_check(fit)
  if (is.null(newdata)) {
    check_no_covariates(covariates)
    check_whole_samples(fit, "Pass the data as {.arg newdata}, or check the whole fit.")
    tell_unchecked(fit)
    return(check_table(fit$maps$checked, fit$samples[checked_in_fit(fit)], names(fit$omics)))
  }
  data <- align_newdata(fit$omics, newdata, samples, own = own_side(fit))
  design <- new_design(fit, covariates, newdata, data$samples)
  x <- values_without_covariates(fit$parameters, fit$omics, data$data, data$samples, design)
  omic <- omic_of_features(fit$omics)
  scores <- Map(crossprod, parts_for_maps(fit$maps, x, omic), fit$maps$directions)
  checked <- check_omics(fit$maps$maps, scores, omics_had(x, omic))
  check_table(checked, data$samples, names(fit$omics))
}

# Positions of the samples that maps have looked at; those of earlier versions were evenly spaced.
checked_in_fit <- function(fit) {
  if (is.null(fit$maps$used)) spaced(length(fit$samples), most_start_samples) else fit$maps$used
}

check_table <- function(checked, samples, omics) {
  has <- checked$has
  at <- which(has, arr.ind = TRUE)
  named <- \(i) samples[i[has]]
  fdr <- t(apply(checked$p_value, 1, stats::p.adjust, "BH"))
  table <- data.frame(
    sample = samples[at[, 2]], omic = omics[at[, 1]], agreement = checked$agreement[has],
    p_value = checked$p_value[has], fdr = fdr[has], partner = named(checked$partner),
    owner = named(checked$owner)
  )
  rownames(table) <- NULL
  table
}

# Whether plot_check() has something to show.
can_check <- \(fit) !is.null(fit$maps) && any(is.finite(fit$maps$checked$p_value))

check_can_check <- function(fit, call = rlang::caller_env()) {
  if (!is.null(fit$maps)) return(invisible())
  why <- if (length(fit$omics) == 1) {
    "It has a single omic: there is nothing to compare it with."
  } else {
    "Fit with {.code objective = \"elbo\"}, the default."
  }
  cli::cli_abort(c("{.arg fit} cannot check samples.", "i" = why), call = call)
}

tell_unchecked <- function(fit) {
  looked <- length(checked_in_fit(fit))
  if (looked == length(fit$samples)) return(invisible())
  cli::cli_inform(c(
    "i" = "The fit has looked at {looked} of its {length(fit$samples)} samples; to check the others,
           give them as {.arg newdata}."
  ))
}
