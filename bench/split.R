# poems_split(): what omics tell of each other, and what only one of them knows, beside the models
# as published, regression and poems(). Writes bench/split.md.
#
#   Rscript bench/split.R [parts, of toy, indiseek, real, speed and coverage; all by default]
#
# toy: the data by which MMVAE++ was presented. Of 1000 samples u_s, u_1, u_2 are uniform on
#   [-2, 2]^2. Every feature is a draw of a Gaussian process (squared exponential, length 1) over
#   its block, standardised, with noise of sd 0.15: ten of u_s in either view, n1 of u_1 in view 1
#   and 100 of u_2 in view 2. 800 samples to train on; R2 of the ten shared features of one view
#   from the other view in the rest, mean over features. Published models have 2 coordinates per
#   block and their published settings.
# indiseek: two omics of 30 features, leaky networks of three shared and three private Gaussian
#   coordinates and noise of sd 0.3; 2000 samples to train on. Of the private block of omic 1 in
#   1000 others, R2 by kernel ridge regression (fitted to one half, scored on the other) of its true
#   private coordinates (specific, should be high) and of the shared ones (leak, should be 0).
# real: whole omics of samples left out, from all their other omics, beside ridge regression
#   (closed form, penalty of every feature by leaving one out) and PLS (SIMPLS, components by
#   five-fold cross-validation, at most 20), which learn from complete samples; poems() and
#   poems_split() from all. Cohorts: tcga_breast; METABRIC (package iC10TrainingData); cells of a
#   MALT lymphoma with RNA and 17 proteins (package STREAK: log-normalised counts of the 2000 genes
#   that vary most, centred log ratios of proteins).
# speed: seconds per epoch on one thread, medians over epochs, uniform random data.
# coverage: linear worlds with 4 shared coordinates and 3 private to each of two omics, in which
#   30 % of the samples lack one omic. True coordinates are regressed on posterior means in complete
#   samples; their errors, against posterior standard deviations carried through this map.
#
# Runs are kept in build/split: an interrupted bench goes on where it was, and parts that are not
# asked for are reported as they were. Delete that folder after changes of a model.
library(omicpoems)

control <- list(progress = FALSE)
folder <- file.path("build", "split")

cached <- function(name, result) {
  file <- file.path(folder, paste0(gsub("[^a-z0-9]+", "_", tolower(name)), ".rds"))
  if (file.exists(file)) return(readRDS(file))
  message(format(Sys.time(), "%H:%M:%S "), name)
  dir.create(folder, recursive = TRUE, showWarnings = FALSE)
  saveRDS(result, file)
  result
}

bind <- \(rows) do.call(rbind, rows)
only <- \(omics, samples) lapply(omics, \(x) x[, intersect(colnames(x), samples), drop = FALSE])

# Samples x features of omics to features x samples with names.
named <- function(omics) {
  Map(\(x, omic) {
    dimnames(x) <- list(sprintf("s%04d", seq_len(nrow(x))), paste0(omic, seq_len(ncol(x))))
    t(x)
  }, omics, names(omics))
}

# Predictors: of every omic of `test` from the others, features x samples ------------------------

from_fit <- function(fit, test) {
  sapply(names(test), \(to) {
    predict(fit, test[names(test) != to], type = "reconstruction")[[to]]
  }, simplify = FALSE)
}

from_regression <- function(regress, train, test) {
  complete <- Reduce(intersect, lapply(train, colnames))
  scaling <- lapply(only(train, complete), \(x) list(mean = rowMeans(x), sd = apply(x, 1, sd)))
  standard <- \(omics) Map(\(x, s) t((x - s$mean) / s$sd), omics, scaling)
  x <- standard(only(train, complete))
  new <- standard(test)
  sapply(names(test), \(to) {
    others <- names(test) != to
    y <- regress(do.call(cbind, x[others]), x[[to]], do.call(cbind, new[others]))
    t(y) * scaling[[to]]$sd + scaling[[to]]$mean
  }, simplify = FALSE)
}

