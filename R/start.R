# Where training starts: a sparse linear factor model of the same data. Principal components that
# stand out from noise, rotated to few loadings per feature (varimax) and cut to the loadings that
# are significant, tell which features make a factor; least squares, how far. The linear model is then
# written into the encoders and decoders, whose ReLU units can hold a linear map exactly: in pairs,
# relu(u) - relu(-u) = u. Training then bends what is not linear. A random start ends in a far worse
# optimum when samples are few.

# More samples than this say little more about where to start.
most_start_samples <- 1000L

# Varimax looks at the features with the largest communalities, at most this many.
most_rotated_features <- 5000L

# Loadings to start from are not 0 with at least this probability and explain at least this share of
# their feature's variance: in a large cohort, loadings too small to mean anything are significant too.
least_inclusion <- 0.5
least_share <- 0.0125

# Penalties that ridge regression tries, in units of the mean eigenvalue of the samples' inner
# products.
ridge_penalties <- 10^seq(-1.5, 3, by = 0.25)

# Rounds of filling in omics that samples lack from the model of the round before.
filling_rounds <- 4L

# The core's parameters to start from. `blank`: the random ones; `validation`: positions in
# `samples` of those held out; `design`: samples x covariates, or NULL.
linear_start <- function(blank, omics, data, samples, validation, factors, control,
                         design = NULL) {
  used <- setdiff(seq_along(samples), validation)
  used <- used[spaced(length(used), most_start_samples)]
  x <- standardised_features(omics, data, samples[used], design)
  # Two units a factor, and one to spare that keeps the columns of factors not started from 0.
  most <- min(factors, (control$hidden - 1L) %/% 2L, ncol(x) - 2L)
  if (most < 1) return(blank)
  robust <- standardise_rows(bounded(x))$x
  loadings <- factor_loadings(robust, most, control$threads)
  if (is.null(loadings)) return(blank)
  omic <- rep(seq_along(omics), vapply(omics, \(o) length(o$features), 0L))
  nonzero <- nonzero_loadings(loadings, omic, rowSums(omics_had(x, omic)))
  z <- product_of_experts(linear_experts(loadings, omic), robust, omic)
  seen <- standardise_rows(x)
  experts <- linear_experts(refit_loadings(seen$x, z, nonzero, omic)$loadings, omic) |>
    learn_experts(seen$x, z, omic, control$threads)
  z <- product_of_experts(experts, seen$x, omic)
  decoded <- refit_loadings(x, z, nonzero, omic)
  for (v in seq_along(omics)) {
    here <- omic == v
    blank$omics[[v]] <- blank$omics[[v]] |>
      start_encoder(experts$weights[[v]], experts$precision[[v]], seen$center[here],
                    seen$scale[here]) |>
      start_decoder(lapply(decoded, \(part) as.matrix(part)[here, , drop = FALSE]), omics[[v]])
  }
  blank$gate$output_weight[] <- 0  # all omics weigh the same
  blank$gate$output_bias[] <- 0
  blank
}

# What factors are sought in: a few extreme values shall not make one, and features that answer a
# factor along a curve look straighter. Where a sample lies is then told by the values themselves.
bounded <- \(x) x / sqrt(1 + x^2)

# All features x samples on the scale of training; 0 where a value is missing or a sample lacks an
# omic, with the positions of the latter in attribute "lacking".
standardised_features <- function(omics, data, samples, design) {
  parts <- Map(\(omic, x) {
    z <- matrix(0, length(omic$features), length(samples))
    there <- samples %in% colnames(x)
    x <- as.matrix(x[omic$features, samples[there], drop = FALSE])
    adjusted <- adjust_values(x, omic_offset(omic, x), omic$effects,
                              design[samples[there], , drop = FALSE])
    scaled <- (adjusted - omic$center) / omic$scale
    scaled[is.na(scaled)] <- 0
    z[, there] <- pmax(pmin(scaled, omic$clip), -omic$clip)
    list(z = z, lacking = matrix(!there, nrow(z), ncol(z), byrow = TRUE))
  }, omics, data[names(omics)])
  x <- do.call(rbind, lapply(parts, `[[`, "z"))
  lacking <- do.call(rbind, lapply(parts, `[[`, "lacking"))
  attr(x, "lacking") <- if (any(lacking)) lacking
  x
}

