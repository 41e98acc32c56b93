#' Plot how features respond to a factor
#'
#' One panel per feature and factor: what the decoders say of it as the factor goes over its range
#' in the samples of the fit, all other factors at their mean, as a curve in the colour of its omic.
#' With `newdata`, points are what was measured of samples, less what their other factors make of
#' it; without, the samples' values of the factor are ticks on the x axis. Panels name the share of
#' the curve that is not linear, its bend.
#'
#' @inheritParams feature_response
#' @param feature Names of features; `NULL` for the six with the largest loadings on the (first)
#'   factor.
#' @param group What to colour points by (a subtype, an age), with `newdata`: a vector named by
#'   sample, or in the order of the samples of the fit. `NA` where it is not known; at most 20
#'   groups. Numbers with more than 10 different values, or that are not whole, have a continuous
#'   scale. `NULL` for none.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data is what
#'   [feature_response()] returns, with `panel`, an R factor of the panels' titles.
#'
#' @section Errors:
#' ggplot2 must be installed. Features, factors and omics that the fit does not have are an error,
#' and so are a fit without a factor in use and a `group` that does not fit the samples, or without
#' `newdata`; for errors in `newdata` and `covariates` see
#' [predict.poems()].
#'
#' @inherit feature_response source references
#' @family figures
#' @seealso [feature_response()] for the numbers and how they are defined.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' subtype <- setNames(tcga_breast$samples$subtype, tcga_breast$samples$sample)
#' plot_response(fit, factor = 1, newdata = omics, group = subtype)
#' @export
plot_response <- function(fit, feature = NULL, factor = 1, omic = NULL, newdata = NULL,
                          samples = c("columns", "rows"), covariates = NULL, group = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  check_any_loading(fit)
  samples <- arg_match(samples)
  factors <- check_factor_choice(factor, fit)
  omics <- check_omic_choice(omic, names(fit$omics))
  chosen <- if (is.null(feature)) {
    top_features(fit, factors[1], most_panels, omic = omics)[c("omic", "feature")]
  } else {
    check_feature_choice(feature, fit, omics)
  }
  curves <- response_curves(fit, chosen, factors, newdata, samples, covariates)
  points <- attr(curves, "points")
  measured <- any(!is.na(points$response))
  group <- check_point_colour(group, fit, points, measured)
  points$group <- unname(group[points$sample])
  titles <- panel_titles(curves, length(factors) > 1)
  curves$panel <- unname(titles[panel_key(curves)])
  points$panel <- unname(titles[panel_key(points)])
  curves$omic <- factor(curves$omic, levels = names(fit$omics))
  ggplot2::ggplot(curves, ggplot2::aes(.data$value, .data$response)) +
    response_points(points, measured, group) +
    ggplot2::geom_line(ggplot2::aes(colour = .data$omic), linewidth = 1.1) +
    ggplot2::facet_wrap(
      ggplot2::vars(.data$panel), scales = if (length(factors) > 1) "free" else "free_y",
      ncol = if (length(factors) %in% 2:4) length(factors)
    ) +
    ggplot2::scale_x_continuous(n.breaks = 5, guide = ggplot2::guide_axis(check.overlap = TRUE)) +
    ggplot2::scale_y_continuous(n.breaks = 5) +
    ggplot2::scale_colour_manual(
      values = omic_colours(names(fit$omics)), limits = levels(droplevels(curves$omic)),
      labels = shorten
    ) +
    response_labels(factors, measured) +
    theme_poems()
}

panel_key <- \(rows) paste(rows$factor, feature_key(rows))

# Titles of the panels, named by panel_key(): R factors in the order of the rows.
panel_titles <- function(curves, with_factor) {
  first <- curves[!duplicated(panel_key(curves)), ]
  name <- shorten(first$feature)
  features <- unique(first[c("omic", "feature")])$feature
  name <- ifelse(first$feature %in% features[duplicated(features)],
                 sprintf("%s (%s)", name, shorten(first$omic)), name)
  if (with_factor) name <- paste0(name, ", ", first$factor)
  bend <- ifelse(is.na(first$bend), "", paste("\nbend", percent(first$bend, digits = 1)))
  titles <- make.unique(paste0(name, bend), sep = " ")
  stats::setNames(factor(titles, levels = titles), panel_key(first))
}

response_labels <- function(factors, measured) {
  several <- length(factors) > 1
  ggplot2::labs(
    title = paste("How features respond to", if (several) "factors" else factors),
    subtitle = paste(
      "Curves: all other factors at their mean.",
      if (measured) "Points: samples, less what other factors say." else "Ticks: samples."
    ),
    x = if (several) "Factor" else factors, y = "Expected value", colour = "Omic"
  )
}

# Points where the feature was measured, ticks where only the factor is known.
response_points <- function(points, measured, group) {
  if (nrow(points) == 0) return(NULL)
  if (!measured) {
    return(ggplot2::geom_rug(
      ggplot2::aes(x = .data$value), data = points, inherit.aes = FALSE, sides = "b",
      colour = "grey50", alpha = 0.4, linewidth = 0.3
    ))
  }
  if (is.null(group)) {
    return(ggplot2::geom_point(data = points, shape = 16, size = 1.1, colour = "grey45",
                               alpha = 0.5))
  }
  points <- ggplot2::geom_point(ggplot2::aes(fill = .data$group), data = points, shape = 21,
                                size = 1.6, colour = "white", stroke = 0.2)
  c(list(points), fill_of_group(group))
}

# What points are coloured by, named by sample.
check_point_colour <- function(group, fit, points, measured, call = rlang::caller_env()) {
  if (is.null(group)) return(NULL)
  if (!measured) {
    cli::cli_abort(c("{.arg group} must be {.code NULL} without {.arg newdata}.",
                     "i" = "Points have colours, and are what was measured."), call = call)
  }
  check_colour(group, samples_to_match(fit, unique(points$sample)), call)
}