# Of centred x and y, samples x features.
ridge <- function(x, y, new) {
  inner <- eigen(tcrossprod(x), symmetric = TRUE)
  values <- pmax(inner$values, 0)
  rotated <- crossprod(inner$vectors, y)
  penalties <- mean(values) * 10^seq(-3, 3, by = 0.25)
  errors <- vapply(penalties, \(penalty) {
    shrink <- values / (values + penalty)
    left <- y - inner$vectors %*% (shrink * rotated)
    colSums((left / (1 - 1 / nrow(x) - drop(inner$vectors^2 %*% shrink)))^2)
  }, numeric(ncol(y)))
  best <- penalties[apply(errors, 1, which.min)]
  tcrossprod(new, x) %*% inner$vectors %*% (rotated / outer(values, best, "+"))
}

most_components <- 20L

pls <- function(x, y, new) {
  fold <- sample(rep_len(1:5, nrow(x)))
  errors <- vapply(1:5, \(k) {
    held <- fold == k
    center <- list(x = colMeans(x[!held, ]), y = colMeans(y[!held, ]))
    away <- \(a, mean) sweep(a, 2, mean)
    model <- simpls(away(x[!held, ], center$x), away(y[!held, ], center$y))
    truth <- away(y[held, ], center$y)
    scores <- away(x[held, ], center$x) %*% model$weights
    vapply(seq_len(ncol(scores)), \(m) {
      sum((truth - tcrossprod(scores[, 1:m, drop = FALSE], model$loadings[, 1:m, drop = FALSE]))^2)
    }, 0)
  }, numeric(most_components))
  m <- seq_len(which.min(rowSums(errors)))
  model <- simpls(x, y)
  tcrossprod(new %*% model$weights[, m, drop = FALSE], model$loadings[, m, drop = FALSE])
}

# De Jong's SIMPLS: `weights` of x, of which scores are x weights, and `loadings` of y on scores.
simpls <- function(x, y) {
  covariance <- crossprod(x, y)
  weights <- basis <- matrix(0, ncol(x), most_components)
  loadings <- matrix(0, ncol(y), most_components)
  for (m in seq_len(most_components)) {
    r <- covariance %*% leading_right(covariance)
    scores <- x %*% r
    size <- sqrt(sum(scores^2))
    weights[, m] <- r / size
    loadings[, m] <- crossprod(y, scores / size)
    p <- crossprod(x, scores / size)
    p <- p - basis %*% crossprod(basis, p)
    basis[, m] <- p / sqrt(sum(p^2))
    covariance <- covariance - basis[, m] %*% crossprod(basis[, m], covariance)
  }
  list(weights = weights, loadings = loadings)
}

# The right singular vector of the largest singular value, by power iteration.
leading_right <- function(a) {
  v <- a[which.max(rowSums(a^2)), ]
  for (i in 1:60) {
    v <- drop(crossprod(a, a %*% v))
    v <- v / sqrt(sum(v^2))
  }
  v
}

# R2 of features x samples about the mean of each feature.
feature_r2 <- \(x, guess) 1 - rowSums((x - guess)^2) / rowSums((x - rowMeans(x))^2)

# Toy --------------------------------------------------------------------------------------------

toy_sizes <- c(20, 50, 100, 250)
mixtures <- c(`mmvae++` = "MMVAE++", mmvae = "MMVAE", mopoe = "MoPoE-VAE", mvae = "MVAE")

toy_world <- function(seed, n1, n = 1000) {
  set.seed(1000 * seed + n1)
  u <- lapply(c(shared = 1, a = 2, b = 3), \(i) matrix(runif(2 * n, -2, 2), n))
  draws <- \(u, features) {
    root <- chol(exp(-as.matrix(dist(u))^2 / 2) + diag(1e-6, n))
    scale(crossprod(root, matrix(rnorm(n * features), n))) + rnorm(n * features, sd = 0.15)
  }
  omics <- named(list(a = cbind(draws(u$shared, 10), draws(u$a, n1)),
                      b = cbind(draws(u$shared, 10), draws(u$b, 100))))
  samples <- colnames(omics$a)
  list(train = only(omics, samples[1:800]), test = only(omics, samples[801:n]))
}

published <- function(train, method, seed) {
  poems_split(train, 2, 2, method = method, decoder = "dense", seed = seed, control = control)
}

