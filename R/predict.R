#' Project samples, weigh their omics, reconstruct their features
#'
#' Applies a fit to samples it has not seen. Features are matched by name, in any order, and scaled
#' with the statistics of training. Samples may lack omics: the posterior then rests on the omics
#' they have, and `type = "reconstruction"` still fills every omic of the fit.
#'
#' @param object A fit from [poems()].
#' @param newdata New samples, in any form that [poems()] takes; `NULL` for the samples that the
#'   model was fitted to. Assays and transformations are those of the fit. Omics that the fit does
#'   not know are ignored with a message; features of the fit that are missing are treated as missing
#'   values, with a warning.
#' @param type What to return: see Value.
#' @param samples Where the samples are in `newdata`: `"columns"` or `"rows"`.
#' @param ... Not used.
#'
#' @return
#' * `"latent"`: samples x factors matrix, the posterior means, scaled as by [latent()].
#' * `"gates"`: samples x omics matrix; rows sum to 1, with 0 where a sample lacks the omic.
#' * `"reconstruction"`: named list with, per omic of the fit, a features x samples matrix on the
#'   scale of the data, decoded from the posterior mean. Scaling and transformations
#'   ([preprocess_steps()]) are undone: of a feature that was transformed by log1p, what comes back
#'   is a typical count (the exponential of the mean logarithm), not the mean count.
#'
#' @section Errors:
#' `newdata` without any omic of the fit, or with an omic that has none of its features, is an
#' error.
#'
#' @references Equation 1 of Kocak Balik et al. (2025), \doi{10.48550/arXiv.2511.03464}: the gated
#'   product of experts.
#' @examples
#' train <- tcga_breast$samples$set == "train"
#' mrna <- tcga_breast$omics$mrna[1:40, ]
#' mirna <- tcga_breast$omics$mirna[1:40, ]
#' fit <- poems(
#'   list(mrna = mrna[, train], mirna = mirna[, train]),
#'   factors = 8, seed = 21, control = list(epochs = 20, threads = 1)
#' )
#' # New samples, measured for mRNA only: their miRNA is predicted.
#' new <- predict(fit, list(mrna = mrna[, !train]), type = "reconstruction")
#' new$mirna[1:3, 1:3]
#' @export
predict.poems <- function(object, newdata = NULL, type = c("latent", "gates", "reconstruction"),
                          samples = c("columns", "rows"), ...) {
  type <- rlang::arg_match(type)
  samples <- rlang::arg_match(samples)
  rlang::check_dots_empty()
  projected <- if (is.null(newdata)) {
    list(latent = core_latent(object), gates = object$gates)
  } else {
    project_samples(object, align_newdata(object$omics, newdata, samples))
  }
  of <- rownames(projected$gates)
  switch(type,
    latent = projected$latent[, factors_in_use(object), drop = FALSE] |>
      scale_latent(object$spread) |>
      name_factors(of),
    gates = projected$gates,
    reconstruction = reconstruct(object, projected$latent, of)
  )
}

# Latent means, of the core's factors, and gates of data in the internal form of read_omics().
project_samples <- function(fit, data) {
  projected <- core_project(
    core_parameters(fit), fit$config, core_omics(fit$omics, data$data, data$samples),
    length(data$samples), fit$control$threads
  )
  dimnames(projected$gates) <- list(data$samples, names(fit$omics))
  projected
}

# Every omic decoded from latent (samples x the core's factors), in the units of the data.
reconstruct <- function(fit, latent, samples) {
  decoded <- core_reconstruct(core_parameters(fit), fit$config, latent, fit$control$threads)
  Map(
    \(x, omic) {
      dimnames(x) <- list(omic$features, samples)
      in_data_units(x, omic)
    }, stats::setNames(decoded, names(fit$omics)), fit$omics
  )
}

# Values of one omic (features x samples) from the scale of training to that of the user's data.
in_data_units <- \(x, omic) back_transform(x * omic$scale + omic$center, omic$transform)
