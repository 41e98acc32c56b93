# What poems_tune() has found, as tables and text, and which configuration it speaks for.

# One row per job.
job_table <- function(tuned) {
  jobs <- tuned$jobs
  measures <- do.call(rbind, lapply(tuned$results, \(result) {
    if (is.null(result)) failed_measures(NA_character_) else result$measures
  }))
  cbind(
    jobs, as.data.frame(tuned$grid)[jobs$configuration, , drop = FALSE],
    measures[c("loglik", "r2", "hidden_omic")], stability = job_stability(tuned),
    measures[c("factors_used", "zero", "epochs", "seconds")],
    status = factor(status_of(tuned), c("done", "failed", "not run")), error = measures$error
  )
}

# Per job, the mean agreement of its factors with those of the other repeats.
job_stability <- function(tuned) {
  stability <- rep(NA_real_, nrow(tuned$jobs))
  for (same in split(seq_len(nrow(tuned$jobs)), tuned$jobs$configuration)) {
    places <- lapply(tuned$results[same], `[[`, "places")
    there <- !vapply(places, is.null, NA)
    same <- same[there]
    places <- places[there]
    if (length(same) < 2) next
    pairs <- utils::combn(length(same), 2)
    alike <- matrix(NA_real_, length(same), length(same))
    of_pairs <- apply(pairs, 2, \(pair) {
      places_agreement(places[[pair[1]]], places[[pair[2]]])
    })
    alike[t(pairs)] <- alike[t(pairs[2:1, , drop = FALSE])] <- of_pairs
    stability[same] <- rowMeans(alike, na.rm = TRUE)
  }
  stability
}

# One row per configuration, in order of their numbers.
configuration_table <- function(tuned, jobs = job_table(tuned)) {
  of <- factor(jobs$configuration, seq_along(tuned$arguments))
  done <- jobs$status == "done"
  by_configuration <- \(values, f) {
    vapply(split(values[done], of[done]), \(x) as.numeric(f(x)), 0, USE.NAMES = FALSE)
  }
  means <- lapply(tuned_metrics, \(metric) {
    stats::setNames(
      list(by_configuration(jobs[[metric]], \(x) na_for_nan(mean(x))),
           by_configuration(jobs[[metric]], \(x) stats::sd(x) / sqrt(length(x)))),
      c(metric, paste0(metric, "_se"))
    )
  })
  numbers <- lapply(stats::setNames(nm = c("factors_used", "zero", "epochs", "seconds")), \(name) {
    by_configuration(jobs[[name]], \(x) na_for_nan(mean(x)))
  })
  table <- data.frame(configuration = seq_along(tuned$arguments))
  table <- cbind(table, tuned$grid, repeats = as.integer(by_configuration(jobs$fold, length)),
                 as.data.frame(unlist(means, recursive = FALSE)), as.data.frame(numbers))
  choice <- choose_configurations(tuned, table)
  table$best <- table$configuration %in% choice[["best"]]
  table$one_se <- table$configuration %in% choice[["one_se"]]
  table
}

# Numbers of the configurations that either rule chooses; NA where there is none. `table`: that of
# configurations, with means.
choose_configurations <- function(tuned, table) {
  metric <- tuned$settings$metric
  mean <- table[[metric]]
  mean[table$repeats < tuned$settings$repeats] <- NA
  best <- which.max(mean)
  if (length(best) == 0) return(c(best = NA_integer_, one_se = NA_integer_))
  least <- mean[best] - table[[paste0(metric, "_se")]][best]
  near <- if (is.na(least)) integer() else which(mean >= least)
  simple <- near[do.call(order, c(unname(complexity(tuned)[near, , drop = FALSE]),
                                  list(-mean[near])))]
  c(best = best, one_se = if (length(simple) > 0) simple[1] else NA_integer_)
}

# What makes a configuration simpler, the first column first: less of it.
complexity <- function(tuned) {
  of <- \(name) vapply(tuned$arguments, \(a) as.numeric(a$control[[name]]), 0)
  data.frame(
    factors = vapply(tuned$arguments, `[[`, 0L, "factors"), lambda0 = -of("lambda0"),
    lambda1 = -of("lambda1"), hidden = of("hidden"), dropout = -of("dropout"),
    weight_decay = -of("weight_decay")
  )
}

# What to expect of new samples: every repeat is measured by the configuration that is best in those
# which share no held-out sample with it.
honest_mean <- function(tuned, jobs = job_table(tuned)) {
  metric <- tuned$settings$metric
  if (metric == "stability") return(NA_real_)
  value <- matrix(NA_real_, length(tuned$held), length(tuned$arguments))
  value[cbind(jobs$fold, jobs$configuration)] <- jobs[[metric]]
  value <- value[, colSums(is.na(value)) == 0, drop = FALSE]
  if (ncol(value) == 0) return(NA_real_)
  measured <- vapply(seq_along(tuned$held), \(fold) {
    apart <- vapply(tuned$held, \(held) !any(held %in% tuned$held[[fold]]), NA)
    if (!any(apart)) return(NA_real_)
    value[fold, which.max(colMeans(value[apart, , drop = FALSE]))]
  }, 0)
  mean_known(measured)
}

omic_table <- function(tuned) {
  rows <- Map(\(result, i) {
    if (is.null(result$omics)) return(NULL)
    cbind(tuned$jobs[i, c("configuration", "fold")], result$omics, row.names = NULL)
  }, tuned$results, seq_along(tuned$results))
  table <- do.call(rbind, rows)
  if (is.null(table)) {
    return(data.frame(configuration = integer(), fold = integer(), omic = factor(),
                      values = numeric(), loglik = numeric(), r2 = numeric(),
                      hidden_omic = numeric()))
  }
  table$omic <- factor(table$omic, unique(table$omic))
  table
}

