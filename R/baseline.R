#' Fit the models that POEMS was compared with
#'
#' The other models of the POEMS paper, for any multi-omics cohort: POEM, which is POEMS without
#' sparsity, and three forms of MOCSS, which embeds what omics share apart from what is specific to
#' each. To see what [poems()] is worth on a cohort, compare it with these; where only an embedding
#' of the samples is wanted, one of them may do.
#'
#' * `"poem"`: product of experts with a dense decoder. As [poems()], every omic has an encoder
#'   whose Gaussians are multiplied, weighed by a gating network; a decoder per omic reconstructs it
#'   from the factors, all features from all of them.
#' * `"mocss_ae"`: per omic two autoencoders, one of a shared embedding, one of a specific one.
#'   Shared embeddings of different omics are made to agree by a contrast of samples, and shared and
#'   specific embeddings of an omic to have nothing in common.
#' * `"mocss_vae"`: the same, with variational autoencoders for the specific embeddings.
#' * `"mocss_sparsevae"`: the same, with the sparse variational autoencoder of POEMS for these:
#'   every feature has loadings on the coordinates of its omic's specific embedding.
#'
#' Training holds out samples (`validation`) to know when to stop.
#'
#' @section Forms:
#' The released code of these models has parts that do not do what they are there for. With
#' `form = "published"` a fit is what the authors' code computes: losses and gradients agree with it
#' to nine digits. With `form = "corrected"`, the default, these parts are put right.
#'
#' * Scaling: features to 0..1 over all samples, and sigmoid outputs, as published; corrected,
#'   features are standardised and outputs linear.
#' * Orthogonality of MOCSS: a signed mean cosine, smallest where the specific embedding is minus
#'   the shared one; corrected, the mean squared correlation of shared and specific coordinates,
#'   which is 0 without correlation and only then.
#' * Reconstruction by MOCSS: a norm that grows with the batch and leaves scale and offset of the
#'   output open; corrected, the squared error per value.
#' * Projections of MOCSS: less the mean of all their entries before they are contrasted; corrected,
#'   less the mean of each coordinate.
#' * MOCSS-VAE: the Kullback-Leibler term is summed over the batch, which outweighs all else, and
#'   knows another standard deviation than the sample has; corrected, both belong to one evidence
#'   lower bound.
#' * POEM and MOCSS-SparseVAE: means over features and factors; corrected, an evidence lower bound
#'   per sample. The prior of loadings can be evaded by small loadings and large layers; corrected,
#'   layers have unit length.
#' * Weights: those of the last epoch; corrected, of the best.
#' * Samples that lack omics and missing values: an error; corrected, left out of the loss where
#'   they are missing.
#'
#' In both forms [latent()] and [predict()] give posterior means; the published evaluation uses one
#' random draw from the posterior, which adds noise. The training settings of the published form are
#' those that the POEMS paper tuned for breast cancer (875 samples). For `"mocss_sparsevae"` and
#' `"poem"` no code was released: they are rebuilt from the paper and what the released repositories
#' hold.
#'
#' @section Values:
#' All omics are taken for roughly continuous (Gaussian). Raw counts are an error that says how to
#' take their logarithms.
#'
#' @eval baseline_settings_section()
#'
#' @inheritParams poems
#' @param model Which model, see below.
#' @param ... Settings of the model by name, such as `factors = 16` or `embedding = 8`; the table
#'   below has all of them.
#' @param form `"corrected"` or `"published"`, see below.
#' @param scale How features are scaled before training: `"standardise"` (mean 0, standard
#'   deviation 1, limited to +-6) or `"minmax"` (to 0..1). `NULL` chooses `"standardise"`, or
#'   `"minmax"` with `form = "published"`. Training statistics are kept for prediction.
#' @param control A named list of training settings from the table below, and of `threads` (by
#'   default all that [parallelly::availableCores()] grants; the fit does not depend on their
#'   number) and `progress` (whether to show a progress bar; by default in interactive sessions).
#'
#' @return An object of class `poems_baseline`, a plain list that survives [saveRDS()]:
#'   * `latent`: samples x coordinates; see [latent.poems_baseline()].
#'   * `blocks`: per block of the embedding, the numbers of its columns in `latent`: `"shared"` and,
#'     of MOCSS, `"specific/<omic>"` for every omic.
#'   * `loadings`: `NULL`, or for `"mocss_sparsevae"` per omic a features x coordinates matrix,
#'     which `loadings(fit)` returns: weights of the decoder rather than a selection of features.
#'     None is exactly 0, and training may stop before those that are not needed have become small;
#'     [poems()] selects.
#'   * `history`: a data frame with the losses of every epoch and the weighted terms of the training
#'     loss, by kind, added up over omics.
#'   * `best_epoch`: the epoch whose weights the fit has.
#'   * `call`, `model`, `form`, `settings`, `control`, `scaling`, `seed`, `samples`, `omics`,
#'     `validation`, `stopped`, `seconds`, `parameters`, `config`, `version`: how the fit came about
#'     and what [predict()] needs. `parameters` are matrices under the names that they have in the
#'     core, such as `"omics/mrna/encoder/mean/weight"`.
#'
#' @section Errors:
#' Input is checked before any fitting; errors name the omic and at most five of the culprits. A
#' setting that the model does not have is an error that lists those that it has. Published form
#' needs all omics of all samples.
#'
#' @references
#' Kocak Balik M, Marttinen P, Safinianaini N (2025). POEMS: Product of Experts for Interpretable
#' Multi-omic Integration using Sparse Decoding. \doi{10.48550/arXiv.2511.03464}
#'
#' Chen Y, Wen Y, Xie C, Chen X, He S, Bo X, Zhang Z (2023). MOCSS: Multi-omics data clustering and
#' cancer subtyping via shared and specific representation learning. iScience 26, 107378.
#' \doi{10.1016/j.isci.2023.107378}
#'
#' @seealso [predict.poems_baseline()] for new samples, [tidy.poems_baseline()] for tables,
#'   [evaluate_subtypes()] to score embeddings.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems_baseline(omics, "poem", factors = 8, seed = 21,
#'                       control = list(epochs = 20, threads = 1))
#' fit
#'
#' mocss <- poems_baseline(omics, "mocss_ae", embedding = 4, units = 32, seed = 21,
#'                         control = list(epochs = 20, threads = 1))
#' head(latent(mocss, block = "shared"))
#' @export
poems_baseline <- function(x, model = c("poem", "mocss_ae", "mocss_vae", "mocss_sparsevae"), ...,
                           form = c("corrected", "published"), samples = c("columns", "rows"),
                           scale = NULL, seed = NULL, control = list(), experiments = NULL,
                           assays = NULL, preprocess = NULL) {
  call <- data_free_call(match.call(), "poems_baseline")
  model <- arg_match(model)
  form <- arg_match(form)
  samples <- arg_match(samples)
  if (!is.null(call$samples)) call$samples <- samples
  seed <- check_seed(seed)
  settings <- baseline_settings(list(...), model, form)
  control <- baseline_control(control, model, form)
  scale <- choose_scaling(scale, objective_of(form))
  preprocess <- as_preprocess(preprocess)
  data <- read_omics(x, samples, experiments, assays, preprocess)
  check_continuous(data$data, "x")
  tell_raw_scale(data$data, rep("gaussian", length(data$data)))
  if (form == "published") check_complete(data, "x")
  n_top <- steps_of(preprocess, "n_top", names(data$data))
  omics <- learn_scaling(data$data, scale, n_top = n_top, threads = control$threads) |>
    add_membership(data) |>
    add_reading(data, preprocess)
  warn_of_data(data, omics, preprocess)

  started <- proc.time()[["elapsed"]]
  config <- baseline_config(model, form, settings, omics, data$samples)
  reporter <- progress_reporter(control, environment())
  finish_training({
    trained <- allowInterrupts(core_baseline_train(
      config, held_cohort(omics, data$data, data$samples, NULL, control$threads),
      initial_noise(omics), c(control, list(seed = seed)), reporter
    ))
    check_trained(trained, control)
    check_finite_training(trained["parameters"], control)
    new_baseline_fit(
      trained, call = call, model = model, form = form, settings = settings, control = control,
      scaling = scale, seed = seed, samples = data$samples, omics = omics, config = config,
      seconds = proc.time()[["elapsed"]] - started
    )
  })
}

