# What benchmark_models() has found, as tables.

#' @rdname benchmark_models
#' @param object A result of `benchmark_models()`.
#' @param reference Name of the model that the others are compared with; `NULL` for `"pca"` if it is
#'   among them, or else the first.
#' @param ... Not used.
#' @export
summary.benchmark_models <- function(object, reference = NULL, ...) {
  rlang::check_dots_empty()
  reference <- choose_reference(reference, levels(object$runs$model))
  runs <- with_overall(object$runs)
  scores <- setdiff(names(runs), names(object$runs))
  scores <- c(benchmark_scores, scores)
  as_table(do.call(rbind, lapply(levels(runs$model), \(model) {
    do.call(rbind, lapply(scores, \(score) {
      cbind(
        model = factor(model, levels(runs$model)), score = factor(score, scores),
        describe_values(runs[runs$model == model, score]),
        paired_difference(runs, model, reference, score)
      )
    }))
  })))
}

#' @rdname benchmark_models
#' @export
print.benchmark_models <- function(x, reference = NULL, ...) {
  reference <- choose_reference(reference, levels(x$runs$model))
  table <- summary(x, reference)
  models <- levels(x$runs$model)
  about <- glance(x)
  cli::cat_line(cli::style_bold("Benchmark"), cli::pluralize(
    " of {about$models} model{?s}: {about$samples} samples in {about$groups} groups, ",
    "{about$splits} split{?s}, {length(unique(x$runs$seed))} seed{?s}"
  ))
  cli::cat_line()
  shown <- c(accuracy = "accuracy", nmi = "NMI", knn = "kNN", ari = "ARI")
  cells <- lapply(names(shown), \(score) spread_cells(table[table$score == score, ]))
  cat_table(c(list(model = models), stats::setNames(cells, shown)))
  cat_text("Mean (standard deviation) over splits and seeds, of test samples.")
  cli::cat_line()
  cat_differences(table[table$score == "overall", ], x$runs, reference)
  failed <- x$runs[!is.na(x$runs$error), ]
  if (nrow(failed) > 0) {
    cli::cat_line()
    cat_text(sprintf("%d of %d runs failed. The first error of each model:", nrow(failed),
                     nrow(x$runs)))
    cat_text(describe_failed(failed))
  }
  invisible(x)
}

spread_cells <- \(rows) ifelse(rows$runs == 0, "-", with_spread("%.2f", rows$mean, rows$sd, 2))

# "0.65 (0.04)"; the value alone where its spread is not known.
with_spread <- function(format, value, spread, digits) {
  paste0(sprintf(format, value), ifelse(is.na(spread), "", sprintf(" (%.*f)", digits, spread)))
}

# `rows`: those of summary() for the mean of accuracy, NMI and kNN.
cat_differences <- function(rows, runs, reference) {
  compared <- rows$splits > 0 & rows$model != reference
  seconds <- vapply(levels(runs$model), \(model) mean_known(runs$seconds[runs$model == model]), 0)
  cat_table(list(
    model = as.character(rows$model),
    overall = ifelse(rows$runs == 0, "-", sprintf("%.3f", rows$mean)),
    difference = ifelse(compared, with_spread("%+.3f", rows$difference, rows$se, 3), ""),
    better = ifelse(compared, sprintf("%d of %d", rows$better, rows$splits), ""),
    seconds = ifelse(is.na(seconds), "-", sprintf("%.1f", seconds))
  ))
  cat_text(sprintf(paste(
    "Overall: mean of accuracy, NMI and kNN. Difference to %s in the same split and with the same",
    "seed (standard error over splits); in how many splits the model is better. Seconds per run."
  ), reference))
}

#' @rdname benchmark_models
#' @export
tidy.benchmark_models <- function(x, ...) {
  rlang::check_dots_empty()
  runs <- x$runs
  row <- rep(seq_len(nrow(runs)), each = length(benchmark_scores))
  as_table(data.frame(
    runs[row, c("model", "split", "seed")],
    score = factor(rep(benchmark_scores, nrow(runs)), benchmark_scores),
    value = as.vector(t(as.matrix(runs[benchmark_scores]))),
    runs[row, c("seconds", "error")]
  ))
}

#' @rdname benchmark_models
#' @export
glance.benchmark_models <- function(x, ...) {
  rlang::check_dots_empty()
  overall <- with_overall(x$runs)
  means <- vapply(split(overall$overall, overall$model), mean_known, 0)
  as_table(data.frame(
    models = nlevels(x$runs$model), runs = nrow(x$runs), failed = sum(!is.na(x$runs$error)),
    samples = length(x$group), groups = nlevels(x$group), splits = length(x$splits),
    best = if (all(is.na(means))) NA_character_ else names(which.max(means))
  ))
}

choose_reference <- function(reference, models, call = rlang::caller_env()) {
  if (is.null(reference)) return(if ("pca" %in% models) "pca" else models[1])
  if (rlang::is_string(reference, models)) return(reference)
  cli::cli_abort(c(
    "{.arg reference} must be the name of a model in the benchmark.",
    "x" = "It is {describe(reference)}.",
    "i" = "There {?is/are} {quote_some(models)}."
  ), call = call)
}

with_overall <- function(runs) {
  runs$overall <- rowMeans(runs[c("accuracy", "nmi", "knn")])
  runs
}

describe_values <- function(values) {
  values <- values[!is.na(values)]
  data.frame(mean = mean_known(values), sd = stats::sd(values), runs = length(values))
}

# A model's scores minus those of the reference, over the splits in which both have some.
paired_difference <- function(runs, model, reference, score) {
  values <- lapply(c(model, reference), \(of) {
    runs <- runs[runs$model == of, ]
    tapply(runs[[score]], list(runs$split, runs$seed), mean)
  })
  difference <- rowMeans(values[[1]] - values[[2]], na.rm = TRUE)
  difference <- difference[!is.na(difference)]
  data.frame(
    difference = mean_known(difference), se = stats::sd(difference) / sqrt(length(difference)),
    better = sum(difference > 0), splits = length(difference)
  )
}
