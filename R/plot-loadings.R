#' Plot the top features of every omic
#'
#' The features with the largest loadings of each omic, against the factors. Blank tiles are
#' loadings of exactly zero. A feature stands beside those of the same main factor (the one with
#' its largest loading). Factors without a loading among these features are left out.
#'
#' The sign of a loading has no meaning by itself, so its size is shown.
#'
#' @inheritParams plot_history
#' @param n Number of features per omic, at least 1.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per non-zero
#'   loading, with the columns `feature`, `factor`, `loading` (its size) and `omic`. Allow about
#'   0.2 inch of height per feature.
#'
#' @section Errors:
#' ggplot2 must be installed. A fit whose loadings are all zero is an error.
#'
#' @references Section 2.2 of Moran et al. (2022): the sparse decoder.
#' @family figures
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_loadings(fit, n = 5)
#' @export
plot_loadings <- function(fit, n = 10) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  check_value(n, "n", "a whole number of at least 1", \(x) is_whole(x) && x >= 1)
  values <- top_loadings(fit$loadings, n)
  ggplot2::ggplot(values, ggplot2::aes(.data$factor, .data$row, fill = .data$loading)) +
    ggplot2::geom_tile(colour = "white", linewidth = 0.3) +
    ggplot2::facet_grid(rows = ggplot2::vars(.data$omic), scales = "free_y", space = "free_y") +
    ggplot2::scale_x_discrete(
      labels = factor_number, guide = ggplot2::guide_axis(check.overlap = TRUE)
    ) +
    ggplot2::scale_y_discrete(
      labels = stats::setNames(shorten(values$feature), values$row),
      guide = ggplot2::guide_axis(check.overlap = TRUE)
    ) +
    ggplot2::scale_fill_gradientn(colours = sequential, limits = c(0, NA)) +
    ggplot2::labs(
      title = "Features with the largest loadings",
      x = "Factor", y = NULL, fill = "Size of\nloading"
    ) +
    theme_poems() +
    ggplot2::theme(
      panel.grid = ggplot2::element_line(colour = "grey95"),
      strip.text.y = ggplot2::element_text(angle = 0, hjust = 0),
      axis.text = ggplot2::element_text(size = ggplot2::rel(0.75))
    )
}

# One row per non-zero loading of the top features. `row` tells features of the same name apart
# that are in several omics, and holds their order.
top_loadings <- function(loadings, n, call = rlang::caller_env()) {
  values <- do.call(rbind, Map(\(w, omic) top_entries(w, omic, n), loadings, names(loadings)))
  if (nrow(values) == 0) {
    cli::cli_abort(c(
      "There is no loading to plot: all are zero.",
      "i" = no_factor_hint
    ), call = call)
  }
  rownames(values) <- NULL
  factors <- colnames(loadings[[1]])
  values$factor <- factor(values$factor, levels = intersect(factors, values$factor))
  values$omic <- factor(values$omic, levels = names(loadings))
  values$row <- factor(values$row, levels = rev(unique(values$row)))
  values
}

top_entries <- function(w, omic, n) {
  entries <- nonzero_loadings(w)
  entries$omic <- rep(omic, nrow(entries))
  entries <- entries[order(-entries$loading), ]
  main <- entries[!duplicated(entries$feature), ] |> utils::head(n)
  main <- main[order(match(main$factor, colnames(w))), ]
  entries <- entries[order(match(entries$feature, main$feature), na.last = NA), ]
  entries$row <- sprintf("%s: %s", entries$omic, entries$feature)
  entries
}

# Feature, factor and size of every non-zero loading.
nonzero_loadings <- function(w) {
  data.frame(
    feature = rownames(w)[w@i + 1],
    factor = rep(colnames(w), times = diff(w@p)),
    loading = abs(w@x)
  )
}
