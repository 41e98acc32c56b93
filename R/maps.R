# What the omics that a sample has say of one that it lacks. Factors say too little of it: most of
# what one omic tells of another is spread over many weak directions, and some of it is between
# single features, such as a gene and its own copy number. A map from a set of omics to a Gaussian
# one has
#
#   * ridge regression of the target's principal components on those of the others, each component
#     with penalties of its own, averaged by how well they predict samples left out;
#   * for every feature of the target a slope, by which predictions are drawn in as far as those of
#     samples left out ask for, and a few single features of the others that tell what is left.
#
# Of other omics it has the first alone, which tells which omics belong to their sample
# (sample-checks.R). It learns from the samples that have all of these omics and is applied to
# others, whether they were part of the fit or not. Fits hold directions and coefficients, no
# samples.

most_map_components <- 200L
least_map_samples <- 20L

# Numbers that the directions of an omic, and coefficients of a map, may have at most.
most_map_values <- 2^22

# Pairs of features that a map looks at, at most; in larger omics it has none.
most_pairs_looked_at <- 2^24

map_penalties <- 10^seq(-1.5, 3, by = 0.5)

# x: features x samples on the scale of training, NA where unknown; `omic`: of every feature;
# `bases_of`: gives what omics are seen through beside their principal components, from `parts`,
# which samples have them and `directions`; `keep`: samples of which maps keep the errors, `missed`
# (features x `missed_in`), that they make without them. NULL with a single omic.
learn_maps <- function(x, omic, omics, threads, bases_of = NULL, keep = integer()) {
  if (length(omics) < 2) return(NULL)
  seen <- standardise_rows(x)
  has <- omics_had(x, omic)
  of <- seen[c("center", "scale")]
  parts <- known_by_omic(seen$x, omic)
  large <- is_large_matrix(x)
  rm(x, seen)
  directions <- Map(\(part, v) omic_directions(part[, has[v, ], drop = FALSE], threads), parts,
                    seq_along(omics))
  of$directions <- directions
  if (!is.null(bases_of)) of$bases <- bases_of(parts, has, directions)
  scores <- Map(crossprod, parts, directions)
  inputs <- map_inputs(of, parts)
  maps <- lapply(seq_along(omics), \(to) lapply(map_sources(length(omics), to), \(from) {
    both <- which(colSums(!has[c(from, to), , drop = FALSE]) == 0)
    if (length(both) < least_map_samples || ncol(directions[[to]]) == 0) return(NULL)
    collect_garbage(large)
    map <- learn_map(inputs[from], scores[[to]], from, to, both)
    if (omics[[to]]$family == "gaussian") learn_features(map, parts, directions, keep) else map
  }))
  c(of, list(maps = Filter(Negate(is.null), unlist(maps, recursive = FALSE))))
}

# Per omic, what maps see of it: matrices of samples x numbers, of which the first are its principal
# components.
map_inputs <- function(maps, parts) {
  scores <- Map(\(part, d) list(crossprod(part, d)), parts, maps$directions)
  if (is.null(maps$bases)) return(scores)
  Map(\(scores, basis, part) {
    values <- basis_values(basis, part)
    c(scores, if (length(values) > 0) list(do.call(cbind, values)))
  }, scores, maps$bases, parts)
}

# Values (features x samples, NA where unknown) as maps see them: per omic of the fit.
parts_for_maps <- function(maps, x, omic) {
  known_by_omic((x - maps$center) / maps$scale, omic)
}

# Per omic its features, 0 where a value is unknown.
known_by_omic <- function(x, omic) {
  lapply(seq_len(max(omic)), \(v) unknown_as_0(x[omic == v, , drop = FALSE]))
}

# Sets of omics to predict another from: all others, and each of them.
map_sources <- function(omics, to) {
  others <- setdiff(seq_len(omics), to)
  unique(c(list(others), as.list(others)))
}

# Orthonormal directions of the principal components of an omic, features x components.
omic_directions <- function(x, threads) {
  most <- min(most_map_components, ncol(x) - 1L, nrow(x), max(most_map_values %/% nrow(x), 1L))
  if (most < 1) return(matrix(0, nrow(x), 0))
  parts <- principal_components(x, most, threads)
  wide_product(x, parts$scores, threads) / ncol(x) / rep(sqrt(parts$variance), each = nrow(x))
}

