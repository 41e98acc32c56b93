#' Plot the variance that factors explain
#'
#' By factor: one panel per omic and one bar per factor, the share of the omic's variance that the
#' factor explains given the others. The factors are in the order of the fit, by the sum over omics.
#' The share that all factors explain together is beside each panel; the bars need not sum to it.
#'
#' By sample: one point per sample and omic, what all factors explain of the sample, over a box of
#' the quartiles; a diamond marks the omic's share, to which samples with large values count more.
#' Samples far to the left are those that the factors do not describe. Of a fit with groups, one
#' panel per group.
#'
#' By group: one panel per omic and one bar per group, what all factors explain in the group. By
#' group and factor: one tile each, which tells factors of all groups from those of one.
#'
#' @inheritParams plot_history
#' @param by What to show: `"factor"`, `"sample"`, and of a fit with groups `"group"` or
#'   `"group_factor"`.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data is
#'   [variance_explained()]`(fit, by = by)`, with `omic`, `factor` and `group` in order.
#'
#' @section Errors:
#' ggplot2 must be installed. A fit without a factor in use is an error, and so is a fit without
#' groups where these are to be shown.
#'
#' @inherit variance_explained source
#' @family figures
#' @seealso [variance_explained()] for the definition and the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_variance(fit)
#' plot_variance(fit, by = "sample")
#' @export
plot_variance <- function(fit, by = c("factor", "sample", "group", "group_factor")) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  by <- arg_match(by)
  check_any_factor(fit)
  values <- variance_explained(fit, by = by)
  values$omic <- factor(values$omic, levels = names(fit$omics))
  switch(by,
    factor = draw_factor_variance(values, fit), sample = draw_sample_variance(values, fit),
    group = draw_group_variance(values, fit), group_factor = draw_group_factors(values, fit)
  )
}

draw_factor_variance <- function(values, fit) {
  values$factor <- factor(values$factor, levels = names_of_factors(fit))
  ggplot2::ggplot(values, ggplot2::aes(.data$factor, .data$r2, fill = .data$omic)) +
    ggplot2::geom_col(width = 0.8) +
    scale_x_factors(names_of_factors(fit)) +
    ggplot2::scale_y_continuous(labels = share_labels) +
    ggplot2::scale_fill_manual(values = omic_colours(names(fit$omics)), guide = "none") +
    ggplot2::labs(
      title = "Variance explained by every factor, given the others",
      x = "Factor", y = "Share of the omic's variance"
    ) +
    in_rows_of_omics(fit)
}

# A row of panels per omic, with what all factors explain of it.
in_rows_of_omics <- function(fit) {
  list(
    ggplot2::facet_grid(
      rows = ggplot2::vars(.data$omic),
      labeller = ggplot2::as_labeller(variance_labels(variance_explained(fit, by = "omic")))
    ),
    theme_poems(),
    ggplot2::theme(
      strip.text.y = ggplot2::element_text(angle = 0, hjust = 0),
      panel.grid.major.x = ggplot2::element_blank(),
      panel.spacing.y = ggplot2::unit(10, "pt")
    )
  )
}

# Shares far below 0 are drawn at the edge: a few samples would squeeze all others.
least_share_drawn <- -0.5

draw_sample_variance <- function(values, fit) {
  values <- values[!is.na(values$r2), ]
  groups <- groups_of_fit(fit)
  if (!is.null(groups)) values$group <- groups[match(values$sample, fit$samples)]
  values$drawn <- pmax(values$r2, least_share_drawn)
  keys <- values[intersect(c("omic", "group"), names(values))]
  whole <- stats::aggregate(values$weight * cbind(r2 = values$r2, weight = 1), keys, sum)
  whole$drawn <- whole$r2 / whole$weight
  outside <- sum(values$r2 < least_share_drawn)
  ggplot2::ggplot(values, ggplot2::aes(.data$drawn, .data$omic, colour = .data$omic)) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey70", linewidth = 0.4) +
    ggplot2::geom_point(position = ggplot2::position_jitter(0, 0.3, seed = 1), size = 1,
                        alpha = 0.5) +
    ggplot2::geom_boxplot(colour = "black", fill = NA, outlier.shape = NA, width = 0.7,
                          linewidth = 0.4) +
    ggplot2::geom_point(data = whole, shape = 23, size = 3, fill = "white", colour = "black") +
    (if (!is.null(groups)) {
      ggplot2::facet_wrap(ggplot2::vars(.data$group),
                          labeller = ggplot2::as_labeller(group_titles(groups)))
    }) +
    ggplot2::scale_x_continuous(labels = share_labels) +
    ggplot2::scale_y_discrete(limits = rev, labels = shorten) +
    ggplot2::scale_colour_manual(values = omic_colours(names(fit$omics)), guide = "none") +
    ggplot2::labs(
      title = "Variance of every sample explained by all factors",
      subtitle = paste0(
        "Diamonds: all samples together",
        if (outside > 0) sprintf(". At the left edge: %d below %s", outside,
                                 percent(least_share_drawn))
      ),
      x = "Share of the sample's variance", y = NULL
    ) +
    theme_poems()
}

draw_group_variance <- function(values, fit) {
  values$group <- factor(values$group, levels = levels(groups_of_fit(fit)))
  ggplot2::ggplot(values[!is.na(values$r2), ],
                  ggplot2::aes(.data$group, .data$r2, fill = .data$omic)) +
    ggplot2::geom_col(width = 0.7) +
    ggplot2::scale_x_discrete(labels = shorten) +
    ggplot2::scale_y_continuous(labels = share_labels) +
    ggplot2::scale_fill_manual(values = omic_colours(names(fit$omics)), guide = "none") +
    ggplot2::labs(
      title = "Variance explained within every group of samples",
      x = NULL, y = "Share of the group's variance"
    ) +
    in_rows_of_omics(fit)
}

draw_group_factors <- function(values, fit) {
  values$group <- factor(values$group, levels = levels(groups_of_fit(fit)))
  values$factor <- factor(values$factor, levels = rev(names_of_factors(fit)))
  ggplot2::ggplot(values, ggplot2::aes(.data$group, .data$factor, fill = pmax(.data$r2, 0))) +
    ggplot2::geom_tile(colour = "white", linewidth = 0.5) +
    ggplot2::facet_grid(cols = ggplot2::vars(.data$omic), labeller = omic_labeller()) +
    ggplot2::scale_x_discrete(expand = c(0, 0), labels = shorten) +
    ggplot2::scale_y_discrete(expand = c(0, 0), breaks = thin, labels = factor_number) +
    ggplot2::scale_fill_gradientn(colours = c("#F7F7F7", sequential), labels = share_labels,
                                  limits = c(0, NA), na.value = "grey85") +
    ggplot2::labs(
      title = "Variance explained by every factor within every group",
      x = NULL, y = "Factor", fill = "Share"
    ) +
    theme_poems() +
    ggplot2::theme(panel.grid = ggplot2::element_blank())
}

share_labels <- \(share) percent(share, digits = share_digits(share))

variance_labels <- function(total) {
  stats::setNames(sprintf("%s\nall: %s", shorten(total$omic), percent(total$r2)), total$omic)
}

# Enough decimals to tell the breaks of an axis apart.
share_digits <- function(breaks) {
  breaks <- breaks[is.finite(breaks)]
  if (length(breaks) < 2 || min(diff(breaks)) >= 0.01) 0 else 1
}
