# How well an embedding agrees with known subtypes.

#' Agreement of two groupings of the same samples
#'
#' @param truth,predicted The group of each sample in either grouping: factors or vectors of the
#'   same length, without missing values. The labels of the groups need not correspond.
#'
#' @return Named numeric vector:
#'   * `accuracy`: share of samples in corresponding groups, the groups matched one to one so that
#'     this share is greatest (Hungarian algorithm);
#'   * `nmi`: normalised mutual information, 2 I / (H + H'), from 0 to 1;
#'   * `ari`: adjusted Rand index, 1 for equal groupings and 0 on average for random ones.
#'
#'   Groupings of different lengths, without samples or with missing values are an error.
#'
#' @source Hubert and Arabie (1985), Comparing partitions, Journal of Classification 2, 193-218.
#' @family agreement with subtypes
#' @examples
#' cluster_agreement(truth = c("A", "A", "B", "B"), predicted = c(2, 2, 1, 2))
#' @export
cluster_agreement <- function(truth, predicted) {
  check_grouping(truth, "truth")
  check_grouping(predicted, "predicted")
  if (length(truth) != length(predicted)) {
    cli::cli_abort(c(
      "{.arg truth} and {.arg predicted} must group the same samples.",
      "x" = "They have {length(truth)} and {length(predicted)} values."
    ))
  }
  counts <- unclass(table(droplevels(as_group(truth)), droplevels(as_group(predicted))))
  c(accuracy = matched_share(counts), nmi = normalised_information(counts),
    ari = adjusted_rand(counts))
}

check_grouping <- function(groups, arg, call = rlang::caller_env()) {
  if (!is.atomic(groups) || length(groups) == 0 || anyNA(groups)) {
    cli::cli_abort(c(
      "{.arg {arg}} must give the group of every sample.",
      "x" = if (is.atomic(groups) && anyNA(groups)) {
        "Missing: {sum(is.na(groups))} of {length(groups)} values."
      } else {
        "It is {describe(groups)}."
      }
    ), call = call)
  }
}

# In these three, `counts` holds the number of samples in each pair of a true group (row) and a
# predicted one (column).

matched_share <- function(counts) {
  if (nrow(counts) > ncol(counts)) counts <- t(counts)  # solve_LSAP() wants no more rows
  match <- clue::solve_LSAP(counts, maximum = TRUE)
  sum(counts[cbind(seq_len(nrow(counts)), match)]) / sum(counts)
}

normalised_information <- function(counts) {
  joint <- counts / sum(counts)
  entropy <- \(p) -sum(p[p > 0] * log(p[p > 0]))
  both <- entropy(rowSums(joint)) + entropy(colSums(joint))
  if (both == 0) return(1)  # one group in either grouping: they are equal
  information <- max(0, both - entropy(joint))
  2 * information / both
}

adjusted_rand <- function(counts) {
  pairs <- \(n) sum(n * (n - 1) / 2)
  together <- pairs(counts)
  rows <- pairs(rowSums(counts))
  columns <- pairs(colSums(counts))
  expected <- rows * columns / max(1, pairs(sum(counts)))
  greatest <- (rows + columns) / 2
  if (greatest == expected) return(1)  # all together or all apart, in either grouping
  (together - expected) / (greatest - expected)
}