# `inputs`: what map_inputs() returns of the omics `from`; `scores`: samples x components of the
# target; `both`: the samples to learn from. `left_out`, what is said of the components of samples
# left out, is not for the fit: see lean_map().
learn_map <- function(inputs, scores, from, to, both) {
  inputs <- lapply(unlist(inputs, recursive = FALSE), \(s) s[both, , drop = FALSE])
  target <- scores[both, , drop = FALSE]
  target_means <- colMeans(target)
  target <- centred(target)
  weights <- input_weights(lapply(inputs, centred), target)
  x <- do.call(cbind, Map(`*`, lapply(inputs, centred), sqrt(weights)))
  ridge <- averaged_ridge(x, target)
  scale <- rep(sqrt(weights), vapply(inputs, ncol, 0L))
  list(
    from = from, to = to, coefficients = ridge$coefficients * scale, target_means = target_means,
    input_means = unlist(lapply(inputs, colMeans)), both = both, left_out = ridge$left_out
  )
}

# A map without what has been learnt from its errors.
lean_map <- \(map) map[setdiff(names(map), c("both", "left_out", "missed", "missed_in"))]

# How a map goes on from components to features.
learn_features <- function(map, parts, directions, keep) {
  both <- map$both
  of <- of_samples(parts[[map$to]], both)
  left_out <- tcrossprod(map$left_out, directions[[map$to]])
  source <- rep(seq_along(map$from), vapply(parts[map$from], nrow, 0L))
  inputs <- lapply(parts[map$from], of_samples, both)
  inputs <- if (length(inputs) == 1) inputs[[1]] else do.call(rbind, inputs)
  feature_means <- rowMeans(inputs)
  means <- rowMeans(of)
  single <- single_features(inputs - feature_means, source, t(of - means), left_out)
  c(map, list(feature_means = feature_means, means = means, slope = single$slope,
              pairs = single$pairs, sd = single$sd, missed_in = intersect(both, keep),
              missed = t(single$missed[both %in% keep, , drop = FALSE])))
}

# Columns of a matrix; it itself, not a copy, where these are all.
of_samples <- \(x, samples) if (length(samples) == ncol(x)) x else x[, samples, drop = FALSE]

centred <- \(x) x - rep(colMeans(x), each = nrow(x))

# Ridge regression of y on x (samples x variables) by several penalties, in units of the mean
# eigenvalue. For every column of y they are averaged with weights that fall with the error of
# samples left out, of the column and, as a prior that counts twice, of all columns. Columns of x
# and y are centred, which samples left out have no part in. Returns `coefficients` and predictions
# of every sample by the others, `left_out`.
averaged_ridge <- function(x, y, penalties = map_penalties) {
  n <- nrow(x)
  parts <- left_vectors(x)
  rotated <- crossprod(parts$vectors, y)
  penalties <- sum(parts$values) / length(parts$values) * penalties
  residuals <- lapply(penalties, \(penalty) {
    shrink <- parts$values / (parts$values + penalty)
    (y - parts$vectors %*% (shrink * rotated)) / left_by(drop(parts$vectors^2 %*% shrink))
  })
  errors <- matrix(vapply(residuals, \(r) colSums(r^2), numeric(ncol(y))), ncol(y))
  power <- pmax(colSums(y^2), 1e-12)
  own <- (errors / power + 2 * rep(colSums(errors) / sum(power), each = ncol(y))) / 3
  weights <- (apply(own, 1, min) / own)^(pooled_evidence * n / 2)
  weights <- weights / rowSums(weights)
  alpha <- left_out <- 0
  for (i in seq_along(penalties)) {
    shrunk <- rotated / (parts$values + penalties[i])
    alpha <- alpha + shrunk * rep(weights[, i], each = nrow(rotated))
    left_out <- left_out + (y - residuals[[i]]) * rep(weights[, i], each = n)
  }
  list(coefficients = crossprod(x, parts$vectors %*% alpha), left_out = left_out,
       error = min(colSums(errors)))
}

# What a residual is of the error of the sample left out, whose leverage beside the mean is given.
left_by <- \(leverage) pmax(1 - leverage - 1 / length(leverage), 0.05)

