#' How sure a fit is of its effects, of the variance explained and of contributions
#'
#' Fits the model again to many random halves of the cohort, finds the factors of the fit in each of
#' these, and reports how much every number moves.
#'
#' Halves are drawn without replacement, from each group of samples that have the same omics. A
#' refit has the settings of the fit; with `objective = "elbo"` it takes the number of epochs that
#' was best, with no samples held out. Its factors are matched with those of the fit one to one, so
#' that the sum of the absolute correlations of their posterior means over the half is greatest
#' (Hungarian algorithm), and turned to the sign of the correlation. A factor whose match correlates
#' with it at 0.5 at least counts as found, and the refits that have not found a factor do not count
#' for it: look at its share `found` first.
#'
#' A standard error is the root mean square of the differences between the refits' numbers and that
#' of the fit: numbers of halves differ from that of the whole cohort about as much as that of the
#' cohort differs from the truth. An interval is the estimate plus and minus the standard error
#' times the quantile of Student's t distribution for the number of refits that have found the
#' factor. The bootstrap, which draws samples with replacement, gives intervals that are too wide:
#' samples that are there twice look like factors of their own.
#'
#' The variance that a factor explains in the samples of the fit is too large, because what is
#' explained is also what tells where the samples lie. If the decoder were linear it would be by the
#' factor 1 + s, with s what the variance of the factor's `mode` falls short of 1, that of the
#' prior: intervals lie around the estimate divided by it.
#'
#' The intervals hold what comes of drawing samples, with all that a fit makes of them: which
#' loadings are selected, how factors are turned, where they lie. They do not hold what no refit can
#' show: effects of selected loadings are drawn towards 0 by the prior and by posterior means that
#' vary less than the factor, and a curve that is taken for a factor of its own is so in every
#' refit. On simulated cohorts of 100 to 500 samples, 90 to 99 % of the true effects of selected
#' loadings lie in intervals of 95 % where links are linear and 83 to 98 % where they bend, fewest
#' in the largest cohorts. Of the true variance explained, 69 % or more do where links are linear;
#' where they bend, other factors take a part of it, and intervals say what this fit's factor
#' explains, not what the true one does. See `bench/uncertainty.md`.
#'
#' @param fit A fit from [poems()].
#' @param x The data that the fit was made of, as given to [poems()]; the fit itself does not hold
#'   them. Of `tidy()` and `glance()`: a result of `uncertainty()`.
#' @param refits Number of refits, at least 10.
#' @param level Level of the intervals, between 0 and 1.
#' @param samples Where the samples are in `x`: `"columns"` or `"rows"`.
#' @param covariates For a fit with covariates, those of `x`; see [predict.poems()].
#' @inheritParams stability
#' @param ... Not used.
#'
#' @return A list of class `poems_uncertainty`:
#'   * `effects`: data frame with one row per loading of the fit that is not zero: `omic`,
#'     `feature`, `factor`, `effect` (see [feature_effects()]), `standard_error`, `low` and `high`.
#'     A refit that does not select the loading counts with an effect of 0.
#'   * `loadings`: one row per loading that is not zero in the fit or in a refit: `omic`, `feature`,
#'     `factor`, `loading` (of the fit), `sd` (of its size over the refits) and `selected`, the
#'     share of refits that have found the factor in which it is not zero.
#'   * `variance`: one row per omic and factor: `omic`, `factor`, `r2` (see [variance_explained()]),
#'     `standard_error`, `low` and `high`.
#'   * `contributions`: one row per omic and factor: `omic`, `factor`, `contribution` (the mean over
#'     the samples that have all omics, see [contributions()]; where none has, over those that have
#'     the omic), `standard_error`, `low` and `high`.
#'   * `factors`: one row per factor: `factor`, `found`, the share of refits that have found it, and
#'     `correlation`, the mean correlation with it there.
#'   * `refits`, `level`, `seed`: the settings.
#'
#'   What rests on fewer than two refits is `NA`. `tidy()` returns one of the five tables, as `what`
#'   says. `glance()`, one row: `refits`, `level`, `factors`, `found` (mean over the factors),
#'   `selected` (mean over the loadings of the fit that are not zero) and `seed`.
#'
#' @section Errors: Objects other than fits, fits without a factor in use, and data other than those
#' of the fit (other samples, fewer omics) are an error; so are cohorts of fewer than 20 samples and
#' arguments out of range.
#'
#' @references Shao and Wu (1989), A general theory for jackknife variance estimation, Annals of
#'   Statistics 17, 1176-1197: standard errors from parts of a sample, the delete-d jackknife.
#' @seealso [stability()] for other seeds, [plot_uncertainty()] for a figure.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 4, seed = 21, control = list(epochs = 20, threads = 1))
#' sure <- uncertainty(fit, omics, refits = 10, seed = 1)
#' sure
#' head(tidy(sure, "effects"))
#' @export
uncertainty <- function(fit, x, refits = 50, level = 0.95, samples = c("columns", "rows"),
                        covariates = NULL, seed = NULL, BPPARAM = NULL, ...) {
  check_fit(fit)
  check_any_factor(fit)
  rlang::check_dots_empty()
  check_value(refits, "refits", "a whole number of at least 10", \(x) is_whole(x) && x >= 10)
  check_value(level, "level", "a number between 0 and 1", \(x) is_number(x) && x > 0 && x < 1)
  samples <- arg_match(samples)
  seed <- check_seed(seed)
  check_parallel(BPPARAM)
  control <- control_of_runs(refit_control(fit), BPPARAM)
  check_takes_data(fit)
  check_whole_samples(fit, "Take the whole fit: intervals are those of all its samples.")
  data <- align_newdata(fit$omics, x, samples, own = own_side(fit))
  check_data_of_fit(fit, data)
  check_halves(data)
  design <- new_design(fit, covariates, x, data$samples)
  seeds <- with_seed(seed, sample.int(.Machine$integer.max, refits))
  drawn <- apply_runs(seeds, draw_refit, BPPARAM, fit$control$progress, fit = fit,
                      omics = data$data, design = design, control = control)
  settings <- list(refits = as.integer(refits), level = level, seed = seed)
  structure(c(summarise_refits(fit, drawn, level), settings), class = "poems_uncertainty")
}