#' @param what Which table: see Value.
#' @rdname poems_tune
#' @export
tidy.poems_tuned <- function(x, what = c("configurations", "jobs", "omics"), ...) {
  what <- arg_match(what)
  rlang::check_dots_empty()
  as_table(switch(what,
    configurations = best_first(configuration_table(x), x$settings$metric),
    jobs = job_table(x), omics = omic_table(x)
  ))
}

best_first <- \(table, metric) table[order(!table$best, -table[[metric]]), , drop = FALSE]

#' @rdname poems_tune
#' @export
glance.poems_tuned <- function(x, ...) {
  rlang::check_dots_empty()
  jobs <- job_table(x)
  table <- configuration_table(x, jobs)
  metric <- x$settings$metric
  best <- match(TRUE, table$best)
  as_table(data.frame(
    configurations = nrow(table), repeats = x$settings$repeats, jobs = nrow(jobs),
    failed = sum(jobs$status == "failed"), not_run = sum(jobs$status == "not run"),
    metric = metric, best = best, one_se = match(TRUE, table$one_se),
    mean = table[[metric]][best], se = table[[paste0(metric, "_se")]][best],
    honest = honest_mean(x, jobs), seconds = sum(jobs$seconds, na.rm = TRUE),
    seed = x$settings$seed
  ))
}

# Printing ---------------------------------------------------------------------------------------

metric_titles <- c(loglik = "log-likelihood", r2 = "R2", hidden_omic = "hidden omic",
                   stability = "stability")
metric_sentences <- c(
  loglik = "held-out log-likelihood (per hidden value)",
  r2 = "held-out R2 (of hidden values, mean over omics)",
  hidden_omic = "held-out R2 of an omic hidden as a whole (mean over omics)",
  stability = "stability of factors between repeats"
)

most_configurations_shown <- 5

#' @export
print.poems_tuned <- function(x, ...) {
  settings <- x$settings
  jobs <- job_table(x)
  table <- configuration_table(x, jobs)
  cli::cat_line(cli::style_bold("Tuning of POEMS"), cli::pluralize(
    ": {nrow(table)} configuration{?s}, {settings$repeats} repeat{?s}, {settings$samples} samples"
  ))
  cat_text(sprintf("Ranked by %s.", metric_sentences[[settings$metric]]))
  cli::cat_line()
  cat_configurations(utils::head(best_first(table, settings$metric), most_configurations_shown), x)
  hidden <- nrow(table) - most_configurations_shown
  if (hidden > 0) cli::cat_line(cli::pluralize("and {hidden} more configuration{?s}"))
  cli::cat_line()
  cat_text(describe_choice(x, table, jobs))
  cat_text(describe_status(x, jobs))
  cat_text(sprintf("Each repeat holds out one of %d parts of the samples. Seed %d.",
                   settings$folds, settings$seed))
  invisible(x)
}

cat_configurations <- function(rows, x) {
  number <- \(values) ifelse(is.na(values), "-", sprintf("%.3f", values))
  metric <- x$settings$metric
  others <- setdiff(tuned_metrics, metric)
  columns <- c(
    list(" " = paste0(rows$configuration, ifelse(rows$best, " best", ""),
                      ifelse(rows$one_se, " 1SE", ""))),
    lapply(as.list(rows[names(x$grid)]), \(column) vapply(column, setting_label, "")),
    stats::setNames(list(number(rows[[metric]]), number(rows[[paste0(metric, "_se")]])),
                    c(metric_titles[[metric]], "SE")),
    list("in use" = ifelse(is.na(rows$factors_used), "-", sprintf("%.1f", rows$factors_used))),
    stats::setNames(lapply(others, \(name) number(rows[[name]])), metric_titles[others])
  )
  cat_table(columns)
}

# A value of an argument as text.
setting_label <- function(value) {
  if (length(value) == 1 && is.numeric(value)) return(format(value, digits = 6, scientific = 2))
  if (is.null(names(value))) return(toString(value))
  paste(names(value), vapply(value, format, "", digits = 6), sep = "=", collapse = " ")
}

describe_choice <- function(x, table, jobs) {
  best <- match(TRUE, table$best)
  if (is.na(best)) return("No configuration has all its repeats done: none can be chosen.")
  metric <- x$settings$metric
  one_se <- match(TRUE, table$one_se)
  honest <- honest_mean(x, jobs)
  c(
    if (!is.na(one_se)) {
      sprintf("Best: configuration %d. Simplest within one standard error (SE) of it: %d.", best,
              one_se)
    } else {
      sprintf("Best: configuration %d.", best)
    },
    if (is.na(honest)) {
      "The figure of the best is that on the samples which chose it, and so a little too good."
    } else if (honest == table[[metric]][best]) {
      sprintf("Every repeat would have been given it by the others: expect %.3f of new samples.",
              honest)
    } else {
      sprintf(paste("Expect %.3f of new samples: the best's %.3f is that on the samples which",
                    "chose it, and so a little too good."), honest, table[[metric]][best])
    }
  )
}

describe_status <- function(x, jobs) {
  failed <- sum(jobs$status == "failed")
  missing <- sum(jobs$status == "not run")
  c(
    if (failed > 0) sprintf("%d of %d jobs failed: tidy(x, \"jobs\") has their errors.", failed,
                            nrow(jobs)),
    if (missing > 0) cli::pluralize("{missing} of {nrow(jobs)} jobs {cli::qty(missing)}{?was/were}",
                                    " not run: poems_tune(x) runs them.")
  )
}
