#' Plot the losses of training
#'
#' The loss of every epoch, for samples in training and, where some were held out, for those. A
#' vertical line marks the epoch whose parameters the fit has.
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
  ggplot2::ggplot(losses, ggplot2::aes(.data$epoch, .data$loss, colour = .data$set)) +
    ggplot2::geom_vline(xintercept = fit$best_epoch, linetype = "22", colour = "grey40") +
    ggplot2::geom_line(linewidth = 0.7) +
    ggplot2::scale_colour_manual(
      values = c(training = "#000000", validation = "#D55E00"),
      labels = c(training = "training", validation = "held out")
    ) +
    ggplot2::labs(
      title = "Loss during training",
      subtitle = sprintf("Dashed line: the epoch kept (%d)", fit$best_epoch),
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
