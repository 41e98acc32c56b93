# poems_compare() beside a plain VAE and comparative models without its start. Writes
# bench/compare.md.
#
#   Rscript bench/compare.R [seeds of network, 10 by default; 0 leaves it out] [file]
#
# network: 40 features, a leaky network (7, 20, 30, 40 units, slope 0.3) of 4 shared and 3 salient
#   Gaussian coordinates, standardised, with noise of sd 0.3; 1000 held-out target samples, of which
#   one half fits the maps that score the other. 2000 samples of target and 2000 of background, with
#   the true numbers of factors or twice as many, or 400 and 4000.
#   r2_t, r2_z: R2 of the true block by least squares from its own factors. Leaks: by kernel ridge
#   regression from the other block. mcc: mean canonical correlation of true and found salient
#   factors. hsic: dependence of both blocks of 500 samples beside that of independent ones.
#   Dense decoders: 48 units, 1800 steps of 200 samples. cvae: pooled, no bound; mo: balanced by
#   gradients; co: pooled, bound of 3; como: both; vae: poems_baseline("poem"), whose salient
#   factors are the ones with the largest ratio of variances in target and background. sparse: as
#   users get it, asked for at most 8 shared and 6 salient factors everywhere.
# sparse: two omics of 60 and 40 features, linear in 3 shared and 2 salient factors with 15 % of
#   loadings not 0 and noise of sd 1, 150 and 150 samples; F1 of which features have a salient one,
#   where the target's salient factors have the mean `shift`.
# none: the same with no salient factor, and groupings of tcga_breast at random. Only the start is
#   looked at, which decides on the number of factors; training cannot add any.
#
# cells: with `file`, data/pbmc.rda of the sources of CRAN's rliger: 300 control and 300
#   interferon-stimulated blood cells (Kang and others 2018), 249 genes of both, and the clusters in
#   data/pbmcPlot.rda beside it. Counts, and log(1 + count / library size * median library size).
#   Which of six interferon genes (ISG15, CXCL10, RSAD2, APOBEC3A, CCL8, IDO1) are among the ten top
#   genes, and the silhouette of the cells' clusters in stimulated cells. Beside: PCA of stimulated
#   cells, contrastive PCA (leading eigenvectors of the covariance of stimulated cells less 0.1 to
#   30 times that of control cells, whichever finds most of the six genes) and, for genes alone,
#   Wilcoxon tests of stimulated and control cells.
#
# Runs are kept in build/compare: delete that folder after changes of a model.
library(omicpoems)
source("tests/testthat/helper-compare.R")

folder <- file.path("build", "compare")
dir.create(folder, recursive = TRUE, showWarnings = FALSE)
arguments <- commandArgs(TRUE)
seeds <- seq_len(if (length(arguments) > 0) as.integer(arguments[1]) else 10)

cached <- function(name, result) {
  file <- file.path(folder, paste0(name, ".rds"))
  if (!file.exists(file)) {
    message(format(Sys.time(), "%H:%M:%S "), name)
    saveRDS(result, file)
  }
  readRDS(file)
}

# Worlds ------------------------------------------------------------------------------------------

