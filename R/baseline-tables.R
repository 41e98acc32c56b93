#' Tables and figures of a comparison model
#'
#' `print()` says what was fitted to what and how training ended; `tidy()`, `glance()` and
#' `augment()` give tables as they do for [poems()] fits; `autoplot()` draws the losses of training.
#'
#' @param x,object A fit from [poems_baseline()].
#' @param what Which table: see Value.
#' @param data What to add the embedding to: a `MultiAssayExperiment`, a `SummarizedExperiment` or a
#'   data frame with one row per sample, as in [augment.poems()]; `NULL` makes a table of the fit's
#'   samples.
#' @param type The figure: `"history"`, as [plot_history()].
#' @param ... Not used.
#'
#' @return A tibble where the package tibble is installed, and a data frame otherwise.
#'
#'   `tidy()` with `what`:
#'   * `"latent"`: one row per sample and coordinate. `sample`, `block`, `coordinate`; `latent`,
#'     `NA` where the sample lacks the omic of the block.
#'   * `"loadings"`, of `"mocss_sparsevae"` alone: one row per feature and coordinate of its omic.
#'     `omic`, `feature`, `coordinate`; `loading`, whose sign means nothing by itself; `inclusion`,
#'     the probability that the loading belongs to the slab, as training has it.
#'   * `"history"`: one row per epoch and set of samples, as in [tidy.poems()].
#'
#'   `glance()`, one row: `model`, `form`, `samples`, `omics`, `features` (numbers of each),
#'   `coordinates` (of the embedding), `training_loss` and `validation_loss` (of the epoch kept),
#'   `best_epoch`, `epochs` (run), `stopped`, `seconds`, `seed`.
#'
#'   `augment()`: `data` with a column per coordinate added, its name that of [latent()] with a dot
#'   in front.
#'
#'   `print()` returns its argument invisibly, `autoplot()` a [ggplot2::ggplot] object.
#'
#' @section Errors:
#' Loadings of a model without them are an error; for `data` see [augment.poems()].
#'
#' @inherit tidy.poems references
#' @family tables
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems_baseline(omics, "mocss_sparsevae", embedding = 4, units = 32, seed = 21,
#'                       control = list(epochs = 3, threads = 1))
#' fit
#' tidy(fit, "loadings")
#' glance(fit)
#' @export
tidy.poems_baseline <- function(x, what = c("latent", "loadings", "history"), ...) {
  check_baseline_fit(x, arg = "x")
  what <- arg_match(what)
  rlang::check_dots_empty()
  as_table(switch(what,
    latent = baseline_latent_rows(x), loadings = baseline_loading_rows(x), history = history_rows(x)
  ))
}

#' @rdname tidy.poems_baseline
#' @export
glance.poems_baseline <- function(x, ...) {
  check_baseline_fit(x, arg = "x")
  rlang::check_dots_empty()
  training <- baseline_training(x)
  as_table(data.frame(
    model = x$model, form = x$form, samples = length(x$samples), omics = length(x$omics),
    features = sum(lengths(features_of(x$omics))), coordinates = ncol(x$latent),
    training_loss = training$training_loss, validation_loss = na_for_nan(training$validation_loss),
    best_epoch = x$best_epoch, epochs = training$epochs_run, stopped = x$stopped,
    seconds = x$seconds, seed = x$seed
  ))
}

#' @rdname tidy.poems_baseline
#' @export
augment.poems_baseline <- function(x, data = NULL, ...) {
  check_baseline_fit(x, arg = "x")
  rlang::check_dots_empty()
  add_sample_columns(latent_columns(x$latent), x$samples, data)
}

# Coordinates as columns to be added: with a dot in front of their names.
latent_columns <- function(latent) {
  colnames(latent) <- sprintf(".%s", colnames(latent))
  data.frame(latent, check.names = FALSE)
}

#' @rdname tidy.poems_baseline
#' @exportS3Method ggplot2::autoplot
autoplot.poems_baseline <- function(object, type = "history", ...) {
  check_baseline_fit(object, arg = "object")
  rlang::check_installed("ggplot2", "to plot a fit.")
  arg_match(type, "history")
  rlang::check_dots_empty()
  draw_history(object)
}

#' @rdname tidy.poems_baseline
#' @export
print.poems_baseline <- function(x, ...) {
  check_baseline_fit(x, arg = "x")
  cli::cat_line(cli::style_bold(baseline_titles[[x$model]], " fit"), cli::pluralize(
    " ({x$form} form): {length(x$samples)} sample{?s}, {length(x$omics)} omic{?s}, ",
    "{ncol(x$latent)} coordinate{?s}"
  ))
  cli::cat_line()
  cat_table(list(
    omic = names(x$omics), features = format(lengths(features_of(x$omics))),
    samples = format(lengths(lapply(x$omics, `[[`, "samples")))
  ))
  cli::cat_line()
  width <- lengths(x$blocks)
  cat_text(sprintf("Embedding: %s.", toString(sprintf("%s (%d)", names(width), width))))
  training <- baseline_training(x)
  cat_text(describe_training(training))
  cat_text(describe_losses_kept(training))
  cat_text(sprintf("Scaling \"%s\", seed %d.", x$scaling, x$seed))
  invisible(x)
}

baseline_titles <- c(poem = "POEM", mocss_ae = "MOCSS-AE", mocss_vae = "MOCSS-VAE",
                     mocss_sparsevae = "MOCSS-SparseVAE")

# What describe_training() and describe_losses_kept() tell.
baseline_training <- function(fit) {
  kept <- fit$history[fit$history$epoch == fit$best_epoch, ]
  c(
    fit[c("stopped", "best_epoch", "seconds")], fit$control[c("epochs", "patience")],
    list(
      all_samples = FALSE, epochs_run = nrow(fit$history), held_out = length(fit$validation),
      training_loss = kept$training, validation_loss = kept$validation
    )
  )
}

baseline_latent_rows <- function(fit) {
  rows <- long_table(fit$latent, c("sample", "coordinate", "latent"))
  rows$coordinate <- factor(rows$coordinate, colnames(fit$latent))
  block <- rep(names(fit$blocks), lengths(fit$blocks))
  rows$block <- factor(block[as.integer(rows$coordinate)], names(fit$blocks))
  rows[order(match(rows$sample, fit$samples)), c("sample", "block", "coordinate", "latent")]
}

baseline_loading_rows <- function(fit, call = rlang::caller_env()) {
  if (is.null(fit$loadings)) {
    cli::cli_abort(c(
      "{.code what = \"loadings\"} needs a model that has loadings.",
      "x" = "{.val {fit$model}} has none; {.val mocss_sparsevae} has."
    ), call = call)
  }
  rows <- Map(\(w, omic) {
    table <- long_table(w, c("feature", "coordinate", "loading"))
    p <- fit$parameters[[sprintf("omics/%s/specific/inclusion_probability", omic)]]
    data.frame(omic = omic, table, inclusion = as.vector(p))
  }, fit$loadings, names(fit$loadings))
  rows <- do.call(rbind, unname(rows))
  rows$omic <- factor(rows$omic, names(fit$loadings))
  rows$coordinate <- factor(rows$coordinate, unlist(lapply(fit$loadings, colnames)))
  rows
}
