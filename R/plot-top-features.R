#' Plot the features that factors drive most
#'
#' One panel per factor and one bar per feature, in the colour of its omic.
#'
#' @inheritParams plot_loadings
#' @inheritParams top_features.poems
#' @param factor Which factors in use, or coordinates: their numbers, or their names. `NULL` for the
#'   first, up to six, which are the factors that explain most.
#' @param n Number of features per factor, at least 1, over all of the chosen omics.
#' @param by What is shown and chosen by: the size of the `"loading"`, or the `"effect"`, which has
#'   a sign.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data is what [top_features()]
#'   returns, with `loading` as its size where that is shown.
#'
#' @section Errors:
#' ggplot2 must be installed. A fit whose loadings are all zero is an error, and so are factors and
#' omics that the fit does not have.
#'
#' @references Figure 6 of Kocak Balik et al. (2025), \doi{10.48550/arXiv.2511.03464}.
#' @family figures
#' @seealso [top_features()] for the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_top_features(fit, factor = 1:2)
#' @export
plot_top_features <- function(fit, factor = NULL, n = 8, by = c("loading", "effect"),
                              omic = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_readable(fit)
  by <- arg_match(by)
  check_count(n)
  check_any_loading(fit)
  names <- readable_names(fit)
  if (is.null(factor)) factor <- seq_len(min(most_panels, length(names)))
  factors <- check_factor_choice(factor, fit, names = names)
  omics <- check_omic_choice(omic, names(fit$omics))
  rows <- top_rows(readable_loadings(fit), factors, list(omics), by, n)
  values <- top_feature_bars(rows, fit, by)
  ggplot2::ggplot(values, ggplot2::aes(.data[[by]], .data$row, fill = .data$omic)) +
    ggplot2::geom_col(width = 0.8) +
    ggplot2::geom_vline(xintercept = 0, linewidth = 0.3, colour = "grey40") +
    ggplot2::facet_wrap(
      ggplot2::vars(.data$factor), scales = "free_y",
      ncol = if (max(nchar(shorten(values$feature))) > longest_for_three) 2
    ) +
    ggplot2::scale_x_continuous(
      n.breaks = 4, guide = ggplot2::guide_axis(check.overlap = TRUE)
    ) +
    scale_y_features(values) +
    ggplot2::scale_fill_manual(
      values = omic_colours(names(fit$omics)), limits = omics, labels = shorten
    ) +
    ggplot2::labs(
      title = sprintf("Features that the %ss drive most", readable_word(fit)),
      x = c(loading = "Size of the loading",
            effect = "Effect (sd of the feature per sd of the factor)")[[by]],
      y = NULL, fill = "Omic"
    ) +
    theme_poems() +
    theme_features() +
    ggplot2::theme(panel.grid.major.y = ggplot2::element_blank(), strip.clip = "off")
}

# With longer names, three panels side by side would be all labels.
longest_for_three <- 16

# Factors shown where the user does not choose.
most_panels <- 6

top_feature_bars <- function(values, fit, by) {
  values <- order_levels(values, fit)
  values$factor <- droplevels(values$factor)
  if (by == "loading") values$loading <- abs(values$loading)
  key <- paste(values$factor, feature_key(values))
  values$row <- factor(key, levels = key[order(values$factor, values[[by]])])
  values
}
