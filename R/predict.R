#' Project samples, weigh their omics, reconstruct their features
#'
#' Applies a fit to samples it has not seen. Features are matched by name, in any order, and scaled
#' with the statistics of training. Samples may lack omics: the posterior then rests on the omics
#' they have, and `type = "reconstruction"` still fills every omic of the fit.
#'
#' @param object A fit from [poems()].
#' @param newdata New samples, in any form that [poems()] takes; `NULL` for the samples that the
#'   model was fitted to. Assays and transformations are those of the fit. Omics that the fit does
#'   not know are ignored with a message; features of the fit that are missing are treated as
#'   missing values, with a warning.
#' @param type What to return: see Value.
#' @param samples Where the samples are in `newdata`: `"columns"` or `"rows"`. Without saying so, a
#'   fit whose own samples were in rows takes them from there where `newdata` fits it only that way.
#' @param covariates For a fit with covariates or groups, a data frame of these (groups in a column
#'   `groups`, or called as in the column data they came from), with the samples of `newdata` in the
#'   row names; for a fit with groups alone, also a vector of the groups, named by sample or in the
#'   order of the samples; `NULL` where `newdata` has them in its column data (a
#'   MultiAssayExperiment).
#' @param scaled For `type = "latent"`, as in [latent()].
#' @param ... Not used.
#'
#' @return
#' * `"latent"`: samples x factors matrix, the posterior means that [latent()] returns, of each
#'   sample by itself; on its scale for distances with `scaled = TRUE`.
#' * `"gates"`: samples x omics matrix; rows sum to 1, with 0 where a sample lacks the omic.
#' * `"reconstruction"`: named list with, per omic of the fit, a features x samples matrix on the
#'   scale of the data: expected values, which are probabilities of a 1 for `"bernoulli"` omics, and
#'   for counts those expected given the sample's library size (where the sample lacks the omic, the
#'   one that its factors tell). With covariates, their effects included. Scaling and
#'   transformations ([preprocess_steps()]) are undone: of a feature that was transformed by log1p,
#'   what comes back is a typical count (the exponential of the mean logarithm), not the mean count.
#'   Centred log-ratios stay log-ratios.
#'
#' @section Reconstructions:
#' What a sample has is reconstructed from the point of the latent space that its values speak for
#' together: the mode over the factors of prior times likelihood, sought with the decoders from the
#' posterior mean on. (The noise variance of a Gaussian omic is taken to be the mean over its
#' features; in fits of more than 2000 samples the search makes five passes, not twelve.) It
#' describes the sample better than the posterior mean, to which every omic has
#' contributed on its own. It is what the factors say, and nothing else; to fill in values that are
#' missing, [impute()] knows more.
#'
#' Gaussian omics that a sample lacks are predicted by maps from the omics that it has. A map is
#' learnt from the samples of the fit (1000 at most) that have all of these omics: ridge regression
#' between their principal components, each with penalties chosen by how well samples left out are
#' predicted, drawn in as far as these ask for, and beside it single features that tell of each
#' other. Factors alone say too little of a missing omic, and are too bold about it. Whether a
#' sample was part of the fit makes no difference. Where there is no map (fewer than 20 samples have
#' all omics, the omic is not Gaussian, or `newdata` is `NULL`, for the fit does not hold its data),
#' the omic is decoded from the posterior mean. With `objective = "published"` all is decoded from
#' the posterior mean.
#'
#' @section Errors:
#' `newdata` without any omic of the fit, or with an omic that has none of its features, is an
#' error, and so are values that the family of an omic does not have, covariates that are not known
#' for every sample and levels of them, or groups, that the fit has not seen. What [subset_fit()]
#' has made of a fit by leaving out omics takes no `newdata`.
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
                          samples = c("columns", "rows"), covariates = NULL, scaled = FALSE, ...) {
  check_fit(object, arg = "object")
  type <- arg_match(type)
  samples <- arg_match(samples)
  if (!is_flag(scaled)) cli::cli_abort("{.arg scaled} must be TRUE or FALSE.")
  rlang::check_dots_empty()
  projected <- if (is.null(newdata)) {
    check_no_covariates(covariates)
    projected_in_fit(object)
  } else {
    check_takes_data(object)
    data <- align_newdata(object$omics, newdata, samples, own = own_side(object))
    design <- new_design(object, covariates, newdata, data$samples)
    projected <- project_samples(object, data, design)
    if (type == "reconstruction") {
      projected$mode <- find_mode(object, projected)
      projected$lacking <- values_of_lacking(object, data, data$samples, projected)
    }
    projected
  }
  of <- rownames(projected$gates)
  switch(type,
    latent = latent_of(projected, object, scaled) |> name_factors(of, names_of_factors(object)),
    gates = projected$gates,
    reconstruction = reconstruct(object, projected, of)
  )
}

# Factors in use of samples that project_samples() returned.
latent_of <- function(projected, fit, scaled) {
  means <- projected$latent[, factors_in_use(fit), drop = FALSE]
  if (scaled) scaled_means(means, fit) else means
}

check_no_covariates <- function(covariates, call = rlang::caller_env()) {
  if (is.null(covariates)) return(invisible())
  cli::cli_abort(c(
    "{.arg covariates} must be {.code NULL} without {.arg newdata}.",
    "i" = "The fit knows those of its own samples."
  ), call = call)
}

