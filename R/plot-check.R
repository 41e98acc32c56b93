#' Plot which samples' omics do not belong together
#'
#' One panel per omic: every sample by how well the omic agrees with the sample's other omics, and
#' how likely a sample that is as it should be agrees as little. Samples with a false discovery rate
#' below `fdr` are named, with the sample that they may have changed places with. A band shows the
#' agreement of omics of different samples (mean and two standard deviations).
#'
#' @inheritParams check_samples
#' @param fdr False discovery rate below which samples are named, between 0 and 1.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data are those of
#'   [check_samples()].
#'
#' @section Errors:
#' ggplot2 must be installed; for the others see [check_samples()].
#'
#' @inherit check_samples references
#' @family figures
#' @seealso [check_samples()] for the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- tcga_breast$omics
#' omics$mrna[, 1:3] <- omics$mrna[, c(2, 3, 1)]
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_check(fit)
#' @export
plot_check <- function(fit, newdata = NULL, fdr = 0.1, samples = c("columns", "rows"),
                       covariates = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_value(fdr, "fdr", "a number between 0 and 1", \(x) is_number(x) && x > 0 && x < 1)
  table <- check_samples(fit, newdata, samples, covariates)
  table <- table[!is.na(table$p_value), ]
  if (nrow(table) == 0) {
    cli::cli_abort("There is nothing to plot: no sample can be checked, see {.fn check_samples}.")
  }
  table$omic <- factor(table$omic, names(fit$omics))
  table <- table[order(table$p_value), ]
  table$found <- table$fdr < fdr
  table$label <- ifelse(
    !table$found, "", paste0(table$sample, ifelse(is.na(table$partner), "",
                                                  paste0(" (", table$partner, "?)")))
  )
  ggplot2::ggplot(table, ggplot2::aes(.data$agreement, -log10(.data$p_value))) +
    ggplot2::geom_rect(
      data = unrelated_bands(fit), inherit.aes = FALSE, fill = "grey90",
      mapping = ggplot2::aes(xmin = .data$low, xmax = .data$high, ymin = -Inf, ymax = Inf)
    ) +
    ggplot2::geom_point(ggplot2::aes(colour = .data$found), size = 1.2) +
    ggplot2::geom_text(ggplot2::aes(label = .data$label), size = 2.6, hjust = -0.1,
                       check_overlap = TRUE) +
    ggplot2::scale_colour_manual(values = c(`FALSE` = "grey55", `TRUE` = "#cb181d"),
                                 labels = c(`FALSE` = "no", `TRUE` = "yes"), drop = FALSE) +
    ggplot2::facet_wrap(ggplot2::vars(.data$omic), scales = "free_x") +
    ggplot2::labs(
      title = "Does every omic belong to its sample?",
      x = "Agreement with the sample's other omics (grey: of different samples)",
      y = "-log10 of the p-value", colour = sprintf("FDR < %s", format(fdr))
    ) +
    theme_poems()
}

# Per omic, where agreement of different samples lies.
unrelated_bands <- function(fit) {
  rows <- lapply(seq_along(fit$omics), \(v) {
    known <- Filter(\(map) map$to == v && !is.null(map$check), fit$maps$maps)
    if (length(known) == 0) return(NULL)
    away <- known[[which.max(lengths(lapply(known, `[[`, "from")))]]$check$away
    data.frame(omic = names(fit$omics)[v], low = away[1] - 2 * away[2],
               high = away[1] + 2 * away[2])
  })
  rows <- do.call(rbind, rows)
  rows$omic <- factor(rows$omic, names(fit$omics))
  rows
}
