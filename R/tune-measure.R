# One job of poems_tune(): a configuration fitted without the samples that a repeat holds out, and
# measured on these.

# How many samples are looked at to compare the factors of repeats.
most_compared_samples <- 200L

# `job`: the `arguments` of the configuration, the names `held` out and the `seed`; `cohort`: what
# all jobs share, see read_cohort(). Returns `measures` and `omics`, a row and a row per omic;
# `places`, where some of the samples lie, samples x factors; and `fit`, if it is to be kept. Where
# the fit fails, `measures` has nothing but the error.
do_job <- function(job, cohort) {
  started <- proc.time()[["elapsed"]]
  tryCatch({
    fit <- fit_job(job, cohort)
    found <- with_quiet(measure_fit(fit, cohort, job))
    found$measures$seconds <- proc.time()[["elapsed"]] - started
    c(found, list(fit = if (cohort$keep_fits) fit))
  }, error = \(e) list(measures = failed_measures(plain_message(e))))
}

with_quiet <- \(expr) suppressWarnings(suppressMessages(expr))

fit_job <- function(job, cohort) {
  train <- setdiff(cohort$samples, job$held)
  with_quiet(one_of_many(poems(
    omics_of(cohort$omics, train), factors = job$arguments$factors, scale = job$arguments$scale,
    seed = job$seed, control = job$arguments$control, family = cohort$family,
    covariates = cohort$design[train, , drop = FALSE], preprocess = cohort$preprocess,
    weights = job$arguments$weights
  )))
}

measure_fit <- function(fit, cohort, job) {
  held <- read_held(fit, cohort, job$held)
  hidden <- hidden_values(fit, held, job$seed)
  lacking <- hidden_omics(fit, held)
  omics <- do.call(rbind, lapply(names(fit$omics), \(omic) {
    of <- score_omic(fit, held, hidden[[omic]], omic)
    data.frame(omic = omic, values = of$values, loglik = of$loglik, r2 = of$r2,
               hidden_omic = score_omic(fit, held, lacking[[omic]], omic)$r2)
  }))
  measures <- data.frame(
    loglik = na_for_nan(stats::weighted.mean(omics$loglik, omics$values, na.rm = TRUE)),
    r2 = mean_known(omics$r2), hidden_omic = mean_known(omics$hidden_omic),
    factors_used = fit$factors, zero = na_for_nan(share_of_zeros(fit$loadings)),
    epochs = nrow(fit$history), seconds = NA_real_, error = NA_character_
  )
  compared <- read_held(fit, cohort, cohort$samples[spaced(length(cohort$samples),
                                                           most_compared_samples)])
  places <- project_samples(fit, compared, compared$design)
  list(measures = measures, omics = omics,
       places = unname(places$latent[, factors_in_use(fit), drop = FALSE]))
}

failed_measures <- function(error) {
  data.frame(loglik = NA_real_, r2 = NA_real_, hidden_omic = NA_real_, factors_used = NA_integer_,
             zero = NA_real_, epochs = NA_integer_, seconds = NA_real_, error = error)
}

# Samples as align_newdata() reads them for a fit, with the `design` of their covariates.
read_held <- function(fit, cohort, samples) {
  part <- omics_of(cohort$omics, samples)
  data <- align_newdata(fit$omics, part)
  data$data <- lapply(data$data, as.matrix)
  table <- cohort$design[data$samples, , drop = FALSE]
  data$design <- if (!is.null(fit$covariates)) new_design(fit, table, part, data$samples)
  data
}

# Predictions ------------------------------------------------------------------------------------

# What the decoders say of samples of which `seen`, a list by omic as in held$data, is known: per
# omic of the fit, features x held$samples on the scale of the link; NA of samples without anything
# known. A sample is decoded from where its values put it, omics that it lacks from the mean of its
# posterior.
predict_seen <- function(fit, held, seen) {
  known <- drop_empty_samples(seen)
  known <- known[vapply(known, ncol, 0L) > 0]
  samples <- union_of_samples(known)
  blank <- lapply(fit$omics, \(omic) {
    matrix(NA_real_, length(omic$features), length(held$samples),
           dimnames = list(omic$features, held$samples))
  })
  if (length(samples) == 0) return(blank)
  known <- list(data = known, samples = samples)
  projected <- project_samples(fit, known, held$design[samples, , drop = FALSE])
  projected$mode <- find_mode(fit, projected)
  projected$offset <- own_libraries(fit, held, projected)
  Map(\(all, eta) {
    all[, samples] <- eta
    all
  }, blank, predict_on_link(fit, projected))
}