# Latent means, of the core's factors, and gates of data in the internal form of read_omics(), with
# what a reconstruction needs beside: the design matrix, and per omic of counts the log library
# sizes by sample; and the `cohort` as the core holds it.
project_samples <- function(fit, data, design = NULL) {
  cohort <- held_cohort(fit$omics, data$data, data$samples, design, fit$control$threads)
  projected <- core_project(core_parameters(fit), fit$config, cohort, fit$control$threads)
  dimnames(projected$gates) <- list(data$samples, names(fit$omics))
  has <- vapply(names(fit$omics), \(omic) data$samples %in% colnames(data$data[[omic]]),
                logical(length(data$samples)))
  has <- matrix(has, length(data$samples), dimnames = dimnames(projected$gates))
  offset <- with_expected_libraries(sample_offsets(fit$omics, data), fit$omics, has,
                                    projected$latent)
  c(projected, list(has = has, design = design, offset = offset, cohort = cohort))
}

# The same of the samples of the fit, with their mode.
projected_in_fit <- function(fit) {
  has <- vapply(fit$omics, \(omic) seq_along(fit$samples) %in% omic$samples,
                logical(length(fit$samples)))
  list(latent = core_latent(fit), mode = core_mode_of(fit), gates = fit$gates, has = has,
       design = fit$covariates$design, offset = lapply(fit$omics, `[[`, "offset"))
}

# Where the decoders see samples, of which `projected` is what project_samples() returns: samples x
# the core's factors.
find_mode <- function(fit, projected) {
  core_mode(core_parameters(fit), fit$config, projected$cohort, projected$latent,
            fit$control$threads)
}

# Per omic of counts, the log library size of every sample; 0, that of the mean library, for samples
# that lack the omic (see library-size.R).
sample_offsets <- function(omics, data) {
  Map(\(omic, x) {
    if (!omic$family %in% count_families) return(NULL)
    offset <- stats::setNames(numeric(length(data$samples)), data$samples)
    if (!is.null(x)) offset[colnames(x)] <- omic_offset(omic, x[omic$features, , drop = FALSE])
    offset
  }, omics, stats::setNames(data$data[names(omics)], names(omics)))
}

# Every omic as expected, in the units of the data. `projected`: what project_samples() returns,
# with the mode.
reconstruct <- function(fit, projected, samples) {
  Map(\(eta, omic) {
    dimnames(eta) <- list(omic$features, samples)
    back_transform(expected_value(eta, omic$family), omic$transform)
  }, predict_on_link(fit, projected), fit$omics)
}

# Predictions of every omic, features x samples, on the scale of its link: for Gaussian omics, in
# the units of the data after its transformation.
predict_on_link <- function(fit, projected) {
  decoded <- decode_omics(fit, projected)
  design <- projected$design
  Map(\(x, name) {
    if (!is.null(design)) {
      x <- x + tcrossprod(fit$parameters$omics[[name]]$covariate_effects, design)
    }
    to_link_scale(x, fit$omics[[name]], design, projected$offset[[name]])
  }, decoded, names(decoded))
}

# On the scale of training, without covariates. Omics that a sample has: what the decoders say of
# its mode, or `projected$values`. Those that it lacks: `projected$lacking`, what maps say, or else
# what the decoders say of its posterior mean; a mode sought in few values is too bold about them.
decode_omics <- function(fit, projected) {
  parameters <- core_parameters(fit)
  decode <- \(z) core_reconstruct(parameters, fit$config, z, fit$control$threads)
  decoded <- stats::setNames(decode(projected$mode), names(fit$omics))
  gaussian <- vapply(fit$omics, `[[`, "", "family") == "gaussian"
  if (!is.null(projected$values)) {
    decoded[gaussian] <- lapply(projected$values[gaussian], `[[`, "mean")
  }
  partial <- which(rowSums(projected$has) < ncol(projected$has))
  if (length(partial) == 0) return(decoded)
  expected <- decode(projected$latent[partial, , drop = FALSE])
  for (v in which(!apply(projected$has, 2, all))) {
    lacks <- !projected$has[partial, v]
    values <- expected[[v]][, lacks, drop = FALSE]
    if (!is.null(projected$lacking)) {
      mapped <- projected$lacking[[v]]$mean[, partial[lacks], drop = FALSE]
      values[!is.na(mapped)] <- mapped[!is.na(mapped)]
    }
    decoded[[v]][, partial[lacks]] <- values
  }
  decoded
}

# Per omic, `mean` and, if asked for, `sd` that predict_values() says of samples; NULL where the fit
# has no remainder.
values_of_had <- function(fit, data, samples, posterior, with_sd) {
  if (is.null(fit$remainder) || length(samples) == 0) return(NULL)
  x <- values_without_covariates(fit$parameters, fit$omics, data$data, samples, posterior$design)
  values <- predict_values(fit, x, posterior$mode, with_sd)
  lapply(split(seq_len(nrow(x)), omic_of_features(fit$omics)), \(rows) {
    lapply(values, \(part) part[rows, , drop = FALSE])
  })
}

# Per omic, what maps say of samples that lack it; NULL where none does or the fit has no maps.
values_of_lacking <- function(fit, data, samples, posterior) {
  if (is.null(fit$maps) || all(posterior$has)) return(NULL)
  x <- values_without_covariates(fit$parameters, fit$omics, data$data, samples, posterior$design)
  predict_lacking(fit, x, t(posterior$has))
}

# From the scale of training to that of the link.
to_link_scale <- function(x, omic, design, offset) {
  gaussian <- omic$family == "gaussian"
  eta <- if (gaussian) x * omic$scale + omic$center else x * omic$link$unit + omic$link$intercept
  if (!is.null(design)) {
    eta <- eta + tcrossprod(if (gaussian) omic$effects else omic$link$effects, design)
  }
  if (!is.null(offset)) eta <- eta + rep(offset, each = nrow(eta))
  eta
}
