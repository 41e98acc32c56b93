#' Print and summarise a fit
#'
#' `print()` shows what was fitted to what, how well, the factors that explain most, and how
#' training ended; `summary()` adds the call, the weight of each omic, the losses and the settings.
#'
#' @param object,x A fit from [poems()], or its summary.
#' @param ... Not used.
#'
#' @return `print()` returns its argument invisibly. `summary()` returns a list of class
#'   `summary.poems` with `call`, `samples` (their number), `factors` (as asked for), `factors_used`
#'   (the number in use), `covariates` (their names), `groups` (`NULL`, or a list of the `name` they
#'   go by, `taken`, per omic the share of the features' variance that the groups' means were, and
#'   `variance`, what [variance_explained()] returns by group, with `samples`, their number),
#'   `weights` (of omics, or `NULL`), `subset` (what [subset_fit()] has taken it from, or `NULL`),
#'   `sets` (what [tidy(object, "sets")][tidy.poems] returns, or `NULL`), `variance` (what
#'   [variance_explained()] returns), `contributions` (omics x factors, means of [contributions()]
#'   over the samples that have all omics), `bend` (per omic, the share of what the decoders explain
#'   that is not linear in the factors), `sparsity` (a list: `features` and `factors`, the numbers
#'   of features and of factors in use; `features_per_factor`, the median, min and max over these
#'   factors of the features with a loading that is not zero; `factors_per_feature`, the median over
#'   features of such factors), `training` (a list)
#'   and `omics`, a data frame with one row per omic:
#'   * `omic`, `family`, `features` and `samples` (numbers of each);
#'   * `training` and `validation`: share of variance explained in samples in training and held
#'     out, `NA` where no such sample has the omic;
#'   * `hidden`: share of the variance of hidden values that is predicted from what else is known of
#'     a sample, as [impute()] does, by a description that has not seen these samples; `NA` of omics
#'     that are not Gaussian and of cohorts of fewer than 30 samples;
#'   * `zero`: share of the loadings of factors in use that are exactly zero;
#'   * `gate`: mean gate over the samples that have the omic.
#'
#' @section Errors:
#' None.
#'
#' @inherit latent references
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' fit
#' summary(fit)$omics
#' @name print.poems
NULL

#' @rdname print.poems
#' @export
print.poems <- function(x, ...) {
  overview <- summary(x)
  cat_heading(overview)
  cat_omics(overview$omics, gate = FALSE)
  cat_variance(overview$variance)
  cat_contributions(overview$contributions)
  cat_groups(overview$groups)
  cat_sets(overview$sets)
  cli::cat_line()
  cat_text(describe_subset(overview$subset))
  cat_covariates(overview$covariates)
  cat_weights(overview$weights)
  cat_text(describe_sparsity(overview$sparsity))
  cat_text(describe_bend(overview$bend))
  cat_text(describe_training(overview$training))
  cat_text(sprintf(
    "Objective \"%s\", seed %d%s.", overview$training$objective, overview$training$seed,
    describe_backend(overview$training)
  ))
  invisible(x)
}

#' @rdname print.poems
#' @export
summary.poems <- function(object, ...) {
  check_fit(object, arg = "object")
  structure(
    list(
      call = object$call,
      samples = length(object$samples),
      factors = object$config$factors,
      factors_used = object$factors,
      covariates = setdiff(all.vars(object$covariates$terms), object$covariates$groups$variable),
      groups = group_summary(object),
      weights = omic_weights(object),
      subset = object$subset,
      sets = object$sets$table,
      variance = object$explained$factor,
      contributions = mean_contributions(object),
      bend = object$bend,
      sparsity = sparsity_of(object),
      omics = do.call(rbind, lapply(names(object$omics), \(omic) omic_summary(object, omic))),
      training = training_summary(object)
    ),
    class = "summary.poems"
  )
}

#' @rdname print.poems
#' @export
print.summary.poems <- function(x, ...) {
  cat_heading(x)
  cat_text(paste("Call:", paste(trimws(deparse(x$call)), collapse = " ")))
  cli::cat_line()
  cat_omics(x$omics, gate = TRUE)
  cat_variance(x$variance)
  cat_contributions(x$contributions)
  cat_groups(x$groups)
  cat_sets(x$sets)
  cli::cat_line()
  cat_text(describe_subset(x$subset))
  cat_covariates(x$covariates)
  cat_weights(x$weights)
  cat_text(describe_sparsity(x$sparsity))
  cat_text(describe_bend(x$bend))
  cat_text(describe_training(x$training))
  cat_text(describe_losses_kept(x$training))
  cat_text(describe_settings(x$training))
  invisible(x)
}

