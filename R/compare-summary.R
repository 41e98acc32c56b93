#' Tables and figures of a comparison
#'
#' `print()` says what was found, and in words what to be careful about; `summary()` adds the call.
#' `tidy()`, `glance()` and `augment()` give tables as they do for [poems()] fits; `autoplot()`
#' draws.
#'
#' @param x,object A fit from [poems_compare()], or its summary.
#' @param what Which table: see Value.
#' @param data What to add the factors to: a `MultiAssayExperiment`, a `SummarizedExperiment` or a
#'   data frame with one row per sample, as in [augment.poems()]; `NULL` makes a table of the fit's
#'   samples.
#' @param type The figure: `"compare"` ([plot_compare()]), `"history"` (losses of training, as
#'   [plot_history()]) or `"latent"` (all factors of every sample by group, as [plot_latent()]).
#' @param ... Not used.
#'
#' @return A tibble where the package tibble is installed, and a data frame otherwise. `omic`,
#'   `block` and `factor` are R factors with their levels in the order of the fit.
#'
#'   `tidy()` with `what`:
#'   * `"factors"`: as [compare_factors()].
#'   * `"loadings"`: one row per loading that is not zero. `omic`, `feature`, `factor`; `loading`
#'     and `inclusion`, see [top_features.poems_split()].
#'   * `"latent"`: one row per sample and factor. `sample`, `block`, `factor`; `latent`, the
#'     posterior mean, and `sd`, its standard deviation.
#'   * `"variance"`: one row per feature, as [variance_explained.poems_comparison()].
#'   * `"history"`: one row per epoch and set of samples, as in [tidy.poems()].
#'
#'   `glance()`, one row: `decoder`, `samples`, `target`, `omics`, `features`, `shared`, `salient`
#'   (numbers of each, `target` of samples, the last two of factors in use), `r2_shared`,
#'   `r2_salient` and `r2_background` (means over omics of what
#'   [variance_explained()][variance_explained.poems_comparison] has), `dependence` and
#'   `dependence_p` (`ratio` and `p` of [independence()]), `training_loss` and `validation_loss` (of
#'   the epoch kept), `best_epoch`, `epochs` (run), `stopped`, `seconds`, `seed`.
#'
#'   `augment()`: `data` with `.target` and a column per factor added, its name that of [latent()]
#'   with a dot in front.
#'
#'   `summary()`: a list of class `summary.poems_comparison` with `call`, `decoder`, `target` and
#'   `background` (numbers of samples), `shared` and `salient` (numbers of factors), `covariates`
#'   (their names), `omics` (a data frame with `omic`, `family`, `features` and the shares of
#'   [variance_explained()][variance_explained.poems_comparison]), `measured` (the number of samples
#'   these are measured in), `warnings` (sentences) and `training`.
#'
#'   `print()` returns its argument invisibly, `autoplot()` a [ggplot2::ggplot] object.
#'
#' @section Errors:
#' Loadings of a fit with dense decoders are an error; for `data` see [augment.poems()].
#'
#' @inherit tidy.poems references
#' @family tables
#' @examples
#' omics <- lapply(tcga_breast$omics[c("mrna", "mirna")], \(x) x[1:60, ])
#' fit <- poems_compare(omics, group = tcga_breast$samples$subtype == "Basal", background = FALSE,
#'                      shared = 4, salient = 2, seed = 21,
#'                      control = list(epochs = 10, threads = 1))
#' fit
#' tidy(fit, "loadings")
#' glance(fit)
#' @export
tidy.poems_comparison <- function(x, what = c("factors", "loadings", "latent", "variance",
                                              "history"), ...) {
  what <- arg_match(what)
  rlang::check_dots_empty()
  if (what == "loadings") check_has_loadings(x)
  table <- switch(what,
    factors = compare_factors(x),
    loadings = split_loading_rows(x)[c("omic", "feature", "factor", "loading", "inclusion")],
    latent = split_latent_rows(x), variance = variance_explained(x, by = "feature"),
    history = history_rows(x)
  )
  as_table(in_order_of_fit(table, x))
}

#' @rdname tidy.poems_comparison
#' @export
glance.poems_comparison <- function(x, ...) {
  rlang::check_dots_empty()
  overview <- summary(x)
  training <- overview$training
  dependence <- independence(x)
  as_table(data.frame(
    decoder = x$decoder, samples = length(x$samples), target = overview$target,
    omics = nrow(overview$omics), features = sum(overview$omics$features),
    shared = overview$shared, salient = overview$salient,
    r2_shared = mean_known(overview$omics$target_shared),
    r2_salient = mean_known(overview$omics$target_salient),
    r2_background = mean_known(overview$omics$background),
    dependence = dependence$ratio, dependence_p = dependence$p,
    training_loss = training$training_loss, validation_loss = na_for_nan(training$validation_loss),
    best_epoch = training$best_epoch, epochs = training$epochs_run, stopped = training$stopped,
    seconds = training$seconds, seed = training$seed
  ))
}

#' @rdname tidy.poems_comparison
#' @export
augment.poems_comparison <- function(x, data = NULL, ...) {
  rlang::check_dots_empty()
  columns <- data.frame(.target = unname(x$target), latent_columns(x$latent), check.names = FALSE)
  add_sample_columns(columns, x$samples, data)
}

