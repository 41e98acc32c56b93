# poems_compare() beside a plain VAE and comparative models without its start. Writes
# bench/compare.md.
#
#   Rscript bench/compare.R [seeds of network, 2 by default; 0 leaves it out]
#
# network: 40 features, a leaky network (7, 20, 30, 40 units, slope 0.3) of 4 shared and 3 salient
#   Gaussian coordinates, standardised, with noise of sd 0.3; 500 held-out target samples, of which
#   one half fits the maps that score the other. r2_t, r2_z: R2 of the true block by least squares
#   from its own factors; leaks by kernel ridge regression from the other block. 2000 and 2000, or
#   400 and 4000 samples of target and background. Dense models: 48 units, 40 epochs. cvae: pooled,
#   no bound; mo: balanced by gradients; co: with the bound of 3; vae: poems_baseline("poem"), whose
#   salient factors are the ones with the largest ratio of variances in target and background.
# sparse: two omics of 60 and 40 features, linear in 3 shared and 2 salient factors with 15 % of
#   loadings not 0 and noise of sd 1, 150 and 150 samples; F1 of which features have a salient one.
# none: the same with no salient factor, and groupings of tcga_breast at random. Only the start is
#   looked at, which decides on the number of factors; training cannot add any.
#
# Runs are kept in build/compare: delete that folder after changes of a model.
library(omicpoems)
source("tests/testthat/helper-compare.R")

folder <- file.path("build", "compare")
dir.create(folder, recursive = TRUE, showWarnings = FALSE)
arguments <- commandArgs(TRUE)
seeds <- seq_len(if (length(arguments) > 0) as.integer(arguments[1]) else 2)

cached <- function(name, result) {
  file <- file.path(folder, paste0(name, ".rds"))
  if (!file.exists(file)) {
    message(format(Sys.time(), "%H:%M:%S "), name)
    saveRDS(result, file)
  }
  readRDS(file)
}

# Worlds ------------------------------------------------------------------------------------------

network_world <- function(target, background, seed, p = 4, q = 3, held_out = 500) {
  withr::with_seed(seed, {
    normal <- \(rows, columns) matrix(stats::rnorm(rows * columns), rows)
    leaky <- \(x) ifelse(x > 0, x, 0.3 * x)
    w <- list(normal(p + q, 20) / sqrt(p + q), normal(20, 30) / sqrt(20),
              normal(30, 40) / sqrt(30))
    b <- list(stats::rnorm(20, sd = 0.5), stats::rnorm(30, sd = 0.5))
    f <- \(u) leaky(sweep(leaky(sweep(u %*% w[[1]], 2, -b[[1]])) %*% w[[2]], 2, -b[[2]])) %*% w[[3]]
    n <- target + background + held_out
    in_target <- rep(c(TRUE, FALSE, TRUE), c(target, background, held_out))
    z <- normal(n, p)
    t <- normal(n, q) * in_target
    clean <- scale(f(cbind(z, t)))
    x <- t(clean + 0.3 * normal(n, 40))
    dimnames(x) <- list(paste0("f", 1:40), paste0("s", seq_len(n)))
    list(x = x, z = z, t = t, target = in_target,
         held_out = seq_len(n) > target + background)
  })
}

# Scores ------------------------------------------------------------------------------------------

halves <- \(n) seq_len(n) <= n %/% 2

linear_score <- function(y, x) {
  first <- halves(nrow(x))
  fit <- stats::lm.fit(cbind(1, x[first, , drop = FALSE]), y[first, ])
  predicted <- cbind(1, x[!first, , drop = FALSE]) %*% as.matrix(fit$coefficients)
  scored(y[!first, ], predicted)
}

kernel_score <- function(y, x) {
  if (ncol(x) == 0) return(0)
  first <- halves(nrow(x))
  x <- scale(x)
  d2 <- as.matrix(stats::dist(x))^2
  k <- exp(-d2 / (2 * stats::median(d2[first, first])))
  center <- colMeans(y[first, ])
  weights <- solve(k[first, first] + 0.1 * diag(sum(first)), sweep(y[first, ], 2, center))
  scored(y[!first, ], sweep(k[!first, first] %*% weights, 2, -center))
}

scored <- \(y, predicted) mean(1 - colSums((y - predicted)^2) / colSums(scale(y, TRUE, FALSE)^2))

score <- function(world, shared, salient) {
  of <- world$held_out
  c(r2_t = linear_score(world$t[of, ], salient), r2_z = linear_score(world$z[of, ], shared),
    leak_z = kernel_score(world$z[of, ], salient), leak_t = kernel_score(world$t[of, ], shared))
}

# Runs --------------------------------------------------------------------------------------------

dense <- list(vae = NULL, cvae = list(balance = "pooled", independence = NULL),
              mo = list(balance = "pareto", independence = NULL),
              co = list(balance = "pooled", independence = 3))

