# The distributions that the values of an omic can have: what they look like, and how the core's
# predictions become expected values. The core has the likelihoods.

family_names <- c("gaussian", "bernoulli", "poisson", "negative_binomial")

count_families <- c("poisson", "negative_binomial")

# Whole numbers that go beyond this are taken for counts; smaller ones may be scores or copy
# numbers.
largest_score <- 30

# Counts go beyond this rarely, raw intensities often.
largest_usual_count <- 2^31

# Few features of whole numbers that are all above 0, below this and vary by less than half of their
# size are measurements (age, weight, blood pressure) rather than counts.
few_features <- 10L
largest_measurement <- 1000
narrow_spread <- 0.5

# The core's predictions of counts end here too, as logarithms.
largest_log_count <- 25

is_binary <- \(x) x == 0 | x == 1

is_count <- \(x) x >= 0 & x == trunc(x)

# Expected values from predictions on the scale of the link.
expected_value <- function(eta, family) {
  switch(family,
    gaussian = eta,
    bernoulli = stats::plogis(eta),
    exp(pmin(eta, largest_log_count))
  )
}

# The family of each omic: as the user says, or what its values look like. `family`: NULL, one name
# for all omics, or a named vector with the names of some.
choose_families <- function(family, data, objective, threads = 1L,
                            call = rlang::caller_env()) {
  given <- check_family(family, names(data), call)
  open <- setdiff(names(data), names(given))
  looks <- if (objective == "published") {
    stats::setNames(rep("gaussian", length(open)), open)
  } else {
    vapply(data[open], apparent_family, "", threads = threads)
  }
  tell_families(looks)
  if (objective != "published") tell_raw_scale(data[open], looks)
  chosen <- c(given, looks)[names(data)]
  if (objective == "published" && any(chosen != "gaussian")) {
    cli::cli_abort(c(
      "With {.code objective = \"published\"}, every {.arg family} must be \"gaussian\".",
      "x" = "It is not for {quote_some(names(chosen)[chosen != 'gaussian'])}."
    ), call = call)
  }
  chosen
}

check_families <- function(data, family, arg = "x", threads = 1L, call = rlang::caller_env()) {
  for (omic in names(data)) {
    check_family_values(data[[omic]], omic, family[[omic]], arg, threads, call)
    check_libraries(data[[omic]], omic, family[[omic]], arg, threads, call)
  }
}

# The families that the user gives, by omic. `arg`: the argument that has the omics.
check_family <- function(family, omics, call, arg = "x") {
  if (is.null(family)) return(character())
  if (is.list(family)) family <- unlist(family)
  if (!is.character(family) || length(family) == 0 || !all(family %in% family_names)) {
    found <- if (is.character(family)) setdiff(family, family_names) else describe(family)
    cli::cli_abort(c(
      "{.arg family} must be one or more of {.or {.val {family_names}}}.",
      "x" = if (is.character(family)) "It has {quote_some(found)}." else "It is {found}."
    ), call = call)
  }
  if (length(family) == 1 && is.null(names(family))) {
    return(stats::setNames(rep(family, length(omics)), omics))
  }
  names <- rlang::names2(family)
  if (any(names == "") || anyDuplicated(names) > 0) {
    cli::cli_abort(c(
      "{.arg family} must name the omic of each family, once.",
      "i" = "For instance {.code family = c({omics[1]} = \"{family[[1]]}\")}."
    ), call = call)
  }
  unknown <- setdiff(names, omics)
  if (length(unknown) > 0) {
    cli::cli_abort(c(
      "{.arg family} must name omics of {.arg {arg}}.",
      "x" = "{.arg {arg}} does not have {quote_some(unknown)}.",
      "i" = "It has {quote_some(omics)}."
    ), call = call)
  }
  family
}

apparent_family <- function(values, threads = 1L) {
  of <- core_value_kinds(core_source(values), threads)
  if (!of$count) return("gaussian")
  if (of$binary) return("bernoulli")
  if (of$highest <= largest_score || is_narrow(values, of$highest)) return("gaussian")
  "negative_binomial"
}

