#' Plot which samples look like targets
#'
#' How much better every sample is reconstructed with salient factors than without, by group: target
#' samples gain, and background samples that look like them, too.
#'
#' @inheritParams salient_in
#' @param fit A fit from [poems_compare()].
#' @param group What samples are grouped by, a vector named by sample or in the order of the samples
#'   of `newdata`. By default target and background as in the fit, of samples that are in it.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per sample,
#'   with `sample`, `gain` (see [salient_in()]) and `group`.
#'
#' @section Errors:
#' Those of [salient_in()]; a fit without salient factors; no Gaussian omic; groups not known of
#' every sample. ggplot2 must be installed.
#'
#' @inherit variance_explained.poems_split source
#' @family figures
#' @seealso [salient_in()] for the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics[c("mrna", "mirna")], \(x) x[1:60, ])
#' subtype <- setNames(tcga_breast$samples$subtype, tcga_breast$samples$sample)
#' fit <- poems_compare(omics, group = subtype == "Basal", background = FALSE,
#'                      shared = 4, salient = 2, seed = 21,
#'                      control = list(epochs = 10, threads = 1))
#' plot_salient_in(fit, omics, group = subtype)
#' @export
plot_salient_in <- function(fit, newdata, group = NULL, samples = c("columns", "rows"),
                            covariates = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_comparison(fit)
  check_any_salient(fit)
  values <- salient_in(fit, newdata, samples = arg_match(samples), covariates = covariates)
  if (all(is.na(values$gain))) {
    cli::cli_abort(c(
      "There is no gain to show: it is of Gaussian omics, and {.arg newdata} has none.",
      "i" = "{.fn salient_in} has the salient factors of these samples."
    ))
  }
  values$group <- if (is.null(group)) groups_in_fit(fit, values$sample) else
    labels_by_sample(group, values$sample, rlang::caller_env(), "group")
  ggplot2::ggplot(values, ggplot2::aes(.data$gain, .data$group)) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey60") +
    ggplot2::geom_boxplot(colour = salient_colour, outlier.shape = NA, width = 0.6) +
    ggplot2::geom_point(
      size = 0.9, alpha = 0.5, position = ggplot2::position_jitter(0, 0.2, seed = 1)
    ) +
    ggplot2::labs(
      title = "Which samples look like targets", y = NULL,
      x = "Variation explained by salient factors on top of shared ones"
    ) +
    theme_poems()
}

# Target or background, as a sample of the fit is; others are "new".
groups_in_fit <- function(fit, samples) {
  group <- group_names(fit)[match(samples, fit$samples)]
  factor(ifelse(is.na(group), "new", group), c("new", "background", "target"))
}

check_any_salient <- function(fit, call = rlang::caller_env()) {
  if (length(fit$blocks$salient) > 0) return(invisible())
  cli::cli_abort("There is no salient factor to show: the fit has none.", call = call)
}