toy_models <- c(
  list(
    `poems_split()` = \(w, seed) {
      from_fit(poems_split(w$train, seed = seed, control = control), w$test)
    },
    `poems(), 16 factors` = \(w, seed) {
      from_fit(poems(w$train, 16, seed = seed, control = control), w$test)
    },
    ridge = \(w, seed) from_regression(ridge, w$train, w$test)
  ),
  sapply(names(mixtures), \(method) {
    \(w, seed) from_fit(published(w$train, method, seed), w$test)
  }, simplify = FALSE)
)

run_toy <- function() {
  cells <- expand.grid(model = names(toy_models), seed = 1:3, n1 = toy_sizes,
                       stringsAsFactors = FALSE)
  bind(lapply(seq_len(nrow(cells)), \(i) {
    cell <- cells[i, ]
    cached(paste("toy", gsub("\\+", "p", cell$model), cell$n1, cell$seed), {
      world <- toy_world(cell$seed, cell$n1)
      guess <- toy_models[[cell$model]](world, cell$seed)
      r2 <- \(v) mean(feature_r2(world$test[[v]], guess[[v]])[1:10])
      cbind(cell, a = r2("a"), b = r2("b"))
    })
  }))
}

# Of the authors' code under the same protocol, on own draws of the data: one figure per seed.
released <- list(
  `MMVAE++` = list(a = list(c(0.67, 0.67, 0.55), c(0.48, 0.52, 0.32), c(0.42, 0.16, 0.15),
                            c(0.03, 0.01, -0.01)),
                   b = list(c(0.60, 0.46, 0.47), c(0.29, 0.26, 0.35), c(0.42, 0.23, 0.30),
                            c(0.16, 0.05, 0.07))),
  MMVAE = list(a = list(c(0.00, 0.06), c(0.02, 0.03), 0, 0),
               b = list(c(0.36, 0.31), c(0.00, 0.09), 0.01, -0.01)),
  `MoPoE-VAE` = list(a = list(c(-0.01, -0.02), -0.01, 0, 0.02),
                     b = list(c(0.05, 0.13), 0, 0.01, -0.01)),
  MVAE = list(a = list(c(-0.09, -0.04), -0.02, -0.01, -0.10),
              b = list(c(0.07, -0.03), -0.02, -0.01, -0.01))
)

row_of <- \(cells) paste0("| ", paste(cells, collapse = " | "), " |")
header <- \(cells) c(row_of(cells), row_of(rep("---", length(cells))))
spread <- function(x, digits = 2) {
  x <- c(mean(x), if (length(x) > 1) sd(x))
  x[round(x, digits) == 0] <- 0
  paste(sprintf("%.*f", digits, x), collapse = " ± ")
}
both_ways <- \(a, b) paste(spread(a), spread(b), sep = " / ")

report_toy <- function(runs) {
  title <- \(model) if (model %in% names(mixtures)) paste0(mixtures[[model]], ", dense") else model
  ours <- lapply(names(toy_models), \(model) {
    row_of(c(title(model), vapply(toy_sizes, \(n1) {
      with(runs[runs$model == model & runs$n1 == n1, ], both_ways(a, b))
    }, "")))
  })
  theirs <- Map(\(figures, model) {
    row_of(c(paste("released", model), mapply(both_ways, figures$a, figures$b)))
  }, released, names(released))
  c("## Toy data of MMVAE++: R2 of the ten shared features, view 1 from 2 / view 2 from 1", "",
    "Mean ± standard deviation over seeds (ours three; of the released code one to three, from its",
    "own draws of the data). Columns: private features of view 1; view 2 has 100.", "",
    header(c("model", toy_sizes)), unlist(ours), unlist(theirs))
}

# IndiSeek's simulation --------------------------------------------------------------------------

indiseek_world <- function(seed, train = 2000, test = 1000) {
  set.seed(500 + seed)
  n <- train + test
  normal <- \(rows, columns) matrix(rnorm(rows * columns), rows)
  shared <- normal(n, 3)
  own <- list(a = normal(n, 3), b = normal(n, 3))
  omics <- lapply(own, \(u) {
    hidden <- cbind(shared, u) %*% normal(6, 20) / sqrt(6) + rep(rnorm(20, sd = 0.5), each = n)
    scale(ifelse(hidden > 0, hidden, 0.3 * hidden) %*% normal(20, 30)) + 0.3 * normal(n, 30)
  })
  omics <- named(omics)
  samples <- colnames(omics$a)
  list(train = only(omics, samples[1:train]), test = only(omics, samples[-(1:train)]),
       shared = shared[-(1:train), ], own = own$a[-(1:train), ])
}

