#' Plot how much each omic tells of the factors
#'
#' Without `factor`, a table in colour: omics x factors, the mean contribution over the samples that
#' have all omics (where none has, over those that have the omic). With one, a stacked bar per
#' sample, ordered by group, then by the omics it has, then by the contribution of the omic that
#' contributes most.
#'
#' @inheritParams plot_latent
#' @param factor One factor in use, by number or name, to look at sample by sample; `NULL` for the
#'   means of all.
#' @param group With `factor`, groups of the samples as in [plot_latent()].
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per omic and
#'   factor, or per sample and omic, with the column `contribution`.
#'
#' @section Errors:
#' ggplot2 must be installed. A fit without a factor in use is an error, so is a factor that the fit
#' does not have, and a `group` that does not fit the samples.
#'
#' @inherit contributions references
#' @family figures
#' @seealso [contributions()] for the numbers.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_contributions(fit)
#' plot_contributions(fit, factor = 1, group = tcga_breast$samples$subtype)
#' @export
plot_contributions <- function(fit, factor = NULL, group = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  check_any_factor(fit)
  if (is.null(factor)) return(plot_mean_contributions(fit))
  chosen <- check_factor_choice(factor, fit)
  if (length(chosen) != 1) {
    cli::cli_abort("{.arg factor} must choose 1 factor, not {length(chosen)}.")
  }
  group <- check_group(group, fit$samples)
  shares <- matrix(fit$contributions[, , chosen], length(fit$samples),
                   dimnames = dimnames(fit$gates))
  values <- gate_values(shares, group, heaviest_omic(shares))
  names(values)[names(values) == "gate"] <- "contribution"
  draw_omic_shares(values, "contribution", group) +
    ggplot2::labs(title = sprintf("What is known of %s, by omic", chosen), y = "Contribution")
}

plot_mean_contributions <- function(fit) {
  means <- mean_contributions(fit)
  values <- long_table(means, c("omic", "factor", "contribution"))
  values$omic <- factor(values$omic, rev(rownames(means)))
  values$factor <- factor(values$factor, colnames(means))
  few <- ncol(means) <= 16
  ggplot2::ggplot(values, ggplot2::aes(.data$factor, .data$omic, fill = .data$contribution)) +
    ggplot2::geom_tile(colour = "white", linewidth = 0.4) +
    (if (few) {
      ggplot2::geom_text(
        ggplot2::aes(label = sprintf("%.2f", .data$contribution)), size = 3,
        colour = ink_on(colours_at(values$contribution, share_colours, c(0, 1)))
      )
    }) +
    ggplot2::scale_fill_gradientn(colours = share_colours, limits = c(0, 1)) +
    scale_x_factors(colnames(means), expand = c(0, 0)) +
    ggplot2::scale_y_discrete(labels = shorten, expand = c(0, 0)) +
    ggplot2::labs(title = "What is known of every factor, by omic", x = "Factor", y = NULL,
                  fill = "Mean\ncontribution") +
    theme_poems() +
    ggplot2::theme(panel.grid = ggplot2::element_blank())
}

# From none to all.
share_colours <- c("white", "#08519C")
