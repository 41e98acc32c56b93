#' What the target has that the background has not
#'
#' Compares two groups of samples, such as tumours and normal tissue, treated and control,
#' responders and others. Shared factors explain what varies in both, salient ones what varies in
#' the target alone. With sparse decoders, the default, loadings say which features of which omic
#' answer to what is salient.
#'
#' @inheritParams poems
#' @param x The omics of all samples, in any form that [poems()] takes; or those of the target, with
#'   those of the background in `background`.
#' @param background Which samples are the background: values of `group`, such as `"normal"`. Or,
#'   without `group`, the omics of the background, in any form that [poems()] takes.
#' @param group Of every sample in `x` the group that it is of, a vector named by sample or in the
#'   order of the samples. All that is not `background` is the target.
#' @param shared,salient Numbers of shared and salient factors; with sparse decoders, at most: those
#'   that nothing supports are left out.
#' @param independence How much shared and salient factors of target samples may depend on each
#'   other: so many times the dependence (Hilbert-Schmidt independence criterion) that independent
#'   factors show by chance in a batch. `NULL` for no bound. With many factors chance is large, and
#'   the bound loose: [independence()] says which correlation of two factors it lets pass.
#' @param balance How the losses of both groups are weighed. `"pooled"`: by their numbers of
#'   samples. `"pareto"`: in every step so that neither loss rises, which helps a target that is far
#'   smaller than the background. `"auto"`: `"pareto"` where one is more than
#'   `r largest_imbalance` times as large as the other.
#' @param decoder `"sparse"`: the sparse decoders of [poems()], and a start from a sparse linear
#'   factor model. `"dense"`: networks with two hidden layers, from a random start.
#' @param control Named list of settings, see below, and `threads` and `progress` as in
#'   [poems_control()].
#'
#' @return An object of class `poems_comparison`, a list that survives `saveRDS()`, with among
#'   others
#'   * `latent`, `latent_sd`: samples x factors, posterior means and standard deviations; salient
#'     factors of background samples are 0.
#'   * `blocks`: which columns are shared and salient.
#'   * `target`: per sample, whether it is of the target.
#'   * `loadings`: with sparse decoders, per omic features x factors: by how much a feature changes,
#'     on the scale of training, when the factor changes by 1, on average to either side; exactly 0
#'     where the spike-and-slab prior leaves nothing. `inclusion`: its inclusion probabilities.
#'   * `variance`: what [compare_factors()] tells.
#'   * `history`: by epoch the losses; `target_weight`, the weight of the target's; `excess`, by
#'     which share the bound on dependence is exceeded (negative: kept), and its `multiplier`.
#'
#' @section How it is fitted:
#' With sparse decoders, factors of the background are found first, by the sparse factor model that
#' [poems()] starts from; then those of what they leave of the target. These are salient if they
#' have hardly any variance in background samples, and no more are than a permutation test finds
#' directions in: directions in which left-out target samples vary more, beside left-out background
#' samples, than in any of `r round(1 / salient_level) - 1` groupings of the same samples at random.
#' Where the groups do not differ, the chance of any salient factor is `r percent(salient_level)` at
#' most. That is the first state of the network, which is then trained.
#'
#' Everything is centred at the background, so that a shift of the whole target is a salient factor
#' as well. Features are scaled over both groups together. The group itself must not be among the
#' covariates, which would take the difference away.
#'
#' Shared and salient factors are told apart as blocks. Within a block, single factors mean as much
#' as the sparsity of their loadings says.
#'
#' @eval compare_settings_section()
#'
#' @section Errors:
#' Data that cannot be read or modelled (see [poems()]), groups that are not known of every sample
#' or have fewer than `r fewest_samples` samples, numbers of factors that are not whole, settings
#' that do not exist or are out of range, all before any work.
#'
#' @references
#' Lopez R, Huetter JC, Hajiramezanali E, Pritchard JK, Regev A (2024). Toward the identifiability
#' of comparative deep generative models. Causal Learning and Reasoning. arXiv:2401.15903.
#'
#' Severson KA, Ghosh S, Ng K (2019). Unsupervised learning with contrastive latent variable models.
#' AAAI 33, 4862-4869.
#' @seealso [latent.poems_comparison()], [compare_factors()].
#' @examples
#' omics <- lapply(tcga_breast$omics[c("mrna", "mirna")], \(x) x[1:60, ])
#' fit <- poems_compare(omics, group = tcga_breast$samples$subtype == "Basal", background = FALSE,
#'                      shared = 4, salient = 2, seed = 21,
#'                      control = list(epochs = 10, threads = 1))
#' fit
#' compare_factors(fit)
#' @export
poems_compare <- function(x, background, group = NULL, shared = 16, salient = 8, independence = 3,
                          balance = c("auto", "pareto", "pooled"), decoder = c("sparse", "dense"),
                          samples = c("columns", "rows"), scale = NULL, seed = NULL,
                          control = list(), family = NULL, covariates = NULL, experiments = NULL,
                          assays = NULL, preprocess = NULL) {
  call <- data_free_call(match.call(), "poems_compare")
  balance <- arg_match(balance)
  decoder <- arg_match(decoder)
  samples <- arg_match(samples)
  shared <- check_coordinates(shared, "shared")
  salient <- check_coordinates(salient, "salient")
  bound <- check_independence(independence)
  seed <- check_seed(seed)
  control <- compare_control(control, decoder)
  scale <- choose_scaling(scale, "elbo")
  preprocess <- as_preprocess(preprocess)
  data <- read_omics(x, samples, experiments, assays, preprocess)
  if (is.null(group)) {
    data <- join_cohorts(data, read_omics(background, samples, experiments, assays, preprocess))
  } else {
    data$target <- read_groups(group, background, data$samples)
  }
  family <- choose_families(family, data$data, "elbo", control$threads)
  covariates <- read_covariates(covariates, x, data$samples, "elbo")
  check_families(data$data, family, threads = control$threads)
  n_top <- steps_of(preprocess, "n_top", names(data$data))
  omics <- learn_scaling(data$data, scale, family, covariates$design, n_top, control$threads)
  warn_of_data(data, omics, preprocess)
  data$design <- covariates$design

  started <- proc.time()[["elapsed"]]
  config <- compare_config(decoder, shared, salient, bound, choose_balance(balance, data$target),
                           control, omics, data$target)
  frame <- environment()
  finish_training({
    trained <- train_comparison(config, omics, data, seed, control, frame)
    new_comparison(
      trained, data = data, omics = omics, call = call, decoder = decoder,
      independence = independence, control = control, scaling = scale, seed = seed,
      covariates = covariates, preprocess = preprocess,
      asked = c(shared = shared, salient = salient), started = started
    )
  })
}

