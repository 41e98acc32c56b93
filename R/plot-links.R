#' Plot the features of all omics that a factor links
#'
#' The features of each omic that the factor drives most, around a circle with the factor at its
#' centre. Spokes are wider the larger the effect, red where the feature rises with the factor and
#' blue where it falls: two features with wide spokes are linked, and go the same way if these have
#' the same colour. [feature_links()] has the link of every pair.
#'
#' @inheritParams feature_links
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per feature,
#'   with the columns `factor`, `omic`, `feature`, `effect`, `angle` (its place on the circle, in
#'   radians), `x` and `y`.
#'
#' @section Errors:
#' ggplot2 must be installed. Factors and omics that the fit does not have are an error, and so is a
#' factor that drives features of one omic only.
#'
#' @inherit feature_effects source
#' @family figures
#' @seealso [feature_links()] for the definition and the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_links(fit, factor = 1, n = 5)
#' @export
plot_links <- function(fit, factor = 1, n = 8, omic = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  check_count(n)
  name <- check_one_factor(factor, fit)
  omics <- check_omic_choice(omic, names(fit$omics))
  features <- order_levels(place_on_circle(driven_features(fit, name, n, omics)), fit)
  check_two_omics(features, name)
  ggplot2::ggplot(features, ggplot2::aes(.data$x, .data$y)) +
    link_spokes() +
    ggplot2::geom_point(ggplot2::aes(fill = .data$omic), shape = 21, size = 3.5, colour = "white") +
    link_labels(features, name) +
    ggplot2::scale_fill_manual(
      values = omic_colours(names(fit$omics)), limits = levels(droplevels(features$omic)),
      labels = shorten, guide = ggplot2::guide_legend(order = 1)
    ) +
    ggplot2::coord_fixed(
      xlim = c(-1, 1) * (1 + label_room(features)[["x"]]),
      ylim = c(-1, 1) * (1 + label_room(features)[["y"]]), clip = "off"
    ) +
    ggplot2::labs(
      title = sprintf("Features that %s links across omics", name), fill = "Omic",
      colour = "When the factor rises,\nthe feature", linewidth = "Size of\nthe effect"
    ) +
    theme_poems() +
    ggplot2::theme(
      axis.text = ggplot2::element_blank(), axis.title = ggplot2::element_blank(),
      panel.grid = ggplot2::element_blank()
    )
}

check_two_omics <- function(features, name, call = rlang::caller_env()) {
  count <- length(unique(features$omic))
  if (count < 2) {
    cli::cli_abort(c(
      "{name} makes no links between omics to plot.",
      "x" = "It drives features of {count} of these omics."
    ), call = call)
  }
}

# Features around the unit circle, clockwise from the top, with a gap between omics.
place_on_circle <- function(features) {
  place <- seq_along(features$omic) + match(features$omic, unique(features$omic)) - 1
  turns <- (place - 0.5) / (length(place) + length(unique(features$omic)))
  features$angle <- pi / 2 - 2 * pi * turns
  features$x <- cos(features$angle)
  features$y <- sin(features$angle)
  rownames(features) <- NULL
  features
}

link_spokes <- function() {
  rises <- \(effect) ifelse(effect >= 0, "rises", "falls")
  list(
    ggplot2::geom_segment(
      ggplot2::aes(
        x = 0, y = 0, xend = .data$x, yend = .data$y, colour = rises(.data$effect),
        linewidth = abs(.data$effect)
      ),
      lineend = "round"
    ),
    ggplot2::scale_colour_manual(
      values = c(rises = "#B2182B", falls = "#2166AC"), limits = c("rises", "falls"),
      guide = ggplot2::guide_legend(order = 2, override.aes = list(linewidth = 1.2))
    ),
    ggplot2::scale_linewidth_continuous(
      range = c(0.2, 2.2), limits = c(0, NA), breaks = \(limits) setdiff(pretty(limits, 4), 0)
    )
  )
}

# Labels point away from the circle and are never upside down.
link_labels <- function(features, name) {
  left <- cos(features$angle) < -1e-9
  list(
    ggplot2::annotate("label", x = 0, y = 0, label = name, size = 3.5, fontface = "bold"),
    ggplot2::geom_text(
      ggplot2::aes(1.08 * .data$x, 1.08 * .data$y, label = link_label(.data$feature)),
      angle = features$angle * 180 / pi + ifelse(left, 180, 0), hjust = ifelse(left, 1, 0),
      size = link_text
    )
  )
}

# Height of the labels in mm; a character is about half as wide.
link_text <- 2.8

link_label <- \(names) shorten(names, 20)

# How far labels reach beyond the circle along both axes, in units of its radius, in a picture of
# 7 x 5 inches, whose panel has about these half sides in mm.
panel_half <- c(x = 62, y = 50)

label_room <- function(features) {
  length <- 0.56 * link_text * nchar(link_label(features$feature)) + 2
  reach <- c(x = max(length * abs(cos(features$angle))), y = max(length * abs(sin(features$angle))))
  radius <- max(min((panel_half - reach) / 1.08), 8)
  0.08 + reach / radius
}
