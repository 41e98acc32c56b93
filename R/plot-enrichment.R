#' Plot the gene sets that factors move
#'
#' Factors against gene sets, a panel per omic. The larger a dot, the smaller the false discovery
#' rate, down to 1e-10; its colour says whether the set's features rise or fall with the factor.
#' Dots are drawn where the rate is at most `fdr`. Shown are the sets with the smallest p-values of
#' each factor.
#'
#' @param enrichment What [enrich_factors()] returned, or some of its rows.
#' @param n Number of sets per factor and omic, at least 1.
#' @param fdr False discovery rate, above 0 and at most 1, up to which a dot is drawn.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has the rows of
#'   `enrichment` that are drawn. Allow about 0.2 inch of height per set, and
#'   1.5 beside.
#'
#' @section Errors:
#' ggplot2 must be installed. It is an error if the table is not from [enrich_factors()], or if no
#' row of it has a false discovery rate of at most `fdr`.
#'
#' @inherit enrich_factors references
#' @family biology
#' @family figures
#' @examplesIf rlang::is_installed(c("ggplot2", "limma"))
#' fit <- poems(tcga_breast$omics, factors = 8, seed = 21,
#'              control = list(epochs = 20, threads = 1))
#' # Hallmark gene sets of MSigDB and families of microRNAs; see the file COPYRIGHTS
#' sets <- system.file("extdata", "gene_sets.gmt", package = "omicpoems")
#' enrichment <- enrich_factors(fit, sets)
#' plot_enrichment(enrichment)
#' @export
plot_enrichment <- function(enrichment, n = 3, fdr = 0.05) {
  rlang::check_installed("ggplot2", "to plot gene sets.")
  check_columns(enrichment, "enrichment", c("omic", "factor", "set", "direction", "p", "fdr"),
                "enrich_factors")
  check_count(n)
  check_fdr(fdr)
  if (!any(enrichment$fdr <= fdr)) {
    cli::cli_abort(c(
      "There is no gene set to plot.",
      "x" = "The smallest false discovery rate is {signif(min(enrichment$fdr), 2)}.",
      "i" = "Raise {.arg fdr}, which is {fdr}."
    ))
  }
  values <- top_sets(enrichment, n, fdr)
  limit <- min(max(minus_log10(values$fdr)), most_strength)
  ggplot2::ggplot(values, ggplot2::aes(.data$factor, .data$set)) +
    ggplot2::geom_point(
      ggplot2::aes(size = minus_log10(.data$fdr), colour = .data$direction)
    ) +
    ggplot2::facet_grid(rows = ggplot2::vars(.data$omic), scales = "free_y", space = "free_y") +
    scale_x_factors(levels(values$factor), drop = FALSE) +
    ggplot2::scale_y_discrete(labels = \(set) shorten(set, width = 45)) +
    ggplot2::scale_size_area(
      max_size = 6, limits = c(0, limit), oob = to_range,
      breaks = rate_breaks(minus_log10(fdr), limit),
      labels = \(strength) format(signif(10^-strength, 1), trim = TRUE, drop0trailing = TRUE),
      guide = ggplot2::guide_legend(order = 2)
    ) +
    ggplot2::scale_colour_manual(
      values = direction_colours, labels = c(up = "rise", down = "fall"), drop = FALSE,
      guide = ggplot2::guide_legend(order = 1, override.aes = list(size = 3))
    ) +
    ggplot2::labs(
      title = "Gene sets that factors move",
      subtitle = sprintf("False discovery rate of %g or less", fdr),
      x = "Factor", y = NULL, colour = "With the factor, the set's features",
      size = "False discovery rate"
    ) +
    theme_poems() +
    theme_keys_below() +
    ggplot2::theme(strip.text.y = ggplot2::element_text(angle = 0, hjust = 0))
}

# Strengths that the key of sizes shows.
rate_breaks <- function(least, most) {
  breaks <- pretty(c(least, most), 3)
  breaks <- breaks[breaks >= least & breaks <= most]
  if (length(breaks) == 0) most else breaks
}

direction_colours <- c(up = "#B2182B", down = "#2166AC") # of the diverging scale

# Rows to draw: of the sets that are among the first n of some factor in an omic, all with a small
# enough FDR. Sets are in the order of their main factors.
top_sets <- function(enrichment, n, fdr) {
  values <- enrichment[enrichment$fdr <= fdr, ]
  values <- values[order(values$p), ]
  rank <- stats::ave(values$p, values$omic, values$factor, FUN = seq_along)
  shown <- unique(values[rank <= n, c("omic", "set")])
  of <- \(table) paste(table$omic, table$set, sep = "\r")
  values <- values[of(values) %in% of(shown), ]
  values$omic <- factor(values$omic, levels = unique(enrichment$omic))
  values$factor <- factor(values$factor, levels = sort_factors(unique(enrichment$factor)))
  values$direction <- factor(values$direction, levels = names(direction_colours))
  main <- values[!duplicated(values$set), ]
  values$set <- factor(values$set, levels = rev(main$set[order(main$factor)]))
  values
}

# "Factor10" after "Factor9"; names that users gave after these, in the order they come in.
sort_factors <- function(names) {
  number <- suppressWarnings(as.integer(factor_number(as.character(names))))
  names[order(number, seq_along(names))]
}

# Finite also where a probability is 0 in double precision.
minus_log10 <- \(p) -log10(pmax(p, .Machine$double.xmin))

check_fdr <- function(fdr, call = rlang::caller_env()) {
  check_value(fdr, "fdr", "a number above 0 and at most 1", \(x) is_number(x) && x > 0 && x <= 1,
              call)
}

# A table to draw must have the columns of the function that makes it.
check_columns <- function(table, arg, columns, maker, call = rlang::caller_env()) {
  if (is.data.frame(table) && all(columns %in% names(table))) return(invisible())
  cli::cli_abort(c(
    "{.arg {arg}} must be a data frame from {.fn {maker}}.",
    "x" = "It is {describe(table)}."
  ), call = call)
}
