# Which gene sets the factors move.

#' Gene sets that factors move
#'
#' Tests, for every factor and omic, whether the features of a gene set stand higher or lower among
#' the signed effects of the factor than the other features of the omic.
#'
#' Features are ranked by their effect ([feature_effects()]), and the ranks of a set's features are
#' compared with those of all others of the omic: a competitive test (is the set moved more than
#' other features?), the Wilcoxon test of [limma::cameraPR()] with `use.ranks = TRUE`. Features
#' without a loading have an effect of 0 and share a rank. A set whose features go both ways is not
#' found, nor one that a factor moves alike on both of its sides.
#'
#' Features of a set tend to be correlated, which makes a set stand out by chance more often.
#' `correlation` widens the null distribution accordingly: 0.01, limma's default, is mild; with 0
#' the test takes features for independent.
#'
#' A factor's direction is arbitrary. "up" says that the set's features rise with the factor as it
#' is in [latent()].
#'
#' The features that a cohort was measured for are what sets are compared within. Where these were
#' chosen beforehand (the most variable, say), so is what can be found.
#'
#' @param fit A fit from [poems()], or one from [poems_split()] or [poems_compare()] with sparse
#'   decoders, whose loadings are the effects of their coordinates.
#' @param sets Gene sets: a named list of vectors with the names of features; a data frame with one
#'   row per set and gene (as msigdbr has them, with `gs_name`, or clusterProfiler's TERM2GENE), of
#'   whose columns the one with most of the fit's features is taken; or the path of a file in the
#'   GMT format, which may be compressed (`.gz`). Sets without a gene are left out, with a message.
#' @param omic Names of the omics to test. `NULL` for all in which at least one set has enough
#'   features; a message names the others.
#' @param min_size,max_size Sets with fewer or more features in an omic are not tested in it.
#' @param correlation Correlation assumed between the features of a set, from 0 to below 1.
#'
#' @return Data frame with one row per omic, factor and set tested, the smallest p-value first:
#'   * `omic`, `factor`, `set`: names;
#'   * `features`: number of features of the set found in the omic;
#'   * `direction`: `"up"` or `"down"`;
#'   * `p`: two-sided p-value;
#'   * `fdr`: the same adjusted by Benjamini and Hochberg over all rows, that is, over all omics,
#'     factors and sets.
#'
#'   Factors without a loading in an omic are not tested in it, nor is a set that is all of an omic.
#'
#' @section Errors:
#' The package limma must be installed. Sets that are not named, or a file that is not in the GMT
#' format, are an error. It is an error if no set has enough features in any omic; the error shows
#' names of both sides, and what would make them match where that can be told.
#'
#' @references Wu and Smyth (2012), Camera: a competitive gene set test accounting for inter-gene
#'   correlation, Nucleic Acids Research 40, e133.
#' @family biology
#' @examplesIf rlang::is_installed("limma")
#' fit <- poems(tcga_breast$omics, factors = 8, seed = 21,
#'              control = list(epochs = 20, threads = 1))
#' # Hallmark gene sets of MSigDB and families of microRNAs; see the file COPYRIGHTS
#' sets <- system.file("extdata", "gene_sets.gmt", package = "omicpoems")
#' enrichment <- enrich_factors(fit, sets)
#' head(enrichment)
#' @export
enrich_factors <- function(fit, sets, omic = NULL, min_size = 5, max_size = 500,
                           correlation = 0.01) {
  rlang::check_installed("limma", "to test gene sets.")
  split <- has_blocks(fit)
  if (split) {
    check_blocks_fit(fit)
    check_has_loadings(fit)
    check_any_column(fit)
  } else {
    check_fit(fit)
    check_any_factor(fit)
  }
  check_value(min_size, "min_size", "a whole number of at least 2", \(x) is_whole(x) && x >= 2)
  check_value(max_size, "max_size", "a whole number of at least `min_size`",
              \(x) is_whole(x) && x >= min_size)
  check_value(correlation, "correlation", "a number of at least 0 and below 1",
              \(x) is_number(x) && x >= 0 && x < 1)
  chosen <- check_omic_choice(omic, names(fit$omics))
  features <- lapply(fit$loadings[chosen], rownames)
  sets <- read_sets(sets, unlist(features, use.names = FALSE))
  index <- lapply(features, \(names) find_sets(sets, names, min_size, max_size))
  check_any_set(index, features, sets, min_size, max_size)
  inform_untested_omics(index, min_size)

  effects <- if (split) fit$loadings else feature_effects(fit)
  tables <- lapply(names(Filter(length, index)), \(omic) {
    enrich_omic(as.matrix(effects[[omic]]), index[[omic]], omic, correlation)
  })
  enrichment <- do.call(rbind, tables)
  enrichment$fdr <- stats::p.adjust(enrichment$p, "BH")
  enrichment <- enrichment[order(enrichment$p), ]
  rownames(enrichment) <- NULL
  enrichment
}

