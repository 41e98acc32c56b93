# What bending decoders is worth: the default fit beside the same model whose decoders stay at their
# linear start, and beside one that trains longer and faster. Writes bench/nonlinear.md.
#
#   STREAK=folder Rscript bench/nonlinear.R        (about 25 minutes on 2 cores)
#
# Cohorts: tcga_breast (150 complete tumours); METABRIC (package iC10TrainingData: 997 tumours,
# expression and copy number); 1,000 blood cells, RNA and 17 surface proteins, of package STREAK
# (STREAK: folder of its unpacked sources), RNA as log1p of counts per 10,000 of the 1,000 genes
# that vary most, proteins as log1p; simulations whose links are all linear, or of all four kinds.
# Each is split three times; a fifth of the samples is left out. In these: how much of the variance
# of values that are given is decoded ("decoded"), how much of that of hidden ones (a tenth, at
# random) is imputed ("hidden"), and in simulations how much of the signal behind the noise is
# decoded ("signal"). R2 is 1 - sum of squared errors / sum of squares about the training mean of
# standardised values, mean over omics. Differences are to the linear start, with their standard
# error over splits.
library(omicpoems)

control <- list(progress = FALSE)
variants <- list(
  linear = c(control, list(epochs = 1, learning_rate = 1e-12, validation = 0)),
  default = control,
  longer = c(control, list(learning_rate = 2e-3, patience = 100))
)

complete <- tcga_breast$samples$sample[tcga_breast$samples$set == "train"]
cohorts <- list(tcga_breast = \() list(omics = lapply(tcga_breast$omics, \(x) x[, complete])))

if (requireNamespace("iC10TrainingData", quietly = TRUE)) cohorts$METABRIC <- \() {
  data <- new.env()
  utils::data(list = c("train.CN", "train.Exp"), package = "iC10TrainingData", envir = data)
  list(omics = lapply(list(expression = data$train.Exp, copy_number = data$train.CN), \(x) {
    rownames(x) <- make.unique(as.character(rownames(x)))
    as.matrix(x)
  }))
}

if (nzchar(Sys.getenv("STREAK"))) cohorts$`blood cells` <- \() {
  read <- \(name) {
    data <- new.env()
    load(file.path(Sys.getenv("STREAK"), "data", paste0(name, ".rda")), data)
    Matrix::t(data[[name]])
  }
  rna <- read("train.malt.rna.mat")
  rna <- log1p(as.matrix(rna %*% Matrix::Diagonal(x = 1e4 / Matrix::colSums(rna))))
  protein <- log1p(as.matrix(read("train.malt.adt.mat")))
  colnames(rna) <- colnames(protein)
  rownames(rna) <- make.unique(rownames(rna))
  spread <- apply(rna, 1, stats::var)
  list(omics = list(rna = rna[order(-spread)[1:1000], ], protein = protein))
}

simulate <- function(n, links) {
  truth <- simulate_omics(n * 5 / 4, c(a = 250, b = 150, c = 100), 6, links = links, seed = n)
  truth[c("omics", "signal")]
}
all_links <- c("linear", "saturating", "rectified", "quadratic")
for (n in c(200, 500, 1000, 2000, 5000, 10000)) {
  for (kind in c("linear", "all links")) {
    links <- if (kind == "linear") "linear" else all_links
    cohorts[[sprintf("simulated, %s, n = %d", kind, n)]] <- local({
      n <- n
      links <- links
      \() simulate(n, links)
    })
  }
}

standardise <- \(x, by) (x - rowMeans(by)) / apply(by, 1, stats::sd)
r2 <- \(truth, guess) 1 - sum((truth - guess)^2) / sum(truth^2)

measure <- function(cohort, split) {
  set.seed(split)
  samples <- colnames(cohort$omics[[1]])
  out <- sample(samples, length(samples) %/% 5)
  train <- lapply(cohort$omics, \(x) x[, setdiff(samples, out)])
  train <- lapply(train, \(x) x[apply(x, 1, stats::sd) > 0, ])
  test <- Map(\(x, t) x[rownames(t), out], cohort$omics, train)
  hides <- lapply(test, \(x) matrix(stats::runif(length(x)) < 0.1, nrow(x)))
  seen <- Map(\(x, h) replace(x, h, NA), test, hides)
  truth <- Map(standardise, test, train)
  signal <- Map(\(s, t) s[rownames(t), out], cohort$signal, train[names(cohort$signal)])
  do.call(rbind, lapply(names(variants), \(variant) {
    fit <- poems(train, 32, seed = split, control = variants[[variant]])
    decoded <- predict(fit, test, type = "reconstruction")
    filled <- impute(fit, seen)[names(test)]
    data.frame(
      variant = variant, split = split, factors = fit$factors, bend = mean(fit$bend, na.rm = TRUE),
      decoded = mean(mapply(\(z, g, t) r2(z, standardise(g, t)), truth, decoded, train)),
      hidden = mean(mapply(\(z, g, t, h) {
        r2(z[h], standardise(g[rownames(t), colnames(z)], t)[h])
      }, truth, filled, train, hides)),
      signal = if (length(signal) == 0) NA else {
        mean(mapply(\(s, g) r2(s - rowMeans(s), g - rowMeans(g)), signal, decoded))
      },
      epochs = fit$best_epoch, seconds = fit$seconds
    )
  }))
}

results <- do.call(rbind, lapply(names(cohorts), \(name) {
  cohort <- cohorts[[name]]()
  splits <- if (ncol(cohort$omics[[1]]) > 3000) 1 else 1:3
  rows <- do.call(rbind, lapply(splits, \(split) measure(cohort, split)))
  message(name, " done")
  data.frame(cohort = name, rows)
}))

# One row per cohort: of `column`, the value at the linear start and by how much others exceed it.
compare <- function(rows) {
  at <- \(variant, column) rows[rows$variant == variant, column]
  gain <- \(variant, column) {
    d <- at(variant, column) - at("linear", column)
    if (anyNA(d)) return("")
    error <- if (length(d) > 1) sprintf(" ± %.3f", stats::sd(d) / sqrt(length(d))) else ""
    sprintf("%+.3f%s", mean(d), error)
  }
  start <- \(column) if (anyNA(at("linear", column))) "" else sprintf("%.3f", mean(at("linear", column)))
  cells <- unlist(lapply(c("decoded", "hidden", "signal"), \(column) {
    c(start(column), gain("default", column), gain("longer", column))
  }))
  bent <- vapply(c("default", "longer"), \(v) sprintf("%.1f %%", 100 * mean(at(v, "bend"))), "")
  used <- vapply(names(variants), \(v) sprintf("%.0f", mean(at(v, "factors"))), "")
  paste0("| ", paste(c(rows$cohort[1], cells, bent, toString(used)), collapse = " | "), " |")
}
by_cohort <- split(results, factor(results$cohort, names(cohorts)))
writeLines(c(
  "# What bending decoders is worth", "",
  "Made by `Rscript bench/nonlinear.R`; its header says how. Per measure: the linear start, and what",
  "the default and a longer, faster training (learning rate 2e-3, patience 100) add to it. \"Bend\":",
  "the share of what the decoders explain that is not linear in the factors (default, longer);",
  "\"factors\": those in use (linear, default, longer).", "",
  sprintf("%s, omicpoems %s.", format(Sys.Date()), utils::packageVersion("omicpoems")), "",
  paste("| cohort | decoded | default | longer | hidden | default | longer | signal | default |",
        "longer | bend | longer | factors |"),
  "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
  vapply(by_cohort, compare, "")
), "bench/nonlinear.md")
cat(readLines("bench/nonlinear.md"), sep = "\n")
