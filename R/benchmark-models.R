# Models side by side: fitted to a part of the samples, judged by what they make of the others.

#' Compare models by how well they tell known groups of new samples
#'
#' Fits every model to a part of the samples and embeds the others, several times with other parts,
#' and measures how well the embeddings of the samples left out agree with known groups: the
#' protocol of Tables 2 and 3 of Kocak Balik et al. (2025), with any data, models and number of
#' splits.
#'
#' Each combination of a model, a split and a seed is a run. The model is fitted to the training
#' samples of the split and sees neither their groups nor anything of the test samples. These are
#' embedded by the fit and scored as [evaluate_subtypes()] does, averaged over `score_seeds`.
#' k-means and neighbours look at test samples only, as in the paper.
#'
#' Splits are drawn at random, the same share of every group (at least one sample each). Split 1 is
#' always the same for the same groups, and so on: all models are compared on the same splits.
#'
#' A run that fails does not end the others. It has no scores, and its error is kept; a warning at
#' the end says how many failed.
#'
#' @section Models:
#' Those built in go by their names:
#' * `"poems"`: [poems()] with its default settings; its embedding is scaled, see [latent()].
#' * `"poems_published"`: `poems()` with `objective = "published"`. Its embedding is the posterior
#'   mean; the paper's is one draw from the posterior, which scores a little less.
#' * `"pca"`: the first `r benchmark_dimensions` principal components of all omics together.
#'   Features are standardised by the training samples; missing values and omics count as the mean.
#' * `"poem"`, `"mocss_ae"`, `"mocss_vae"`, `"mocss_sparsevae"`: the paper's rivals, in corrected
#'   form; `"poem_published"` and so on, as published.
#'
#' Anything else comes as a function of two arguments. The first is the training data, a named list
#' of numeric matrices, one per omic, features x samples, `NA` where a value is missing (an omic has
#' the samples that it was measured in); the second is the seed. It fits and returns a function that
#' takes data of the same form, those of the test samples (without omics that none of them has), and
#' returns their embedding: a numeric matrix, samples x coordinates, with the samples' names in its
#' row names (without row names, in the order in which names first appear, omic after omic). R's
#' random numbers start from the run's seed. The models built in are made the same way. One with
#' other settings than the default:
#'
#' ```r
#' few_factors <- function(train, seed) {
#'   fit <- poems(train, factors = 8, seed = seed, control = list(progress = FALSE))
#'   function(newdata) predict(fit, newdata, scaled = TRUE)
#' }
#' benchmark_models(x, group, models = list(default = "poems", few = few_factors))
#' ```
#'
#' @section Cache:
#' With `cache`, every run that ends without an error is written there at once, one file per run,
#' and read when the same is asked for again: after an interruption, or with further models, splits
#' or seeds. A run is the same if its data, groups, test samples, seeds, model and the version of
#' this package are. Of a function, its code counts, and the functions and values outside of
#' packages that the code uses: a change of any of them is noticed, a new version of another package
#' is not. What a file that cannot be read should have held is computed again, with a warning. No
#' file is ever deleted.
#'
#' @inheritParams stability
#' @param x The omics, in any form that [poems()] takes; for methods, a result of
#'   `benchmark_models()`. Values are passed to the models as they are.
#' @param group The group of every sample: a vector named by sample, or in the order in which the
#'   samples first appear in `x`; or the name of a column of `x`'s column data (a
#'   MultiAssayExperiment). Samples whose group is `NA` are left out, with a message.
#' @param models Character vector of models built in, named or not; or a list of such names and of
#'   functions, see below, each function with a name.
#' @param splits Number of random splits, or a list with the names of the test samples of each.
#' @param seeds Whole numbers of at least 0: the seeds that every model is fitted with in every
#'   split.
#' @param test Share of the samples to test on in random splits, above 0 and below 1.
#' @param score_seeds Seeds of k-means and of the neighbours' random parts, as `seeds` of
#'   [evaluate_subtypes()].
#' @param cache A directory for finished runs, made if it does not exist, or `NULL` for none.
#' @param BPPARAM As in [stability()]. Results are the same, but for the seconds.
#' @param progress Whether to show a progress bar; `NULL` does in interactive sessions.
#'
#' @return A list of class `benchmark_models`:
#'   * `runs`: data frame with one row per run. `model` (factor), `split`, `seed`; the scores
#'     `accuracy`, `nmi`, `ari`, `silhouette` and `knn` (see [evaluate_subtypes()]), `NA` if the run
#'     failed; `seconds`, of fitting and embedding; `warning`, the first, and `error`, both `NA`
#'     without one.
#'   * `splits`: the names of the test samples of every split.
#'   * `group`: the group of every sample used, a factor named by sample.
#'
#'   `print()` shows means and standard deviations of the scores over splits and seeds, and every
#'   model's difference to a reference, paired by split and seed.
#'
#'   `summary()` has one row per model and score, also `overall`, the mean of accuracy, NMI and kNN,
#'   with the columns `model`, `score`, `mean`, `sd` and `runs`, their number without those that
#'   failed; `difference` to the reference, averaged over seeds and then over `splits` splits, its
#'   standard error `se` over the splits, and `better`, in how many splits it is above 0. Splits
#'   share samples, so the standard error is somewhat too small.
#'
#'   `tidy()` has one row per run and score: `model`, `split`, `seed`, `score`, `value`, `seconds`,
#'   `error`. `glance()` has one row: numbers of `models`, `runs`, `failed` runs, `samples`,
#'   `groups` and `splits`, and `best`, the model with the best overall mean.
#'
#'   `autoplot()` returns a [ggplot2::ggplot] object: the scores of every split (mean over seeds),
#'   and their means with standard errors. Its data has one row per model, score and split.
#'
#' @section Errors:
#' Arguments are checked before any run: unknown models, groups that do not fit the samples, fewer
#' than two groups, test sets with fewer than two samples per group on average, training sets of
#' fewer than `r fewest_samples` samples. Errors of `x` are those of [poems()].
#'
#' @references Kocak Balik M, Marttinen P, Safinianaini N (2025). POEMS: Product of Experts for
#'   Interpretable Multi-omic Integration using Sparse Decoding. \doi{10.48550/arXiv.2511.03464}
#' @family agreement with subtypes
#' @seealso [stability()] for what a model finds again.
#' @examplesIf rlang::is_installed(c("class", "cluster"))
#' tumours <- tcga_breast$samples
#' subtype <- setNames(tumours$subtype, tumours$sample)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' # Principal components of one omic, beside those of all.
#' pca_of_mrna <- function(train, seed) {
#'   components <- prcomp(t(train$mrna), rank. = 10)
#'   function(newdata) predict(components, t(newdata$mrna))
#' }
#' compared <- benchmark_models(omics, subtype, list("pca", mrna_alone = pca_of_mrna), splits = 3)
#' compared
#' tidy(compared)
#' @export
benchmark_models <- function(x, group, models = c("poems", "pca"), splits = 5, seeds = 21,
                             test = 0.2, samples = c("columns", "rows"),
                             score_seeds = c(0, 12, 21, 42, 1234), cache = NULL, BPPARAM = NULL,
                             progress = NULL) {
  rlang::check_installed(c("class", "cluster"), "to compare embeddings with groups.")
  samples <- arg_match(samples)
  models <- read_models(models)
  check_run_seeds(seeds)
  check_seeds(score_seeds, "score_seeds")
  check_value(test, "test", "a number above 0 and below 1", \(x) is_number(x) && x > 0 && x < 1)
  check_value(cache, "cache", "`NULL` or the path of a directory",
              \(x) is.null(x) || rlang::is_string(x))
  if (is.null(progress)) progress <- shows_progress()
  check_value(progress, "progress", "TRUE or FALSE", is_flag)
  check_parallel(BPPARAM)
  data <- read_omics(x, samples)
  group <- known_groups(column_or_vector(group, x), data$samples)
  test_sets <- read_splits(splits, group, test)
  omics <- omics_of(lapply(data$data, as.matrix), names(group))

  plan <- expand.grid(seed = as.integer(seeds), split = seq_along(test_sets),
                      model = factor(names(models), names(models)), KEEP.OUT.ATTRS = FALSE)
  files <- run_files(cache, plan, models, omics, group, test_sets, as.integer(score_seeds))
  results <- lapply(files, read_run)
  pending <- which(vapply(results, is.null, NA))
  results[pending] <- apply_runs(
    lapply(pending, \(i) {
      list(model = models[[plan$model[i]]], seed = plan$seed[i], file = files[[i]],
           test = test_sets[[plan$split[i]]])
    }),
    do_run, BPPARAM, progress,
    omics = omics, group = group, score_seeds = score_seeds, one_thread = !is.null(BPPARAM)
  )
  runs <- cbind(plan[c("model", "split", "seed")], do.call(rbind, results))
  warn_failed(runs)
  structure(list(runs = runs, splits = test_sets, group = group), class = "benchmark_models")
}