omic_summary <- function(fit, omic) {
  loadings <- fit$loadings[[omic]]
  samples <- fit$omics[[omic]]$samples
  explained <- fit$variance[fit$variance$omic == omic, ]
  data.frame(
    omic = omic,
    family = fit$omics[[omic]]$family,
    features = nrow(loadings),
    samples = length(samples),
    training = explained$r2[match("training", explained$set)],
    validation = explained$r2[match("validation", explained$set)],
    hidden = hidden_r2(fit)[[omic]],
    zero = na_for_nan(1 - length(loadings@x) / length(loadings)),
    gate = mean(fit$gates[samples, omic])
  )
}

# Per omic, the share of the variance of hidden values that the fit predicts, see check_on_hidden();
# NA where predictions are not those of the remainder.
hidden_r2 <- function(fit) {
  r2 <- fit$remainder$hidden
  if (is.null(r2)) r2 <- rep(NA_real_, length(fit$omics))
  r2[vapply(fit$omics, `[[`, "", "family") != "gaussian"] <- NA
  stats::setNames(r2, names(fit$omics))
}

training_summary <- function(fit) {
  kept <- fit$history[fit$history$epoch == fit$best_epoch, ]
  c(
    fit[c("stopped", "best_epoch", "all_samples", "seconds", "seed", "scaling", "version")],
    list(
      epochs_run = nrow(fit$history), held_out = length(fit$validation),
      training_loss = kept$training, validation_loss = kept$validation
    ),
    fit$control[intersect(
      c("objective", "epochs", "patience", "batch_size", "learning_rate", "weight_decay",
        "dropout", "hidden", "lambda0", "lambda1", "backend", "device"), names(fit$control)
    )]
  )
}

# Columns of a terminal that everything printed fits, or fewer where it has fewer.
line_width <- 80

printed_width <- \() min(line_width, cli::console_width())

cat_heading <- function(overview) {
  cli::cat_line(cli::style_bold("POEMS fit"), cli::pluralize(
    ": {overview$samples} sample{?s}, {nrow(overview$omics)} omic{?s}, ",
    "{overview$factors_used} of {overview$factors} factor{?s} in use"
  ))
  cli::cat_line()
}

cat_omics <- function(omics, gate) {
  r2 <- if (cli::is_utf8_output()) "R\u00b2" else "R2"
  columns <- list(omic = omics$omic)
  columns$features <- format(omics$features)
  columns$samples <- format(omics$samples)
  columns[[paste(r2, "training")]] <- percent(omics$training)
  if (!all(is.na(omics$validation))) columns[[paste(r2, "held out")]] <- percent(omics$validation)
  if (!all(is.na(omics$hidden))) columns[[paste(r2, "hidden")]] <- percent(omics$hidden)
  columns[["zero loadings"]] <- percent(omics$zero, digits = 1)
  if (gate) columns[["gate"]] <- format(round(omics$gate, 2), nsmall = 2)
  cat_table(columns)
  cat_families(omics)
}

# Gaussian omics go without saying.
cat_families <- function(omics) {
  others <- omics[omics$family != "gaussian", ]
  if (nrow(others) == 0) return(invisible())
  named <- sprintf("%s (%s)", others$omic, sub("_", " ", others$family))
  cat_text(sprintf("Not Gaussian: %s.", toString(named)))
}

cat_covariates <- function(names) {
  if (length(names) > 0) cat_text(sprintf("Free of linear effects of %s.", toString(names)))
}

group_summary <- function(fit) {
  of <- groups_of_fit(fit)
  if (is.null(of)) return(NULL)
  variance <- fit$explained$group
  has <- membership(fit)
  variance$samples <- mapply(\(omic, group) sum(has[of == group, omic]), variance$omic,
                             variance$group)
  groups <- fit$covariates$groups
  list(name = groups$variable, taken = groups$taken, variance = variance)
}

# What the groups' means were, and what factors explain in the first of them.
cat_groups <- function(groups) {
  if (is.null(groups)) return(invisible())
  variance <- groups$variance
  names <- unique(variance$group)
  shown <- utils::head(names, most_factors_printed)
  columns <- lapply(stats::setNames(shown, shown), \(name) {
    percent(variance$r2[variance$group == name])
  })
  omics <- unique(variance$omic)
  cli::cat_line()
  called <- if (groups$name == "groups") "" else sprintf(" (%s)", groups$name)
  cat_text(sprintf("Means of %d groups%s are taken out; variance explained within groups:",
                   length(names), called))
  cat_table(c(list(omic = omics, "taken out" = percent(groups$taken[omics])), columns))
  hidden <- length(names) - length(shown)
  if (hidden > 0) {
    cat_text(sprintf("and %d more: see variance_explained(fit, by = \"group\")", hidden))
  }
}

