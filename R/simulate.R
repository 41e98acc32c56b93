# Multi-omics cohorts whose factors and loadings are known.

# What a factor z contributes to a feature, before the loading multiplies it. Over a standard normal
# z, each has mean 0 and variance 1.
link_functions <- list(
  linear = \(z) z,
  # 2 pnorm(a z) - 1 has the variance 2 / pi asin(a^2 / (1 + a^2)); here a is 2.
  saturating = \(z) (2 * stats::pnorm(2 * z) - 1) / sqrt(2 / pi * asin(4 / 5)),
  rectified = \(z) (pmax(z, 0) - 1 / sqrt(2 * pi)) / sqrt(1 / 2 - 1 / (2 * pi)),
  quadratic = \(z) (z^2 - 1) / sqrt(2)
)

#' Simulate a multi-omics cohort with a known answer
#'
#' Draws factors, sparse loadings and the omics that follow from them, linearly or not, and returns
#' all of it: data to fit, and the truth to compare the fit with.
#'
#' The feature j of a Gaussian omic in sample n is
#' \deqn{x_{nj} = \sum_k w_{jk} g_{jk}(z_{nk}) + e_{nj}.}{x_nj = sum_k w_jk g_jk(z_nk) + e_nj.}
#'
#' * Factors z are Gaussian (a mixture of Gaussians where there are subtypes), scaled to mean 0 and
#'   standard deviation 1 in the sample.
#' * Loadings w are 0 but for the few factors that drive the feature. The sizes of these are drawn
#'   uniformly from 0.5 to 1 and their signs at random; then all loadings of a feature are scaled
#'   together, so that what its factors explain has the variance 1 - `noise` in the sample.
#'   Loadings are therefore in units of the feature's standard deviation.
#' * Links g, one per non-zero loading, have mean 0 and variance 1 over a standard normal factor:
#'   `"linear"`, z; `"saturating"`, 2 pnorm(2 z) - 1; `"rectified"`, max(z, 0); `"quadratic"`,
#'   z^2; each centred and scaled. Where all links of a factor are quadratic, the data cannot tell
#'   z from -z in any sample, and no estimate correlates with it.
#' * Noise e is Gaussian with the variance `noise` (1 for a feature without factors).
#'
#' Omics of other families (see [poems()]) have the same signal, the sum over k, behind them:
#'
#' * `"bernoulli"`: 1 where signal plus noise, here with a logistic distribution, exceeds a
#'   threshold that is drawn per feature uniformly from 0 to 1.5; else 0. Most features are 1 in 7
#'   to 50 % of the samples.
#' * `"poisson"`: counts whose expected value is m s exp(signal), with m drawn per feature between 5
#'   and 500 and s per sample around 1, log-normal with the standard deviation 0.3.
#' * `"negative_binomial"`: the same with the dispersion `noise` (1 for a feature without factors).
#'
#' The features of an omic are dealt evenly to its factors for their first factor; further ones are
#' drawn at random.
#'
#' @param samples Number of samples, at least 10.
#' @param features Named whole numbers: the number of features of each omic, at least as many as
#'   factors.
#' @param factors Number of factors, at least 1.
#' @param factors_per_feature Whole numbers of at least 0: how many factors drive a feature is drawn
#'   from these, all equally likely, and is at most the number of factors of its omic. With 0 among
#'   them, some features are noise alone.
#' @param links Links to draw from, all equally likely: any of `"linear"`, `"saturating"`,
#'   `"rectified"` and `"quadratic"`. A repeated one is drawn more often.
#' @param noise Share of a feature's variance that is noise, from 0 to below 1.
#' @param correlation Correlation between any two factors (within subtypes, where there are any),
#'   from 0 to below 1.
#' @param shared Share of the factors that are active in every omic, from 0 to 1, rounded to whole
#'   factors. These come first; the others are active in one omic each, dealt to the omics in turn.
#' @param subtypes Number of equally large groups of samples: 0 for none, else from 2 to twice the
#'   number of factors. Group g is shifted along factor g; groups beyond the number of factors are
#'   shifted in the opposite direction, from the first factor on.
#' @param separation By how many of a group's standard deviations a group is shifted, at least 0.
#' @param missing_omics Share of samples that lack an omic, the same for each omic, from 0 to
#'   1 - 1 / (number of omics). No sample lacks all.
#' @param missing_values Share of the values of an omic that are missing, from 0 to below 1. They
#'   are missing at random.
#' @param seed A whole number that decides everything random. `NULL` draws one from R's generator,
#'   so that `set.seed()` governs; a number leaves the user's random numbers as they were.
#' @param family The family of all omics, or a vector with the families of some, named by omic; the
#'   others are `"gaussian"`.
#'
#' @return A list of class `omics_simulation`:
#'   * `omics`: named list of numeric matrices, features x the samples that have the omic, with `NA`
#'     where a value is missing; [poems()] takes it as it is.
#'   * `factors`: samples x factors matrix, z.
#'   * `loadings`: per omic, a sparse features x factors matrix, w.
#'   * `links`: data frame with one row per non-zero loading: `omic`, `feature`, `factor`, `link`.
#'   * `signal`: per omic, a features x samples matrix of all samples: the values without noise,
#'     also where `omics` lacks them; of omics that are not Gaussian, what stands behind them.
#'   * `subtype`: factor with the group of each sample, named by sample; `NULL` without groups.
#'   * `settings`: the arguments, with the seed used.
#'
#' @section Errors:
#' Arguments out of range are an error, also where they do not fit each other: fewer features than
#' factors in an omic, no factor for an omic, more subtypes than directions to shift them to.
#'
#' @source Written for this package. Sparse loadings and a non-linear map per feature are those of
#'   the model that [poems()] fits; its decoders are networks, the links here are not.
#' @seealso [factor_recovery()] compares a fit with the truth.
#' @examples
#' truth <- simulate_omics(samples = 100, features = c(rna = 40, protein = 20), factors = 3,
#'                         missing_omics = 0.2, seed = 1)
#' truth
#' lapply(truth$omics, dim)
#' head(truth$links, 3)
#' @export
simulate_omics <- function(samples = 500,
                           features = c(mRNA = 300, methylation = 200, protein = 100), factors = 6,
                           factors_per_feature = 1:2,
                           links = c("linear", "saturating", "rectified", "quadratic"), noise = 0.5,
                           correlation = 0, shared = 0.5, subtypes = 0, separation = 2,
                           missing_omics = 0, missing_values = 0, seed = NULL,
                           family = "gaussian") {
  settings <- list(
    samples = samples, features = features, factors = factors,
    factors_per_feature = factors_per_feature, links = links, noise = noise,
    correlation = correlation, shared = shared, subtypes = subtypes, separation = separation,
    missing_omics = missing_omics, missing_values = missing_values
  )
  check_simulation(settings)
  settings$seed <- check_seed(seed)
  settings$family <- simulated_families(family, names(features))
  with_seed(settings$seed, draw_simulation(settings))
}