network_run <- function(method, target, background, seed) {
  world <- network_world(target, background, 100 + seed)
  training <- list(x = world$x[, !world$held_out])
  in_target <- world$target[!world$held_out]
  test <- list(x = world$x[, world$held_out])
  if (method == "vae") {
    fit <- poems_baseline(training, "poem", factors = 7, seed = seed,
                          control = list(epochs = 40, progress = FALSE))
    new <- predict(fit, test)
    spread <- \(of) apply(latent(fit)[of, ], 2, stats::var)
    salient <- order(-spread(in_target) / (spread(!in_target) + 0.01))[1:3]
    return(score(world, new[, -salient], new[, salient]))
  }
  common <- list(training, group = ifelse(in_target, "target", "rest"), background = "rest",
                 seed = seed)
  own <- if (method == "sparse") list(shared = 8, salient = 6) else c(
    list(shared = 4, salient = 3, decoder = "dense"), dense[[method]]
  )
  control <- list(epochs = 40, progress = FALSE)
  if (method != "sparse") control[c("encoder_units", "decoder_units")] <- 48
  fit <- do.call(poems_compare, c(common, own, list(control = control)))
  new <- predict(fit, test)
  of <- startsWith(colnames(new), "Salient")
  c(score(world, new[, !of, drop = FALSE], new[, of, drop = FALSE]),
    epoch = fit$seconds / nrow(fit$history))
}

sparse_run <- function(seed) {
  world <- compare_world(seed = 300 + seed)
  fit <- quick_compare(world, seed = seed, epochs = 50, control = list(progress = FALSE))
  has <- \(loadings, k) unlist(lapply(loadings, \(w) rowSums(w[, k, drop = FALSE] != 0) > 0))
  found <- has(fit$loadings, fit$blocks$salient)
  real <- has(world$loadings, 4:5)
  of <- world$target
  c(salient = length(fit$blocks$salient), f1 = 2 * sum(found & real) / (sum(found) + sum(real)),
    r2_t = linear_r2(world$t[of, ], salient(fit)[of, ]), r2_z = linear_r2(world$z, shared(fit)))
}

sizes <- list(balanced = c(2000, 2000), imbalanced = c(400, 4000))
network <- if (length(seeds) > 0) do.call(rbind, lapply(names(sizes), \(size) {
  do.call(rbind, lapply(c(names(dense), "sparse"), \(method) {
    runs <- lapply(seeds, \(seed) cached(paste(size, method, seed, sep = "-"), network_run(
      method, sizes[[size]][1], sizes[[size]][2], seed
    )))
    scores <- vapply(runs, `[`, numeric(4), 1:4)
    data.frame(size = size, method = method, t(sprintf(
      "%.3f ± %.3f", rowMeans(scores), apply(scores, 1, stats::sd)
    )))
  }))
}))
if (length(seeds) > 0) {
  names(network)[3:6] <- c("r2_t", "r2_z", "leak z in salient", "leak t in shared")
}
planted <- vapply(1:2, \(seed) {
  cached(paste("sparse", seed, sep = "-"), sparse_run(seed))
}, numeric(4))

# How many salient factors the start finds where groups are drawn at random, and in worlds.
count_salient <- function(x, omic, target, most, seed) {
  found <- omicpoems:::comparison_start(x, omic, unname(target), most[1], most[2], seed, 1L)
  if (is.null(found)) 0L else ncol(found$model$loadings) - found$model$shared
}

random_groupings <- function() {
  samples <- tcga_breast$samples$sample
  omics <- lapply(tcga_breast$omics, \(x) x[, match(samples, colnames(x))])
  x <- t(scale(t(do.call(rbind, omics))))
  omic <- rep(seq_along(omics), vapply(omics, nrow, 0L))
  withr::with_seed(20261129, vapply(1:48, \(i) {
    target <- seq_along(samples) %in% sample(length(samples), c(66, 44, 110, 30)[(i - 1) %% 4 + 1])
    count_salient(x, omic, target, c(16, 8), i)
  }, 0L))
}

counted_worlds <- function(salient, runs, first_seed) {
  settings <- list(list(), list(background = 40), list(target = 40), list(density = 0.5),
                   list(sizes = c(a = 300), target = 60, background = 60), list(noise = 2))
  vapply(seq_len(runs), \(i) {
    world <- do.call(compare_world, c(settings[[(i - 1) %% 6 + 1]],
                                      list(salient = salient, seed = first_seed + i)))
    x <- t(scale(t(do.call(rbind, world$omics))))
    omic <- rep(seq_along(world$omics), vapply(world$omics, nrow, 0L))
    count_salient(x, omic, world$target, c(5, 4), i)
  }, 0L)
}

counts <- list(
  "groupings of tcga_breast at random" = cached("none-breast", random_groupings()),
  "worlds without a salient factor" = cached("none-worlds", counted_worlds(0, 60, 7000)),
  "the same worlds with two" = cached("two-worlds", counted_worlds(2, 30, 8000))
)
counted <- t(vapply(counts, \(n) c(length(n), tabulate(n + 1, 5)), numeric(6)))

rows <- \(table) apply(table, 1, \(row) paste0("| ", paste(row, collapse = " | "), " |"))
lines <- c(
  "# Comparisons", "",
  "Written by `bench/compare.R`; what is measured is said there.", "",
  if (length(seeds) > 0) c(
    sprintf("## Nonlinear worlds, held-out target samples, %d seeds", length(seeds)), "",
    rows(t(names(network))), "|:--|:--|--:|--:|--:|--:|", rows(network), ""
  ),
  sprintf("## Linear sparse worlds, %d seeds", ncol(planted)), "",
  rows(t(rownames(planted))), "|--:|--:|--:|--:|", rows(t(sprintf("%.2f", rowMeans(planted)))),
  "", "## Salient factors found", "",
  "| in | runs | 0 | 1 | 2 | 3 | 4 |", "|:--|--:|--:|--:|--:|--:|--:|",
  rows(cbind(rownames(counted), counted))
)
writeLines(lines, "bench/compare.md")
