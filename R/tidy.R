# Tidy tables: what a fit holds, one row per unit, with documented columns.

#' @return What the methods for fits return: see [tidy.poems()], [glance.poems()] and
#'   [augment.poems()].
#' @importFrom generics tidy
#' @export
generics::tidy

#' @importFrom generics glance
#' @export
generics::glance

#' @importFrom generics augment
#' @export
generics::augment

#' Tables of a fit
#'
#' `tidy()` gives what a fit holds as a table, one row per loading, factor and sample, or whatever
#' `what` names. `glance()` describes the fit in one row. [augment()][augment.poems] puts factors
#' and gates beside what is known of the samples.
#'
#' @param x A fit from [poems()].
#' @param what Which table: see Value.
#' @param ... Not used.
#'
#' @return A tibble where the package tibble is installed, and a data frame otherwise. `omic` and
#'   `factor` are R factors with their levels in the order of the fit; `feature` and `sample` are
#'   character. Rows are ordered by omic, sample or epoch, then by factor, omic or set.
#'
#'   `tidy()` with `what`:
#'   * `"loadings"`: one row per loading that is not zero; `loadings(x)` has the zeros as well.
#'     `omic`, `feature`, `factor`; `loading`, whose sign means nothing by itself; `effect`, see
#'     [feature_effects()]; `inclusion`, the probability of [inclusion()].
#'   * `"effects"`: one row per loading that is not zero. `omic`, `feature`, `factor`; `effect`, see
#'     [feature_effects()]; `bend`, the share of what the factor does to the feature that is not
#'     linear: of the variance of the curve that [feature_response()] describes, over the factor's
#'     values in the samples of the fit (200 quantiles of them where there are more), what a
#'     straight line leaves. All other factors stay at their mean. It is 0 for a straight curve and
#'     1 for one without a direction, such as a parabola about the mean; `NA` where the factor moves
#'     the feature by less than 1e-4 of its standard deviation. Of omics that are not Gaussian, the
#'     curve is taken on the scale of the link.
#'   * `"features"`: one row per feature. `omic`, `feature`; `strength`, the sum of the sizes of its
#'     loadings; `factors`, how many of these are not zero; `main_factor`, that of the largest, `NA`
#'     without any; `r2`, the share of its variance that all factors explain.
#'   * `"latent"`: one row per sample and factor. `sample`, `factor`; `latent`, the posterior mean;
#'     `scaled`, as `latent(x, scaled = TRUE)` has it.
#'   * `"gates"`: one row per sample and omic. `sample`, `omic`, `gate`; `observed`, whether the
#'     sample has the omic.
#'   * `"contributions"`: one row per sample, omic and factor. `sample`, `omic`, `factor`;
#'     `contribution`, see [contributions()].
#'   * `"variance"`: one row per omic and factor. `omic`, `factor`; `r2`, see
#'     [variance_explained()].
#'   * `"factors"`: one row per factor and omic, what the factor is worth there. `factor`, `omic`;
#'     `r2`, as above; `worth`, the share of the variance of hidden values of samples left out that
#'     is lost when the factor's part is left out of what factors predict, `NA` where it was not
#'     measured (omics that are not Gaussian, fewer than 30 samples); `loadings`, how many are not
#'     zero; `kind`, `"shared"` for a factor with loadings in several omics, `"private"` for one of
#'     a single omic.
#'   * `"sets"`: of a fit with sets, one row per set. `set`; `verdict` and `factor`, see the section
#'     on sets in [poems()]; `given`, how many members it has; `found`, how many features these are
#'     in omics in which it counts; `kept`, how many of these have a loading of its factor that is
#'     not zero; `added`, how many other features of the same omics have one; `p`, the share of
#'     random sets that say as much.
#'   * `"members"`: of a fit with sets, one row per feature of each factor called by a set, in the
#'     omics in which the set counts: members, and others with a loading. `factor`, `omic`,
#'     `feature`; `status`, `"kept"`, `"dropped"` (a member without a loading) or `"added"`;
#'     `loading`; `inclusion`.
#'   * `"omics"`: one row per omic. `omic`; its `family`; `features`, `samples`, numbers of each;
#'     `r2_training`, `r2_validation`, the share of variance explained in samples in training and
#'     held out, `NA` without such samples; `r2_hidden`, that of hidden values which is predicted,
#'     see [summary.poems()]; `zero`, the share of the loadings of factors in use that are zero;
#'     `gate`, the mean over the samples that have the omic.
#'   * `"history"`: one row per epoch and set of samples. `epoch`; `set`, `"training"` or
#'     `"validation"`; `loss`, per sample; `kept`, whether the fit has the parameters of this epoch.
#'
#'   `glance()`, one row: `samples`, `omics`, `features` (numbers of each), `factors` (as asked
#'   for), `factors_used`, `r2_training` and `r2_validation` (means over the omics), `zero` (share
#'   of the loadings of factors in use), `features_per_factor` with `features_per_factor_min` and
#'   `features_per_factor_max` (median, least and most over factors in use of the features, of all
#'   omics, with a loading that is not zero), `factors_per_feature` (median over features of the
#'   factors in use that have a loading on it), `bend` (the share of what the decoders explain, over
#'   the samples of the fit, that is not linear in the factors: what their best linear approximation
#'   leaves; mean over the omics), `training_loss` and `validation_loss` (of the epoch kept),
#'   `best_epoch`, `epochs` (run), `stopped`, `objective`, `seconds`, `seed`.
#'
#' @section Errors:
#' A `what` that is not listed is an error, and so are `"sets"` and `"members"` of a fit without
#' sets.
#'
#' @references The verbs are those of the package generics, as used by broom: Robinson D, Hayes A,
#'   Couch S. broom: Convert Statistical Objects into Tidy Tibbles.
#' @family tables
#' @seealso [top_features()], [feature_links()] and [subtype_correlation()] for tables that need
#'   more than a fit.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' tidy(fit)
#' tidy(fit, "gates")
#' glance(fit)
#' @export
tidy.poems <- function(x, what = c("loadings", "effects", "features", "latent", "gates",
                                   "contributions", "variance", "factors", "sets", "members",
                                   "omics", "history"), ...) {
  check_fit(x, arg = "x")
  what <- arg_match(what)
  rlang::check_dots_empty()
  table <- switch(what,
    loadings = features_table(x), effects = effect_rows(x), features = feature_rows(x),
    latent = latent_rows(x), gates = gate_rows(x), contributions = contribution_rows(x),
    variance = variance_explained(x), factors = factor_rows(x),
    sets = set_rows(x), members = member_rows(x), omics = omic_rows(x),
    history = history_rows(x)
  )
  as_table(order_levels(table, x))
}

