#' How much each omic tells of each factor, sample by sample
#'
#' The posterior mean of a factor is a weighted mean of what the experts of the omics say. Their
#' weights, of omic v for factor k in sample n, are the contributions
#' \deqn{c_{nvk} = \alpha_{nv} \tau_{nvk} / \sum_u \alpha_{nu} \tau_{nuk}:}{c_nvk = alpha_nv tau_nvk
#' / sum_u alpha_nu tau_nuk:} the gate alpha says how far the omic is trusted in the sample, the
#' precision tau how well its expert knows the factor.
#'
#' Contributions answer which omic a factor was read from, in every sample; an omic that says
#' nothing of a factor contributes next to nothing to it, whatever its gate. [gates()] answer which
#' omics a sample's experts agree on, and are the same for all factors. [variance_explained()]
#' answers a third question: how much of an omic the factor explains.
#'
#' @inheritParams variance_explained
#'
#' @return `contributions()`: numeric array, samples x omics x factors in use. Values are between 0
#'   and 1 and sum to 1 over omics; exactly 0 where a sample lacks the omic.
#'
#' @section Errors:
#' Objects other than fits are an error; for errors in `newdata` and `covariates` see
#' [predict.poems()].
#'
#' @references Equation 1 of Kocak Balik et al. (2025), \doi{10.48550/arXiv.2511.03464}: the gated
#'   product of experts.
#' @seealso [plot_contributions()] for a figure, [gates()] for how far whole omics are trusted.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' contributions(fit)[1:3, , "Factor1"]
#' # Of the tumours that have all omics, the mean per factor.
#' complete <- rowSums(gates(fit) == 0) == 0
#' apply(contributions(fit)[complete, , ], c("omic", "factor"), mean) |> round(2)
#' @export
contributions <- function(fit, newdata = NULL, samples = c("columns", "rows"),
                          covariates = NULL) {
  check_fit(fit)
  samples <- arg_match(samples)
  if (is.null(newdata)) {
    check_no_covariates(covariates)
    return(fit$contributions)
  }
  check_takes_data(fit)
  data <- align_newdata(fit$omics, newdata, samples, own = own_side(fit))
  design <- new_design(fit, covariates, newdata, data$samples)
  projected <- project_samples(fit, data, design)
  shares <- experts_shares(projected$experts, projected$gates)
  name_contributions(shares[, , factors_in_use(fit), drop = FALSE],
                     data$samples, names(fit$omics), names_of_factors(fit))
}

# Samples x omics x the core's factors. `experts`: those that core_project() returns;
# `gates`: samples x omics, 0 where a sample lacks an omic.
experts_shares <- function(experts, gates) {
  weights <- vapply(seq_along(experts), \(v) {
    weight <- gates[, v] * exp(-experts[[v]]$logvar)
    ifelse(is.nan(weight), 0, weight)
  }, experts[[1]]$logvar)
  weights <- array(weights, c(dim(experts[[1]]$logvar), length(experts)))
  weights <- aperm(weights, c(1, 3, 2))
  sweep(weights, c(1, 3), apply(weights, c(1, 3), sum), `/`)
}

name_contributions <- function(x, samples, omics, factors = numbered_factors(dim(x)[3])) {
  dimnames(x) <- list(sample = samples, omic = omics, factor = factors)
  x
}

# Omics x factors: the mean over samples that have all omics; where none has, over those that have
# the omic.
mean_contributions <- function(fit) {
  has <- membership(fit)
  complete <- rowSums(has) == ncol(has)
  x <- fit$contributions
  means <- vapply(seq_len(ncol(has)), \(v) {
    of <- if (any(complete)) complete else has[, v]
    colMeans(matrix(x[of, v, ], sum(of)))
  }, numeric(dim(x)[3]))
  matrix(t(means), ncol(has), dimnames = dimnames(x)[2:3])
}

# One row per sample, omic and factor.
contribution_rows <- function(fit) {
  x <- fit$contributions
  rows <- expand.grid(factor = dimnames(x)[[3]], omic = dimnames(x)[[2]],
                      sample = dimnames(x)[[1]], stringsAsFactors = FALSE)
  data.frame(rows[c("sample", "omic", "factor")],
             contribution = as.vector(aperm(x, c(3, 2, 1))))
}
