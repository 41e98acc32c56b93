#' Plot the top features of every omic
#'
#' The features with the largest loadings or effects of each omic, against the factors. Blank tiles
#' are loadings of exactly zero. A feature stands beside those of the same main factor (the one with
#' its largest value). Factors without a loading among these features are left out.
#'
#' The sign of a loading has no meaning by itself, so its size is shown. Effects say which way a
#' feature goes when the factor rises: see [feature_effects()].
#'
#' @param fit A fit from [poems()], or from [poems_split()] or [poems_compare()] with
#'   sparse decoders.
#' @param n Number of features per omic, at least 1.
#' @param by What is shown and chosen by: the size of the `"loading"`, or the `"effect"`,
#'   which has a sign.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per non-zero
#'   loading, with the columns `omic`, `feature`, `factor` and `loading` (its size) or `effect`.
#'   Allow about 0.2 inch of height per feature.
#'
#' @section Errors:
#' ggplot2 must be installed. A fit whose loadings are all zero is an error.
#'
#' @references Figure 2 of Kocak Balik et al. (2025), \doi{10.48550/arXiv.2511.03464}; Section 2.2
#'   of Moran et al. (2022): the sparse decoder.
#' @family figures
#' @seealso [tidy()][tidy.poems()] for the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_loadings(fit, n = 5)
#' plot_loadings(fit, n = 5, by = "effect")
#' @export
plot_loadings <- function(fit, n = 10, by = c("loading", "effect")) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_readable(fit)
  by <- arg_match(by)
  check_count(n)
  check_any_loading(fit)
  values <- top_loadings(fit, n, by)
  ggplot2::ggplot(values, ggplot2::aes(.data$factor, .data$row, fill = .data[[by]])) +
    ggplot2::geom_tile(colour = "white", linewidth = 0.3) +
    ggplot2::facet_grid(
      rows = ggplot2::vars(.data$omic), scales = "free_y", space = "free_y",
      labeller = omic_labeller()
    ) +
    scale_x_readable(fit) +
    scale_y_features(values) +
    switch(by,
      loading = ggplot2::scale_fill_gradientn(colours = sequential, limits = c(0, NA)),
      effect = scale_fill_around_0(max(abs(values$effect)))
    ) +
    ggplot2::labs(
      title = sprintf("Features with the largest %ss", by), y = NULL,
      x = c(factor = "Factor", coordinate = "Coordinate")[[readable_word(fit)]],
      fill = c(loading = "Size of\nloading", effect = "Effect\n(sd per sd)")[[by]]
    ) +
    theme_poems() +
    theme_features() +
    ggplot2::theme(panel.grid = ggplot2::element_line(colour = "grey95"))
}

# One row per non-zero loading of the `n` features per omic with the largest values. `row` tells
# features of the same name apart that are in several omics, and holds their order.
top_loadings <- function(fit, n, by) {
  values <- readable_loadings(fit, effects = by == "effect")
  if (by == "loading") values$loading <- abs(values$loading)
  values <- order_levels(values, fit)[c("omic", "feature", "factor", by)]
  values$row <- feature_key(values)
  values <- values[order(values$omic, -abs(values[[by]])), ]
  main <- values[!duplicated(values$row), ]
  main <- main[stats::ave(seq_along(main$omic), main$omic, FUN = seq_along) <= n, ]
  main <- main[order(main$omic, main$factor), ]
  values <- values[order(match(values$row, main$row), na.last = NA), ]
  values$row <- factor(values$row, levels = rev(main$row))
  values$factor <- droplevels(values$factor)
  rownames(values) <- NULL
  values
}
