#' Plot the variance that every factor explains
#'
#' One panel per omic and one bar per factor: the share of the omic's variance that the factor
#' explains given the others. The factors are in the order of the fit, by the sum over omics. The
#' share that all factors explain together is beside each panel; the bars need not sum to it.
#'
#' @inheritParams plot_history
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data is
#'   [variance_explained()]`(fit)`, with `omic` and `factor` in order.
#'
#' @section Errors:
#' ggplot2 must be installed. A fit without a factor in use is an error.
#'
#' @inherit variance_explained source
#' @family figures
#' @seealso [variance_explained()] for the definition and the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_variance(fit)
#' @export
plot_variance <- function(fit) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  check_any_factor(fit)
  values <- variance_explained(fit)
  values$omic <- factor(values$omic, levels = names(fit$omics))
  values$factor <- factor(values$factor, levels = factor_names(fit$factors))
  ggplot2::ggplot(values, ggplot2::aes(.data$factor, .data$r2, fill = .data$omic)) +
    ggplot2::geom_col(width = 0.8) +
    ggplot2::facet_grid(
      rows = ggplot2::vars(.data$omic),
      labeller = ggplot2::as_labeller(variance_labels(variance_explained(fit, by = "omic")))
    ) +
    scale_x_factors() +
    ggplot2::scale_y_continuous(labels = \(share) percent(share, digits = share_digits(share))) +
    ggplot2::scale_fill_manual(values = omic_colours(names(fit$omics)), guide = "none") +
    ggplot2::labs(
      title = "Variance explained by every factor, given the others",
      x = "Factor", y = "Share of the omic's variance"
    ) +
    theme_poems() +
    ggplot2::theme(
      strip.text.y = ggplot2::element_text(angle = 0, hjust = 0),
      panel.grid.major.x = ggplot2::element_blank(),
      panel.spacing.y = ggplot2::unit(10, "pt")
    )
}

variance_labels <- function(total) {
  stats::setNames(sprintf("%s\nall: %s", shorten(total$omic), percent(total$r2)), total$omic)
}

# Enough decimals to tell the breaks of an axis apart.
share_digits <- function(breaks) {
  breaks <- breaks[is.finite(breaks)]
  if (length(breaks) < 2 || min(diff(breaks)) >= 0.01) 0 else 1
}