# Features whose standard deviation in the samples looked at is below this share of the median one
# count as constant there: what is learnt of them would be magnified beyond all bounds in the samples
# in which they do vary.
least_relative_sd <- 0.1

# Features with mean 0 and sd 1, or all 0 if they are constant, and what they had.
standardise_rows <- function(x) {
  center <- rowMeans(x)
  scale <- sqrt(rowMeans((x - center)^2))
  scale[scale <= least_relative_sd * stats::median(scale)] <- Inf
  lacking <- attr(x, "lacking")
  x <- (x - center) / scale
  x[lacking] <- 0
  attr(x, "lacking") <- lacking
  list(x = x, center = center, scale = scale)
}

# Loadings (features x factors) of a linear factor model, rotated, largest factor first. NULL if no
# component stands out from noise.
factor_loadings <- function(x, most, threads) {
  lacking <- attr(x, "lacking")
  for (round in seq_len(if (is.null(lacking)) 1L else filling_rounds)) {
    components <- principal_components(x, most, threads)
    if (is.null(components)) return(NULL)
    if (!is.null(lacking)) {
      x[lacking] <- tcrossprod(components$loadings, components$scores)[lacking]
    }
  }
  loadings <- rotate_loadings(components$loadings)
  loadings <- loadings[, order(-colSums(loadings^2)), drop = FALSE]
  sweep(loadings, 2, ifelse(colSums(loadings^3) < 0, -1, 1), `*`)
}

# Probabilistic principal components: loadings shrunk by the noise that they contain. A component
# stands out if its variance exceeds the largest that noise alone would have (Marchenko and Pastur).
principal_components <- function(x, most, threads) {
  n <- ncol(x)
  inner <- eigen(core_inner_products(x, threads) / n, symmetric = TRUE)
  noise_edge <- (1 + sqrt(nrow(x) / n))^2 * sum(inner$values) / nrow(x)
  kept <- seq_len(min(most, sum(inner$values > noise_edge)))
  if (length(kept) == 0) return(NULL)
  variance <- inner$values[kept]
  noise <- (sum(inner$values) - sum(variance)) / (nrow(x) - length(kept))
  shrink <- sqrt(pmax(variance - noise, 0) / variance)
  scores <- inner$vectors[, kept, drop = FALSE] * sqrt(n)
  list(loadings = (x %*% scores / n) * rep(shrink, each = nrow(x)),
       scores = scores * rep(shrink, each = n))
}

# Varimax of the components' directions, not of their loadings: the rotated directions stay
# orthogonal, and the factors may be correlated. Features count alike, whatever their communality.
rotate_loadings <- function(loadings) {
  if (ncol(loadings) == 1) return(loadings)
  sd <- sqrt(colSums(loadings^2))
  directions <- loadings / rep(sd, each = nrow(loadings))
  communality <- rowSums(loadings^2)  # 0 of a feature that is constant in the samples looked at
  looked_at <- utils::head(order(-communality), min(most_rotated_features, sum(communality > 0)))
  simple <- directions[looked_at, , drop = FALSE]
  rotation <- stats::varimax(simple / sqrt(rowSums(simple^2)), normalize = FALSE)$rotmat
  factor_sd <- sqrt(colSums((sd * rotation)^2))
  (directions %*% rotation) * rep(factor_sd, each = nrow(loadings))
}

# Variance of every feature that the factors leave, of 1 in all.
unexplained <- \(loadings) pmax(1 - rowSums(loadings^2), 0.05)

# Which loadings are not 0, by a spike and a slab fitted to every factor in every omic: in units of
# its standard error a loading is N(0, 1) if it is 0 and N(0, 1 + slab) if not. Where most loadings
# are 0 only clear ones pass; where many are not, small ones do too, unless they explain too little.
# `samples`: how many have each omic.
nonzero_loadings <- function(loadings, omic, samples) {
  z2 <- loadings^2 * samples[omic] / unexplained(loadings)
  for (v in seq_len(max(omic))) z2[omic == v, ] <- apply(z2[omic == v, , drop = FALSE], 2, inclusion_of)
  z2 >= least_inclusion & loadings^2 >= least_share
}

# Probabilities of not being 0, given squares of standardised loadings, by EM.
inclusion_of <- function(z2, rounds = 50L) {
  rate <- 0.5
  slab <- max(mean(z2), 1)
  for (round in seq_len(rounds)) {
    odds <- rate / (1 - rate) / sqrt(1 + slab) * exp(z2 / 2 * slab / (1 + slab))
    p <- 1 / (1 + 1 / odds)
    rate <- (sum(p) + 1) / (length(p) + 2)
    slab <- max(sum(p * z2) / sum(p) - 1, 1)
  }
  p
}