# One row per factor that has an effect in the omic, and set. `index`: positions of every set's
# features.
enrich_omic <- function(effects, index, omic, correlation) {
  factors <- colnames(effects)[colSums(effects != 0) > 0]
  do.call(rbind, lapply(factors, \(factor) {
    test <- limma::cameraPR(effects[, factor], index, use.ranks = TRUE,
                            inter.gene.cor = correlation, sort = FALSE)
    data.frame(
      omic = omic, factor = factor, set = names(index), features = lengths(index),
      direction = tolower(test$Direction),
      p = pmin(test$PValue, 1), # twice a one-sided p-value with continuity correction can be above
      row.names = NULL
    )
  }))
}

# Positions of the features of every set that has enough of them.
find_sets <- function(sets, features, min_size, max_size) {
  index <- lapply(sets, \(set) which(features %in% set))
  size <- lengths(index)
  index[size >= min_size & size <= min(max_size, length(features) - 1)]
}

# What can be told of names that do not match ----------------------------------------------------

# Ways in which names of features differ from those of genes, and what makes the former the latter.
name_repairs <- list(
  "without the version at their end" = \(names) sub("\\.[0-9]+$", "", names),
  "without what follows the first of | : ; , _" = \(names) sub("[|:;,_].*$", "", names),
  "without what precedes the last of | : ; , _" = \(names) sub("^.*[|:;,_]", "", names),
  "in upper case" = toupper,
  "in lower case" = tolower
)

check_any_set <- function(index, features, sets, min_size, max_size, call = rlang::caller_env()) {
  if (any(lengths(index) > 0)) return(invisible())
  genes <- unique(unlist(sets, use.names = FALSE))
  found <- vapply(features, \(names) sum(names %in% genes), 0L)
  lines <- sprintf("%s: %d of %d features are in some set (it has %s, ...)", names(features), found,
                   lengths(features), vapply(features, show_names, ""))
  cli::cli_abort(c(
    "No set has {min_size} to {max_size} features in any omic.",
    as_bullets(utils::head(lines, 5)),
    "x" = "The sets have {show_names(genes)}, ...",
    "i" = suggest_repair(unlist(features, use.names = FALSE), genes, sum(found))
  ), call = call)
}

show_names <- \(names) paste(quote_each(utils::head(names, 3)), collapse = ", ")

# What would make more features match; otherwise, what to look at.
suggest_repair <- function(features, genes, found) {
  matches <- vapply(name_repairs, \(repair) sum(repair(features) %in% genes), 0L)
  best <- which.max(matches)
  if (matches[best] > found) {
    return(sprintf("%d features match if their names are taken %s: name those of the fit so.",
                   matches[best], names(matches)[best]))
  }
  ensembl <- \(names) mean(grepl("^ENS[A-Z]*[GTP][0-9]{6,}", names)) > 0.5
  if (ensembl(features) != ensembl(genes)) {
    return(sprintf(
      "Features have %s and sets have %s: translate the sets to the names of the features.",
      if (ensembl(features)) "Ensembl identifiers" else "other names",
      if (ensembl(genes)) "Ensembl identifiers" else "other names"
    ))
  }
  if (found > 0) return("Lower `min_size`, or use sets with more of these features.")
  "Features are matched by name: use sets with the names that the fit's features have."
}

inform_untested_omics <- function(index, min_size) {
  none <- names(index)[lengths(index) == 0]
  if (length(none) > 0) {
    cli::cli_inform(c("i" = "Not tested, because no set has {min_size} features there:
                             {quote_some(none)}."))
  }
}