# A match that correlates less is another factor.
least_found <- 0.5

check_data_of_fit <- function(fit, data, call = rlang::caller_env()) {
  lacking <- setdiff(fit$samples, data$samples)
  further <- setdiff(data$samples, fit$samples)
  omics <- setdiff(names(fit$omics), names(data$data))
  if (length(c(lacking, further, omics)) == 0) return(invisible())
  cli::cli_abort(c(
    "{.arg x} must be the data that {.arg fit} was made of.",
    "x" = if (length(lacking) > 0) "Samples that it lacks: {quote_some(lacking)}.",
    "x" = if (length(further) > 0) "Samples that the fit does not have: {quote_some(further)}.",
    "x" = if (length(omics) > 0) "Omics that it lacks: {quote_some(omics)}."
  ), call = call)
}

check_halves <- function(data, call = rlang::caller_env()) {
  size <- sum(subsample_sizes(sample_patterns(data$data), 0.5))
  if (size >= fewest_samples) return(invisible())
  cli::cli_abort(c(
    "Halves of the samples must have at least {fewest_samples}.",
    "x" = "Half of {length(data$samples)} samples is {size}."
  ), call = call)
}

# The settings of a refit: those of the fit, but for as many epochs as were best, with all samples,
# as poems() itself trains a small cohort the second time.
refit_control <- function(fit) {
  control <- fit$control
  if (control$objective == "elbo") {
    control$epochs <- fit$best_epoch
    control$validation <- 0
  }
  without_predictions(control)
}

# One refit, to half of the samples, in the factors of the fit.
draw_refit <- function(seed, fit, omics, design, control) {
  half <- with_seed(seed, draw_samples(omics, 0.5))
  refit <- suppressWarnings(suppressMessages(one_of_many(poems(
    half, factors = fit$config$factors, scale = fit$scaling, seed = seed, control = control,
    family = vapply(fit$omics, `[[`, "", "family"),
    covariates = if (!is.null(design)) as.data.frame(design), weights = omic_weights(fit)
  ))))
  in_factors_of(fit, refit)
}

# What uncertainty() compares, in the order and with the signs of the fit's factors. All is 0 of a
# factor that is not found.
in_factors_of <- function(fit, refit, effects = feature_effects(refit)) {
  latent <- fit$latent[refit$samples, , drop = FALSE]
  correlation <- suppressWarnings(stats::cor(latent, refit$latent))
  correlation[is.na(correlation)] <- 0
  column <- match_columns(abs(correlation))$column
  value <- correlation[cbind(seq_along(column), column)]
  found <- !is.na(column) & abs(value) >= least_found
  # Columns of `w` as a product with a signed permutation: features that the refit dropped are 0.
  turn <- matrix(0, ncol(correlation), length(column))
  turn[cbind(column, seq_along(column))[found, , drop = FALSE]] <- sign(value[found])
  of_fit <- \(all, omic) {
    w <- all[[omic]]
    rows <- match(rownames(fit$loadings[[omic]]), rownames(w))
    pick <- Matrix::sparseMatrix(which(!is.na(rows)), rows[!is.na(rows)], x = 1,
                                 dims = c(length(rows), nrow(w)))
    Matrix::drop0(methods::as(pick %*% w %*% turn, "CsparseMatrix"))
  }
  omics <- stats::setNames(nm = names(fit$omics))
  list(
    samples = length(refit$samples), found = found, correlation = abs(value),
    effects = lapply(omics, \(omic) of_fit(effects, omic)),
    loadings = lapply(omics, \(omic) abs(of_fit(refit$loadings, omic))),
    variance = r2_by_omic(refit)[, column, drop = FALSE],
    contributions = mean_contributions(refit)[, column, drop = FALSE]
  )
}

