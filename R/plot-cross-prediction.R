#' Plot how well features are predicted from other omics
#'
#' One panel per direction with all features of the predicted omic, the best first: R2 against the
#' share of features that are predicted as well or better. The best features are named.
#'
#' @param cross What [cross_prediction()] returned, or some of its rows.
#' @param n How many features of every direction are named, at most: in many panels there is room
#'   for fewer.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has the rows of `cross`
#'   with a known `r2` and the columns `rank`, the share of features of the direction that are
#'   predicted as well or better, and `direction`. Values below -0.25 are below the panel.
#'
#' @section Errors:
#' ggplot2 must be installed. It is an error if the table is not from [cross_prediction()], or if it
#' has no known `r2`.
#'
#' @inherit cross_prediction source
#' @family figures
#' @seealso [cross_prediction()] for the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' train <- tcga_breast$samples$set == "train"
#' omics <- lapply(tcga_breast$omics[c("mrna", "mirna")], \(x) x[1:60, ])
#' fit <- poems_split(lapply(omics, \(x) x[, train]), shared = 3, private = 3, seed = 21,
#'                    control = list(epochs = 20, threads = 1))
#' plot_cross_prediction(cross_prediction(fit, lapply(omics, \(x) x[, !train])))
#' @export
plot_cross_prediction <- function(cross, n = 5) {
  rlang::check_installed("ggplot2", "to plot predictions.")
  check_columns(cross, "cross", c("from", "to", "feature", "r2"), "cross_prediction")
  check_value(n, "n", "a whole number of at least 0", \(x) is_whole(x) && x >= 0)
  values <- ranked_r2(cross)
  if (nrow(values) == 0) {
    cli::cli_abort("There is no prediction to plot: no {.field r2} is known.")
  }
  medians <- stats::aggregate(r2 ~ direction + from, as.data.frame(values), stats::median)
  ggplot2::ggplot(values, ggplot2::aes(.data$rank, .data$r2, colour = .data$from)) +
    ggplot2::geom_hline(yintercept = 0, linewidth = 0.3, colour = "grey40") +
    ggplot2::geom_hline(
      ggplot2::aes(yintercept = .data$r2, colour = .data$from), data = medians, linetype = "22"
    ) +
    ggplot2::geom_line(linewidth = 0.4) +
    ggplot2::geom_point(size = 1, shape = 16) +
    best_labels(values, n) +
    ggplot2::facet_wrap(ggplot2::vars(.data$direction)) +
    ggplot2::scale_x_continuous(
      labels = percent, limits = c(0, 1), breaks = c(0, 0.5, 1)
    ) +
    ggplot2::scale_colour_manual(values = source_colours(values$from), guide = "none") +
    ggplot2::coord_cartesian(ylim = c(max(least_r2_drawn, min(0, values$r2)), highest_label)) +
    ggplot2::labs(
      title = "Prediction across omics",
      subtitle = "Features, the best first; dashed: their median",
      x = "Share of features predicted as well or better", y = r2_title()
    ) +
    theme_poems() +
    ggplot2::theme(panel.spacing.x = ggplot2::unit(14, "pt"))
}

least_r2_drawn <- -0.25
highest_label <- 1
lowest_label <- 0.4  # below, names of small panels would stand on the curve

r2_title <- \() if (cli::is_utf8_output()) "R\u00b2 in these samples" else "R2 in these samples"

# Features of every direction in descending order.
ranked_r2 <- function(cross) {
  values <- as.data.frame(cross)
  values <- values[!is.na(values$r2), ]
  values <- values[order(values$to, values$from, -values$r2), ]
  direction <- sprintf("%s from %s", shorten(as.character(values$to), 20),
                       shorten(as.character(values$from), 20))
  values$direction <- factor(direction, unique(direction))
  of <- \(f) as.numeric(stats::ave(values$r2, values$direction, FUN = f))
  values$rank <- of(seq_along) / of(length)
  class(values) <- "data.frame"
  values
}

# Names stand one below the other in the upper right, which a descending curve leaves free, with a
# line to their point.
best_labels <- function(values, n) {
  place <- stats::ave(values$r2, values$direction, FUN = seq_along)
  best <- values[place <= n, ]
  panel_rows <- ceiling(sqrt(nlevels(values$direction)))
  best$height <- highest_label - (place[place <= n] - 1) * 0.06 * max(panel_rows, 1.25)
  best <- best[best$height > lowest_label, ]
  list(
    ggplot2::geom_segment(
      ggplot2::aes(xend = label_from - 0.02, yend = .data$height), data = best, linewidth = 0.2,
      colour = "grey60"
    ),
    ggplot2::geom_text(
      ggplot2::aes(x = label_from, y = .data$height, label = shorten(.data$feature, 20)),
      data = best, hjust = 0, size = 2.8, colour = "grey20"
    )
  )
}

# Where names begin, as a share of the panel's width.
label_from <- 0.45

# Omics have their colours in the order of the fit; all others together are dark.
source_colours <- function(from) {
  omics <- setdiff(levels(from), all_others)
  c(omic_colours(omics), stats::setNames(shared_colour, all_others))
}

#' @rdname cross_prediction
#' @exportS3Method ggplot2::autoplot
autoplot.cross_prediction <- function(object, n = 5, ...) {
  rlang::check_dots_empty()
  plot_cross_prediction(object, n)
}
