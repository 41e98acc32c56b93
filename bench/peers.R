# poems() beside what else people would use, on the same masks, splits and simulations. Writes
# bench/peers.md.
#
#   Rscript bench/peers.R        (about 12 minutes on 2 cores)
#
# Hidden values: 10 % of the values, drawn at random, of the complete tumours of tcga_breast and of
# METABRIC (package iC10TrainingData: 997 tumours, expression and copy number). softImpute gets the
# best of two ranks and nine penalties by 5 % of the values that are known, MOFA2 its recorded
# figures (bench/peers_mofa.csv: mofapy2 0.7.4 with the options of R's MOFA2, same masks). Whole
# omics: of tumours left out of the fit, beside ridge regression on the other omics, features
# standardised, with one penalty per omic chosen by leaving one out; and of tumours that are part of
# it. Recovery: three shared factors and two private to each omic, with noise of 30, 60 and 80 %. R2
# is 1 - sum of squared errors / sum of squares of values standardised by what is known.
library(omicpoems)

control <- list(progress = FALSE)
complete <- tcga_breast$samples$sample[tcga_breast$samples$set == "train"]
tcga <- lapply(tcga_breast$omics, \(x) t(x[, complete]))

metabric <- function() {
  data <- new.env()
  utils::data(list = c("train.CN", "train.Exp"), package = "iC10TrainingData", envir = data)
  lapply(list(expression = data$train.Exp, copy_number = data$train.CN), \(x) {
    rownames(x) <- make.unique(as.character(rownames(x)))
    t(x)
  })
}

centre_by <- \(x, by) sweep(x, 2, colMeans(by, na.rm = TRUE))
standardise <- \(x, by) sweep(centre_by(x, by), 2, apply(by, 2, stats::sd, na.rm = TRUE), "/")
r2 <- \(truth, guess) 1 - sum((truth - guess)^2) / sum(truth^2)
transposed <- \(x) lapply(x, t)

# Hidden values ---------------------------------------------------------------------------------

hide_values <- function(omics, seed) {
  set.seed(seed)
  n <- nrow(omics[[1]])
  omics <- lapply(omics, \(x) x[, apply(x, 2, \(v) length(unique(v)) > n / 5)])
  hidden <- lapply(omics, \(x) matrix(stats::runif(length(x)) < 0.1, nrow(x)))
  list(omics = omics, hidden = hidden, seen = Map(\(x, h) replace(x, h, NA), omics, hidden))
}

# Of guesses that are standardised by what is seen, the mean over omics.
score_hidden <- function(problem, guess) {
  mean(mapply(\(x, seen, h, g) r2(standardise(x, seen)[h], g[h]), problem$omics, problem$seen,
              problem$hidden, guess))
}

impute_poems <- function(problem, factors, seed) {
  fit <- poems(transposed(problem$seen), factors, seed = seed, control = control)
  filled <- impute(fit, transposed(problem$seen))
  Map(\(x, seen) standardise(t(x)[rownames(seen), colnames(seen)], seen),
      filled[names(problem$seen)], problem$seen)
}

impute_soft <- function(problem) {
  x <- do.call(cbind, Map(standardise, problem$seen, problem$seen))
  omic <- rep(seq_along(problem$seen), vapply(problem$seen, ncol, 0L))
  known <- which(!is.na(x))
  test <- sample(known, length(known) %/% 20)
  train <- replace(x, test, NA)
  tried <- expand.grid(rank = c(40, min(150, dim(x) - 1)), halving = seq(0.5, 4.5, by = 0.5))
  largest <- softImpute::lambda0(train)
  fit_soft <- \(x, rank, halving) {
    fit <- softImpute::softImpute(x, rank.max = rank, lambda = largest * 2^-halving, type = "als",
                                  maxit = 60)
    fit$u %*% (fit$d * t(fit$v))
  }
  errors <- mapply(\(rank, halving) mean((fit_soft(train, rank, halving) - x)[test]^2),
                   tried$rank, tried$halving)
  best <- tried[which.min(errors), ]
  guess <- fit_soft(x, best$rank, best$halving)
  lapply(split(seq_along(omic), omic), \(columns) guess[, columns])
}