# R2 of y, samples x coordinates, from x by kernel ridge regression: the best of three penalties in
# the second half of the samples, after a fit to the first; columns of x that hardly vary are left
# out.
kernel_r2 <- function(x, y) {
  half <- seq_len(nrow(x) %/% 2)
  size <- apply(x[half, , drop = FALSE], 2, sd)
  if (max(size) == 0) return(0)
  used <- size > 1e-4 * max(size)
  x <- sweep(x[, used, drop = FALSE], 2, size[used], "/")
  apart <- as.matrix(dist(x))^2
  kernel <- exp(-apart / (2 * median(apart[half, half])))
  center <- colMeans(y[half, ])
  max(vapply(c(0.03, 0.3, 3), \(penalty) {
    weights <- solve(kernel[half, half] + diag(penalty, length(half)), sweep(y[half, ], 2, center))
    mean(feature_r2(t(y[-half, ]), t(kernel[-half, half] %*% weights) + center))
  }, 0))
}

indiseek_models <- list(
  `indiseek, completeness 0.1` = list(method = "indiseek", completeness = 0.1),
  `indiseek, completeness 0.2` = list(method = "indiseek", completeness = 0.2),
  `indiseek, completeness 1` = list(method = "indiseek", completeness = 1),
  `indiseek, completeness 10` = list(method = "indiseek", completeness = 10),
  `poems_split(), 6 and 6 coordinates` = list()
)

# Principal components of what regression of omic a on the shared coordinates that b tells leaves.
components_of_rest <- function(fit, world) {
  told <- \(omics) cbind(1, predict(fit, omics["b"], block = "shared"))
  train <- told(world$train)
  slopes <- qr.coef(qr(train), t(world$train$a))
  slopes[is.na(slopes)] <- 0
  rest <- svd(scale(t(world$train$a) - train %*% slopes, scale = FALSE), nu = 0, nv = 6)
  (t(world$test$a) - told(world$test) %*% slopes) %*% rest$v
}

run_indiseek <- function() {
  cells <- expand.grid(model = names(indiseek_models), seed = 0:5, stringsAsFactors = FALSE)
  bind(lapply(seq_len(nrow(cells)), \(i) {
    model <- cells$model[i]
    seed <- cells$seed[i]
    cached(paste("indiseek", model, seed), {
      world <- indiseek_world(seed)
      settings <- if (model != "poems_split(), 6 and 6 coordinates") {
        list(encoder_units = 48L, decoder_units = 48L, epochs = 80L)
      }
      fit <- do.call(poems_split, c(
        list(world$train, 6, 6, seed = seed + 1, control = c(control, settings)),
        indiseek_models[[model]]
      ))
      shared <- predict(fit, world$test["a"], block = "shared")
      private <- predict(fit, world$test["a"], block = "a")
      rest <- components_of_rest(fit, world)
      data.frame(
        model = model, seed = seed, shared = kernel_r2(shared, world$shared),
        specific = kernel_r2(private, world$own), leak = kernel_r2(private, world$shared),
        specific_rest = kernel_r2(rest, world$own), leak_rest = kernel_r2(rest, world$shared)
      )
    })
  }))
}

report_indiseek <- function(runs) {
  scores <- c("shared", "specific", "leak", "specific_rest", "leak_rest")
  rows <- lapply(names(indiseek_models), \(model) {
    row_of(c(model, vapply(runs[runs$model == model, scores], spread, "", digits = 3)))
  })
  c("", "## IndiSeek's simulation: the private block of an omic, R2 by kernel ridge regression", "",
    "Mean ± standard deviation over six worlds; the last two columns are the first six principal",
    "components of what linear regression on the other omic's shared coordinates leaves. A peer of",
    "indiseek in PyTorch on own draws of the worlds: specific 0.894, 0.906, 0.916 and leak 0.146,",
    "0.249, 0.451 for completeness 0.1, 1, 10; components 0.885 and 0.300; shared 0.871.", "",
    header(c("model", "shared found", "specific", "leak", "components: specific", "leak")),
    unlist(rows))
}

