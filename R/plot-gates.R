#' Plot the gates of every sample as stacked bars
#'
#' One bar per sample, divided into the weights of its omics. Samples are ordered by group, then by
#' the omics they have, then by the gate of one omic.
#'
#' @inheritParams plot_latent
#' @param sort Name of the omic whose gate orders the samples, the largest first. `NULL` for the one
#'   that weighs most on average.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per sample and
#'   omic, with the columns `sample`, `omic`, `gate` and, with groups, `group`.
#'
#' @section Errors:
#' ggplot2 must be installed. A `group` that does not fit the samples is an error that names at
#' most five of those it lacks, and so is a `sort` that is no omic of the fit.
#'
#' @references Figure 4 and Equation 1 of Kocak Balik et al. (2025),
#'   \doi{10.48550/arXiv.2511.03464}.
#' @family figures
#' @seealso [gates()] for the numbers, [plot_gate_distribution()] to compare groups.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_gates(fit, group = tcga_breast$samples$subtype)
#' @export
plot_gates <- function(fit, group = NULL, sort = NULL) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_fit(fit)
  group <- check_group(group, fit$samples)
  if (is.null(sort)) sort <- heaviest_omic(fit$gates)
  check_sort(sort, fit)
  draw_omic_shares(gate_values(fit$gates, group, sort), "gate", group) +
    ggplot2::labs(title = "Weight of every omic in every sample", y = "Gate")
}

# Stacked bars of `column`, a bar per sample: what gate_values() returned.
draw_omic_shares <- function(values, column, group) {
  ggplot2::ggplot(values, ggplot2::aes(.data$sample, .data[[column]], fill = .data$omic,
                                       colour = .data$omic)) +
    # Borders, lest the background shine through between bars.
    ggplot2::geom_col(
      width = 1, position = ggplot2::position_stack(reverse = TRUE), linewidth = 0.2
    ) +
    ggplot2::scale_x_discrete(expand = c(0, 0)) +
    ggplot2::scale_y_continuous(expand = c(0, 0), breaks = c(0, 0.5, 1)) +
    ggplot2::scale_fill_manual(
      values = omic_colours(levels(values$omic)), aesthetics = c("fill", "colour"),
      labels = shorten
    ) +
    ggplot2::labs(
      x = sprintf("Samples (n = %d)", nlevels(values$sample)), fill = "Omic", colour = "Omic"
    ) +
    theme_poems() +
    theme_samples() +
    group_panels(group)
}

check_sort <- function(sort, fit, call = rlang::caller_env()) {
  omics <- names(fit$omics)
  check_value(sort, "sort", "the name of one omic", \(x) is.character(x) && length(x) == 1, call)
  if (!sort %in% omics) {
    cli::cli_abort(c(
      "{.arg sort} must be an omic of the fit.",
      "x" = "The fit does not have {quote_some(sort)}.",
      "i" = "It has {quote_some(omics)}."
    ), call = call)
  }
}

heaviest_omic <- \(gates) colnames(gates)[which.max(colMeans(gates))]

gate_values <- function(gates, group, sort) {
  values <- long_table(gates, c("sample", "omic", "gate"))
  ordered <- order_by_gate(gates, group, sort)
  values$sample <- factor(values$sample, levels = rownames(gates)[ordered])
  values$omic <- factor(values$omic, levels = colnames(gates))
  if (!is.null(group)) values$group <- group[as.character(values$sample)]
  values
}

order_by_gate <- function(gates, group, sort) {
  if (is.null(group)) group <- rep(0, nrow(gates))
  lacking <- apply(gates == 0, 1, \(zero) paste(which(zero), collapse = " "))
  order(group, lacking, -gates[, sort])
}

# Panels as wide as their groups. Titles that are wider than their panel stand upright.
group_panels <- function(group) {
  if (is.null(group)) return(NULL)
  titles <- group_titles(group)
  list(
    ggplot2::facet_grid(
      cols = ggplot2::vars(.data$group), scales = "free_x", space = "free_x",
      labeller = ggplot2::as_labeller(titles)
    ),
    ggplot2::theme(strip.clip = "off"),
    if (!titles_fit(titles, table(group))) {
      ggplot2::theme(strip.text.x = ggplot2::element_text(angle = 90, hjust = 0))
    }
  )
}

# All panels together have room for about so many characters in a picture 7 inches wide.
title_room <- 70

titles_fit <- function(titles, sizes) {
  width <- vapply(strsplit(titles, "\n", fixed = TRUE), \(lines) max(nchar(lines)), 0L)
  all(width <= title_room * sizes / sum(sizes))
}
