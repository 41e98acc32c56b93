#' Plot how the gates are distributed
#'
#' Box plots of every omic's weight over the samples that have the omic; with groups, one box per
#' group. A box spans the middle half of the samples, its bar is the median, and its whiskers reach
#' to the outermost sample within 1.5 times the box's length.
#'
#' @inheritParams plot_gates
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per sample and
#'   omic that it has, with the columns `sample`, `omic`, `gate` and, with groups, `group`.
#'
#' @section Errors:
#' ggplot2 must be installed. A `group` that does not fit the samples is an error that names at
#' most five of those it lacks.
#'
#' @inherit plot_gates references
#' @family figures
#' @seealso [gates()] for the numbers, [plot_gates()] for every sample.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_gate_distribution(fit, group = tcga_breast$samples$subtype)
#' @export
plot_gate_distribution <- function(fit, group = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  group <- check_group(group, fit$samples)
  omics <- names(fit$omics)
  rows <- if (is.null(group)) "omic" else "group"
  ggplot2::ggplot(
    observed_gates(fit, group), ggplot2::aes(.data$gate, .data[[rows]], fill = .data$omic)
  ) +
    ggplot2::geom_boxplot(width = 0.7, linewidth = 0.4, outlier.size = 0.8) +
    ggplot2::scale_x_continuous(
      limits = c(0, NA), n.breaks = 4, expand = ggplot2::expansion(c(0, 0.08)),
      guide = ggplot2::guide_axis(check.overlap = TRUE)
    ) +
    ggplot2::scale_y_discrete(
      limits = if (is.null(group)) rev(omics) else rev(levels(group)),
      labels = if (is.null(group)) shorten else group_labels(group)
    ) +
    ggplot2::scale_fill_manual(values = omic_colours(omics), guide = "none") +
    (if (!is.null(group)) {
      ggplot2::facet_wrap(ggplot2::vars(.data$omic), labeller = omic_labeller())
    }) +
    ggplot2::labs(
      title = "Weight of every omic in the samples that have it", x = "Gate", y = NULL
    ) +
    theme_poems() +
    ggplot2::theme(
      panel.grid.major.y = ggplot2::element_blank(), panel.spacing.x = ggplot2::unit(20, "pt")
    )
}

observed_gates <- function(fit, group) {
  values <- order_levels(gate_rows(fit), fit)
  values <- values[values$observed, c("sample", "omic", "gate")]
  if (!is.null(group)) values$group <- unname(group[values$sample])
  rownames(values) <- NULL
  values
}