#' @rdname tidy.poems_comparison
#' @exportS3Method ggplot2::autoplot
autoplot.poems_comparison <- function(object, type = c("compare", "history", "latent",
                                                       "independence"), ...) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  type <- arg_match(type)
  rlang::check_dots_empty()
  if (type == "latent") check_any_column(object)
  switch(type,
    compare = plot_compare(object), history = draw_history(object),
    independence = plot_independence(object),
    latent = draw_latent(object$latent, check_group(group_names(object), object$samples)) +
      ggplot2::labs(title = "Shared and salient factors of every sample", y = NULL)
  )
}

group_names <- \(fit) ifelse(fit$target, "target", "background")

check_any_column <- function(fit, call = rlang::caller_env()) {
  if (ncol(fit$latent) > 0) return(invisible())
  cli::cli_abort("There is no factor to show: the fit has none.", call = call)
}

#' @rdname tidy.poems_comparison
#' @export
summary.poems_comparison <- function(object, ...) {
  shares <- variance_explained(object)
  omics <- data.frame(
    omic = names(object$omics), family = vapply(object$omics, `[[`, "", "family"),
    features = lengths(features_of(object$omics)), shares[names(shares) != "omic"]
  )
  rownames(omics) <- NULL
  structure(
    list(
      call = object$call, decoder = object$decoder, target = sum(object$target),
      background = sum(!object$target), shared = length(object$blocks$shared),
      salient = length(object$blocks$salient), covariates = all.vars(object$covariates$terms),
      omics = omics, measured = length(measured_samples(object)),
      warnings = comparison_warnings(object),
      training = c(baseline_training(object), object[c("scaling", "seed")])
    ),
    class = "summary.poems_comparison"
  )
}

#' @rdname tidy.poems_comparison
#' @export
print.poems_comparison <- function(x, ...) {
  cat_comparison(summary(x))
  invisible(x)
}

#' @rdname tidy.poems_comparison
#' @export
print.summary.poems_comparison <- function(x, ...) {
  cat_comparison(x, call = TRUE)
  invisible(x)
}

cat_comparison <- function(overview, call = FALSE) {
  omics <- overview$omics
  cli::cat_line(cli::style_bold("Comparison"), cli::pluralize(
    " ({overview$decoder} decoders): target {overview$target} sample{?s}, background ",
    "{overview$background}, {nrow(omics)} omic{?s}"
  ))
  if (call) cat_text(paste("Call:", paste(trimws(deparse(overview$call)), collapse = " ")))
  cli::cat_line()
  cat_table(list(
    omic = omics$omic, features = format(omics$features),
    `target: shared` = percent(omics$target_shared), salient = percent(omics$target_salient),
    `background: shared` = percent(omics$background)
  ))
  cat_families(omics)
  every <- overview$measured == overview$target + overview$background
  cat_text(sprintf(paste(
    "Shares of what deviates from the mean of the background, explained by %d shared and %d",
    "salient factors, in %s."
  ), overview$shared, overview$salient, if (every) "all samples" else
    sprintf("the %d samples held out", overview$measured)))
  for (warning in overview$warnings) cat_text(warning)
  cat_made(overview)
}

# A salient factor that explains less in every omic is not worth its name.
least_salient <- 0.01

# A bound counts as kept up to such an excess.
tolerated_excess <- 0.1

# Blocks cancel each other in a feature if the share of one is below minus this,
least_cancelled <- 0.1

# which is told where it is so in more of an omic's features.
few_cancelled <- 0.02

# What to be careful about, in sentences.
comparison_warnings <- function(fit) {
  table <- compare_factors(fit)
  own <- table[table$block == "salient", ]
  most <- vapply(split(own$target, factor(own$factor, unique(own$factor))), max, 0, na.rm = TRUE)
  weak <- names(most)[most < least_salient]
  against <- vapply(fit$variance$features, \(x) {
    mean_known(x$target_total > 0 & pmin(x$target_shared, x$target_salient) < -least_cancelled)
  }, 0)
  against <- against[which(against > few_cancelled)]
  excess <- excess_at_end(fit)
  fewer <- any(lengths(fit$blocks) < fit$asked)
  c(
    if (length(fit$blocks$salient) == 0)
      "No salient factor: nothing varies in the target alone that these samples confirm.",
    if (fit$decoder == "sparse" && fewer)
      sprintf("The data hold no more factors than these, of %d shared and %d salient asked for.",
              fit$asked[["shared"]], fit$asked[["salient"]]),
    if (length(weak) > 0)
      sprintf("Less than %s of every omic of the target: %s.", percent(least_salient),
              toString(weak)),
    if (length(against) > 0)
      sprintf(paste("Shared and salient factors cancel each other in the target in features (%s):",
                    "read them together there. variance_explained() has shares below 0 for these."),
              toString(paste(percent(against), "of", names(against)))),
    if (isTRUE(excess > tolerated_excess))
      sprintf("The bound on the dependence of shared and salient factors was exceeded by %s.",
              percent(excess))
  )
}
