# What omics share, found without training. What omic v says of the features of all omics, of
# samples left out, is what it knows of the others; directions in which two omics say the same,
# the eigenvectors of the cross-covariance of what they say, are shared coordinates. An omic speaks
# through bases: linear ones, and a layer of random leaky ReLU units on those features that other
# omics predict, which are what an encoder of one hidden layer begins with.

leaky_slope <- 0.01
leaky <- \(x) pmax(x, 0) + leaky_slope * pmin(x, 0)

# Targets of the maps, over all omics: features, or principal components of omics with more.
most_split_targets <- 800L

# Directions of every omic, of which the targets are the scores: the identity where features do.
target_directions <- function(parts, has, threads) {
  most <- most_split_targets %/% length(parts)
  lapply(seq_along(parts), \(v) {
    if (nrow(parts[[v]]) <= most) return(diag(nrow(parts[[v]])))
    found <- omic_directions(parts[[v]][, has[v, ], drop = FALSE], threads)
    found[, seq_len(min(ncol(found), most)), drop = FALSE]
  })
}

# How well the best of the other omics predicts each feature, R2 of samples left out by linear maps;
# 0 where that may be chance, and in all when the best of them may be. Per omic.
shared_relevance <- function(parts, targets, directions, has, threads) {
  bases <- lapply(seq_along(parts), \(v) omic_basis(parts[[v]], has[v, ], threads = threads))
  lapply(seq_along(parts), \(u) {
    found <- lapply(setdiff(seq_along(parts), u), \(v) {
      both <- which(has[u, ] & has[v, ])
      if (length(both) < least_map_samples) return(numeric(nrow(parts[[u]])))
      said <- learn_saying(basis_values(bases[[v]], parts[[v]]), targets[[u]], both, has[v, ])
      y <- parts[[u]][, both, drop = FALSE]
      left <- y - tcrossprod(directions[[u]], said$said[both, , drop = FALSE])
      r2 <- 1 - rowSums(left^2) / pmax(rowSums(y^2), 1e-9)
      r2 * (r2 > 4 / length(both)) * (max(r2) > 2 * log(length(r2) + 1) / length(both))
    })
    do.call(pmax, found)
  })
}

# What an omic speaks through: `linear`, directions (features x numbers) of all features and of the
# relevant ones, and `units`, random ones of the relevant, about as large. Each has variance 1 in
# all. x: features x samples.
omic_basis <- function(x, has, relevance = NULL, units = 0L, threads) {
  x <- x[, has, drop = FALSE]
  basis <- list(linear = list(omic_directions(x, threads)), units = NULL)
  if (any(relevance > 0)) {
    strength <- sqrt(relevance / sum(relevance))
    basis$linear[[2]] <- strength * omic_directions(strength * x, threads)
    basis$units <- random_units(strength, units)
  }
  basis$linear <- lapply(basis$linear, \(d) d / total_sd(crossprod(x, d)))
  basis$unit <- if (!is.null(basis$units)) total_sd(unit_values(basis$units, x))
  basis
}

# `strength`: of every feature, squares summing to 1.
random_units <- function(strength, units) {
  if (units < 1) return(NULL)
  list(weight = matrix(stats::rnorm(units * length(strength)), units) *
         rep(strength, each = units), bias = stats::rnorm(units))
}

unit_values <- \(units, x) t(leaky(units$weight %*% x + units$bias))
total_sd <- \(x) max(sqrt(sum(centred(x)^2) / nrow(x)), 1e-9)

# Per basis, samples x numbers.
basis_values <- function(basis, x) {
  values <- lapply(basis$linear, \(d) crossprod(x, d))
  if (is.null(basis$units)) values else c(values, list(unit_values(basis$units, x) / basis$unit))
}