# Real cohorts: lists of features x samples, or NULL where the data are not installed ------------

metabric <- function() {
  if (!requireNamespace("iC10TrainingData", quietly = TRUE)) return(NULL)
  data <- new.env()
  utils::data(list = c("train.CN", "train.Exp"), package = "iC10TrainingData", envir = data)
  lapply(list(expression = data$train.Exp, copy_number = data$train.CN), \(x) {
    rownames(x) <- make.unique(as.character(rownames(x)))
    as.matrix(x)
  })
}

# The data set can be read where dependencies of STREAK are not installed.
streak <- function() {
  if (!nzchar(system.file(package = "STREAK"))) return(NULL)
  data <- new.env()
  utils::data(list = c("train.malt.rna.mat", "train.malt.adt.mat"), package = "STREAK",
              envir = data)
  counts <- data$train.malt.rna.mat
  rna <- log1p(Matrix::t(counts / Matrix::rowSums(counts) * 1e4))
  variance <- Matrix::rowMeans(rna^2) - Matrix::rowMeans(rna)^2
  protein <- t(log1p(as.matrix(data$train.malt.adt.mat)))
  list(rna = as.matrix(rna[order(-variance)[1:2000], ]),
       protein = sweep(protein, 2, colMeans(protein)))
}

cohorts <- list(
  tcga_breast = list(read = \() tcga_breast$omics, folds = 5),
  METABRIC = list(read = metabric, folds = 2),
  STREAK = list(read = streak, folds = 3)
)

real_models <- list(
  `poems_split()` = \(train, test, seed) {
    from_fit(poems_split(train, seed = seed, control = control), test)
  },
  `poems()` = \(train, test, seed) {
    from_fit(poems(train, 32, seed = seed, control = control), test)
  },
  ridge = \(train, test, seed) from_regression(ridge, train, test),
  PLS = \(train, test, seed) from_regression(pls, train, test)
)

# Samples with all omics are left out by fifths; features that do not vary in the others go.
leave_out <- function(omics, fold) {
  complete <- Reduce(intersect, lapply(omics, colnames))
  set.seed(1)
  test <- complete[sample(rep_len(1:5, length(complete))) == fold]
  varies <- lapply(only(omics, setdiff(complete, test)), \(x) apply(x, 1, sd) > 0)
  omics <- Map(\(x, rows) x[rows, ], omics, varies)
  list(train = only(omics, setdiff(unlist(lapply(omics, colnames)), test)),
       test = only(omics, test), complete = setdiff(complete, test))
}

# `pooled`: over all features, standardised by complete samples to train on, as one; `mean`: of the
# R2 of every feature that varies in those left out.
score_omic <- function(truth, guess, train) {
  z <- \(x) (x - rowMeans(train)) / apply(train, 1, sd)
  c(pooled = 1 - sum((z(truth) - z(guess))^2) / sum(z(truth)^2),
    mean = mean(feature_r2(truth, guess)[apply(truth, 1, sd) > 0]))
}

run_real <- function() {
  bind(lapply(names(cohorts), \(cohort) {
    omics <- cohorts[[cohort]]$read()
    if (is.null(omics)) {
      message(cohort, " is left out: its package is not installed.")
      return(NULL)
    }
    bind(lapply(seq_len(cohorts[[cohort]]$folds), \(fold) {
      split <- leave_out(omics, fold)
      bind(lapply(names(real_models), \(model) cached(paste("real", cohort, fold, model), {
        set.seed(fold)
        seconds <- system.time(guess <- real_models[[model]](split$train, split$test, fold))
        scores <- mapply(score_omic, split$test, guess, only(split$train, split$complete))
        data.frame(cohort, fold, model, omic = names(omics), pooled = scores["pooled", ],
                   mean = scores["mean", ], seconds = seconds[["elapsed"]])
      })))
    }))
  }))
}

