#' Plot how the gates are distributed
#'
#' Box plots of every omic's weight over the samples that have the omic, apart for samples that have
#' the same omics: weights sum to 1, so an omic weighs more where another is missing. With groups,
#' a row of panels per group. A box spans the middle half of the samples, its bar is the median, and
#' its whiskers reach to the outermost sample within 1.5 times the box's length.
#'
#' @inheritParams plot_gates
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per sample and
#'   omic that it has, with the columns `sample`, `omic`, `gate`, `has` (factor: which omics the
#'   sample has, the most common first; those beyond five are together) and, with groups, `group`.
#'
#' @section Errors:
#' ggplot2 must be installed. A `group` that does not fit the samples is an error that names at
#' most five of those it lacks.
#'
#' @inherit plot_gates references
#' @family figures
#' @seealso [gates()] for the numbers, [plot_gates()] for every sample.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_gate_distribution(fit, group = tcga_breast$samples$subtype)
#' @export
plot_gate_distribution <- function(fit, group = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  group <- check_group(group, fit$samples)
  values <- observed_gates(fit, group)
  rows <- if (nlevels(values$has) > 1) "has" else if (is.null(group)) "omic" else "group"
  ggplot2::ggplot(
    values,
    ggplot2::aes(.data$gate, .data[[rows]], fill = .data$omic, colour = .data$omic)
  ) +
    ggplot2::geom_boxplot(width = 0.7, linewidth = 0.5, outlier.size = 0.8, alpha = 0.4) +
    ggplot2::scale_x_continuous(
      limits = c(0, NA), n.breaks = 4, expand = ggplot2::expansion(c(0, 0.08)),
      guide = ggplot2::guide_axis(check.overlap = TRUE)
    ) +
    ggplot2::scale_y_discrete(limits = rev, labels = switch(rows,
      has = if (is.null(group)) has_labels(fit) else ggplot2::waiver(),
      omic = shorten, group = group_labels(group)
    )) +
    ggplot2::scale_fill_manual(
      values = omic_colours(names(fit$omics)), aesthetics = c("fill", "colour"), guide = "none"
    ) +
    distribution_panels(rows, group) +
    ggplot2::labs(
      title = "Weight of every omic in the samples that have it", x = "Gate", y = NULL
    ) +
    theme_poems() +
    ggplot2::theme(
      panel.grid.major.y = ggplot2::element_blank(), panel.spacing.x = ggplot2::unit(20, "pt"),
      strip.text.y = ggplot2::element_text(angle = 0, hjust = 0)
    )
}

# Omics side by side; groups one below the other, unless they are the rows of a panel.
distribution_panels <- function(rows, group) {
  if (rows == "omic") return(NULL)
  if (rows == "group" || is.null(group)) {
    return(ggplot2::facet_grid(cols = ggplot2::vars(.data$omic), labeller = omic_labeller()))
  }
  ggplot2::facet_grid(
    ggplot2::vars(group = .data$group), ggplot2::vars(omic = .data$omic),
    labeller = ggplot2::labeller(group = group_titles(group), omic = omic_labeller())
  )
}

observed_gates <- function(fit, group) {
  values <- order_levels(gate_rows(fit), fit)
  values <- values[values$observed, c("sample", "omic", "gate")]
  values$has <- unname(omics_at_hand(fit)[values$sample])
  if (!is.null(group)) values$group <- unname(group[values$sample])
  rownames(values) <- NULL
  values
}

# More combinations of omics would be too many rows for a panel.
most_combination_rows <- 5

# Which omics every sample has, as a factor named by sample.
omics_at_hand <- function(fit) {
  has <- membership(fit)
  label <- apply(has, 1, describe_omics_at_hand)
  common <- names(sort(table(label), decreasing = TRUE))
  if (length(common) > most_combination_rows) {
    common <- common[seq_len(most_combination_rows)]
    label[!label %in% common] <- "others"
    common <- c(common, "others")
  }
  stats::setNames(factor(label, levels = common), rownames(has))
}

describe_omics_at_hand <- function(has) {
  omics <- names(has)
  if (all(has)) return("all omics")
  text <- if (sum(has) > sum(!has)) {
    paste("no", paste(omics[!has], collapse = ", "))
  } else {
    paste("only", paste(omics[has], collapse = ", "))
  }
  shorten(text)
}

# Combinations of omics with the number of samples.
has_labels <- \(fit) group_labels(omics_at_hand(fit))
