#' Plot the effects of a factor with their intervals
#'
#' The features that a factor drives most, with the intervals of [uncertainty()].
#'
#' @param x A result of [uncertainty()].
#' @param factor A factor in use: its number, or its name.
#' @param n Number of features, at least 1: those with the largest effects.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data are the rows shown of the
#'   table `effects` of [uncertainty()].
#'
#' @section Errors:
#' ggplot2 must be installed. Objects other than results of [uncertainty()] and factors that it does
#' not have are an error.
#'
#' @inherit uncertainty references
#' @family figures
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 4, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_uncertainty(uncertainty(fit, omics, refits = 10, seed = 1), factor = 1)
#' @export
plot_uncertainty <- function(x, factor = 1, n = 15) {
  rlang::check_installed("ggplot2", "to plot intervals.")
  check_value(x, "x", "a result of uncertainty()", \(x) inherits(x, "poems_uncertainty"))
  check_count(n)
  name <- check_known_factor(factor, levels(x$effects$factor))
  values <- x$effects[x$effects$factor == name, ]
  values <- utils::head(values[order(-abs(values$effect)), ], n)
  key <- feature_key(values)
  values$row <- factor(key, levels = rev(key))
  ggplot2::ggplot(values, ggplot2::aes(.data$effect, .data$row, colour = .data$omic)) +
    ggplot2::geom_vline(xintercept = 0, linewidth = 0.3, colour = "grey40") +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$low, xmax = .data$high), na.rm = TRUE) +
    ggplot2::geom_point(size = 2) +
    scale_y_features(values) +
    ggplot2::scale_colour_manual(values = omic_colours(levels(x$effects$omic)), labels = shorten) +
    ggplot2::labs(
      title = sprintf("Effects of %s, with intervals of %s", name, percent(x$level)),
      x = "Effect (sd of the feature per sd of the factor)", y = NULL, colour = "Omic"
    ) +
    theme_poems() +
    theme_features() +
    ggplot2::theme(panel.grid.major.y = ggplot2::element_blank())
}

check_known_factor <- function(factor, names, call = rlang::caller_env()) {
  name <- if (is_whole(factor)) names[factor] else as.character(factor)
  if (length(name) == 1 && name %in% names) return(name)
  cli::cli_abort(c(
    "{.arg factor} must be one of the factors in use: its number, or its name.",
    "x" = "It is {describe(factor)}.",
    "i" = "In use: {quote_some(names)}."
  ), call = call)
}
