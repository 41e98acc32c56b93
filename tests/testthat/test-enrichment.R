skip_if_not_installed("limma")

# Effects of unrelated features, most of them 0 as in a fit.
random_effects <- function(features, factors, prefix) {
  values <- matrix(stats::rnorm(features * factors), features) *
    stats::rbinom(features * factors, 1, 0.3)
  dimnames(values) <- list(paste0(prefix, seq_len(features)), paste0("Factor", seq_len(factors)))
  values
}

test_that("sets of features that a factor raises or lowers are found", {
  truth <- simulate_omics(
    samples = 200, features = c(rna = 120, protein = 60), factors = 3, links = "linear",
    factors_per_feature = 1, noise = 0.3, seed = 3
  )
  fit <- poems(truth$omics, factors = 6, seed = 1,
               control = list(epochs = 20, threads = 1, progress = FALSE))
  planted <- lapply(c(up = 1, down = -1), \(sign) {
    rownames(truth$loadings$rna)[as.vector(truth$loadings$rna[, 1]) * sign > 0]
  })
  null <- withr::with_seed(1, replicate(20, sample(rownames(truth$omics$rna), 15), FALSE))
  sets <- c(planted, stats::setNames(null, paste0("null", 1:20)))
  enrichment <- suppressMessages(enrich_factors(fit, sets))

  likeness <- abs(stats::cor(latent(fit), truth$factors[fit$samples, 1]))
  found <- rownames(likeness)[which.max(likeness)]
  expect_setequal(enrichment$set[1:2], c("up", "down"))
  expect_identical(enrichment$factor[1:2], rep(found, 2))
  expect_setequal(enrichment$direction[1:2], c("up", "down"))
  rises <- stats::cor(latent(fit)[, found], truth$factors[fit$samples, 1]) > 0
  expect_identical(enrichment$direction[match("up", enrichment$set)], if (rises) "up" else "down")
  expect_lt(max(enrichment$fdr[1:2]), 1e-6)
  expect_true(all(enrichment$fdr[grepl("null", enrichment$set)] > 0.05))
  expect_identical(enrichment$features[match("up", enrichment$set)], length(planted$up))
})

test_that("every row is what cameraPR() says, adjusted over all rows", {
  fit <- small_fit()
  sets <- withr::with_seed(2, list(
    a = c(sample(rownames(fit$loadings$rna), 9), "elsewhere"),
    b = c(sample(rownames(fit$loadings$rna), 6), sample(rownames(fit$loadings$mirna), 7)),
    few = rownames(fit$loadings$rna)[1:4]
  ))
  enrichment <- suppressMessages(enrich_factors(fit, sets, correlation = 0.05))
  effects <- feature_effects(fit)
  for (i in seq_len(nrow(enrichment))) {
    row <- enrichment[i, ]
    effect <- as.matrix(effects[[row$omic]])[, row$factor]
    by_hand <- limma::cameraPR(effect, which(names(effect) %in% sets[[row$set]]),
                               use.ranks = TRUE, inter.gene.cor = 0.05)
    expect_equal(row$p, min(by_hand$PValue, 1))
    expect_identical(row$direction, tolower(by_hand$Direction))
    expect_equal(row$features, by_hand$NGenes)
  }
  expect_setequal(paste(enrichment$omic, enrichment$set), c("rna a", "rna b", "mirna b"))
  expect_equal(enrichment$fdr, stats::p.adjust(enrichment$p, "BH"))
  expect_false(is.unsorted(enrichment$p))
})

test_that("without correlation, the p-value is that of the Wilcoxon test", {
  effects <- withr::with_seed(3, random_effects(200, 2, "g"))
  table <- enrich_omic(effects, list(set = 11:40), "rna", 0)
  expected <- apply(effects, 2, \(effect) {
    stats::wilcox.test(effect[11:40], effect[-(11:40)], exact = FALSE)$p.value
  })
  expect_equal(table$p, unname(expected), tolerance = 1e-6)
})

test_that("p-values of random sets are uniform without correlation, larger with it", {
  effects <- withr::with_seed(4, random_effects(300, 4, "g"))
  index <- withr::with_seed(5, replicate(250, sample.int(300, 20), FALSE))
  names(index) <- seq_along(index)
  p <- enrich_omic(effects, index, "rna", 0)$p
  expect_gt(suppressWarnings(stats::ks.test(p, "punif")$p.value), 0.01)
  expect_lt(abs(mean(p < 0.05) - 0.05), 0.025)
  expect_true(all(enrich_omic(effects, index, "rna", 0.05)$p >= p))
})