# What an omic says of `target` (samples x numbers) through its bases' `values`, learnt from `both`:
# `coefficients` per basis, `intercept`, and `said`, of all samples that it `has`, of those learnt
# from as if they were left out.
learn_saying <- function(values, target, both, has) {
  said <- 0 * target
  if (length(both) < least_map_samples) {
    return(list(coefficients = lapply(values, \(x) matrix(0, ncol(x), ncol(target))),
                intercept = numeric(ncol(target)), said = said))
  }
  means <- colMeans(target[both, , drop = FALSE])
  inputs <- lapply(values, \(x) centred(x[both, , drop = FALSE]))
  y <- centred(target[both, , drop = FALSE])
  weights <- sqrt(input_weights(inputs, few_combinations(y), most_weighed %/% 2L))
  ridge <- averaged_ridge(do.call(cbind, Map(`*`, inputs, weights)), y)
  of <- rep(seq_along(values), vapply(values, ncol, 0L))
  coefficients <- lapply(seq_along(values), \(b) {
    weights[b] * ridge$coefficients[of == b, , drop = FALSE]
  })
  intercept <- means - Reduce(`+`, Map(\(x, b) {
    drop(colMeans(x[both, , drop = FALSE]) %*% b)
  }, values, coefficients))
  said[has, ] <- say(lapply(values, \(x) x[has, , drop = FALSE]), coefficients, intercept)
  said[both, ] <- ridge$left_out + rep(means, each = length(both))
  list(coefficients = coefficients, intercept = intercept, said = said)
}

# Random combinations of the columns of y, which tell their total error well enough to weigh inputs
# by.
few_combinations <- function(y) {
  if (ncol(y) <= most_combinations) return(y)
  y %*% matrix(stats::rnorm(ncol(y) * most_combinations), ncol(y))
}

most_combinations <- 30L

say <- function(values, coefficients, intercept) {
  Reduce(`+`, Map(`%*%`, values, coefficients)) + rep(intercept, each = nrow(values[[1]]))
}

# What every omic says of all omics' targets, its own included: of these, what it knows of what the
# others say of them.
learn_sayings <- function(values, targets, has) {
  omics <- seq_along(values)
  of_others <- lapply(omics, \(v) lapply(omics, \(u) {
    if (u != v) learn_saying(values[[v]], targets[[u]], which(has[u, ] & has[v, ]), has[v, ])
  }))
  lapply(omics, \(v) {
    others <- setdiff(omics, v)
    count <- colSums(has[others, , drop = FALSE])
    heard <- Reduce(`+`, lapply(others, \(u) of_others[[u]][[v]]$said)) / pmax(count, 1)
    own <- learn_saying(values[[v]], heard, which(has[v, ] & count > 0), has[v, ])
    join_sayings(replace(of_others[[v]], v, list(own)))
  })
}

join_sayings <- function(parts) {
  bind <- \(name) do.call(cbind, lapply(parts, `[[`, name))
  bases <- seq_along(parts[[1]]$coefficients)
  list(coefficients = lapply(bases, \(b) {
    do.call(cbind, lapply(parts, \(p) p$coefficients[[b]]))
  }), intercept = unlist(lapply(parts, `[[`, "intercept")), said = bind("said"))
}

# The directions in which omics agree most, at most `most`, targets x coordinates: `directions`;
# and how reliable what an omic says is in them, `rho` (see reliability()). `center` of what every
# omic says, and `sd` of it along the directions. NULL where no pair of omics has enough samples.
shared_coordinates <- function(sayings, has, most) {
  said <- lapply(seq_along(sayings), \(v) centred_said(sayings[[v]]$said, has[v, ]))
  pairs <- pairs_with(has, least_map_samples)
  if (length(pairs) == 0) return(NULL)
  common <- eigen(Reduce(`+`, lapply(said, crossprod)), symmetric = TRUE)
  looked_at <- seq_len(min(most_shared_looked_at, sum(common$values > 1e-9 * common$values[1])))
  if (!(common$values[1] > 0)) return(NULL)
  basis <- common$vectors[, looked_at, drop = FALSE]
  within <- lapply(said, `%*%`, basis)
  found <- eigen(said_alike(within, has, pairs), symmetric = TRUE)
  kept <- seq_len(min(most, sum(found$values > 0)))
  if (length(kept) == 0) return(NULL)
  directions <- basis %*% found$vectors[, kept, drop = FALSE]
  along <- lapply(said, `%*%`, directions)
  list(directions = directions, rho = reliability(along, has, pairs),
       sd = lapply(seq_along(along), \(v) {
         pmax(sqrt(colSums(along[[v]]^2) / max(sum(has[v, ]), 1)), 1e-9)
       }))
}

