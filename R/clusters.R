# Groups of samples that a fit suggests.

most_clusters <- 10

# The silhouette compares all pairs of samples: more than these are looked at in part.
most_silhouette_samples <- 2000

#' Cluster samples by their factors
#'
#' Groups the samples of a fit by k-means or a mixture of Gaussians on their posterior means, scaled
#' as `latent(fit, scaled = TRUE)` has them.
#'
#' Where `k` is `NULL`, the number of clusters is that which scores best:
#'
#' * `"kmeans"`: the largest mean silhouette width over 2 to `r most_clusters` clusters. Where there
#'   are more than `r most_silhouette_samples` samples, the silhouette is that of as many drawn at
#'   random.
#' * `"mclust"`: the largest Bayesian information criterion (as mclust has it, larger is better)
#'   over 1 to `r most_clusters` clusters and all of mclust's shapes of the covariance.
#'
#' k-means is the best of 25 random starts. A number of clusters always comes out, also where
#' samples have no groups: a mean silhouette width below 0.25 says that there are none to speak of.
#'
#' @inheritParams variance_explained
#' @param k Number of clusters, at least 2; `NULL` chooses.
#' @param method `"kmeans"`, or `"mclust"`, which needs the package mclust.
#' @param seed A whole number that decides everything random. The user's random numbers are left as
#'   they were.
#'
#' @return A factor named by sample, in the order of `fit$samples`, of class `poems_clusters`.
#'   Levels are `"Cluster1"`, `"Cluster2"`, ..., the largest first. It goes wherever a group of
#'   samples is asked for. Its attribute `choice` is a list:
#'   * `method`, `k`, `seed`;
#'   * `criterion`: `"silhouette"` or `"BIC"`;
#'   * `scores`: data frame with the columns `k` and `score`, one row per number tried.
#'
#' @section Errors:
#' It is an error if the fit has no factor in use, or if `k` is not below the number of distinct
#' samples.
#'
#' @references Rousseeuw (1987), Silhouettes: a graphical aid to the interpretation and validation
#'   of cluster analysis, Journal of Computational and Applied Mathematics 20, 53-65. Fraley and
#'   Raftery (2002), Model-based clustering, discriminant analysis, and density estimation, Journal
#'   of the American Statistical Association 97, 611-631.
#' @family biology
#' @seealso [evaluate_subtypes()] where groups are known.
#' @examplesIf rlang::is_installed("cluster")
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' clusters <- cluster_samples(fit)
#' clusters
#' table(clusters, tcga_breast$samples$subtype)
#' @export
cluster_samples <- function(fit, k = NULL, method = c("kmeans", "mclust"), seed = 1) {
  check_fit(fit)
  check_any_factor(fit)
  method <- arg_match(method)
  seed <- check_seed(seed)
  rlang::check_installed(c(kmeans = "cluster", mclust = "mclust")[[method]], "to cluster samples.")
  own <- scaled_means(fit$latent, fit)
  distinct <- nrow(unique(own))
  most <- max(2, min(most_clusters, distinct - 1))
  if (!is.null(k)) {
    check_value(k, "k", sprintf("`NULL` or a whole number from 2 to %d", distinct - 1),
                \(x) is_whole(x) && x >= 2 && x < distinct)
  }
  try <- if (is.null(k)) seq(if (method == "mclust") 1 else 2, most) else as.integer(k)
  found <- with_seed(seed, switch(method,
    kmeans = cluster_kmeans(own, try),
    mclust = cluster_mclust(own, try)
  ))
  choice <- list(
    method = method, k = length(unique(found$cluster)), seed = seed, criterion = found$criterion,
    scores = data.frame(k = try, score = found$scores)
  )
  structure(
    name_clusters(found$cluster, fit$samples),
    choice = choice, class = c("poems_clusters", "factor")
  )
}

# Each of these returns `cluster`, a number per sample, and the score of every number of clusters in
# `try` by `criterion`.

cluster_kmeans <- function(own, try) {
  runs <- lapply(try, \(k) stats::kmeans(own, k, iter.max = 100, nstart = 25)$cluster)
  looked_at <- seq_len(nrow(own))
  if (length(looked_at) > most_silhouette_samples) {
    looked_at <- draw_from(looked_at, most_silhouette_samples)
  }
  scores <- vapply(runs, \(cluster) {
    mean_silhouette(own[looked_at, , drop = FALSE], cluster[looked_at])
  }, 0)
  list(cluster = runs[[which.max(scores)]], scores = scores, criterion = "silhouette")
}

cluster_mclust <- function(own, try) {
  # Mclust() looks for other functions of its package where it is called from.
  model <- eval(quote(Mclust(own, G = try, verbose = FALSE)),
                list(own = own, try = try), asNamespace("mclust"))
  scores <- apply(model$BIC, 1, \(row) if (all(is.na(row))) NA else max(row, na.rm = TRUE))
  list(cluster = model$classification, scores = unname(scores), criterion = "BIC")
}

# Names clusters by their size, the largest first.
name_clusters <- function(cluster, samples) {
  by_size <- names(sort(-table(cluster)))
  names <- paste0("Cluster", seq_along(by_size))
  stats::setNames(factor(match(cluster, by_size), seq_along(by_size), names), samples)
}

#' @export
print.poems_clusters <- function(x, ...) {
  choice <- attr(x, "choice")
  attr(x, "choice") <- NULL
  class(x) <- "factor"
  if (is.null(choice)) { # a part of the samples
    print(x, ...)
    return(invisible(x))
  }
  cli::cat_line(cli::style_bold("Clusters"), cli::pluralize(
    " of {length(x)} samples by {choice$method}: {choice$k}"
  ))
  cat_table(list(cluster = levels(x), samples = format(as.vector(table(x)))))
  cat_text(describe_cluster_choice(choice))
  invisible(x)
}

describe_cluster_choice <- function(choice) {
  best <- max(choice$scores$score, na.rm = TRUE)
  of <- c(silhouette = "Mean silhouette width", BIC = "Bayesian information criterion")
  tried <- if (nrow(choice$scores) > 1) {
    sprintf(", the largest for %d to %d clusters", min(choice$scores$k), max(choice$scores$k))
  } else {
    ""
  }
  sprintf("%s %.4g%s; seed %d.", of[[choice$criterion]], best, tried, choice$seed)
}
