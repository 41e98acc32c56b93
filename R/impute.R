#' Fill in missing values and missing omics
#'
#' Returns the data with the values that are missing, and the omics that samples lack, reconstructed
#' by a fit: the class, the order and all values that are there stay as they were.
#'
#' Values that are missing in a Gaussian omic that a sample has are predicted from all that is known
#' of the sample: by the factors, averaged over what the loadings could be (the loadings that are
#' read are the likely ones alone), and by what the factors leave, since features go together in
#' ways that no factor stands for. How far these correlations are believed is told by their own
#' sampling error. Omics that a sample lacks are predicted as [predict.poems()] says. `tidy(fit,
#' "omics")` has the share of hidden values' variance that is predicted, measured on samples left
#' out of what predicts them.
#'
#' Standard deviations of values missing within an omic are those of the prediction, multiplied per
#' omic so that 95 % of the hidden values of samples left out lie within 1.96 of them; those of
#' omics that a sample lacks are the errors of samples left out, per feature. Where there is neither
#' (omics that are not Gaussian, fewer than 30 samples), factors are drawn with the variances of the
#' sample's posterior, decoded, and the feature's noise is drawn on top. Of hidden values, 93 to 96
#' %, by cohort and omic (95 % on average), were found within 1.96 standard deviations, and 92 to
#' 95 % where whole omics were hidden (94 %).
#'
#' Features that the fit does not know (constant ones, or those left out by `preprocess_steps(n_top
#' = )`) stay as they are, and so do samples without any value. Gaps of omics that became
#' log-ratios (`preprocess_steps("clr")`) stay `NA`, with a message: log-ratios do not tell a
#' sample's total. Of a patient with several columns in an experiment (tumour and normal tissue,
#' say) the first is filled in, the one that [poems()] uses; values missing in the others stay
#' missing.
#'
#' Packages attached after this one (MOFA2, Hmisc) have a function `impute()` of their own, which
#' then stands in front of this one: write `omicpoems::impute()`.
#'
#' @param object A fit from [poems()].
#' @param x The data to fill in: those of the fit, or new samples, in any class that [poems()]
#'   takes.
#' @param value What stands where values were missing: `"mean"`, the imputed values, or `"sd"`,
#'   their standard deviations, with 0 for the values that were there.
#' @param draws Number of draws from the posterior behind a standard deviation, at least 2. Its own
#'   relative error is about 1 / sqrt(2 draws).
#' @param seed A whole number that decides these draws; `NULL` draws one from R's generator.
#' @param samples Where the samples are in matrices and data frames: `"columns"` or `"rows"`.
#' @param covariates As in [predict.poems()].
#' @param ... For methods; [poems()] fits take no further arguments.
#'
#' @return An object like `x`. Samples that lacked an omic of the fit are added to it after the
#'   others, under the names by which samples are matched; omics of the fit that `x` lacks are added
#'   as matrices. A MultiAssayExperiment keeps its `colData()`; experiments that the fit does not
#'   know, and assays it did not take, are as they were (`NA` for added samples). Long data frames
#'   get rows. Of the classes of omics, sparse matrices come back dense, ExpressionSets as
#'   SummarizedExperiments and arrays on disk as DelayedArrays in memory.
#'
#' @section Errors:
#' As in [predict.poems()].
#'
#' @source Written for this package. Shrinkage of correlations: Schafer and Strimmer (2005),
#'   Statistical Applications in Genetics and Molecular Biology 4, 32, \doi{10.2202/1544-6115.1175}.
#' @seealso [predict.poems()] with `type = "reconstruction"` for reconstructions of all values.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' dim(omics$protein)  # some tumours lack protein
#' full <- impute(fit, omics)
#' dim(full$protein)
#' sd <- impute(fit, omics, "sd", draws = 20, seed = 1)
#' lacking <- setdiff(fit$samples, colnames(omics$protein))
#' full$protein[1:3, lacking[1:3]]
#' sd$protein[1:3, lacking[1:3]]
#' @export
impute <- function(object, x, ...) UseMethod("impute")

#' @rdname impute
#' @export
impute.poems <- function(object, x, value = c("mean", "sd"), draws = 100, seed = NULL,
                         samples = c("columns", "rows"), covariates = NULL, ...) {
  check_fit(object, arg = "object")
  value <- arg_match(value)
  samples <- arg_match(samples)
  check_value(draws, "draws", "a whole number of at least 2", \(x) is_whole(x) && x >= 2)
  seed <- if (value == "sd") check_seed(seed)
  rlang::check_dots_empty()
  check_takes_data(object)
  data <- align_newdata(object$omics, x, samples, own = own_side(object))
  lacking <- samples_with_gaps(data, names(object$omics))
  design <- new_design(object, covariates, x, data$samples)
  posterior <- project_samples(object, data, design)
  posterior$mode <- find_mode(object, posterior)
  posterior <- take_samples(posterior, match(lacking, data$samples))
  posterior$values <- values_of_had(object, data, lacking, posterior, value == "sd")
  posterior$lacking <- values_of_lacking(object, data, lacking, posterior)
  filled <- if (value == "mean") {
    reconstruct(object, posterior, lacking)
  } else {
    with_seed(seed, predictive_sd(object, posterior, lacking, draws))
  }
  put_back(x, leave_one_way(filled, object$omics), list(
    value = value, samples = if (is.null(data$side)) samples else data$side,
    assay = lapply(object$omics, `[[`, "assay")
  ))
}

