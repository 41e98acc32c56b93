#' Plot what is shared and what is private of every omic
#'
#' One bar per omic: the share of its variance that the coordinates shared by all omics explain, and
#' what its own coordinates add.
#'
#' @param fit A fit from [poems_split()].
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per omic and
#'   part, with `omic`, `part` (`"shared"` or `"private"`), `share` and `colour`, the legend; see
#'   [variance_explained.poems_split()].
#'
#' @section Errors:
#' ggplot2 must be installed.
#'
#' @inherit variance_explained.poems_split source
#' @family figures
#' @seealso [variance_explained.poems_split()] for the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics[c("mrna", "protein")], \(x) x[1:60, ])
#' fit <- poems_split(omics, shared = 3, private = 3, seed = 21,
#'                    control = list(epochs = 20, threads = 1))
#' plot_split(fit)
#' @export
plot_split <- function(fit) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_split_fit(fit)
  values <- split_shares(fit)
  ggplot2::ggplot(values, ggplot2::aes(.data$share, .data$omic, fill = .data$colour)) +
    share_columns(0.65, ink_on(share_fills(values)[values$colour])) +
    ggplot2::scale_y_discrete(limits = rev(levels(values$omic)), labels = shorten) +
    ggplot2::scale_fill_manual(
      values = share_fills(values), labels = shorten
    ) +
    ggplot2::labs(
      title = "Shared and private variance of every omic",
      x = "Share of the omic's variance", y = NULL, fill = NULL
    ) +
    theme_poems() +
    ggplot2::theme(panel.grid.major.y = ggplot2::element_blank(), legend.position = "bottom")
}

share_fills <- function(values) {
  stats::setNames(c(shared_colour, omic_colours(levels(values$omic))), levels(values$colour))
}

# Columns of shares, each labelled in `ink` where there is room.
share_columns <- function(width, ink) {
  list(
    ggplot2::geom_col(
      width = width, position = ggplot2::position_stack(reverse = TRUE), colour = "white",
      linewidth = 0.4
    ),
    ggplot2::geom_text(
      ggplot2::aes(label = ifelse(abs(.data$share) < least_labelled, "", percent(.data$share))),
      colour = ink, size = 3.2, fontface = "bold",
      position = ggplot2::position_stack(vjust = 0.5, reverse = TRUE)
    ),
    ggplot2::scale_x_continuous(
      labels = \(share) percent(share, digits = share_digits(share)),
      expand = ggplot2::expansion(c(0, 0.05))
    )
  )
}

# What all omics share, beside the colours of single ones.
shared_colour <- "#4D4D4D"

# Smaller shares have no room for a number.
least_labelled <- 0.03

split_shares <- function(fit) {
  table <- variance_explained(fit)
  parts <- c("shared", "private")
  omic <- factor(rep(table$omic, times = 2), levels = table$omic)
  part <- factor(rep(parts, each = nrow(table)), levels = parts)
  only <- paste("only", table$omic)
  values <- data.frame(
    omic = omic, part = part, share = c(table$shared, table$private),
    colour = factor(ifelse(part == "shared", "shared", paste("only", omic)),
                    levels = c("shared", only))
  )
  values[!is.na(values$share), ]
}