is_narrow <- function(values, highest) {
  if (nrow(values) >= few_features || highest >= largest_measurement) return(FALSE)
  narrow <- apply(as.matrix(values), 1, \(x) {
    x <- x[!is.na(x)]
    length(x) < 2 || (min(x) > 0 && stats::sd(log(x)) < narrow_spread)
  })
  mean(narrow) >= 0.5
}

# Values that look like raw expression or intensities, where logarithms are wanted: at least 0, far
# beyond what logarithms reach, and far above their median in most features.
raw_highest <- 100
raw_skew <- 3

is_raw_scale <- function(x) {
  if (min(x, 0, na.rm = TRUE) < 0 || max(x, -Inf, na.rm = TRUE) <= raw_highest) return(FALSE)
  skew <- apply(x, 1, \(x) {
    x <- x[!is.na(x) & x > 0]
    if (length(x) < 2) NA else max(x) / stats::median(x)
  })
  isTRUE(stats::median(skew, na.rm = TRUE) > raw_skew)
}

tell_raw_scale <- function(data, looks) {
  looked_at <- lapply(data, \(x) {
    as.matrix(x[spaced(nrow(x), most_looked_at), spaced(ncol(x), 1000), drop = FALSE])
  })
  highest <- vapply(looked_at, \(x) max(x, -Inf, na.rm = TRUE), 0)
  raw <- names(data)[looks == "gaussian" & vapply(looked_at, is_raw_scale, NA)]
  intensities <- names(data)[looks == "negative_binomial" & highest > largest_usual_count]
  if (length(raw) > 0) {
    cli::cli_inform(c(
      "!" = "{cli::qty(length(raw))}Omic{?s} {quote_some(raw)} {?looks/look} like raw expression or
             intensities: values of at least 0, up to {signif(max(highest[raw]), 2)}, and skewed.",
      "i" = "Take logarithms with {.code preprocess = preprocess_steps(\"log1p\")}; of counts that
             are not whole (RSEM, salmon), {.fn round} makes counts."
    ))
  }
  if (length(intensities) > 0) {
    cli::cli_inform(c(
      "!" = "{cli::qty(length(intensities))}Omic{?s} {quote_some(intensities)} {?has/have} values up
             to {signif(max(highest[intensities]), 2)}, as intensities have rather than counts.",
      "i" = "Take logarithms with {.code preprocess = preprocess_steps(\"log1p\")}."
    ))
  }
}

tell_families <- function(looks) {
  binary <- names(looks)[looks == "bernoulli"]
  counts <- names(looks)[looks == "negative_binomial"]
  if (length(binary) == 0 && length(counts) == 0) return(invisible())
  cli::cli_inform(c(
    if (length(binary) > 0) {
      c("i" = "{cli::qty(length(binary))}Omic{?s} {quote_some(binary)} {?has/have} only 0 and 1, and
               {?is/are} modelled as \"bernoulli\".")
    },
    if (length(counts) > 0) {
      c("i" = "{cli::qty(length(counts))}Omic{?s} {quote_some(counts)} {?looks/look} like counts,
               and {?is/are} modelled as \"negative_binomial\".")
    },
    "i" = "To choose otherwise, pass {.arg family}."
  ))
}