# What the forms have in common with the objectives of poems().
objective_of <- \(form) if (form == "published") "published" else "elbo"

# The core's description of a model.
baseline_config <- function(model, form, settings, omics, samples) {
  prior <- noise_prior(objective_of(form))
  list(
    model = model, form = form, omics = names(omics), features = lengths(features_of(omics)),
    prior_variance = vapply(omics, \(omic) prior$variance(omic$sd), 0), sigma_df = prior$df,
    samples = length(samples), settings = settings
  )
}

features_of <- \(omics) lapply(omics, `[[`, "features")

# Names what the core returned and puts the fit together.
new_baseline_fit <- function(trained, model, samples, omics, ...) {
  latent <- bind_blocks(trained$latent, samples)
  loadings <- if (model == "mocss_sparsevae") take_loadings(trained$parameters, omics)
  history <- as.data.frame(trained$history, check.names = FALSE, optional = TRUE)
  structure(
    list(
      model = model, samples = samples, omics = omics, latent = latent,
      blocks = block_columns(trained$latent), loadings = loadings, history = history,
      best_epoch = trained$best_epoch, stopped = trained$stopped,
      validation = samples[trained$validation],
      parameters = trained$parameters[!names(trained$parameters) %in% loading_names(omics)],
      ..., version = as.character(utils::packageVersion("omicpoems"))
    ),
    class = "poems_baseline"
  ) |> seal_fit()
}