# Checks ----------------------------------------------------------------------------------------

simulation_rules <- list(
  samples = whole_number(fewest_samples),
  factors = whole_number(1),
  noise = number("of at least 0 and below 1", \(x) x >= 0 && x < 1),
  correlation = number("of at least 0 and below 1", \(x) x >= 0 && x < 1),
  shared = number("from 0 to 1", \(x) x >= 0 && x <= 1),
  subtypes = list(wanted = "0 or a whole number of at least 2",
                  valid = \(x) is_whole(x) && (x == 0 || x >= 2)),
  separation = number("of at least 0", \(x) x >= 0),
  missing_omics = number("of at least 0 and below 1", \(x) x >= 0 && x < 1),
  missing_values = number("of at least 0 and below 1", \(x) x >= 0 && x < 1)
)

check_simulation <- function(settings, call = rlang::caller_env()) {
  for (setting in names(simulation_rules)) {
    rule <- simulation_rules[[setting]]
    check_value(settings[[setting]], setting, rule$wanted, rule$valid, call)
  }
  check_feature_counts(settings$features, settings$factors, call)
  check_value(settings$factors_per_feature, "factors_per_feature",
              "whole numbers of at least 0, with one above 0 among them",
              \(x) are_whole(x, lowest = 0) && any(x > 0), call)
  links <- settings$links
  arg_match(links, names(link_functions), multiple = TRUE, error_call = call)
  check_every_omic_has_factors(settings, call)
  check_group_directions(settings, call)
  check_missing_omics(settings, call)
}

