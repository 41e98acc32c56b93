# Agreement of test embeddings with PAM50 on tcga_breast, of poems() with its default settings, of
# the "published" configuration and of PCA. Writes bench/accuracy.md.
#
#   Rscript bench/accuracy.R        (about 10 minutes on 2 cores)
#
# Twenty splits of the 150 tumours that have all three omics (the published configuration and PCA
# take no others): four times, the tumours are cut into five parts, each of which is the test set of
# one split. Models see the training tumours only; test tumours are projected. Embeddings have 32
# dimensions. Scores by evaluate_subtypes(): k-means with 3 clusters and 3 nearest neighbours,
# fifteen seeds each.
library(omicpoems)

repeats <- 4L
parts <- 5L
splits <- repeats * parts
seeds <- 1:15
dimensions <- 32L
complete <- tcga_breast$samples$set == "train"
samples <- tcga_breast$samples[complete, ]
omics <- lapply(tcga_breast$omics, \(x) x[, samples$sample])
# Samples x repeats: the split that a tumour is tested in.
fold <- vapply(seq_len(repeats), \(r) {
  set.seed(r)
  (r - 1L) * parts + sample(rep_len(seq_len(parts), nrow(samples)))
}, integer(nrow(samples)))

# The components of the test tumours.
embed_pca <- function(train, test) {
  standardised <- Map(\(a, b) {
    center <- rowMeans(a)
    scale <- apply(a, 1, stats::sd)
    list(train = (a - center) / scale, test = (b - center) / scale)
  }, train, test)
  stack <- \(part) t(do.call(rbind, lapply(standardised, `[[`, part)))
  stats::predict(stats::prcomp(stack("train"), rank. = dimensions), stack("test"))
}

# Posterior means, on the scale for distances and as they are, and one sample of z, which is what
# the released code evaluates.
embed_poems <- function(train, test, objective, seed) {
  fit <- poems(train,
    factors = dimensions, seed = seed,
    control = poems_control(objective, progress = FALSE)
  )
  projected <- omicpoems:::project_samples(fit, omicpoems:::align_newdata(fit$omics, test))
  set.seed(seed)
  noise <- stats::rnorm(length(projected$latent))
  list(
    scaled = predict(fit, test, scaled = TRUE),
    mean = predict(fit, test),
    sample = projected$latent + exp(projected$logvar / 2) * noise,
    epochs = nrow(fit$history), seconds = fit$seconds,
    zeros = 1 - fit$history$nonzero[fit$best_epoch]
  )
}

score <- function(method, split, embedding, test, run = list(epochs = NA, seconds = NA, zeros = NA)) {
  metrics <- evaluate_subtypes(embedding, samples$subtype[test], seeds)
  value <- stats::setNames(metrics$mean, metrics$metric)
  data.frame(
    method = method, split = split, ACC = value[["accuracy"]], NMI = value[["nmi"]],
    kNN = value[["knn"]], epochs = run$epochs, seconds = run$seconds, zeros = run$zeros
  )
}

runs <- do.call(rbind, lapply(seq_len(splits), \(split) {
  test <- rowSums(fold == split) == 1
  a <- lapply(omics, \(x) x[, !test])
  b <- lapply(omics, \(x) x[, test])
  elbo <- embed_poems(a, b, "elbo", seed = 20L + split)
  published <- embed_poems(a, b, "published", seed = 20L + split)
  pca <- embed_pca(a, b)
  message("split ", split, " done")
  rbind(
    score("poems(), default (elbo), scaled", split, elbo$scaled, test, elbo),
    score("PCA, 32 components", split, pca, test),
    score("poems(), posterior means", split, elbo$mean, test, elbo),
    score("\"published\", posterior mean", split, published$mean, test, published),
    score("\"published\", one sample of z", split, published$sample, test, published)
  )
}))

runs$mean <- rowMeans(runs[c("ACC", "NMI", "kNN")])
methods <- unique(runs$method)
cell <- \(x, digits = 2) {
  if (anyNA(x)) return("")
  sprintf("%.*f ± %.*f", digits, mean(x), digits, stats::sd(x))
}
rows <- vapply(methods, \(m) {
  r <- runs[runs$method == m, ]
  paste0("| ", paste(c(
    m, cell(r$ACC), cell(r$NMI), cell(r$kNN), cell(r$mean), cell(r$epochs, 0), cell(r$seconds, 1),
    if (anyNA(r$zeros)) "" else sprintf("%.0f %%", 100 * mean(r$zeros))
  ), collapse = " | "), " |")
}, "")
averages <- sort(vapply(methods, \(m) mean(runs$mean[runs$method == m]), 0), decreasing = TRUE)
ours <- runs$mean[runs$method == methods[1]]
pca <- runs$mean[runs$method == methods[2]]

writeLines(c(
  "# Accuracy",
  "",
  "Made by `Rscript bench/accuracy.R`; its header says how.",
  "",
  sprintf(
    "%s, R %s, omicpoems %s, %d threads.", format(Sys.Date()), getRversion(),
    utils::packageVersion("omicpoems"), poems_control()$threads
  ),
  "",
  "## Test-set agreement with PAM50, `tcga_breast`",
  "",
  sprintf(
    "Mean ± standard deviation over %d splits (%d tumours to train on, %d to test on).",
    splits, nrow(samples) - sum(fold == 1), sum(fold == 1)
  ),
  "",
  "| method | ACC | NMI | kNN | mean of the three | epochs | seconds | zeros in W |",
  "|---|---|---|---|---|---|---|---|",
  rows,
  "",
  sprintf(
    "Highest mean of the three: %s.",
    paste(sprintf("%s (%.3f)", names(averages), averages), collapse = ", then ")
  ),
  sprintf(
    paste(
      "The default minus PCA, split by split: %.3f ± %.3f (mean ± standard error); positive in %d",
      "of %d splits."
    ),
    mean(ours - pca), stats::sd(ours - pca) / sqrt(splits), sum(ours > pca), splits
  )
), "bench/accuracy.md")
cat(readLines("bench/accuracy.md"), sep = "\n")
