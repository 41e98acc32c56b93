#' Plot which factors of fits are the same
#'
#' A heat map of correlations for every pair of fits: the factors of the first below each other, the
#' factors of the second in the order of their matches, so that factors found again are on the
#' diagonal. Matches have a frame.
#'
#' @param compared What [compare_fits()] returns.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data is
#'   `tidy(compared, "correlations")` with `pair`, and `matched`, whether the two are matched.
#'
#' @section Errors:
#' ggplot2 must be installed. Anything but what [compare_fits()] returns is an error.
#'
#' @inherit compare_fits source
#' @family figures
#' @seealso [compare_fits()] for the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' control <- list(epochs = 20, threads = 1, progress = FALSE)
#' fits <- lapply(c(one = 1, other = 2), \(seed) poems(omics, 6, seed = seed, control = control))
#' plot_fits(compare_fits(fits))
#' @export
plot_fits <- function(compared) {
  rlang::check_installed("ggplot2", "to plot fits.")
  if (!inherits(compared, "compared_fits")) {
    cli::cli_abort(c(
      "{.arg compared} must be what {.fn compare_fits} returns.",
      "x" = "It is {describe(compared)}."
    ))
  }
  values <- compared_values(compared)
  few <- nrow(values) <= 200
  ggplot2::ggplot(values, ggplot2::aes(.data$column, .data$row, fill = .data$correlation)) +
    ggplot2::geom_tile() +
    ggplot2::geom_tile(data = values[values$matched, ], fill = NA, colour = "black",
                       linewidth = 0.5) +
    (if (few) {
      ggplot2::geom_text(ggplot2::aes(label = correlation_labels(.data$correlation)), size = 2.8,
                         colour = ifelse(abs(values$correlation) > 0.6, "white", "black"))
    }) +
    ggplot2::facet_wrap(ggplot2::vars(.data$pair), scales = "free") +
    ggplot2::scale_x_discrete(expand = c(0, 0), labels = compared_label,
                              guide = ggplot2::guide_axis(angle = 45)) +
    ggplot2::scale_y_discrete(expand = c(0, 0), labels = compared_label) +
    scale_fill_around_0(1) +
    ggplot2::labs(title = "Factors of fits, compared over samples in common", x = NULL, y = NULL,
                  fill = "Correlation") +
    theme_poems() +
    ggplot2::theme(panel.grid = ggplot2::element_blank())
}

# Rows and columns go by fit and factor: every panel has an order of its own.
compared_values <- function(compared) {
  values <- compared_rows(compared)
  values$pair <- sprintf("%s (down) and %s", values$fit1, values$fit2)
  key <- \(fit, factor, pair) paste(fit, pair, factor, sep = "\r")
  values$row <- key(values$fit1, values$factor1, values$pair)
  values$column <- key(values$fit2, values$factor2, values$pair)
  matches <- compared$matches
  pair <- sprintf("%s (down) and %s", matches$fit1, matches$fit2)
  has <- !is.na(matches$factor1)
  rows <- key(matches$fit1, matches$factor1, pair)[has]
  columns <- key(matches$fit2, matches$factor2, pair)[!is.na(matches$factor2)]
  matched <- paste(key(matches$fit1, matches$factor1, pair),
                   key(matches$fit2, matches$factor2, pair))
  values$matched <- paste(values$row, values$column) %in% matched
  values$pair <- factor(values$pair, unique(values$pair))
  values$row <- factor(values$row, rev(rows))
  values$column <- factor(values$column, columns)
  values
}

compared_label <- \(key) shorten(sub(".*\r", "", key))

#' @exportS3Method ggplot2::autoplot
autoplot.compared_fits <- function(object, ...) {
  rlang::check_dots_empty()
  plot_fits(object)
}
