#' Fit a POEMS model to multi-omics data
#'
#' Learns factors shared by all omics. Each omic has an encoder that proposes a Gaussian over the
#' factors (an expert); a gating network weighs the experts per sample; their gated product is the
#' sample's posterior; and a sparse decoder per omic reconstructs every feature from the few
#' factors its loadings let through. Loadings have a spike-and-slab lasso prior: those that
#' the data do not need are exactly zero.
#'
#' Samples are matched across omics by name. The union of samples is fitted: a sample may lack
#' whole omics, and values may be missing (`NA`) inside an omic. Warnings tell names that match in
#' part (`TCGA-A1-A0SB` and `TCGA-A1-A0SB-01A`) and samples whose values are unlike those of all
#' others, such as a column of annotation.
#'
#' Training starts from a sparse linear factor model of the same data (`start = "random"` in
#' [poems_control()] does without) and bends what is not linear. How many factors there are is
#' decided by the data, up to `factors`: principal components of all omics together, and of what
#' they leave of each omic alone, count if their variance exceeds the largest that noise would have,
#' given how noisy every feature is. Data without any have no factor, with a warning. `tidy(fit,
#' "factors")` says what each is worth for predicting hidden values. In every epoch some samples are
#' encoded from one of their omics only, which prepares encoders for samples that lack omics.
#' Standardised values are limited to 6 standard deviations, so that a few extreme ones cannot
#' decide where a sample lies.
#'
#' Training holds out a share of the samples (`validation` in [poems_control()]) to know when to
#' stop, and keeps the parameters of the best epoch. A cohort of at most 1000 samples is then
#' trained once more, from the start and for as many epochs, with all its samples; what the fit says
#' of losses and of samples held out is of the first training. Interrupting it (Ctrl-C), or a
#' scheduler's request to end (SIGTERM), ends the training and returns, with a warning, the best fit
#' so far. What comes when training is done waits until the fit is complete, which it then is.
#'
#' @section Families:
#' Each omic has a family, the distribution of its values given the factors:
#'
#' * `"gaussian"`: roughly continuous values (log counts, M-values, log intensities), with a noise
#'   variance per feature.
#' * `"bernoulli"`: 0 or 1 (mutations, calls); factors act on the log odds.
#' * `"poisson"`, `"negative_binomial"`: raw counts; factors act on the log of the expected count,
#'   beside the sample's library size. The negative binomial has a dispersion per feature (the
#'   variance is mean + dispersion mean^2) and is the one to use: large counts are never as regular
#'   as a Poisson distribution, given factors that are themselves not known exactly.
#'
#' Without `family`, omics that hold only 0 and 1 are taken for `"bernoulli"`, those with whole
#' numbers of at least 0 that go beyond 30 for `"negative_binomial"` (but for fewer than 10 features
#' most of which are never 0 and vary little, such as age and weight), and all others for
#' `"gaussian"`; a message says so where an omic is not Gaussian. Counts that are not whole (RSEM,
#' salmon) and other raw values without logarithms are Gaussian, with a message that says what to
#' do. With `objective = "published"` all are Gaussian.
#'
#' A sample's library size is the sum of its counts, divided by the sum of the mean counts of the
#' same features (those observed in the sample). Where a sample lacks the omic, expected counts are
#' those of the library that its factors tell, by a ridge regression of the logarithms of library
#' sizes on the factors (with fewer than 20 samples, of a library of mean size). Encoders see counts
#' as log(1 + count / library size), and everything standardised, whatever `scale` says. Loadings
#' are in units of about the feature's standard deviation on the scale of the link (log odds, log
#' counts), so that they mean the same in all omics.
#'
#' @section Covariates:
#' What is known of the samples and of no interest (batch, age) can be given as `covariates`. Every
#' feature has a linear effect of each, estimated before training by least squares (on the scale of
#' the link, with a standard normal prior, in omics that are not Gaussian) and refined in training.
#' Encoders see what these effects leave, and decoders add them to what the factors say: factors do
#' not hold what covariates explain, and reconstructions do. Features are scaled after the effects
#' are taken off, and variance explained is a share of what they leave.
#'
#' Only effects that are linear, and the same for all samples, are removed. A batch with other noise
#' or other correlations can still show; give interactions or transformations in a formula. Where
#' biology and a covariate go together, as when one batch has most of the cases, what they share is
#' taken to be the covariate's and is lost to the factors.
#'
#' @section Groups of samples:
#' Samples of several studies, centres or batches are given with `groups`. Every feature's mean in
#' each group is then taken out, as the effects of covariates are (groups are one more covariate,
#' called `groups` or by the name of the column they come from): factors describe how samples differ
#' within groups, and are the same for all groups. `print()` says how much of every omic's variance
#' the groups' means were and how well the factors describe each group;
#' `variance_explained(fit, by = "group")` has the numbers, and `by = "group_factor"` those of every
#' factor, which tell factors of all groups from those of one.
#'
#' Where groups differ in biology (one study has the severe cases), their means are lost to the
#' factors with what is technical about them. Only means are taken out: noise and correlations may
#' still differ. For new samples, the group is given with `covariates`; a group that the fit has not
#' seen is an error, since its means are not known.
#'
#' @section Weights of omics:
#' Omics count by their log-likelihood, a sum over features: one of many features, or of little
#' noise, says more. `weights` multiply it, in the loss and where samples lie according to the
#' decoders ([predict.poems()]), and gates start in proportion to them. How many factors there are
#' to begin with is sought in all omics alike, whatever their weights.
#'
#' @section Sets of features:
#' Programs that are known beforehand, such as pathways, targets of a transcription factor or
#' markers of a cell type, can be given as `sets`. Where the data hold one, it gets a factor that
#' goes by its name, and members are likelier than other features to have a loading of it: their
#' prior odds are 100 times as large, at a rate that is learnt per factor and omic. The data decide.
#' Members that do not follow the factor have a loading of zero, and other features whose values ask
#' for it have one that is not: a set with some wrong and some missing members is mended.
#'
#' A set counts in the omics that have at least 3 of its members, if these are at least 5 together;
#' a message says where how many were found. In all other omics its factor is free to act on any
#' feature, as every factor is.
#'
#' Which sets the data hold is told at the start. Members must vary together, beyond what features
#' of the cohort do anyway, more than in 97.5 % of random sets of as many features of the same
#' omics. Sets are taken one after the other, that with the most evidence first, and each must hold
#' in what those before it have left. After training, its factor must still act more on members than
#' on other features of the same omics. `tidy(fit, "sets")` has the verdict on every set:
#'
#' * `"kept"`: the set has a factor, which is called by it.
#' * `"covered"`: its members vary together, but factors of other sets say what it says.
#' * `"rejected"`: it says no more than a random set does, or its factor became another's.
#' * `"no room"`: `factors` is too small.
#' * `"too few members"`: too few were found.
#'
#' `tidy(fit, "members")` says which members were kept, dropped and added. Factors of sets count
#' among `factors`; those that are left are free, and stand for what sets do not explain. Sets of
#' nearly the same features, or of the same process, are usually covered by one of them. Which one
#' matters little, and may differ between cohorts.
#'
#' @param x The omics, in any of these forms:
#'   * a MultiAssayExperiment, whose samples go by their primary names;
#'   * a named list with one omic per element: a numeric matrix or data frame, features in rows and
#'     samples in columns, with names for both; a sparse matrix of package Matrix; a DelayedArray,
#'     such as an HDF5Array; a SummarizedExperiment, SingleCellExperiment or ExpressionSet;
#'   * a single SummarizedExperiment or SingleCellExperiment, whose alternative experiments are
#'     omics, too;
#'   * a long data frame with the columns `sample`, `omic` (or `view`), `feature` and `value`.
#'
#'   For values that are to be transformed first, see `preprocess`.
#' @param factors Number of factors to fit, at least 1. The fit shows those in use, by variance
#'   explained; see [variance_explained()].
#' @param samples Where the samples are in matrices and data frames in `x`: `"columns"` (as
#'   Bioconductor has them) or `"rows"`.
#' @param scale How features are scaled before training: `"standardise"` (mean 0, standard
#'   deviation 1, limited to +-6) or `"minmax"` (to 0..1). `NULL` chooses `"standardise"`, or
#'   `"minmax"` with `objective = "published"`. Training statistics are kept for prediction.
#' @param seed A whole number that decides everything random. `NULL` draws one from R's generator,
#'   so that `set.seed()` governs. The same data, settings and seed give the same fit on any number
#'   of threads.
#' @param control Training settings from [poems_control()], or a plain list of its arguments.
#' @param family The family of every omic, see below: `NULL` to choose by what the values look like,
#'   one name for all omics, or a vector with the families of some, named by omic, such as
#'   `c(mutations = "bernoulli")`.
#' @param covariates A data frame (or `DataFrame`) of numbers, text or factors, with samples in the
#'   row names, whose linear effects the factors are to be free of; or, where `x` has column data (a
#'   MultiAssayExperiment, a list of SummarizedExperiments), a formula such as `~ batch + age` or
#'   `~ as.numeric(date)` that takes them from there. Every sample must have all; text that stands
#'   for unknown values (`""`, `"[Not Available]"`) counts as missing. `NULL` for none.
#' @param experiments Names or numbers of the omics in `x` to fit; `NULL` for all.
#' @param assays Names or numbers of the assays to take where omics have several: one for all omics,
#'   or a vector or list named by omic. `NULL` takes the first, and says so where there are more.
#' @param preprocess Steps to take before scaling, from [preprocess_steps()]: for all omics, or a
#'   list of them named by omic. `NULL` for none.
#' @param groups The group of every sample (its study, say), whose means are taken out, see below: a
#'   vector named by sample, or in the order of the samples; or the name of a column, where `x` has
#'   column data. `NULL` for none.
#' @param weights How much omics count, see below: numbers above 0 named by omic; those not named
#'   count 1. `NULL` for all alike.
#' @param sets Sets of features that may share a factor, see below, in any form that
#'   [enrich_factors()] takes: a named list of vectors with names of features, a data frame with a
#'   row per set and feature, or the path of a GMT file. Needs the objective `"elbo"` and the linear
#'   start. `NULL` for none.
#' @param checkpoint A file from which the same call goes on if this one does not come to its end,
#'   see below. `NULL` for none.
#'
#' @return An object of class `poems`, a plain list that survives [saveRDS()]:
#'   * `factors`: the number of factors in use, which the following have.
#'   * `latent`: samples x factors, the posterior means; see [latent()].
#'   * `mode`: samples x factors, where the decoders see the samples, from which the omics that they
#'     have are reconstructed; see [predict.poems()].
#'   * `gates`: samples x omics, each omic's weight per sample; see [gates()].
#'   * `contributions`: samples x omics x factors, how much each omic tells of each factor; see
#'     [contributions()].
#'   * `loadings`: per omic, a sparse features x factors matrix; `loadings(fit)` returns it.
#'   * `inclusion`: per omic, features x factors inclusion probabilities; see [inclusion()].
#'   * `variance`: a data frame with the share of variance explained per omic, for samples in
#'     training and held out.
#'   * `explained`: what [variance_explained()] returns.
#'   * `bend`: per omic, the share of what the decoders explain that is not linear in the factors;
#'     see [glance()][glance.poems].
#'   * `remainder`, `maps`: what missing values and missing omics are predicted from beside the
#'     decoders; see [impute()] and [predict.poems()]. They hold coefficients, no samples.
#'   * `history`: a data frame with the losses of every epoch (per sample, smaller is better).
#'   * `covariates`: `NULL`, or a list with the standardised `design` matrix (samples x columns) and
#'     what makes that of new samples; with groups, also `groups`: what they are called, the
#'     group of every sample, and the share of every omic that their means were.
#'   * `sets`: `NULL`, or a list of `table`, what `tidy(fit, "sets")` returns, and `members`, per
#'     set and omic in which it counts the names of its members.
#'   * `all_samples`: whether the cohort was trained once more with all its samples.
#'   * `best_epoch`, `stopped`, `validation`, `seconds`, `seed`, `control`, `scaling`, `omics`,
#'     `samples`, `parameters`, `order`, `unused`, `config`, `call`, `version`: how the fit came
#'     about and what [predict()] needs. `config$factors` is the number of factors asked for.
#'   * `format`, `seal`: by what functions tell whether the fit is whole. A fit that was damaged, or
#'     changed in parts that predictions rest on, is an error wherever it is used.
#'
#' @section Patients with several samples:
#' Where an experiment of a MultiAssayExperiment has several columns for one primary name, the first
#' is used, with a message: they may be a tumour and its normal tissue, which should not be
#' averaged. `MultiAssayExperiment::mergeReplicates()` averages true replicates beforehand.
#'
#' @section Sparse data and data on disk:
#' Sparse matrices (of package Matrix, and DelayedArrays and SparseArrays that are sparse) stay so:
#' training makes the samples of one batch dense at a time. Those in files are read once, block by
#' block. The fit is the same, to the last bit, as that of ordinary matrices.
#'
#' Other DelayedArrays are read once, block by block, into temporary files (in [tempdir()], removed
#' with the last use), from which training reads the samples of each batch, and no omic has to fit
#' into memory. Files have 4 bytes per value: the fit is the same, to the last bit, as that of
#' matrices rounded to single precision, in which training computes anyway. Where that would change
#' any value by more than a millionth of its feature's range (years, or counts in the millions that
#' hardly vary), they have 8 bytes, and nothing is rounded. Steps of [preprocess_steps()] that do
#' not leave zeros as they are make sparse matrices files, too.
#'
#' @section Large cohorts:
#' What counts is how many samples training has seen, not how often it has seen all of them. With
#' the objective `"elbo"`, a pass over more than 8192 training samples is cut into epochs of at most
#' so many, each of which goes on where the one before has ended: `epochs`, `patience` and `warmup`
#' in [poems_control()] count these. After every epoch, noise is estimated anew and up to 2048 of
#' the samples held out are looked at. Training begins at four times `learning_rate`, which is
#' halved after 6 epochs without a better loss there. Smaller cohorts are trained in whole passes at
#' one rate.
#'
#' @section Long fits:
#' With `checkpoint`, the state of the training is written to that file every minute
#' (`options(omicpoems.checkpoint_seconds = 60)`; less often where writing would take more than a
#' twentieth of the time; 0 is after every batch), when it is interrupted and when it is done. The
#' same call then goes on from there, whether the process was interrupted, killed or lost with its
#' machine, to the same fit, bit by bit, as if nothing had happened, but for the seconds told. The
#' training on all samples has a second file, whose name ends in `-all`. A file that is there is
#' never half written: it takes the place of the one before once it is on the disk. Both stay when
#' the fit is done, for you to remove.
#'
#' A checkpoint is of one fit: with other data, settings, seed, or another version of the package it
#' is an error, which says what differs. The number of threads may differ. Another kind of processor
#' rounds differently, and so does a fit that goes on there.
#'
#' @section Errors:
#' Input is checked before any fitting; errors name the omic and at most five of the culprits.
#' Training whose loss stops being finite is an error that says what to change.
#'
#' @references
#' Kocak Balik M, Marttinen P, Safinianaini N (2025). POEMS: Product of Experts for Interpretable
#' Multi-omic Integration using Sparse Decoding. \doi{10.48550/arXiv.2511.03464}
#'
#' Moran GE, Sridhar D, Wang Y, Blei DM (2022). Identifiable deep generative models via sparse
#' decoding. Transactions on Machine Learning Research.
#'
#' Rockova V, George EI (2018). The spike-and-slab lasso. Journal of the American Statistical
#' Association 113, 431-444. \doi{10.1080/01621459.2016.1260469}
#'
#' @seealso [predict.poems()] for new samples, [poems_control()] for settings, [autoplot.poems()]
#'   for figures, [poems_baseline()] for the other models of the paper, [benchmark_models()] to
#'   compare them.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' fit
#' head(latent(fit)[, 1:3])
#'
#' # Counts and 0/1 data beside continuous values, and a batch to be free of.
#' mixed <- simulate_omics(80, c(rna = 30, mutations = 20, protein = 20), factors = 2, seed = 1,
#'                         family = c(rna = "negative_binomial", mutations = "bernoulli"))
#' batch <- data.frame(batch = rep(c("A", "B"), 40), row.names = rownames(mixed$factors))
#' poems(mixed$omics, factors = 4, seed = 1, covariates = batch,
#'       control = list(epochs = 20, threads = 1))
#'
#' # Two studies, of which the means are taken out.
#' studies <- rep(c("one", "two"), 40)
#' fit <- poems(mixed$omics, factors = 4, seed = 1, groups = studies,
#'              control = list(epochs = 20, threads = 1))
#' variance_explained(fit, by = "group")
#'
#' # Two sets: one of a factor, with a wrong member and without a right one, and any features.
#' driven <- as.matrix(mixed$loadings$protein)[, 1] != 0
#' sets <- list(program = c(names(which(driven))[-1], names(which(!driven))[1]),
#'              nothing = rownames(mixed$omics$protein)[1:8])
#' fit <- poems(mixed$omics, factors = 4, seed = 1, sets = sets,
#'              control = list(epochs = 20, threads = 1))
#' tidy(fit, "sets")
#' @export
poems <- function(x, factors = 32, samples = c("columns", "rows"), scale = NULL, seed = NULL,
                  control = poems_control(), family = NULL, covariates = NULL, experiments = NULL,
                  assays = NULL, preprocess = NULL, groups = NULL, weights = NULL, sets = NULL,
                  checkpoint = NULL) {
  call <- data_free_call(match.call(), "poems")
  samples <- arg_match(samples)
  if (!is.null(call$samples)) call$samples <- samples
  factors <- check_factors(factors)
  seed <- check_seed(seed)
  control <- as_control(control)
  scale <- choose_scaling(scale, control$objective)
  preprocess <- as_preprocess(preprocess)
  checkpoint <- check_checkpoint(checkpoint)
  check_backend(control, checkpoint)
  free <- free_memory()
  data <- with_memory_told(read_omics(x, samples, experiments, assays, preprocess))
  family <- choose_families(family, data$data, control$objective, control$threads)
  groups <- read_sample_groups(groups, x, data$samples)
  covariates <- read_covariates(covariates, x, data$samples, control$objective, groups)
  weights <- read_weights(weights, names(data$data), control$objective)
  check_families(data$data, family, threads = control$threads)
  check_memory(data$data, family, factors, control, free)
  n_top <- steps_of(preprocess, "n_top", names(data$data))
  omics <- learn_scaling(data$data, scale, family, covariates$design, n_top, control$threads)
  programs <- read_programs(sets, omics, control)
  warn_of_data(data, omics, preprocess)
  warn_of_hidden(control, factors)

  started <- proc.time()[["elapsed"]]
  noise <- initial_noise(omics)
  config <- model_config(control, factors, noise, family, max(0L, ncol(covariates$design)),
                         weights)
  if (length(data$samples) > most_searched_samples) {
    config[names(quick_mode_search)] <- quick_mode_search
  }
  cohort <- held_cohort(omics, data$data, data$samples, covariates$design, control$threads)
  key <- if (!is.null(checkpoint)) {
    checkpoint_key(omics, data, covariates, config, scale, seed, control, programs)
  }
  kept <- checkpoint_of(checkpoint, key)
  large <- is_large_fit(data$data, family, factors, control)
  train <- function(control, reporter, start, kept) {
    samples <- length(data$samples)
    training <- samples - length(core_held_out(samples, control$validation, seed))
    settings <- utils::modifyList(unclass(control), steps_by_size(control, training))
    settings <- c(settings, list(seed = seed, revisit = revisit_zeros_every, samples = samples),
                  checkpoint = if (!is.null(kept)) list(kept))
    collect_garbage(large)
    with_checkpoint(kept$path, train_by_backend(
      cohort, config, noise, settings, reporter, start, omics,
      core_members(start$set, programs, omics)
    ))
  }
  start_of <- function(control, known = NULL) {
    if (control$start == "random") return(NULL)
    collect_garbage(large)
    linear_start(
      core_initial_parameters(config, noise, seed), omics, data$data, data$samples,
      core_held_out(length(data$samples), control$validation, seed), factors, control, seed,
      covariates$design, known, weights, programs
    )
  }
  start <- with_memory_told(start_of(control))
  frame <- environment()
  fit <- finish_training({
    trained <- train(control, progress_reporter(control, frame), start, kept)
    check_trained(trained, control)
    if (trains_again(trained, control, data$samples)) {
      held_out <- seq_along(data$samples) %in% trained$validation
      trained$held_out <- share_of_samples(
        core_variance(trained$parameters, config, cohort, trained$mode, colMeans(trained$mode),
                      held_out, control$threads), held_out
      )
      all <- utils::modifyList(control, list(validation = 0, epochs = trained$best_epoch))
      first <- start
      start <- start_of(all, start$misplaced)
      again <- train(all, progress_reporter(all, frame), start,
                     checkpoint_of(checkpoint, key, all_samples = TRUE))
      trained <- take_all_samples(trained, again, all)
      if (!isTRUE(trained$all_samples)) start <- first
    }
    check_finite_training(trained, control)
    collect_garbage(large)
    trained$sums <- variance_sums(trained$parameters, config, cohort, trained$mode,
                                  colMeans(trained$mode), groups$of, control$threads)
    trained$variance <- variance_of_sets(trained, length(data$samples))
    trained$contributions <- experts_shares(trained$experts, trained$gates)
    trained$experts <- NULL
    used <- drawn(length(data$samples), most_start_samples, seed)
    z <- trained$mode[used, , drop = FALSE]
    decode <- \() core_reconstruct(trained$parameters, config, z, control$threads)
    trained$bend <- share_bent(decode(), z)
    if (learns_predictions(control)) {
      # Read anew wherever they are looked at, so that nobody holds them meanwhile.
      values <- \() values_without_covariates(trained$parameters, omics, data$data,
                                              data$samples[used], covariates$design)
      trained$remainder <- learn_remainder(values(), z, decode, omics, seed, control$threads)
      collect_garbage(large)
      omic <- omic_of_features(omics)
      maps <- without_misplaced(values(), omic, start$certain, used) |>
        learn_maps(omic, omics, control$threads)
      collect_garbage(large)
      trained$maps <- learn_checks(maps, values(), omic, used)
      collect_garbage(large)
      trained$inclusion <- calibrated_inclusion(
        values(), z, decode, trained$remainder, omics,
        choose_factors(trained$sums$all, control$objective), control$threads
      )
    }
    omics <- add_membership(omics, data) |>
      add_libraries(trained$latent) |>
      add_reading(data, preprocess)
    new_fit(
      trained,
      call = call, seed = seed, control = control, scaling = scale, config = config,
      samples = data$samples, omics = omics, covariates = add_share_of_groups(covariates, omics),
      seconds = proc.time()[["elapsed"]] - started
    ) |> add_sets(programs, start)
  })
  collect_garbage(large)
  warn_no_factor(fit)
  warn_of_losses(fit$history, fit$best_epoch, control, length(omic_of_features(fit$omics)))
  fit
}

