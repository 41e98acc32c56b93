#' Plot which sample has which omic
#'
#' An overview of the data: one column per sample and one row per omic, grey where the sample lacks
#' it. Samples are ordered by group, then by the omics they have.
#'
#' @param x A fit from [poems()], or omics as [poems()] takes them.
#' @param group What to order samples by (a subtype, say): a vector named by sample, or in the
#'   order of the samples. `NA` where it is not known; at most 20 groups. `NULL` for none.
#' @param samples Where the samples are, if `x` are omics: `"columns"` or `"rows"`.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per sample and
#'   omic, with the columns `sample`, `omic`, `observed` and, with groups, `group`.
#'
#' @section Errors:
#' ggplot2 must be installed. Omics that [poems()] would not take are an error, and so is a `group`
#' that does not fit the samples.
#'
#' @source Written for this package.
#' @family figures
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' plot_omics(tcga_breast$omics, group = tcga_breast$samples$subtype)
#' @export
plot_omics <- function(x, group = NULL, samples = c("columns", "rows")) {
  rlang::check_installed("ggplot2", "to plot omics.")
  samples <- arg_match(samples)
  if (inherits(x, "poems")) check_fit(x, arg = "x")
  overview <- if (inherits(x, "poems")) fit_overview(x) else data_overview(x, samples)
  omics <- colnames(overview$has)
  group <- check_group(group, rownames(overview$has))
  values <- omics_values(overview$has, group)
  ggplot2::ggplot(values, ggplot2::aes(.data$sample, .data$omic)) +
    ggplot2::geom_tile(
      ggplot2::aes(fill = ifelse(.data$observed, as.character(.data$omic), NA)),
      width = 1.02, height = 0.9  # a little over each other, lest the background shine through
    ) +
    ggplot2::scale_fill_manual(
      values = omic_colours(omics), na.value = "grey93", guide = "none"
    ) +
    ggplot2::scale_x_discrete(expand = c(0, 0)) +
    ggplot2::scale_y_discrete(limits = rev(omics), labels = overview$labels, expand = c(0, 0)) +
    ggplot2::labs(
      title = "Omics of every sample", x = sprintf("Samples (n = %d)", nrow(overview$has)), y = NULL
    ) +
    theme_poems() +
    theme_samples() +
    group_strip(group, length(omics))
}

fit_overview <- function(fit) {
  describe_omics(membership(fit), vapply(fit$omics, \(omic) length(omic$features), 0L))
}

data_overview <- function(x, samples, call = rlang::caller_env()) {
  data <- read_omics(x, samples, call = call)
  has <- vapply(data$data, \(values) data$samples %in% colnames(values),
                logical(length(data$samples)))
  rownames(has) <- data$samples
  describe_omics(has, vapply(data$data, nrow, 0L))
}

# `has`: samples x omics; `features`: their number, per omic.
describe_omics <- function(has, features) {
  labels <- sprintf("%s\n%s features, n = %d", shorten(colnames(has)),
                    format(features, big.mark = ",", trim = TRUE), colSums(has))
  list(has = has, labels = stats::setNames(labels, colnames(has)))
}

omics_values <- function(has, group) {
  values <- long_table(has, c("sample", "omic", "observed"))
  lacking <- apply(!has, 1, \(lacks) paste(rev(as.integer(lacks)), collapse = ""))
  ordered <- order(if (is.null(group)) lacking else group, lacking)
  values$sample <- factor(values$sample, levels = rownames(has)[ordered])
  values$omic <- factor(values$omic, levels = colnames(has))
  if (!is.null(group)) values$group <- unname(group[as.character(values$sample)])
  values
}
