#' Plot which loadings are active
#'
#' A map of the loadings of each omic, factors against features: coloured where the factor acts on
#' the feature, blank where the loading is zero. Features stand in the order of their main factor
#' (the one with their largest loading), those that no factor acts on last.
#'
#' @inheritParams plot_history
#' @param threshold A loading is active when its size is above this number, at least 0. Fits with
#'   `objective = "published"` have no loading that is exactly zero; the paper takes 0.01.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per active
#'   loading, with the columns `omic`, `feature`, `factor`, `loading` and `position`, the place of
#'   the feature, from 1.
#'
#' @section Errors:
#' ggplot2 must be installed. A fit without an active loading is an error.
#'
#' @references Figure 7 of Kocak Balik et al. (2025), \doi{10.48550/arXiv.2511.03464}.
#' @family figures
#' @seealso [inclusion()] for the probability that a factor acts on a feature.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_sparsity(fit)
#' @export
plot_sparsity <- function(fit, threshold = 0) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  check_value(threshold, "threshold", "a number of at least 0", \(x) is_number(x) && x >= 0)
  check_any_loading(fit)
  values <- active_loadings(fit, threshold)
  if (nrow(values) == 0) {
    cli::cli_abort(c(
      "There is no active loading to plot.",
      "x" = "None is larger than {.arg threshold}, {threshold}."
    ))
  }
  ggplot2::ggplot(values, ggplot2::aes(.data$position, .data$factor, fill = .data$omic)) +
    ggplot2::geom_tile(width = 1, height = 0.9) +
    ggplot2::geom_blank(ggplot2::aes(x = .data$position), data = feature_ends(fit),
                        inherit.aes = FALSE) +
    ggplot2::facet_wrap(
      ggplot2::vars(.data$omic), ncol = 1, scales = "free_x",
      labeller = ggplot2::as_labeller(activity_labels(values, fit))
    ) +
    ggplot2::scale_x_continuous(expand = c(0, 0)) +
    ggplot2::scale_y_discrete(
      limits = rev(names_of_factors(fit)), breaks = \(limits) rev(thin(rev(limits))),
      labels = factor_number
    ) +
    ggplot2::scale_fill_manual(values = omic_colours(names(fit$omics)), guide = "none") +
    ggplot2::labs(
      title = "Active loadings", x = "Features, in the order of their main factor", y = "Factor"
    ) +
    theme_poems() +
    ggplot2::theme(
      strip.text = ggplot2::element_text(hjust = 0),
      panel.grid = ggplot2::element_blank(),
      panel.background = ggplot2::element_rect(fill = "grey96", colour = NA),
      axis.text.y = ggplot2::element_text(size = ggplot2::rel(0.75)),
      plot.margin = ggplot2::margin(5.5, 16, 5.5, 5.5)  # for the last number's right half
    )
}

active_loadings <- function(fit, threshold) {
  values <- order_levels(loading_rows(fit), fit)
  values <- values[abs(values$loading) > threshold, ]
  values <- values[order(values$omic, -abs(values$loading)), ]
  main <- values[!duplicated(values[c("omic", "feature")]), ]
  main <- main[order(main$omic, main$factor), ]
  position <- stats::ave(seq_along(main$omic), main$omic, FUN = seq_along)
  values$position <- position[match(feature_key(values), feature_key(main))]
  values <- values[order(values$omic, values$position, values$factor), ]
  rownames(values) <- NULL
  values
}

# The edges of the first and the last feature of every omic.
feature_ends <- function(fit) {
  count <- vapply(fit$loadings, nrow, 0L)
  data.frame(
    omic = factor(rep(names(count), each = 2), levels = names(count)),
    position = as.vector(rbind(0.5, unname(count) + 0.5))
  )
}

activity_labels <- function(values, fit) {
  active <- table(values$omic)[names(fit$omics)]
  size <- count_loadings(fit$loadings)
  labels <- sprintf("%s: %s of %d x %d loadings", shorten(names(fit$omics)),
                    percent(as.vector(active) / size, digits = 1),
                    vapply(fit$loadings, nrow, 0L), fit$factors)
  stats::setNames(labels, names(fit$omics))
}
