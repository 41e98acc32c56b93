#' Plot how far shared and salient factors are from independent
#'
#' The correlations of every salient with every shared factor in target samples. Factors can depend
#' on each other in other ways than linear ones, which the criterion in the subtitle sees.
#'
#' @param fit A fit from [poems_compare()].
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per pair of
#'   factors, with `shared`, `salient` and `correlation`, of the samples that [independence()] looks
#'   at.
#'
#' @section Errors:
#' A fit without factors of either block. ggplot2 must be installed.
#'
#' @inherit variance_explained.poems_split source
#' @family figures
#' @seealso [independence()] for the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics[c("mrna", "mirna")], \(x) x[1:60, ])
#' fit <- poems_compare(omics, group = tcga_breast$samples$subtype == "Basal", background = FALSE,
#'                      shared = 4, salient = 2, seed = 21,
#'                      control = list(epochs = 10, threads = 1))
#' plot_independence(fit)
#' @export
plot_independence <- function(fit) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_comparison(fit)
  check_any_salient(fit)
  told <- independence(fit)
  values <- block_correlations(fit)
  ggplot2::ggplot(values, ggplot2::aes(.data$shared, .data$salient, fill = .data$correlation)) +
    ggplot2::geom_tile(colour = "white") +
    ggplot2::geom_text(
      ggplot2::aes(label = sprintf("%.1f", round(.data$correlation, 1) + 0)), size = 2.8,
      colour = ink_on(colours_at(values$correlation, diverging, c(-1, 1)))
    ) +
    scale_fill_around_0(1) +
    ggplot2::scale_x_discrete(labels = \(name) sub("^Shared", "", name), expand = c(0, 0)) +
    ggplot2::scale_y_discrete(limits = rev(levels(values$salient)), expand = c(0, 0)) +
    ggplot2::labs(
      title = "Shared and salient factors in the target",
      subtitle = sprintf("Dependence %.1f times that of chance (p = %s), %d samples", told$ratio,
                         format(signif(told$p, 1)), told$samples),
      x = "Shared factor", y = NULL, fill = "Correlation"
    ) +
    theme_poems()
}

block_correlations <- function(fit, call = rlang::caller_env()) {
  if (length(fit$blocks$shared) == 0) {
    cli::cli_abort("There is no shared factor to show: the fit has none.", call = call)
  }
  of <- intersect(measured_samples(fit), names(which(fit$target)))
  r <- suppressWarnings(stats::cor(shared(fit)[of, , drop = FALSE],
                                   salient(fit)[of, , drop = FALSE]))
  data.frame(
    shared = factor(rep(rownames(r), ncol(r)), rownames(r)),
    salient = factor(rep(colnames(r), each = nrow(r)), colnames(r)), correlation = as.vector(r)
  )
}