#' Agreement of an embedding with known subtypes
#'
#' Clusters the samples by their embedding, classifies them by their neighbours in it, and compares
#' both with known subtypes. Clusters and neighbours depend on random numbers, so each is repeated
#' with several seeds.
#'
#' With each seed, k-means with as many clusters as there are subtypes and one random start gives
#' the clusters, and a random 75 % of the samples classify the other 25 % by their k nearest
#' neighbours, where k is the number of subtypes. The user's random numbers are left as they were.
#'
#' @param embedding Numeric matrix or data frame, samples x factors, such as [latent()] returns.
#' @param subtype Factor or vector with the subtype of each sample, in the order of the rows of
#'   `embedding`. Samples whose subtype is `NA` are left out, with a message.
#' @param seeds Whole numbers, one per repetition.
#' @param survival Right-censored survival times from [survival::Surv()], in the order of the rows
#'   of `embedding`, to compare the clusters' survival too. `NULL` goes without;
#'   [evaluate_survival()] needs no subtypes.
#'
#' @return Data frame with one row per metric and the columns `metric`, `mean` and `sd`, over the
#'   seeds:
#'   * `accuracy`, `nmi`, `ari`: agreement of clusters and subtypes, as of [cluster_agreement()];
#'   * `silhouette`: mean silhouette width of the subtypes, from -1 to 1; it depends on no seed, so
#'     its `sd` is 0;
#'   * `knn`: share of the held-out samples whose subtype their neighbours tell;
#'   * with `survival`, also `logrank`, `logrank_p` and `concordance`, as of [evaluate_survival()]
#'     with five folds: of the same clusters, and of a Cox model on the embedding.
#'
#'   With one seed, `sd` is `NA`. It is an error if `embedding` is not numeric or has missing
#'   values, if `subtype` does not fit it, if there are fewer than two subtypes, or fewer samples
#'   than two per subtype.
#'
#' @source The procedure and the default seeds are those of Kocak Balik, Marttinen and Safinianaini
#'   (2025), POEMS: Product of Experts for Interpretable Multi-omic Integration using Sparse
#'   Decoding, arXiv:2511.03464.
#' @family agreement with subtypes
#' @examplesIf rlang::is_installed(c("class", "cluster"))
#' # The yardstick: how well do principal components of one omic tell the subtypes?
#' components <- prcomp(t(tcga_breast$omics$mrna), rank. = 10)$x
#' tumours <- tcga_breast$samples
#' subtype <- tumours$subtype[match(rownames(components), tumours$sample)]
#' evaluate_subtypes(components, subtype)
#' @export
evaluate_subtypes <- function(embedding, subtype, seeds = c(0, 12, 21, 42, 1234),
                              survival = NULL) {
  rlang::check_installed(c("class", "cluster"), "to compare an embedding with subtypes.")
  if (is.data.frame(embedding)) embedding <- as.matrix(embedding)
  check_embedding(embedding)
  check_subtype(subtype, embedding)
  check_seeds(seeds)
  if (!is.null(survival)) {
    rlang::check_installed("survival", "to compare survival times.")
    check_survival(survival, embedding)
  }
  known <- !is.na(subtype)
  if (!all(known)) {
    cli::cli_inform(c("i" = "Left out {sum(!known)} sample{?s} without a subtype."))
  }
  embedding <- embedding[known, , drop = FALSE]
  subtype <- droplevels(as_group(subtype[known]))
  check_enough_samples(embedding, subtype)
  if (!is.null(survival)) {
    survival <- survival[known]
    check_events(survival, default_folds)
    inform_unknown_survival(survival)
  }

  silhouette <- mean_silhouette(embedding, subtype)
  runs <- vapply(seeds, \(seed) {
    clusters <- with_seed(seed, kmeans_clusters(embedding, nlevels(subtype)))
    knn <- with_seed(seed, knn_accuracy(embedding, subtype))
    agreement <- c(cluster_agreement(subtype, clusters), silhouette = silhouette, knn = knn)
    if (is.null(survival)) return(agreement)
    c(agreement, survival_metrics(embedding, survival, clusters, default_folds, seed))
  }, numeric(if (is.null(survival)) 5 else 8))
  summarise_runs(runs)
}

# One row per metric from metrics x seeds.
summarise_runs <- function(runs) {
  data.frame(metric = rownames(runs), mean = unname(rowMeans(runs)),
             sd = unname(apply(runs, 1, stats::sd)))
}

