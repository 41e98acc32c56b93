# Which factors the linear start begins with: principal components that stand out from noise, those
# of all omics together and then those of what they leave of each omic alone, rotated to few
# loadings per feature (varimax).

# Varimax looks at the features with the largest communalities, at most this many.
most_rotated_features <- 5000L

# Rounds of filling in what is unknown from the components of the round before; and of the little
# that is unknown of a large cohort, up to this share.
filling_rounds <- 4L
few_filling_rounds <- 2L
most_unknown_in_few <- 0.02

# Quantile of the Tracy-Widom law (0.999) by which a variance must exceed the largest that noise has
# on average, since it varies.
noise_quantile <- 3.2724

# Scores (samples x factors, of variance 1) of the rotated components, at most `most`; NULL if none
# stands out. x: features x samples, mean 0 and variance 1, NA where unknown; `omic`: of every
# feature.
starting_scores <- function(x, omic, most, threads) {
  unknown <- is.na(x)
  scores <- NULL
  for (round in seq_len(rounds_to_fill(unknown))) {
    if (any(unknown)) x[unknown] <- draw_unknown(x, scores, unknown, round)
    scores <- components_of_omics(x, omic, !unknown, most, threads)
  }
  if (is.null(scores)) return(NULL)
  loadings <- x %*% scores / ncol(x)
  parts <- split(seq_len(ncol(scores)), is_bend(scores))
  do.call(cbind, unname(lapply(parts, \(k) {
    scores[, k, drop = FALSE] %*% simple_rotation(loadings[, k, drop = FALSE])
  })))
}

rounds_to_fill <- function(unknown) {
  if (!any(unknown)) return(1L)
  if (is_large(unknown) && mean(unknown) <= most_unknown_in_few) return(few_filling_rounds)
  filling_rounds
}

# Which components are the bend of stronger ones: told, beyond chance, by products of their scores.
# A factor that features answer along a curve makes one, and rotated together the two would become
# two halves of the factor. Looks at as many of the strongest as the samples allow.
is_bend <- function(scores) {
  n <- nrow(scores)
  vapply(seq_len(ncol(scores)), \(k) {
    strongest <- seq_len(min(k - 1L, floor(sqrt(n / 4))))
    if (length(strongest) == 0) return(FALSE)
    pairs <- which(upper.tri(diag(length(strongest)), diag = TRUE), arr.ind = TRUE)
    products <- scores[, pairs[, 1], drop = FALSE] * scores[, pairs[, 2], drop = FALSE]
    left <- stats::lm.fit(cbind(1, products), scores[, k])$residuals
    1 - sum(left^2) / (n - ncol(products) - 1) / stats::var(scores[, k]) > least_bend
  }, NA)
}

# Share of its variance, adjusted for the number of products, that makes a component a bend.
least_bend <- 0.2

# What is unknown, drawn from what components say of it and the noise they leave: without the noise,
# each round would find what the one before has made up. The draws are always the same.
draw_unknown <- function(x, scores, unknown, round) {
  x[unknown] <- if (is.null(scores)) 0 else x[unknown]
  mean <- 0 * x
  if (!is.null(scores)) mean <- tcrossprod(x %*% scores / ncol(x), scores)
  left <- (x - mean)^2
  left[unknown] <- 0
  sd <- sqrt(rowSums(left) / pmax(rowSums(!unknown), 1))
  if (is_large(x)) {
    return(mean[unknown] + sd[row(x)[unknown]] * with_seed(round, stats::rnorm(sum(unknown))))
  }
  (mean + sd * with_seed(round, stats::rnorm(length(x))))[unknown]
}

# Orthogonal scores: the components of all features, then of each omic those of what is left in the
# samples that have it; the `most` that explain most, summed over omics.
components_of_omics <- function(x, omic, known, most, threads) {
  scores <- standing_components(x, most, threads)
  for (v in unique(omic)) {
    has <- colSums(known[omic == v, , drop = FALSE]) > 0
    left <- x[omic == v, has, drop = FALSE]
    if (!is.null(scores)) left <- left_by_scores(left, scores[has, , drop = FALSE])
    own <- standing_components(left, most, threads)
    if (is.null(own)) next
    of_all <- matrix(0, ncol(x), ncol(own))
    of_all[has, ] <- own
    scores <- cbind(scores, of_all)
  }
  if (is.null(scores)) return(NULL)
  scores <- qr.Q(qr(scores)) * sqrt(ncol(x))
  share <- rowsum((x %*% scores / ncol(x))^2, omic) / as.vector(table(omic))
  scores[, utils::head(order(-colSums(share)), most), drop = FALSE]
}

