#' Tables and figures of a shared and private fit
#'
#' `print()` says what was fitted to what, what is shared and private, and how training ended;
#' `summary()` adds the call. `tidy()`, `glance()` and `augment()` give tables as they do for
#' [poems()] fits; `autoplot()` draws.
#'
#' @param x,object A fit from [poems_split()], or its summary.
#' @param what Which table: see Value.
#' @param data What to add the coordinates to: a `MultiAssayExperiment`, a `SummarizedExperiment` or
#'   a data frame with one row per sample, as in [augment.poems()]; `NULL` makes a table of the
#'   fit's samples.
#' @param type The figure: `"split"` ([plot_split()]), `"loadings"` ([plot_loadings()]),
#'   `"top_features"` ([plot_top_features()]), `"map"` ([plot_map()]), `"history"` (losses of
#'   training, as [plot_history()]) or `"latent"` (all coordinates of every sample, as
#'   [plot_latent()]; grey where a sample lacks the omic).
#' @param group For `type = "latent"` and `"map"`, as in [plot_latent()].
#' @param ... Not used.
#'
#' @return A tibble where the package tibble is installed, and a data frame otherwise. `omic`,
#'   `block` and `factor` are R factors with their levels in the order of the fit.
#'
#'   `tidy()` with `what`:
#'   * `"loadings"`: one row per loading that is not zero. `omic`, `feature`, `factor` (the
#'     coordinate); `loading` and `inclusion`, see [top_features.poems_split()].
#'   * `"factors"`: one row per coordinate and omic that it can act on. `block`, `factor`, `omic`;
#'     `loadings`, how many are not zero; `share`, the mean over the omic's features of the squared
#'     loading: about the share of its variance.
#'   * `"latent"`: one row per sample and coordinate. `sample`, `block`, `factor`; `latent`, the
#'     posterior mean, and `sd`, its standard deviation; `NA` where the sample lacks the omic of the
#'     block.
#'   * `"variance"`: one row per feature, as [variance_explained.poems_split()] has them.
#'   * `"history"`: one row per epoch and set of samples, as in [tidy.poems()].
#'
#'   `glance()`, one row: `method`, `decoder`, `samples`, `omics`, `features`, `shared`, `private`
#'   (numbers of each; of private coordinates, over all omics), `r2_shared` and `r2_private` (means
#'   over omics of what [variance_explained.poems_split()] has), `training_loss` and
#'   `validation_loss` (of the epoch kept), `best_epoch`, `epochs` (run), `stopped`, `seconds`,
#'   `seed`.
#'
#'   `augment()`: `data` with a column per coordinate added, its name that of [latent()] with a dot
#'   in front.
#'
#'   `summary()`: a list of class `summary.poems_split` with `call`, `method`, `decoder`, `samples`
#'   (their number), `shared` (number of coordinates), `covariates` (their
#'   names), `omics` (a data frame with `omic`, `family`, `features`, `samples`, `coordinates`, the
#'   number of private ones, and the shares `shared`, `private` and `total`) and `training`.
#'
#'   `print()` returns its argument invisibly, `autoplot()` a [ggplot2::ggplot] object.
#'
#' @section Errors:
#' Loadings and factors of a fit with dense decoders are an error; for `data` see [augment.poems()],
#' for `group` see [plot_latent()].
#'
#' @inherit tidy.poems references
#' @family tables
#' @examples
#' omics <- lapply(tcga_breast$omics[c("mrna", "protein")], \(x) x[1:60, ])
#' fit <- poems_split(omics, shared = 3, private = 3, seed = 21,
#'                    control = list(epochs = 20, threads = 1))
#' fit
#' tidy(fit, "factors")
#' glance(fit)
#' @export
tidy.poems_split <- function(x, what = c("loadings", "factors", "latent", "variance", "history"),
                             ...) {
  check_split_fit(x, arg = "x")
  what <- arg_match(what)
  rlang::check_dots_empty()
  if (what %in% c("loadings", "factors")) check_has_loadings(x)
  table <- switch(what,
    loadings = split_loading_rows(x)[c("omic", "feature", "factor", "loading", "inclusion")],
    factors = split_factor_rows(x), latent = split_latent_rows(x),
    variance = variance_explained(x, by = "feature"), history = history_rows(x)
  )
  as_table(in_order_of_fit(table, x))
}

#' @rdname tidy.poems_split
#' @export
glance.poems_split <- function(x, ...) {
  check_split_fit(x, arg = "x")
  rlang::check_dots_empty()
  training <- baseline_training(x)
  shares <- variance_explained(x)
  as_table(data.frame(
    method = x$method, decoder = x$decoder, samples = length(x$samples), omics = length(x$omics),
    features = sum(lengths(features_of(x$omics))), shared = x$shared, private = sum(x$private),
    r2_shared = mean_known(shares$shared), r2_private = mean_known(shares$private),
    training_loss = training$training_loss, validation_loss = na_for_nan(training$validation_loss),
    best_epoch = x$best_epoch, epochs = training$epochs_run, stopped = x$stopped,
    seconds = x$seconds, seed = x$seed
  ))
}