#' @rdname tidy.poems
#' @export
glance.poems <- function(x, ...) {
  check_fit(x, arg = "x")
  rlang::check_dots_empty()
  overview <- summary(x)
  omics <- overview$omics
  training <- overview$training
  per_factor <- overview$sparsity$features_per_factor
  as_table(data.frame(
    samples = overview$samples, omics = nrow(omics), features = sum(omics$features),
    factors = overview$factors, factors_used = overview$factors_used,
    r2_training = mean_known(omics$training), r2_validation = mean_known(omics$validation),
    zero = na_for_nan(share_of_zeros(x$loadings)), features_per_factor = per_factor[["median"]],
    features_per_factor_min = per_factor[["min"]], features_per_factor_max = per_factor[["max"]],
    factors_per_feature = overview$sparsity$factors_per_feature, bend = mean_known(x$bend),
    training_loss = training$training_loss, validation_loss = na_for_nan(training$validation_loss),
    best_epoch = training$best_epoch, epochs = training$epochs_run, stopped = training$stopped,
    objective = training$objective, seconds = training$seconds, seed = training$seed
  ))
}

#' Tables of other results
#'
#' @param x A result of [stability()] or [factor_recovery()].
#' @param what Which table: see Value.
#' @param ... Not used.
#'
#' @return A tibble where the package tibble is installed, and a data frame otherwise.
#'
#'   `tidy()` of [stability()], with `what`: `"factors"` and `"similarity"` are its tables of these
#'   names; `"selection"` has one row per feature and factor with `omic`, `feature`, `factor` and
#'   `share`, that of the runs in which the loading is not zero, without the rows where it is 0.
#'   `glance()`, one row: `runs`, `subsample`, `factors` (in use in the reference run), `agreement`
#'   (mean over pairs of runs), `reference`, `seed`.
#'
#'   `tidy()` of [factor_recovery()]: its rows. `glance()`, one row: `correlation`, `precision`,
#'   `recall`, `f1` (means over the true factors), `unmatched`.
#'
#' @section Errors:
#' A `what` that is not listed is an error.
#'
#' @inherit tidy.poems references
#' @family tables
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' again <- stability(omics, factors = 4, runs = 3, seed = 21,
#'                    control = list(epochs = 20, threads = 1, progress = FALSE))
#' tidy(again)
#' tidy(again, "selection")
#' glance(again)
#' @export
tidy.poems_stability <- function(x, what = c("factors", "similarity", "selection"), ...) {
  what <- arg_match(what)
  rlang::check_dots_empty()
  as_table(if (what == "selection") selection_rows(x) else x[[what]])
}