network_world <- function(target, background, seed, p = 4, q = 3, held_out = 1000) {
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

# Mean canonical correlation, of as many pairs as the true block y has columns.
canonical <- function(y, x) {
  if (ncol(x) == 0) return(0)
  sum(stats::cancor(y, x)$cor) / ncol(y)
}

# HSIC of standardised blocks with Gaussian kernels, as wide as two normal vectors are apart, by the
# mean that it has if the blocks are independent.
hsic_ratio <- function(x, y) {
  if (ncol(x) == 0) return(NA)
  steep <- \(d) 1 / (2 * (2 * gamma((d + 1) / 2) / gamma(d / 2))^2)
  kernel <- \(x) exp(-steep(ncol(x)) * as.matrix(stats::dist(scale(x)))^2)
  centred <- \(k) k - rowMeans(k) - rep(colMeans(k), each = nrow(k)) + mean(k)
  usual <- \(d) (1 + 4 * steep(d))^(-d / 2)
  n <- nrow(x)
  expected <- (1 - usual(ncol(x))) * (1 - usual(ncol(y))) / n
  sum(centred(kernel(x)) * kernel(y)) / n^2 / expected
}

score <- function(world, shared, salient) {
  of <- world$held_out
  t <- world$t[of, ]
  z <- world$z[of, ]
  c(r2_t = linear_score(t, salient), r2_z = linear_score(z, shared),
    leak_z = kernel_score(z, salient), leak_t = kernel_score(t, shared),
    mcc = canonical(t, salient), hsic = hsic_ratio(salient[1:500, , drop = FALSE],
                                                   shared[1:500, , drop = FALSE]))
}

# Runs --------------------------------------------------------------------------------------------

dense <- list(vae = NULL, cvae = list(balance = "pooled", independence = NULL),
              mo = list(balance = "pareto", independence = NULL),
              co = list(balance = "pooled", independence = 3),
              como = list(balance = "pareto", independence = 3))

cases <- list(balanced = list(target = 2000, background = 2000, factors = c(4, 3)),
              `balanced, twice the factors` = list(target = 2000, background = 2000,
                                                   factors = c(8, 6)),
              imbalanced = list(target = 400, background = 4000, factors = c(4, 3)))

network_run <- function(method, case, seed) {
  world <- network_world(case$target, case$background, 100 + seed)
  training <- list(x = world$x[, !world$held_out])
  in_target <- world$target[!world$held_out]
  test <- list(x = world$x[, world$held_out])
  epochs <- 1800 * 100 / max(case$target, case$background)
  quiet <- list(progress = FALSE, threads = 1)
  if (method == "vae") {
    fit <- poems_baseline(training, "poem", factors = sum(case$factors), seed = seed,
                          control = c(list(epochs = epochs), quiet))
    new <- predict(fit, test)
    spread <- \(of) apply(latent(fit)[of, ], 2, stats::var)
    own <- order(-spread(in_target) / (spread(!in_target) + 0.01))[seq_len(case$factors[2])]
    return(c(score(world, new[, -own], new[, own]), epoch = NA))
  }
  common <- list(training, group = ifelse(in_target, "target", "rest"), background = "rest",
                 seed = seed)
  own <- if (method == "sparse") list(shared = 8, salient = 6, control = quiet) else c(
    list(shared = case$factors[1], salient = case$factors[2], decoder = "dense"), dense[[method]],
    list(control = c(quiet, list(epochs = epochs, patience = epochs, batch_size = 200,
                                 encoder_units = 48, decoder_units = 48)))
  )
  fit <- do.call(poems_compare, c(common, own))
  new <- predict(fit, test)
  of <- startsWith(colnames(new), "Salient")
  c(score(world, new[, !of, drop = FALSE], new[, of, drop = FALSE]),
    epoch = fit$seconds / nrow(fit$history))
}

sparse_run <- function(shift, seed) {
  world <- compare_world(seed = 300 + seed, shift = shift)
  fit <- quick_compare(world, seed = seed, epochs = 50, control = list(progress = FALSE))
  has <- \(loadings, k) unlist(lapply(loadings, \(w) rowSums(w[, k, drop = FALSE] != 0) > 0))
  found <- has(fit$loadings, fit$blocks$salient)
  real <- has(world$loadings, 4:5)
  of <- world$target
  c(salient = length(fit$blocks$salient), f1 = 2 * sum(found & real) / (sum(found) + sum(real)),
    r2_t = linear_r2(world$t[of, ], salient(fit)[of, ]), r2_z = linear_r2(world$z, shared(fit)))
}

network <- if (length(seeds) > 0) do.call(rbind, lapply(names(cases), \(case) {
  do.call(rbind, lapply(c(names(dense), "sparse"), \(method) {
    runs <- lapply(seeds, \(seed) cached(
      gsub("[, ]+", "_", paste(case, method, seed, sep = "-")),
      network_run(method, cases[[case]], seed)
    ))
    scores <- vapply(runs, `[`, numeric(6), 1:6)
    data.frame(case = case, method = method, t(sprintf(
      "%.2f ± %.2f", rowMeans(scores), apply(scores, 1, stats::sd)
    )))
  }))
}))
if (length(seeds) > 0) {
  names(network)[3:8] <- c("r2_t", "r2_z", "leak z in salient", "leak t in shared", "mcc", "hsic")
}
planted <- vapply(c(0, 1, 2, 4), \(shift) rowMeans(vapply(1:10, \(seed) {
  cached(paste("sparse", shift, seed, sep = "-"), sparse_run(shift, seed))
}, numeric(4))), numeric(4))

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

# Cells -------------------------------------------------------------------------------------------

interferon <- c("ISG15", "CXCL10", "RSAD2", "APOBEC3A", "CCL8", "IDO1")

read_cells <- function(file) {
  loadNamespace("Matrix") # before its matrices are read
  read <- \(name) {
    load(file.path(dirname(file), paste0(name, ".rda")), envir = environment())
    get(name)
  }
  raw <- lapply(attr(read("pbmc"), "datasets"), attr, "rawData")
  genes <- intersect(rownames(raw$ctrl), rownames(raw$stim))
  counts <- as.matrix(cbind(raw$ctrl[genes, ], raw$stim[genes, ]))
  size <- colSums(counts)
  list(counts = counts, logs = log1p(t(t(counts) / size) * stats::median(size)),
       group = rep(c("control", "stimulated"), vapply(raw, ncol, 0L)),
       cluster = attr(attr(read("pbmcPlot"), "cellMeta"), "listData")$leiden_cluster)
}

cell_row <- function(cells, embedding, ranked) {
  of <- cells$group == "stimulated"
  silhouette <- \(z) {
    if (is.null(z)) return("")
    width <- cluster::silhouette(as.integer(cells$cluster[of]), stats::dist(z))[, 3]
    sprintf("%.2f", mean(width))
  }
  c(sum(interferon %in% ranked[1:10]), toString(ranked[1:10]), silhouette(embedding$salient),
    silhouette(embedding$shared))
}

compared_cells <- function(cells, values) {
  fit <- poems_compare(list(rna = cells[[values]]), "control", cells$group, seed = 1,
                       control = list(progress = FALSE, threads = 1))
  of <- cells$group == "stimulated"
  cell_row(cells, list(salient = salient(fit)[of, ], shared = shared(fit)[of, ]),
           top_features(fit, "Salient1", n = 10)$feature)
}

other_cells <- function(cells) {
  of <- cells$group == "stimulated"
  x <- scale(t(cells$logs))
  p <- vapply(seq_len(ncol(x)), \(j) stats::wilcox.test(x[of, j], x[!of, j])$p.value, 0)
  pca <- stats::prcomp(x[of, ], rank. = 8)
  ranked <- \(w) colnames(x)[order(-abs(w))]
  contrasts <- lapply(c(0.1, 0.5, 1, 2, 5, 10, 30), \(strength) {
    eigen(stats::cov(x[of, ]) - strength * stats::cov(x[!of, ]), symmetric = TRUE)$vectors
  })
  hits <- vapply(contrasts, \(v) sum(interferon %in% ranked(v[, 1])[1:10]), 0L)
  contrast <- contrasts[[which.max(hits)]]
  list(
    "PCA, 8 components" = cell_row(cells, list(shared = pca$x), ranked(pca$rotation[, 1])),
    "contrastive PCA, 2 components" = cell_row(
      cells, list(salient = x[of, ] %*% contrast[, 1:2]), ranked(contrast[, 1])
    ),
    "Wilcoxon tests" = cell_row(cells, NULL, colnames(x)[order(p)])
  )
}

cell_lines <- function(file) {
  cells <- read_cells(file)
  found <- c(list(
    "poems_compare(), logs" = cached("cells-logs", compared_cells(cells, "logs")),
    "poems_compare(), counts" = cached("cells-counts", compared_cells(cells, "counts"))
  ), other_cells(cells))
  c("", "## Stimulated blood cells", "",
    "| method | of six | ten top genes | silhouette, salient | shared |", "|:--|--:|:--|--:|--:|",
    rows(cbind(names(found), do.call(rbind, found))))
}

rows <- \(table) apply(table, 1, \(row) paste0("| ", paste(row, collapse = " | "), " |"))
lines <- c(
  "# Comparisons", "",
  "Written by `bench/compare.R`; what is measured is said there.", "",
  if (length(seeds) > 0) c(
    sprintf("## Nonlinear worlds, held-out target samples, %d seeds", length(seeds)), "",
    rows(t(names(network))), "|:--|:--|--:|--:|--:|--:|--:|--:|", rows(network), ""
  ),
  "## Linear sparse worlds, 10 seeds", "",
  rows(t(c("shift", rownames(planted)))), "|--:|--:|--:|--:|--:|",
  rows(cbind(c(0, 1, 2, 4), apply(planted, 1, sprintf, fmt = "%.2f"))),
  "", "## Salient factors found", "",
  "| in | runs | 0 | 1 | 2 | 3 | 4 |", "|:--|--:|--:|--:|--:|--:|--:|",
  rows(cbind(rownames(counted), counted)),
  if (length(arguments) > 1) cell_lines(arguments[2])
)
writeLines(lines, "bench/compare.md")