# Omics x factors, as the fit has them.
r2_by_omic <- function(fit) {
  rows <- fit$explained$factor
  r2 <- matrix(NA_real_, length(fit$omics), max(fit$factors, 1L),
               dimnames = list(names(fit$omics), NULL))
  at <- cbind(match(rows$omic, names(fit$omics)), match(rows$factor, names_of_factors(fit)))
  r2[at] <- rows$r2
  r2
}

# Tables ----------------------------------------------------------------------------------------

# The tables of uncertainty(). `drawn`: of every refit, what in_factors_of() returns.
summarise_refits <- function(fit, drawn, level) {
  found <- matrix(vapply(drawn, `[[`, logical(fit$factors), "found"), fit$factors)
  correlation <- matrix(vapply(drawn, `[[`, numeric(fit$factors), "correlation"), fit$factors)
  times <- rowSums(found)
  omics <- names(fit$omics)
  used <- drawn[[1]]$samples
  share <- sqrt(used / (length(fit$samples) - used))  # 1 of halves
  part <- \(name, omic) lapply(drawn, \(refit) refit[[name]][[omic]])
  effects <- feature_effects(fit)
  rows <- \(of) {
    table <- do.call(rbind, lapply(omics, of))
    rownames(table) <- NULL
    order_levels(table, fit)
  }
  list(
    effects = rows(\(omic) {
      effect_intervals(omic, effects[[omic]], part("effects", omic), times, share, level)
    }),
    loadings = rows(\(omic) {
      loading_spread(omic, fit$loadings[[omic]], part("loadings", omic), times)
    }),
    variance = order_levels(variance_intervals(fit, drawn, found, share, level), fit),
    contributions = order_levels(contribution_intervals(fit, drawn, found, share, level), fit),
    factors = order_levels(data.frame(
      factor = names_of_factors(fit), found = times / length(drawn),
      correlation = rowSums(ifelse(found, correlation, 0)) / ifelse(times > 0, times, NA)
    ), fit)
  )
}

# Standard deviation of values of which only sums are known, over `times` refits.
spread_of <- function(sum, squares, times) {
  times <- ifelse(times > 1, times, NA)
  sqrt(pmax(squares - sum^2 / times, 0) / (times - 1))
}

# Root mean square of the differences from the estimate.
difference_from <- function(estimate, sum, squares, times) {
  times <- ifelse(times > 1, times, NA)
  sqrt(pmax(squares - 2 * estimate * sum, -times * estimate^2) / times + estimate^2)
}

interval <- function(estimate, error, times, level) {
  half <- error * stats::qt((1 + level) / 2, pmax(times - 1, 1))
  data.frame(standard_error = error, low = estimate - half, high = estimate + half)
}

effect_intervals <- function(omic, effects, refits, times, share, level) {
  at <- loading_entries(effects)
  cell <- cbind(at$row, at$column)
  sum <- Reduce(`+`, lapply(refits, \(w) w[cell]))
  squares <- Reduce(`+`, lapply(refits, \(w) w[cell]^2))
  times <- times[at$column]
  data.frame(
    omic = rep(omic, length(at$row)), feature = rownames(effects)[at$row],
    factor = colnames(effects)[at$column], effect = at$value,
    interval(at$value, share * difference_from(at$value, sum, squares, times), times, level)
  )
}

loading_spread <- function(omic, loadings, refits, times) {
  sum <- Reduce(`+`, refits)
  squares <- Reduce(`+`, lapply(refits, \(w) w^2))
  selected <- Reduce(`+`, lapply(refits, \(w) (w != 0) * 1))
  ever <- which(as.matrix((selected + (loadings != 0)) != 0), arr.ind = TRUE)
  times <- times[ever[, 2]]
  data.frame(
    omic = rep(omic, nrow(ever)), feature = rownames(loadings)[ever[, 1]],
    factor = colnames(loadings)[ever[, 2]], loading = loadings[ever],
    sd = spread_of(sum[ever], squares[ever], times),
    selected = selected[ever] / ifelse(times > 0, times, NA)
  )
}