#' @rdname tidy.poems_stability
#' @export
glance.poems_stability <- function(x, ...) {
  rlang::check_dots_empty()
  pairs <- x$agreement[upper.tri(x$agreement)]
  as_table(data.frame(
    runs = x$settings$runs, subsample = x$settings$subsample, factors = nrow(x$factors),
    agreement = mean(pairs), reference = x$reference, seed = x$settings$seed
  ))
}

#' @rdname tidy.poems_stability
#' @export
tidy.factor_recovery <- function(x, ...) {
  rlang::check_dots_empty()
  as_table(as.data.frame(x))
}

#' @rdname tidy.poems_stability
#' @export
glance.factor_recovery <- function(x, ...) {
  rlang::check_dots_empty()
  table <- as.data.frame(as.list(summary(x)))
  table[] <- lapply(table, na_for_nan)
  as_table(table)
}

# Rows ------------------------------------------------------------------------------------------

# One row per loading that is not zero.
loading_rows <- function(fit) {
  rows <- Map(\(w, omic) {
    entries <- loading_entries(w)
    data.frame(
      omic = rep(omic, length(entries$value)), feature = rownames(w)[entries$row],
      # as.character(): a matrix without columns has no names for them.
      factor = as.character(colnames(w))[entries$column], loading = as.numeric(entries$value)
    )
  }, fit$loadings, names(fit$loadings))
  do.call(rbind, unname(rows))
}

# The same, with effects and inclusion probabilities.
features_table <- function(fit) {
  inclusion <- Map(\(p, w) {
    entries <- loading_entries(w)
    p[cbind(entries$row, entries$column)]
  }, fit$inclusion, fit$loadings)
  data.frame(
    loading_rows(fit),
    feature_effects(fit, "table")["effect"],
    inclusion = as.numeric(unlist(inclusion, use.names = FALSE))
  )
}

effect_rows <- function(fit) {
  rows <- feature_effects(fit, "table")[c("omic", "feature", "factor", "effect")]
  rows$bend <- bend_of_effects(fit)
  rows
}

feature_rows <- function(fit) {
  rows <- do.call(rbind, unname(Map(feature_strengths, fit$loadings, names(fit$loadings))))
  explained <- fit$explained$feature
  key <- \(table) paste(match(table$omic, names(fit$omics)), table$feature)
  rows$r2 <- explained$r2[match(key(rows), key(explained))]
  rows
}

