# Where a model of shared and private coordinates starts: per omic an encoder of one hidden layer of
# leaky ReLU units and a sparse linear decoder, without training. Shared coordinates are those in
# which omics predict each other (split-shared.R), private ones what stands out in what is left
# (split-private.R). Some units are random; pairs of others carry linear functions of the features:
# leaky(u) - leaky(-u) = (1 + slope) u.

# x: features x samples on the scale of training, NA where unknown; `omic`: of every feature;
# `shared`: coordinates that omics share; `private`: per omic, its own; `units` of every encoder.
# Per omic `encoder` (`weight`, `bias`, `mean`, `mean_bias`, `sd`: of coordinates, from x with 0 for
# NA) and `decoder` (`loadings`, `bias`, `noise`). Coordinates that are not found have mean 0, sd 1
# and no loadings.
split_start <- function(x, omic, shared, private, units, seed, threads) {
  seen <- standardise_rows(x)
  has <- omics_had(x, omic)
  filled <- seen$x
  filled[is.na(filled)] <- 0
  rows <- lapply(seq_along(private), \(v) which(omic == v))
  parts <- lapply(rows, \(r) filled[r, , drop = FALSE])
  random <- pmax(units - 2L * (shared + private), 0L)
  with_seed(seed, {
    found <- find_shared(parts, has, shared, random, threads)
    lapply(seq_along(private), \(v) {
      start_omic(v, seen$x[rows[[v]], , drop = FALSE], parts[[v]], found, has[v, ],
                 c(shared = shared, private = private[[v]]), units, threads) |>
        split_rescaled(seen$center[rows[[v]]], seen$scale[rows[[v]]])
    })
  })
}

# The shared coordinates that are real, at most so many, with no more certainty than they show in
# samples that had no part in finding them; what omics say of them, the conditional mean, whose
# variance is rho; and the posterior.
find_shared <- function(parts, has, most, random, threads) {
  real <- confirmed_shared(parts, has, most, random, threads)
  found <- learn_shared(parts, has, min(most, real$count), random, threads)
  if (is.null(found$coordinates)) return(found)
  k <- seq_len(ncol(found$coordinates$directions))
  found$coordinates$rho <- Map(\(rho, shown) pmin(rho, shown[k]), found$coordinates$rho, real$rho)
  found$coordinates$unit <- Map(\(rho, sd) sqrt(rho) / sd, found$coordinates$rho,
                                found$coordinates$sd)
  found$said <- lapply(seq_along(parts), \(v) {
    along <- centred_said(found$sayings[[v]]$said, has[v, ]) %*% found$coordinates$directions
    along * rep(found$coordinates$unit[[v]], each = nrow(along))
  })
  found$posterior <- fuse_shared(found$said, found$coordinates$rho, has)
  found
}

# Bases of the omics, what they say through them, and the shared coordinates.
learn_shared <- function(parts, has, most, random, threads) {
  directions <- target_directions(parts, has, threads)
  targets <- Map(crossprod, parts, directions)
  relevance <- shared_relevance(parts, targets, directions, has, threads)
  bases <- relevant_bases(parts, has, relevance, random, threads)
  values <- Map(basis_values, bases, parts)
  found <- list(bases = bases, values = values, relevance = relevance)
  if (most < 1 || all(unlist(relevance) == 0)) return(found)
  sayings <- learn_sayings(values, targets, has)
  coordinates <- shared_coordinates(sayings, has, most)
  if (is.null(coordinates)) return(found)
  c(found, list(sayings = sayings, coordinates = coordinates))
}

relevant_bases <- function(parts, has, relevance, random, threads) {
  lapply(seq_along(parts), \(v) {
    omic_basis(parts[[v]], has[v, ], relevance[[v]], random[[v]], threads)
  })
}

# Encoder and decoder of omic v, of standardised features. x: with NA; `filled`: without; `size`:
# shared and private coordinates at most.
start_omic <- function(v, x, filled, found, has, size, units, threads) {
  values <- lapply(found$values[[v]], \(a) a[has, , drop = FALSE])
  posterior <- lapply(found$posterior, \(a) a[, has, drop = FALSE])
  if (is.null(found$posterior)) posterior <- no_posterior(sum(has))
  x <- x[, has, drop = FALSE]
  heads <- shared_heads(found, v, has)
  alone <- split_decoder(x, posterior)
  own <- private_coordinates(x, alone, posterior$mean, values, heads$said, size[["private"]],
                             threads)
  heads <- join_heads(heads, own, size)
  if (!is.null(own)) {
    posterior <- list(mean = rbind(posterior$mean, t(own$said)),
                      variance = rbind(posterior$variance, matrix(1 - own$rho, length(own$rho),
                                                                  sum(has))))
  }
  list(encoder = write_encoder(found$bases[[v]], heads, nrow(x), sum(size), units),
       decoder = place_loadings(split_decoder(x, posterior), heads$at, sum(size)))
}

no_posterior <- \(n) list(mean = matrix(0, 0, n), variance = matrix(0, 0, n))

