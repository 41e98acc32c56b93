# Fits the bundled TCGA breast-cancer cohort, and writes the fit, tables and figures to a folder:
#
#   Rscript demo.R [folder, "demo-out" by default]

library(omicpoems)

factors <- 32
seed <- 21

# The same model fitted to the tumours of the "train" set alone tells how well it places tumours it
# has not seen.
run_demo <- function(folder) {
  rlang::check_installed(c("ggplot2", "clue", "class", "cluster"), "to run the demo.")
  dir.create(folder, showWarnings = FALSE, recursive = TRUE)
  tumours <- tcga_breast$samples
  subtype <- stats::setNames(tumours$subtype, tumours$sample)
  in_train <- tumours$sample[tumours$set == "train"]
  in_test <- tumours$sample[tumours$set == "test"]

  cat_step("Fitting all ", nrow(tumours), " tumours")
  fit <- poems(tcga_breast$omics, factors = factors, seed = seed)
  cat_step("Fitting ", length(in_train), " tumours, to test on the other ", length(in_test))
  train_fit <- poems(take_samples(in_train), factors = factors, seed = seed)

  agreement <- rbind(
    agree(predict(train_fit, take_samples(in_test)), subtype, "not used in training"),
    agree(latent(fit), subtype, "used in training")
  )
  write_tables(fit, subtype, agreement, folder)
  write_figures(fit, subtype, folder)
  write_report(fit, subtype, folder)
  report(fit, agreement, folder)
}

# The omics of some samples; an omic that none of them has is left out.
take_samples <- function(samples) {
  omics <- lapply(tcga_breast$omics, \(x) x[, colnames(x) %in% samples, drop = FALSE])
  Filter(\(x) ncol(x) > 0, omics)
}

agree <- function(embedding, subtype, tumours) {
  data.frame(
    tumours = tumours, n = nrow(embedding),
    evaluate_subtypes(embedding, subtype[rownames(embedding)])
  )
}

write_tables <- function(fit, subtype, agreement, folder) {
  write_csv <- \(x, name) utils::write.csv(x, file.path(folder, name), row.names = FALSE)
  per_sample <- \(x) data.frame(sample = rownames(x), subtype = subtype[rownames(x)], x)
  saveRDS(fit, file.path(folder, "fit.rds"))
  write_csv(per_sample(latent(fit)), "latent.csv")
  write_csv(per_sample(gates(fit)), "gates.csv")
  write_csv(do.call(rbind, lapply(names(fit$omics), \(omic) loadings_table(fit, omic))),
            "loadings.csv")
  write_csv(variance_explained(fit), "variance.csv")
  write_csv(feature_effects(fit, "table"), "effects.csv")
  write_csv(fit$history, "history.csv")
  write_csv(agreement, "subtype_agreement.csv")
}

# One row per loading that is not zero.
loadings_table <- function(fit, omic) {
  w <- loadings(fit)[[omic]]
  at <- cbind(w@i + 1, rep(seq_len(ncol(w)), diff(w@p)))
  data.frame(
    omic = rep(omic, nrow(at)), feature = rownames(w)[at[, 1]], factor = colnames(w)[at[, 2]],
    loading = w@x, inclusion_probability = inclusion(fit)[[omic]][at]
  )
}

write_figures <- function(fit, subtype, folder) {
  save <- function(name, plot, width, height) {
    ggplot2::ggsave(file.path(folder, name), plot, width = width, height = height, dpi = 300)
  }
  save("history.png", plot_history(fit), 7, 4)
  save("latent.png", plot_latent(fit, subtype) + ggplot2::labs(colour = "PAM50 subtype"), 8, 5)
  save("gates.png", plot_gates(fit, subtype), 8, 3.5)
  save("variance.png", plot_variance(fit), 8, 4)
  save("loadings.png", plot_loadings(fit), 8, 6.5)
  save("map.png", plot_map(fit, subtype) + ggplot2::labs(fill = "PAM50 subtype"), 6.5, 5)
}

# One page with all of it; with a few gene sets that textbooks have and this cohort measured.
write_report <- function(fit, subtype, folder) {
  if (!rlang::is_installed(c("limma", "rmarkdown")) || !rmarkdown::pandoc_available("2.0")) {
    return(cat_step("No report: it needs pandoc and the R packages limma and rmarkdown"))
  }
  cat_step("Writing the report")
  tumours <- tcga_breast$samples
  poems_report(
    fit, data.frame(tumours[c("subtype", "set")], row.names = tumours$sample),
    file.path(folder, "report.html"), group = subtype, title = "Breast tumours of TCGA",
    sets = list(
      stroma = c("POSTN", "COL15A1", "COL6A1", "CTSK", "HTRA1", "CCDC80", "GAS6", "TAGLN"),
      "cell cycle" = c("ASPM", "CCNA2", "E2F1", "ASF1B", "NCAPG2", "GINS2", "RBL1"),
      "interferon response" = c("IFIT3", "IFIH1", "IFITM2", "SAMD9L", "EIF2AK2", "PLSCR1"),
      "miR-200 family" = c("hsa-mir-141", "hsa-mir-200a", "hsa-mir-200b", "hsa-mir-200c",
                           "hsa-mir-429")
    )
  )
}

report <- function(fit, agreement, folder) {
  cat_step("The fit of all tumours")
  print(fit)

  cat_step("Agreement with PAM50 subtypes (mean and standard deviation over ",
           length(formals(evaluate_subtypes)$seeds) - 1, " seeds)")
  print(agreement_table(agreement), row.names = FALSE, right = FALSE)
  writeLines(c(
    "",
    "Not used in training: the model learned from the \"train\" tumours and placed the",
    "\"test\" tumours, which lack protein, with predict(). Used in training: the fit of",
    "all tumours. No fit has seen a subtype.",
    "ACC, NMI: k-means clusters. kNN: nearest neighbours, on 25 % of the tumours."
  ))

  cat_step("Written to ", folder)
  writeLines(strwrap(paste(list.files(folder), collapse = "  "), 80))
}

agreement_table <- function(agreement) {
  spread <- function(metric) {
    rows <- agreement[agreement$metric == metric, ]
    sprintf("%.2f (%.2f)", rows$mean, rows$sd)
  }
  groups <- unique(agreement[c("tumours", "n")])
  data.frame(
    Tumours = groups$tumours, n = groups$n,
    ACC = spread("accuracy"), NMI = spread("nmi"), kNN = spread("knn")
  )
}

cat_step <- \(...) cat("\n", cli::style_bold(...), "\n", sep = "")

arguments <- commandArgs(trailingOnly = TRUE)
run_demo(if (length(arguments) > 0) arguments[1] else "demo-out")