check_embedding <- function(embedding, call = rlang::caller_env()) {
  if (!is.matrix(embedding) || !is.numeric(embedding)) {
    cli::cli_abort(c(
      "{.arg embedding} must be a numeric matrix or data frame, samples x factors.",
      "x" = "It is {describe(embedding)}."
    ), call = call)
  }
  lacking <- which(!is.finite(rowSums(embedding)))
  if (length(lacking) > 0) {
    cli::cli_abort(c(
      "{.arg embedding} must have no missing or infinite values.",
      "x" = "{cli::qty(length(lacking))}Sample{?s}:
             {quote_some(label(lacking, rownames(embedding)))}.",
      "i" = "Leave these samples out of {.arg embedding} and {.arg subtype}."
    ), call = call)
  }
}

check_subtype <- function(subtype, embedding, call = rlang::caller_env()) {
  if (!is.atomic(subtype) || length(subtype) != nrow(embedding)) {
    cli::cli_abort(c(
      "{.arg subtype} must be a factor or vector with one value per row of {.arg embedding}.",
      "x" = "{.arg embedding} is {describe(embedding)}; {.arg subtype} is
             {describe(subtype)}."
    ), call = call)
  }
  named <- !is.null(names(subtype)) && !is.null(rownames(embedding))
  if (named && !identical(names(subtype), rownames(embedding))) {
    cli::cli_abort(c(
      "The names of {.arg subtype} must be the row names of {.arg embedding}, in their order.",
      "i" = "Pass {.code subtype[rownames(embedding)]}, or {.code unname(subtype)} if the order is
             right."
    ), call = call)
  }
}

check_seeds <- function(seeds, arg = "seeds", call = rlang::caller_env()) {
  valid <- is.numeric(seeds) && length(seeds) > 0 && all(vapply(seeds, is_whole, NA))
  if (!valid) {
    cli::cli_abort("{.arg {arg}} must be whole numbers, not {describe(seeds)}.", call = call)
  }
}

check_enough_samples <- function(embedding, subtype, call = rlang::caller_env()) {
  if (nlevels(subtype) < 2) {
    cli::cli_abort(c(
      "{.arg subtype} must have at least two subtypes.",
      "x" = "It has {nlevels(subtype)}: {quote_some(levels(subtype))}."
    ), call = call)
  }
  if (length(subtype) < 2 * nlevels(subtype)) {
    cli::cli_abort(c(
      "{.arg subtype} must have at least two samples per subtype, on average.",
      "x" = "It has {nlevels(subtype)} subtypes among {length(subtype)} samples.",
      "i" = "Join rare subtypes, or set them to {.code NA} to leave them out."
    ), call = call)
  }
  distinct <- nrow(unique(embedding))
  if (distinct < nlevels(subtype)) {
    cli::cli_abort(c(
      "{.arg embedding} must have at least as many distinct rows as there are subtypes.",
      "x" = "It has {distinct} distinct row{?s} for {nlevels(subtype)} subtypes.",
      "i" = "The factors may carry no information; see whether the model has been trained."
    ), call = call)
  }
}

kmeans_clusters <- \(embedding, k) stats::kmeans(embedding, k, iter.max = 100, nstart = 1)$cluster

mean_silhouette <- function(embedding, subtype) {
  mean(cluster::silhouette(as.integer(subtype), stats::dist(embedding))[, "sil_width"])
}

knn_accuracy <- function(embedding, subtype) {
  test <- sample.int(length(subtype), ceiling(length(subtype) / 4))
  told <- class::knn(embedding[-test, , drop = FALSE], embedding[test, , drop = FALSE],
                     subtype[-test], k = nlevels(subtype))
  mean(told == subtype[test])
}

# Runs code with a seed of R's default generator, then puts the user's generator back.
with_seed <- function(seed, code) {
  withr::with_seed(seed, code, .rng_kind = "Mersenne-Twister", .rng_normal_kind = "Inversion",
                   .rng_sample_kind = "Rejection")
}