# What is left out of a part of a fit, and what its numbers are of.
describe_subset <- function(whole) {
  if (is.null(whole)) return(NULL)
  sprintf(
    paste("Part of a fit of %d samples, %d omics and %d factors in use: what is explained, and",
          "training, are those of the whole fit."),
    whole$samples, length(whole$omics), length(whole$factors)
  )
}

cat_weights <- function(weights) {
  if (is.null(weights)) return(invisible())
  cat_text(sprintf("Omics count %s.", toString(sprintf("%s %g", names(weights), weights))))
}

most_factors_printed <- 5

# The factors that explain most, one column each.
cat_variance <- function(variance) {
  shown <- utils::head(unique(variance$factor), most_factors_printed)
  if (length(shown) == 0) return(invisible())
  columns <- lapply(stats::setNames(shown, shown), \(name) {
    percent(variance$r2[variance$factor == name], digits = 1)
  })
  cli::cat_line()
  cli::cat_line("Variance explained by the factors that explain most:")
  cat_table(c(list(omic = unique(variance$omic)), columns))
}

# The same factors: how much each omic tells of them.
cat_contributions <- function(means) {
  shown <- utils::head(colnames(means), most_factors_printed)
  if (length(shown) == 0 || nrow(means) < 2) return(invisible())
  columns <- lapply(stats::setNames(shown, shown), \(name) percent(means[, name]))
  cli::cat_line()
  cli::cat_line("What is known of these factors, by omic (mean over samples):")
  cat_table(c(list(omic = rownames(means)), columns))
}

# The first column to the left, shortened where the table would be too wide; others to the right,
# and those that find no room below, beside the first once more.
shortest_first <- 10L

cat_table <- function(columns) {
  cells <- Map(c, names(columns), columns)
  widths <- vapply(cells, \(cell) max(cli::ansi_nchar(cell, "width")), 0L)
  room <- printed_width() - min(widths[1], shortest_first)
  fits <- max(sum(cumsum(widths[-1] + 2L) <= room), 1L)
  if (fits < length(columns) - 1L) {
    cat_table(columns[seq_len(fits + 1L)])
    cli::cat_line()
    return(cat_table(columns[-(seq_len(fits) + 1L)]))
  }
  widths[1] <- min(widths[1], printed_width() - sum(widths[-1] + 2L))
  cells[[1]] <- cli::ansi_strtrim(cells[[1]], widths[1])
  align <- c("left", rep("right", length(cells) - 1))
  rows <- do.call(paste, c(unname(Map(cli::ansi_align, cells, widths, align)), sep = "  "))
  cli::cat_line(cli::style_bold(rows[1]))
  cli::cat_line(rows[-1])
}

cat_text <- function(text) {
  if (length(text) == 0) return(invisible())
  cli::cat_line(cli::ansi_strwrap(text, width = printed_width()))
}

percent <- function(share, digits = 0) {
  # Adding 0 takes the sign off a rounded -0.
  ifelse(is.na(share), "-", sprintf("%.*f%%", digits, round(100 * share, digits) + 0))
}

describe_training <- function(training) {
  why <- switch(training$stopped,
    converged = sprintf(
      "stopped when the held-out loss had not improved for %d epochs", training$patience
    ),
    epochs = "all were run",
    interrupted = "interrupted"
  )
  kept <- if (training$all_samples) {
    "Best was epoch %d: trained again so long, with all samples."
  } else {
    "Kept epoch %d."
  }
  sprintf(
    paste("Trained for %d of at most %d epochs in %s: %s.", kept),
    training$epochs_run, training$epochs, format_seconds(training$seconds), why, training$best_epoch
  )
}

describe_losses_kept <- function(training) {
  held_out <- if (training$held_out > 0) {
    sprintf(" and %.4g in %d held out", training$validation_loss, training$held_out)
  } else {
    ""
  }
  sprintf("Loss per sample: %.4g in training%s.", training$training_loss, held_out)
}

describe_settings <- function(training) {
  with(training, sprintf(
    paste(
      "Objective \"%s\", scaling \"%s\", seed %d, batches of %d, learning rate %g, weight decay",
      "%g, dropout %g, %d hidden units, lambda0 %g, lambda1 %g%s; omicpoems %s."
    ),
    objective, scaling, seed, batch_size, learning_rate, weight_decay, dropout, hidden, lambda0,
    lambda1, describe_backend(training), version
  ))
}

# The core, which fits of the first versions do not name, goes without saying.
describe_backend <- function(training) {
  if (!identical(training$backend, "torch")) return("")
  sprintf(", trained by torch (%s)", training$device)
}

format_seconds <- function(seconds) {
  if (seconds < 60) return(sprintf("%.2g s", seconds))
  minutes <- round(seconds / 60)
  if (minutes < 60) return(sprintf("%d min", minutes))
  sprintf("%d h %d min", minutes %/% 60, minutes %% 60)
}