# What least squares of features (rows of x) on scores, samples x factors, leave.
left_by_scores <- function(x, scores) {
  if (!is_large(x)) return(t(stats::lm.fit(scores, t(x))$residuals))
  directions <- qr.Q(qr(scores))
  x - tcrossprod(x %*% directions, directions)
}

# Scores of the components of x (features x samples) that stand out from noise: one after the other,
# as long as its variance exceeds the largest that noise alone would have, given how much of every
# feature the components before have left. Noise differs between features, and a component that one
# of them makes is none.
standing_components <- function(x, most, threads) {
  n <- ncol(x)
  most <- min(most, n - 3L, nrow(x) - 1L)
  if (most < 1) return(NULL)
  parts <- principal_components(x, most, threads)
  left <- rowMeans(x^2)
  kept <- 0L
  for (k in seq_along(parts$variance)) {
    free <- n - kept - 1
    edge <- noise_edge(left * n / free, free) * free / n * noise_margin(free, nrow(x) - kept)
    if (parts$variance[k] <= edge) break
    kept <- k
    left <- pmax(left - (x %*% parts$scores[, k] / n)^2, 0)
  }
  if (kept == 0) NULL else parts$scores[, seq_len(kept), drop = FALSE]
}

# The first components: their variances, and scores of variance 1. From the smaller of the two
# matrices of inner products; of many, only the components asked for are sought.
principal_components <- function(x, most, threads) {
  n <- ncol(x)
  if (is_large(x)) {
    parts <- core_leading_components(x, most, threads)
    parts$values <- parts$values / n
  } else if (nrow(x) < n) {
    parts <- eigen(tcrossprod(x) / n, symmetric = TRUE)
  } else {
    parts <- eigen(core_inner_products(x, threads) / n, symmetric = TRUE)
  }
  kept <- seq_len(min(most, sum(parts$values > 1e-6 * max(parts$values[1], 1e-12))))
  scores <- parts$vectors[, kept, drop = FALSE]
  if (nrow(x) < n && !is_large(x)) {
    scores <- crossprod(x, scores) / rep(sqrt(parts$values[kept]), each = n)
  } else {
    scores <- scores * sqrt(n)
  }
  list(variance = parts$values[kept], scores = scores)
}

# With more samples and features than this, all eigenvectors of their inner products take long, and
# a few are sought alone.
most_for_all_components <- 512L

is_large <- \(x) min(dim(x)) > most_for_all_components

# x %*% y; of many, in single precision, as their components are.
wide_product <- \(x, y, threads) if (is_large(x)) core_products(x, y, threads) else x %*% y

# The largest variance that a component of noise has on average, for features with the variances
# `noise` seen in n samples: the upper edge of the generalised Marchenko-Pastur law (Silverstein and
# Choi 1995; as a rule to keep components: Dobriban and Owen 2019).
noise_edge <- function(noise, n) {
  noise <- noise[noise > 0]
  if (length(noise) == 0) return(0)
  of <- \(share) {
    m <- -share / max(noise)
    -1 / m + sum(noise / (1 + noise * m)) / n
  }
  stats::optimize(of, c(1e-6, 1 - 1e-6), tol = 1e-8)$objective
}

# By what share the largest variance of noise exceeds its average, at the quantile (Johnstone 2001).
noise_margin <- function(n, features) {
  size <- sqrt(max(n - 1, 1)) + sqrt(max(features, 1))
  spread <- size * (1 / sqrt(max(n - 1, 1)) + 1 / sqrt(max(features, 1)))^(1 / 3)
  1 + noise_quantile * spread / size^2
}

# Varimax of the components' directions, not of their loadings: the rotated directions stay
# orthogonal. Features count alike, whatever their communality.
simple_rotation <- function(loadings) {
  if (ncol(loadings) == 1) return(diag(1))
  directions <- loadings / rep(sqrt(colSums(loadings^2)), each = nrow(loadings))
  communality <- rowSums(loadings^2)  # 0 of a feature that is constant in the samples looked at
  looked_at <- utils::head(order(-communality), min(most_rotated_features, sum(communality > 0)))
  simple <- directions[looked_at, , drop = FALSE]
  stats::varimax(simple / sqrt(rowSums(simple^2)), normalize = FALSE)$rotmat
}
