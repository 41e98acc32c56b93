# Known properties of samples, such as batch and age, whose linear effects the factors are to be
# free of.

# Reads covariates as the user passes them and makes the design matrix of the samples of a fit.
# Returns NULL, or a list of `design`, samples x columns, each of mean 0 and standard deviation 1,
# and what the design of other samples is made with: `terms`, `levels`, `center`, `scale` and the
# names of those that are `constant`. `groups`: what read_sample_groups() returns, a covariate, too;
# the list then has `groups`, their `variable` and the group `of` every sample, as text.
read_covariates <- function(covariates, x, samples, objective, groups = NULL,
                            call = rlang::caller_env()) {
  if (is.null(covariates) && is.null(groups)) return(NULL)
  if (objective == "published") {
    arg <- if (is.null(covariates)) "groups" else "covariates"
    cli::cli_abort(
      "{.arg {arg}} must be {.code NULL} with {.code objective = \"published\"}.",
      call = call
    )
  }
  table <- if (!is.null(covariates)) {
    clean_table(covariate_table(covariates, x, samples, call), "covariates")
  }
  joined <- join_groups(groups, covariates, table, samples, call)
  table <- joined$table
  terms <- stats::terms(joined$formula, data = table)
  attr(terms, "intercept") <- 1L
  environment(terms) <- globalenv()  # not that of the caller, with all that it holds
  table <- arrange_covariates(table, all.vars(terms), samples, call)
  constant <- vapply(table, \(x) !is_time(x) && length(unique(x)) == 1, NA)
  if (any(constant)) {
    cli::cli_inform(c("i" = "Covariates that are the same in all samples have no effect:
                             {quote_some(names(table)[constant])}."))
    # A factor with a single level has no contrasts.
    table[constant] <- 0
  }
  frame <- covariate_frame(terms, table, call)
  tell_coded_groups(frame, "covariates")
  terms <- attr(frame, "terms")
  levels <- stats::.getXlevels(terms, frame)
  design <- design_columns(terms, frame, levels)
  check_design(design, call)
  center <- colMeans(design)
  scale <- apply(design, 2, stats::sd)
  kept <- scale > 0
  if (!any(kept)) return(NULL)
  check_design_size(sum(kept), samples, call)
  c(
    list(
      design = scale_design(design, center, scale, kept), terms = terms, levels = levels,
      center = center, scale = scale, constant = names(table)[constant]
    ),
    if (!is.null(groups)) {
      list(groups = list(variable = groups$variable, of = as.character(groups$of)))
    }
  )
}

# The design matrix of new samples, as that of the fit. `covariates`: a table, or NULL for that of
# `newdata`.
new_design <- function(fit, covariates, newdata, samples, call = rlang::caller_env()) {
  known <- fit$covariates
  if (is.null(known)) {
    if (is.null(covariates)) return(NULL)
    cli::cli_abort(c(
      "{.arg covariates} must be {.code NULL}: the fit has none.",
      "x" = "It is {describe(covariates)}."
    ), call = call)
  }
  covariates <- groups_as_table(covariates, known, samples, call)
  if (is.null(covariates)) covariates <- sample_table(newdata, call)
  if (is.null(covariates)) {
    cli::cli_abort(c(
      "{.arg covariates} must be given: the fit has them.",
      "i" = "Pass a data frame with {quote_some(all.vars(known$terms))} of every sample in
             {.arg newdata}."
    ), call = call)
  }
  covariates <- as_sample_table(covariates)
  check_covariate_table(covariates, samples, call)
  table <- suppressMessages(clean_table(covariates, "covariates")) |> groups_as_text(known)
  table <- arrange_covariates(table, all.vars(known$terms), samples, call)
  table[known$constant] <- 0
  check_new_levels(covariate_frame(known$terms, table, call), known$levels, call)
  frame <- stats::model.frame(known$terms, table, na.action = stats::na.pass, xlev = known$levels)
  design <- design_columns(known$terms, frame, known$levels)
  check_design(design, call)
  scale_design(design, known$center, known$scale, known$scale > 0)
}

# Covariates as a data frame with samples in rows.
covariate_table <- function(covariates, x, samples, call) {
  if (!rlang::is_formula(covariates)) {
    covariates <- as_sample_table(covariates)
    check_covariate_table(covariates, samples, call)
    return(covariates)
  }
  table <- sample_table(x, call)
  if (is.null(table) || length(covariates) != 2) {
    cli::cli_abort(c(
      "As a formula, {.arg covariates} must have no left side, and {.arg x} must have column data.",
      "x" = "{.arg covariates} is {.code {deparse(covariates)}} and {.arg x} is {describe(x)}.",
      "i" = "For a MultiAssayExperiment, {.code ~ batch + age} takes these from its column data;
             otherwise pass a data frame with samples in the row names."
    ), call = call)
  }
  table
}

check_covariate_table <- function(covariates, samples, call) {
  if (!is.data.frame(covariates) || ncol(covariates) == 0 ||
        .row_names_info(covariates, type = 1L) <= 0) {
    cli::cli_abort(c(
      "{.arg covariates} must be a data frame with samples in the row names, or a formula.",
      "x" = if (is.data.frame(covariates) && ncol(covariates) > 0) {
        "It has no row names."
      } else {
        "It is {describe(covariates)}."
      },
      "i" = "For instance {.code data.frame(batch = ..., row.names = ...)}."
    ), call = call)
  }
  check_row_numbers(covariates, samples, "covariates", call)
}

# The variables wanted of the samples wanted, as numbers and factors.
arrange_covariates <- function(table, variables, samples, call) {
  absent <- setdiff(variables, colnames(table))
  if (length(absent) > 0) {
    cli::cli_abort(c(
      "{.arg covariates} must have every variable that is asked for.",
      "x" = "Not found: {quote_some(absent)}.",
      "i" = "There {?is/are} {quote_some(colnames(table))}."
    ), call = call)
  }
  lacking <- setdiff(samples, rownames(table))
  if (length(lacking) > 0) {
    cli::cli_abort(c(
      "{.arg covariates} must have a row for every sample.",
      "x" = "{length(lacking)} sample{?s} {?has/have} none: {quote_some(lacking)}.",
      names_hint(samples, rownames(table))
    ), call = call)
  }
  table <- as.data.frame(table)[match(samples, rownames(table)), variables, drop = FALSE]
  rownames(table) <- samples
  missing <- lapply(table, \(v) samples[is.na(v) | v %in% c(Inf, -Inf)])
  missing <- missing[lengths(missing) > 0]
  if (length(missing) > 0) {
    lines <- Map(\(of, name) sprintf("%s: %s", name, paste(quote_some(of), collapse = ", ")),
                 missing, names(missing))
    cli::cli_abort(c(
      "Covariates must be known and finite for every sample.",
      as_bullets(unlist(lines)),
      "i" = "Fill in these values, or leave these samples or covariates out."
    ), call = call)
  }
  table[] <- lapply(table, \(v) {
    if (is_numeric_vector(v) && !is.logical(v)) return(as.double(v))
    if (is.character(v) || is.factor(v) || is.logical(v)) as_group(as.character(v)) else v
  })
  table
}

# The variables as the formula makes them. Text that it makes gets levels in the order of the C
# alphabet.
covariate_frame <- function(terms, table, call) {
  frame <- stats::model.frame(terms, table, na.action = stats::na.pass)
  text <- vapply(frame, is.character, NA)
  frame[text] <- lapply(frame[text], as_group)
  usable <- vapply(frame, \(v) is.factor(v) || is.logical(v) || (is.numeric(v) && !is_time(v)), NA)
  if (all(usable)) return(frame)
  wrong <- names(frame)[!usable]
  dated <- wrong[vapply(frame[wrong], is_time, NA)]
  cli::cli_abort(c(
    "Covariates must be numeric, text or factors.",
    "x" = "Others: {quote_some(wrong)}.",
    "i" = if (length(dated) > 0) "Make numbers of dates: {.code as.numeric({dated[1]})}."
  ), call = call)
}

is_time <- \(x) inherits(x, c("Date", "POSIXt", "difftime"))

check_new_levels <- function(table, levels, call) {
  for (name in names(levels)) {
    new <- setdiff(as.character(table[[name]]), levels[[name]])
    if (length(new) > 0) {
      cli::cli_abort(c(
        "{.arg covariates} must have the levels of the fit.",
        "x" = "{quote_some(name)} has {quote_some(new)}, which the fit has not seen.",
        "i" = "The fit has {quote_some(levels[[name]])}. A new batch needs a new fit."
      ), call = call)
    }
  }
}

# Without the intercept. Contrasts are named, not left to the user's options.
design_columns <- function(terms, frame, levels) {
  contrasts <- lapply(levels, \(of) "contr.treatment")
  if (length(contrasts) == 0) contrasts <- NULL
  design <- stats::model.matrix(terms, frame, contrasts.arg = contrasts)
  design[, colnames(design) != "(Intercept)", drop = FALSE]
}

check_design <- function(design, call) {
  wrong <- rownames(design)[rowSums(!is.finite(design)) > 0]
  if (length(wrong) > 0) {
    cli::cli_abort(c(
      "Covariates must be finite as the formula makes them.",
      "x" = "They are not for {length(wrong)} sample{?s}: {quote_some(wrong)}."
    ), call = call)
  }
}

check_design_size <- function(columns, samples, call) {
  if (2 * columns <= length(samples)) return(invisible())
  cli::cli_abort(c(
    "{.arg covariates} must make at most half as many columns as there are samples.",
    "x" = "They make {columns}, one per number and per level but the first; there are
           {length(samples)} samples.",
    "i" = "Leave out what differs in every sample, such as names."
  ), call = call)
}

scale_design <- function(design, center, scale, kept) {
  scaled <- sweep(sweep(design, 2, center), 2, scale, `/`)[, kept, drop = FALSE]
  attr(scaled, "assign") <- attr(scaled, "contrasts") <- NULL
  scaled
}

# Least-squares coefficients of every feature (rows) on the columns of the design, beside an
# intercept; 0 where the observed values do not tell.
covariate_effects <- function(values, design) {
  x <- cbind(1, design)
  regress <- \(y, rows) {
    coefficients <- stats::lm.fit(x[rows, , drop = FALSE], y)$coefficients
    coefficients[is.na(coefficients)] <- 0
    coefficients
  }
  effects <- matrix(0, nrow(values), ncol(design))
  complete <- !is.na(rowSums(values))
  everyone <- seq_len(ncol(values))
  if (any(complete)) {
    coefficients <- as.matrix(regress(t(values[complete, , drop = FALSE]), everyone))
    effects[complete, ] <- t(coefficients[-1, , drop = FALSE])
  }
  for (j in which(!complete)) {
    seen <- which(!is.na(values[j, ]))
    if (length(seen) > 0) effects[j, ] <- regress(values[j, seen], seen)[-1]
  }
  effects
}
