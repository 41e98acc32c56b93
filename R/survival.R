# How well an embedding tells how long patients live.

# Folds of Cox models where the user does not choose them: the default of evaluate_survival().
default_folds <- 5

#' Separation of survival times by an embedding
#'
#' Clusters the samples by their embedding and compares the clusters' survival (log-rank test); and
#' predicts the survival of held-out samples from the embedding (Cox model).
#'
#' With each seed, k-means with one random start gives the clusters, and samples are dealt to
#' `folds` folds at random, those with and without an event separately. The Cox model of a fold is
#' fitted to the other folds, on factors with mean 0 and standard deviation 1, with a ridge penalty
#' of half the sum of the squared log hazard ratios; so it exists also where factors outnumber
#' events. The user's random numbers are left as they were.
#'
#' @inheritParams evaluate_subtypes
#' @param survival Right-censored survival times from [survival::Surv()], in the order of the rows
#'   of `embedding`. Samples without a time or a status count for the clusters only, with a message.
#' @param groups Number of clusters, at least 2; or the group of every sample, such as its subtype:
#'   a factor or vector without missing values, which then replaces the clusters.
#' @param folds Number of folds, at least 2 and at most the number of events.
#'
#' @return Data frame with one row per metric and the columns `metric`, `mean` and `sd`, over the
#'   seeds:
#'   * `logrank`: chi-squared statistic of the log-rank test, with as many degrees of freedom as
#'     there are groups, less one; 0 where all samples with times are in one group;
#'   * `logrank_p`: -log10 of its p-value, so larger is better and 1.3 is a p-value of 0.05;
#'   * `concordance`: share of the pairs of samples of a fold whose order of survival the Cox model
#'     tells, among those whose order is known; 0.5 for guessing.
#'
#'   With one seed, `sd` is `NA`.
#'
#' @section Errors:
#' The package survival must be installed. It is an error if `embedding` is not numeric or has
#' missing values, if `survival` or `groups` do not fit it, or if there are fewer events than folds.
#'
#' @source Harrell et al. (1982), Evaluating the yield of medical tests, JAMA 247, 2543-2546: the
#'   concordance. Verweij and van Houwelingen (1994), Penalized likelihood in Cox regression,
#'   Statistics in Medicine 13, 2427-2436.
#' @family agreement with subtypes
#' @examplesIf rlang::is_installed("survival")
#' truth <- simulate_omics(samples = 120, subtypes = 2, separation = 4, seed = 1)
#' # Made up: the second group lives half as long.
#' time <- withr::with_seed(1, rexp(120, rate = as.integer(truth$subtype)))
#' alive <- time > 1
#' survival <- survival::Surv(pmin(time, 1), !alive)
#' evaluate_survival(truth$factors, survival, groups = 2)
#' @export
evaluate_survival <- function(embedding, survival, groups = 2, seeds = c(0, 12, 21, 42, 1234),
                              folds = 5) {
  rlang::check_installed("survival", "to compare survival times.")
  if (is.data.frame(embedding)) embedding <- as.matrix(embedding)
  check_embedding(embedding)
  check_survival(survival, embedding)
  check_seeds(seeds)
  check_value(folds, "folds", "a whole number of at least 2", \(x) is_whole(x) && x >= 2)
  check_groups(groups, embedding)
  check_events(survival, folds)
  inform_unknown_survival(survival)

  runs <- vapply(seeds, \(seed) {
    clusters <- if (length(groups) == 1) {
      with_seed(seed, kmeans_clusters(embedding, groups))
    } else {
      groups
    }
    survival_metrics(embedding, survival, clusters, folds, seed)
  }, numeric(3))
  summarise_runs(runs)
}

# The metrics of one seed.
survival_metrics <- function(embedding, survival, clusters, folds, seed) {
  known <- !is.na(survival)
  survival <- survival[known]
  embedding <- embedding[known, , drop = FALSE]
  c(logrank_test(survival, clusters[known]),
    concordance = with_seed(seed, cox_concordance(embedding, survival, folds)))
}