variance_intervals <- function(fit, drawn, found, share, level) {
  r2 <- r2_by_omic(fit)
  optimism <- rep(r2_optimism(fit), each = nrow(r2))
  spread <- spread_over_refits(r2, lapply(drawn, `[[`, "variance"), found)
  intervals <- interval(as.vector(r2) / optimism, share * spread$error / optimism, spread$times,
                        level)
  by_omic_and_factor(r2, names_of_factors(fit), "r2", intervals)
}

contribution_intervals <- function(fit, drawn, found, share, level) {
  means <- mean_contributions(fit)
  spread <- spread_over_refits(means, lapply(drawn, `[[`, "contributions"), found)
  intervals <- interval(as.vector(means), share * spread$error, spread$times, level)
  intervals$low <- pmax(intervals$low, 0)
  intervals$high <- pmin(intervals$high, 1)
  by_omic_and_factor(means, names_of_factors(fit), "contribution", intervals)
}

# Of a table omics x factors and those of the refits, by cell: the root mean square `error` of the
# refits that have found the factor, and the number of `times`.
spread_over_refits <- function(estimate, refits, found) {
  seen <- array(NA_real_, c(dim(estimate), length(refits)))
  for (b in seq_along(refits)) seen[, found[, b], b] <- refits[[b]][, found[, b]]
  sums <- \(values) as.vector(rowSums(values, na.rm = TRUE, dims = 2))
  times <- rep(rowSums(found), each = nrow(estimate))
  list(error = difference_from(as.vector(estimate), sums(seen), sums(seen^2), times), times = times)
}

# One row per cell of `values`, omics x factors, by omic; `factors`: names; `name`: that of its
# column.
by_omic_and_factor <- function(values, factors, name, intervals) {
  table <- data.frame(omic = rep(rownames(values), times = ncol(values)),
                      factor = rep(factors, each = nrow(values)))
  table[[name]] <- as.vector(values)
  table <- cbind(table, intervals)[order(match(table$omic, rownames(values))), ]
  rownames(table) <- NULL
  table
}

# By how much each factor seems to explain too much, see uncertainty(): where z is standard normal,
# its posterior mean m = E(z | x) has the variance 1 - s, and the covariance of x = w z + e with m
# is w. Of the variance w^2, x - w m seems to lack 2 w^2 - w^2 (1 - s) = w^2 (1 + s).
r2_optimism <- function(fit) {
  if (fit$control$objective == "published") return(rep(1, fit$factors))
  unname(2 - pmin(apply(fit$mode, 2, stats::var), 1))
}

# Printing and tables ---------------------------------------------------------------------------

#' @export
print.poems_uncertainty <- function(x, ...) {
  cli::cat_line(cli::style_bold("Uncertainty of a POEMS fit"), cli::pluralize(
    ": {x$refits} refits, {nrow(x$factors)} factor{?s} in use"
  ))
  cli::cat_line()
  shown <- utils::head(x$factors, most_factors_shown)
  number <- \(values) ifelse(is.na(values), "", sprintf("%.2f", values))
  selected <- x$loadings[x$loadings$loading != 0, ]
  of_factor <- \(values, of) tapply(values, of, mean, na.rm = TRUE)[as.character(shown$factor)]
  cat_table(list(
    factor = as.character(shown$factor), "found again" = percent(shown$found),
    correlation = number(shown$correlation),
    "loadings selected again" = number(of_factor(selected$selected, selected$factor)),
    "error of effects" = number(of_factor(x$effects$standard_error, x$effects$factor))
  ))
  hidden <- nrow(x$factors) - nrow(shown)
  if (hidden > 0) cli::cat_line(cli::pluralize("and {hidden} more factor{?s}"))
  cli::cat_line()
  cat_text(sprintf(
    "Means over the loadings that are not zero. Intervals of %s: tidy(x, \"effects\"). Seed %d.",
    percent(x$level), x$seed
  ))
  invisible(x)
}

#' @param what Which table: see Value.
#' @rdname uncertainty
#' @export
tidy.poems_uncertainty <- function(x, what = c("effects", "loadings", "variance", "contributions",
                                               "factors"), ...) {
  what <- arg_match(what)
  rlang::check_dots_empty()
  as_table(x[[what]])
}

#' @rdname uncertainty
#' @export
glance.poems_uncertainty <- function(x, ...) {
  rlang::check_dots_empty()
  kept <- x$loadings$loading != 0
  as_table(data.frame(
    refits = x$refits, level = x$level, factors = nrow(x$factors), found = mean(x$factors$found),
    selected = mean_known(x$loadings$selected[kept]), seed = x$seed
  ))
}