test_that("factors without an effect, and sets that are all of an omic, are not tested", {
  effects <- withr::with_seed(6, random_effects(50, 3, "g"))
  effects[, 2] <- 0
  expect_identical(enrich_omic(effects, list(set = 1:10), "rna", 0)$factor, c("Factor1", "Factor3"))
  sets <- list(all = rownames(effects), most = rownames(effects)[-1])
  expect_named(find_sets(sets, rownames(effects), 5, 500), "most")
  expect_named(find_sets(sets, rownames(effects), 5, 49), "most")
  expect_length(find_sets(sets, rownames(effects), 5, 48), 0)
})

test_that("sets can come from a GMT file, compressed or not", {
  fit <- small_fit()
  sets <- list("first set" = rownames(fit$loadings$rna)[1:6],
               second = rownames(fit$loadings$rna)[10:20])
  lines <- vapply(names(sets), \(set) paste(c(set, "about it", sets[[set]]), collapse = "\t"), "")
  plain <- withr::local_tempfile(fileext = ".gmt")
  writeLines(c(lines, ""), plain, sep = "\r\n")
  zipped <- withr::local_tempfile(fileext = ".gmt.gz")
  file <- gzfile(zipped, "wt")
  writeLines(paste0(lines, "\t\t"), file)
  close(file)
  expect_identical(read_sets(plain), sets)
  expect_identical(read_sets(zipped), sets)
  expected <- enrich_factors(fit, sets, omic = "rna")
  expect_identical(enrich_factors(fit, plain, omic = "rna"), expected)
})

test_that("an omic without sets is named, and is not there to choose", {
  fit <- small_fit()
  sets <- list(a = rownames(fit$loadings$rna)[1:8])
  expect_message(enrichment <- enrich_factors(fit, sets), "mirna")
  expect_identical(unique(enrichment$omic), "rna")
  expect_silent(enrich_factors(fit, sets, omic = "rna"))
})

test_that("wrong sets are errors that say what to do", {
  fit <- small_fit()
  rna <- rownames(fit$loadings$rna)
  folder <- withr::local_tempdir()
  gmt <- \(lines, name) {
    writeLines(lines, file.path(folder, name))
    file.path(folder, name)
  }
  short <- gmt(c("a\tabout\tg1", "b\tabout", "", "c"), "short.gmt")
  empty <- gmt("", "empty.gmt")
  named <- with_features(fit, "rna", paste0(rna, "|entrez{7}"))
  ensembl <- fit
  for (omic in names(ensembl$loadings)) {
    ensembl <- with_features(ensembl, omic, sprintf(
      "ENSG%011d.3", seq_len(nrow(ensembl$loadings[[omic]]))
    ))
  }
  plain <- \(code) withr::with_dir(folder, tell(code))
  expect_snapshot({
    tell(enrich_factors(list(), list()))
    tell(enrich_factors(fit, list()))
    tell(enrich_factors(fit, 1:3))
    tell(enrich_factors(fit, list(a = rna, b = 1:3)))
    tell(enrich_factors(fit, list(rna)))
    tell(enrich_factors(fit, list(a = rna, a = rna)))
    plain(enrich_factors(fit, "no.gmt"))
    plain(enrich_factors(fit, "short.gmt"))
    plain(enrich_factors(fit, "empty.gmt"))
    tell(enrich_factors(fit, list(a = rna), omic = "dna"))
    tell(enrich_factors(fit, list(a = rna), min_size = 1))
    tell(enrich_factors(fit, list(a = rna), min_size = 10, max_size = 5))
    tell(enrich_factors(fit, list(a = rna), correlation = 1))
    tell(enrich_factors(fit, list(a = rna[1:4])))
    tell(enrich_factors(fit, list(a = toupper(rna)), omic = "rna"))
    tell(enrich_factors(named, list(a = rna), omic = "rna"))
    tell(enrich_factors(ensembl, list(a = sprintf("ENSG%011d", 1:9)), omic = "rna"))
    tell(enrich_factors(ensembl, list(a = rna), omic = "rna"))
    tell(enrich_factors(fit, list(a = letters), omic = "rna"))
  })
})

