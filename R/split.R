#' What omics share, and what only one of them knows
#'
#' Splits the coordinates of samples into a block that all omics share and a private one of each
#' omic. Shared coordinates are what one omic tells of another; private ones what the others do not
#' know. By default decoders are sparse, so that loadings say which features answer to what is
#' shared and which to what is private.
#'
#' @inheritParams poems
#' @param shared Number of shared coordinates; with sparse decoders, at most: those that nothing
#'   supports are left out.
#' @param private Number of private coordinates of an omic, in the same way: one number for all, or
#'   one per omic, named by omic or in their order.
#' @param method Which model. Mixtures of posteriors, one per omic: `"mmvae++"`, whose shared block
#'   is trained by what one omic tells of the others alone, and `"mmvae"`. Products of posteriors:
#'   `"mvae"`, and `"mopoe"` with predictions from one omic to another. Or `"indiseek"`: shared
#'   coordinates by contrast between omics, then private ones kept independent of what the others
#'   have of the shared block.
#' @param decoder `"sparse"`: the sparse decoders of [poems()] with a spike-and-slab prior, a start
#'   that seeks what omics share, and early stopping on held-out samples. `"dense"`: neural networks
#'   as published, in their published sizes, from a random start, as long as published.
#'   `"indiseek"` has dense decoders only, its default.
#' @param completeness For `"indiseek"`, the weight of the reconstruction against independence:
#'   large values ask that private coordinates say all of the omic, small ones that they say nothing
#'   of what is shared.
#' @param labels Of mixtures and products, labels that the shared block is to tell: a factor,
#'   character or logical vector with two values, or 0 and 1, `NA` where unknown; named by sample,
#'   or in the order of the samples.
#' @param control Named list of settings, see below, and `threads` and `progress` as in
#'   [poems_control()].
#'
#' @return An object of class `poems_split`, a list that survives `saveRDS()`, with among others
#'   * `latent`, `latent_sd`: samples x coordinates, posterior means and standard deviations; `NA`
#'     in private columns of samples that lack the omic. [latent()] gives parts of them.
#'   * `blocks`: which columns belong to which block.
#'   * `loadings`: with sparse decoders, per omic features x (shared and private) coordinates: by
#'     how much a feature changes, on the scale of training (its standard deviations by default),
#'     when the coordinate changes by 1, its prior standard deviation, on average to either side; 0
#'     where the spike-and-slab prior leaves nothing. `inclusion`: the inclusion probabilities of
#'     its updates, which are not calibrated as those of [inclusion()] are.
#'   * `variance`: per omic and feature, the share of its variance that is shared and private; see
#'     [variance_explained()].
#'   * `history`: losses by epoch.
#'
#' @section How it is fitted:
#' With sparse decoders, every omic is first predicted from each of the others, by ridge regression
#' on its features and on random units of a hidden layer that see the features which omics share.
#' What predictions of left-out samples have in common is the shared block, as far as the halves of
#' the samples confirm each other's coordinates; components of what it leaves of each omic start the
#' private ones. All of this is the first state of the network. Its decoders are then trained as the
#' method says, until held-out samples do not gain; encoders keep the start, which training takes
#' away from what omics share, unless there are `labels` to learn. Coordinates of a sample with
#' several omics are combined as posteriors under one prior are.
#'
#' Standard deviations of shared coordinates are those that predictions of left-out samples show:
#' what two omics say correlates by the square root of the product of their reliabilities, which two
#' omics alone are taken to have in equal parts. Those of private coordinates are what the decoder
#' allows a sample with all values, and the correlations by chance with the omic's other
#' coordinates. In simulations, intervals of 1.96 of them to either side cover 95 % of the true
#' shared coordinates and 89 to 94 % of private ones. With dense decoders they are what the encoders
#' say, as published; nothing checks them.
#'
#' What shared coordinates do not hold, much of what one omic tells of another being spread over
#' many weak directions, is learnt beside: an omic that is predicted from others alone, by
#' `predict()` or [cross_prediction()], is predicted by maps as missing omics are by
#' [predict.poems()], averaged with what the shared coordinates say by how well both predict each
#' feature of held-out samples.
#'
#' Two omics as in the authors' code; for more, what it does between two is done for all pairs.
#'
#' @eval split_settings_section()
#'
#' @section Errors:
#' Data that cannot be read or modelled (see [poems()]), a single omic, numbers of coordinates that
#' are not whole or do not match the omics, labels with other than two values or of unknown samples,
#' settings that do not exist or are out of range, all before any work. Dense decoders model
#' Gaussian omics only, without covariates.
#'
#' @references
#' Martens K and others (2024). Disentangling shared and private latent factors in multimodal
#' variational autoencoders. Machine Learning in Computational Biology, PMLR 240.
#' arXiv:2403.06338 (MMVAE++, and MVAE, MMVAE, MoPoE with private blocks).
#'
#' Gui Y, Ma C, Ma Z (2025). IndiSeek learns information-guided disentangled representations.
#' arXiv:2509.21584.
#'
#' Kocak Balik M, Marttinen P, Safinianaini N (2025). POEMS: Product of Experts for Interpretable
#' Multi-omic Integration using Sparse Decoding. arXiv:2511.03464 (sparse decoders).
#' @seealso [cross_prediction()], [variance_explained()], [information()], [omic_importance()],
#'   [plot_split()].
#' @examples
#' omics <- lapply(tcga_breast$omics[c("mrna", "protein")], \(x) x[1:60, ])
#' fit <- poems_split(omics, shared = 3, private = 3, seed = 21,
#'                    control = list(epochs = 20, threads = 1))
#' fit
#' head(latent(fit, "shared"))
#' @export
poems_split <- function(x, shared = 8, private = 8,
                        method = c("mmvae++", "mmvae", "mopoe", "mvae", "indiseek"),
                        decoder = c("sparse", "dense"), completeness = 1, labels = NULL,
                        samples = c("columns", "rows"), scale = NULL, seed = NULL,
                        control = list(), family = NULL, covariates = NULL, experiments = NULL,
                        assays = NULL, preprocess = NULL) {
  call <- data_free_call(match.call(), "poems_split")
  method <- arg_match(method)
  decoder <- choose_decoder(if (missing(decoder)) NULL else decoder, method)
  samples <- arg_match(samples)
  if (!is.null(call$samples)) call$samples <- samples
  shared <- check_coordinates(shared, "shared")
  check_completeness(completeness, missing(completeness), method)
  seed <- check_seed(seed)
  control <- split_control(control, method, decoder)
  scale <- choose_scaling(scale, "elbo")
  preprocess <- as_preprocess(preprocess)
  data <- read_omics(x, samples, experiments, assays, preprocess)
  check_omics_to_split(data$data)
  private <- private_per_omic(private, names(data$data))
  family <- choose_families(family, data$data, "elbo", control$threads)
  if (decoder == "dense") check_dense(data$data, covariates)
  covariates <- read_covariates(covariates, x, data$samples, "elbo")
  labels <- read_labels(labels, data$samples, method)
  check_families(data$data, family, threads = control$threads)
  n_top <- steps_of(preprocess, "n_top", names(data$data))
  omics <- learn_scaling(data$data, scale, family, covariates$design, n_top, control$threads)
  data$design <- covariates$design
  warn_of_data(data, omics, preprocess)

  started <- proc.time()[["elapsed"]]
  config <- split_config(method, decoder, shared, private, completeness, control, omics, labels,
                         max(0L, ncol(covariates$design)))
  frame <- environment()
  finish_training({
    trained <- train_split(config, omics, data, seed, control, frame)
    new_split_fit(
      trained, data = data, omics = omics, call = call, method = method,
      decoder = decoder, completeness = completeness,
      labels = labels, control = control, scaling = scale, seed = seed, covariates = covariates,
      preprocess = preprocess, started = started
    )
  })
}

