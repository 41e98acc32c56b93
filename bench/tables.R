# Tables 2 and 3 of the POEMS paper with cohorts that anyone has: every model of the paper as
# published and as corrected here, poems() and PCA. Writes bench/tables.md.
#
#   Rscript bench/tables.R [cohorts, of tcga_breast, metabric and miniacc; all by default]
#
# Protocol: benchmark_models(). Five random splits (one of METABRIC, where a fit takes minutes),
# 80 % of every group to train on and 20 % to test on, seed 21; test embeddings are scored by
# k-means and nearest neighbours with the paper's seeds 0, 12, 21, 42 and 1234. Finished runs are
# kept in build/tables: an interrupted bench goes on where it was, and cohorts can be run one at a
# time before all. Delete that folder after changes of a model.
library(omicpoems)

splits <- c(tcga_breast = 5L, metabric = 1L, miniacc = 5L)
seed <- 21L
rivals <- c("poem", "mocss_ae", "mocss_vae", "mocss_sparsevae")
models <- c("poems", "pca", rivals, "poems_published", paste0(rivals, "_published"))
# One fit of these had not ended after half an hour.
too_slow <- list(metabric = "mocss_sparsevae_published")

# Cohorts: lists of `omics`, `group` and `about`, or NULL where the data are not installed ---------

only <- \(omics, samples) lapply(omics, \(x) x[, samples])

tcga <- function() {
  tumours <- tcga_breast$samples[tcga_breast$samples$set == "train", ]
  list(omics = only(tcga_breast$omics, tumours$sample),
       group = stats::setNames(tumours$subtype, tumours$sample),
       about = "the tumours of `tcga_breast` with all three omics, PAM50 subtypes")
}

metabric <- function() {
  if (!requireNamespace("iC10TrainingData", quietly = TRUE)) {
    message("METABRIC is left out: install.packages(\"iC10TrainingData\") from CRAN.")
    return(NULL)
  }
  data <- new.env()
  utils::data(list = c("train.CN", "train.Exp", "IntClustMemb"), package = "iC10TrainingData",
              envir = data)
  omics <- lapply(list(expression = data$train.Exp, copy_number = data$train.CN), \(x) {
    rownames(x) <- make.unique(as.character(rownames(x)))
    x
  })
  list(omics = omics, group = data$IntClustMemb[colnames(omics[[1]])],
       about = paste("breast tumours of the discovery cohort, expression and copy number of the",
                     "features by which its ten integrative clusters are told, and these clusters"))
}

miniacc <- function() {
  if (!requireNamespace("MultiAssayExperiment", quietly = TRUE)) {
    message("miniACC is left out: BiocManager::install(\"MultiAssayExperiment\").")
    return(NULL)
  }
  data <- new.env()
  utils::data("miniACC", package = "MultiAssayExperiment", envir = data)
  patients <- SummarizedExperiment::colData(data$miniACC)
  group <- stats::setNames(patients$COC, rownames(patients))
  experiments <- c("RNASeq2GeneNorm", "gistict", "miRNASeqGene")
  # Names of patients for those of their samples; counts and their like as logarithms.
  map <- as.data.frame(MultiAssayExperiment::sampleMap(data$miniACC))
  omics <- lapply(experiments, \(name) {
    x <- as.matrix(SummarizedExperiment::assay(data$miniACC[[name]]))
    rows <- map[map$assay == name, ]
    colnames(x) <- rows$primary[match(colnames(x), rows$colname)]
    if (name == "gistict") x else log1p(x)
  })
  names(omics) <- c("mrna", "copy_number", "mirna")
  complete <- Reduce(intersect, c(lapply(omics, colnames), list(names(group)[!is.na(group)])))
  list(omics = only(omics, complete), group = group[complete],
       about = paste("adrenocortical carcinomas of `miniACC` with mRNA, copy number and miRNA, the",
                     "three clusters of clusters that TCGA found in all of its platforms"))
}

cohorts <- list(tcga_breast = tcga, metabric = metabric, miniacc = miniacc)

# Tables ------------------------------------------------------------------------------------------