centred_said <- function(said, has) {
  (said - rep(colMeans(said[has, , drop = FALSE]), each = nrow(said))) * has
}

most_shared_looked_at <- 60L

# Pairs of omics that at least so many samples have.
pairs_with <- function(has, samples) {
  Filter(\(p) sum(has[p[1], ] & has[p[2], ]) >= samples,
         utils::combn(nrow(has), 2, simplify = FALSE))
}

# The symmetric part of the cross-covariance of what two omics say, over all pairs of them.
said_alike <- function(said, has, pairs) {
  Reduce(`+`, lapply(pairs, \(p) {
    both <- has[p[1], ] & has[p[2], ]
    cross <- crossprod(said[[p[1]]][both, , drop = FALSE], said[[p[2]]][both, , drop = FALSE])
    (cross + t(cross)) / (2 * sum(both))
  })) / length(pairs)
}

# How reliable omics are in coordinates: rho_v, the squared correlation of what omic v says with the
# truth. Given the truth, omics are independent, so that what two of them say correlates by
# sqrt(rho_v rho_w), or log r^2 = log rho_v + log rho_w. Two omics alone tell the product only, and
# the shortest solution, which is taken, calls them equally reliable. `said`: per omic, samples x
# coordinates. Per omic, one number per coordinate.
reliability <- function(said, has, pairs) {
  k <- ncol(said[[1]])
  logs <- vapply(pairs, \(p) {
    both <- has[p[1], ] & has[p[2], ]
    r <- vapply(seq_len(k), \(i) correlation_of(said[[p[1]]][both, i], said[[p[2]]][both, i]), 0)
    2 * log(pmax(r, least_reliable))
  }, numeric(k))
  is_in <- t(vapply(pairs, \(p) seq_along(said) %in% p, logical(length(said)))) + 0
  solution <- svd(is_in)
  known <- solution$d > 1e-9
  inverse <- solution$v[, known, drop = FALSE] %*% (t(solution$u[, known, drop = FALSE]) /
                                                       solution$d[known])
  rho <- exp(inverse %*% t(matrix(logs, k)))
  rho[colSums(is_in) == 0, ] <- least_reliable
  lapply(seq_along(said), \(v) pmin(pmax(rho[v, ], least_reliable), most_reliable))
}

# 0 where one of them does not vary.
correlation_of <- function(a, b) {
  if (length(a) < 3 || stats::sd(a) < 1e-12 || stats::sd(b) < 1e-12) 0 else stats::cor(a, b)
}

average <- \(of) Reduce(`+`, of) / length(of)

most_reliable <- 0.995
least_reliable <- 0.01

# The posterior of coordinates given what the omics of a sample say of them, independent given the
# truth: `mean` and `variance`, coordinates x samples.
fuse_shared <- function(said, rho, has) {
  precision <- 1 + Reduce(`+`, Map(\(r, v) outer(r / (1 - r), has[v, ]), rho, seq_along(rho)))
  mean <- Reduce(`+`, Map(\(s, r, v) outer(1 / (1 - r), has[v, ]) * t(s), said, rho,
                          seq_along(rho)))
  list(mean = mean / precision, variance = 1 / precision)
}