# Where the core has the loadings of every omic.
loading_names <- \(omics) sprintf("omics/%s/specific/decoder/loadings", names(omics))

take_loadings <- function(parameters, omics) {
  Map(\(w, omic, name) {
    dimnames(w) <- list(omic$features, sprintf("%s_%d", name, seq_len(ncol(w))))
    w
  }, stats::setNames(parameters[loading_names(omics)], names(omics)), omics, names(omics))
}

# The core's parameters of a fit: the loadings, which the fit holds once, put back.
baseline_parameters <- function(fit) {
  if (is.null(fit$loadings)) return(fit$parameters)
  c(fit$parameters, stats::setNames(lapply(fit$loadings, unname), loading_names(fit$omics)))
}

# Blocks (samples x coordinates, NaN where a sample lacks what they are of) side by side. Columns
# are named by block and number.
bind_blocks <- function(blocks, samples) {
  latent <- do.call(cbind, unname(blocks))
  latent[is.nan(latent)] <- NA
  columns <- block_columns(blocks)
  short <- make.unique(sub("^specific/", "", names(blocks)))
  dimnames(latent) <- list(samples, sprintf("%s_%d", rep(short, lengths(columns)),
                                            sequence(lengths(columns))))
  latent
}

block_columns <- function(blocks) {
  width <- vapply(blocks, ncol, 0L)
  Map(\(last, width) seq(last - width + 1L, last), cumsum(width), width)
}

check_continuous <- function(data, arg, call = rlang::caller_env()) {
  looks <- vapply(data, apparent_family, "")
  counts <- names(data)[looks == "negative_binomial"]
  if (length(counts) == 0) return(invisible())
  cli::cli_abort(c(
    "Omics in {.arg {arg}} must be roughly continuous: {.fn poems_baseline} has Gaussian models
     only.",
    "x" = "{quote_some(counts)} {cli::qty(length(counts))}{?looks/look} like counts.",
    "i" = "Take logarithms with {.code preprocess = preprocess_steps(\"log1p\")}, or see
           {.fn poems}, which models counts."
  ), call = call)
}

# Published forms have no way to leave out what is missing.
check_complete <- function(data, arg, omics = names(data$data), call = rlang::caller_env()) {
  lines <- unlist(lapply(omics, \(omic) incomplete_lines(data$data[[omic]], omic, data$samples)))
  if (length(lines) == 0) return(invisible())
  cli::cli_abort(c(
    "With {.code form = \"published\"}, every sample in {.arg {arg}} must have all values of all
     omics.",
    as_bullets(lines),
    "i" = "Leave these samples out, or use {.code form = \"corrected\"}."
  ), call = call)
}

incomplete_lines <- function(values, omic, samples) {
  lacking <- setdiff(samples, colnames(values))
  gaps <- colnames(values)[has_gaps(values)]
  line <- \(names, what) {
    if (length(names) == 0) return(NULL)
    sprintf("%s: %s in %d sample%s (%s)", omic, what, length(names),
            if (length(names) == 1) "" else "s", toString(quote_some(names)))
  }
  c(line(lacking, "missing"), line(gaps, "missing values"))
}
