# What R users try first on a fit: R's own generics, where they have a meaning; where they have
# none, an error that names the function to call.

#' R's generics for fits
#'
#' What R's own functions make of fits: figures, tables and numbers where they have a meaning, and
#' errors that name the function to call where they have none.
#'
#' [stats::update()] fits once more with other arguments, `update(fit, factors = 8)`, where the data
#' are still under the name they had in the call.
#'
#' R's [stats::loadings()], which these fits use, and `impute()` of this package have names that
#' other packages use, too. After a package that has its own is attached (MOFA2, Hmisc), write
#' `omicpoems::impute(fit, omics)`, and `stats::loadings(fit)` or `fit$loadings`.
#'
#' @param x,object A fit from [poems()], [poems_split()], [poems_compare()] or [poems_baseline()].
#' @param y,row.names,optional Not used; R's generics have them.
#' @param ... For `plot()`, arguments of `autoplot()`, such as `type`; for `as.data.frame()`, of
#'   `tidy()`, such as `what`.
#'
#' @return
#' * `plot()`: the figure of [autoplot.poems()], drawn and returned invisibly; `screeplot()` that of
#'   [plot_variance()], or of [plot_split()].
#' * `coef()`: the loadings, a list with a features x factors matrix per omic.
#' * `fitted()`: of [poems()] fits, `predict(fit, type = "reconstruction")`, features x samples per
#'   omic.
#' * `as.data.frame()`: what `tidy()` returns, as a plain data frame.
#' * `nobs()`: the number of samples; `dim()`: this and the number of factors (or coordinates).
#'
#' @section Errors:
#' `residuals()`, `logLik()` (and with it AIC and BIC), `biplot()` and `weights()` are errors that
#' say what to call instead: fits hold no data, their loss is a bound on the likelihood, and gates
#' weigh omics.
#'
#' @source Written for this package.
#' @family tables
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' dim(fit)
#' head(as.data.frame(fit, what = "effects"))
#' @importFrom stats biplot coef fitted logLik nobs residuals screeplot weights
#' @name plot.poems
NULL

abort_generic <- function(name, why, instead, call = rlang::caller_env()) {
  cli::cli_abort(c(sprintf("{.fn %s} has no meaning for a fit: %s", name, why), "i" = instead),
                 call = call)
}

#' @rdname plot.poems
#' @export
plot.poems <- function(x, y = NULL, ...) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  figure <- ggplot2::autoplot(x, ...)
  print(figure)
  invisible(figure)
}

#' @export
plot.poems_split <- plot.poems

#' @export
plot.poems_baseline <- plot.poems

#' @export
plot.poems_comparison <- plot.poems

#' @rdname plot.poems
#' @export
screeplot.poems <- function(x, ...) plot_variance(x, ...)

#' @export
screeplot.poems_split <- function(x, ...) plot_split(x, ...)

#' @rdname plot.poems
#' @export
biplot.poems <- function(x, ...) {
  abort_generic("biplot", "a few features cannot stand for sparse loadings of several omics.",
                "See {.code autoplot(fit, \"factors\")} for samples by two factors, and
                 {.fn plot_loadings} or {.fn plot_top_features} for features.")
}

#' @export
biplot.poems_split <- function(x, ...) {
  abort_generic("biplot", "coordinates are of blocks.",
                "See {.code autoplot(fit, \"latent\")} and {.fn top_features}, or make a figure from
                 {.code tidy(fit, \"latent\")} and {.code tidy(fit, \"loadings\")}.")
}

#' @export
biplot.poems_baseline <- biplot.poems_split

#' @export
biplot.poems_comparison <- biplot.poems_split

#' @rdname plot.poems
#' @export
coef.poems <- function(object, ...) {
  rlang::check_dots_empty()
  object$loadings
}

#' @export
coef.poems_split <- function(object, ...) {
  rlang::check_dots_empty()
  check_has_loadings(object)
  object$loadings
}

#' @export
coef.poems_baseline <- function(object, ...) {
  rlang::check_dots_empty()
  if (is.null(object$loadings)) {
    cli::cli_abort("{.fn coef} needs a model with loadings; {.val {object$model}} has none.")
  }
  object$loadings
}

#' @export
coef.poems_comparison <- coef.poems_split

#' @rdname plot.poems
#' @export
fitted.poems <- function(object, ...) {
  rlang::check_dots_empty()
  stats::predict(object, type = "reconstruction")
}

#' @export
fitted.poems_split <- function(object, ...) {
  abort_generic("fitted", "it does not hold the data that reconstructions are made from.",
                "Call {.code predict(fit, omics, type = \"reconstruction\")}.")
}

#' @export
fitted.poems_baseline <- fitted.poems_split

#' @export
fitted.poems_comparison <- fitted.poems_split

#' @rdname plot.poems
#' @export
residuals.poems <- function(object, ...) {
  abort_generic("residuals", "it does not hold its data.",
                "Take {.code predict(fit, omics, type = \"reconstruction\")} off the data.")
}

#' @export
residuals.poems_split <- residuals.poems

#' @export
residuals.poems_baseline <- residuals.poems

#' @export
residuals.poems_comparison <- residuals.poems

#' @rdname plot.poems
#' @export
weights.poems <- function(object, ...) {
  abort_generic("weights", "several things are weights.",
                "See {.fn loadings} for features, {.fn gates} and {.fn contributions} for omics.")
}

#' @export
weights.poems_split <- function(object, ...) {
  abort_generic("weights", "several things are weights.",
                "See {.fn loadings} for features, {.fn variance_explained} for omics.")
}

#' @export
weights.poems_baseline <- function(object, ...) {
  abort_generic("weights", "samples and omics have none.", "See {.fn loadings} for features.")
}

#' @export
weights.poems_comparison <- weights.poems_split

#' @rdname plot.poems
#' @export
logLik.poems <- function(object, ...) {
  abort_generic("logLik", "its loss is a bound on the likelihood, with penalties.",
                "See {.fn glance} for losses in training and held out, and {.fn benchmark_models} to
                 compare fits.")
}

#' @export
logLik.poems_split <- logLik.poems

#' @export
logLik.poems_baseline <- logLik.poems

#' @export
logLik.poems_comparison <- logLik.poems

#' @rdname plot.poems
#' @export
nobs.poems <- function(object, ...) length(object$samples)

#' @export
nobs.poems_split <- nobs.poems

#' @export
nobs.poems_baseline <- nobs.poems

#' @export
nobs.poems_comparison <- nobs.poems

#' @rdname plot.poems
#' @export
dim.poems <- function(x) if (is.list(x)) dim(unclass(x)$latent)

#' @export
dim.poems_split <- dim.poems

#' @export
dim.poems_baseline <- dim.poems

#' @export
dim.poems_comparison <- dim.poems

#' @rdname plot.poems
#' @export
as.data.frame.poems <- function(x, row.names = NULL, optional = FALSE, ...) {
  as.data.frame(tidy(x, ...))
}

#' @export
as.data.frame.poems_split <- as.data.frame.poems

#' @export
as.data.frame.poems_baseline <- as.data.frame.poems

#' @export
as.data.frame.poems_comparison <- as.data.frame.poems