# The call without data, and the function itself, that a caller (do.call, say) may have put into it
# in place of their names.
data_free_call <- function(call, name) {
  if (!is.language(call[[1]])) call[[1]] <- as.name(name)
  is_data <- \(x) !is.language(x) && (is.list(x) || isS4(x) || length(x) > 1)
  for (part in c("x", "background", "group", "groups", "covariates", "sets")) {
    if (is_data(call[[part]])) call[[part]] <- as.name(part)
  }
  call
}

choose_scaling <- function(scale, objective, call = rlang::caller_env()) {
  if (is.null(scale)) {
    return(if (objective == "published") "minmax" else "standardise")
  }
  arg_match(scale, c("standardise", "minmax"), error_call = call)
}

# Which samples have each omic, and of counts the log library size of every sample.
add_membership <- function(omics, data) {
  offset <- sample_offsets(omics, data)
  for (omic in names(omics)) {
    omics[[omic]]$samples <- match(colnames(data$data[[omic]]), data$samples)
    omics[[omic]]$offset <- offset[[omic]]
  }
  omics
}

# How each omic was read, which prediction repeats: the assay taken and the transformation.
add_reading <- function(omics, data, preprocess) {
  transforms <- steps_of(preprocess, "transform", names(omics))
  for (omic in names(omics)) {
    if (omic %in% names(data$assays)) omics[[omic]]$assay <- data$assays[[omic]]
    omics[[omic]]$transform <- transforms[[omic]]
  }
  omics
}

