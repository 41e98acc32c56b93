#' Plot the factors of every sample as a heatmap
#'
#' One column per sample and one row per factor. Samples are ordered by group, under a strip of
#' group colours, and within a group along its first principal component, so that samples alike
#' are close. Colours run from blue (negative) over white (0) to red (positive); the few values
#' beyond the ends of the colour bar have the colour of its ends.
#'
#' @inheritParams plot_history
#' @param group What to order samples by (a subtype, say): a vector named by sample, or in the
#'   order of `fit$samples`. `NA` where it is not known; at most 20 groups. Numbers with more than
#'   10 different values, or that are not whole, order samples themselves. `NULL` for none.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per sample and
#'   factor, with the columns `sample`, `factor`, `latent` and, with groups, `group`.
#'
#' @section Errors:
#' ggplot2 must be installed. A fit without a factor in use is an error, and so is a `group` that
#' does not fit the samples; the error names at most five of those it lacks.
#'
#' @references Figure 8 and Equation 1 of Kocak Balik et al. (2025),
#'   \doi{10.48550/arXiv.2511.03464}.
#' @family figures
#' @seealso [latent()]
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_latent(fit, group = tcga_breast$samples$subtype)
#' @export
plot_latent <- function(fit, group = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  check_any_factor(fit)
  draw_latent(fit$latent, check_colour(group, fit$samples)) +
    ggplot2::labs(title = "Factors of every sample", y = "Factor")
}

# Of any matrix of samples x coordinates, which may have missing values. `by`: those of its columns
# that samples are ordered by, without missing values.
draw_latent <- function(latent, group, by = latent) {
  values <- latent_values(latent, group, by)
  ggplot2::ggplot(values, ggplot2::aes(.data$sample, .data$factor)) +
    ggplot2::geom_raster(ggplot2::aes(fill = .data$latent)) +
    ggplot2::scale_x_discrete(expand = c(0, 0)) +
    ggplot2::scale_y_discrete(
      limits = rev(colnames(latent)), breaks = \(limits) rev(thin(rev(limits))),
      labels = factor_number, expand = c(0, 0)
    ) +
    scale_fill_around_0(
      colour_limit(latent), oob = to_range, guide = ggplot2::guide_colourbar(order = 1),
      na.value = unknown_colour
    ) +
    ggplot2::labs(x = sprintf("Samples (n = %d)", nrow(latent)), fill = "Posterior\nmean") +
    theme_poems() +
    theme_samples() +
    ggplot2::theme(axis.text.y = ggplot2::element_text(size = ggplot2::rel(0.75))) +
    group_strip(group, ncol(latent))
}

latent_values <- function(latent, group, by = latent) {
  values <- long_table(latent, c("sample", "factor", "latent"))
  first <- first_component(by)
  ordered <- if (is.null(group)) order(first) else order(group, first)
  values$sample <- factor(values$sample, levels = rownames(latent)[ordered])
  values$factor <- factor(values$factor, levels = colnames(latent))
  if (!is.null(group)) values$group <- group[as.character(values$sample)]
  values
}

first_component <- \(x) svd(scale(x, scale = FALSE), nu = 1, nv = 0)$u[, 1]

# A few extreme samples would turn all others pale: 2 % of the widest factor's values may be beyond.
colour_limit <- \(latent) max(apply(abs(latent), 2, stats::quantile, 0.98, na.rm = TRUE))

to_range <- \(x, range) pmin(pmax(x, range[1]), range[2])

# One panel per group, with a bar in its colour above the heatmap of `rows` rows. The legend names
# the groups: a small group's panel has no room for it.
group_strip <- function(group, rows) {
  if (is.null(group)) return(NULL)
  if (is.numeric(group)) return(number_strip(group, rows))
  count <- table(group)
  bars <- data.frame(
    group = factor(names(count), levels = levels(group)),
    from = 0.5, to = as.vector(count) + 0.5
  )
  list(
    strip_bars(bars, "group", rows),
    ggplot2::scale_colour_manual(
      values = group_colours(group), labels = group_titles(group),
      guide = ggplot2::guide_legend(order = 2)
    ),
    ggplot2::facet_grid(cols = ggplot2::vars(.data$group), scales = "free_x", space = "free_x"),
    ggplot2::labs(colour = "Group"),
    ggplot2::theme(strip.text = ggplot2::element_blank())
  )
}

# Bars above a heatmap of `rows` rows, in the colours of a column.
strip_bars <- function(bars, column, rows) {
  height <- 0.5 + 1.035 * rows
  list(
    ggplot2::geom_segment(
      ggplot2::aes(.data$from, height, xend = .data$to, yend = height, colour = .data[[column]]),
      data = bars, linewidth = 3
    ),
    ggplot2::expand_limits(y = 0.5 + 1.06 * rows)
  )
}

# Above the heatmap, the number of every sample, which are in their order.
number_strip <- function(numbers, rows) {
  at <- seq_along(numbers)
  bars <- data.frame(number = unname(sort(numbers, na.last = TRUE)), from = at - 0.5, to = at + 0.5)
  list(
    strip_bars(bars, "number", rows),
    ggplot2::scale_colour_viridis_c(
      na.value = unknown_colour, guide = ggplot2::guide_colourbar(order = 2)
    ),
    ggplot2::labs(colour = "Value")
  )
}
