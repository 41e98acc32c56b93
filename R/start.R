# Where training starts: a sparse linear factor model of the same data. Principal components that
# stand out from noise tell how many factors there are (start-components.R); a spike-and-slab factor
# model fitted from there, which averages over loadings and takes missing values as unknown
# (src/analysis/factor_model.h), tells where samples lie and which loadings are not 0. Experts learn
# from it by ridge regression what their omic says of the factors (start-experts.R), omics that do
# not belong to their sample are found and left out (belonging.R), and the whole is written into the
# network (start-network.R). Training then bends what is not linear. A random start ends in a far
# worse optimum when samples are few.

# More samples than this say little more about where to start.
most_start_samples <- 1000L

# Rounds of updates of the factor model, at most.
factor_model_rounds <- 40L

# Loadings to start from are not 0 with at least this probability and explain at least this share of
# their feature's variance: in a large cohort, loadings too small to mean anything are certain too.
least_inclusion <- 0.5
least_share <- 0.0125

# What training starts from: the core's `parameters`; and `misplaced`, per omic the positions of
# samples whose omic does not belong to them, which training is to leave out, and those of which
# that is `certain`; with sets, `set`, that of every factor, NA without one, and `tests`, what
# starting_programs() says of them. `blank`: the random parameters; `validation`: positions in
# `samples` of those held out; `seed`: chooses samples where there are more than it looks at;
# `design`: samples x covariates, or NULL; `known`: what an earlier
# start found `misplaced`; `weights`: how much each omic counts, NULL where all count alike;
# `programs`: what read_programs() returns.
linear_start <- function(blank, omics, data, samples, validation, factors, control, seed,
                         design = NULL, known = NULL, weights = NULL, programs = NULL) {
  used <- setdiff(seq_along(samples), validation)
  used <- used[drawn(length(used), most_start_samples, seed)]
  x <- standardised_features(omics, data, samples[used], design)
  # Two units a factor, and one to spare that keeps the columns of factors not started from 0.
  most <- min(factors, (control$hidden - 1L) %/% 2L, ncol(x) - 2L)
  if (most < 1) return(list(parameters = blank))
  omic <- omic_of_features(omics)
  if (!is.null(known)) known <- do.call(rbind, lapply(known, \(positions) used %in% positions))
  found <- start_without_misplaced(x, omic, most, control$threads, known, programs)
  start <- found$start
  if (is.null(start)) return(list(parameters = without_factors(blank)))
  misplaced <- found$misplaced
  experts <- start$experts
  if (is.null(weights)) weights <- rep(1, length(omics))
  z <- product_of_experts(experts, start$filled, start$has, omic, weights)
  if (any(misplaced)) x[misplaced[omic, ]] <- NA
  decoded <- refit_loadings(x, z, start$model$nonzero, omic)
  agreement <- starting_agreement(experts, start$has)
  for (v in seq_along(omics)) {
    here <- omic == v
    blank$omics[[v]] <- blank$omics[[v]] |>
      start_encoder(experts$weights[[v]], experts$precision[[v]], start$seen$center[here],
                    start$seen$scale[here]) |>
      start_agreement(agreement[[v]]) |>
      start_decoder(lapply(decoded, \(part) as.matrix(part)[here, , drop = FALSE]), omics[[v]])
  }
  blank$gate$output_weight[] <- 0  # in all samples, omics weigh what they count
  blank$gate$output_bias[] <- log(weights)
  positions <- \(which) lapply(seq_along(omics), \(v) used[which[v, ]])
  list(parameters = blank, misplaced = positions(misplaced), certain = positions(found$certain),
       set = start$from$set[seq_len(factors)], tests = start$from$tests)
}

# The sparse factor model of x (features x samples, NA where unknown), experts that have learnt from
# it, and what both are made of. NULL without a factor. `from`: what to begin with, as
# starting_factors() has it; NULL to seek it.
start_model <- function(x, omic, most, threads, programs = NULL, from = NULL) {
  seen <- standardise_rows(x)
  if (is.null(from)) {
    from <- starting_factors(standardise_rows(bounded(x))$x, omic, most, threads, programs)
    collect_garbage(is_large_matrix(x))
  }
  members <- if (!is.null(programs)) members_of(from$set, programs, nrow(x))
  model <- sparse_factors(seen$x, from$scores, omic, threads, members)
  if (is.null(model)) return(NULL)
  from$scores <- t(model$mean)
  from$set <- from$set[model$kept]
  filled <- unknown_as_0(seen$x)  # as encoders see it
  has <- omics_had(x, omic)  # constant features are 0 in all samples of `seen`
  inner <- lapply(seq_len(max(omic)), \(v) inner_eigen(filled[omic == v, has[v, ], drop = FALSE],
                                                       threads))
  experts <- linear_experts(model$loadings, model$noise, omic) |>
    learn_experts(filled, model$mean, has, omic, inner)
  list(seen = seen, filled = filled, has = has, omic = omic, model = model, inner = inner,
       experts = experts, from = from)
}

# `scores`, samples x factors, NULL where there are none; with sets, `set`, that of every factor,
# NA without one, and `tests` of the sets. Factors without a set are those of what the others leave.
starting_factors <- function(x, omic, most, threads, programs) {
  if (is.null(programs)) return(list(scores = starting_scores(x, omic, most, threads)))
  of_sets <- starting_programs(x, omic, programs$members, most)
  scores <- of_sets$scores
  free <- NULL
  if (ncol(scores) < most) {
    free <- starting_scores(without_scores(x, scores), omic, most - ncol(scores), threads)
  }
  list(scores = if (ncol(scores) + max(0, ncol(free)) > 0) cbind(scores, free),
       set = c(of_sets$set, rep(NA_integer_, max(0, ncol(free)))), tests = of_sets$tests)
}

