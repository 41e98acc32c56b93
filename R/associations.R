# How factors go with what is known of the samples.

# Columns known for fewer samples of the fit, or survival with fewer events, tell nothing.
fewest_known <- 10
fewest_events <- 5

#' Association of factors with clinical and technical data
#'
#' Tests every factor against every column of a data frame: numbers, groups and survival times; and,
#' beside these, against what is technical about the samples.
#'
#' What is computed depends on the column; all but Cox's use ranks, so neither the scale of a factor
#' nor extreme values matter:
#'
#' | column                                    | test            | effect                          |
#' |:------------------------------------------|:----------------|:--------------------------------|
#' | numbers; ordered factor                   | Spearman        | `rho`, rank correlation         |
#' | two groups (factor, text, logical)        | Wilcoxon        | `r`, rank-biserial correlation  |
#' | more groups                               | Kruskal-Wallis  | `eta2`, see below               |
#' | survival times ([survival::Surv()])       | Cox (Wald)      | `hazard ratio`                  |
#' | whether a sample lacks an omic            | Brunner-Munzel  | `r`, rank-biserial correlation  |
#'
#' The rank-biserial correlation is 2 AUC - 1, where AUC is the probability that the factor is
#' higher in a sample of the second group (in the order of levels; of the C alphabet for text,
#' whatever the locale) than in one of the first. eta2 is the share of the variance of the factor's
#' ranks that lies between groups. The hazard ratio is that of one standard deviation of the
#' factor. rho, r and the logarithm of the hazard ratio have a sign that turns with the factor,
#' whose direction is arbitrary; eta2 has none.
#'
#' P-values are asymptotic (Spearman by Student's t, Wilcoxon with continuity correction). A
#' missing value leaves a sample out of the tests of its column only; text that stands for one
#' (`""`, `"NA"`, `"[Not Available]"`, `"unknown"`) counts as missing, with a message. A message
#' also names columns of few different whole numbers, which may be codes of groups: make groups of
#' them with [factor()]. Columns are skipped, with a message, that are constant, known for fewer
#' than `r fewest_known` samples of the fit, survival with fewer than `r fewest_events` events,
#' text with more different values than half the samples (identifiers, say), and those of other
#' kinds (dates, lists).
#'
#' @section Samples that lack omics:
#' A sample that lacks the omics which inform a factor says nothing of it: its posterior mean is
#' close to 0, or wherever the encoders put it. Such samples are left out of the factor's tests, and
#' a message says of how many. With the decoders' mean slopes and noise, every set of omics gives a
#' reliability of each factor (the share of its variance that is known); a sample is used if it has
#' at least half of that of a sample with all omics.
#'
#' Samples that lack other omics, yet are informed, still differ in how far their posterior means
#' spread. So samples are compared only with those that have the same omics: ranks are taken among
#' them and summed up (stratified tests: van Elteren's in place of Wilcoxon's, Cox models with
#' strata), as if the cohort were several. Sets of omics that fewer than `r fewest_in_pattern`
#' samples have count as one. Effects are averages over the strata; where all samples have the same
#' omics, these are the ordinary tests. A column that is the same in all samples with the same omics
#' cannot be told from what they lack: its effect and p-value are `NA`.
#'
#' @section Technical variables:
#' For every omic that some samples lack, whether they do (`"lacks protein"`); for omics of counts,
#' the logarithm of the library size (`"rna library size"`); and the columns of `data` that
#' `technical` names. The first are tested in all samples informed of the factor, without strata, by
#' a test that allows for unequal spread (Brunner-Munzel). A factor that goes with one of them can
#' be a batch, or biology that differs between batches; that it also goes with a clinical column
#' then proves little. Columns `also` and `also_fdr` say so, and a message. A fit holds no values:
#' quality measures computed from these (features detected, say) must be given in `data`.
#'
#' An association is not a cause.
#'
#' @inheritParams variance_explained
#' @param data Data frame (or `DataFrame`) of samples x columns whose row names are the names of
#'   samples, or a MultiAssayExperiment, whose column data are taken. Samples that the fit does not
#'   have are ignored; the fit may have others. `NULL` for technical variables of the fit only.
#' @param technical Names of columns of `data` that are technical (batch, plate, site), or `NULL`.
#'
#' @return Data frame with one row per column tested and factor; first those of `data`, then those
#'   that are technical, the smallest p-value first:
#'   * `factor`, `column`: names;
#'   * `test`, `measure`: as in the table above, in lower case;
#'   * `effect`: its size, in the unit that `measure` names;
#'   * `higher`: of groups, the one in which the factor is higher (of several, highest), by ranks;
#'     `"TRUE"` and `"FALSE"` for logical columns and for whether an omic is lacked;
#'   * `low`, `high`: 95 % confidence interval of a hazard ratio, `NA` for others;
#'   * `n`: number of samples used: with a value, informed of the factor, and with others to
#'     compare with;
#'   * `p`: p-value; `NA` where fewer than `r fewest_known` samples, or `r fewest_events` events,
#'     can be used;
#'   * `fdr`: the same adjusted by Benjamini and Hochberg, over the rows of `data` and the technical
#'     ones apart;
#'   * `technical`: whether the column is technical;
#'   * `also`, `also_fdr`: in rows that are not technical, the technical variable with the smallest
#'     p-value among those that the factor goes with (false discovery rate of at most
#'     `r largest_technical_fdr`), and its rate; `NA` without any.
#'
#' @section Errors:
#' It is an error if `data` is not a data frame, if its row names match no sample of the fit (the
#' error shows some of both), if `technical` names columns it does not have, or if no column can be
#' tested. Survival times need the package survival.
#'
#' @source Written for this package; where samples have the same omics, the tests are those of
#'   [stats::cor.test()], [stats::wilcox.test()], [stats::kruskal.test()] and [survival::coxph()].
#' @references van Elteren PH (1960). On the combination of independent two-sample tests of
#'   Wilcoxon. Bulletin of the International Statistical Institute 37, 351-361.
#'
#'   Brunner E, Munzel U (2000). The nonparametric Behrens-Fisher problem: asymptotic theory and a
#'   small-sample approximation. Biometrical Journal 42, 17-25.
#' @family biology
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' clinical <- data.frame(tcga_breast$samples[c("subtype", "set")],
#'                        row.names = tcga_breast$samples$sample)
#' associations <- associate_factors(fit, clinical)
#' head(associations)
#' # Which factors are technical, whatever is known of the samples?
#' associate_factors(fit)
#' @export
associate_factors <- function(fit, data = NULL, technical = NULL) {
  check_fit(fit)
  check_any_factor(fit)
  if (!is.null(data)) {
    data <- match_clinical(data, fit$samples)
    tell_coded_groups(data, "data")
  }
  check_technical(technical, data)
  samples <- what_samples_know(fit)
  own <- technical_variables(fit)
  table <- test_all(samples, own, associate_technical)
  if (is.null(data)) {
    check_any_technical(own)
  } else {
    own <- own[setdiff(names(own), names(data))]
    table <- rbind(
      test_all(lapply(samples, samples_named, rownames(data)), readable_columns(data),
               associate_column),
      table[table$column %in% names(own), ]
    )
  }
  tell_left_out(table)
  tell_confounded(table)
  table <- adjust_by_kind(table, table$column %in% c(technical, names(own)))
  tell_technical(table)
  table
}

