#' Plot factor against factor
#'
#' Every sample as a point, placed by two factors.
#'
#' @inheritParams plot_history
#' @inheritParams plot_map
#' @param factor Two factors in use: their numbers, or their names.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per sample,
#'   with the columns `sample`, `x`, `y` and, with groups, `group`.
#'
#' @section Errors:
#' ggplot2 must be installed. Factors that the fit does not have are an error. A `group` that does
#' not fit the samples is an error that names at most five of those it lacks.
#'
#' @inherit latent references
#' @family figures
#' @seealso [latent()] for the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_factors(fit, c(1, 3), group = tcga_breast$samples$subtype)
#' @export
plot_factors <- function(fit, factor = c(1, 2), group = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  factors <- check_two_factors(factor, fit)
  group <- check_colour(group, fit$samples)
  values <- map_values(latent(fit)[, factors], fit$samples, group)
  ggplot2::ggplot(values, ggplot2::aes(.data$x, .data$y)) +
    ggplot2::geom_hline(yintercept = 0, linewidth = 0.3, colour = "grey70") +
    ggplot2::geom_vline(xintercept = 0, linewidth = 0.3, colour = "grey70") +
    map_points(group) +
    ggplot2::labs(title = "Samples by two factors", x = factors[1], y = factors[2]) +
    theme_poems()
}

check_two_factors <- function(factor, fit, call = rlang::caller_env()) {
  factors <- check_factor_choice(factor, fit, call)
  if (length(factors) == 2) return(factors)
  cli::cli_abort("{.arg factor} must choose 2 different factors, not {length(factors)}.",
                 call = call)
}
