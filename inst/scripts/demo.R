# Fits the bundled TCGA breast-cancer cohort, and writes the fit, tables and figures to a folder:
#
#   Rscript demo.R [folder, "demo-out" by default]

library(omicpoems)

factors <- 32
seed <- 21

# The same model fitted to the tumours of the "train" set alone tells how well it places tumours it
# has not seen.
run_demo <- function(folder) {
  rlang::check_installed(
    c("ggplot2", "clue", "class", "cluster", "Rtsne", "tibble", "uwot"), "to run the demo."
  )
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
    agree(predict(train_fit, take_samples(in_test), scaled = TRUE), subtype,
          "not used in training"),
    agree(latent(fit, scaled = TRUE), subtype, "used in training")
  )
  tables <- make_tables(fit, subtype, agreement)
  saveRDS(fit, file.path(folder, "fit.rds"))
  for (name in names(tables)) {
    file <- file.path(folder, paste0(name, ".csv"))
    utils::write.csv(as_plain_text(tables[[name]]), file, row.names = FALSE)
  }
  write_figures(fit, subtype, folder)
  write_report(fit, subtype, folder)
  report(fit, tables, folder)
}

# Text that a spreadsheet would run as a formula starts with an apostrophe.
as_plain_text <- function(table) {
  table[] <- lapply(table, \(column) {
    if (is.factor(column)) column <- as.character(column)
    if (is.character(column)) sub("^([-=+@\t\r])", "'\\1", column) else column
  })
  table
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

# Every table, named as its file.
make_tables <- function(fit, subtype, agreement) {
  factors <- colnames(latent(fit))
  list(
    fit = glance(fit),
    omics = tidy(fit, "omics"),
    samples = augment(fit, tcga_breast$samples),
    latent = tidy(fit, "latent"),
    gates = tidy(fit, "gates"),
    loadings = tidy(fit, "loadings"),
    features = tidy(fit, "features"),
    top_features = top_features(fit, factors, by = "effect"),
    links = do.call(rbind, lapply(factors, \(factor) feature_links(fit, factor))),
    variance = tidy(fit, "variance"),
    history = tidy(fit, "history"),
    subtype_correlation = subtype_correlation(fit, subtype, tcga_breast$omics),
    subtype_agreement = agreement
  )
}

write_figures <- function(fit, subtype, folder) {
  save <- function(name, plot, width, height) {
    file <- file.path(folder, paste0(name, ".png"))
    ggplot2::ggsave(file, plot, width = width, height = height, dpi = 300)
  }
  coloured <- \(plot) plot + ggplot2::labs(colour = "PAM50 subtype")
  filled <- \(plot) plot + ggplot2::labs(fill = "PAM50 subtype")
  save("omics", coloured(plot_omics(fit, subtype)), 8, 3)
  save("history", plot_history(fit), 7, 4)
  save("variance", plot_variance(fit), 8, 4)
  save("loadings", plot_loadings(fit), 8, 6.5)
  save("effects", plot_loadings(fit, by = "effect"), 8, 6.5)
  save("strength", plot_strength(fit), 9, 3.5)
  save("top_features", plot_top_features(fit, by = "effect"), 9, 5)
  save("sparsity", plot_sparsity(fit), 8, 6)
  save("links", plot_links(fit, factor = 1), 7.5, 5.5)
  save("latent", coloured(plot_latent(fit, subtype)), 8, 5)
  save("factors", filled(plot_factors(fit, c(1, 2), subtype)), 6.5, 5)
  save("map", filled(plot_map(fit, subtype)), 7.5, 5)
  save("map_tsne", filled(plot_map(fit, subtype, "tsne")), 6.5, 5)
  save("map_umap", filled(plot_map(fit, subtype, "umap")), 6.5, 5)
  save("gates", plot_gates(fit, subtype), 8, 3.5)
  save("gate_distribution", plot_gate_distribution(fit, subtype), 8, 3)
  save("subtype_correlation", plot_subtype_correlation(fit, subtype, tcga_breast$omics), 8, 6.5)
}

# One page with all of it; with gene sets that were made without this cohort (inst/COPYRIGHTS has
# their source).
write_report <- function(fit, subtype, folder) {
  if (!rlang::is_installed(c("limma", "rmarkdown")) || !rmarkdown::pandoc_available("2.0")) {
    return(cat_step("No report: it needs pandoc and the R packages limma and rmarkdown"))
  }
  cat_step("Writing the report")
  tumours <- tcga_breast$samples
  poems_report(
    fit, data.frame(tumours[c("subtype", "set")], row.names = tumours$sample),
    file.path(folder, "report.html"), group = subtype, title = "Breast tumours of TCGA",
    sets = system.file("extdata", "gene_sets.gmt", package = "omicpoems", mustWork = TRUE)
  )
}

report <- function(fit, tables, folder) {
  cat_step("The fit of all tumours")
  print(fit)

  cat_step("What moves with the factors that explain most (- where it goes down)")
  writeLines(factor_lines(tables$top_features, colnames(latent(fit))[1:5]))

  cat_step("Pairs that the first factor links across omics")
  first <- utils::head(tables$links[tables$links$factor == "Factor1", ], 3)
  writeLines(with(first, sprintf("%s (%s) and %s (%s): %.2f", feature, omic, other_feature,
                                 other_omic, link)))

  cat_step("Correlation of subtypes, in each omic and in the latent space")
  print(correlation_table(tables$subtype_correlation), row.names = FALSE, right = FALSE)

  cat_step("Agreement with PAM50 subtypes (mean and standard deviation over ",
           length(formals(evaluate_subtypes)$seeds) - 1, " seeds)")
  print(agreement_table(tables$subtype_agreement), row.names = FALSE, right = FALSE)
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

# One line per factor: its features with the largest effects.
factor_lines <- function(top, factors) {
  vapply(factors, \(factor) {
    rows <- utils::head(top[top$factor == factor, ], 5)
    names <- paste0(ifelse(rows$effect < 0, "-", ""), rows$feature)
    sprintf("%s: %s", factor, paste(names, collapse = ", "))
  }, "")
}

# One row per pair of subtypes, one column per space.
correlation_table <- function(table) {
  pairs <- table[as.integer(table$subtype) < as.integer(table$other), ]
  wide <- split(sprintf("%.2f", pairs$correlation), pairs$space)
  first <- pairs[pairs$space == "latent", ]
  data.frame(Subtypes = paste(first$subtype, first$other, sep = ", "), wide)
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
