#' Factors and predictions of a comparison
#'
#' `latent()` gives the factors of the samples of a fit, `shared()` and `salient()` one block of
#' them. `predict()` gives the factors of new samples, or their omics as the model reconstructs
#' them. `salient_in()` tells which samples of any group look like targets.
#'
#' @param object,fit A fit from [poems_compare()].
#' @param block Which factors: `NULL` for all, `"shared"` or `"salient"`.
#' @param sd `TRUE` for posterior standard deviations in place of means.
#' @param newdata New samples, in any form that [poems()] takes. Assays and transformations are
#'   those of the fit.
#' @param target Which of the new samples are of the target: `TRUE` or `FALSE`, for all or for each
#'   in their order. Salient factors of others are 0.
#' @param type `"latent"` or `"reconstruction"`.
#' @param samples Where the samples are in `newdata`: `"columns"` or `"rows"`.
#' @param covariates For a fit with covariates, those of `newdata`; see [predict.poems()].
#' @param ... Not used.
#'
#' @return
#' * `latent()`, `shared()`, `salient()`, and `predict()` with `type = "latent"`: samples x factors
#'   matrix of posterior means (or standard deviations), columns `"Shared1"`, ..., `"Salient1"`, ...
#' * `type = "reconstruction"`: named list with, per omic of the fit, a features x samples matrix on
#'   the scale of the data, as of [predict.poems()].
#' * `salient_in()`: a data frame with a row per sample: `sample`; `gain`, by how much the share of
#'   its squared deviations (of Gaussian omics, on the scale of training) that is explained rises
#'   when it is given salient factors, `NA` without a Gaussian omic; and these factors, taken as if
#'   it were of the target.
#'
#' @section Errors:
#' A block that does not exist is an error. See [predict.poems()] for `newdata` and `covariates`.
#'
#' @source Written for this package; blocks as in the models that [poems_compare()] cites.
#' @examples
#' omics <- lapply(tcga_breast$omics[c("mrna", "mirna")], \(x) x[1:60, ])
#' fit <- poems_compare(omics, group = tcga_breast$samples$subtype == "Basal", background = FALSE,
#'                      shared = 4, salient = 2, seed = 21,
#'                      control = list(epochs = 10, threads = 1))
#' head(latent(fit))
#' head(salient_in(fit, omics))
#' @export
latent.poems_comparison <- function(object, block = NULL, sd = FALSE, ...) {
  check_comparison(object, arg = "object")
  rlang::check_dots_empty()
  if (!is_flag(sd)) cli::cli_abort("{.arg sd} must be TRUE or FALSE.")
  columns <- columns_of_blocks(object, block)
  (if (sd) object$latent_sd else object$latent)[, columns, drop = FALSE]
}

#' @rdname latent.poems_comparison
#' @export
shared <- function(fit) {
  check_comparison(fit)
  latent(fit, "shared")
}

#' @rdname latent.poems_comparison
#' @export
salient <- function(fit) {
  check_comparison(fit)
  latent(fit, "salient")
}

#' @rdname latent.poems_comparison
#' @export
predict.poems_comparison <- function(object, newdata, target = TRUE,
                                     type = c("latent", "reconstruction"),
                                     samples = c("columns", "rows"), block = NULL,
                                     covariates = NULL, ...) {
  type <- arg_match(type)
  samples <- arg_match(samples)
  rlang::check_dots_empty()
  columns <- columns_of_blocks(object, block)
  data <- new_split_data(object, newdata, samples, covariates)
  target <- spread_target(target, data$samples)
  z <- compare_embed(object, data, target)$mean
  if (type == "latent") return(z[, columns, drop = FALSE])
  z[, setdiff(seq_len(ncol(z)), columns)] <- 0
  offset <- sample_offsets(object$omics, data)
  Map(\(omic, name, v) {
    x <- compare_decode(object, z, v)
    dimnames(x) <- list(omic$features, data$samples)
    to_link_scale(x, omic, data$design, offset[[name]]) |>
      expected_value(omic$family) |>
      back_transform(omic$transform)
  }, object$omics, names(object$omics), seq_along(object$omics))
}

#' @rdname latent.poems_comparison
#' @export
salient_in <- function(fit, newdata, samples = c("columns", "rows"), covariates = NULL) {
  check_comparison(fit)
  samples <- arg_match(samples)
  data <- new_split_data(fit, newdata, samples, covariates)
  z <- compare_embed(fit, data, rep(TRUE, length(data$samples)))$mean
  without <- z
  without[, fit$blocks$salient] <- 0
  x <- standardised_features(fit$omics, data$data, data$samples, data$design)
  gaussian <- vapply(fit$omics, `[[`, "", "family") == "gaussian"
  looked_at <- gaussian[omic_of_features(fit$omics)]
  left <- \(z) {
    decoded <- do.call(rbind, lapply(seq_along(fit$omics), \(v) compare_decode(fit, z, v)))
    colSums((x - decoded)[looked_at, , drop = FALSE]^2, na.rm = TRUE)
  }
  total <- colSums(x[looked_at, , drop = FALSE]^2, na.rm = TRUE)
  gain <- if (any(looked_at)) (left(without) - left(z)) / total else NA_real_
  data.frame(sample = data$samples, gain = gain,
             z[, fit$blocks$salient, drop = FALSE], row.names = NULL)
}

spread_target <- function(target, samples, call = rlang::caller_env()) {
  if (is.logical(target) && !anyNA(target) && length(target) %in% c(1, length(samples))) {
    return(rep_len(unname(target), length(samples)))
  }
  cli::cli_abort(c(
    "{.arg target} must be TRUE or FALSE, for all samples or for each.",
    "x" = "It is {describe(target)}; there are {length(samples)} samples."
  ), call = call)
}

check_comparison <- function(fit, call = rlang::caller_env(), arg = "fit") {
  check_fit(fit, call, arg, "poems_comparison")
}
