# What all figures share: theme, colours, labels.

#' @importFrom rlang .data
NULL

theme_poems <- function() {
  ggplot2::theme_minimal(base_size = 11) +
    ggplot2::theme(
      plot.title = ggplot2::element_text(face = "bold", size = ggplot2::rel(1.1)),
      plot.title.position = "plot",
      plot.subtitle = ggplot2::element_text(colour = "grey30"),
      plot.background = ggplot2::element_rect(fill = "white", colour = NA),
      axis.title = ggplot2::element_text(colour = "grey30", size = ggplot2::rel(0.9)),
      panel.grid.minor = ggplot2::element_blank(),
      strip.text = ggplot2::element_text(face = "bold"),
      legend.title = ggplot2::element_text(size = ggplot2::rel(0.9))
    )
}

# For figures that show all samples side by side: their names would not be readable.
theme_samples <- function() {
  ggplot2::theme(
    axis.text.x = ggplot2::element_blank(),
    axis.ticks.x = ggplot2::element_blank(),
    panel.grid = ggplot2::element_blank(),
    panel.spacing.x = ggplot2::unit(3, "pt")
  )
}

# Colours of Okabe and Ito for omics, in the order of the fit: an omic has the same colour in every
# figure. Groups of samples have a palette of their own (Paul Tol's "muted"), lest the same
# colour mean an omic here and a group there. Both can be told apart by colour-blind readers.
omic_palette <- c(
  "#E69F00", "#56B4E9", "#009E73", "#D55E00", "#0072B2", "#CC79A7", "#F0E442", "#999999"
)
group_palette <- c(
  "#332288", "#CC6677", "#999933", "#88CCEE", "#117733", "#AA4499", "#DDCC77", "#882255", "#44AA99"
)
unknown_colour <- "#BBBBBB"

# Diverging around 0; and sequential, whose lowest is not white (both after ColorBrewer).
diverging <- c("#053061", "#2166AC", "#92C5DE", "#F7F7F7", "#F4A582", "#B2182B", "#67001F")
sequential <- c("#DEEBF7", "#9ECAE1", "#4292C6", "#2171B5", "#08306B")

# Numbers on both sides of 0, which is white.
scale_fill_around_0 <- function(limit, ...) {
  ggplot2::scale_fill_gradientn(colours = diverging, limits = c(-1, 1) * limit, ...)
}

# Their colours, for what is written on them. `limits`: what the first and the last colour mean.
colours_at <- function(numbers, colours, limits) {
  place <- (to_range(numbers, limits) - limits[1]) / diff(limits)
  place[is.na(place)] <- 0
  grDevices::rgb(grDevices::colorRamp(colours, space = "Lab")(place), maxColorValue = 255)
}

# Black or white, whichever can be read on these colours: by their lightness, from 0 to 100.
ink_on <- function(colours) {
  lightness <- grDevices::convertColor(t(grDevices::col2rgb(colours)) / 255, "sRGB", "Lab")[, 1]
  unname(ifelse(lightness < 60, "white", "black"))
}

omic_colours <- \(omics) name_colours(omics, omic_palette)

group_colours <- function(group) {
  known <- setdiff(levels(group), unknown_group)
  colours <- name_colours(known, group_palette)
  if (unknown_group %in% levels(group)) colours[unknown_group] <- unknown_colour
  colours
}

# More names than colours: shades in between.
name_colours <- function(names, palette) {
  if (length(names) > length(palette)) {
    palette <- grDevices::colorRampPalette(palette)(length(names))
  }
  stats::setNames(palette[seq_along(names)], names)
}

# Factor names on an axis titled "Factor".
factor_number <- \(names) ifelse(grepl("^Factor[0-9]+$", names), sub("^Factor", "", names),
                                 shorten(names))

# At most 20 of these names, at equal distances.
thin <- \(names) names[seq(1, length(names), by = ceiling(length(names) / 20))]

# Names that users gave are longer than numbers.
scale_x_factors <- function(names, ...) {
  names <- as.character(names)
  angle <- if (any(factor_number(names) == names)) 45
  ggplot2::scale_x_discrete(breaks = thin, labels = factor_number,
                            guide = ggplot2::guide_axis(angle = angle), ...)
}

# Long names without their middle: what tells features apart is often at the end.
shorten <- function(names, width = 28) {
  tail <- 10
  ends <- nchar(names)
  middle <- paste0(substr(names, 1, width - tail - 3), "...", substr(names, ends - tail + 1, ends))
  ifelse(ends > width, middle, names)
}

# Omics in strips.
omic_labeller <- \() ggplot2::as_labeller(shorten)

# Features on the y axis: `row` of `values`, a factor, tells those of the same name apart.
scale_y_features <- function(values, ...) {
  ggplot2::scale_y_discrete(
    labels = stats::setNames(shorten(values$feature), values$row),
    guide = ggplot2::guide_axis(check.overlap = TRUE), ...
  )
}

# Keys below a figure that can be lower than they would be high beside it.
theme_keys_below <- function() {
  ggplot2::theme(
    legend.position = "bottom", legend.box = "vertical", legend.spacing.y = ggplot2::unit(0, "pt"),
    legend.margin = ggplot2::margin(2, 0, 2, 0), legend.key.height = ggplot2::unit(10, "pt"),
    legend.title = ggplot2::element_text(margin = ggplot2::margin(0, 8, 0, 0))
  )
}

theme_features <- function() {
  ggplot2::theme(
    strip.text.y = ggplot2::element_text(angle = 0, hjust = 0),
    axis.text = ggplot2::element_text(size = ggplot2::rel(0.75))
  )
}
