#' Figures of a tuning
#'
#' How good configurations are, by what was tuned.
#'
#' With one argument: every repeat (small, joined by a thin line, for its configurations have the
#' same samples held out), their mean and its standard error. With two: a map of the means. With
#' more: a panel per argument with the mean of every configuration (small), and the mean over
#' configurations with the same value (line). The best configuration is marked by a diamond (in a
#' map, a frame), the simplest within one standard error of it, which [select_model()] takes by
#' `"one_se"`, by a square (a dashed frame); the dashed line is one standard error below the best.
#' Where `arguments` leaves some out
#' that were tuned, means are over their values.
#'
#' @param object A result of [poems_tune()].
#' @param arguments Names of the arguments to draw, `NULL` for all that have more than one value.
#' @param metric Which measure to draw, see [poems_tune()]; `NULL` for that which ranks.
#' @param ... Not used.
#' @return A [ggplot2::ggplot] object. Its data has one row per repeat, per value of two arguments,
#'   or per configuration and panel.
#' @section Errors:
#' Names of arguments that were not tuned, and no configuration with all its repeats done.
#' @source Written for this package.
#' @family figures
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:20, ])
#' tuned <- poems_tune(omics, factors = c(2, 4, 8), repeats = 2, seed = 21,
#'                     control = list(epochs = 20, threads = 1))
#' ggplot2::autoplot(tuned)
#' @exportS3Method ggplot2::autoplot
autoplot.poems_tuned <- function(object, arguments = NULL, metric = NULL, ...) {
  rlang::check_installed("ggplot2", "to plot a tuning.")
  rlang::check_dots_empty()
  metric <- if (is.null(metric)) object$settings$metric else arg_match(metric, tuned_metrics)
  object$settings$metric <- metric
  tuned <- names(object$grid)[vapply(object$grid, \(x) length(unique(as.list(x))) > 1, NA)]
  if (length(tuned) == 0) tuned <- names(object$grid)
  if (is.null(arguments)) arguments <- tuned
  arguments <- arg_match(arguments, names(object$grid), multiple = TRUE)
  jobs <- job_table(object)
  table <- configuration_table(object, jobs)
  if (!any(table$best)) {
    cli::cli_abort("There is nothing to plot: no configuration has all its repeats done.")
  }
  table$value <- table[[metric]]
  table <- table[table$repeats == object$settings$repeats & !is.na(table$value), ]
  jobs <- jobs[jobs$configuration %in% table$configuration, ]
  figure <- if (length(arguments) == 2) {
    draw_tuned_map(object, table, arguments)
  } else if (length(arguments) == 1 && identical(arguments, tuned)) {
    draw_tuned_line(object, table, jobs, arguments)
  } else {
    draw_tuned_panels(object, table, arguments)
  }
  figure <- figure + theme_poems() + ggplot2::theme(legend.position = "bottom")
  if (length(arguments) != 2) return(figure)
  figure + ggplot2::theme(panel.grid = ggplot2::element_blank())
}

# Values of a tuned argument as text, in order of the numbers or as they were given.
setting_levels <- function(column) {
  labels <- vapply(column, setting_label, "")
  factor(labels, unique(labels[if (is.numeric(column)) order(column) else seq_along(column)]))
}

choice_colour <- "#D55E00"
choice_shapes <- c(best = 18, "simplest within one SE" = 0)

# The configurations that the two rules choose, a row each.
chosen_rows <- function(table) {
  rows <- rbind(cbind(table[table$best, ], rule = rep("best", sum(table$best))),
                cbind(table[table$one_se, ],
                      rule = rep("simplest within one SE", sum(table$one_se))))
  rows$rule <- factor(rows$rule, names(choice_shapes))
  rows
}

mark_choices <- function(rows, mapping) {
  list(
    ggplot2::geom_point(mapping, data = rows, colour = choice_colour, stroke = 1,
                        size = ifelse(rows$rule == "best", 4.5, 5)),
    ggplot2::scale_shape_manual(values = choice_shapes, name = NULL)
  )
}

one_se_line <- function(object, table) {
  least <- (table$value - table[[paste0(object$settings$metric, "_se")]])[table$best]
  if (is.na(least)) return(NULL)
  ggplot2::geom_hline(yintercept = least, linetype = "dashed", colour = "grey50", linewidth = 0.4)
}

tuned_labels <- function(object, subtitle, ...) {
  sentence <- metric_sentences[[object$settings$metric]]
  ggplot2::labs(title = paste0(toupper(substr(sentence, 1, 1)), substring(sentence, 2)),
                subtitle = subtitle, ...)
}

