#' Plot the correlation of subtypes, per omic and for the latent space
#'
#' One map per omic, and one of the latent space. Blue subtypes are opposite, red ones alike.
#'
#' @inheritParams subtype_correlation
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data is what
#'   [subtype_correlation()] returns.
#'
#' @section Errors:
#' ggplot2 must be installed; see [subtype_correlation()] for others.
#'
#' @references Figure 3 of Kocak Balik et al. (2025), \doi{10.48550/arXiv.2511.03464}.
#' @family figures
#' @seealso [subtype_correlation()] for the definition and the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_subtype_correlation(fit, tcga_breast$samples$subtype, omics)
#' @export
plot_subtype_correlation <- function(fit, subtype, x = NULL, samples = c("columns", "rows")) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  samples <- arg_match(samples)
  values <- subtype_correlation(fit, subtype, x, samples)
  ggplot2::ggplot(
    values, ggplot2::aes(.data$other, .data$subtype, fill = .data$correlation)
  ) +
    ggplot2::geom_tile(colour = "white", linewidth = 0.5) +
    ggplot2::geom_text(
      ggplot2::aes(
        label = correlation_labels(.data$correlation),
        colour = ink_on(colours_at(.data$correlation, diverging, c(-1, 1)))
      ),
      size = min(3.2, 20 / nlevels(values$subtype)), na.rm = TRUE
    ) +
    ggplot2::facet_wrap(
      ggplot2::vars(.data$space), scales = panel_axes(nlevels(values$space)),
      labeller = omic_labeller()
    ) +
    ggplot2::scale_x_discrete(labels = shorten, expand = c(0, 0)) +
    ggplot2::scale_y_discrete(limits = rev(levels(values$subtype)), labels = shorten,
                              expand = c(0, 0)) +
    scale_fill_around_0(1, na.value = "grey90") +
    ggplot2::scale_colour_identity() +
    ggplot2::labs(
      title = "Correlation of subtypes, in each omic and in the latent space",
      x = NULL, y = NULL, fill = "Correlation\nof profiles"
    ) +
    theme_poems() +
    ggplot2::theme(
      aspect.ratio = 1, panel.grid = ggplot2::element_blank(),
      axis.text.x = ggplot2::element_text(angle = 45, hjust = 1)
    )
}

# Labels below a panel would reach into a shorter row of panels unless each panel has its own.
panel_axes <- \(panels) if (prod(ggplot2::wrap_dims(panels)) == panels) "fixed" else "free_x"

# Adding 0 takes the sign off a rounded -0.
correlation_labels <- \(x) ifelse(is.na(x), NA, sprintf("%.2f", round(x, 2) + 0))