# The posterior of the linear model as a product of experts, one per omic, weighed equally by the
# gate. An expert is the posterior given its omic alone, with its share of the prior in place of a
# whole one, so that the product is right for samples that lack omics too; what is lost is that one
# omic can disentangle factors that overlap in another. `weights`: per omic, factors x features,
# the expert's mean; `precision`: per omic and factor.
linear_experts <- function(loadings, omic) {
  noise <- unexplained(loadings)
  omics <- seq_len(max(omic))
  alone <- lapply(omics, \(v) {
    scaled <- loadings[omic == v, , drop = FALSE] / noise[omic == v]
    covariance <- solve(diag(ncol(loadings)) + crossprod(scaled, loadings[omic == v, ]))
    precision <- 1 / diag(covariance)
    share <- precision - 1 + 1 / length(omics)
    list(weights = tcrossprod(covariance, scaled) * precision / share,
         precision = length(omics) * share)
  })
  list(weights = lapply(alone, `[[`, "weights"), precision = lapply(alone, `[[`, "precision"))
}

# The same experts with means learnt from the posterior `z` of all omics: ridge regression of the
# factors on the features of one omic. In real omics the noise of features is not independent, and
# what the model itself says of a factor that an omic hardly knows is far too bold.
learn_experts <- function(experts, x, z, omic, threads) {
  omics <- length(experts$weights)
  experts$weights <- lapply(seq_len(omics), \(v) {
    has <- z$has[v, ]
    share <- experts$precision[[v]] / omics
    weights <- ridge_weights(x[omic == v, has, drop = FALSE], z$mean[, has, drop = FALSE], threads)
    weights * (share + 1 - 1 / omics) / share
  })
  experts
}

# Ridge regression of every row of y on the rows of x, over samples (columns): coefficients, rows of
# y x rows of x. Each has the penalty with the smallest leave-one-out error.
ridge_weights <- function(x, y, threads) {
  if (all(x == 0)) return(matrix(0, nrow(y), nrow(x)))
  inner <- eigen(core_inner_products(x, threads), symmetric = TRUE)
  values <- pmax(inner$values, 0)
  rotated <- crossprod(inner$vectors, t(y))
  penalties <- mean(values) * ridge_penalties
  errors <- vapply(penalties, \(penalty) {
    shrink <- values / (values + penalty)
    left <- t(y) - inner$vectors %*% (shrink * rotated)
    colMeans((left / (1 - drop(inner$vectors^2 %*% shrink)))^2)
  }, numeric(nrow(y)))
  best <- penalties[apply(matrix(errors, nrow(y)), 1, which.min)]
  t(x %*% (inner$vectors %*% (rotated / outer(values, best, `+`))))
}

# Which omics (rows) each sample has.
omics_had <- function(x, omic) {
  lacking <- attr(x, "lacking")
  first <- match(seq_len(max(omic)), omic)
  if (is.null(lacking)) matrix(TRUE, length(first), ncol(x)) else !lacking[first, , drop = FALSE]
}

# Mean and variance (factors x samples) of the gated product of linear_experts(), and which omics each
# sample has.
product_of_experts <- function(experts, x, omic) {
  omics <- seq_along(experts$weights)
  has <- omics_had(x, omic)
  gate <- sweep(has, 2, colSums(has), `/`)
  precision <- Reduce(`+`, Map(\(p, v) outer(p, gate[v, ]), experts$precision, omics))
  mean <- Reduce(`+`, Map(\(weights, p, v) {
    (weights %*% x[omic == v, ]) * outer(p, gate[v, ])
  }, experts$weights, experts$precision, omics)) / precision
  list(mean = mean, variance = 1 / precision, has = has)
}

