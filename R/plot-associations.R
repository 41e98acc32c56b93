#' Plot the association of factors with clinical and technical data
#'
#' A heatmap of columns against factors. The stronger the colour, the smaller the false discovery
#' rate: red where the factor rises with the column (with the second of two groups; with the
#' hazard), blue where it falls, grey where the column has more than two groups and there is no
#' direction. Colours end at a rate of 1e-10. Where the rate is at most `fdr`, the tile says how
#' strong the association is, in the unit beside the column's name; the name of a column of two
#' groups says which of them is meant. Tiles of factors that cannot be tested have no colour.
#' Technical variables are below the line.
#'
#' @param associations What [associate_factors()] returned, or some of its rows.
#' @param fdr False discovery rate, above 0 and at most 1, up to which the size of an effect is
#'   written.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data is `associations`, with
#'   `factor` and `column` in order and the columns `strength` (-log10 of the false discovery rate,
#'   with the effect's sign) and `label`.
#'
#' @section Errors:
#' ggplot2 must be installed. A table that is not from [associate_factors()] is an error.
#'
#' @inherit associate_factors source
#' @family biology
#' @family figures
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' clinical <- data.frame(tcga_breast$samples[c("subtype", "set")],
#'                        row.names = tcga_breast$samples$sample)
#' plot_associations(associate_factors(fit, clinical))
#' @export
plot_associations <- function(associations, fdr = 0.05) {
  rlang::check_installed("ggplot2", "to plot associations.")
  check_columns(associations, "associations",
                c("factor", "column", "measure", "effect", "higher", "fdr"), "associate_factors")
  check_fdr(fdr)
  values <- association_values(associations, fdr)
  signed <- values$measure != "eta2"
  limit <- min(max(abs(values$strength), minus_log10(0.05)), most_strength)
  ggplot2::ggplot(values, ggplot2::aes(.data$factor, .data$column)) +
    ggplot2::geom_tile(
      ggplot2::aes(fill = .data$strength), data = values[signed, ], colour = "white", width = 1,
      height = 1
    ) +
    ggplot2::geom_tile(
      ggplot2::aes(alpha = .data$strength), data = values[!signed, ], fill = "grey25",
      colour = "white", width = 1, height = 1
    ) +
    ggplot2::geom_text(
      ggplot2::aes(label = .data$label), size = min(2.8, 62 / nlevels(values$factor)),
      colour = ink_on(association_colours(values, signed, limit))
    ) +
    technical_line(values) +
    scale_x_factors(levels(values$factor), expand = c(0, 0)) +
    ggplot2::scale_y_discrete(
      limits = rev(levels(values$column)), labels = column_labels(values), expand = c(0, 0)
    ) +
    ggplot2::scale_fill_gradientn(
      colours = diverging, limits = c(-1, 1) * limit, oob = to_range, labels = abs,
      guide = ggplot2::guide_colourbar(order = 1)
    ) +
    ggplot2::scale_alpha_continuous(
      limits = c(0, limit), range = c(0, 1), oob = to_range, n.breaks = 3
    ) +
    ggplot2::labs(
      title = plot_title(values),
      subtitle = sprintf("Numbers: size of effects with a false discovery rate of %g or less", fdr),
      x = "Factor", y = NULL, fill = "-log10 FDR (red: rises)",
      alpha = "-log10 FDR, groups"
    ) +
    theme_poems() +
    theme_keys_below() +
    ggplot2::theme(panel.grid = ggplot2::element_blank())
}

# Colours of the tiles: of tests that have a direction, and of others, which are grey.
association_colours <- function(values, signed, limit) {
  ifelse(
    signed, colours_at(values$strength, diverging, c(-1, 1) * limit),
    colours_at(values$strength, c("white", "grey25"), c(0, limit))
  )
}

# Beyond this -log10 FDR all colours are the same, lest one strong association make others pale.
most_strength <- 10

association_values <- function(associations, fdr) {
  values <- associations
  values$factor <- factor(values$factor, levels = sort_factors(unique(values$factor)))
  columns <- unique(values$column[order(is_technical(values))])
  values$column <- factor(values$column, levels = columns)
  neutral <- ifelse(values$measure == "hazard ratio", 1, 0)
  sign <- ifelse(values$effect < neutral, -1, 1)
  values$strength <- sign * minus_log10(values$fdr)
  values$strength[is.na(values$strength)] <- 0 # a test without a result, of a factor without values
  noted <- !is.na(values$fdr) & values$fdr <= fdr
  values$label <- ifelse(noted, sprintf("%.2f", values$effect), "")
  values
}

# Tables that lack the column have no technical rows.
is_technical <- function(values) {
  if (is.null(values$technical)) rep(FALSE, nrow(values)) else values$technical
}

# Between the technical variables, which are below, and the other columns.
technical_line <- function(values) {
  below <- length(unique(values$column[is_technical(values)]))
  if (below == 0 || below == nlevels(values$column)) return(NULL)
  ggplot2::geom_hline(yintercept = below + 0.5)
}

plot_title <- function(values) {
  if (all(is_technical(values))) return("Factors and technical variables")
  if (any(is_technical(values))) return("Factors, clinical data and technical variables")
  "Factors and clinical data"
}

measure_symbols <- c(rho = "rho", r = "r", eta2 = "eta\u00b2", "hazard ratio" = "HR")

# "age (rho)" for every column; "sex = male (r)" where red means that the factor is higher in males.
column_labels <- function(values) {
  first <- values[!duplicated(values$column), ]
  column <- as.character(first$column)
  level <- positive_levels(values)[column]
  name <- ifelse(is.na(level), column, paste(column, "=", level))
  stats::setNames(sprintf("%s (%s)", shorten(name), measure_symbols[first$measure]), column)
}

# Of columns of two groups, the group that positive effects speak of, named by column. Not where no
# factor is higher in it, and not of logical columns, whose name says it.
positive_levels <- function(values) {
  known <- which(values$measure == "r" & values$effect > 0 & values$higher != "TRUE")
  known <- known[!duplicated(values$column[known])]
  stats::setNames(values$higher[known], values$column[known])
}