# ACC, NMI and kNN as the paper has them, in one split; mean and standard deviation over the seeds
# of the scores.
paper <- read.table(header = TRUE, sep = ",", strip.white = TRUE, text = "
  model,                     brca,                          kirc
  poems_published,           0.63±0.05 0.45±0.04 0.78±0.04, 0.90±0.00 0.50±0.01 1.00±0.00
  poem_published,            0.54±0.02 0.38±0.03 0.72±0.05, 0.69±0.04 0.21±0.07 1.00±0.00
  mocss_ae_published,        0.62±0.07 0.41±0.04 0.68±0.04, 0.93±0.03 0.60±0.10 0.99±0.03
  mocss_vae_published,       0.57±0.06 0.43±0.03 0.73±0.02, 0.91±0.00 0.54±0.00 0.99±0.03
  mocss_sparsevae_published, 0.58±0.05 0.42±0.01 0.71±0.02, 0.91±0.00 0.54±0.00 1.00±0.00
")
scores <- c(accuracy = "ACC", nmi = "NMI", knn = "kNN")

titles <- c(
  poems = "POEMS, `poems()`", pca = "PCA, 32 components", poem = "POEM", mocss_ae = "MOCSS-AE",
  mocss_vae = "MOCSS-VAE", mocss_sparsevae = "MOCSS-SparseVAE"
)
title <- function(model) {
  form <- if (grepl("_published$", model)) ", published" else if (model %in% rivals) ", corrected"
  plain <- titles[[sub("_published$", "", model)]]
  paste0(if (model == "poems_published") "POEMS" else plain, form)
}

# Of one split, the mean alone.
plus_minus <- function(mean, sd, digits = 2, sep = " ± ") {
  spread <- ifelse(is.na(sd), "", sprintf("%s%.*f", sep, digits, sd))
  paste0(sprintf("%.*f", digits, mean), spread)
}
row_of <- \(cells) paste0("| ", paste(cells, collapse = " | "), " |")

# ACC, NMI and kNN of a model, written as above.
cell <- function(table, model) {
  rows <- table[match(paste(model, names(scores)), paste(table$model, table$score)), ]
  if (anyNA(rows$runs)) return("not run")
  if (any(rows$runs == 0)) return("failed")
  paste(plus_minus(rows$mean, rows$sd, sep = "±"), collapse = " ")
}

beside_paper <- function(results) {
  tables <- lapply(results, \(result) summary(result))
  c(row_of(c("model", names(results), "paper, BRCA", "paper, KIRC")),
    row_of(rep("---", length(results) + 3)),
    vapply(models, \(model) {
      published <- paper[match(model, paper$model), c("brca", "kirc")]
      published[is.na(published)] <- ""
      row_of(c(title(model), vapply(tables, cell, "", model), unlist(published)))
    }, ""))
}

cohort_table <- function(name, cohort, result) {
  overall <- subset(summary(result, reference = "pca"), score == "overall")
  seconds <- tapply(result$runs$seconds, result$runs$model, mean, na.rm = TRUE)
  rows <- lapply(seq_len(nrow(overall)), \(i) {
    one <- overall[i, ]
    if (one$runs == 0) return(NULL)
    difference <- c(plus_minus(one$difference, one$se, 3),
                    sprintf("%d of %d", one$better, one$splits))
    if (one$model == "pca") difference[] <- ""
    row_of(c(title(as.character(one$model)), plus_minus(one$mean, one$sd), difference,
             sprintf("%.1f", seconds[[as.character(one$model)]])))
  })
  failed <- result$runs[!is.na(result$runs$error), ]
  errors <- unique(paste0(vapply(as.character(failed$model), title, ""), ": ",
                          sub("\n.*", "", failed$error)))
  c("", paste("##", name), "",
    sprintf("%d samples: %s. Splits: %d, with %d samples to test on.", length(result$group),
            cohort$about, length(result$splits), length(result$splits[[1]])), "",
    "| model | mean of the three | minus PCA | better | seconds |", "|---|---|---|---|---|",
    unlist(rows),
    if (nrow(failed) > 0) c("", sprintf("%d of %d runs failed:", nrow(failed), nrow(result$runs)),
                            "", paste("*", errors)))
}

# Run --------------------------------------------------------------------------------------------

asked <- commandArgs(trailingOnly = TRUE)
if (length(asked) == 0) asked <- names(cohorts)
stopifnot(asked %in% names(cohorts))
data <- Filter(Negate(is.null), lapply(cohorts[asked], \(read) read()))
results <- Map(\(cohort, name) {
  message(name)
  benchmark_models(cohort$omics, cohort$group, setdiff(models, too_slow[[name]]),
                   splits = splits[[name]], seeds = seed, cache = file.path("build", "tables"))
}, data, names(data))

writeLines(c(
  "# The paper's tables",
  "",
  "Made by `Rscript bench/tables.R`; its header says how.",
  "",
  sprintf("%s, R %s, omicpoems %s, %d threads.", format(Sys.Date()), getRversion(),
          utils::packageVersion("omicpoems"), poems_control()$threads),
  "",
  paste(
    "ACC, NMI and kNN of the samples tested on, mean ± standard deviation over splits. The",
    "paper's figures are those of one split of its own cohorts, which are not public in full, and",
    "vary over the seeds of the scores alone: they are here to compare models, not numbers.",
    "`poems()` has its default settings; \"published\" models have those of the released code or",
    "of the paper, \"corrected\" ones those of `poems_baseline()`."
  ),
  "",
  beside_paper(results),
  "",
  paste(
    "Per cohort: the mean of ACC, NMI and kNN; the same minus that of PCA, split by split (mean ±",
    "standard error, which is somewhat too small, for splits share samples); in how many splits",
    "the model is better than PCA; seconds to fit and embed."
  ),
  unlist(Map(cohort_table, names(data), data, results), use.names = FALSE)
), "bench/tables.md")
cat(readLines("bench/tables.md"), sep = "\n")
