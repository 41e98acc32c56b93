# What users may set of poems_compare(), checked. The core has the table of the settings.

compare_control <- function(control, decoder, call = rlang::caller_env()) {
  fill_control(control, core_compare_options(), split_form(decoder), call)
}

# As the core has it: 0 for no bound.
check_independence <- function(independence, call = rlang::caller_env()) {
  if (is.null(independence)) return(0)
  check_value(independence, "independence", "a number of at least 1, or NULL",
              \(x) is_number(x) && x >= 1, call)
  independence
}

# Whether each sample is of the target. `group`: of every sample; `background`: its values that are
# the background.
read_groups <- function(group, background, samples, call = rlang::caller_env()) {
  group <- labels_by_sample(group, samples, call, "group")
  if (anyNA(group)) {
    cli::cli_abort(c(
      "{.arg group} must be known of every sample.",
      "x" = "It is not of {quote_some(samples[is.na(group)])}.",
      "i" = "Leave these out of {.arg x}."
    ), call = call)
  }
  if (!is.atomic(background) || length(background) == 0) {
    cli::cli_abort(c(
      "{.arg background} must be values of {.arg group}.",
      "x" = "It is {describe(background)}."
    ), call = call)
  }
  known <- unique(as.character(group))
  unknown <- setdiff(as.character(background), known)
  if (length(unknown) > 0 || all(known %in% as.character(background))) {
    cli::cli_abort(c(
      "{.arg background} must be some of the values of {.arg group}, but not all.",
      "x" = if (length(unknown) > 0) "Not among them: {quote_some(unknown)}." else
        "It has all of them.",
      "i" = "{.arg group} has {quote_some(known)}."
    ), call = call)
  }
  target <- !as.character(group) %in% as.character(background)
  check_both_groups(target, call)
  target
}

check_both_groups <- function(target, call) {
  sizes <- c(target = sum(target), background = sum(!target))
  if (all(sizes >= fewest_samples)) return(invisible())
  cli::cli_abort(c(
    "Target and background must have at least {fewest_samples} samples each.",
    "x" = "The target has {sizes[['target']]}, the background {sizes[['background']]}."
  ), call = call)
}

# How two cohorts become one: what read_omics() returns, with `target`, of the omics and features
# that both have.
join_cohorts <- function(target, background, call = rlang::caller_env()) {
  both <- intersect(target$samples, background$samples)
  if (length(both) > 0) {
    cli::cli_abort(c(
      "Samples of {.arg x} and {.arg background} must have names of their own.",
      "x" = "In both: {quote_some(both)}.",
      "i" = "Matched samples, too, must be told apart: {.val {both[1]}} in the target is another
             sample than in the background."
    ), call = call)
  }
  omics <- intersect(names(target$data), names(background$data))
  check_common_omics(omics, target, background, call)
  data <- Map(\(a, b, omic) join_omic(a, b, omic, call), target$data[omics],
              background$data[omics], omics)
  list(data = lapply(data, `[[`, "values"), samples = c(target$samples, background$samples),
       assays = target$assays,
       target = rep(c(TRUE, FALSE), c(length(target$samples), length(background$samples))))
}

check_common_omics <- function(omics, target, background, call) {
  all <- union(names(target$data), names(background$data))
  if (length(omics) == 0) {
    cli::cli_abort(c(
      "{.arg x} and {.arg background} must have an omic in common.",
      "x" = "{.arg x} has {quote_some(names(target$data))}, {.arg background} has
             {quote_some(names(background$data))}."
    ), call = call)
  }
  lost <- setdiff(all, omics)
  if (length(lost) > 0) {
    cli::cli_inform(c("i" = "Left out omics that only one of the cohorts has: {quote_some(lost)}."))
  }
}

join_omic <- function(a, b, omic, call) {
  if (!is.matrix(a) || !is.matrix(b)) {
    cli::cli_abort(c(
      "Two cohorts must be dense matrices in memory.",
      "x" = "Omic {quote_some(omic)} is not.",
      "i" = "Join the cohorts before, and tell them apart by {.arg group}."
    ), call = call)
  }
  features <- intersect(rownames(a), rownames(b))
  if (length(features) == 0) {
    cli::cli_abort(c(
      "Omics must have features that are in both cohorts.",
      "x" = "Omic {quote_some(omic)} has none."
    ), call = call)
  }
  lost <- length(union(rownames(a), rownames(b))) - length(features)
  if (lost > 0) {
    cli::cli_inform(c("i" = "Omic {quote_some(omic)}: left out {lost} feature{?s} that only one of
                             the cohorts has."))
  }
  list(values = cbind(a[features, , drop = FALSE], b[features, , drop = FALSE]))
}

# Sizes that differ more are balanced by their gradients.
largest_imbalance <- 3

choose_balance <- function(balance, target) {
  if (balance != "auto") return(balance)
  sizes <- c(sum(target), sum(!target))
  if (max(sizes) > largest_imbalance * min(sizes)) "pareto" else "pooled"
}

# The help's table.
compare_settings_section <- function() {
  options <- core_compare_options()
  c("@section Settings:", "Passed in `control`:", "",
    "| setting | sparse decoders | dense decoders | meaning |", "|:--|--:|--:|:--|",
    sprintf("| `%s` | %s | %s | %s |", options$setting, vapply(options$corrected, format, ""),
            vapply(options$published, format, ""), options$meaning))
}
