#' @rdname benchmark_models
#' @param scores Which scores to draw, each in a panel of its own.
#' @exportS3Method ggplot2::autoplot
autoplot.benchmark_models <- function(object, scores = c("accuracy", "nmi", "knn"), ...) {
  rlang::check_installed("ggplot2", "to plot a benchmark.")
  rlang::check_dots_empty()
  scores <- arg_match(scores, names(score_titles), multiple = TRUE)
  values <- scores_of_splits(object$runs, scores)
  if (nrow(values) == 0) {
    cli::cli_abort("There is no score to plot: all runs have failed.")
  }
  means <- means_of_splits(values)
  ggplot2::ggplot(values, ggplot2::aes(.data$value, .data$model, colour = .data$model)) +
    ggplot2::geom_point(
      alpha = 0.5, size = 1.5, shape = 16,
      position = ggplot2::position_jitter(width = 0, height = 0.15, seed = 1)
    ) +
    ggplot2::geom_linerange(
      ggplot2::aes(xmin = .data$value - .data$se, xmax = .data$value + .data$se), data = means,
      linewidth = 0.8, na.rm = TRUE
    ) +
    ggplot2::geom_point(data = means, size = 3) +
    ggplot2::facet_wrap(
      ggplot2::vars(.data$score), nrow = 1, scales = "free_x",
      labeller = ggplot2::as_labeller(score_titles)
    ) +
    ggplot2::scale_y_discrete(limits = rev(levels(values$model)), labels = shorten) +
    ggplot2::scale_colour_manual(
      values = name_colours(levels(values$model), group_palette), guide = "none"
    ) +
    ggplot2::labs(
      title = "Agreement of test embeddings with known groups",
      subtitle = "Small: splits, averaged over seeds. Large: their mean and its standard error.",
      x = NULL, y = NULL
    ) +
    theme_poems() +
    ggplot2::theme(
      panel.grid.major.y = ggplot2::element_blank(),
      panel.spacing.x = ggplot2::unit(28, "pt"),
      plot.margin = ggplot2::margin(5.5, 16, 5.5, 5.5)  # for the last number's right half
    )
}

score_titles <- c(accuracy = "Accuracy", nmi = "NMI", knn = "kNN", ari = "ARI",
                  silhouette = "Silhouette")

# One row per model, score and split that has a value.
scores_of_splits <- function(runs, scores) {
  table <- do.call(rbind, lapply(scores, \(score) {
    mean <- tapply(runs[[score]], runs[c("model", "split")], mean, na.rm = TRUE)
    data.frame(
      model = factor(rownames(mean)[row(mean)], levels(runs$model)), score = factor(score, scores),
      split = as.integer(colnames(mean))[col(mean)], value = as.vector(mean)
    )
  }))
  table[!is.na(table$value), ]
}

means_of_splits <- function(values) {
  do.call(rbind, lapply(split(values, values[c("model", "score")], drop = TRUE), \(rows) {
    data.frame(rows[1, c("model", "score")], value = mean(rows$value),
               se = stats::sd(rows$value) / sqrt(nrow(rows)))
  }))
}
