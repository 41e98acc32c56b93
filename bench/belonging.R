# Are omics that do not belong to their sample told from those that do, by gates and by
# check_samples()? Writes bench/belonging.md.
#
#   Rscript bench/belonging.R        (about 5 minutes on 2 cores)
#
# Simulated cohorts: linear factors, each acting on half of the features of every omic; one omic is
# noise, or another sample's, in some samples. Areas under the curve compare these samples with the
# others. Tumours: the 150 complete ones of tcga_breast, of which one omic of 7 or 8 pairs changes
# places; of METABRIC (package iC10TrainingData, if installed), of 20 pairs.
library(omicpoems)

control <- list(progress = FALSE)

area <- function(score, positive) {
  rank <- rank(score)
  n <- sum(positive)
  (sum(rank[positive]) - n * (n + 1) / 2) / n / sum(!positive)
}

share <- \(x, digits = 3) sprintf("%.*f", digits, x)

# Features x samples that factors z (samples x factors) drive; `noise`: its share of the variance.
driven <- function(z, features, noise, name) {
  loadings <- matrix(rnorm(features * ncol(z)), features) *
    (runif(features * ncol(z)) < 0.5)
  signal <- tcrossprod(loadings, z)
  x <- signal / sd(signal) * sqrt(1 - noise) +
    sqrt(noise) * matrix(rnorm(features * nrow(z)), features)
  dimnames(x) <- list(paste0(name, seq_len(features)), paste0("s", seq_len(nrow(z))))
  x
}

three <- function(n, factors, features, noise) {
  z <- matrix(rnorm(n * factors), n)
  omics <- Map(\(p, name) driven(z, p, noise, name), features, c("a", "b", "c"))
  list(omics = stats::setNames(omics, c("a", "b", "c")), z = z)
}

turned <- \(i) i[c(2:length(i), 1)]
noise_like <- \(x, i) matrix(rnorm(nrow(x) * length(i)), nrow(x)) * sd(x)

cohorts <- list(
  `400 samples, c noise in half, d noise in all` = function() {
    made <- three(400, 5, c(200, 200, 200), 0.7)
    bad <- sample(400, 200)
    made$omics$c[, bad] <- noise_like(made$omics$c, bad)
    made$omics$d <- made$omics$a
    made$omics$d[] <- rnorm(length(made$omics$d))
    c(made, list(bad = bad, omic = "c"))
  },
  `150 samples, b of another in a quarter, gaps` = function() {
    made <- three(150, 4, c(200, 150, 100), 0.6)
    bad <- sample(150, 38)
    made$omics$b[, bad] <- made$omics$b[, turned(bad)]
    for (name in c("a", "c")) made$omics[[name]] <- made$omics[[name]][, sort(sample(150, 128))]
    made$omics$a[sample(length(made$omics$a), 0.02 * length(made$omics$a))] <- NA
    c(made, list(bad = bad, omic = "b"))
  },
  `800 samples, a of another in a fifth` = function() {
    made <- three(800, 6, c(300, 200, 100), 0.8)
    bad <- sample(800, 160)
    made$omics$a[, bad] <- made$omics$a[, turned(bad)]
    c(made, list(bad = bad, omic = "a"))
  },
  `300 samples, a counts, b noise in a third` = function() {
    made <- three(300, 5, c(300, 100, 150), 0.6)
    made$omics$a[] <- rpois(length(made$omics$a), exp(2 + 0.6 * made$omics$a))
    bad <- sample(300, 90)
    made$omics$b[, bad] <- noise_like(made$omics$b, bad)
    c(made, list(bad = bad, omic = "b"))
  }
)

run_cohort <- function(name, seed) {
  set.seed(seed)
  made <- cohorts[[name]]()
  fit <- suppressMessages(poems(made$omics, seed = seed, control = control))
  gates <- gates(fit)
  bad <- fit$samples %in% paste0("s", made$bad)
  has <- gates[, made$omic] > 0
  complete <- rowSums(gates > 0) == ncol(gates)
  check <- check_samples(fit)
  check <- check[check$omic == made$omic & !is.na(check$p_value), ]
  like <- abs(cor(made$z[match(fit$samples, paste0("s", seq_len(nrow(made$z)))), ], latent(fit)))
  noise <- if ("d" %in% names(made$omics)) {
    mean(contributions(fit)[, "d", apply(like, 1, which.max)])
  } else NA
  cat(name, "seed", seed, "done\n")
  data.frame(
    cohort = name, all = area(-gates[has, made$omic], bad[has]),
    complete = area(-gates[complete, made$omic], bad[complete]),
    check = area(-check$p_value, check$sample %in% paste0("s", made$bad)), noise = noise
  )
}

