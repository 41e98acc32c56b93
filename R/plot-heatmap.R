#' Plot a heat map of a factor's features over samples
#'
#' The values that were measured of the features that a factor drives most, one row per feature and
#' one column per sample, from the lowest to the highest value of the factor. The factor itself is
#' the row on top; with groups, their colours are above it. Features whose effect is positive rise
#' from left to right, those below them fall.
#'
#' Values are those that training sees: standardised (for counts, logarithms of counts per library
#' size), without the effects of covariates. Missing values are grey. The few values beyond the ends
#' of the colour bar have the colour of its ends.
#'
#' @inheritParams feature_response
#' @inheritParams plot_latent
#' @param newdata The data, in any form that [predict.poems()] takes: those that the model was
#'   fitted to, which the fit does not hold, or new samples.
#' @param factor A factor in use: its number, or its name.
#' @param omic Names of the omics to take features from; `NULL` for all.
#' @param n Number of features, at least 1: those with the largest effects of the factor, over all
#'   of the chosen omics.
#' @param group What to show above the samples (a subtype, an age): a vector named by sample, or in
#'   the order of the samples (of `newdata`, where that has others than the fit). `NA` where it is
#'   not known; at most 20 groups. Numbers with more than 10 different values, or that are not
#'   whole, have a continuous scale. `NULL` for none.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per feature
#'   and sample, and the columns `omic`, `feature`, `sample` (a factor in the order drawn) and
#'   `value`; the rows of the factor have its values divided by their root mean square, and `omic`
#'   is `NA`.
#'
#' @section Errors:
#' ggplot2 must be installed. A fit without loadings is an error, and so are a factor and omics that
#' the fit does not have, and a factor without features in these omics. A `group` that does not fit
#' the samples is an error; for errors in `newdata` and `covariates` see [predict.poems()].
#'
#' @source Written for this package.
#' @family figures
#' @seealso [plot_response()] for the curve of a feature, [plot_top_features()] for effects,
#'   [plot_latent()] for all factors.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' subtype <- setNames(tcga_breast$samples$subtype, tcga_breast$samples$sample)
#' plot_heatmap(fit, omics, factor = 1, n = 15, group = subtype)
#' @export
plot_heatmap <- function(fit, newdata, factor = 1, omic = NULL, n = 25, group = NULL,
                         samples = c("columns", "rows"), covariates = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  check_any_loading(fit)
  check_count(n)
  samples <- arg_match(samples)
  name <- check_one_factor(factor, fit)
  omics <- check_omic_choice(omic, names(fit$omics))
  top <- top_rows(features_table(fit), name, list(omics), "effect", n)
  check_any_driven(top, name, omics)
  seen <- standardised_newdata(fit, newdata, samples, covariates)
  group <- check_colour(group, samples_to_match(fit, seen$samples))[seen$samples]
  values <- heatmap_values(top, seen, name, names(fit$omics))
  measured <- values$value[!is.na(values$omic)]
  ggplot2::ggplot(values, ggplot2::aes(.data$sample, .data$row)) +
    ggplot2::geom_raster(ggplot2::aes(fill = .data$value)) +
    heatmap_strip(group, values) +
    ggplot2::facet_grid(rows = ggplot2::vars(.data$panel), scales = "free_y", space = "free_y",
                        labeller = omic_labeller()) +
    ggplot2::scale_x_discrete(expand = c(0, 0)) +
    scale_y_features(unique(values[c("feature", "row")]), expand = c(0, 0)) +
    scale_fill_around_0(
      stats::quantile(abs(measured), 0.98, na.rm = TRUE), oob = to_range,
      na.value = unknown_colour, guide = ggplot2::guide_colourbar(order = 1)
    ) +
    ggplot2::labs(
      title = paste("Features that", name, "drives most"),
      x = sprintf("Samples (n = %d), from low to high %s", nlevels(values$sample), name), y = NULL,
      fill = "Standardised\nvalue"
    ) +
    theme_poems() +
    theme_samples() +
    theme_features()
}

check_any_driven <- function(top, name, omics, call = rlang::caller_env()) {
  if (nrow(top) > 0) return(invisible())
  cli::cli_abort(c(
    "There is no feature to show: {name} drives none of {quote_some(omics)}.",
    "i" = "Choose another {.arg factor}, or other omics."
  ), call = call)
}

# One row per cell: of the factor, in a panel on top, and of its features, those that rise with it
# above those that fall. `row` tells features of the same name apart.
heatmap_values <- function(top, seen, name, omics) {
  top <- top[order(match(top$omic, omics), -top$effect), ]
  z <- seen$latent[, name]
  measured <- seen$values[match(feature_key(top), feature_key(seen$features)), , drop = FALSE]
  cells <- rbind(z / sqrt(mean(z^2)), measured)
  rows <- c(name, feature_key(top))
  panels <- c(" ", top$omic)
  sample <- seen$samples[col(cells)]
  data.frame(
    omic = c(NA, top$omic)[row(cells)], feature = c(name, top$feature)[row(cells)],
    sample = factor(sample, seen$samples[order(z)]), value = as.vector(cells),
    row = factor(rows[row(cells)], rev(rows)),
    panel = factor(panels[row(cells)], c(" ", omics)[c(" ", omics) %in% panels])
  )
}

# The colours of groups or numbers, above the row of the factor.
heatmap_strip <- function(group, values) {
  if (is.null(group)) return(NULL)
  ordered <- group[levels(values$sample)]
  runs <- rle(as.vector(ordered))$lengths # one bar each, lest seams show between samples
  to <- cumsum(runs)
  bars <- data.frame(from = to - runs + 0.5, to = to + 0.5, y = 2.2, panel = values$panel[1],
                     colour = unname(ordered)[to])
  scale <- if (is.numeric(group)) {
    ggplot2::scale_colour_viridis_c(na.value = unknown_colour,
                                    guide = ggplot2::guide_colourbar(order = 2))
  } else {
    ggplot2::scale_colour_manual(values = group_colours(group), labels = group_titles(group),
                                 guide = ggplot2::guide_legend(order = 2))
  }
  list(
    ggplot2::geom_segment(
      ggplot2::aes(.data$from, .data$y, xend = .data$to, yend = .data$y, colour = .data$colour),
      data = bars, linewidth = 3
    ),
    ggplot2::geom_blank(ggplot2::aes(.data$from, .data$y + 0.8), data = bars),
    scale, ggplot2::labs(colour = if (is.numeric(group)) "Value" else "Group")
  )
}
