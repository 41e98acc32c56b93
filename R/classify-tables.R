# What classify_samples() has found, as text, tables and a figure.

#' @export
print.poems_classes <- function(x, ...) {
  validated <- x$validated
  how <- c(elastic_net = "an elastic net", nearest = sprintf("%s nearest samples", x$k))[[x$method]]
  cli::cat_line(cli::style_bold("Classes"), cli::pluralize(
    " of {nrow(validated)} samples by {how} on {x$factors} factor{?s}"
  ))
  cli::cat_line()
  cat_measures(x$measures)
  cat_text(describe_validation(x))
  if (!is.null(x$predictions)) {
    cli::cat_line()
    cat_text(sprintf("Classified: %s.", count_labels(x$predictions$predicted)))
  }
  invisible(x)
}

cat_measures <- function(measures) {
  number <- \(values) ifelse(is.na(values), "-", sprintf("%.3f", values))
  cat_table(list(
    " " = measures$set, samples = format(measures$samples), accuracy = number(measures$accuracy),
    "largest label" = number(measures$largest), "balanced error" = number(measures$balanced_error),
    AUC = number(measures$auc)
  ))
}

describe_validation <- function(x) {
  label <- x$validated$label
  c(
    sprintf("Labels: %s. By chance, the balanced error is %.3f and the AUC 0.5.",
            count_labels(label), 1 - 1 / nlevels(label)),
    sprintf("Cross-validated in %d folds, seed %d. %s", x$folds, x$seed, if (x$refitted) {
      "The model was fitted again in every fold, without the samples held out."
    } else {
      paste("The model was not fitted again: samples held out had a part in the embedding, without",
            "their labels. `x =` fits again.")
    })
  )
}

# "Basal 45, Her2 30"
count_labels <- function(label) {
  count <- table(label)
  toString(paste(names(count), count))
}

#' @rdname classify_samples
#' @export
tidy.poems_classes <- function(x, what = c("measures", "confusion", "validated", "predictions"),
                               ...) {
  rlang::check_dots_empty()
  what <- arg_match(what)
  table <- switch(what, confusion = confusion_rows(x), x[[what]])
  if (is.null(table)) table <- x$validated[0, setdiff(names(x$validated), "fold")]
  as_table(table)
}

#' @rdname classify_samples
#' @export
glance.poems_classes <- function(x, ...) {
  rlang::check_dots_empty()
  as_table(cbind(
    x$measures[1, names(x$measures) != "set"], labels = nlevels(x$validated$label),
    method = x$method, folds = x$folds, refitted = x$refitted, factors = x$factors, seed = x$seed
  ))
}

# One row per set, label and prediction.
confusion_rows <- function(x) {
  new <- x$predictions[!is.na(x$predictions$label), ]
  sets <- list("cross-validation" = x$validated, "new samples" = if (NROW(new) > 0) new)
  do.call(rbind, Map(\(rows, set) {
    count <- table(label = rows$label, predicted = rows$predicted)
    data.frame(set = factor(set, names(sets)), as.data.frame(count, responseName = "samples"),
               share = as.vector(count / rowSums(count)))
  }, Filter(length, sets), names(Filter(length, sets)))) |> `rownames<-`(NULL)
}

#' @rdname classify_samples
#' @exportS3Method ggplot2::autoplot
autoplot.poems_classes <- function(object, ...) {
  rlang::check_installed("ggplot2", "to plot classes.")
  rlang::check_dots_empty()
  values <- confusion_rows(object)
  accuracy <- stats::setNames(
    sprintf("%s\nn = %d, accuracy %s", object$measures$set, object$measures$samples,
            percent(object$measures$accuracy, 1)), object$measures$set
  )
  ggplot2::ggplot(values, ggplot2::aes(.data$predicted, .data$label, fill = .data$share)) +
    ggplot2::geom_tile(colour = "white", linewidth = 0.5) +
    ggplot2::geom_text(ggplot2::aes(
      label = .data$samples, colour = ifelse(.data$share > 0.5, "white", "black")
    ), size = min(4, 25 / nlevels(values$label)), na.rm = TRUE) +
    ggplot2::facet_wrap(ggplot2::vars(.data$set), labeller = ggplot2::as_labeller(accuracy)) +
    ggplot2::scale_x_discrete(labels = shorten, expand = c(0, 0)) +
    ggplot2::scale_y_discrete(limits = rev(levels(values$label)), labels = shorten,
                              expand = c(0, 0)) +
    ggplot2::scale_fill_gradientn(
      colours = sequential, limits = c(0, 1), labels = percent, na.value = "grey90"
    ) +
    ggplot2::scale_colour_identity() +
    ggplot2::labs(title = "True and predicted labels", x = "Predicted", y = "True",
                  fill = "Share of\nthe label") +
    theme_poems() +
    ggplot2::theme(aspect.ratio = 1, panel.grid = ggplot2::element_blank(), strip.clip = "off",
                   axis.text.x = ggplot2::element_text(angle = 45, hjust = 1))
}
