#' Plot the links between omics that a factor makes
#'
#' The features of each omic that the factor drives most, around a circle, with a curve between
#' every two of different omics: red where they go the same way, blue where they go opposite ways,
#' wider the stronger the link.
#'
#' @inheritParams feature_links
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per feature,
#'   with the columns `factor`, `omic`, `feature`, `effect` and its place on the circle, `angle` (in
#'   radians), `x` and `y`; the curves are the rows of [feature_links()].
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
  features <- driven_features(fit, name, n, omics)
  if (length(unique(features$omic)) < 2) {
    cli::cli_abort(c(
      "{name} makes no links between omics to plot.",
      "x" = "It drives features of {length(unique(features$omic))} omic{?s}."
    ))
  }
  features <- order_levels(place_on_circle(features), fit)
  ggplot2::ggplot(features, ggplot2::aes(.data$x, .data$y)) +
    link_curves(link_rows(features), features) +
    ggplot2::geom_point(ggplot2::aes(fill = .data$omic), shape = 21, size = 3, colour = "white") +
    ggplot2::geom_text(
      ggplot2::aes(
        1.06 * .data$x, 1.06 * .data$y, label = shorten(.data$feature),
        angle = label_angle(.data$angle), hjust = ifelse(.data$x < -1e-9, 1, 0)
      ),
      size = 3
    ) +
    ggplot2::scale_fill_manual(
      values = omic_colours(names(fit$omics)), limits = as.character(unique(features$omic)),
      labels = shorten
    ) +
    ggplot2::coord_fixed(xlim = c(-1, 1) * circle_space(features), ylim = c(-1, 1) * 1.6,
                         clip = "off") +
    ggplot2::labs(
      title = sprintf("Features that %s links across omics", name), fill = "Omic",
      colour = "Features go"
    ) +
    theme_poems() +
    ggplot2::theme(
      axis.text = ggplot2::element_blank(), axis.title = ggplot2::element_blank(),
      panel.grid = ggplot2::element_blank()
    )
}

# Features around the unit circle, clockwise from the top, with a gap between omics as wide as two
# features.
place_on_circle <- function(features) {
  place <- seq_along(features$omic) + 2 * (match(features$omic, unique(features$omic)) - 1)
  turns <- (place - 0.5) / (max(place) + 2)
  features$angle <- pi / 2 - 2 * pi * turns
  features$x <- cos(features$angle)
  features$y <- sin(features$angle)
  rownames(features) <- NULL
  features
}

# Labels point away from the circle and are never upside down.
label_angle <- function(angle) {
  degrees <- angle * 180 / pi
  ifelse(cos(angle) < -1e-9, degrees + 180, degrees)
}

# Room for the longest label, in units of the circle's radius.
circle_space <- \(features) 1.25 + 0.05 * max(nchar(shorten(features$feature)))

# Each link is a quadratic Bezier curve that bends towards the centre. The strongest are drawn last.
link_curves <- function(links, features) {
  links <- links[rev(seq_len(nrow(links))), ]
  key <- feature_key(features)
  from <- features[match(feature_key(links), key), c("x", "y")]
  to <- features[match(paste(links$other_omic, links$other_feature, sep = ": "), key), c("x", "y")]
  along <- seq(0, 1, length.out = 41)
  at <- \(start, end) as.vector(outer((1 - along)^2, start) + outer(along^2, end))
  each <- rep(seq_len(nrow(links)), each = length(along))
  curves <- data.frame(
    x = at(from$x, to$x), y = at(from$y, to$y), curve = each, size = abs(links$link)[each],
    way = ifelse(links$link >= 0, "the same way", "opposite ways")[each]
  )
  list(
    ggplot2::geom_path(
      ggplot2::aes(group = .data$curve, linewidth = .data$size, alpha = .data$size,
                   colour = .data$way),
      data = curves, lineend = "round"
    ),
    ggplot2::scale_colour_manual(
      values = c("the same way" = "#B2182B", "opposite ways" = "#2166AC")
    ),
    ggplot2::scale_linewidth_continuous(range = c(0.2, 1.6), limits = c(0, NA), guide = "none"),
    ggplot2::scale_alpha_continuous(range = c(0.1, 0.7), limits = c(0, NA), guide = "none")
  )
}