# Samples left out are not independent of each other: their errors count as evidence by this share.
pooled_evidence <- 0.3

# Eigenvectors of x x' with values that are not 0, from the smaller matrix of inner products.
left_vectors <- function(x) {
  wide <- ncol(x) >= nrow(x)
  inner <- eigen(if (wide) tcrossprod(x) else crossprod(x), symmetric = TRUE)
  kept <- which(inner$values > 1e-9 * max(inner$values[1], 1e-300))
  vectors <- inner$vectors[, kept, drop = FALSE]
  if (!wide) vectors <- x %*% vectors / rep(sqrt(inner$values[kept]), each = nrow(x))
  list(values = inner$values[kept], vectors = vectors)
}

# How much each of several omics counts in a ridge regression: by halving and doubling, as long as
# the error of samples left out falls. Looks at no more than so many samples and components.
input_weights <- function(inputs, target, most = most_weighed) {
  weights <- rep(1, length(inputs))
  if (length(inputs) == 1) return(weights)
  rows <- spaced(nrow(target), most)
  inputs <- lapply(inputs, \(x) centred(x[rows, , drop = FALSE]))
  target <- centred(target[rows, seq_len(min(ncol(target), most)), drop = FALSE])
  error_of <- \(weights) {
    averaged_ridge(do.call(cbind, Map(`*`, inputs, sqrt(weights))), target)$error
  }
  best <- error_of(weights)
  for (v in seq_along(weights)) for (step in c(0.5, 2)) repeat {
    tried <- weights
    tried[v] <- tried[v] * step
    error <- if (abs(log2(tried[v])) > 4) Inf else error_of(tried)
    if (error >= 0.9995 * best) break
    weights <- tried
    best <- error
  }
  weights
}

most_weighed <- 300L

# What single features tell of what predictions of samples left out miss: for every feature of the
# target the `slope` that multiplies its prediction, the coefficients of a few features, the sparse
# matrix `pairs` (features of the inputs x features of the target), and the standard deviation `sd`
# of values about their prediction, which `missed` them by so much (samples x features). `features`:
# inputs x samples; `source`: the omic of each; `values`, `left_out`: samples x features of the
# target. Coefficients have normal priors, the narrower the less likely a pair is.
single_features <- function(features, source, values, left_out) {
  left <- values - left_out
  variance <- pmax(colMeans(left^2), 1e-12)
  power <- colSums(left_out^2)
  slope <- 1 + colSums(left_out * left) / (power + variance / prior_variance)
  pairs <- likely_pairs(features, source, left, variance)
  collect_garbage(is_large_matrix(left))
  missed <- left
  for (j in blocks_of(ncol(left), max(1, floor(largest_block / 8 / nrow(left))))) {
    said <- left_out[, j, drop = FALSE]
    of_all <- (power + variance / prior_variance)[j]
    missed[, j] <- (left[, j] - said * rep(slope[j] - 1, each = nrow(left))) /
      (1 - said^2 / rep(of_all, each = nrow(left)))
  }
  coefficient <- numeric(nrow(pairs))
  for (rows in split(seq_len(nrow(pairs)), pairs$target)) {
    j <- pairs$target[rows[1]]
    rows <- utils::head(rows[order(pairs$doubt[rows])], most_pairs)
    x <- cbind(t(features[pairs$input[rows], , drop = FALSE]), left_out[, j])
    doubt <- pmin(pairs$doubt[rows], 0.999)
    penalty <- variance[j] / prior_variance + c(nrow(x) * doubt / (1 - doubt), 0)
    inverse <- solve(crossprod(x) + diag(penalty, ncol(x)))
    fitted <- inverse %*% crossprod(x, left[, j])
    missed[, j] <- (left[, j] - x %*% fitted) / (1 - rowSums((x %*% inverse) * x))
    slope[j] <- 1 + fitted[ncol(x)]
    coefficient[rows] <- fitted[-ncol(x)]
  }
  used <- coefficient != 0
  matrix <- Matrix::sparseMatrix(pairs$input[used], pairs$target[used], x = coefficient[used],
                                 dims = c(nrow(features), ncol(values)))
  list(slope = slope, pairs = matrix, sd = sqrt(colMeans(missed^2)) * few_samples(nrow(values)),
       missed = missed)
}

