# Does it help to fit patients who lack omics along with the complete ones? Writes incomplete.md
# beside this file.
#
#   Rscript bench/incomplete.R [splits, 20 by default]
#
# In every split a third of the complete patients are held out. One fit learns from the other
# complete patients alone, one from all who lack omics, too. Both reconstruct the patients held out:
# with all their omics given, and every omic from the others.
suppressPackageStartupMessages(library(omicpoems))

factors <- 16
control <- list(progress = FALSE)

cohorts <- function() {
  data("miniACC", package = "MultiAssayExperiment", envir = environment())
  # Without the binary mutations, which no Gaussian describes.
  acc <- omicpoems:::read_omics(
    miniACC, experiments = c("RNASeq2GeneNorm", "gistict", "RPPAArray", "miRNASeqGene"),
    preprocess = list(RNASeq2GeneNorm = preprocess_steps("log1p"),
                      miRNASeqGene = preprocess_steps("log1p"))
  )$data
  list("adrenocortical (miniACC)" = acc, "breast (tcga_breast)" = tcga_breast$omics)
}

only <- \(omics, samples) lapply(omics, \(x) x[, colnames(x) %in% samples, drop = FALSE])

# Share of variance explained in the features that both fits know; variance is about the means of
# the complete training patients, every feature in units of its standard deviation there.
shares <- function(fits, test, train, given) {
  vapply(fits, \(fit) {
    xhat <- predict(fit, test[given], type = "reconstruction")
    vapply(setdiff(names(test), if (length(given) < length(test)) given), \(omic) {
      known <- Reduce(intersect, lapply(fits, \(fit) fit$omics[[omic]]$features))
      x <- test[[omic]][known, ]
      center <- rowMeans(train[[omic]][known, ], na.rm = TRUE)
      sd <- apply(train[[omic]][known, ], 1, stats::sd, na.rm = TRUE)
      residual <- (x - xhat[[omic]][known, colnames(x)]) / sd
      1 - sum(residual^2, na.rm = TRUE) / sum(((x - center) / sd)^2, na.rm = TRUE)
    }, 0)
  }, numeric(length(if (length(given) < length(test)) 1 else given)))
}

one_split <- function(omics, seed) {
  complete <- Reduce(intersect, lapply(omics, colnames))
  set.seed(seed)
  held_out <- sample(complete, length(complete) %/% 3)
  everyone <- unique(unlist(lapply(omics, colnames)))
  train <- list(complete = only(omics, setdiff(complete, held_out)),
                all = only(omics, setdiff(everyone, held_out)))
  fits <- suppressMessages(lapply(train, poems, factors = factors, seed = seed, control = control))
  test <- only(omics, held_out)
  given <- shares(fits, test, train$complete, names(omics))
  rows <- data.frame(omic = names(omics), task = "all omics given", given)
  for (omic in names(omics)) {
    guess <- shares(fits, test, train$complete, setdiff(names(omics), omic))
    rows <- rbind(rows, data.frame(omic = omic, task = "from the other omics", t(guess)))
  }
  cbind(split = seed, rows)
}

table_of <- function(name, omics, splits) {
  complete <- length(Reduce(intersect, lapply(omics, colnames)))
  everyone <- length(unique(unlist(lapply(omics, colnames))))
  rows <- do.call(rbind, lapply(seq_len(splits), \(seed) one_split(omics, seed)))
  percent <- \(x) sprintf("%.1f %%", 100 * mean(x))
  lines <- by(rows, list(factor(rows$omic, names(omics)), rows$task), \(r) {
    gain <- r$all - r$complete
    sprintf("| %s | %s | %s | %s | %+.1f (%.1f) |", r$task[1], r$omic[1], percent(r$complete),
            percent(r$all), 100 * mean(gain), 100 * stats::sd(gain) / sqrt(length(gain)))
  })
  c("", sprintf("## %s: %d patients, %d of them complete", name, everyone, complete), "",
    "| held-out patients | omic | complete only | with incomplete | gain, points (standard error) |",
    "|---|---|---|---|---|", unlist(lines, use.names = FALSE))
}

arguments <- commandArgs(trailingOnly = TRUE)
splits <- if (length(arguments) > 0) as.integer(arguments[1]) else 20L
all <- cohorts()
tables <- Map(\(omics, name) table_of(name, omics, splits), all, names(all))
script <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
writeLines(c(
  "# Do patients who lack omics help?", "", "Made by `Rscript bench/incomplete.R`.", "",
  sprintf(paste(
    "%s: omicpoems %s, %d factors asked for, default settings. A third of the complete patients are",
    "held out, %d times; share of their variance explained by a fit of the other complete",
    "patients, and by one that has learned from all patients with missing omics, too. The standard",
    "error is that over splits, which share patients."
  ), Sys.Date(), utils::packageVersion("omicpoems"), factors, splits),
  unlist(tables, use.names = FALSE)
), file.path(dirname(script), "incomplete.md"))
