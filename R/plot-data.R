# From what a fit holds to what a figure draws.

# A matrix with names as a data frame with one row per value; `names` of its three columns.
long_table <- function(x, names) {
  # as.character(): a matrix without columns has no names for them.
  table <- data.frame(
    rep(rownames(x), times = ncol(x)),
    as.character(rep(colnames(x), each = nrow(x))),
    as.vector(x)
  )
  stats::setNames(table, names)
}

unknown_group <- "unknown"
most_groups <- 20

#' The group of every sample
#'
#' @param group What the user gave: `NULL`, or a vector named by sample or in the order of
#'   `samples`.
#' @param samples Names of the samples.
#' @param arg Name of the user's argument.
#' @return Factor in the order of `samples`, named by them, `NA` where the group is not known;
#'   `NULL` without groups.
#' @noRd
match_group <- function(group, samples, arg = "group", call = rlang::caller_env()) {
  if (is.null(group)) return(NULL)
  group <- without_missing_text(match_values(group, samples, arg, call))
  stats::setNames(droplevels(as_group(group)), samples)
}

# The same, as they are.
match_values <- function(group, samples, arg, call) {
  if (!is.atomic(group) || is.matrix(group)) {
    cli::cli_abort(c(
      "{.arg {arg}} must be a vector with one value per sample.",
      "x" = "It is {describe(group)}.",
      "i" = "From a data frame, take the column: {.code {arg} = samples$subtype}."
    ), call = call)
  }
  if (is.null(names(group))) {
    match_by_order(group, samples, arg, call)
  } else {
    match_by_name(group, samples, arg, call)
  }
}

# What samples are coloured by: groups, or numbers where they are more than codes of a few groups.
check_colour <- function(group, samples, call = rlang::caller_env()) {
  if (!is_numeric_vector(group) || is.logical(group)) return(check_group(group, samples, call))
  known <- group[is.finite(group)]
  few <- all(known == trunc(known)) && length(unique(known)) <= most_codes
  if (few) return(check_group(group, samples, call))
  numbers <- as.double(match_values(group, samples, "group", call))
  numbers[!is.finite(numbers)] <- NA
  stats::setNames(numbers, samples)
}

# The groups to draw: samples of unknown group are a group of their own, the last.
check_group <- function(group, samples, call = rlang::caller_env()) {
  group <- match_group(group, samples, call = call)
  if (is.null(group)) return(NULL)
  check_group_count(group, call)
  if (anyNA(group)) {
    levels(group) <- union(levels(group), unknown_group)
    group[is.na(group)] <- unknown_group
    group <- factor(group, levels = c(setdiff(levels(group), unknown_group), unknown_group))
  }
  group
}

match_by_order <- function(group, samples, arg, call) {
  if (length(group) != length(samples)) {
    cli::cli_abort(c(
      "{.arg {arg}} must have one value for each of {length(samples)} samples.",
      "x" = "It has {length(group)} value{?s} and no names.",
      "i" = "Name its values by sample; those of other samples are then ignored."
    ), call = call)
  }
  group
}

match_by_name <- function(group, samples, arg, call) {
  lacking <- setdiff(samples, names(group))
  if (length(lacking) > 0) {
    cli::cli_abort(c(
      "The names of {.arg {arg}} must include every sample.",
      "x" = "{length(lacking)} of {length(samples)} missing: {quote_some(lacking)}.",
      names_hint(samples, names(group)),
      "i" = "Use {.code NA} for samples whose group is not known. If {.arg {arg}} is in the order of
             the samples, pass {.code unname({arg})}."
    ), call = call)
  }
  twice <- intersect(samples, names(group)[duplicated(names(group))])
  if (length(twice) > 0) {
    cli::cli_abort(c(
      "{.arg {arg}} must have one value per sample.",
      "x" = "More than one for {quote_some(twice)}."
    ), call = call)
  }
  group[match(samples, names(group))]
}

check_group_count <- function(group, call, arg = "group") {
  count <- nlevels(group)
  if (count > most_groups) {
    cli::cli_abort(c(
      "{.arg {arg}} must have at most {most_groups} different values.",
      "x" = "It has {count}.",
      "i" = "Combine small groups; divide numbers into intervals with {.fn cut}."
    ), call = call)
  }
}

# "Basal (n = 45)" for every group, named by group.
group_labels <- function(group) {
  count <- table(group)
  stats::setNames(sprintf("%s (n = %d)", names(count), count), names(count))
}

# The same in lines of at most `width` characters.
group_titles <- function(group, width = 22) {
  labels <- group_labels(group)
  wrapped <- vapply(strwrap(names(labels), width, simplify = FALSE), paste, "", collapse = "\n")
  size <- sprintf("(n = %d)", table(group))
  labels[] <- ifelse(nchar(labels) > width, paste(wrapped, size, sep = "\n"), labels)
  labels
}

check_count <- function(n, call = rlang::caller_env(), arg = "n") {
  check_value(n, arg, "a whole number of at least 1", \(x) is_whole(x) && x >= 1, call)
}

check_any_loading <- function(fit, call = rlang::caller_env()) {
  if (any(vapply(fit$loadings, Matrix::nnzero, 0) > 0)) return(invisible())
  cli::cli_abort(c(
    "There is no loading to plot: all are zero.",
    "i" = no_factor_hint
  ), call = call)
}

# Features of different omics, or below different factors, may have the same name.
feature_key <- \(values) sprintf("%s: %s", values$omic, values$feature)