# Checks ----------------------------------------------------------------------------------------

check_survival <- function(survival, embedding, call = rlang::caller_env()) {
  if (!inherits(survival, "Surv") || !identical(attr(survival, "type"), "right")) {
    cli::cli_abort(c(
      "{.arg survival} must be right-censored survival times.",
      "x" = "It is {describe(survival)}.",
      "i" = "Make them with {.code survival::Surv(time, event)}."
    ), call = call)
  }
  if (nrow(survival) != nrow(embedding)) {
    cli::cli_abort(c(
      "{.arg survival} must have one value per row of {.arg embedding}.",
      "x" = "It has {nrow(survival)}; {.arg embedding} is {describe(embedding)}."
    ), call = call)
  }
}

check_groups <- function(groups, embedding, call = rlang::caller_env()) {
  most <- nrow(unique(embedding))
  if (is_whole(groups) && groups >= 2 && groups < most) return(invisible())
  fits <- is.atomic(groups) && length(groups) == nrow(embedding) && length(groups) > 1
  if (!fits || anyNA(groups) || length(unique(groups)) < 2) {
    cli::cli_abort(c(
      "{.arg groups} must be the number of clusters, at least 2 and below the number of distinct
       rows of {.arg embedding} ({most}), or the group of each of the {nrow(embedding)} samples,
       with at least two groups and none missing.",
      "x" = "It is {describe(groups)}."
    ), call = call)
  }
}

check_events <- function(survival, folds, call = rlang::caller_env()) {
  events <- sum(survival[, "status"][!is.na(survival)])
  if (events < folds) {
    cli::cli_abort(c(
      "{.arg survival} must have at least {folds} events, one per fold.",
      "x" = "It has {events}."
    ), call = call)
  }
}

inform_unknown_survival <- function(survival) {
  unknown <- sum(is.na(survival))
  if (unknown > 0) {
    cli::cli_inform(c("i" = "{unknown} sample{?s} without survival time: left out of the comparison
                             of survival."))
  }
}

# Metrics ---------------------------------------------------------------------------------------

logrank_test <- function(survival, groups) {
  groups <- droplevels(as_group(groups))
  if (nlevels(groups) < 2) return(c(logrank = 0, logrank_p = 0))
  test <- survival::survdiff(survival ~ groups)
  log_p <- stats::pchisq(test$chisq, sum(test$exp > 0) - 1, lower.tail = FALSE, log.p = TRUE)
  c(logrank = test$chisq, logrank_p = -log_p / log(10))
}

# Share of concordant pairs of held-out samples. Only pairs within a fold are compared: their risks
# come from the same model.
cox_concordance <- function(embedding, survival, folds) {
  fold <- integer(nrow(embedding))
  for (cases in split(seq_along(fold), survival[, "status"])) {
    fold[cases] <- draw_from(rep_len(seq_len(folds), length(cases)))
  }
  risk <- numeric(nrow(embedding))
  for (held_out in seq_len(folds)) {
    test <- fold == held_out
    risk[test] <- cox_risk(embedding[!test, , drop = FALSE], survival[!test],
                           embedding[test, , drop = FALSE])
  }
  survival::concordancefit(survival, risk, strata = fold, reverse = TRUE)$concordance
}

# The log hazards of `test` by a Cox model of `train`.
cox_risk <- function(train, survival, test) {
  center <- colMeans(train)
  spread <- apply(train, 2, stats::sd)
  spread[spread == 0] <- 1  # a constant factor tells nothing, whatever its scale
  standardised <- scale(train, center, spread)
  model <- survival::coxph(
    survival ~ survival::ridge(standardised, theta = 1, scale = FALSE),
    # With more factors than events, the default of 20 iterations can be too few.
    control = survival::coxph.control(iter.max = 100)
  )
  drop(scale(test, center, spread) %*% model$coefficients)
}
