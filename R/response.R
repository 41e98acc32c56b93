#' The curve of a feature over a factor
#'
#' What the decoders say of a feature as one factor goes from its lowest to its highest value in
#' the samples of the fit, all other factors at their mean. A straight curve is a linear effect; one
#' that bends says where on the factor a feature responds. With data, what was measured comes as
#' points.
#'
#' The values of a factor are those at which the decoders see samples (see the section on
#' reconstructions in [predict.poems()]), and means are over the samples of the fit. The response is
#' in the units of the data: of a Gaussian omic in those after its transformation
#' ([preprocess_steps()]), where the model adds what factors do; of 0/1 data a probability; of
#' counts those expected at the mean library size. Covariates are at their mean.
#'
#' A point is a partial residual: what was measured of a sample, less what its other factors, its
#' covariates and its library size make of it, so that points scatter around the curve by what the
#' model does not explain. For Gaussian omics it is the curve at the sample's value plus the
#' measured value minus the expected one, for counts the curve times measured over expected. Of 0/1
#' data, points are the measured values as they are.
#'
#' A decoder adds up units that are 0 on one side of a plane through the origin of the latent space
#' and rise on the other. With the other factors at their mean, which is near the origin, a curve is
#' therefore made of straight lines that meet near 0: a parabola shows as a V.
#'
#' Decoders start linear, and are bent by training as far as the data ask for it; in cohorts of a
#' few hundred samples most curves stay straight. The curve is the model's, without an interval: it
#' does not say how sure the bend is. At the ends of the factor's range it rests on few samples.
#'
#' @inheritParams variance_explained
#' @param feature Names of features. Those that several omics have are taken from each.
#' @param factor Which factors in use: their numbers, or their names.
#' @param omic Names of the omics to look for features in; `NULL` for all.
#' @param newdata Data to draw points of, in any form that [predict.poems()] takes: those that the
#'   model was fitted to, which the fit does not hold, or new samples. `NULL` for the curve alone.
#' @param n Number of values at which the curve is given, at least 2.
#'
#' @return A data frame of class `feature_response` with `n` rows per feature and factor, and the
#'   columns
#'   * `omic`, `feature`, `factor`: names;
#'   * `value`: of the factor, evenly spaced over its range in the samples of the fit;
#'   * `response`: what is expected of the feature there;
#'   * `bend`: the share of the curve's variance over samples that is not linear, the same in all
#'     rows of a curve; see [tidy.poems()], `"effects"`.
#'
#'   Its attribute `points` is a data frame with one row per feature, factor and sample that has the
#'   feature: `omic`, `feature`, `factor`, `sample`, `value` and `response`, the partial residual.
#'   Without `newdata` these are the samples of the fit that have the omic, and their `response` is
#'   `NA`.
#'
#' @section Errors:
#' Features, factors and omics that the fit does not have are an error that names those it lacks;
#' for errors in `newdata` and `covariates` see [predict.poems()].
#'
#' @source Written for this package; the decoder is that of Moran et al. (2022), Identifiable deep
#'   generative models via sparse decoding, Transactions on Machine Learning Research.
#' @references Partial residuals: Larsen and McCleary (1972), The use of partial residual plots in
#'   regression analysis, Technometrics 14, 781-790.
#' @seealso [plot_response()] for a figure, [feature_effects()] for the mean slope.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' top <- top_features(fit, factor = 1, n = 1)
#' curve <- feature_response(fit, top$feature, factor = 1, newdata = omics)
#' head(curve)
#' head(attr(curve, "points"))
#' @export
feature_response <- function(fit, feature, factor = 1, omic = NULL, newdata = NULL,
                             samples = c("columns", "rows"), covariates = NULL, n = 100) {
  check_fit(fit)
  samples <- arg_match(samples)
  check_value(n, "n", "a whole number of at least 2", \(x) is_whole(x) && x >= 2)
  factors <- check_factor_choice(factor, fit)
  chosen <- check_feature_choice(feature, fit, check_omic_choice(omic, names(fit$omics)))
  response_curves(fit, chosen, factors, newdata, samples, covariates, n)
}

# The same of features as check_feature_choice() returns them.
response_curves <- function(fit, chosen, factors, newdata, samples, covariates, n = 100,
                            call = rlang::caller_env()) {
  seen <- if (is.null(newdata)) {
    check_no_covariates(covariates, call)
    seen_in_fit(fit, chosen)
  } else {
    seen_in_data(fit, chosen, newdata, samples, covariates, call)
  }
  parameters <- core_parameters(fit)
  parts <- lapply(factors, \(name) response_to(fit, name, chosen, seen, n, parameters))
  by_feature <- function(part) {
    rows <- do.call(rbind, lapply(parts, `[[`, part))
    rows <- rows[order(match(feature_key(rows), feature_key(chosen))), ]
    rownames(rows) <- NULL
    rows
  }
  structure(by_feature("curve"), points = by_feature("points"),
            class = c("feature_response", "data.frame"))
}