run_hidden <- function(name, omics, seeds) {
  mofa <- utils::read.csv("bench/peers_mofa.csv", comment.char = "#")
  do.call(rbind, lapply(seeds, \(seed) {
    problem <- hide_values(omics, seed)
    ours <- vapply(c(15, 32), \(k) score_hidden(problem, impute_poems(problem, k, seed)), 0)
    soft <- score_hidden(problem, impute_soft(problem))
    recorded <- mofa[mofa$set == name & mofa$seed == seed, ]
    message(name, ", seed ", seed, " done")
    data.frame(
      cohort = name, seed = seed,
      method = c("poems(), 15 factors", "poems(), 32 factors", "softImpute", recorded$method),
      r2 = c(ours, soft, recorded$r2)
    )
  }))
}

# Whole omics -----------------------------------------------------------------------------------

ridge <- function(train, test, target) {
  known <- setdiff(names(train), target)
  x <- do.call(cbind, train[known])
  y <- train[[target]]
  inner <- eigen(tcrossprod(x), symmetric = TRUE)
  values <- pmax(inner$values, 0)
  rotated <- crossprod(inner$vectors, y)
  penalties <- mean(values) * 10^seq(-1.5, 3, by = 0.25)
  errors <- vapply(penalties, \(penalty) {
    shrink <- values / (values + penalty)
    left <- y - inner$vectors %*% (shrink * rotated)
    sum((left / (1 - drop(inner$vectors^2 %*% shrink)))^2)
  }, 0)
  best <- penalties[which.min(errors)]
  do.call(cbind, test[known]) %*% crossprod(x, inner$vectors %*% (rotated / (values + best)))
}

# `late`: rows of the tumours left out.
run_omics <- function(name, omics, late, seed, in_fit) {
  varies <- lapply(omics, \(x) apply(x[-late, ], 2, stats::sd) > 0)
  early <- Map(\(x, v) x[-late, v], omics, varies)
  test <- Map(\(x, v) x[late, v], omics, varies)
  train_z <- Map(standardise, early, early)
  test_z <- Map(standardise, test, early)
  fit <- poems(transposed(early), 32, seed = seed, control = control)
  do.call(rbind, lapply(names(omics), \(omic) {
    given <- transposed(test[setdiff(names(test), omic)])
    apart <- t(predict(fit, given, type = "reconstruction")[[omic]])
    part <- NA
    if (in_fit) {
      all <- transposed(Map(rbind, early, test))
      all[[omic]] <- t(early[[omic]])
      filled <- impute(poems(all, 32, seed = seed, control = control), all)[[omic]]
      part <- r2(test_z[[omic]], standardise(t(filled)[rownames(test[[omic]]), ], early[[omic]]))
    }
    data.frame(cohort = name, omic = omic, ours = r2(test_z[[omic]], standardise(apart, early[[omic]])),
               part = part, ridge = r2(test_z[[omic]], ridge(train_z, test_z, omic)))
  }))
}

# Recovery --------------------------------------------------------------------------------------

simulate_shared <- function(seed, n = 400, features = c(a = 250, b = 150, c = 100)) {
  set.seed(seed)
  active <- vapply(1:3, \(v) 1:9 %in% c(1:3, 3 + 2 * v - 1, 3 + 2 * v), logical(9))
  z <- scale(matrix(stats::rnorm(n * 9), n))
  dimnames(z) <- list(sprintf("s%04d", 1:n), paste0("Factor", 1:9))
  parts <- Map(\(d, v, noise) {
    support <- matrix(stats::runif(d * 9) < 0.3, d) & rep(active[, v], each = d)
    f <- z %*% t(support * matrix(stats::rnorm(d * 9), d))
    sd <- apply(f, 2, stats::sd)
    f <- sweep(scale(f, scale = FALSE), 2, ifelse(sd > 0, sqrt(1 - noise) / sd, 0), "*")
    y <- f + matrix(stats::rnorm(n * d), n) * rep(ifelse(sd > 0, sqrt(noise), 1), each = n)
    names <- sprintf("%s_%03d", letters[v], seq_len(d))
    dimnames(y) <- dimnames(f) <- list(rownames(z), names)
    list(omics = t(y), signal = t(f),
         loadings = Matrix::Matrix(support * 1, sparse = TRUE, dimnames = list(names, colnames(z))))
  }, features, 1:3, c(0.3, 0.6, 0.8))
  c(list(factors = z), stats::setNames(lapply(c("omics", "signal", "loadings"), \(part) {
    lapply(parts, `[[`, part)
  }), c("omics", "signal", "loadings")))
}