test_that("plot_enrichment() draws the sets of small FDR, those of each factor first", {
  skip_if_not_installed("ggplot2")
  enrichment <- data.frame(
    omic = "rna", factor = c("Factor1", "Factor10", "Factor2", "Factor1", "Factor1", "Factor2"),
    set = c("a", "b", "a", "c", "d", "d"), features = 10L,
    direction = c("up", "down", "up", "up", "down", "up"), p = c(1e-9, 1e-8, 1e-5, 1e-4, 0.5, 0.6)
  )
  enrichment$fdr <- stats::p.adjust(enrichment$p, "BH")
  plot <- plot_enrichment(enrichment, n = 1)
  expect_identical(as.character(plot$data$set), c("a", "b", "a"))
  expect_identical(levels(plot$data$factor), c("Factor1", "Factor2", "Factor10"))
  expect_setequal(as.character(plot_enrichment(enrichment, n = 2)$data$set), c("a", "b", "c"))
  expect_setequal(as.character(plot_enrichment(enrichment, fdr = 1)$data$set),
                  c("a", "b", "c", "d"))
  drawn <- ggplot2::layer_data(plot)
  expect_identical(unname(drawn$colour), unname(direction_colours[enrichment$direction[1:3]]))
  expect_snapshot({
    tell(plot_enrichment(enrichment, fdr = 1e-9))
    tell(plot_enrichment(enrichment, fdr = 0))
    tell(plot_enrichment(enrichment, n = 0))
    tell(plot_enrichment(list()))
  })
})

test_that("the key of dots shows rates from the limit to the smallest", {
  expect_identical(rate_breaks(1.3, 10), c(5, 10))
  least <- -log10(0.05)
  for (most in c(1.31, 1.9, 3, 7.7)) {
    breaks <- rate_breaks(least, most)
    expect_gte(length(breaks), 1)
    expect_true(all(breaks >= least & breaks <= most))
  }
})

test_that("tables of sets are read as lists, whatever their columns are called", {
  features <- sprintf("g%d", 1:30)
  sets <- list(B = features[1:8], A = features[c(10:19, 3)])
  table <- data.frame(gs_name = rep(names(sets), lengths(sets)), gene_symbol = unlist(sets))
  same <- \(x) expect_identical(read_sets(x, features), sets)
  same(table)
  same(stats::setNames(table, c("term", "gene")))
  same(stats::setNames(table[2:1], c("anything", "what")))
  same(data.frame(lapply(table, factor, levels = unique(unlist(table)))))
  # msigdbr's: identifiers of other kinds beside the symbols.
  wide <- data.frame(gs_cat = "H", table, entrez_gene = seq_len(nrow(table)) + 1000L,
                     gs_id = rep(c("M1", "M2"), lengths(sets)))
  same(wide)
  same(rbind(table, table[3, ]))
  entrez <- read_sets(wide, as.character(wide$entrez_gene))
  expect_identical(lengths(entrez), lengths(sets))
  expect_identical(entrez$B[1], "1001")
  # A set per column.
  columns <- data.frame(B = features[1:11], A = c(features[4:12], "", ""))
  expect_identical(lengths(read_sets(columns, features)), c(B = 11L, A = 9L))
  expect_error(read_sets(data.frame(a = "x", b = "y", c = features), features), "cannot be told")
  skip_without("S4Vectors")
  same(S4Vectors::DataFrame(table))
})

test_that("sets without a gene are left out, and old encodings are read", {
  path <- withr::local_tempfile(fileext = ".gmt")
  lines <- c("A\tna\tg1\tg2", "Empty\tna", "None\t\t", "Caf\xe9\tna\tg3")
  writeLines(lines, path, useBytes = TRUE)
  expect_message(sets <- read_sets(path), "\"Empty\" and \"None\"")
  expect_identical(sets, list(A = c("g1", "g2"), "Caf\u00e9" = "g3"))
  expect_message(sets <- read_sets(list(a = "g1", b = character(), c = NA_character_)), "2 sets")
  expect_identical(sets, list(a = "g1"))
  writeLines(c("A\tna", "B\tna"), path)
  expect_error(read_sets(path), "GMT format")
})

test_that("the gene sets that come with the package are whole collections of others", {
  path <- system.file("extdata", "gene_sets.gmt", package = "omicpoems")
  sets <- read_sets(path)
  family <- grepl(" family$", names(sets))
  expect_identical(sum(!family), 50L)
  # MSigDB's hallmarks have 32 to 200 genes, 4383 in all.
  expect_identical(range(lengths(sets[!family])), c(32L, 200L))
  expect_identical(length(unique(unlist(sets[!family]))), 4383L)
  expect_true(all(c("GREB1", "TFF1", "PGR") %in% sets[["estrogen response early"]]))
  expect_setequal(sets[["mir-8 family"]],
                  paste0("hsa-mir-", c("141", "200a", "200b", "200c", "429")))
  # Enough of them are in the cohort, of whose features they are not made.
  found <- vapply(sets, \(set) {
    max(vapply(tcga_breast$omics, \(omic) sum(set %in% rownames(omic)), 0L))
  }, 0L)
  expect_gte(sum(found[!family] >= 5), 10)
  expect_lt(max(found[!family] / lengths(sets[!family])), 0.2)
})
