# Finite in, finite out: what makes numbers of a fit meaningless is an error or said in a warning,
# with what to do.

# Squares of larger values, and sums of these, are not finite.
largest_value <- 1e100

check_magnitude <- function(lowest, highest, omic, arg, call) {
  largest <- max(abs(c(lowest, highest)))
  if (!is.finite(largest) || largest < largest_value) return(invisible())
  cli::cli_abort(c(
    "Values in {.arg {arg}} must be smaller than {largest_value}.",
    "x" = "Omic {quote_some(omic)} has {signif(largest, 3)}.",
    "i" = "Is this a code for missing values? Set these to {.code NA}, or divide the omic by a
           constant."
  ), call = call)
}

# Omics with many features that hardly vary, and those of which single samples decide. `cohort`:
# what read_omics() returns, which has told of those that are unlike all others; `omics`: what
# learn_scaling() returns.
warn_of_data <- function(cohort, omics, preprocess) {
  tell_of_little_variance(omics, preprocess)
  data <- cohort$data
  few <- names(data)[vapply(data, ncol, 0L) < fewest_samples]
  if (length(few) > 0) {
    cli::cli_warn(c(
      "Fewer than {fewest_samples} samples have {quote_some(few)}.",
      "i" = "So few can be explained by anything: do not trust its loadings and its R2; more samples
             are needed, or leave it out."
    ))
  }
  for (omic in setdiff(names(data), few)) {
    alone <- dominating_sample(data[[omic]], omics[[omic]])
    if (is.null(alone) || alone %in% cohort$unlike[[omic]]) next
    cli::cli_warn(c(
      "Sample {quote_some(alone)} has most of the variance of omic {quote_some(omic)}.",
      "i" = "The R2 of the omic is that of this sample. Is it in other units, or not normalised?
             Correct it or leave it out."
    ))
  }
}

# A sample with more than half of the variance of an omic that is Gaussian, all features having the
# same; NULL without any.
dominating_sample <- function(values, omic) {
  if (omic$family != "gaussian" || is_stored(values)) return(NULL)
  unit <- omic$scale * omic$sd
  x <- (values[omic$features, , drop = FALSE] - omic$center - omic$scale * omic$fill) / unit
  share <- colSums(x^2, na.rm = TRUE) / sum(x^2, na.rm = TRUE)
  if (max(share) > 0.5) names(which.max(share))
}

# Says where training did not do what training is for: its loss rose, or ended above where it began.
# A loss is measured in its own size, or in half a unit per value where it is small: it may be 0.
warn_of_losses <- function(history, best_epoch, control, features) {
  after <- history$epoch >= max(control$warmup, 1)
  loss <- history$training[after]
  kept <- loss[match(best_epoch, history$epoch[after])]
  if (length(loss) < 2) return(invisible())
  size <- max(abs(loss[1]), features / 2)
  rose <- max(loss) > loss[1] + 0.2 * size || isTRUE(kept > loss[1] + 0.02 * size)
  if (!rose) return(invisible())
  cli::cli_warn(c(
    "Training did not settle: its loss rose from {signif(loss[1], 3)} to {signif(max(loss), 3)}.",
    "i" = what_to_lower(control)
  ))
}

# What makes losses rise or not be finite, most likely.
what_to_lower <- function(control) {
  high <- c(
    weight_decay = control$weight_decay * control$learning_rate > 0.01,
    kl_weight = isTRUE(control$kl_weight > 100), learning_rate = control$learning_rate > 5e-3
  )
  lower <- names(high)[high]
  if (length(lower) == 0) lower <- "learning_rate"
  sprintf("Lower %s in {.arg control}, or look for extreme values in {.arg x}.",
          paste0("{.arg ", lower, "}", collapse = " and "))
}

# A linear start takes two units of the hidden layers for each factor, and one more.
warn_of_hidden <- function(control, factors) {
  started <- (control$hidden - 1L) %/% 2L
  if (control$start == "random" || started >= 1) return(invisible())
  cli::cli_warn(c(
    "{.arg hidden} is too small to start from a linear model: training starts at random.",
    "x" = "It is {control$hidden}; every factor takes two units, and there is one more.",
    "i" = "For {factors} factor{?s}, {.arg hidden} should be at least {2 * factors + 1}."
  ))
}

# Whether training ended with parameters and places of samples that are finite: those that are large
# enough may still make samples lie nowhere.
is_finite_training <- function(trained) {
  parts <- trained[intersect(c("parameters", "latent", "mode"), names(trained))]
  finite <- rapply(parts, \(x) is.finite(sum(x)) || all(is.finite(x)), how = "unlist")
  all(finite)
}

check_finite_training <- function(trained, control, call = rlang::caller_env()) {
  if (is_finite_training(trained)) return(invisible())
  cli::cli_abort(c(
    "Training ended with numbers that are not finite.",
    "i" = what_to_lower(control)
  ), call = call)
}
