#' Plot what target and background have
#'
#' Two bars per omic: what factors explain of its variation in target and in background samples, by
#' shared factors and, in the target, by what salient ones add.
#'
#' @param fit A fit from [poems_compare()].
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per omic,
#'   group and part, with `omic`, `group` (`"target"` or `"background"`), `part` (`"shared"` or
#'   `"salient"`) and `share`; see [variance_explained.poems_comparison()].
#'
#' @section Errors:
#' ggplot2 must be installed.
#'
#' @inherit variance_explained.poems_split source
#' @family figures
#' @seealso [compare_factors()] for the numbers of every factor.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics[c("mrna", "mirna")], \(x) x[1:60, ])
#' fit <- poems_compare(omics, group = tcga_breast$samples$subtype == "Basal", background = FALSE,
#'                      shared = 4, salient = 2, seed = 21,
#'                      control = list(epochs = 10, threads = 1))
#' plot_compare(fit)
#' @export
plot_compare <- function(fit) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_comparison(fit)
  values <- compared_shares(fit)
  ggplot2::ggplot(values, ggplot2::aes(.data$share, .data$group, fill = .data$part)) +
    share_columns(0.7, "white") +
    ggplot2::facet_grid(ggplot2::vars(.data$omic), switch = "y",
                        labeller = ggplot2::as_labeller(shorten)) +
    ggplot2::scale_y_discrete(limits = rev(levels(values$group))) +
    ggplot2::scale_fill_manual(values = c(shared = shared_colour, salient = salient_colour)) +
    ggplot2::labs(
      title = "What factors explain in target and background",
      x = "Share of what deviates from the background's mean", y = NULL, fill = NULL
    ) +
    theme_poems() +
    ggplot2::theme(
      panel.grid.major.y = ggplot2::element_blank(), legend.position = "bottom",
      strip.placement = "outside",
      strip.text.y.left = ggplot2::element_text(angle = 0, hjust = 1)
    )
}

# What the target alone has.
salient_colour <- "#B2182B"

compared_shares <- function(fit) {
  table <- variance_explained(fit)
  rows <- \(group, part, share) {
    data.frame(omic = table$omic, group = rep(group, nrow(table)), part = part, share = share)
  }
  values <- rbind(rows("target", "shared", table$target_shared),
                  rows("target", "salient", table$target_salient),
                  rows("background", "shared", table$background))
  values$omic <- factor(values$omic, levels = table$omic)
  values$group <- factor(values$group, levels = c("target", "background"))
  values$part <- factor(values$part, levels = c("shared", "salient"))
  values[!is.na(values$share), ]
}