# From the start to trained parameters and what they say of the samples.
train_comparison <- function(config, omics, data, seed, control, envir) {
  cohort <- held_cohort(omics, data$data, data$samples, data$design, control$threads)
  count <- c(config$shared, config$salient)
  if (config$decoder == "sparse") {
    held_out <- core_compare_held_out(data$target, control$validation, seed)
    first <- allowInterrupts(find_comparison(config, omics, data, data$target, held_out, seed,
                                           control))
    count <- first$count
    config[c("shared", "salient")] <- first[c("shared", "salient")]
    if (any(count == 0)) config$independence <- 0
  }
  start <- core_compare_initial(config, initial_noise(omics), seed)
  if (config$decoder == "sparse") {
    start <- write_comparison(start, first, config, omics, control$threads)
  }
  trained <- allowInterrupts(core_compare_train(
    start, config, cohort, data$target, c(control, list(seed = seed)),
    progress_reporter(control, envir)
  ))
  check_trained(trained, rlang::caller_env())
  trained$posterior <- core_compare_embed(trained$parameters, config, cohort, data$target,
                                          control$threads)
  trained$config <- config
  trained$count <- count
  trained
}

new_comparison <- function(trained, data, omics, preprocess, started, ...) {
  given <- list(...)
  sparse <- given$decoder == "sparse"
  config <- trained$config
  used <- list(shared = seq_len(trained$count[1]), salient = seq_len(trained$count[2]))
  part <- \(name) lapply(stats::setNames(names(omics), names(omics)), \(omic) {
    trained$parameters[[core_name(omic, name)]]
  })
  if (sparse) {
    strength <- Reduce(`+`, lapply(names(omics), \(omic) {
      colSums(compare_loadings(trained$parameters, omic)^2)
    }))
    used <- order_factors(used, strength, config$shared)
  }
  posterior <- embedded_factors(trained$posterior, used, data$samples)
  columns <- c(used$shared, config$shared + used$salient)
  of_used <- \(x, omic) {
    x <- x[, columns, drop = FALSE]
    dimnames(x) <- list(omics[[omic]]$features, colnames(posterior$mean))
    x
  }
  named <- stats::setNames(names(omics), names(omics))
  fit <- structure(c(
    list(
      samples = data$samples, target = stats::setNames(data$target, data$samples),
      omics = add_membership(omics, data) |> add_reading(data, preprocess),
      latent = posterior$mean, latent_sd = posterior$sd,
      blocks = list(shared = seq_along(used$shared),
                    salient = length(used$shared) + seq_along(used$salient)),
      loadings = if (sparse) lapply(named, \(omic) {
        of_used(compare_loadings(trained$parameters, omic), omic)
      }),
      inclusion = if (sparse) Map(of_used, part("inclusion_probability"), names(omics)),
      history = as.data.frame(trained$history, check.names = FALSE, optional = TRUE),
      config = config, used = used, best_epoch = trained$best_epoch, stopped = trained$stopped,
      validation = data$samples[trained$validation], parameters = trained$parameters
    ),
    given
  ), class = "poems_comparison")
  fit$variance <- comparison_variance(fit, data)
  fit$seconds <- proc.time()[["elapsed"]] - started
  fit$version <- as.character(utils::packageVersion("omicpoems"))
  seal_fit(fit)
}

# See loadings_in_sd().
compare_loadings <- function(parameters, omic) {
  loadings_in_sd(\(part) parameters[[core_name(omic, sub("^W$", "decoder/loadings", part))]])
}

# Factors with a loading, the strongest first.
order_factors <- function(used, strength, shared) {
  Map(\(k, before) {
    k <- k[strength[before + k] > 0]
    k[order(-strength[before + k])]
  }, used, c(shared = 0, salient = shared))
}