# Of every sample: posterior means, which factors they tell of, and which omics it has.
what_samples_know <- function(fit) {
  pattern <- pattern_of(membership(fit))
  list(latent = fit$latent, informed = informed_samples(fit),
       pattern = matrix(pattern, dimnames = list(fit$samples, "pattern")))
}

samples_named <- \(x, names) x[names, , drop = FALSE]

# One row per column and factor.
test_all <- function(samples, columns, associate) {
  do.call(rbind, unname(Map(\(column, name) associate(samples, column, name), columns,
                            names(columns))))
}

# False discovery rates and hints; biology first, the smallest p-values first.
adjust_by_kind <- function(table, technical) {
  table$technical <- technical
  table$fdr <- stats::ave(table$p, technical, FUN = \(p) stats::p.adjust(p, "BH"))
  table <- add_hints(table)
  table <- table[order(table$technical, table$p), c(
    "factor", "column", "test", "measure", "effect", "higher", "low", "high", "n", "p", "fdr",
    "technical", "also", "also_fdr"
  )]
  rownames(table) <- NULL
  table
}

# Reading the data ------------------------------------------------------------------------------

# The rows of the fit's samples that `data` has.
match_clinical <- function(data, samples, call = rlang::caller_env()) {
  data <- as_sample_table(data)
  if (!is.data.frame(data)) {
    cli::cli_abort(c(
      "{.arg data} must be a data frame of samples x columns.",
      "x" = "It is {describe(data)}."
    ), call = call)
  }
  known <- intersect(samples, rownames(data))
  if (length(known) == 0) {
    cli::cli_abort(c(
      "The row names of {.arg data} must be names of samples of the fit.",
      "x" = "None is.",
      "*" = "In {.arg data}: {quote_some(rownames(data))}.",
      "*" = "In the fit: {quote_some(samples)}.",
      "i" = clinical_hint(data, samples)
    ), call = call)
  }
  check_row_numbers(data, samples, "data", call)
  data <- clean_table(as.data.frame(data), "data")
  if (length(known) < length(samples)) {
    cli::cli_inform(c("i" = "{.arg data} has {length(known)} of the fit's {length(samples)}
                             samples.", names_hint(samples, rownames(data))))
  }
  data[known, , drop = FALSE]
}

# Where the names of samples are a column, which.
clinical_hint <- function(data, samples) {
  holds <- vapply(data, \(column) is.atomic(column) && any(samples %in% as_names(column)), NA)
  if (!any(holds)) {
    hint <- names_hint(samples, rownames(data))
    return(if (is.null(hint)) "Write the names alike (the same separators, case and suffixes)." else
      unname(hint))
  }
  sprintf("They are in column %s: set the row names from it, as in {.code rownames(data) <- ...}.",
          gsub("([{}])", "\\1\\1", quote_each(names(data)[holds][1])))
}

# Every column that can be tested, as numbers, a factor or survival times.
readable_columns <- function(data, call = rlang::caller_env()) {
  columns <- lapply(data, read_column)
  why <- vapply(columns, \(column) if (is.character(column)) column else NA_character_, "")
  skipped <- !is.na(why)
  if (all(skipped)) {
    cli::cli_abort(c(
      "{.arg data} has no column to test.",
      as_bullets(utils::head(sprintf("%s: %s", names(data), why), 5))
    ), call = call)
  }
  if (any(skipped)) {
    by_reason <- split(names(data)[skipped], why[skipped])
    lines <- sprintf("%s: %s", names(by_reason),
                     vapply(by_reason, \(names) paste(quote_some(names), collapse = ", "), ""))
    cli::cli_inform(c("i" = "Skipped columns.", as_bullets(lines)))
  }
  columns[!skipped]
}

# The column as it is tested; or, as text, why it is not.
read_column <- function(column) {
  if (inherits(column, "Surv")) return(read_survival_column(column))
  if (!is.null(dim(column)) || !is_testable(column)) {
    return("neither numbers, groups nor survival times")
  }
  known <- if (is.numeric(column)) is.finite(column) else !is.na(column)
  if (sum(known) < fewest_known) return(sprintf("fewer than %d known values", fewest_known))
  distinct <- length(unique(column[known]))
  if (distinct < 2) return("constant")
  if (is.ordered(column)) return(as.numeric(column))
  if (is.numeric(column)) return(ifelse(known, column, NA))
  if (distinct > sum(known) / 2) return("most values differ, as identifiers do")
  droplevels(as_group(column))
}

is_testable <- \(x) is.factor(x) || is.character(x) || is_numeric_vector(x)

read_survival_column <- function(column) {
  rlang::check_installed("survival", "to test survival times.")
  if (!identical(attr(column, "type"), "right")) return("not right-censored survival times")
  if (sum(!is.na(column)) < fewest_known) {
    return(sprintf("fewer than %d known values", fewest_known))
  }
  if (sum(column[!is.na(column), "status"]) < fewest_events) {
    return(sprintf("fewer than %d events", fewest_events))
  }
  column
}