# What a standard deviation estimated from n values is to be multiplied by for 95 % of further ones
# to lie within 1.96 of it.
few_samples <- \(n) stats::qt(0.975, n - 1) / stats::qnorm(0.975) * sqrt(1 + 1 / n)

prior_variance <- 0.03
most_pairs <- 10L
most_doubt <- 0.6

# Pairs whose correlation is likely not to be chance: `doubt` is the false discovery rate (Benjamini
# and Hochberg) among all pairs of the omics, with the spread of chance correlations estimated.
likely_pairs <- function(features, source, left, variance) {
  none <- data.frame(input = integer(), target = integer(), doubt = numeric())
  if (as.numeric(nrow(features)) * ncol(left) > most_pairs_looked_at) return(none)
  of_source <- lapply(unique(source), \(v) {
    rows <- which(source == v)
    z <- abs(features[rows, , drop = FALSE] %*% left) / sqrt(nrow(left)) /
      rep(sqrt(variance), each = length(rows))
    z <- z / max(1, stats::median(z) / stats::qnorm(0.75))
    high <- which(z > 2.5)
    if (length(high) == 0) return(none)
    high <- high[order(-z[high])]
    rate <- pmin(length(z) * 2 * stats::pnorm(-z[high]) / seq_along(high), 1)
    doubt <- rev(cummin(rev(rate)))
    kept <- high[doubt < most_doubt]
    data.frame(input = rows[(kept - 1L) %% length(rows) + 1L],
               target = (kept - 1L) %/% length(rows) + 1L, doubt = doubt[doubt < most_doubt])
  })
  do.call(rbind, of_source)
}

# Predictions of the omics that samples lack, on the scale of training: per omic of the fit that
# some lack, `mean`, `sd` and, if maps have one, `share`, features x samples, NA where there is no
# map. `x`: features x samples,
# NA where unknown; `has`: omics x samples.
predict_lacking <- function(fit, x, has) {
  of <- fit$maps
  omic <- omic_of_features(fit$omics)
  parts <- parts_for_maps(of, x, omic)
  predicted <- lapply(seq_along(parts), \(v) {
    if (!all(has[v, ])) list(mean = NA * parts[[v]], sd = NA * parts[[v]])
  })
  pattern <- apply(has, 2, paste, collapse = " ")
  for (samples in split(seq_along(pattern), pattern)) {
    had <- which(has[, samples[1]])
    for (to in setdiff(seq_along(parts), had)) {
      map <- map_for(of$maps, had, to)
      if (is.null(map$slope)) next
      here <- omic == to
      value <- apply_map(of, map, lapply(parts, \(part) part[, samples, drop = FALSE]))
      scale <- ifelse(is.finite(of$scale[here]), of$scale[here], 0)
      predicted[[to]]$mean[, samples] <- value * scale + of$center[here]
      predicted[[to]]$sd[, samples] <- map$sd * scale
      if (!is.null(map$share)) {
        if (is.null(predicted[[to]]$share)) predicted[[to]]$share <- NA * predicted[[to]]$mean
        predicted[[to]]$share[, samples] <- map$share
      }
    }
  }
  predicted
}

# The map from the most omics that a sample has.
map_for <- function(maps, had, to) {
  fits <- Filter(\(map) map$to == to && all(map$from %in% had), maps)
  if (length(fits) == 0) NULL else fits[[which.max(lengths(lapply(fits, `[[`, "from")))]]
}

apply_map <- function(of, map, parts) {
  inputs <- unlist(map_inputs(of, parts)[map$from], recursive = FALSE)
  base <- tcrossprod(of$directions[[map$to]], map_components(map, inputs))
  features <- do.call(rbind, parts[map$from]) - map$feature_means
  map$means + map$slope * base + as.matrix(Matrix::crossprod(map$pairs, features))
}

# What a map says of the target's components, samples x components, about their means. `inputs`:
# matrices of samples x numbers of the omics that it maps from.
map_components <- function(map, inputs) {
  inputs <- do.call(cbind, inputs)
  (inputs - rep(map$input_means, each = nrow(inputs))) %*% map$coefficients
}
