# Groups of samples (studies, batches): one more covariate, of which the fit remembers the groups.

# `groups` as the user passes them: a list of `variable`, what they are called, and `of`, the group
# of every sample, a factor; NULL without.
read_sample_groups <- function(groups, x, samples, call = rlang::caller_env()) {
  if (is.null(groups)) return(NULL)
  variable <- "groups"
  if (is_text(groups) && is.null(names(groups))) {
    variable <- groups
    groups <- group_column(groups, x, call)
  }
  if (is.numeric(groups) && is.null(dim(groups))) {  # codes
    groups <- stats::setNames(as_names(groups), names(groups))
  }
  of <- match_group(groups, samples, "groups", call)
  unknown <- samples[is.na(of)]
  if (length(unknown) > 0) {
    cli::cli_abort(c(
      "{.arg groups} must be known of every sample.",
      "x" = "It is not of {length(unknown)}: {quote_some(unknown)}.",
      "i" = "Leave these out of {.arg x}."
    ), call = call)
  }
  small <- names(which(table(of) < least_in_group))
  if (nlevels(of) < 2 || length(small) > 0) {
    cli::cli_abort(c(
      "{.arg groups} must make at least two groups of {least_in_group} samples or more.",
      "x" = if (length(small) > 0) "Smaller: {quote_some(small)}." else
        "All samples are in {quote_some(levels(of))}."
    ), call = call)
  }
  list(variable = variable, of = of)
}

# Without its group's mean, nothing is left of a sample that is alone.
least_in_group <- 2

# A column of column data, named by sample.
group_column <- function(name, x, call) {
  table <- sample_table(x, call)
  if (!name %in% names(table)) {
    cli::cli_abort(c(
      "As one text, {.arg groups} must be a column of the column data of {.arg x}.",
      "x" = if (is.null(table)) "{.arg x} is {describe(x)}, which has none." else
        "It has {quote_some(names(table))}, but not {quote_some(name)}.",
      "i" = "Otherwise pass a vector named by sample."
    ), call = call)
  }
  stats::setNames(table[[name]], rownames(table))
}

# Covariates with the groups among them: a table, and the formula that makes the design of it.
join_groups <- function(groups, covariates, table, samples, call) {
  formula <- if (rlang::is_formula(covariates)) covariates else stats::reformulate(".")
  if (is.null(groups)) return(list(table = table, formula = formula))
  name <- groups$variable
  if (is.null(table)) table <- data.frame(row.names = samples)
  of <- as.character(groups$of)[match(rownames(table), samples)]
  if (name %in% names(table)) {
    same <- identical(as.character(table[[name]])[rownames(table) %in% samples],
                      of[!is.na(of)])
    if (!same) {
      cli::cli_abort(c(
        "{.arg covariates} must not have a column {quote_some(name)} of its own.",
        "i" = "{.arg groups} goes by this name."
      ), call = call)
    }
  }
  table[[name]] <- of
  if (rlang::is_formula(covariates)) {
    formula <- stats::as.formula(call("~", call("+", as.name(name), covariates[[2]])))
  }
  list(table = table, formula = formula)
}

# Covariates of new samples. Of a fit that has groups and no other covariates, a vector will do.
groups_as_table <- function(covariates, known, samples, call) {
  if (!is.atomic(covariates) || is.null(covariates) || is.null(known$groups)) return(covariates)
  if (!identical(all.vars(known$terms), known$groups$variable)) return(covariates)
  group <- match_values(covariates, samples, "covariates", call)
  stats::setNames(data.frame(as_names(unname(group)), row.names = samples), known$groups$variable)
}

# A table of new samples, whose groups may be codes, as text.
groups_as_text <- function(table, known) {
  name <- known$groups$variable
  if (!is.null(name) && is.numeric(table[[name]])) table[[name]] <- as_names(table[[name]])
  table
}

# The groups of the fit's own samples, a factor; NULL without.
groups_of_fit <- function(fit) {
  groups <- fit$covariates$groups
  if (is.null(groups)) return(NULL)
  factor(groups$of, fit$covariates$levels[[groups$variable]])
}

# Those of new samples, which new_design() has checked.
groups_of_new <- function(fit, covariates, newdata, samples, call = rlang::caller_env()) {
  known <- fit$covariates
  if (is.null(known$groups)) return(NULL)
  table <- groups_as_table(covariates, known, samples, call)
  table <- as_sample_table(if (is.null(table)) newdata else table)
  name <- known$groups$variable
  of <- as.character(groups_as_text(table, known)[[name]])
  factor(of[match(samples, rownames(table))], known$levels[[name]])
}

# Covariates with, per omic, the share of its features' variance that the groups' means were, which
# are taken out: the mean over features, on the scale of covariates' effects.
add_share_of_groups <- function(known, omics) {
  if (is.null(known$groups)) return(known)
  name <- deparse1(as.name(known$groups$variable), backtick = TRUE)
  columns <- paste0(name, known$levels[[known$groups$variable]])
  columns <- intersect(columns, colnames(known$design))
  known$groups$taken <- vapply(omics, \(omic) {
    effects <- omic$effects[, match(columns, colnames(known$design)), drop = FALSE]
    means <- tcrossprod(effects, known$design[omic$samples, columns, drop = FALSE])
    taken <- rowMeans((means - rowMeans(means))^2)
    mean(taken / (taken + (omic$scale * omic$sd)^2))
  }, 0)
  known
}

check_has_groups <- function(fit, call = rlang::caller_env()) {
  if (!is.null(fit$covariates$groups)) return(invisible())
  cli::cli_abort(c(
    "The fit has no groups.",
    "i" = "{.fn poems} takes them as {.arg groups}."
  ), call = call)
}
