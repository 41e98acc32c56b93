# From an embedding to a classifier of new samples, and how right it is.

#' Classify samples by their factors
#'
#' Learns known groups of samples (subtypes, responders) from the factors of a fit, says the group
#' of new samples, and measures by cross-validation how often that is right.
#'
#' What is classified is where samples lie, `latent(fit, scaled = TRUE)`; new samples are placed by
#' [predict.poems()], whichever omics they have. The model never sees the labels, only the
#' classifier does:
#'
#' * `"elastic_net"`: multinomial regression with an elastic-net penalty (`alpha = 0.5`; package
#'   glmnet). The penalty is the largest whose deviance, in an inner cross-validation, is within one
#'   standard error of the least.
#' * `"nearest"`: the labels of the `k` nearest samples. Where several labels are equally frequent,
#'   the farthest sample is left out until one is.
#'
#' @section Cross-validation:
#' Samples with a label are divided into `folds` parts, alike in their labels, and each part is
#' classified by what was learnt from the others. What the embedding has learnt is a question of its
#' own. With `x`, the data of the fit, the whole model is fitted again for every fold, without the
#' samples held out, which are then projected as new samples are: nothing of them was known (but
#' which features were chosen, if [preprocess_steps()] was told `n_top`). Without `x`, for a fit
#' holds no data, the classifier alone is learnt again: the labels of samples held out are unknown
#' to it, but their omics took part in the fit, which makes the measures a little too good: on
#' `tcga_breast` (150 tumours, 32 factors, mean over five divisions) the accuracy is 0.980 without
#' and 0.968 with fitting again by an elastic net, and 0.955 and 0.949 by the nearest samples. Pass
#' `x` for a figure to publish, and wherever samples are few; it takes as long as `folds` fits.
#'
#' What is measured is about samples like those of the fit. New samples that lack omics, or come
#' from another laboratory, can be harder: give their labels, where they are known, and see.
#'
#' @inheritParams variance_explained
#' @param labels The group of every sample of the fit: a vector named by sample, or in the order of
#'   `fit$samples`; `NA` where it is not known. Where names include samples of `newdata` that the
#'   fit does not have, predictions are compared with these labels, which are used for nothing else.
#' @param newdata New samples to classify, in any form that [predict.poems()] takes. `NULL`
#'   classifies the samples of the fit whose label is `NA`, if there are any.
#' @param method `"elastic_net"`, which needs the package glmnet, or `"nearest"`.
#' @param x The data that `fit` was fitted to, as [poems()] took them, to fit again in every fold;
#'   `NULL` for cross-validation of the classifier alone. For `tidy()` and `glance()`, a result of
#'   `classify_samples()`.
#' @param folds Number of folds, at least 2. Every label must have at least as many samples.
#' @param k For `"nearest"`, the number of neighbours.
#' @param seed A whole number that decides which samples are in which fold. The user's random
#'   numbers are left as they were.
#' @param samples Where the samples are in matrices and data frames of `x` and `newdata`:
#'   `"columns"` or `"rows"`.
#' @param covariates As in [predict.poems()], of the samples in `newdata`.
#' @param BPPARAM As in [stability()], for the fits of the folds.
#' @param object A result of `classify_samples()`.
#' @param ... Not used.
#' @param what For `tidy()`, which table.
#'
#' @return A list of class `poems_classes`:
#'   * `predictions`: data frame with one row per sample classified: `sample`, `predicted` (factor),
#'     `label`, where it is known, and for every label a column with its probability
#'     (`probability_Basal`), which for `"nearest"` is a share of neighbours; `NULL` where nothing
#'     was asked for.
#'   * `validated`: the same of every labelled sample of the fit, by the fold that held it out, and
#'     `fold`.
#'   * `measures`: data frame with one row for the cross-validation and, where labels of new samples
#'     are known, one for these. `set`; `samples`, their number; `accuracy`, the share predicted
#'     right; `largest`, the share of the most frequent label, which saying this label of all would
#'     have right; `balanced_error`, the mean over labels of the share predicted wrong, 1 - 1 / the
#'     number of labels by chance; `auc`, the mean over labels of the probability that a sample with
#'     the label is given more of it than one without, 0.5 by chance.
#'   * `method`, `k`, `folds`, `seed`; `refitted`, whether the model was fitted again; `factors`.
#'
#'   `tidy()` gives tables, `what` being `"measures"`, `"confusion"` (one row per label and
#'   prediction: `set`, `label`, `predicted`, `samples` and `share`, of the samples with the label),
#'   `"validated"` or `"predictions"`; `glance()` one row, the measures of the cross-validation.
#'   `autoplot()` draws the confusion matrices, as a [ggplot2::ggplot] object whose data is
#'   `"confusion"`.
#'
#' @section Errors:
#' Fits other than those of [poems()] and fits without a factor in use, fewer than two labels,
#' labels of fewer samples than `folds`, an `x` that lacks samples of the fit, and an elastic net
#' without glmnet or on a single factor.
#'
#' @source Written for this package. Elastic net: Friedman, Hastie and Tibshirani (2010),
#'   Regularization paths for generalized linear models via coordinate descent, Journal of
#'   Statistical Software 33(1). AUC as a rank statistic: Hanley and McNeil (1982), Radiology 143,
#'   29-36.
#' @family biology
#' @seealso [associate_factors()] for tests of factors against labels; [evaluate_subtypes()] and
#'   [benchmark_models()] to compare embeddings.
#' @examples
#' tumours <- tcga_breast$samples
#' subtype <- setNames(tumours$subtype, tumours$sample)
#' late <- tumours$sample[tumours$set == "test"]
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' early <- lapply(omics, \(x) x[, !colnames(x) %in% late])
#' fit <- poems(early, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' new <- lapply(omics[c("mrna", "mirna")], \(x) x[, late])
#' classes <- classify_samples(fit, subtype, new, method = "nearest")
#' classes
#' head(tidy(classes, "predictions"))
#' tidy(classes, "confusion")
#' @export
classify_samples <- function(fit, labels, newdata = NULL, method = c("elastic_net", "nearest"),
                             x = NULL, folds = 5, k = 5, seed = 1,
                             samples = c("columns", "rows"), covariates = NULL, BPPARAM = NULL) {
  check_fit(fit)
  check_any_factor(fit)
  check_parallel(BPPARAM)
  method <- arg_match(method)
  samples <- arg_match(samples)
  check_value(folds, "folds", "a whole number of at least 2", \(x) is_whole(x) && x >= 2)
  check_count(k, arg = "k")
  seed <- check_seed(seed)
  check_classifier(method, fit)
  label <- check_known_labels(labels, fit, folds)
  data <- if (!is.null(x)) whole_cohort_of(fit, x, samples)

  known <- label[!is.na(label)]
  learn <- \(places, label) learn_classes(places, label, method, k)
  fold <- with_seed(seed, draw_folds(known, folds))
  own <- scaled_means(fit$latent, fit)
  places <- places_in_folds(fit, fold, own, data, BPPARAM)
  validated <- with_seed(seed, validate_classes(known, fold, places, learn))
  places <- if (is.null(newdata)) {
    check_no_covariates(covariates)
    own[is.na(label), , drop = FALSE]
  } else {
    stats::predict(fit, newdata, samples = samples, covariates = covariates, scaled = TRUE)
  }
  predictions <- if (nrow(places) > 0) {
    told <- with_seed(seed, learn(own[names(known), , drop = FALSE], known))(places)
    class_rows(told, new_labels(labels, rownames(places), fit, levels(known)))
  }
  structure(
    list(
      predictions = predictions, validated = cbind(validated, fold = unname(fold)),
      measures = class_measures(validated, predictions), method = method,
      k = if (method == "nearest") as.integer(k), folds = as.integer(folds), seed = seed,
      refitted = !is.null(data), factors = fit$factors
    ),
    class = "poems_classes"
  )
}