# Least squares of the features (rows of x) on the factors that `nonzero` lets them have, expected
# over the posterior `z` of the factors: `loadings`, `bias`, and `noise`, the variance left.
refit_loadings <- function(x, z, nonzero, omic) {
  loadings <- matrix(0, nrow(x), ncol(nonzero))
  bias <- noise <- numeric(nrow(x))
  for (v in seq_len(max(omic))) {
    samples <- z$has[v, ]
    mean <- z$mean[, samples, drop = FALSE]
    inner <- tcrossprod(mean) + diag(rowSums(z$variance[, samples, drop = FALSE]), nrow(mean))
    for (j in which(omic == v)) {
      bias[j] <- sum(x[j, samples]) / sum(samples)
      y <- x[j, samples] - bias[j]
      k <- which(nonzero[j, ])
      b <- mean[k, , drop = FALSE] %*% y
      if (length(k) > 0) loadings[j, k] <- solve(inner[k, k, drop = FALSE], b)
      noise[j] <- max(sum(y^2) - sum(b * loadings[j, k]), 0.05 * sum(y^2)) / sum(samples)
    }
  }
  list(loadings = loadings, bias = bias, noise = noise)
}

# Units 2 k - 1 and 2 k of a hidden layer carry factor k, plus and minus. The other units keep their
# random weights, but nothing that is read from them, so that training can take them into use.
plus <- \(factors) 2L * seq_len(factors) - 1L
minus <- \(factors) 2L * seq_len(factors)

# `center`, `scale`: of what the encoder sees, whose standardised values `weights` are for.
start_encoder <- function(p, weights, precision, center, scale) {
  k <- nrow(weights)
  weights <- weights / rep(scale, each = k)
  shift <- drop(weights %*% center)
  pairs <- seq_len(2L * k)
  p$encoder_hidden1_weight[plus(k), ] <- weights
  p$encoder_hidden1_weight[minus(k), ] <- -weights
  p$encoder_hidden2_weight[pairs, ] <- 0
  p$encoder_hidden2_weight[cbind(pairs, pairs)] <- 1
  p$encoder_mean_weight[] <- 0
  p$encoder_mean_weight[cbind(seq_len(k), plus(k))] <- 1
  p$encoder_mean_weight[cbind(seq_len(k), minus(k))] <- -1
  p$encoder_logvar_weight[] <- 0
  p$encoder_hidden1_bias[plus(k)] <- -shift
  p$encoder_hidden1_bias[minus(k)] <- shift
  p$encoder_hidden2_bias[pairs] <- 0
  p$encoder_mean_bias[] <- 0
  p$encoder_logvar_bias[] <- 0
  p$encoder_logvar_bias[seq_len(k)] <- -log(precision)
  p
}

# Of one omic. `decoded`: its part of what refit_loadings() returns; `omic`: its scaling.
start_decoder <- function(p, decoded, omic) {
  loadings <- decoded$loadings
  k <- ncol(loadings)
  hidden <- p$decoder_hidden_weight
  hidden[seq_len(2L * k), ] <- 0
  hidden[cbind(plus(k), seq_len(k))] <- 1
  hidden[cbind(minus(k), seq_len(k))] <- -1
  hidden <- sweep(hidden, 2, sqrt(colSums(hidden^2)), `/`)
  loaded <- rowSums(loadings != 0) > 0  # features without a loading keep their random output
  strength <- sqrt(abs(loadings[loaded, , drop = FALSE]))
  output <- p$decoder_output_weight
  output[loaded, ] <- 0
  output[loaded, plus(k)] <- strength
  output[loaded, minus(k)] <- -strength
  output <- output / sqrt(rowSums(output^2))
  slope <- output[, plus(k), drop = FALSE] *
    rep(hidden[cbind(plus(k), seq_len(k))], each = nrow(output))
  W <- matrix(0, nrow(loadings), ncol(hidden))
  W[, seq_len(k)] <- ifelse(loadings != 0, loadings / slope, 0)
  p$decoder_hidden_weight <- hidden
  p$decoder_output_weight <- output
  p$decoder_output_bias[] <- start_bias(decoded, omic)
  if (omic$family == "gaussian") {
    varies <- decoded$noise > 0
    p$log_sigma[varies] <- log(decoded$noise[varies]) / 2
  }
  p$W <- W
  p
}

# Through a curved link, what factors add to the predictions moves the mean of the expected values:
# back to what the intercept alone says. Exact for the logarithm of counts and Gaussian factors; the
# usual approximation of the logistic by the probit for 0 and 1.
start_bias <- function(decoded, omic) {
  power <- rowSums(decoded$loadings^2)
  switch(omic$family,
    gaussian = decoded$bias,
    bernoulli = omic$link$intercept / omic$link$unit *
      (sqrt(1 + pi / 8 * omic$link$unit^2 * power) - 1),
    -omic$link$unit * power / 2
  )
}