check_trained <- function(trained, control = poems_control(), call = rlang::caller_env()) {
  if (trained$stopped == "diverged") {
    cli::cli_abort(
      c(
        "Training diverged: the loss of epoch {length(trained$history$epoch)} is not finite.",
        i = what_to_lower(control)
      ),
      call = call
    )
  }
  if (length(trained$history$epoch) == 0) {
    cli::cli_abort("Interrupted before the first epoch ended; there is no fit to return.",
      call = call
    )
  }
  if (trained$stopped == "interrupted") {
    cli::cli_warn(
      "Interrupted after epoch {length(trained$history$epoch)}: this is the fit of epoch
       {trained$best_epoch}, the best so far.", class = "poems_interrupted"
    )
  }
}

# Fits of more samples than this search for modes in fewer passes, and without steps that hardly
# move a sample: what is left to gain is far less than what samples differ by, and the search takes
# as long as epochs do.
most_searched_samples <- 2000L
quick_mode_search <- list(mode_passes = 5L, mode_shortest_step = 0.03)

# Whether all samples train the model once more, for the best number of epochs: a tenth more samples
# is worth the time where samples are few.
most_trained_again <- 1000L

trains_again <- function(trained, control, samples) {
  control$objective == "elbo" && length(trained$validation) > 0 &&
    trained$stopped != "interrupted" && length(samples) <= most_trained_again
}