run_swap <- function(cohort, omics, omic, pairs, seed) {
  set.seed(100 + seed)
  samples <- colnames(omics[[1]])
  at <- sample(length(samples), 2 * pairs)
  other <- c(at[-seq_len(pairs)], at[seq_len(pairs)])
  omics[[omic]][, at] <- omics[[omic]][, other]
  check <- check_samples(poems(omics, seed = seed, control = control))
  check <- check[check$omic == omic, ]
  check <- check[match(samples, check$sample), ]
  swapped <- seq_along(samples) %in% at
  named <- !is.na(check$fdr) & check$fdr < 0.1
  right <- !is.na(check$partner[at]) & check$partner[at] == samples[other]
  cat(cohort, omic, "seed", seed, "done\n")
  data.frame(
    cohort = cohort, omic = omic, swapped = 2 * pairs, area = area(-check$p_value, swapped),
    named = sum(named & swapped), false = sum(named & !swapped),
    false_share = sum(named & !swapped) / max(sum(named), 1), right = mean(right),
    low = mean(check$p_value[!swapped] < 0.05)
  )
}

complete <- tcga_breast$samples$sample[tcga_breast$samples$set == "train"]
tumours <- lapply(tcga_breast$omics, \(x) x[, complete])

gated <- do.call(rbind, lapply(names(cohorts), \(name) {
  do.call(rbind, lapply(1:2, \(seed) run_cohort(name, seed)))
}))
swaps <- do.call(rbind, c(
  lapply(1:10, \(seed) run_swap("tcga_breast", tumours, "mrna", 7 + seed %% 2, seed)),
  lapply(1:4, \(seed) run_swap("tcga_breast", tumours, "mirna", 7 + seed %% 2, seed)),
  lapply(1:4, \(seed) run_swap("tcga_breast", tumours, "protein", 7 + seed %% 2, seed))
))
if (requireNamespace("iC10TrainingData", quietly = TRUE)) {
  data <- new.env()
  utils::data(list = c("train.CN", "train.Exp"), package = "iC10TrainingData", envir = data)
  metabric <- lapply(list(expression = data$train.Exp, copy_number = data$train.CN), \(x) {
    rownames(x) <- make.unique(as.character(rownames(x)))
    as.matrix(x)
  })
  shared <- Reduce(intersect, lapply(metabric, colnames))
  metabric <- lapply(metabric, \(x) x[, shared])
  swaps <- rbind(swaps, run_swap("METABRIC", metabric, "copy_number", 20, 1))
}

gate_rows <- do.call(rbind, lapply(split(gated, factor(gated$cohort, names(cohorts))), \(x) {
  data.frame(x$cohort[1], share(mean(x$complete)), share(mean(x$all)), share(mean(x$check)),
             if (anyNA(x$noise)) "" else share(mean(x$noise)))
}))
key <- paste(swaps$cohort, swaps$omic)
swap_rows <- do.call(rbind, lapply(split(swaps, factor(key, unique(key))), \(x) {
  data.frame(x$cohort[1], x$omic[1], nrow(x), share(mean(x$swapped), 1), share(mean(x$area)),
             share(mean(x$named), 1), share(mean(x$false), 1), share(mean(x$false_share), 2),
             share(mean(x$right), 2), share(mean(x$low)))
}))
rows <- \(table) paste0("| ", do.call(paste, c(unname(table), sep = " | ")), " |")
writeLines(c(
  "# Are omics that do not belong to their sample told from those that do?", "",
  "Made by `Rscript bench/belonging.R`; its header says how.", "",
  sprintf("%s, omicpoems %s.", Sys.Date(), utils::packageVersion("omicpoems")), "",
  "## Simulated: area under the curve of the omic's gate and of the p-value, mean of two seeds", "",
  "| cohort | gate, samples with all omics | gate, all samples | check_samples() | noise omic |",
  "|---|---|---|---|---|", rows(gate_rows), "",
  "Noise omic: its mean contribution to the true factors. In samples with two omics no gate can",
  "tell which of them is wrong.", "",
  "## Tumours whose omic has changed places, check_samples(), mean over seeds", "",
  paste("| cohort | omic | seeds | swapped | area | named at FDR 0.1 | other samples named |",
        "share of these | right partner, of all swapped | p < 0.05 among the others |"),
  "|---|---|---|---|---|---|---|---|---|---|", rows(swap_rows)
), "bench/belonging.md")
cat(readLines("bench/belonging.md"), sep = "\n")