are_whole <- function(x, lowest) {
  is.numeric(x) && length(x) > 0 && all(vapply(x, \(n) is_whole(n) && n >= lowest, NA))
}

check_feature_counts <- function(features, factors, call) {
  omics <- rlang::names2(features)
  if (!are_whole(features, lowest = 1) || any(omics == "") || anyDuplicated(omics) > 0) {
    cli::cli_abort(c(
      "{.arg features} must be whole numbers of at least 1, each with the name of its omic.",
      "x" = "It is {describe(features)}.",
      "i" = "For instance {.code features = c(mrna = 300, protein = 100)}."
    ), call = call)
  }
  small <- names(features)[features < factors]
  if (length(small) > 0) {
    cli::cli_abort(c(
      "Every omic must have at least as many features as there are factors.",
      "x" = "{.arg factors} is {factors}; omics with fewer features: {quote_some(small)}.",
      "i" = "Raise these numbers in {.arg features}, or lower {.arg factors}."
    ), call = call)
  }
}

check_every_omic_has_factors <- function(settings, call) {
  common <- shared_factors(settings)
  omics <- length(settings$features)
  if (common == 0 && settings$factors < omics) {
    cli::cli_abort(c(
      "Every omic must have a factor.",
      "x" = "No factor is shared, and {omics} omics have {settings$factors}
             factor{cli::qty(settings$factors)}{?s} between them.",
      "i" = "Raise {.arg shared} or {.arg factors}."
    ), call = call)
  }
}

check_group_directions <- function(settings, call) {
  most <- 2 * settings$factors
  if (settings$subtypes > most || settings$subtypes > settings$samples) {
    cli::cli_abort(c(
      "{.arg subtypes} must be at most twice {.arg factors}, and at most {.arg samples}.",
      "x" = "There are {settings$subtypes} subtypes, {settings$factors}
             factor{cli::qty(settings$factors)}{?s} and {settings$samples} samples."
    ), call = call)
  }
}

check_missing_omics <- function(settings, call) {
  omics <- length(settings$features)
  if (settings$missing_omics > 1 - 1 / omics + 1e-9) {
    cli::cli_abort(c(
      "{.arg missing_omics} must leave every sample an omic.",
      "x" = "It is {settings$missing_omics}; with {omics} omic{?s} it can be at most
             {format(1 - 1 / omics, digits = 2)}."
    ), call = call)
  }
}

simulated_families <- function(family, omics, call = rlang::caller_env()) {
  given <- check_family(family, omics, call, arg = "features")
  all <- stats::setNames(rep("gaussian", length(omics)), omics)
  all[names(given)] <- given
  all
}

# Draws -----------------------------------------------------------------------------------------

# sample() reads a single number n as 1..n.
draw_from <- function(x, ...) x[sample.int(length(x), ...)]

draw_simulation <- function(settings) {
  samples <- numbered("s", settings$samples)
  subtype <- draw_subtype(settings, samples)
  factors <- draw_factors(settings, samples, subtype)
  active <- active_factors(settings)
  drawn <- Map(
    \(omic, count) draw_omic(omic, count, factors, active[[omic]], settings),
    names(settings$features), settings$features
  )
  part <- \(name) lapply(drawn, `[[`, name)
  links <- do.call(rbind, part("links"))
  rownames(links) <- NULL
  structure(
    list(
      omics = draw_missing(part("values"), settings), factors = factors,
      loadings = part("loadings"),
      links = links, signal = part("signal"), subtype = subtype, settings = settings
    ),
    class = "omics_simulation"
  )
}