# What factors are sought in: a few extreme values shall not make one, and features that answer a
# factor along a curve look straighter. Where a sample lies is then told by the values themselves.
bounded <- \(x) x / sqrt(1 + x^2)

# All features x samples on the scale of training; NA where a value is missing or a sample lacks an
# omic.
standardised_features <- function(omics, data, samples, design) {
  do.call(rbind, unname(Map(\(omic, x) {
    z <- matrix(NA_real_, length(omic$features), length(samples))
    if (is.null(x)) return(z)
    there <- samples %in% colnames(x)
    x <- as.matrix(x[omic$features, samples[there], drop = FALSE])
    adjusted <- adjust_values(x, omic_offset(omic, x), omic$effects,
                              design[samples[there], , drop = FALSE])
    scaled <- (adjusted - omic$center) / omic$scale
    z[, there] <- pmax(pmin(scaled, omic$clip), -omic$clip)
    z
  }, omics, stats::setNames(data[names(omics)], names(omics)))))
}

# The omic of every feature, by number.
omic_of_features <- \(omics) rep(seq_along(omics), vapply(omics, \(o) length(o$features), 0L))

# Features whose standard deviation in the samples looked at is below this share of the median one
# count as constant there: what is learnt of them would be magnified beyond all bounds in the
# samples in which they do vary.
least_relative_sd <- 0.1

# Features with mean 0 and sd 1 over what is known, or all 0 if they are constant, and what they
# had.
standardise_rows <- function(x) {
  center <- rowMeans(x, na.rm = TRUE)
  scale <- sqrt(rowMeans((x - center)^2, na.rm = TRUE))
  constant <- !(scale > least_relative_sd * stats::median(scale, na.rm = TRUE))
  center[!is.finite(center)] <- 0  # of a feature without a value
  scale[is.na(constant) | constant] <- Inf
  x <- (x - center) / scale
  x[!is.finite(scale), ] <- 0
  list(x = x, center = center, scale = scale)
}

# The sparse factor model of x (standardised features x samples, NA where unknown) from `scores`
# (samples x factors): `loadings`, `nonzero` (features x factors), `noise` (features), `mean` of the
# factors (factors x samples); largest factor first; `kept`, their columns in `scores`. NULL without
# a factor. `members`: features x factors, which features are of the factors' sets; NULL for none.
sparse_factors <- function(x, scores, omic, threads, members = NULL) {
  if (is.null(scores)) return(NULL)
  model <- core_factor_model(x, omic, scores, factor_model_rounds, threads, members, member_odds)
  nonzero <- model$inclusion >= least_inclusion & model$loadings^2 >= least_share
  kept <- which(colSums(nonzero) > 0)
  kept <- kept[order(-colSums(model$loadings[, kept, drop = FALSE]^2))]
  if (length(kept) == 0) return(NULL)
  loadings <- model$loadings[, kept, drop = FALSE]
  sign <- ifelse(colSums(loadings^3) < 0, -1, 1)
  list(loadings = sweep(loadings, 2, sign, `*`), nonzero = nonzero[, kept, drop = FALSE],
       noise = model$noise, mean = model$mean[kept, , drop = FALSE] * sign, kept = kept)
}

# Where nothing stands out from noise: all loadings 0, all samples in the middle. A decoder without
# loadings has no gradient in them, so that training finds none either.
without_factors <- function(blank) {
  blank$omics <- lapply(blank$omics, \(p) {
    for (name in c("W", "encoder_mean_weight", "encoder_mean_bias", "encoder_logvar_weight",
                   "encoder_logvar_bias", "decoder_output_bias")) p[[name]][] <- 0
    p
  })
  blank
}

# Least squares of the features (rows of x) on the factors that `nonzero` lets them have, expected
# over the posterior `z` of the factors: `loadings`, `bias`, and `noise`, the variance left. Over
# the samples in which a feature is known.
refit_loadings <- function(x, z, nonzero, omic) {
  loadings <- matrix(0, nrow(x), ncol(nonzero))
  bias <- noise <- numeric(nrow(x))
  for (v in seq_len(max(omic))) {
    samples <- z$has[v, ]
    mean <- z$mean[, samples, drop = FALSE]
    variance <- z$variance[, samples, drop = FALSE]
    inner <- tcrossprod(mean) + diag(rowSums(variance), nrow(mean))
    for (j in which(omic == v)) {
      y <- x[j, samples]
      known <- which(!is.na(y))
      if (length(known) == 0) next
      bias[j] <- sum(y[known]) / length(known)
      y <- y[known] - bias[j]
      k <- which(nonzero[j, ])
      b <- mean[k, known, drop = FALSE] %*% y
      if (length(k) > 0) {
        own <- if (length(known) == length(samples)) {
          inner[k, k, drop = FALSE]
        } else {
          tcrossprod(mean[k, known, drop = FALSE]) +
            diag(rowSums(variance[k, known, drop = FALSE]), length(k))
        }
        loadings[j, k] <- solve(own, b)
      }
      noise[j] <- max(sum(y^2) - sum(b * loadings[j, k]), 0.05 * sum(y^2)) / length(known)
    }
  }
  list(loadings = loadings, bias = bias, noise = noise)
}