# From the start to trained parameters and what they say of the samples.
train_split <- function(config, omics, data, seed, control, envir) {
  cohort <- held_cohort(omics, data$data, data$samples, data$design, control$threads)
  sparse <- config$decoder == "sparse"
  if (sparse) {
    held_out <- core_held_out(length(data$samples), control$validation, seed)
    first <- allowInterrupts(find_start(config, omics, data, held_out, seed, control))
    config[c("shared", "private")] <- first[c("shared", "private")]
  }
  embed <- \(parameters) core_split_embed(parameters, config, cohort, control$threads)
  start <- core_split_initial(config, initial_noise(omics), seed)
  if (sparse) start <- write_start(start, first$found, config, omics)
  trained <- allowInterrupts(core_split_train(start, config, cohort, c(control, list(seed = seed)),
                                            progress_reporter(control, envir)))
  check_trained(trained, control, rlang::caller_env())
  check_finite_training(trained["parameters"], control, rlang::caller_env())
  if (sparse) {
    if (length(config$labels) > 0) {  # else encoders are those of the start
      trained$parameters <- with_scale_of_start(trained$parameters,
                                                embed(trained$parameters)$mean, embed(start)$mean)
    }
    alone <- shared_alone(trained$parameters, config, omics, data, held_out, control$threads)
    trained$parameters <- with_honest_spread(trained$parameters, alone, config$method) |>
      with_private_spread(config, omics, vapply(data$data, ncol, 0L))
  }
  trained$posterior <- embed(trained$parameters)
  trained$config <- config
  if (config$method == "indiseek") {
    trained$parameters <- with_private_means(trained$parameters, trained$posterior$mean)
  }
  trained
}

# Per omic, the means of shared coordinates given it alone, of the samples at `positions`; NA for
# those that lack it.
shared_alone <- function(parameters, config, omics, data, positions, threads) {
  Map(\(omic) {
    cohort <- held_cohort(omics, data$data[omic], data$samples, data$design, threads)
    mean <- core_split_embed(parameters, config, cohort, threads)$mean$shared
    mean[!data$samples %in% colnames(data$data[[omic]]), ] <- NA
    mean[positions, , drop = FALSE]
  }, stats::setNames(names(omics), names(omics)))
}