report_real <- function(runs) {
  of <- \(model, cohort, omic, what) {
    rows <- runs$model == model & runs$cohort == cohort & runs$omic == omic
    runs[[what]][rows][order(runs$fold[rows])]
  }
  table <- function(what) {
    pairs <- unique(runs[c("cohort", "omic")])
    c(header(c("cohort", "omic", names(real_models), "best",
               paste("poems_split() -", names(real_models)[-1]))),
      unlist(Map(\(cohort, omic) {
        scores <- lapply(names(real_models), of, cohort, omic, what)
        means <- vapply(scores, mean, 0)
        less <- vapply(scores[-1], \(x) {
          d <- scores[[1]] - x
          sprintf("%+.3f ± %.3f", mean(d), sd(d) / sqrt(length(d)))
        }, "")
        row_of(c(cohort, omic, sprintf("%.3f", means), names(real_models)[which.max(means)], less))
      }, pairs$cohort, pairs$omic)))
  }
  folds <- vapply(cohorts, \(cohort) cohort$folds, 0)
  time <- tapply(runs$seconds, runs[c("model", "cohort")], mean)[names(real_models), ]
  c("", "## Whole omics of samples left out, R2", "",
    sprintf("Means over folds (%s); differences with their standard errors over folds, which share",
            paste(names(folds), folds, collapse = ", ")),
    "samples to train on. All features of an omic, standardised, as one:", "",
    table("pooled"), "", "Mean of the R2 of the features:", "", table("mean"), "",
    "Seconds to fit and predict:", "", header(c("model", colnames(time))),
    vapply(rownames(time), \(model) row_of(c(model, sprintf("%.1f", time[model, ]))), ""))
}

# Speed ------------------------------------------------------------------------------------------

# CPU seconds per epoch of the authors' PyTorch code on one thread of a busy machine.
released_seconds <- list(
  `30, 110` = c(`mmvae++` = 0.064, mmvae = 0.066, mopoe = 0.133, mvae = 0.081),
  `260, 110` = c(`mmvae++` = 0.084, mmvae = 0.070, mopoe = 0.134, mvae = 0.082)
)

run_speed <- function() {
  bind(lapply(names(released_seconds), \(shape) bind(lapply(names(mixtures), \(method) {
    cached(paste("speed", gsub("\\+", "p", method), shape), {
      set.seed(21)
      features <- as.integer(strsplit(shape, ", ")[[1]])
      omics <- named(list(a = matrix(runif(800 * features[1]), 800),
                          b = matrix(runif(800 * features[2]), 800)))
      fit <- poems_split(omics, 2, 2, method = method, decoder = "dense", seed = 21,
                         control = c(control, threads = 1, epochs = 60))
      data.frame(method, shape, seconds = median(diff(fit$history$seconds)))
    })
  }))))
}

report_speed <- function(runs) {
  theirs <- mapply(\(shape, method) released_seconds[[shape]][[method]], runs$shape, runs$method)
  c("", "## Seconds per epoch, dense, 800 samples, batch 128, one thread", "",
    "Released: CPU seconds of the authors' PyTorch code, measured once on a busy machine.", "",
    header(c("features", "model", "omicpoems", "released", "times faster")),
    mapply(\(...) row_of(c(...)), runs$shape, mixtures[runs$method], sprintf("%.4f", runs$seconds),
           sprintf("%.3f", theirs), sprintf("%.1f", theirs / runs$seconds)))
}

# Coverage ---------------------------------------------------------------------------------------

# Three quarters of the samples to train on.
linear_world <- function(seed, n = 800, features = c(a = 60, b = 40)) {
  set.seed(seed)
  normal <- \(rows, columns) matrix(rnorm(rows * columns), rows)
  truth <- list(shared = normal(n, 4))
  omics <- lapply(names(features), \(omic) {
    d <- features[[omic]]
    loadings <- normal(7, d) * (runif(7 * d) < 0.4)
    truth[[omic]] <<- normal(n, 3)
    signal <- scale(cbind(truth$shared, truth[[omic]]) %*% loadings)
    signal[is.na(signal)] <- 0
    signal * sqrt(0.4) + normal(n, d) * sqrt(0.6)
  })
  omics <- named(stats::setNames(omics, names(features)))
  lacks <- sample(c("a", "b", "none"), n, TRUE, c(0.15, 0.15, 0.7))
  samples <- colnames(omics$a)
  train <- seq_len(n) <= 0.75 * n
  truth <- lapply(truth, `rownames<-`, samples)
  omics <- Map(\(x, omic) x[, lacks != omic], omics, names(omics))
  list(train = only(omics, samples[train]), test = only(omics, samples[!train]), truth = truth,
       complete = samples[lacks == "none"])
}