# Stops at values that a family does not have.
check_family_values <- function(values, omic, family, arg, threads, call) {
  if (family == "gaussian") return(invisible())
  of <- core_value_kinds(core_source(values), threads)
  if (if (family == "bernoulli") of$binary else of$count) return(invisible())
  valid <- if (family == "bernoulli") is_binary else is_count
  wrong <- list()
  for_each_sample(values, \(x) wrong[[length(wrong) + 1]] <<- which(!valid(x)))
  features <- rownames(values)[sort(unique(unlist(wrong)))]
  samples <- colnames(values)[lengths(wrong) > 0]
  wanted <- if (family == "bernoulli") "0 or 1" else "whole numbers of at least 0"
  cli::cli_abort(c(
    "Values of a {.val {family}} omic in {.arg {arg}} must be {wanted}, or {.code NA}.",
    "x" = "Omic {quote_some(omic)} has {sum(lengths(wrong))} other value{?s}.",
    "*" = "{cli::qty(length(features))}Feature{?s}: {quote_some(features)}.",
    "*" = "{cli::qty(length(samples))}Sample{?s}: {quote_some(samples)}.",
    "i" = if (family == "bernoulli") {
      "Values of other kinds are for {.code family = \"gaussian\"}."
    } else {
      "Pass raw counts, not normalised or logarithmic ones; those are for
       {.code family = \"gaussian\"}."
    }
  ), call = call)
}

# A sample without a single count has no library size.
check_libraries <- function(values, omic, family, arg, threads, call) {
  if (!family %in% count_families) return(invisible())
  sums <- core_sample_sums(core_source(values), numeric(nrow(values)), threads)
  empty <- colnames(values)[sums$sum == 0]
  if (length(empty) == 0) return(invisible())
  cli::cli_abort(c(
    "Every sample of a {.val {family}} omic in {.arg {arg}} must have a count above 0.",
    "x" = "In omic {quote_some(omic)}, all counts are 0 in {quote_some(empty)}.",
    "i" = "Remove {cli::qty(length(empty))}{?this sample/these samples} from the omic, or set
           {?its/their} values to {.code NA}."
  ), call = call)
}

# Library sizes ---------------------------------------------------------------------------------

# Per sample, the log of how large its library is: the sum of its counts over that of the mean
# counts of the same features. `reference`: the mean count of every feature in training.
log_library <- function(values, reference, threads = 1L) {
  of <- core_sample_sums(core_source(values), reference, threads)
  log(of$sum / of$expected)
}

# The link scale --------------------------------------------------------------------------------

# How the core predicts an omic that is not Gaussian: on the link's scale, intercept + offset +
# effects of covariates + unit * what the decoder says. Intercept and effects are those of a
# regression without factors. The unit is about the standard deviation of the feature on that scale
# (that of the values divided by their variance function), so that loadings mean the same in all
# omics. `sd`: of the values as the encoder sees them before they are scaled (counts: log1p).
learn_link <- function(values, family, offset, sd, design, threads = 1L) {
  size <- if (is.null(offset)) rep(1, ncol(values)) else exp(offset)
  of <- core_rate_moments(core_source(values), size, threads)
  slope <- if (family == "bernoulli") 1 / (of$mean * (1 - of$mean)) else (1 + of$mean) / of$mean
  intercept <- if (family == "bernoulli") stats::qlogis(of$mean) else log(of$sum / of$exposure)
  link <- list(intercept = intercept, unit = unname(sd * slope))
  if (family == "negative_binomial") link$dispersion <- moment_dispersion(of, offset)
  if (is.null(design)) return(link)
  x <- cbind(1, design)
  penalty <- c(0, rep(1, ncol(design)))
  coefficients <- do.call(cbind, over_features(values, \(values, rows) {
    vapply(seq_along(rows), \(j) {
      seen <- which(!is.na(values[j, ]))
      regress_on_link(values[j, seen], x[seen, , drop = FALSE], log(size[seen]), family, penalty,
                      intercept[rows[j]])
    }, numeric(ncol(x)))
  }))
  link$intercept <- coefficients[1, ]
  link$effects <- t(coefficients[-1, , drop = FALSE])
  link
}

# Logistic or Poisson regression by Fisher scoring, with a ridge penalty: a standard normal prior of
# the effects, so that a batch without a single mutation does not make its effect infinite.
regress_on_link <- function(y, x, offset, family, penalty, intercept) {
  beta <- c(intercept, numeric(ncol(x) - 1))
  for (step in seq_len(most_scoring_steps)) {
    mu <- expected_value(drop(x %*% beta) + offset, family)
    weight <- if (family == "bernoulli") mu * (1 - mu) else mu
    score <- crossprod(x, y - mu) - penalty * beta
    change <- drop(solve(crossprod(x, weight * x) + diag(penalty + 1e-10, ncol(x)), score))
    beta <- beta + pmax(pmin(change, 2), -2)
    if (max(abs(change)) < 1e-6) break
  }
  unname(beta)
}

most_scoring_steps <- 50L

# Where the dispersion of negative binomial features starts: by moments, over what the library sizes
# explain. `of`: what core_rate_moments() returns.
moment_dispersion <- function(of, offset) {
  excess <- of$variance - of$mean * mean(exp(-offset))
  pmin(pmax(excess / of$mean^2, 0.01), 10)
}