run_recovery <- function(seed) {
  simulation <- simulate_shared(seed)
  fit <- poems(simulation$omics, 15, seed = seed, control = control)
  found <- factor_recovery(fit, simulation)
  guess <- predict(fit, type = "reconstruction")
  signal <- mean(mapply(\(truth, g) r2(truth - rowMeans(truth), g - rowMeans(g)), simulation$signal,
                        guess))
  data.frame(seed = seed, factors = fit$factors, correlation = mean(found$correlation),
             f1 = mean(found$f1, na.rm = TRUE), signal = signal)
}

# Time ------------------------------------------------------------------------------------------

# Seconds of processor time of a fit with one thread, mean over three seeds.
run_time <- function(factors) {
  omics <- transposed(hide_values(tcga, 1)$omics)
  mean(vapply(1:3, \(seed) {
    sum(system.time(poems(omics, factors, seed = seed,
                          control = c(control, list(threads = 1))))[c("user.self", "sys.self")])
  }, 0))
}

# The tables ------------------------------------------------------------------------------------

has_metabric <- requireNamespace("iC10TrainingData", quietly = TRUE)
if (!has_metabric) message("Without METABRIC: package iC10TrainingData is not installed.")
hidden <- rbind(run_hidden("tcga_breast", tcga, 1:2),
                if (has_metabric) run_hidden("METABRIC", metabric(), 1))
set.seed(1)
fold <- replicate(4, sample(rep_len(1:5, length(complete))))[, 1]
whole <- do.call(rbind, lapply(1:5, \(k) run_omics("tcga_breast", tcga, which(fold == k), 20 + k, TRUE)))
if (has_metabric) {
  whole <- rbind(whole, do.call(rbind, lapply(1:2, \(k) {
    set.seed(100 + k)
    run_omics("METABRIC", metabric(), sample(997, 199), k, FALSE)
  })))
}
recovery <- do.call(rbind, lapply(1:3, run_recovery))
seconds <- vapply(c(15, 32), run_time, 0)

by_method <- stats::aggregate(r2 ~ method + cohort, hidden, mean)
by_method <- by_method[order(by_method$cohort != "tcga_breast", -by_method$r2), ]
by_omic <- stats::aggregate(cbind(ours, part, ridge) ~ omic + cohort, whole, mean,
                            na.action = stats::na.pass)
splits <- stats::aggregate(ours - ridge ~ omic + cohort, whole, \(d) stats::sd(d) / sqrt(length(d)))
number <- \(x) ifelse(is.na(x), "", sprintf("%.3f", x))
writeLines(c(
  "# Beside what else people would use", "",
  "Made by `Rscript bench/peers.R`; its header says how.", "",
  sprintf("%s, omicpoems %s.", format(Sys.Date()), utils::packageVersion("omicpoems")), "",
  "## 10 % of the values hidden, R2 (mean over omics and seeds)", "",
  "| cohort | method | R2 |", "|---|---|---|",
  sprintf("| %s | %s | %s |", by_method$cohort, by_method$method, number(by_method$r2)), "",
  "## Whole omics, R2 (mean over splits; the difference with its standard error)", "",
  "| cohort | omic | poems(), tumours left out | part of the fit | ridge | poems() - ridge |",
  "|---|---|---|---|---|---|",
  sprintf("| %s | %s | %s | %s | %s | %+.3f ± %.3f |", by_omic$cohort, by_omic$omic,
          number(by_omic$ours), number(by_omic$part), number(by_omic$ridge),
          by_omic$ours - by_omic$ridge, splits[[3]]), "",
  "## Three shared and two private factors per omic", "",
  "| seed | factors found (of 9) | correlation | F1 | R2 of the signal |", "|---|---|---|---|---|",
  with(recovery, sprintf("| %d | %d | %.3f | %.3f | %.3f |", seed, factors, correlation, f1, signal)),
  "",
  "MOFA2 with spike and slab, on the same three: correlation 0.898, 0.937, 0.936; F1 at its best",
  "threshold 0.858, 0.825, 0.824; signal 0.944, 0.949, 0.944. PCA with varimax, told that there are 9:",
  "0.952, 0.965, 0.948; 0.854, 0.886, 0.872; 0.874, 0.883, 0.870.", "",
  "## Time", "",
  sprintf(paste("A fit of `tcga_breast` (150 tumours) with one thread takes %.1f s of processor",
                "time with 15\nfactors and %.1f s with 32. MOFA2 takes 0.7 to 1.6 s with 15 (recorded)."),
          seconds[1], seconds[2]),
  "", "Classes of new samples beside DIABLO: [classify.md](classify.md)."
), "bench/peers.md")
cat(readLines("bench/peers.md"), sep = "\n")