# Counts of an omic that is hidden as a whole are predicted given the sample's library size, which
# nothing but the omic tells.
own_libraries <- function(fit, held, projected) {
  all <- sample_offsets(fit$omics, held)
  Map(\(seen, own, omic) {
    if (is.null(seen)) return(NULL)
    ifelse(projected$has[, omic], seen, own[names(seen)])
  }, projected$offset, all, names(fit$omics))
}

parts_hidden <- 10L

# Every value of samples held out is hidden once, a tenth at a time, and predicted from the sample's
# other values, of all omics.
hidden_values <- function(fit, held, seed) {
  part <- with_seed(seed, lapply(held$data, \(x) {
    matrix(sample(rep_len(seq_len(parts_hidden), length(x))), nrow(x), dimnames = dimnames(x))
  }))
  predicted <- lapply(held$data, \(x) x * NA_real_)
  for (i in seq_len(parts_hidden)) {
    seen <- Map(\(x, part) replace(x, part == i, NA), held$data, part)
    eta <- predict_seen(fit, held, seen)
    for (omic in names(predicted)) {
      hides <- part[[omic]] == i
      predicted[[omic]][hides] <- eta[[omic]][, colnames(hides), drop = FALSE][hides]
    }
  }
  predicted
}

# Every omic of samples held out, predicted from their others.
hidden_omics <- function(fit, held) {
  omics <- stats::setNames(nm = names(held$data))
  lapply(omics, \(omic) {
    x <- held$data[[omic]]
    others <- held$data[setdiff(omics, omic)]
    if (length(others) == 0) return(x * NA_real_)
    predict_seen(fit, held, others)[[omic]][, colnames(x), drop = FALSE]
  })
}

# Scores -----------------------------------------------------------------------------------------

# How good predictions `eta` (features x samples, on the scale of the link, NA where there is none)
# are of an omic: the number of `values`, their mean log-likelihood and the share of their variance,
# or deviance, that is explained.
score_omic <- function(fit, held, eta, omic) {
  x <- held$data[[omic]]
  nothing <- list(values = 0, loglik = NA_real_, r2 = NA_real_)
  if (is.null(x) || is.null(eta)) return(nothing)
  of <- fit$omics[[omic]]
  parameters <- fit$parameters$omics[[omic]]
  mean <- mean_on_link(of, held, colnames(x), omic, fit)
  if (of$family == "gaussian") {
    # In standard deviations from the mean of training, limited as in training.
    spread <- of$scale * of$sd
    x <- pmax(pmin((x - mean) / spread, standardised_limit), -standardised_limit)
    eta <- (eta - mean) / spread
    noise <- exp(as.vector(parameters$log_sigma)) / of$sd
    loglik <- stats::dnorm(x, eta, noise, log = TRUE)
    lost <- (x - eta)^2
    all <- x^2
  } else {
    size <- if (of$family == "negative_binomial") 1 / exp(as.vector(parameters$log_dispersion))
    density <- \(expected) log_density(x, expected, of$family, size)
    loglik <- density(expected_value(eta, of$family))
    best <- density(x)
    lost <- best - loglik
    all <- best - density(expected_value(mean, of$family))
  }
  known <- is.finite(loglik)
  if (!any(known)) return(nothing)
  list(values = sum(known), loglik = mean(loglik[known]),
       r2 = 1 - sum(lost[known]) / sum(all[known]))
}

# What is expected of every feature without factors, on the scale of the link: its mean in training,
# given covariates and library size.
mean_on_link <- function(of, held, samples, omic, fit) {
  offset <- sample_offsets(fit$omics[omic], held)[[omic]][samples]
  none <- matrix(if (of$family == "gaussian") of$fill else 0, length(of$features), length(samples))
  to_link_scale(none, of, held$design[samples, , drop = FALSE], offset)
}

# `size`: of the negative binomial, one over the dispersion of every feature.
log_density <- function(x, expected, family, size) {
  density <- switch(family,
    bernoulli = stats::dbinom(x, 1, expected, log = TRUE),
    poisson = stats::dpois(x, expected, log = TRUE),
    negative_binomial = stats::dnbinom(x, size = size, mu = expected, log = TRUE)
  )
  matrix(density, nrow(x))
}

# How alike the factors of two fits are, from 0 to 1: `a` and `b` are where they put the same
# samples, samples x factors.
places_agreement <- function(a, b) {
  most <- max(ncol(a), ncol(b))
  if (min(ncol(a), ncol(b)) == 0) return(as.numeric(most == 0))
  correlation <- abs(suppressWarnings(stats::cor(a, b)))
  correlation[is.na(correlation)] <- 0
  sum(match_columns(correlation)$value) / most
}