draw_tuned_line <- function(object, table, jobs, argument) {
  metric <- object$settings$metric
  levels <- levels(setting_levels(object$grid[[argument]]))
  place <- \(column) factor(vapply(column, setting_label, ""), levels)
  jobs <- data.frame(at = place(jobs[[argument]]), value = jobs[[metric]], fold = jobs$fold)
  table$at <- place(table[[argument]])
  table$se <- table[[paste0(metric, "_se")]]
  ggplot2::ggplot(jobs, ggplot2::aes(.data$at, .data$value)) +
    one_se_line(object, table) +
    ggplot2::geom_line(ggplot2::aes(group = .data$fold), colour = "grey80", linewidth = 0.4) +
    ggplot2::geom_point(colour = "grey60", size = 1.5, shape = 16) +
    ggplot2::geom_linerange(
      ggplot2::aes(ymin = .data$value - .data$se, ymax = .data$value + .data$se), data = table,
      colour = omic_palette[5], linewidth = 0.8, na.rm = TRUE
    ) +
    ggplot2::geom_line(ggplot2::aes(group = 1), data = table, colour = omic_palette[5]) +
    ggplot2::geom_point(data = table, colour = omic_palette[5], size = 2.5) +
    mark_choices(chosen_rows(table), ggplot2::aes(shape = .data$rule)) +
    tuned_labels(object, "Grey: repeats. Blue: their mean and its standard error.", x = argument,
                 y = metric_titles[[metric]])
}

draw_tuned_panels <- function(object, table, arguments) {
  # Values of different arguments may look alike: each has a level of its own.
  own <- lapply(arguments, \(name) setting_levels(object$grid[[name]])[table$configuration])
  labels <- unlist(lapply(own, levels))
  levels <- paste(rep(seq_along(own), lengths(lapply(own, levels))), labels)
  rows <- do.call(rbind, lapply(seq_along(own), \(i) {
    data.frame(table[c("configuration", "value", "best", "one_se")],
               argument = factor(arguments[i], arguments),
               at = factor(paste(i, own[[i]]), levels))
  }))
  means <- stats::aggregate(value ~ argument + at, rows, mean)
  ggplot2::ggplot(rows, ggplot2::aes(.data$at, .data$value)) +
    one_se_line(object, table) +
    ggplot2::geom_point(
      colour = "grey60", size = 1.3, shape = 16, alpha = 0.7,
      position = ggplot2::position_jitter(width = 0.12, height = 0, seed = 1)
    ) +
    ggplot2::geom_line(ggplot2::aes(group = .data$argument), data = means,
                       colour = omic_palette[5]) +
    ggplot2::geom_point(data = means, colour = omic_palette[5], size = 2.5) +
    mark_choices(chosen_rows(rows), ggplot2::aes(shape = .data$rule)) +
    ggplot2::facet_wrap(ggplot2::vars(.data$argument), scales = "free_x") +
    ggplot2::scale_x_discrete(labels = stats::setNames(labels, levels)) +
    tuned_labels(object, "Grey: configurations. Blue: mean over those with the same value.",
                 x = NULL, y = metric_titles[[object$settings$metric]])
}

draw_tuned_map <- function(object, table, arguments) {
  place <- \(name) setting_levels(object$grid[[name]])[table$configuration]
  table$x <- place(arguments[1])
  table$y <- place(arguments[2])
  cells <- stats::aggregate(value ~ x + y, table, mean)
  limits <- range(cells$value)
  if (diff(limits) == 0) limits <- limits + c(-0.5, 0.5)
  cells$ink <- ink_on(colours_at(cells$value, sequential, limits))
  rows <- chosen_rows(table)
  rows$size <- ifelse(rows$rule == "best", 0.96, 0.86)
  others <- anyDuplicated(table[c("x", "y")]) > 0
  ggplot2::ggplot(cells, ggplot2::aes(.data$x, .data$y)) +
    ggplot2::geom_tile(ggplot2::aes(fill = .data$value), colour = "white", linewidth = 0.8) +
    ggplot2::geom_text(ggplot2::aes(label = sprintf("%.3f", .data$value)), colour = cells$ink,
                       size = 3.2) +
    ggplot2::geom_tile(
      ggplot2::aes(linetype = .data$rule, width = .data$size, height = .data$size), data = rows,
      fill = NA, colour = choice_colour, linewidth = 1.2
    ) +
    ggplot2::scale_linetype_manual(values = stats::setNames(c("solid", "22"),
                                                            names(choice_shapes)), name = NULL) +
    ggplot2::scale_fill_gradientn(colours = sequential, limits = limits, guide = "none") +
    tuned_labels(object, if (others) "Mean over repeats and the other arguments." else
      "Mean over repeats.", x = arguments[1], y = arguments[2])
}