# What has no way back to the scale of the data stays missing.
leave_one_way <- function(filled, omics) {
  left <- vapply(omics, is_one_way, NA) & lengths(filled) > 0
  if (any(left)) {
    cli::cli_inform(c("i" = "Not filled in, for log-ratios do not tell a sample's total:
                             {quote_some(names(omics)[left])}."))
  }
  filled[left] <- lapply(filled[left], \(x) x * NA)
  filled
}

# Names of the samples that lack an omic or a value of one.
samples_with_gaps <- function(data, omics) {
  whole <- lapply(omics, \(omic) {
    x <- data$data[[omic]]
    if (is.null(x)) character() else colnames(x)[!has_gaps(x)]
  })
  setdiff(data$samples, Reduce(intersect, whole))
}

# What project_samples() returns, of some of the samples.
take_samples <- function(projected, samples) {
  list(
    latent = projected$latent[samples, , drop = FALSE],
    mode = projected$mode[samples, , drop = FALSE],
    has = projected$has[samples, , drop = FALSE],
    logvar = projected$logvar[samples, , drop = FALSE],
    design = projected$design[samples, , drop = FALSE],
    offset = lapply(projected$offset, `[`, samples)
  )
}

# Per omic, features x samples: standard deviations of the posterior predictive distribution. Where
# predictions come with their own, on the scale of training, those; else over draws of the factors
# and of the values given them.
predictive_sd <- function(fit, posterior, samples, draws) {
  known <- known_sd(fit, posterior)
  centre <- predict_on_link(fit, posterior)
  posterior$values <- posterior$lacking <- NULL
  sd <- exp(posterior$logvar / 2)
  drawn <- posterior
  of_draws <- sd_over(draws, \() {
    moved <- sd * stats::rnorm(length(sd))
    drawn$latent <- posterior$latent + moved
    drawn$mode <- posterior$mode + moved
    Map(\(eta, omic, parameters) draw_predictive(eta, omic, parameters),
        predict_on_link(fit, drawn), fit$omics, fit$parameters$omics) |>
      back_to_data(fit)
  })
  transformed <- Map(\(eta, sd, omic) {
    if (is.null(omic$transform)) return(sd)
    draw <- \() list(back_transform(eta + sd * stats::rnorm(length(sd)), omic$transform))
    sd_over(draws, draw)[[1]]
  }, centre, known, fit$omics)
  Map(\(own, drawn, omic) {
    own[is.na(own)] <- drawn[is.na(own)]
    dimnames(own) <- list(omic$features, samples)
    own
  }, transformed, of_draws, fit$omics)
}

back_to_data <- function(values, fit) {
  Map(\(x, omic) back_transform(x, omic$transform), values, fit$omics)
}

# Standard deviations over what `draw` returns when called so often, a list of matrices. The mean
# and the sum of squares about it are updated draw by draw.
sd_over <- function(draws, draw) {
  mean <- squares <- 0
  for (i in seq_len(draws)) {
    x <- draw()
    if (i == 1) mean <- squares <- lapply(x, \(x) 0 * x)
    change <- Map(`-`, x, mean)
    mean <- Map(\(mean, change) mean + change / i, mean, change)
    squares <- Map(\(squares, change, x, mean) squares + change * (x - mean), squares, change, x,
                   mean)
  }
  lapply(squares, \(squares) sqrt(squares / (draws - 1)))
}

# Per omic, features x samples: standard deviations that predictions come with, on the scale of the
# data before transformations; NA where they have none.
known_sd <- function(fit, posterior) {
  stats::setNames(lapply(seq_along(fit$omics), \(v) {
    omic <- fit$omics[[v]]
    has <- posterior$has[, v]
    sd <- matrix(NA_real_, length(omic$features), length(has))
    if (omic$family != "gaussian") return(sd)
    if (!is.null(posterior$values)) sd[, has] <- posterior$values[[v]]$sd[, has]
    if (!is.null(posterior$lacking) && !all(has)) sd[, !has] <- posterior$lacking[[v]]$sd[, !has]
    sd * omic$scale
  }), names(fit$omics))
}

# Values drawn given the predictions on the scale of the link, features x samples. `parameters`: the
# core's, of the omic.
draw_predictive <- function(eta, omic, parameters) {
  n <- length(eta)
  expected <- expected_value(eta, omic$family)
  eta[] <- switch(omic$family,
    gaussian = eta + as.vector(exp(parameters$log_sigma)) * omic$scale * stats::rnorm(n),
    bernoulli = stats::rbinom(n, 1, expected),
    poisson = stats::rpois(n, expected),
    negative_binomial = stats::rnbinom(
      n, size = 1 / as.vector(exp(parameters$log_dispersion)), mu = expected
    )
  )
  eta
}