check_classifier <- function(method, fit, call = rlang::caller_env()) {
  if (method == "nearest") return(invisible())
  rlang::check_installed("glmnet", "to classify by an elastic net; `method = \"nearest\"` needs no
                         other package.", call = call)
  if (fit$factors >= fewest_columns[[method]]) return(invisible())
  cli::cli_abort(c(
    "An elastic net needs at least two factors in use.",
    "x" = "The fit has {fit$factors}.",
    "i" = "Pass {.code method = \"nearest\"}."
  ), call = call)
}

# A factor named by sample, NA where the label is not known.
check_known_labels <- function(labels, fit, folds, call = rlang::caller_env()) {
  label <- match_group(labels, fit$samples, "labels", call)
  if (nlevels(label) < 2) {
    cli::cli_abort(c(
      "{.arg labels} must have at least two different values among samples of the fit.",
      "x" = "It has {nlevels(label)}."
    ), call = call)
  }
  check_group_count(label, call, "labels")
  count <- table(label)
  rare <- names(count)[count < folds]
  if (length(rare) > 0) {
    cli::cli_abort(c(
      "Every one of {.arg labels} must have at least {folds} samples, one for each of
       {.arg folds}.",
      "x" = "Fewer: {quote_some(sprintf('%s (%d)', rare, count[rare]))}.",
      "i" = "Join rare labels, set them to {.code NA} to leave them out, or lower {.arg folds}."
    ), call = call)
  }
  label
}

# The data that a fit was fitted to, per omic.
whole_cohort_of <- function(fit, x, samples, call = rlang::caller_env()) {
  check_takes_data(fit, call)
  data <- cohort_of(fit, x, samples, call)
  lacking <- names(fit$omics)[!mapply(\(omic, name) {
    all(fit$samples[omic$samples] %in% colnames(data[[name]]))
  }, fit$omics, names(fit$omics))]
  if (length(lacking) == 0) return(data)
  cli::cli_abort(c(
    "{.arg x} must have all samples of the fit.",
    "x" = "It lacks samples of {quote_some(lacking)}.",
    "i" = "Pass the data that the fit was made from, or {.code x = NULL} not to fit again."
  ), call = call)
}

# The fold of every labelled sample, named by them: labels are spread evenly over folds.
draw_folds <- function(label, folds) {
  mixed <- sample(length(label))
  by_label <- mixed[order(as.integer(label)[mixed])]
  fold <- integer(length(label))
  fold[by_label] <- rep_len(sample(folds), length(label))
  stats::setNames(fold, names(label))
}

# Where all samples lie according to what held out the samples of a fold, in a list by fold: by the
# model fitted again to `data`, or where they lie in the fit, `own`, for want of data.
places_in_folds <- function(fit, fold, own, data, BPPARAM) {
  out <- split(names(fold), fold)
  if (is.null(data)) return(lapply(out, \(held) own))
  control <- without_predictions(control_of_runs(fit$control, BPPARAM))
  places <- apply_runs(unname(out), places_without, BPPARAM, fit$control$progress, fit = fit,
                       data = data, control = control)
  stats::setNames(places, names(out))
}

# class_rows() of every labelled sample, as told by what was learnt from the other folds. `places`:
# what places_in_folds() returns; `learn(places, label)` returns a classifier of places.
validate_classes <- function(label, fold, places, learn) {
  rows <- Map(\(held, places) {
    out <- names(fold)[fold == held]
    train <- setdiff(names(label), out)
    told <- learn(places[train, , drop = FALSE], label[train])(places[out, , drop = FALSE])
    class_rows(told, label[out])
  }, as.integer(names(places)), places)
  rows <- do.call(rbind, unname(rows))
  rows <- rows[match(names(label), rows$sample), ]
  rownames(rows) <- NULL
  rows
}

# Where all samples lie by the model fitted again without some of them.
places_without <- function(out, fit, data, control) {
  design <- fit$covariates$design
  table <- if (!is.null(design)) as.data.frame(design)
  again <- one_of_many(suppressMessages(poems(
    omics_of(data, setdiff(fit$samples, out)), factors = fit$config$factors, scale = fit$scaling,
    seed = fit$seed, control = control,
    family = vapply(fit$omics, `[[`, "", "family"),
    covariates = table[setdiff(fit$samples, out), , drop = FALSE], weights = omic_weights(fit)
  )))
  suppressMessages(stats::predict(again, data, covariates = table, scaled = TRUE))
}

# The labels of new samples, where the user named them; NA where not, and of samples that were in
# the fit.
new_labels <- function(labels, samples, fit, levels) {
  known <- if (is.null(names(labels))) NA else as.character(labels)[match(samples, names(labels))]
  known[samples %in% fit$samples] <- NA
  stats::setNames(factor(known, levels), samples)
}
