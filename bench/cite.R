# CITE-seq: counts of RNA and of surface proteins in the same cells. What they look like beside what
# the negative binomial expects, and how well proteins of cells that lack them are predicted from
# RNA, beside ridge regression (glmnet) and partial least squares (pls). Writes bench/cite.md.
#
#   STREAK=folder Rscript bench/cite.R [splits, 3]
#
# 1,000 cells of a MALT tumour (10x Genomics), RNA and 17 proteins, of package STREAK (STREAK:
# folder of its unpacked sources). In each split a fifth of the cells has no protein. The 1,500
# genes are those whose log1p of counts per 10,000 varies most in the training cells. Predictions
# are compared with log1p of the counts of the hidden proteins: R2 about the mean of the training
# cells, and correlation, both means over proteins.
suppressPackageStartupMessages(library(omicpoems))

genes <- 1500L
control <- list(threads = 2, progress = FALSE)

read_streak <- function(name) {
  data <- new.env()
  load(file.path(Sys.getenv("STREAK"), "data", paste0(name, ".rda")), data)
  Matrix::t(data[[name]])
}

read_cells <- function() {
  rna <- read_streak("train.malt.rna.mat")
  protein <- as.matrix(read_streak("train.malt.adt.mat"))
  rownames(protein) <- paste0("adt_", rownames(protein))
  dimnames(rna) <- list(make.unique(rownames(rna)), colnames(protein))
  total <- Matrix::colSums(rna)
  rna <- rna[Matrix::rowSums(rna > 0) >= 10, ]
  logs <- log1p(as.matrix(rna %*% Matrix::Diagonal(x = 1e4 / total)))
  colnames(logs) <- colnames(rna)
  list(rna = rna, protein = protein, total = total, logs = logs)
}

# ---- What the counts look like ----------------------------------------------------------------

quantiles <- function(x) {
  paste(formatC(stats::quantile(x, c(0, 0.05, 0.5, 0.95, 1)), format = "d", big.mark = ","),
        collapse = " | ")
}

# Per feature, the share of zeros, and that expected of Poisson and negative binomial counts with
# the feature's mean and the cells' sizes; the dispersion by moments.
zeros_of <- function(counts, size) {
  mu <- outer(Matrix::rowSums(counts) / sum(size), size)
  excess <- rowSums((as.matrix(counts) - mu)^2 - mu)
  dispersion <- pmax(excess / rowSums(mu^2), 1e-4)
  data.frame(
    feature = rownames(counts), mean = rowMeans(mu), dispersion = dispersion,
    seen = rowMeans(as.matrix(counts) == 0), poisson = rowMeans(exp(-mu)),
    negative_binomial = rowMeans((1 + dispersion * mu)^(-1 / dispersion))
  )
}

# ---- Predictions --------------------------------------------------------------------------------

of_poems <- function(train, test, family, steps) {
  fit <- suppressMessages(suppressWarnings(poems(
    train[c("rna", "protein")], factors = 32, seed = 1, control = control, family = family,
    preprocess = steps
  )))
  guess <- predict(fit, list(rna = test$rna), type = "reconstruction")$protein
  list(guess = log1p(pmax(guess, 0)), setting = sprintf("%d factors", fit$factors))
}

# Ridge regression of every protein, its penalty chosen by five folds.
of_ridge <- function(train, test) {
  x <- t(train$logs)
  guess <- apply(log1p(train$protein), 1, \(y) {
    of <- glmnet::cv.glmnet(x, y, alpha = 0, nfolds = 5, nlambda = 30, thresh = 1e-5)
    stats::predict(of, t(test$logs), s = "lambda.min")[, 1]
  })
  list(guess = t(guess), setting = "penalty by protein")
}

# Partial least squares of all proteins, standardised genes; components chosen by five folds.
of_pls <- function(train, test) {
  data <- list(y = t(log1p(train$protein)), x = scale(t(train$logs)))
  of <- pls::plsr(y ~ x, ncomp = 20, data = data, validation = "CV", segments = 5)
  error <- colMeans(matrix(of$validation$PRESS, ncol = 20) / rowMeans(of$validation$PRESS))
  components <- which.min(error)
  x <- scale(t(test$logs), attr(data$x, "scaled:center"), attr(data$x, "scaled:scale"))
  list(guess = t(stats::predict(of, x, ncomp = components)[, , 1]),
       setting = sprintf("%d components", components))
}

counted <- "negative_binomial"
log_protein <- list(protein = preprocess_steps("log1p"))
methods <- list(
  `poems(), all counts (default)` = \(train, test) of_poems(train, test, NULL, NULL),
  `poems(), RNA counts, log1p protein` = \(train, test) {
    of_poems(train, test, c(rna = counted, protein = "gaussian"), log_protein)
  },
  `poems(), log1p RNA and protein` = \(train, test) {
    train$rna <- train$logs
    test$rna <- test$logs
    of_poems(train, test, c(rna = "gaussian", protein = "gaussian"), log_protein)
  },
  `ridge regression (glmnet)` = of_ridge,
  `partial least squares (pls)` = of_pls
)

