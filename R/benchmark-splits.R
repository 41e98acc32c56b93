# Which samples benchmark_models() trains on and which it tests on.

# The names of the test samples of every split, in the order of `group`.
read_splits <- function(splits, group, share, call = rlang::caller_env()) {
  if (is.list(splits) && !is.object(splits) && length(splits) > 0) {
    check_test_names(splits, names(group), call)
  } else {
    check_value(splits, "splits", "a whole number of at least 1, or a list of names of samples",
                \(x) is_whole(x) && x >= 1, call)
    check_group_sizes(group, call)
    splits <- lapply(seq_len(splits), \(i) with_seed(i, draw_test(group, share)))
  }
  test_sets <- lapply(splits, \(test) names(group)[names(group) %in% test])
  for (i in seq_along(test_sets)) check_split(test_sets[[i]], group, i, call)
  unname(test_sets)
}

# The same share of every group, one sample at least.
draw_test <- function(group, share) {
  members <- split(names(group), group)
  unlist(Map(draw_from, members, pmax(1, round(share * lengths(members)))))
}

check_test_names <- function(splits, samples, call) {
  for (i in seq_along(splits)) {
    unknown <- setdiff(splits[[i]], samples)
    if (!is.character(splits[[i]]) || length(unknown) > 0) {
      cli::cli_abort(c(
        "As a list, {.arg splits} must hold names of samples that have a group.",
        "x" = if (is.character(splits[[i]])) {
          "Not among them, in number {i}: {quote_some(unknown)}."
        } else {
          "Number {i} is {describe(splits[[i]])}."
        }
      ), call = call)
    }
  }
}

check_group_sizes <- function(group, call) {
  lone <- names(which(table(group) < 2))
  if (length(lone) > 0) {
    cli::cli_abort(c(
      "Every group must have at least two samples, to train and to test on.",
      "x" = "Groups of one sample: {quote_some(lone)}.",
      "i" = "Join rare groups, or set them to {.code NA} to leave them out."
    ), call = call)
  }
}

check_split <- function(test, group, number, call) {
  groups <- nlevels(droplevels(group[test]))
  if (groups < 2 || length(test) < 2 * groups) {
    cli::cli_abort(c(
      "Test sets must have at least two groups, and two samples per group on average.",
      "x" = "In split {number}, {length(test)} sample{?s} of {groups} group{?s} {?is/are} left to
             test on.",
      "i" = "Raise {.arg test}, or join rare groups."
    ), call = call)
  }
  if (length(group) - length(test) < fewest_samples) {
    cli::cli_abort(c(
      "Splits must leave at least {fewest_samples} samples to train on.",
      "x" = "Split {number} leaves {length(group) - length(test)}."
    ), call = call)
  }
}

# Samples of every omic, without omics that have none of them.
omics_of <- function(omics, samples) {
  part <- lapply(omics, \(values) values[, colnames(values) %in% samples, drop = FALSE])
  part[vapply(part, ncol, 0L) > 0]
}
