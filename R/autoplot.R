#' Plot a fit
#'
#' One door to the figures of a fit, for [ggplot2::autoplot()].
#'
#' @param object A fit from [poems()].
#' @param type Which figure: `"history"` ([plot_history()]), `"latent"` ([plot_latent()]), `"gates"`
#'   ([plot_gates()]), `"loadings"` ([plot_loadings()]), `"map"` ([plot_map()]) or `"variance"`
#'   ([plot_variance()]).
#' @param ... Passed on to that function, such as `group` or `n`.
#' @return A [ggplot2::ggplot] object.
#'
#' @section Errors:
#' ggplot2 must be installed; see the function of each figure for others.
#'
#' @inherit latent references
#' @family figures
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' ggplot2::autoplot(fit, "loadings", n = 5)
#' @exportS3Method ggplot2::autoplot
autoplot.poems <- function(object,
                           type = c("history", "latent", "gates", "loadings", "map", "variance"),
                           ...) {
  type <- rlang::arg_match(type)
  plot <- switch(type,
    history = plot_history, latent = plot_latent, gates = plot_gates,
    loadings = plot_loadings, map = plot_map, variance = plot_variance
  )
  plot(object, ...)
}