score <- function(guess, test, train) {
  truth <- log1p(test$protein)
  guess <- guess[rownames(truth), colnames(truth)]
  center <- rowMeans(log1p(train$protein))
  r2 <- 1 - rowSums((guess - truth)^2) / rowSums((truth - center)^2)
  correlation <- vapply(rownames(truth), \(j) stats::cor(guess[j, ], truth[j, ]), 0)
  # The same without what a constant of the protein would mend.
  level <- rowMeans(guess - truth)
  list(r2 = mean(r2), correlation = mean(correlation), by_protein = r2,
       levelled = mean(1 - rowSums((guess - level - truth)^2) / rowSums((truth - center)^2)))
}

run_split <- function(cells, split) {
  set.seed(split)
  samples <- colnames(cells$rna)
  hidden <- sample(samples, length(samples) %/% 5)
  part <- \(of, features) list(rna = as.matrix(cells$rna[features, of]),
                               protein = cells$protein[, of], logs = cells$logs[features, of])
  known <- setdiff(samples, hidden)
  most <- names(utils::head(sort(-apply(cells$logs[, known], 1, stats::var)), genes))
  train <- part(known, most)
  test <- part(hidden, most)
  lapply(names(methods), \(name) {
    seconds <- system.time(of <- methods[[name]](train, test))
    message(split, " ", name, ": ", signif(score(of$guess, test, train)$r2, 3))
    c(score(of$guess, test, train), list(
      method = name, split = split, setting = of$setting, cpu = sum(seconds[1:2])
    ))
  })
}

# ---- The file ---------------------------------------------------------------------------------

report <- function(cells, results) {
  size <- \(x) Matrix::colSums(x) / mean(Matrix::colSums(x))
  zeros <- list(protein = zeros_of(cells$protein, size(cells$protein)),
                rna = zeros_of(cells$rna, size(cells$rna)))
  of <- \(method, part) vapply(Filter(\(r) r$method == method, results), `[[`, 0, part)
  summarise <- \(x) sprintf("%.3f ± %.3f", mean(x), stats::sd(x) / sqrt(length(x)))
  rows <- vapply(names(methods), \(method) {
    settings <- vapply(Filter(\(r) r$method == method, results), `[[`, "", "setting")
    sprintf("| %s | %s | %s | %s | %s | %.0f s |", method, summarise(of(method, "r2")),
            summarise(of(method, "levelled")), summarise(of(method, "correlation")),
            paste(unique(settings), collapse = "; "), mean(of(method, "cpu")))
  }, "")
  proteins <- rownames(cells$protein)
  by_protein <- vapply(names(methods), \(method) {
    rowMeans(vapply(Filter(\(r) r$method == method, results), \(r) r$by_protein[proteins],
                    numeric(length(proteins))))
  }, numeric(length(proteins)))
  zero_row <- \(name, z) sprintf(
    "| %s | %.2f | %.2f | %.2f | %.2f | %.0f %% |", name, mean(z$seen), mean(z$poisson),
    mean(z$negative_binomial), stats::median(z$dispersion),
    100 * mean(z$seen > z$negative_binomial + 3 * sqrt(
      z$negative_binomial * (1 - z$negative_binomial) / ncol(cells$rna)
    ))
  )
  z <- zeros$protein
  writeLines(c(
    "# CITE-seq", "",
    sprintf("Made by `Rscript bench/cite.R` (data and measures: see there), %s, %d splits.",
            Sys.Date(), max(vapply(results, `[[`, 0, "split"))), "",
    "## The counts", "", "Library sizes:", "",
    "| counts of a cell | least | 5 % | median | 95 % | most |", "|---|---|---|---|---|---|",
    sprintf("| RNA | %s |", quantiles(cells$total)),
    sprintf("| protein | %s |", quantiles(colSums(cells$protein))), "",
    sprintf("Their logarithms correlate by %.2f.",
            stats::cor(log(cells$total), log(colSums(cells$protein)))), "",
    "Zeros, given the library sizes, and dispersion (variance = mean + dispersion x mean^2):", "",
    paste("| counts | zeros | Poisson expects | negative binomial expects | median dispersion",
          "| features with more zeros, by 3 standard errors |"),
    "|---|---|---|---|---|---|", zero_row("RNA", zeros$rna), zero_row("protein", zeros$protein),
    "", "## Proteins from RNA", "",
    paste("R2 on the log scale, R2 once the mean error of each protein is taken out, and",
          "correlation; ± standard error over splits. CPU seconds of fit and prediction."), "",
    "| method | R2 | R2, levelled | correlation | setting chosen | CPU |",
    "|---|---|---|---|---|---|", rows, "", "R2 of every protein:", "",
    paste("| protein | mean count | dispersion |", paste(names(methods), collapse = " | "), "|"),
    paste(c("|---|---|---|", rep("---|", length(methods))), collapse = ""),
    sprintf("| %s | %.0f | %.2f | %s |", sub("adt_", "", proteins), z$mean, z$dispersion,
            apply(by_protein, 1, \(r) paste(sprintf("%.2f", r), collapse = " | ")))
  ), "bench/cite.md")
}

splits <- as.integer(c(commandArgs(trailingOnly = TRUE), 3)[1])
cells <- read_cells()
results <- unlist(lapply(seq_len(splits), \(split) run_split(cells, split)), recursive = FALSE)
report(cells, results)