# IndiSeek's private coordinates have no prior: where an omic is not known, their mean stands.
with_private_means <- function(parameters, mean) {
  for (block in setdiff(names(mean), "shared")) {
    name <- core_name(sub("^private/", "", block), "specific/mean")
    parameters[[name]][] <- colMeans(mean[[block]], na.rm = TRUE)
  }
  parameters
}

new_split_fit <- function(trained, data, omics, preprocess, started, ...) {
  given <- list(...)
  posterior <- name_posterior(trained$posterior, omics, data$samples)
  blocks <- block_columns(stats::setNames(trained$posterior$mean, c("shared", names(omics))))
  sparse <- given$decoder == "sparse"
  of <- \(read) Map(\(omic, name) {
    x <- read(\(part) trained$parameters[[core_name(name, part)]])
    dimnames(x) <- list(omic$features,
                        colnames(posterior$mean)[c(blocks$shared, blocks[[name]])])
    x
  }, omics, names(omics))
  once <- if (sparse) core_name(names(omics), "inclusion_probability")
  fit <- structure(c(
    list(
      samples = data$samples,
      omics = add_membership(omics, data) |> add_reading(data, preprocess),
      latent = posterior$mean,
      latent_sd = if (!all(is.na(posterior$sd))) posterior$sd,
      blocks = blocks,
      loadings = if (sparse) of(loadings_in_sd),
      inclusion = if (sparse) of(\(p) p("inclusion_probability")),
      history = as.data.frame(trained$history, check.names = FALSE, optional = TRUE),
      config = trained$config, shared = trained$config$shared, private = trained$config$private,
      best_epoch = trained$best_epoch, stopped = trained$stopped,
      validation = data$samples[trained$validation],
      parameters = trained$parameters[setdiff(names(trained$parameters), once)]
    ),
    given
  ), class = "poems_split")
  if (sparse) fit$maps <- split_maps(fit, data)
  fit$variance <- shared_and_private_variance(fit, data)
  fit$seconds <- proc.time()[["elapsed"]] - started
  fit$version <- as.character(utils::packageVersion("omicpoems"))
  seal_fit(fit)
}

# A decoder's x = c + v'relu(A (w o z)) changes along coordinate k by w_k v'relu(A_k) to one side
# and by w_k v'relu(-A_k) to the other: on average by w_k v'A_k / 2. p: gives parameters of an omic.
loadings_in_sd <- function(p) {
  p("W") * (p("decoder/output/weight") %*% p("decoder/hidden/weight")) / 2
}

# Per omic and feature, the share of the variance (about its mean over the samples that have the
# omic) that is explained from shared coordinates, and what private ones add.
shared_and_private_variance <- function(fit, data) {
  parameters <- split_parameters(fit)
  Map(\(omic, name, v) {
    x <- standardised_features(fit$omics[name], data$data, colnames(data$data[[name]]), data$design)
    z <- fit$latent[colnames(data$data[[name]]), , drop = FALSE]
    both <- z[, fit$blocks[[name]], drop = FALSE]
    none <- absent_private(fit, name, nrow(z))
    r2 <- \(own) {
      decoded <- core_split_decode(parameters, fit$config, z[, fit$blocks$shared, drop = FALSE],
                                   own, v)
      explained_share(x, decoded + covariate_part(parameters, name, data$design, rownames(z)), omic)
    }
    shared <- r2(none)
    total <- r2(both)
    data.frame(feature = omic$features, shared = shared, private = total - shared, total = total)
  }, fit$omics, names(fit$omics), seq_along(fit$omics))
}

absent_private <- function(fit, omic, samples) {
  mean <- if (fit$method == "indiseek") fit$parameters[[core_name(omic, "specific/mean")]]
  if (is.null(mean)) mean <- numeric(length(fit$blocks[[omic]]))
  matrix(mean, samples, length(mean), byrow = TRUE)
}

# Of standardised values x, about `center`, what predictions explain, per feature. Predictions of
# omics that are not Gaussian are on another scale than x: of them, the squared correlation.
explained_share <- function(x, predicted, omic, center = rowMeans(x, na.rm = TRUE)) {
  if (omic$family != "gaussian") {
    return(vapply(seq_len(nrow(x)), \(j) squared_correlation(x[j, ], predicted[j, ]), 0))
  }
  left <- rowSums((x - predicted)^2, na.rm = TRUE)
  total <- rowSums((x - center)^2, na.rm = TRUE)
  ifelse(total > 0, 1 - left / total, NA)
}

squared_correlation <- function(x, y) {
  known <- !is.na(x)
  if (sum(known) < 3 || stats::sd(x[known]) == 0) return(NA_real_)
  if (stats::sd(y[known]) == 0) return(0)
  stats::cor(x[known], y[known])^2
}

# What covariates add to an omic on the scale of training, features x samples; 0 without any.
covariate_part <- function(parameters, omic, design, samples) {
  if (is.null(design)) return(0)
  tcrossprod(parameters[[core_name(omic, "covariate_effects")]], design[samples, , drop = FALSE])
}