# Fits of which only factors, loadings and effects are asked do not learn what missing values are
# predicted from, which takes most of the time of a small fit.
without_predictions <- \(control) structure(control, predictions = FALSE)

learns_predictions <- function(control) {
  control$objective == "elbo" && !isFALSE(attr(control, "predictions"))
}

# What the second training gives, unless it was interrupted; history and variance explained in the
# samples held out (`held_out`) stay those of the first.
take_all_samples <- function(trained, again, control) {
  if (again$stopped == "diverged" || !is_finite_training(again)) {
    cli::cli_warn(c(
      "Training on all samples diverged: this is the fit without those held out.",
      "i" = what_to_lower(control)
    ))
    return(trained)
  }
  if (again$stopped != "epochs") {
    cli::cli_warn("Interrupted while training on all samples: this is the fit without those held
                   out.", class = "poems_interrupted")
    return(trained)
  }
  parts <- c("parameters", "latent", "mode", "gates", "experts")
  trained[parts] <- again[parts]
  trained$all_samples <- TRUE
  trained
}

warn_no_factor <- function(fit) {
  if (fit$factors == 0) {
    cli::cli_warn(c("No factor is in use: all loadings are zero.", "i" = no_factor_hint))
  }
}

# Loadings are sparse matrices of package Matrix, which takes long to load and is loaded when they
# are first asked for: without it, those of a fit read from a file would have no names and no size.
#' @export
`$.poems` <- function(x, name) {
  if (name %in% c("loadings", "unused")) loadNamespace("Matrix")
  .subset2(x, name)
}

history_columns <- c(
  "epoch", "training", "validation", "reconstruction", "kl", "penalty", "noise", "kl_weight",
  "nonzero", "seconds", "encoder_seconds", "decoder_seconds", "optimiser_seconds"
)

# Names what the core returned, parts the factors in use from the others and puts the fit together.
new_fit <- function(trained, call, seed, control, scaling, config, samples, omics, covariates,
                    seconds) {
  in_use <- choose_factors(trained$sums$all, control$objective)
  unused <- setdiff(seq_len(config$factors), in_use)
  dimnames(trained$gates) <- list(samples, names(omics))
  parameters <- trained$parameters
  names(parameters$omics) <- names(omics)
  loadings_of <- \(which) take_factors(parameters$omics, omics, "W", which) |>
    lapply(\(w) Matrix::drop0(methods::as(w, "CsparseMatrix")))
  structure(
    list(
      call = call, seed = seed, control = control, scaling = scaling, factors = length(in_use),
      samples = samples, omics = omics, covariates = covariates,
      latent = name_factors(trained$latent[, in_use, drop = FALSE], samples),
      mode = name_factors(trained$mode[, in_use, drop = FALSE], samples),
      spread = factor_spread(trained, in_use, control$objective),
      gates = trained$gates,
      contributions = name_contributions(trained$contributions[, , in_use, drop = FALSE], samples,
                                         names(omics)),
      loadings = loadings_of(in_use),
      inclusion = shown_inclusion(trained, parameters, omics, in_use),
      variance = variance_table(trained$variance, names(omics)),
      explained = explained_tables(
        trained$sums, omics, stats::setNames(in_use, numbered_factors(length(in_use))), samples
      ),
      bend = stats::setNames(trained$bend, names(omics)),
      history = as.data.frame(trained$history[history_columns]), best_epoch = trained$best_epoch,
      stopped = trained$stopped, validation = samples[trained$validation],
      all_samples = isTRUE(trained$all_samples),
      order = c(in_use, unused),
      unused = list(
        latent = trained$latent[, unused, drop = FALSE],
        mode = trained$mode[, unused, drop = FALSE], loadings = loadings_of(unused)
      ),
      parameters = without_loadings(parameters), remainder = trained$remainder,
      maps = trained$maps, config = config, seconds = seconds,
      version = as.character(utils::packageVersion("omicpoems"))
    ),
    class = "poems"
  ) |> seal_fit()
}

# One parameter of every omic, features x the chosen factors.
take_factors <- function(parameters, omics, name, which) {
  Map(\(p, omic) name_factors(p[[name]][, which, drop = FALSE], omic$features), parameters, omics)
}

# What a fit holds once, as loadings; core_parameters() puts it back.
without_loadings <- function(parameters) {
  parameters$omics <- lapply(parameters$omics, \(p) p[setdiff(names(p), "W")])
  parameters
}

# The probabilities that the data give; where there are none, those that trained the loadings.
shown_inclusion <- function(trained, parameters, omics, factors) {
  if (is.null(trained$inclusion)) {
    return(take_factors(parameters$omics, omics, "inclusion_probability", factors))
  }
  omic <- omic_of_features(omics)
  Map(\(o, v) name_factors(trained$inclusion[omic == v, , drop = FALSE], o$features), omics,
      seq_along(omics))
}

# Variance explained, omics x (training, validation), of so many samples.
variance_of_sets <- function(trained, samples) {
  if (isTRUE(trained$all_samples)) {
    return(cbind(share_of_samples(trained$sums$all, TRUE), trained$held_out))
  }
  validation <- seq_len(samples) %in% trained$validation
  cbind(share_of_samples(trained$sums$all, !validation),
        share_of_samples(trained$sums$all, validation))
}

# From omics x (training, validation) to one row per omic and set.
variance_table <- function(variance, omics) {
  table <- data.frame(
    omic = rep(omics, times = 2),
    set = rep(c("training", "validation"), each = length(omics)),
    r2 = as.vector(variance)
  )
  table[!is.nan(table$r2), , drop = FALSE]
}