# Arguments -------------------------------------------------------------------------------------

# A named list of functions.
read_models <- function(models, call = rlang::caller_env()) {
  if (!(is.character(models) || is.list(models)) || is.object(models) || length(models) == 0) {
    cli::cli_abort(c(
      "{.arg models} must be names of models, or a list of such names and of functions.",
      "x" = "It is {describe(models)}.",
      "i" = "A function goes into a list that names it: {.code list(mine = ...)}."
    ), call = call)
  }
  models <- as.list(models)
  is_name <- vapply(models, \(model) rlang::is_string(model), NA)
  labels <- rlang::names2(models)
  labels[is_name & labels == ""] <- unlist(models[is_name & labels == ""])
  known <- built_in_models()
  check_models(models, labels, names(known), call)
  models[is_name] <- known[unlist(models[is_name])]
  stats::setNames(models, labels)
}

check_models <- function(models, labels, known, call) {
  valid <- vapply(models, \(model) is.function(model) || rlang::is_string(model, known), NA)
  if (!all(valid)) {
    cli::cli_abort(c(
      "Every one of {.arg models} must be a function or the name of a model built in.",
      "x" = "Number {which(!valid)[1]} is {describe(models[[which(!valid)[1]]])}.",
      "i" = "Built in: {.val {known}}."
    ), call = call)
  }
  if (any(labels == "")) {
    cli::cli_abort(c(
      "Every function in {.arg models} must have a name.",
      "x" = "Number {which(labels == '')[1]} has none.",
      "i" = "For instance {.code models = list(\"pca\", mine = ...)}."
    ), call = call)
  }
  twice <- unique(labels[duplicated(labels)])
  if (length(twice) > 0) {
    cli::cli_abort(c(
      "Every one of {.arg models} must have a name of its own.",
      "x" = "Given more than once: {quote_some(twice)}."
    ), call = call)
  }
}