run_coverage <- function() {
  bind(lapply(1:6, \(seed) cached(paste("coverage", seed), {
    world <- linear_world(seed)
    fit <- poems_split(world$train, seed = seed, control = control)
    cells <- expand.grid(set = c("train", "test"), block = names(world$truth),
                         stringsAsFactors = FALSE)
    bind(Map(\(set, block) cover_block(fit, world, set, block), cells$set, cells$block))
  })))
}

# Truth is told from the coordinates found by regression in complete samples of the fit, by which
# posteriors are turned too. By the omics that a sample has.
cover_block <- function(fit, world, set, block) {
  of <- coordinates(fit, world, set, block)
  of <- lapply(of, \(x) x[!is.na(of$mean[, 1]), , drop = FALSE])
  truth <- world$truth[[block]][rownames(of$mean), ]
  known <- intersect(fit$samples, world$complete)
  found <- latent(fit, block)[known, ]
  used <- apply(found, 2, sd) > 1e-8
  map <- qr.coef(qr(cbind(1, found[, used])), world$truth[[block]][known, ])
  error <- truth - cbind(1, of$mean[, used]) %*% map
  sd <- sqrt(of$sd[, used]^2 %*% map[-1, ]^2)
  complete <- rownames(truth) %in% world$complete
  bind(lapply(c(both = TRUE, one = FALSE), \(all) {
    rows <- complete == all
    data.frame(
      set, block = if (block == "shared") block else "private",
      omics = if (all) "both" else "one", samples = sum(rows),
      r2 = mean(1 - colSums(error[rows, ]^2) / colSums(truth[rows, ]^2)),
      ratio = sqrt(mean(error[rows, ]^2) / mean(sd[rows, ]^2)),
      covered = mean(abs(error[rows, ]) <= 1.96 * sd[rows, ])
    )
  }))
}

# Posterior means and standard deviations of a block.
coordinates <- function(fit, world, set, block) {
  if (set == "train") return(list(mean = latent(fit, block), sd = latent(fit, block, TRUE)))
  data <- omicpoems:::align_newdata(fit$omics, world$test, "columns")
  lapply(omicpoems:::split_embed(fit, data)[c("mean", "sd")], \(x) x[, fit$blocks[[block]]])
}

report_coverage <- function(runs) {
  groups <- unique(runs[c("block", "set", "omics")])
  of <- c(train = "of the fit", test = "left out")
  rows <- Map(\(block, set, omics) {
    these <- runs[runs$block == block & runs$set == set & runs$omics == omics, ]
    row_of(c(block, of[[set]], omics, sum(these$samples), spread(these$r2, 3), spread(these$ratio),
             spread(these$covered, 3)))
  }, groups$block, groups$set, groups$omics)
  c("", "## Posterior standard deviations of coordinates, 30 % of samples lack one omic", "",
    "Mean ± standard deviation over six worlds: R2 of the true coordinates, root mean squared",
    "error over root mean squared standard deviation, and the share of errors within 1.96 of these",
    "(0.95 is right).", "",
    header(c("coordinates", "samples", "omics", "number", "R2", "error / sd", "covered")),
    unlist(rows))
}

# Run --------------------------------------------------------------------------------------------

parts <- c("toy", "indiseek", "real", "speed", "coverage")
asked <- commandArgs(trailingOnly = TRUE)
if (length(asked) == 0) asked <- parts
stopifnot(asked %in% parts)
of_part <- \(what, part) get(paste(what, part, sep = "_"), mode = "function")
results <- sapply(parts, \(part) {
  file <- file.path(folder, paste0(part, ".rds"))
  if (part %in% asked) saveRDS(of_part("run", part)(), file)
  if (file.exists(file)) readRDS(file)
}, simplify = FALSE)
results <- Filter(Negate(is.null), results)

writeLines(c(
  "# Shared and private", "", "Made by `Rscript bench/split.R`; its header says how.", "",
  sprintf("%s, R %s, omicpoems %s.", format(Sys.Date()), getRversion(),
          utils::packageVersion("omicpoems")), "",
  unlist(Map(\(runs, part) of_part("report", part)(runs), results, names(results)))
), "bench/split.md")
cat(readLines("bench/split.md"), sep = "\n")
