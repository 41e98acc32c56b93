skip_if_not_installed("class")
skip_if_not_installed("cluster")

# Two well separated groups of ten samples in the plane.
two_groups <- function() {
  corner <- rep(c(0, 10), each = 10)
  embedding <- cbind(corner + sin(1:20), corner + cos(1:20))
  rownames(embedding) <- paste0("s", 1:20)
  embedding
}
groups <- rep(c("A", "B"), each = 10)

test_that("agreement is scikit-learn's", {
  skip_if_not_installed("jsonlite")
  path <- test_path("fixtures", "clustering_metrics.json")
  cases <- jsonlite::fromJSON(path, simplifyDataFrame = FALSE)$cases
  expect_length(cases, 9)
  for (case in cases) {
    agreement <- cluster_agreement(case$truth, case$predicted)
    expected <- unlist(case[c("accuracy", "nmi", "ari")])
    expect_named(agreement, names(expected))
    expect_lt(max(abs(agreement - expected)), 1e-12)
  }
})

test_that("agreement does not depend on the labels, nor on which grouping comes first", {
  truth <- c(1, 1, 2, 2, 3, 3, 3)
  predicted <- c(1, 1, 2, 2, 2, 1, 2)
  renamed <- factor(c("z", "y")[predicted], levels = c("unused", "y", "z"))
  expect_equal(cluster_agreement(truth, renamed), cluster_agreement(truth, predicted))
  expect_equal(cluster_agreement(predicted, truth), cluster_agreement(truth, predicted))
  expect_equal(cluster_agreement(truth, letters[truth]), c(accuracy = 1, nmi = 1, ari = 1))
})

test_that("agreement of trivial groupings is defined", {
  together <- rep(1, 4)
  apart <- 1:4
  expect_equal(cluster_agreement(together, together), c(accuracy = 1, nmi = 1, ari = 1))
  expect_equal(cluster_agreement(apart, apart), c(accuracy = 1, nmi = 1, ari = 1))
  expect_equal(cluster_agreement(together, apart), c(accuracy = 0.25, nmi = 0, ari = 0))
  expect_equal(cluster_agreement("A", "B"), c(accuracy = 1, nmi = 1, ari = 1))
})

test_that("the published embedding gives the published table", {
  embedding <- utils::read.csv(test_path("fixtures", "published_brca_test_embedding.csv"))
  result <- evaluate_subtypes(embedding[-1], embedding$subtype)
  mean <- stats::setNames(result$mean, result$metric)
  # R's k-means and splits draw other numbers than scikit-learn's: agreement is within the spread
  # over seeds that scikit-learn shows.
  expect_lt(abs(mean["accuracy"] - 0.634), 0.057)
  expect_lt(abs(mean["nmi"] - 0.444), 0.043)
  expect_lt(abs(mean["knn"] - 0.782), 2 * 0.027)
})

test_that("separated groups are found", {
  result <- evaluate_subtypes(two_groups(), groups)
  expect_s3_class(result, "data.frame")
  expect_named(result, c("metric", "mean", "sd"))
  expect_equal(result$metric, c("accuracy", "nmi", "ari", "silhouette", "knn"))
  expect_equal(result$mean[-4], rep(1, 4))
  expect_equal(result$sd, numeric(5))
  expected <- cluster::silhouette(rep(1:2, each = 10), dist(two_groups()))
  expect_equal(result$mean[4], mean(expected[, "sil_width"]))
})

test_that("results depend on the seeds alone, and leave the user's random numbers alone", {
  embedding <- two_groups() + 20 * sin(1:40)
  set.seed(1)
  expected <- stats::runif(3)
  set.seed(1)
  first <- evaluate_subtypes(embedding, groups)
  expect_identical(stats::runif(3), expected)

  default <- RNGkind("L'Ecuyer-CMRG", "Box-Muller", "Rejection")
  on.exit(RNGkind(default[1], default[2], default[3]))
  user <- RNGkind()
  expect_identical(evaluate_subtypes(embedding, groups), first)
  expect_identical(RNGkind(), user)
})

test_that("an unset generator stays unset", {
  set.seed(1)
  rm(".Random.seed", envir = globalenv())
  evaluate_subtypes(two_groups(), groups)
  expect_false(exists(".Random.seed", globalenv(), inherits = FALSE))
})

test_that("samples without a subtype are left out with a message", {
  embedding <- rbind(two_groups(), matrix(5, 2, 2))
  expect_snapshot(tell(result <- evaluate_subtypes(embedding, c(groups, NA, NA))))
  expect_equal(result, evaluate_subtypes(two_groups(), groups))
})

test_that("factors, also with unused levels, and numbers are subtypes too", {
  expected <- evaluate_subtypes(two_groups(), groups)
  expect_equal(evaluate_subtypes(two_groups(), factor(groups, levels = c("C", "B", "A"))), expected)
  expect_equal(evaluate_subtypes(two_groups(), rep(1:2, each = 10)), expected)
})

test_that("one seed gives no spread", {
  expect_equal(evaluate_subtypes(two_groups(), groups, seeds = 4)$sd, rep(NA_real_, 5))
})

test_that("bad groupings are errors", {
  expect_snapshot({
    tell(cluster_agreement(1:3, 1:4))
    tell(cluster_agreement(c(1, NA, 2), 1:3))
    tell(cluster_agreement(1:3, NULL))
    tell(cluster_agreement(list(1, 2), 1:2))
  })
})

test_that("bad embeddings, subtypes and seeds are errors", {
  embedding <- two_groups()
  expect_snapshot({
    tell(evaluate_subtypes("latent", groups))
    tell(evaluate_subtypes(data.frame(embedding, groups), groups))
    tell(evaluate_subtypes(replace(embedding, c(3, 25), c(NA, Inf)), groups))
    tell(evaluate_subtypes(embedding, groups[-1]))
    tell(evaluate_subtypes(embedding, stats::setNames(groups, rev(rownames(embedding)))))
    tell(evaluate_subtypes(embedding, rep("A", 20)))
    tell(evaluate_subtypes(embedding, rep(1:11, 2)[1:20]))
    tell(evaluate_subtypes(0 * embedding, groups))
    tell(evaluate_subtypes(embedding, groups, seeds = "a"))
    tell(evaluate_subtypes(embedding, groups, seeds = numeric()))
  })
})