# Omic and name of the features chosen, in the order given.
check_feature_choice <- function(feature, fit, omics, call = rlang::caller_env()) {
  if (!is.character(feature) || length(feature) == 0) {
    cli::cli_abort("{.arg feature} must be names of features, not {describe(feature)}.",
                   call = call)
  }
  rows <- do.call(rbind, lapply(unique(feature), \(name) {
    has <- vapply(fit$omics[omics], \(omic) name %in% omic$features, NA)
    data.frame(omic = omics[has], feature = rep(name, sum(has)))
  }))
  lacking <- setdiff(feature, rows$feature)
  if (length(lacking) > 0) {
    cli::cli_abort(c(
      "{.arg feature} must name features of the fit.",
      "x" = "Not found in {quote_some(omics)}: {quote_some(lacking)}.",
      "i" = "There are, for instance, {quote_some(fit$omics[[omics[1]]]$features)}."
    ), call = call)
  }
  rows
}

# What is known of samples: `samples`, their names; `mode`, samples x factors in use; and per chosen
# feature, `measured` and `expected`, features x samples. Samples of which neither is known, such as
# those without the omic, have NA in `expected`.
seen_in_fit <- function(fit, chosen) {
  expected <- t(vapply(chosen$omic, \(omic) {
    ifelse(seq_along(fit$samples) %in% fit$omics[[omic]]$samples, 0, NA)
  }, numeric(length(fit$samples))))
  list(samples = fit$samples, mode = fit$mode, measured = NA * expected, expected = expected)
}

seen_in_data <- function(fit, chosen, newdata, samples, covariates, call) {
  check_takes_data(fit, call)
  data <- align_newdata(fit$omics, newdata, samples, call, own = own_side(fit))
  projected <- project_samples(fit, data,
                               new_design(fit, covariates, newdata, data$samples, call))
  projected$mode <- find_mode(fit, projected)
  eta <- predict_on_link(fit, projected)
  measured <- expected <- matrix(NA_real_, nrow(chosen), length(data$samples))
  for (i in seq_len(nrow(chosen))) {
    omic <- fit$omics[[chosen$omic[i]]]
    x <- data$data[[chosen$omic[i]]]
    if (is.null(x)) next
    at <- match(colnames(x), data$samples)
    measured[i, at] <- as.matrix(x[chosen$feature[i], , drop = FALSE])
    row <- match(chosen$feature[i], omic$features)
    expected[i, ] <- expected_value(eta[[chosen$omic[i]]][row, ], omic$family)
  }
  expected[is.na(measured)] <- NA
  list(samples = data$samples, mode = projected$mode[, factors_in_use(fit), drop = FALSE],
       measured = measured, expected = expected)
}

# `curve` and `points` of the chosen features over one factor, which has its values on the curve's
# grid, those that stand for all samples and those of the samples seen.
response_to <- function(fit, name, chosen, seen, n, parameters) {
  i <- match(name, names_of_factors(fit))
  z <- fit$mode[, i]
  values <- list(grid = seq(min(z), max(z), length.out = n), typical = typical_values(z),
                 own = seen$mode[, i])
  decoded <- vary_factor(fit, factors_in_use(fit)[i], unlist(values), parameters)
  mean <- lapply(stats::setNames(nm = unique(chosen$omic)), \(omic) {
    eta <- to_link_scale(decoded[[omic]], fit$omics[[omic]], design = NULL, offset = NULL)
    expected_value(eta, fit$omics[[omic]]$family)
  })
  part <- rep(names(values), lengths(values))
  rows <- lapply(seq_len(nrow(chosen)), \(j) {
    omic <- chosen$omic[j]
    row <- match(chosen$feature[j], fit$omics[[omic]]$features)
    typical <- decoded[[omic]][row, part == "typical", drop = FALSE]
    known <- which(!is.na(seen$expected[j, ]))
    residual <- partial_residual(mean[[omic]][row, part == "own"], seen$measured[j, ],
                                 seen$expected[j, ], fit$omics[[omic]]$family)
    list(
      curve = data.frame(chosen[j, ], factor = name, value = values$grid,
                         response = mean[[omic]][row, part == "grid"],
                         bend = share_off_line(typical, values$typical), row.names = NULL),
      points = data.frame(chosen[rep(j, length(known)), ], factor = rep(name, length(known)),
                          sample = seen$samples[known], value = unname(values$own[known]),
                          response = unname(residual[known]), row.names = NULL)
    )
  })
  list(curve = do.call(rbind, lapply(rows, `[[`, "curve")),
       points = do.call(rbind, lapply(rows, `[[`, "points")))
}

# `at`: what is expected with the other factors at their mean.
partial_residual <- function(at, measured, expected, family) {
  switch(family,
    gaussian = at + measured - expected,
    bernoulli = measured,
    at * measured / expected
  )
}
