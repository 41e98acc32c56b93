#' Plot the losses of training
#'
#' The loss of every epoch, for samples in training and, where some were held out, for those. Dots
#' mark the start, the first epoch; a vertical line marks the epoch whose parameters the fit has.
#'
#' The training loss of the first epoch can be far above all others, which would then look the same.
#' If so, the axis ends below it: a triangle at the upper edge stands for it, with its value.
#'
#' The training loss is measured with dropout, while the weights change; held-out samples are
#' measured without, at the end of the epoch, and can therefore be below it.
#'
#' @param fit A fit from [poems()].
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has the columns `epoch`,
#'   `set` (`"training"` or `"validation"`) and `loss` (per sample, smaller is better).
#'
#' @section Errors:
#' ggplot2 must be installed.
#'
#' @references The loss is the negative of Equation 2 of Kocak Balik et al. (2025),
#'   \doi{10.48550/arXiv.2511.03464}.
#' @family figures
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_history(fit)
#' @export
plot_history <- function(fit) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  draw_history(fit)
}

# Of any fit with a history and the epoch kept.
draw_history <- function(fit) {
  losses <- history_losses(fit$history)
  highest <- highest_drawn(losses)
  ggplot2::ggplot(
    losses, ggplot2::aes(.data$epoch, pmin(.data$loss, highest), colour = .data$set)
  ) +
    ggplot2::geom_vline(xintercept = fit$best_epoch, linetype = "22", colour = "grey40") +
    ggplot2::geom_line(linewidth = 0.7) +
    start_marks(losses, highest) +
    ggplot2::scale_colour_manual(
      values = c(training = "#000000", validation = "#D55E00"),
      labels = c(training = "training", validation = "held out")
    ) +
    ggplot2::labs(
      title = "Loss during training",
      subtitle = sprintf(
        "Dots: the start%s. Dashed line: the epoch kept (%d).",
        if (any(losses$loss > highest)) " (triangle: above the axis)" else "", fit$best_epoch
      ),
      x = "Epoch", y = "Loss per sample", colour = "Samples"
    ) +
    theme_poems()
}

history_losses <- function(history) {
  losses <- data.frame(
    epoch = rep(history$epoch, times = 2),
    set = rep(c("training", "validation"), each = nrow(history)),
    loss = c(history$training, history$validation)
  )
  losses[!is.nan(losses$loss), ]
}

# The loss up to which the axis goes: all, but for a first one of training that is further above all
# later ones than they are apart.
highest_drawn <- function(losses) {
  first <- losses$epoch == min(losses$epoch) & losses$set == "training"
  later <- losses$loss[!first & losses$set == "training" & is.finite(losses$loss)]
  spike <- length(later) > 1 && any(losses$loss[first] > max(later) + diff(range(later)))
  max(losses$loss[!(first & spike)])
}

start_marks <- function(losses, highest) {
  starts <- losses[losses$epoch == min(losses$epoch), ]
  starts$beyond <- starts$loss > highest
  beyond <- starts[starts$beyond, ]
  list(
    ggplot2::geom_point(
      ggplot2::aes(shape = .data$beyond), data = starts, size = 2.2, show.legend = FALSE
    ),
    ggplot2::scale_shape_manual(values = c(`FALSE` = 16, `TRUE` = 17)),
    if (nrow(beyond) > 0) {
      ggplot2::geom_text(
        ggplot2::aes(label = sprintf("   %.4g", .data$loss)), data = beyond, hjust = 0, size = 3,
        show.legend = FALSE
      )
    }
  )
}