check_run_seeds <- function(seeds, call = rlang::caller_env()) {
  valid <- is.numeric(seeds) && length(seeds) > 0 && !anyDuplicated(seeds) &&
    all(vapply(seeds, \(seed) is_whole(seed) && seed >= 0, NA))
  if (!valid) {
    cli::cli_abort(
      "{.arg seeds} must be different whole numbers of at least 0, not {describe(seeds)}.",
      call = call
    )
  }
}

# A column of the column data as a vector named by sample; vectors stay as they are.
column_or_vector <- function(group, x, call = rlang::caller_env()) {
  if (!rlang::is_string(group)) return(group)
  table <- sample_table(x)
  if (is.null(table) || !group %in% names(table)) {
    cli::cli_abort(c(
      "As a name, {.arg group} must be that of a column of the column data of {.arg x}.",
      "x" = "{.arg group} is {describe(group[[1]])} and {.arg x}
             {if (is.null(table)) 'has no column data' else 'has no such column'}.",
      "i" = if (!is.null(table)) "It has {quote_some(names(table))}." else
        "Otherwise pass a vector with the group of every sample, named by sample."
    ), call = call)
  }
  stats::setNames(table[[group]], rownames(table))
}

# The groups of the samples that have one, named by sample.
known_groups <- function(group, samples, call = rlang::caller_env()) {
  if (is.null(group)) cli::cli_abort("{.arg group} must be given, not NULL.", call = call)
  group <- match_group(group, samples, call = call)
  unknown <- sum(is.na(group))
  if (unknown > 0) cli::cli_inform(c("i" = "Left out {unknown} sample{?s} without a group."))
  group <- droplevels(group[!is.na(group)])
  if (nlevels(group) < 2) {
    cli::cli_abort(c(
      "{.arg group} must have at least two groups.",
      "x" = "It has {nlevels(group)}: {quote_some(levels(group))}."
    ), call = call)
  }
  group
}
