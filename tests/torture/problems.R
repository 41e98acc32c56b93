# Random problems: data of random shapes, families, gaps and settings, fitted and read.
#
#   Rscript tests/torture/problems.R seed=1 count=50
#
# Beside the outcomes of outcome_of(), `unfinished` means that a fit is not whole, or that what it
# says is not finite.

random_problem <- function(seed) {
  set.seed(seed)
  omics <- sample(1:3, 1)
  family <- sample(c("gaussian", "bernoulli", "negative_binomial", "poisson"), omics, TRUE)
  names(family) <- letters[seq_len(omics)]
  features <- stats::setNames(sample(3:40, omics, TRUE), names(family))
  x <- omicpoems::simulate_omics(
    sample(12:80, 1), features, factors = sample(1:3, 1), seed = seed, family = family,
    noise = sample(c(0.05, 0.5, 0.95), 1), missing_values = sample(c(0, 0.2), 1),
    missing_omics = if (omics > 1) sample(c(0, 0.3), 1) else 0
  )$omics
  gaussian <- names(family)[family == "gaussian"]
  for (omic in gaussian) x[[omic]] <- x[[omic]] * sample(c(1e-8, 1, 1e8), 1)
  control <- list(
    epochs = sample(c(1, 5, 40), 1), hidden = sample(c(1:3, 10, 50), 1), threads = 1,
    validation = sample(c(0, 0.1, 0.3), 1), learning_rate = sample(c(5e-4, 5e-3, 0.1), 1),
    weight_decay = sample(c(0, 1e-4, 100), 1), start = sample(c("linear", "random"), 1),
    progress = FALSE
  )
  list(x = x, factors = sample(1:8, 1), seed = seed, control = control)
}

fit_problem <- function(problem) {
  got <- outcome_of(function() {
    fit <- do.call(omicpoems::poems, problem)
    said <- list(
      latent(fit), latent(fit, scaled = TRUE), gates(fit), predict(fit, problem$x),
      predict(fit, type = "reconstruction"), predict(fit, problem$x, type = "reconstruction"),
      # Features that do not vary are not in the fit, and keep their gaps.
      list(impute(fit, problem$x)[[1]][fit$omics[[1]]$features, ])
    )
    utils::capture.output(print(fit))
    all(is.finite(unlist(said)))
  })
  if (got$outcome %in% c("value", "warned") && !isTRUE(got$value)) got$outcome <- "unfinished"
  data.frame(outcome = got$outcome, text = if (is.null(got$text)) "" else got$text[1])
}

if (sys.nframe() == 0L) {
  suppressPackageStartupMessages(library(omicpoems))
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
  source(file.path(here, "outcomes.R"))
  given <- arguments(seed = 1L, count = 50L)
  rows <- lapply(given$seed + seq_len(given$count) - 1L, function(seed) {
    got <- as.data.frame(in_child(function() fit_problem(random_problem(seed))))
    data.frame(call = sprintf("problem %d", seed), got[c("outcome", "text")])
  })
  report_outcomes(do.call(rbind, rows), c("crash", "cpp", "raw", "unfinished"))
}