# "s001", "s002", ...: their alphabetical order is that of the numbers.
numbered <- function(prefix, count) {
  sprintf("%s%0*d", prefix, nchar(format(count, scientific = FALSE)), seq_len(count))
}

draw_subtype <- function(settings, samples) {
  if (settings$subtypes == 0) return(NULL)
  groups <- paste0("Subtype", seq_len(settings$subtypes))
  drawn <- draw_from(rep_len(groups, settings$samples))
  stats::setNames(factor(drawn, levels = groups), samples)
}

draw_factors <- function(settings, samples, subtype) {
  count <- settings$factors
  own <- matrix(stats::rnorm(length(samples) * count), length(samples))
  common <- stats::rnorm(length(samples))
  z <- sqrt(1 - settings$correlation) * own + sqrt(settings$correlation) * common
  if (!is.null(subtype)) z <- z + settings$separation * group_directions(subtype, count)
  z <- scale(z)
  attr(z, "scaled:center") <- attr(z, "scaled:scale") <- NULL
  dimnames(z) <- list(samples, paste0("Factor", seq_len(count)))
  z
}

# Samples x factors: 1 on the factor of the sample's group, -1 for groups beyond the factors.
group_directions <- function(subtype, factors) {
  group <- as.integer(subtype)
  directions <- matrix(0, length(group), factors)
  directions[cbind(seq_along(group), (group - 1) %% factors + 1)] <- ifelse(group > factors, -1, 1)
  directions
}

shared_factors <- \(settings) round(settings$shared * settings$factors)

# Per omic, the numbers of its factors. With a single omic, all factors are its own.
active_factors <- function(settings) {
  common <- seq_len(shared_factors(settings))
  private <- setdiff(seq_len(settings$factors), common)
  owner <- factor(rep_len(names(settings$features), length(private)), names(settings$features))
  lapply(split(private, owner), \(own) c(common, own))
}

draw_omic <- function(omic, features, factors, active, settings) {
  names <- numbered(paste0(omic, "_"), features)
  support <- draw_support(features, active, settings$factors_per_feature)
  size <- stats::runif(nrow(support), 0.5, 1) * draw_from(c(-1, 1), nrow(support), replace = TRUE)
  link <- draw_from(settings$links, nrow(support), replace = TRUE)

  signal <- matrix(0, features, nrow(factors), dimnames = list(names, rownames(factors)))
  for (i in seq_len(nrow(support))) {
    j <- support$feature[i]
    signal[j, ] <- signal[j, ] + size[i] * link_functions[[link[i]]](factors[, support$factor[i]])
  }
  spread <- apply(signal, 1, stats::sd)
  rescale <- ifelse(spread > 0, sqrt(1 - settings$noise) / spread, 0)
  signal <- signal * rescale
  noise_sd <- ifelse(spread > 0, sqrt(settings$noise), 1)
  list(
    values = draw_values(signal, noise_sd, settings$family[[omic]]),
    signal = signal,
    loadings = Matrix::sparseMatrix(
      i = support$feature, j = support$factor, x = size * rescale[support$feature],
      dims = c(features, ncol(factors)), dimnames = list(names, colnames(factors))
    ),
    links = data.frame(
      omic = rep(omic, nrow(support)), feature = names[support$feature],
      factor = colnames(factors)[support$factor], link = link
    )
  )
}