# What gives the shared coordinates of omic v: `coefficients` per basis, `intercept`, `rho`, and
# what is `said` of samples that have it.
shared_heads <- function(found, v, has) {
  if (is.null(found$coordinates)) {
    return(list(coefficients = lapply(found$values[[v]], \(a) matrix(0, ncol(a), 0)),
                intercept = numeric(), rho = numeric(), said = matrix(0, sum(has), 0)))
  }
  saying <- found$sayings[[v]]
  directions <- found$coordinates$directions
  to <- directions * rep(found$coordinates$unit[[v]], each = nrow(directions))
  center <- colMeans(saying$said[has, , drop = FALSE])
  list(coefficients = lapply(saying$coefficients, `%*%`, to),
       intercept = drop((saying$intercept - center) %*% to), rho = found$coordinates$rho[[v]],
       said = found$said[[v]][has, , drop = FALSE])
}

# Shared and private heads, and the columns `at` which their coordinates stand.
join_heads <- function(heads, own, size) {
  k <- length(heads$rho)
  heads$at <- seq_len(k)
  if (is.null(own)) return(heads)
  if (!is.null(own$shared)) {
    own$coefficients <- Map(\(b, s) b - s %*% own$shared, own$coefficients, heads$coefficients)
    own$intercept <- own$intercept - drop(heads$intercept %*% own$shared)
  }
  list(coefficients = Map(cbind, heads$coefficients, own$coefficients),
       intercept = c(heads$intercept, own$intercept), rho = c(heads$rho, own$rho),
       at = c(seq_len(k), size[["shared"]] + seq_along(own$rho)))
}

# Units 1, 2, .. are the basis's random ones, then one pair for every coordinate; the others are
# random, and nothing is read from them.
write_encoder <- function(basis, heads, features, size, units) {
  random <- if (is.null(basis$units)) 0L else nrow(basis$units$weight)
  k <- length(heads$at)
  encoder <- list(weight = matrix(stats::rnorm(units * features, sd = 1 / sqrt(features)), units),
                  bias = stats::rnorm(units), mean = matrix(0, size, units),
                  mean_bias = numeric(size), sd = rep(1, size))
  encoder$mean_bias[heads$at] <- heads$intercept
  encoder$sd[heads$at] <- sqrt(1 - heads$rho)
  if (random > 0) {
    encoder$weight[seq_len(random), ] <- basis$units$weight
    encoder$bias[seq_len(random)] <- basis$units$bias
    encoder$mean[heads$at, seq_len(random)] <- t(utils::tail(heads$coefficients, 1)[[1]]) /
      basis$unit
  }
  linear <- seq_along(basis$linear)
  slopes <- Reduce(`+`, Map(`%*%`, basis$linear, heads$coefficients[linear]))
  up <- random + plus(k)
  down <- random + minus(k)
  encoder$weight[up, ] <- t(slopes)
  encoder$weight[down, ] <- -t(slopes)
  encoder$bias[c(up, down)] <- 0
  encoder$mean[cbind(heads$at, up)] <- 1 / (1 + leaky_slope)
  encoder$mean[cbind(heads$at, down)] <- -1 / (1 + leaky_slope)
  encoder
}

# Least squares on the coordinates' posterior with the loadings that are certain and explain
# something: squares beyond what is expected of the largest of as many that are chance, and the
# share that a start asks of a loading (start.R).
split_decoder <- function(x, posterior) {
  one <- rep(1L, nrow(x))
  posterior$has <- matrix(TRUE, 1, ncol(x))
  k <- nrow(posterior$mean)
  if (k == 0) return(refit_loadings(x, posterior, matrix(FALSE, nrow(x), 0), one))
  all <- refit_loadings(x, posterior, matrix(TRUE, nrow(x), k), one)
  inner <- tcrossprod(posterior$mean) + diag(rowSums(posterior$variance), k)
  own <- all$loadings^2 / rep(diag(solve(inner)), each = nrow(x))  # sum of squares of each alone
  known <- pmax(rowSums(!is.na(x)), 1)
  certain <- own > 2 * log(nrow(x)) * all$noise & own / known >= least_share
  refit_loadings(x, posterior, certain, one)
}

# Loadings of the coordinates found, in the columns `at` of all.
place_loadings <- function(decoder, at, size) {
  loadings <- matrix(0, nrow(decoder$loadings), size)
  loadings[, at] <- decoder$loadings
  list(loadings = loadings, bias = decoder$bias, noise = decoder$noise)
}

# From standardised features to those on the scale of training; constant ones have scale Inf.
split_rescaled <- function(start, center, scale) {
  encoder <- start$encoder
  encoder$weight <- encoder$weight / rep(scale, each = nrow(encoder$weight))
  encoder$bias <- encoder$bias - drop(encoder$weight %*% center)
  unit <- ifelse(is.finite(scale), scale, 0)
  decoder <- start$decoder
  list(encoder = encoder, decoder = list(
    loadings = decoder$loadings * unit, bias = center + decoder$bias * unit,
    noise = decoder$noise * unit^2
  ))
}
