#' Plot a fit
#'
#' One door to the figures of a fit, for [ggplot2::autoplot()].
#'
#' @param object A fit from [poems()].
#' @param type Which figure:
#'   * of training and data: `"history"` ([plot_history()]), `"omics"` ([plot_omics()]),
#'     `"variance"` ([plot_variance()]);
#'   * of features: `"loadings"` ([plot_loadings()]), `"strength"` ([plot_strength()]),
#'     `"top_features"` ([plot_top_features()]), `"sparsity"` ([plot_sparsity()]), `"links"`
#'     ([plot_links()]), `"response"` ([plot_response()]), `"heatmap"` ([plot_heatmap()]),
#'     `"correlation_circle"` ([plot_correlation_circle()]);
#'   * of samples: `"latent"` ([plot_latent()]), `"map"` ([plot_map()]), `"factors"`
#'     ([plot_factors()]), `"gates"` ([plot_gates()]), `"gate_distribution"`
#'     ([plot_gate_distribution()]), `"contributions"` ([plot_contributions()]),
#'     `"subtype_correlation"` ([plot_subtype_correlation()]).
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
                           type = c("history", "omics", "variance", "loadings", "strength",
                                    "top_features", "sparsity", "links", "response", "heatmap",
                                    "correlation_circle", "latent", "map", "factors", "gates",
                                    "gate_distribution", "contributions", "subtype_correlation"),
                           ...) {
  check_fit(object, arg = "object")
  type <- arg_match(type)
  plot <- switch(type,
    history = plot_history, omics = plot_omics, variance = plot_variance,
    loadings = plot_loadings, strength = plot_strength, top_features = plot_top_features,
    sparsity = plot_sparsity, links = plot_links, response = plot_response,
    heatmap = plot_heatmap, correlation_circle = plot_correlation_circle,
    latent = plot_latent, map = plot_map, factors = plot_factors, gates = plot_gates,
    gate_distribution = plot_gate_distribution, contributions = plot_contributions,
    subtype_correlation = plot_subtype_correlation
  )
  plot(object, ...)
}