draw_values <- function(signal, noise_sd, family) {
  values <- switch(family,
    gaussian = signal + noise_sd * stats::rnorm(length(signal)),
    bernoulli = {
      threshold <- stats::runif(nrow(signal), 0, 1.5)
      # A logistic distribution has the variance pi^2 / 3 at scale 1.
      noise <- noise_sd * stats::rlogis(length(signal), scale = sqrt(3) / pi)
      ifelse(signal + noise > threshold, 1, 0)
    },
    {
      mean <- exp(stats::runif(nrow(signal), log(5), log(500)))
      size <- exp(stats::rnorm(ncol(signal), sd = 0.3))
      expected <- mean * exp(signal) * rep(size, each = nrow(signal))
      if (family == "negative_binomial") {
        expected <- expected * draw_overdispersion(signal, noise_sd)
      }
      stats::rpois(length(signal), expected)
    }
  )
  matrix(as.double(values), nrow(signal), dimnames = dimnames(signal))
}

# Gamma numbers of mean 1 and variance noise_sd^2, which make Poisson counts negative binomial.
draw_overdispersion <- function(signal, noise_sd) {
  dispersion <- pmax(noise_sd^2, 1e-9)
  stats::rgamma(length(signal), shape = 1 / dispersion, rate = 1 / dispersion)
}

# Which factors drive which features: a data frame with one row per non-zero loading, ordered by
# factor and feature.
draw_support <- function(features, active, factors_per_feature) {
  count <- pmin(draw_from(factors_per_feature, features, replace = TRUE), length(active))
  driven <- draw_from(which(count > 0))
  first <- rep_len(draw_from(active), length(driven))
  further <- Map(
    \(main, n) draw_from(setdiff(active, main), n - 1),
    first, count[driven]
  )
  support <- data.frame(
    feature = c(driven, rep(driven, lengths(further))),
    factor = c(first, unlist(further))
  )
  support[order(support$factor, support$feature), ]
}

# The omics without the samples that lack them, and NA where a value is missing.
draw_missing <- function(omics, settings) {
  samples <- settings$samples
  # Each sample keeps one omic for certain.
  kept <- draw_from(rep_len(seq_along(omics), samples))
  Map(\(x, omic) {
    others <- which(kept != omic)
    lacking <- draw_from(others, min(round(settings$missing_omics * samples), length(others)))
    x <- x[, setdiff(seq_len(samples), lacking), drop = FALSE]
    x[sample.int(length(x), round(settings$missing_values * length(x)))] <- NA
    x
  }, omics, seq_along(omics))
}

# Printing --------------------------------------------------------------------------------------

#' @export
print.omics_simulation <- function(x, ...) {
  settings <- x$settings
  cli::cat_line(cli::style_bold("Simulated omics"), cli::pluralize(
    ": {settings$samples} sample{?s}, {length(x$omics)} omic{?s}, {settings$factors} factor{?s}"
  ))
  cli::cat_line()
  cat_table(list(
    omic = names(x$omics),
    features = format(vapply(x$omics, nrow, 0L)),
    samples = format(vapply(x$omics, ncol, 0L)),
    factors = format(vapply(x$loadings, \(w) sum(diff(w@p) > 0), 0L)),
    "zero loadings" = percent(vapply(x$loadings, \(w) 1 - length(w@x) / length(w), 0), digits = 1),
    "missing values" = percent(vapply(x$omics, \(values) mean(is.na(values)), 0), digits = 1)
  ))
  cli::cat_line()
  cat_text(describe_links(x$links$link))
  cat_text(describe_draws(settings))
  invisible(x)
}

describe_links <- function(link) {
  if (length(link) == 0) return("No factor drives any feature.")
  count <- table(factor(link, intersect(names(link_functions), link)))
  sprintf("Links: %s.", toString(sprintf("%d %s", count, names(count))))
}

describe_draws <- function(settings) {
  groups <- if (settings$subtypes > 0) {
    sprintf(", %d subtypes %g apart", settings$subtypes, settings$separation)
  } else {
    ""
  }
  sprintf("Noise %s of the variance, correlation of factors %g%s; seed %d.",
          percent(settings$noise), settings$correlation, groups, settings$seed)
}