feature_strengths <- function(w, omic) {
  entries <- loading_entries(w)
  entries$value <- abs(entries$value)
  entries <- lapply(entries, `[`, order(-entries$value))
  main <- entries$column[match(seq_len(nrow(w)), entries$row)]
  data.frame(
    omic = omic, feature = rownames(w), strength = unname(rowSums(abs(as.matrix(w)))),
    factors = tabulate(entries$row, nrow(w)), main_factor = as.character(colnames(w))[main]
  )
}

latent_rows <- function(fit) {
  rows <- long_table(latent(fit), c("sample", "factor", "latent"))
  rows$scaled <- as.vector(latent(fit, scaled = TRUE))
  rows[order(match(rows$sample, fit$samples)), ]
}

gate_rows <- function(fit) {
  rows <- long_table(fit$gates, c("sample", "omic", "gate"))
  rows$observed <- as.vector(membership(fit))
  rows[order(match(rows$sample, fit$samples)), ]
}

# Samples x omics: which sample has which omic.
membership <- function(fit) {
  has <- vapply(fit$omics, \(omic) seq_along(fit$samples) %in% omic$samples,
                logical(length(fit$samples)))
  rownames(has) <- fit$samples
  has
}

factor_rows <- function(fit) {
  rows <- fit$explained$factor[c("factor", "omic", "r2")]
  used <- factors_in_use(fit)
  measured <- matrix(NA_real_, length(fit$omics), length(used),
                     dimnames = list(names(fit$omics), names_of_factors(fit)))
  gaussian <- vapply(fit$omics, `[[`, "", "family") == "gaussian"
  column <- match(used, fit$remainder$line$factors)
  if (!is.null(fit$remainder)) measured[gaussian, ] <- fit$remainder$worth[gaussian, column]
  count <- do.call(rbind, lapply(fit$loadings, \(w) colSums(as.matrix(w) != 0)))
  at <- cbind(match(rows$omic, names(fit$omics)), match(rows$factor, colnames(measured)))
  rows$worth <- measured[at]
  rows$loadings <- as.integer(count[at])
  rows$kind <- ifelse(colSums(count > 0) > 1, "shared", "private")[at[, 2]]
  rows[order(at[, 2], at[, 1]), ]
}

omic_rows <- function(fit) {
  rows <- summary(fit)$omics
  stats::setNames(rows, sub("^(training|validation|hidden)$", "r2_\\1", names(rows)))
}

history_rows <- function(fit) {
  rows <- history_losses(fit$history)
  rows$kept <- rows$epoch == fit$best_epoch
  rows[order(rows$epoch), ]
}

selection_rows <- function(x) {
  rows <- Map(\(share, omic) {
    table <- long_table(share, c("feature", "factor", "share"))
    data.frame(omic = rep(omic, nrow(table)), table)[table$share > 0, ]
  }, x$selection, names(x$selection))
  rows <- do.call(rbind, unname(rows))
  rows$omic <- factor(rows$omic, levels = names(x$selection))
  rows$factor <- factor(rows$factor, levels = levels(x$factors$factor))
  rows
}

# Columns ---------------------------------------------------------------------------------------

# Names of omics and factors as R factors, in the order of the fit.
order_levels <- function(table, fit) {
  levels <- list(omic = names(fit$omics), factor = readable_names(fit),
                 main_factor = readable_names(fit))
  for (column in intersect(names(table), names(levels))) {
    table[[column]] <- factor(table[[column]], levels = levels[[column]])
  }
  table
}

as_table <- function(table, tibble = rlang::is_installed("tibble")) {
  rownames(table) <- NULL
  if (tibble) tibble::as_tibble(table) else table
}

mean_known <- \(x) na_for_nan(mean(as.numeric(x), na.rm = TRUE))

na_for_nan <- \(x) ifelse(is.nan(x), NA_real_, as.numeric(x))

# Zeros included, per omic.
count_loadings <- \(loadings) vapply(loadings, \(w) prod(dim(w)), 0)

share_of_zeros <- function(loadings) {
  1 - sum(vapply(loadings, \(w) length(w@x), 0L)) / sum(count_loadings(loadings))
}
