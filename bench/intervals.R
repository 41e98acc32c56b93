# Do nominal 95 % intervals of imputed values (mean +- 1.96 standard deviations of impute()) hold
# 95 % of the values? Writes bench/intervals.md.
#
#   Rscript bench/intervals.R        (several minutes on 2 cores)
#
# Cohorts: the 150 complete tumours of tcga_breast, METABRIC (package iC10TrainingData) and
# simulations of 100 and 400 samples. A fifth of the samples are new: left out of the fit. Of the
# others, 10 % of the values are hidden and a third lack one omic, each omic in turn. New samples
# are imputed with 10 % of their values hidden, and without each omic.
library(omicpoems)

control <- list(progress = FALSE)
complete <- tcga_breast$samples$sample[tcga_breast$samples$set == "train"]

metabric <- function() {
  data <- new.env()
  utils::data(list = c("train.CN", "train.Exp"), package = "iC10TrainingData", envir = data)
  lapply(list(expression = data$train.Exp, copy_number = data$train.CN), \(x) {
    rownames(x) <- make.unique(as.character(rownames(x)))
    x
  })
}

simulated <- function(samples, links) {
  \(seed) simulate_omics(samples, c(a = 200, b = 120, c = 80), factors = 6, links = links,
                         seed = 8000 + seed)$omics
}
all_links <- c("linear", "saturating", "rectified", "quadratic")
cohorts <- list(
  tcga_breast = list(omics = \(seed) lapply(tcga_breast$omics, \(x) x[, complete]), factors = 32,
                     seeds = 1:3),
  METABRIC = list(omics = \(seed) metabric(), factors = 32, seeds = 1),
  `simulated, 100 samples, linear` = list(omics = simulated(100, "linear"), factors = 12,
                                          seeds = 1:3),
  `simulated, 100 samples, all links` = list(omics = simulated(100, all_links), factors = 12,
                                             seeds = 1:3),
  `simulated, 400 samples, linear` = list(omics = simulated(400, "linear"), factors = 12,
                                          seeds = 1:2),
  `simulated, 400 samples, all links` = list(omics = simulated(400, all_links), factors = 12,
                                             seeds = 1:2)
)
if (!requireNamespace("iC10TrainingData", quietly = TRUE)) {
  message("Without METABRIC: package iC10TrainingData is not installed.")
  cohorts$METABRIC <- NULL
}

hide_values <- function(omics) lapply(omics, \(x) replace(x, stats::runif(length(x)) < 0.1, NA))

# Per omic, whether hidden values lie within the interval, and its width beside that of all values.
covered <- function(fit, truth, seen, cohort, kind, of) {
  mean <- impute(fit, seen)
  sd <- impute(fit, seen, "sd", draws = 50, seed = 1)
  do.call(rbind, lapply(names(truth), \(omic) {
    features <- fit$omics[[omic]]$features
    samples <- colnames(truth[[omic]])
    x <- truth[[omic]][features, ]
    known <- matrix(FALSE, length(features), length(samples), dimnames = dimnames(x))
    had <- intersect(samples, colnames(seen[[omic]]))
    known[, had] <- !is.na(seen[[omic]][features, had])
    lacking <- !samples %in% had
    hidden <- !known & if (kind == "omics") rep(lacking, each = nrow(x)) else
      rep(!lacking, each = nrow(x))
    at <- which(hidden)
    if (length(at) == 0) return(NULL)
    error <- abs(x - mean[[omic]][features, samples])[at]
    spread <- sd[[omic]][features, samples][at]
    data.frame(cohort, omic, kind, of, covered = mean(error <= stats::qnorm(0.975) * spread),
               values = length(at))
  }))
}

run <- function(name, seed) {
  cohort <- cohorts[[name]]
  omics <- cohort$omics(seed)
  set.seed(seed)
  samples <- sample(colnames(omics[[1]]))
  new <- samples[seq_len(length(samples) %/% 5)]
  old <- setdiff(samples, new)
  lacks <- rep(c(names(omics), rep("", 2 * length(omics))), length.out = length(old))
  truth <- lapply(omics, \(x) x[, old])
  seen <- hide_values(Map(\(x, omic) x[, lacks != omic], truth, names(omics)))
  started <- proc.time()[[3]]
  fit <- poems(seen, cohort$factors, seed = seed, control = control)
  message(sprintf("%s, seed %d: %.0f s", name, seed, proc.time()[[3]] - started))
  late <- lapply(omics, \(x) x[, new])
  rows <- rbind(
    covered(fit, truth, seen, name, "values", "the fit"),
    covered(fit, truth, seen, name, "omics", "the fit"),
    covered(fit, late, hide_values(late), name, "values", "new"),
    do.call(rbind, lapply(names(omics), \(omic) {
      covered(fit, late, late[setdiff(names(omics), omic)], name, "omics", "new")
    }))
  )
  rows$seed <- seed
  rows
}

rows <- do.call(rbind, lapply(names(cohorts), \(name) {
  do.call(rbind, lapply(cohorts[[name]]$seeds, \(seed) run(name, seed)))
}))

# Means over seeds, per cohort and omic.
rows$task <- factor(paste(rows$kind, rows$of), c("values the fit", "values new", "omics the fit",
                                                 "omics new"))
share <- tapply(rows$covered, list(paste(rows$cohort, rows$omic, sep = " | "), rows$task), mean)
share <- share[unique(paste(rows$cohort, rows$omic, sep = " | ")), ]
all <- tapply(rows$covered, rows$task, mean)
line <- \(name, x) {
  sprintf("| %s | %s |", name, paste(sprintf("%.1f %%", 100 * x), collapse = " | "))
}
writeLines(c(
  "# Do 95 % intervals hold 95 % of the values?", "",
  "Made by `Rscript bench/intervals.R`; its header says how. Means over one to three seeds.", "",
  sprintf("%s, omicpoems %s.", format(Sys.Date()), utils::packageVersion("omicpoems")), "",
  paste("| cohort | omic | hidden values, samples of the fit | new samples |",
        "whole omics, samples of the fit | new samples |"),
  "|---|---|---|---|---|---|",
  vapply(rownames(share), \(name) line(name, share[name, ]), ""),
  line("all | mean", all)
), "bench/intervals.md")
cat(readLines("bench/intervals.md"), sep = "\n")
