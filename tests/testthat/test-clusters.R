skip_if_not_installed("cluster")

# A fit whose samples are in three clear groups; only the factors are made up.
grouped_fit <- local({
  fit <- NULL
  function() {
    if (is.null(fit)) {
      truth <- simulate_omics(
        samples = 90, features = c(rna = 60, protein = 40), factors = 3, links = "linear",
        factors_per_feature = 1, subtypes = 3, separation = 6, noise = 0.3, seed = 5
      )
      fit <<- list(
        truth = truth,
        fit = poems(truth$omics, factors = 6, seed = 1,
                    control = list(epochs = 20, threads = 1, progress = FALSE))
      )
    }
    fit
  }
})

test_that("clear subtypes are found, with their number", {
  skip_if_not_installed("mclust")
  fit <- grouped_fit()$fit
  truth <- grouped_fit()$truth$subtype[fit$samples]
  for (method in c("kmeans", "mclust")) {
    clusters <- cluster_samples(fit, method = method)
    expect_identical(attr(clusters, "choice")$k, 3L)
    expect_gt(cluster_agreement(truth, clusters)[["ari"]], 0.95)
    expect_named(clusters, fit$samples)
    expect_false(is.unsorted(-table(clusters)))
  }
})

test_that("the number of clusters is that with the largest silhouette or BIC", {
  skip_if_not_installed("mclust")
  fit <- small_fit()
  clusters <- cluster_samples(fit)
  choice <- attr(clusters, "choice")
  expect_identical(choice$scores$k, 2:10)
  expect_identical(choice$k, choice$scores$k[which.max(choice$scores$score)])
  # The silhouette by its definition.
  x <- sweep(latent(fit), 2, fit$spread, `*`)
  d <- as.matrix(stats::dist(x))
  widths <- vapply(seq_along(clusters), \(i) {
    means <- vapply(levels(clusters), \(level) {
      sum(d[i, clusters == level]) / (sum(clusters == level) - (clusters[i] == level))
    }, 0)
    a <- means[[as.character(clusters[i])]]
    b <- min(means[names(means) != as.character(clusters[i])])
    if (is.nan(a)) 0 else (b - a) / max(a, b)
  }, 0)
  expect_equal(max(choice$scores$score), mean(widths))

  mixture <- attr(cluster_samples(fit, method = "mclust"), "choice")
  expect_identical(mixture$scores$k, 1:10)
  # The BIC of a single Gaussian, with the smallest of mclust's shapes: log-likelihood by hand.
  log_density <- \(covariance) {
    centred <- scale(x, scale = FALSE)
    -nrow(x) / 2 * (ncol(x) * log(2 * pi) + as.numeric(determinant(covariance)$modulus)) -
      sum(centred * t(solve(covariance, t(centred)))) / 2
  }
  covariance <- crossprod(scale(x, scale = FALSE)) / nrow(x)
  k <- ncol(x)
  shapes <- list(
    list(diag(mean(diag(covariance)), k), 1), list(diag(diag(covariance)), k),
    list(covariance, k * (k + 1) / 2)
  )
  bic <- vapply(shapes, \(s) 2 * log_density(s[[1]]) - (k + s[[2]]) * log(nrow(x)), 0)
  expect_equal(mixture$scores$score[1], max(bic))
})

test_that("clusters do not depend on, or change, the user's random numbers", {
  skip_if_not_installed("mclust")
  fit <- small_fit()
  for (method in c("kmeans", "mclust")) {
    set.seed(1)
    first <- cluster_samples(fit, method = method)
    after <- stats::runif(1)
    set.seed(1)
    expect_identical(stats::runif(1), after)
    set.seed(99)
    expect_identical(cluster_samples(fit, method = method), first)
  }
  expect_identical(attr(cluster_samples(fit, seed = 7), "choice")$seed, 7L)
})

test_that("the number of clusters can be given", {
  fit <- small_fit()
  clusters <- cluster_samples(fit, k = 4)
  expect_identical(nlevels(clusters), 4L)
  expect_identical(attr(clusters, "choice")$scores$k, 4L)
})

test_that("silhouettes of many samples are those of a part of them", {
  x <- withr::with_seed(1, matrix(stats::rnorm(6000), 3000) + rep(c(0, 5), each = 1500))
  found <- with_seed(1, cluster_kmeans(x, 2:3))
  expect_identical(length(found$cluster), 3000L)
  expect_identical(which.max(found$scores), 1L)
})

test_that("clusters are groups for figures, and a part of them is a factor", {
  fit <- small_fit()
  clusters <- cluster_samples(fit, k = 2)
  expect_s3_class(clusters, "factor")
  group <- check_group(clusters, fit$samples)
  expect_identical(as.character(group), as.character(clusters))
  expect_output(print(clusters[1:3]), "Levels: Cluster1 Cluster2")
})

test_that("clusters print what was chosen", {
  clusters <- structure(
    factor(rep(c("Cluster1", "Cluster2"), c(12, 8))),
    class = c("poems_clusters", "factor"),
    choice = list(method = "kmeans", k = 2L, seed = 1L, criterion = "silhouette",
                  scores = data.frame(k = 2:4, score = c(0.4, 0.3, 0.2)))
  )
  expect_snapshot(print(clusters))
  attr(clusters, "choice")$scores <- data.frame(k = 2L, score = -120.25)
  attr(clusters, "choice")$criterion <- "BIC"
  expect_snapshot(print(clusters))
})

test_that("wrong arguments are errors", {
  fit <- small_fit()
  flat <- fit
  flat$latent[] <- rep(1:3, length.out = nrow(fit$latent))
  none <- with_factors(fit, 0)
  expect_snapshot({
    tell(cluster_samples(1))
    tell(cluster_samples(none))
    tell(cluster_samples(fit, k = 1))
    tell(cluster_samples(fit, k = 60))
    tell(cluster_samples(flat, k = 3))
    tell(cluster_samples(fit, seed = -1))
  })
})