#' @rdname tidy.poems_split
#' @export
augment.poems_split <- function(x, data = NULL, ...) {
  check_split_fit(x, arg = "x")
  rlang::check_dots_empty()
  add_sample_columns(latent_columns(x$latent), x$samples, data)
}

#' @rdname tidy.poems_split
#' @exportS3Method ggplot2::autoplot
autoplot.poems_split <- function(object, type = c("split", "loadings", "top_features", "map",
                                          "history", "latent"), group = NULL, ...) {
  check_split_fit(object, arg = "object")
  rlang::check_installed("ggplot2", "to plot a fit.")
  type <- arg_match(type)
  rlang::check_dots_empty()
  switch(type,
    split = plot_split(object), history = draw_history(object), loadings = plot_loadings(object),
    top_features = plot_top_features(object), map = plot_map(object, group),
    latent = draw_latent(object$latent, check_colour(group, object$samples),
                         by = replace(object$latent, is.na(object$latent), 0)) +
      ggplot2::labs(title = "Shared and private coordinates of every sample", y = NULL)
  )
}

#' @rdname tidy.poems_split
#' @export
summary.poems_split <- function(object, ...) {
  check_split_fit(object, arg = "object")
  omics <- data.frame(
    omic = names(object$omics), family = vapply(object$omics, `[[`, "", "family"),
    features = lengths(features_of(object$omics)),
    samples = lengths(lapply(object$omics, `[[`, "samples")),
    coordinates = object$private[names(object$omics)]
  )
  shares <- variance_explained(object)
  omics[variance_parts] <- shares[match(omics$omic, shares$omic), variance_parts]
  rownames(omics) <- NULL
  structure(
    list(
      call = object$call, method = object$method, decoder = object$decoder,
      samples = length(object$samples), shared = object$shared,
      covariates = all.vars(object$covariates$terms), omics = omics,
      training = c(baseline_training(object), object[c("scaling", "seed")])
    ),
    class = "summary.poems_split"
  )
}

#' @rdname tidy.poems_split
#' @export
print.poems_split <- function(x, ...) {
  cat_split(summary(x))
  invisible(x)
}

#' @rdname tidy.poems_split
#' @export
print.summary.poems_split <- function(x, ...) {
  cat_split(x, call = TRUE)
  invisible(x)
}

cat_split <- function(overview, call = FALSE) {
  omics <- overview$omics
  cli::cat_line(cli::style_bold("Shared and private fit"), cli::pluralize(
    " ({overview$method}, {overview$decoder}): {overview$samples} sample{?s}, ",
    "{nrow(omics)} omic{?s}"
  ))
  if (call) cat_text(paste("Call:", paste(trimws(deparse(overview$call)), collapse = " ")))
  cli::cat_line()
  columns <- list(omic = omics$omic, features = format(omics$features),
                  samples = format(omics$samples), coordinates = format(omics$coordinates))
  for (part in variance_parts) columns[[part]] <- percent(omics[[part]])
  cat_table(columns)
  cat_families(omics)
  cat_text(sprintf(paste(
    "Coordinates: of the omic alone, beside %d shared. Shared, private, total: shares of variance",
    "explained in these samples; information() tells those of new ones."
  ), overview$shared))
  cat_made(overview)
}

# The end of what is printed of a fit in blocks: how it was made.
cat_made <- function(overview) {
  cli::cat_line()
  cat_covariates(overview$covariates)
  cat_text(describe_training(overview$training))
  cat_text(describe_losses_kept(overview$training))
  cat_text(sprintf("Scaling \"%s\", seed %d.", overview$training$scaling, overview$training$seed))
}

# Omics, blocks and coordinates as R factors.
in_order_of_fit <- function(table, fit) {
  levels <- list(omic = names(fit$omics), block = names(fit$blocks), factor = colnames(fit$latent))
  for (column in intersect(names(table), names(levels))) {
    table[[column]] <- factor(table[[column]], levels = levels[[column]])
  }
  table
}

# The block of every coordinate.
blocks_of_coordinates <- \(fit) rep(names(fit$blocks), lengths(fit$blocks))

split_latent_rows <- function(fit) {
  rows <- long_table(fit$latent, c("sample", "factor", "latent"))
  rows$block <- rep(blocks_of_coordinates(fit), each = length(fit$samples))
  rows$sd <- if (is.null(fit$latent_sd)) NA_real_ else as.vector(fit$latent_sd)
  rows[order(match(rows$sample, fit$samples)), c("sample", "block", "factor", "latent", "sd")]
}

split_factor_rows <- function(fit) {
  rows <- do.call(rbind, unname(Map(\(w, omic) {
    w <- as.matrix(w)
    at <- match(colnames(w), colnames(fit$latent))
    data.frame(
      block = blocks_of_coordinates(fit)[at], factor = colnames(w), omic = rep(omic, ncol(w)),
      loadings = unname(colSums(w != 0)), share = unname(colMeans(w^2))
    )
  }, fit$loadings, names(fit$loadings))))
  rows$loadings <- as.integer(rows$loadings)
  rows[order(match(rows$factor, colnames(fit$latent))), ]
}
