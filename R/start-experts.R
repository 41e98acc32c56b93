# What one omic says of the factors, for the start of training: its expert.

# Penalties that ridge regression tries, in units of the mean eigenvalue of the samples' inner
# products.
ridge_penalties <- 10^seq(-1.5, 3, by = 0.25)

# The posterior of the linear model as a product of experts, one per omic, weighed equally by the
# gate. An expert is the posterior given its omic alone, with its share of the prior in place of a
# whole one, so that the product is right for samples that lack omics too; what is lost is that one
# omic can disentangle factors that overlap in another. `noise`: variance of every feature given the
# factors. Returns per omic `weights`, factors x features, the expert's mean; and `precision` of
# every factor.
linear_experts <- function(loadings, noise, omic) {
  omics <- seq_len(max(omic))
  noise <- pmax(noise, 0.05)
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

# The same experts with means learnt from the factors `mean` (factors x samples) of all omics: ridge
# regression of the factors on the features of one omic. In real omics the noise of features is not
# independent, and what the model itself says of a factor that an omic hardly knows is far too bold.
# `has`: omics x samples; `inner`: per omic, inner_eigen() of its samples. Adds `left_out`, per omic
# what its expert says of every sample without having seen it: factors x samples, 0 where it lacks
# the omic.
learn_experts <- function(experts, x, mean, has, omic, inner) {
  omics <- length(experts$weights)
  experts$left_out <- lapply(inner, \(v) 0 * mean)
  for (v in seq_len(omics)) {
    of <- has[v, ]
    share <- experts$precision[[v]] / omics
    bolder <- (share + 1 - 1 / omics) / share
    ridge <- ridge_weights(x[omic == v, of, drop = FALSE], mean[, of, drop = FALSE], inner[[v]])
    experts$weights[[v]] <- ridge$weights * bolder
    experts$left_out[[v]][, of] <- ridge$left_out * bolder
  }
  experts
}

# Ridge regression of every row of y on the rows of x, over samples (columns); each has the penalty
# with the smallest leave-one-out error. `weights`: rows of y x rows of x; `left_out`, like y:
# predictions of every sample without it. `inner`: inner_eigen() of x.
ridge_weights <- function(x, y, inner) {
  if (all(x == 0)) return(list(weights = matrix(0, nrow(y), nrow(x)), left_out = 0 * y))
  path <- ridge_path(inner, t(y))
  rotated <- crossprod(inner$vectors, t(y)) / outer(inner$values, path$penalty, `+`)
  list(weights = t(x %*% (inner$vectors %*% rotated)), left_out = t(path$left_out))
}

# Of ridge regressions on the components of many samples, the largest so many take part.
most_ridge_components <- 200L

# Eigenvalues and vectors of the inner products of samples (columns of x), and the `mean` of all
# values. Of many samples only the largest: ridge regression takes next to nothing from the others.
inner_eigen <- function(x, threads) {
  if (ncol(x) <= most_for_all_components) {
    inner <- eigen(core_inner_products(x, threads), symmetric = TRUE)
    values <- pmax(inner$values, 0)
    return(list(values = values, vectors = inner$vectors, mean = mean(values)))
  }
  most <- min(most_ridge_components, nrow(x))
  parts <- principal_components(x, most, threads)
  list(values = parts$variance * ncol(x), vectors = parts$scores / sqrt(ncol(x)),
       mean = sum(x^2) / ncol(x))
}

# Per column of y (samples in rows), the penalty with the smallest leave-one-out error and its
# predictions.
ridge_path <- function(inner, y) {
  rotated <- crossprod(inner$vectors, y)
  best <- list(penalty = rep(NA_real_, ncol(y)), left_out = 0 * y)
  smallest <- rep(Inf, ncol(y))
  for (penalty in inner$mean * ridge_penalties) {
    shrink <- inner$values / (inner$values + penalty)
    lever <- drop(inner$vectors^2 %*% shrink)
    left_out <- (inner$vectors %*% (shrink * rotated) - lever * y) / (1 - lever)
    error <- colSums((y - left_out)^2)
    better <- error < smallest
    best$penalty[better] <- penalty
    best$left_out[, better] <- left_out[, better]
    smallest <- pmin(error, smallest)
  }
  best
}

# Which omics (rows) each sample has. x: features x samples, NA where unknown.
omics_had <- function(x, omic) rowsum((!is.na(x)) + 0, omic, reorder = FALSE) > 0

# Mean and variance (factors x samples) of the gated product of linear_experts(), and which omics
# each sample has. `weights`: how much each omic counts.
product_of_experts <- function(experts, x, has, omic, weights = rep(1, length(experts$weights))) {
  omics <- seq_along(experts$weights)
  gate <- sweep(has * weights, 2, colSums(has * weights), `/`)
  precision <- Reduce(`+`, Map(\(p, v) outer(p, gate[v, ]), experts$precision, omics))
  mean <- Reduce(`+`, Map(\(weights, p, v) {
    (weights %*% x[omic == v, ]) * outer(p, gate[v, ])
  }, experts$weights, experts$precision, omics)) / precision
  list(mean = mean, variance = 1 / precision, has = has)
}
