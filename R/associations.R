# How factors go with what is known of the samples.

# Columns known for fewer samples of the fit, or survival with fewer events, tell nothing.
fewest_known <- 10
fewest_events <- 5

#' Association of factors with clinical data
#'
#' Tests every factor against every column of a data frame: numbers, groups and survival times.
#'
#' What is computed depends on the column; all but the last use ranks, so neither the scale of a
#' factor nor extreme values matter:
#'
#' | column                                    | test           | effect                          |
#' |:------------------------------------------|:---------------|:--------------------------------|
#' | numbers; ordered factor                   | Spearman       | `rho`, rank correlation         |
#' | two groups (factor, text, logical)        | Wilcoxon       | `r`, rank-biserial correlation  |
#' | more groups                               | Kruskal-Wallis | `eta2`, see below               |
#' | survival times ([survival::Surv()])       | Cox (Wald)     | `hazard ratio`                  |
#'
#' The rank-biserial correlation is 2 AUC - 1, where AUC is the probability that the factor is
#' higher in a sample of the second group (in the order of levels; of the alphabet for text) than in
#' one of the first. eta2 is the share of the variance of the factor's ranks that lies between
#' groups. The hazard ratio is that of one standard deviation of the factor. rho, r and the
#' logarithm of the hazard ratio have a sign that turns with the factor, whose direction is
#' arbitrary; eta2 has none.
#'
#' P-values are asymptotic (Spearman by Student's t, Wilcoxon with continuity correction). A missing
#' value leaves a sample out of the tests of its column only. Columns are skipped, with a message,
#' that are constant, known for fewer than `r fewest_known` samples of the fit, survival with fewer
#' than `r fewest_events` events, text with more different values than half the samples
#' (identifiers, say), and those of other kinds (dates, lists).
#'
#' An association is not a cause, and columns that differ between batches, such as the site of a
#' sample, can be associated with factors for technical reasons.
#'
#' @inheritParams variance_explained
#' @param data Data frame of samples x columns whose row names are the names of samples. Those that
#'   the fit does not have are ignored; the fit may have others.
#'
#' @return Data frame with one row per column tested and factor, the smallest p-value first:
#'   * `factor`, `column`: names;
#'   * `test`, `measure`: as in the table above, in lower case;
#'   * `effect`: its size, in the unit that `measure` names;
#'   * `low`, `high`: 95 % confidence interval of a hazard ratio, `NA` for others;
#'   * `n`: number of samples used;
#'   * `p`: p-value;
#'   * `fdr`: the same adjusted by Benjamini and Hochberg over all rows.
#'
#' @section Errors:
#' It is an error if `data` is not a data frame, if its row names match no sample of the fit (the
#' error shows some of both), or if no column can be tested. Survival times need the package
#' survival.
#'
#' @source Written for this package; the tests are those of [stats::cor.test()],
#'   [stats::wilcox.test()], [stats::kruskal.test()] and [survival::coxph()].
#' @family biology
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' clinical <- data.frame(tcga_breast$samples[c("subtype", "set")],
#'                        row.names = tcga_breast$samples$sample)
#' associations <- associate_factors(fit, clinical)
#' head(associations)
#' @export
associate_factors <- function(fit, data) {
  check_fit(fit)
  check_any_factor(fit)
  data <- match_clinical(data, fit$samples)
  columns <- readable_columns(data)
  latent <- fit$latent[rownames(data), , drop = FALSE]
  associations <- do.call(rbind, Map(\(column, name) {
    associate_column(latent, column, name)
  }, unname(columns), names(columns)))
  associations$fdr <- stats::p.adjust(associations$p, "BH")
  associations <- associations[order(associations$p), ]
  rownames(associations) <- NULL
  associations
}

# Reading the data ------------------------------------------------------------------------------

# The rows of the fit's samples that `data` has.
match_clinical <- function(data, samples, call = rlang::caller_env()) {
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
  data <- as.data.frame(data)
  if (length(known) < length(samples)) {
    cli::cli_inform(c("i" = "{.arg data} has {length(known)} of the fit's {length(samples)}
                             samples."))
  }
  data[known, , drop = FALSE]
}

# Where the names of samples are a column, which.
clinical_hint <- function(data, samples) {
  holds <- vapply(data, \(column) is.atomic(column) && any(samples %in% as.character(column)), NA)
  if (!any(holds)) {
    return("Write the names alike (the same separators, case and suffixes).")
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
  droplevels(as.factor(column))
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

# Tests -----------------------------------------------------------------------------------------

# One row per factor. `latent`: samples x factors, in the order of `column`.
associate_column <- function(latent, column, name) {
  known <- !is.na(column)
  values <- if (inherits(column, "Surv")) column[known, ] else column[known]
  test <- choose_test(values)
  rows <- lapply(colnames(latent), \(factor) test$run(latent[known, factor], values))
  data.frame(
    factor = colnames(latent), column = name, test = test$name, measure = test$measure,
    do.call(rbind, rows), n = sum(known)
  )[c("factor", "column", "test", "measure", "effect", "low", "high", "n", "p")]
}

choose_test <- function(values) {
  if (inherits(values, "Surv")) return(list(name = "cox", measure = "hazard ratio", run = run_cox))
  if (is.numeric(values)) return(list(name = "spearman", measure = "rho", run = run_spearman))
  if (nlevels(values) == 2) return(list(name = "wilcoxon", measure = "r", run = run_wilcoxon))
  list(name = "kruskal-wallis", measure = "eta2", run = run_kruskal)
}

# Each of these returns one row. `z`: the factor in the samples whose value is known.

association <- function(effect, p, low = NA_real_, high = NA_real_) {
  data.frame(effect = unname(effect), low = low, high = high, p = unname(p))
}

run_spearman <- function(z, x) {
  test <- stats::cor.test(z, x, method = "spearman", exact = FALSE)
  association(test$estimate, test$p.value)
}

run_wilcoxon <- function(z, group) {
  first <- group == levels(group)[1]
  test <- stats::wilcox.test(z[!first], z[first], exact = FALSE)
  association(2 * test$statistic / sum(first) / sum(!first) - 1, test$p.value)
}

# The statistic is n - 1 times the share of the ranks' variance that is between groups.
run_kruskal <- function(z, group) {
  test <- stats::kruskal.test(z, group)
  association(test$statistic / (length(z) - 1), test$p.value)
}

run_cox <- function(z, survival) {
  z <- (z - mean(z)) / stats::sd(z)
  # A factor that tells the order of all events has no finite hazard ratio, of which coxph() warns;
  # its confidence interval shows it.
  model <- suppressWarnings(survival::coxph(survival ~ z))
  found <- summary(model)
  association(found$coefficients[1, "exp(coef)"], found$coefficients[1, "Pr(>|z|)"],
              low = found$conf.int[1, "lower .95"], high = found$conf.int[1, "upper .95"])
}
