#' Plot the correlations of features with two factors
#'
#' Every feature is a point whose coordinates are its correlations with two factors, over the
#' samples that have it. Features near the outer circle (radius 1) are told by the two factors
#' alone, those inside the inner one (radius 0.5) by less than a quarter of their variance where the
#' factors are not correlated. Features in the same direction rise together, opposite ones
#' go against each other.
#'
#' Correlations are Pearson's, of the values that training sees (standardised; for counts,
#' logarithms of counts per library size; without the effects of covariates) with the posterior
#' means. They say what goes along with a factor, also where another factor is the reason; what the
#' model says that a factor does itself are its [feature_effects()].
#'
#' @inheritParams plot_heatmap
#' @param factor Two factors in use: their numbers, or their names.
#' @param n Number of features to name, those farthest from the centre; 0 for none. Names that would
#'   cover others are left out.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per feature,
#'   with the columns `omic`, `feature`, `x` and `y`, the correlations with the first and the second
#'   factor. Features whose correlations are not known (fewer than 3 samples, or constant) are left
#'   out.
#'
#' @section Errors:
#' ggplot2 must be installed. Factors and omics that the fit does not have are an error; for errors
#' in `newdata` and `covariates` see [predict.poems()].
#'
#' @source The figure is known from principal component analysis and canonical correlation: Gonzalez
#'   I, Le Cao KA, Davis MJ, Dejean S (2012). Visualising associations between paired 'omics' data
#'   sets. BioData Mining 5, 19. \doi{10.1186/1756-0381-5-19}
#' @family figures
#' @seealso [plot_heatmap()] for the values, [plot_links()] for effects across omics.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_correlation_circle(fit, omics, factor = c(1, 2))
#' @export
plot_correlation_circle <- function(fit, newdata, factor = c(1, 2), omic = NULL, n = 12,
                                    samples = c("columns", "rows"), covariates = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  check_any_factor(fit)
  samples <- arg_match(samples)
  check_value(n, "n", "a whole number of at least 0", \(x) is_whole(x) && x >= 0)
  factors <- check_two_factors(factor, fit)
  omics <- check_omic_choice(omic, names(fit$omics))
  seen <- standardised_newdata(fit, newdata, samples, covariates)
  values <- circle_values(seen, factors, omics)
  check_any_correlation(values)
  values$omic <- factor(values$omic, omics)
  named <- utils::head(values[order(-values$x^2 - values$y^2), ], n)
  ggplot2::ggplot(values, ggplot2::aes(.data$x, .data$y)) +
    circle_frame() +
    ggplot2::geom_point(ggplot2::aes(fill = .data$omic), shape = 21, size = 1.8, colour = "white",
                        stroke = 0.2) +
    ggplot2::geom_text(
      ggplot2::aes(.data$x + 0.03 * sign(.data$x), label = shorten(.data$feature, 20),
                   hjust = ifelse(.data$x < 0, 1, 0)),
      data = named, size = 2.8, check_overlap = TRUE
    ) +
    ggplot2::scale_fill_manual(values = omic_colours(names(fit$omics)), limits = omics,
                               labels = shorten,
                               guide = ggplot2::guide_legend(override.aes = list(size = 3))) +
    ggplot2::coord_fixed(xlim = c(-1, 1), ylim = c(-1, 1), clip = "off") +
    ggplot2::labs(title = "Correlations of features with two factors",
                  x = paste("Correlation with", factors[1]),
                  y = paste("Correlation with", factors[2]), fill = "Omic") +
    theme_poems() +
    ggplot2::theme(panel.grid = ggplot2::element_blank())
}

# Axes, and circles of radius 1 and 0.5.
circle_frame <- function() {
  angle <- seq(0, 2 * pi, length.out = 200)
  circle <- data.frame(x = c(cos(angle), cos(angle) / 2), y = c(sin(angle), sin(angle) / 2),
                       radius = rep(c("1", "0.5"), each = length(angle)))
  list(
    ggplot2::geom_hline(yintercept = 0, linewidth = 0.3, colour = "grey70"),
    ggplot2::geom_vline(xintercept = 0, linewidth = 0.3, colour = "grey70"),
    ggplot2::geom_path(ggplot2::aes(group = .data$radius), data = circle, linewidth = 0.4,
                       colour = "grey50")
  )
}

# One row per feature of these omics whose correlations with both factors are known.
circle_values <- function(seen, factors, omics) {
  chosen <- seen$features$omic %in% omics
  x <- t(seen$values[chosen, , drop = FALSE])
  x[, colSums(!is.na(x)) < 3] <- NA
  r <- suppressWarnings(stats::cor(x, seen$latent[, factors], use = "pairwise.complete.obs"))
  values <- data.frame(seen$features[chosen, ], x = r[, 1], y = r[, 2], row.names = NULL)
  values[is.finite(values$x) & is.finite(values$y), ]
}

check_any_correlation <- function(values, call = rlang::caller_env()) {
  if (nrow(values) > 0) return(invisible())
  cli::cli_abort(c(
    "There is no correlation to show: no feature varies over 3 samples or more.",
    "i" = "Pass more samples as {.arg newdata}, or choose other omics."
  ), call = call)
}
