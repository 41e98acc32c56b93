#' Plot how strongly features take part in the factors
#'
#' The features of each omic whose loadings are largest in sum: one bar per feature, as long as the
#' sum of the sizes of its loadings on all factors.
#'
#' @inheritParams plot_history
#' @inheritParams plot_loadings
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per feature
#'   shown and the columns of [tidy()][tidy.poems()] with `what = "features"`.
#'
#' @inheritSection plot_loadings Errors
#' @references Figure 5 of Kocak Balik et al. (2025), \doi{10.48550/arXiv.2511.03464}.
#' @family figures
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_strength(fit, n = 5)
#' @export
plot_strength <- function(fit, n = 10) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  check_count(n)
  check_any_loading(fit)
  values <- strongest_features(fit, n)
  ggplot2::ggplot(values, ggplot2::aes(.data$strength, .data$row, fill = .data$omic)) +
    ggplot2::geom_col(width = 0.8) +
    ggplot2::facet_wrap(ggplot2::vars(.data$omic), scales = "free_y", labeller = omic_labeller()) +
    ggplot2::scale_x_continuous(expand = ggplot2::expansion(c(0, 0.05))) +
    scale_y_features(values) +
    ggplot2::scale_fill_manual(values = omic_colours(names(fit$omics)), guide = "none") +
    ggplot2::labs(
      title = "Features that take part in the factors most strongly",
      x = "Sum of the sizes of the loadings", y = NULL
    ) +
    theme_poems() +
    theme_features() +
    ggplot2::theme(panel.grid.major.y = ggplot2::element_blank())
}

strongest_features <- function(fit, n) {
  values <- order_levels(feature_rows(fit), fit)
  values <- values[values$strength > 0, ]
  values <- values[order(values$omic, -values$strength), ]
  values <- values[stats::ave(values$strength, values$omic, FUN = seq_along) <= n, ]
  key <- feature_key(values)
  values$row <- factor(key, levels = rev(key))
  rownames(values) <- NULL
  values
}
