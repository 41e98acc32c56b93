# How many directions vary in the target alone: a permutation test. In directions in which the
# variance of half of the target is largest beside that of half of the background, the variances of
# the other halves are compared. The same is done after samples have changed groups at random, which
# leaves nothing that only the target has, except by chance. A direction counts if its ratio is
# larger than the largest of all such groupings: where groups do not matter, the chance that any
# does is `salient_level` at most, whatever the data.
salient_level <- 0.01

# Principal components in which directions are looked for: of all samples, whatever their group.
most_tested_components <- 150L

# Ratios are a mean over so many random halvings, which make them less a matter of luck.
tested_halvings <- 2L

# x: features x samples, standardised, NA where unknown; `omic`: of every feature; `target`: of
# every sample. At most `salient`.
salient_directions <- function(x, omic, target, salient, seed) {
  y <- sample_components(x, most_tested_components)
  with_seed(seed, {
    found <- left_out_ratios(y, target, salient)
    chance <- vapply(seq_len(round(1 / salient_level) - 1), \(i) {
      left_out_ratios(y, permuted_groups(target, omics_had(x, omic)), salient)[1]
    }, 0)
    sum(found > max(chance))
  })
}

# Components x samples, with the inner products of the samples.
sample_components <- function(x, most) {
  x[is.na(x)] <- 0
  e <- eigen(crossprod(x), symmetric = TRUE)
  k <- seq_len(min(most, sum(e$values > 1e-8 * e$values[1])))
  sqrt(e$values[k]) * t(e$vectors[, k, drop = FALSE])
}

# Samples change groups only with those that have the same omics, so that omics which one group
# lacks make no difference.
permuted_groups <- function(target, has) {
  pattern <- apply(has, 2, paste, collapse = "")
  for (of in split(seq_along(target), pattern)) target[of] <- target[of][sample.int(length(of))]
  target
}

# Of `most` directions, the largest first: the logarithm of the ratio of mean squares about the
# background's mean in target and background, of samples that had no part in finding them.
left_out_ratios <- function(y, target, most) {
  halves <- replicate(tested_halvings, parts_of_groups(target, 2L), simplify = FALSE)
  ratios <- lapply(halves, \(half) lapply(1:2, \(one) {
    from <- half == one
    seen <- y - rowMeans(y[, from & !target, drop = FALSE])
    v <- contrasting_directions(seen[, from, drop = FALSE], target[from], most)
    squares <- crossprod(v, seen[, !from, drop = FALSE])^2
    of <- target[!from]
    sort(log(rowMeans(squares[, of, drop = FALSE]) / rowMeans(squares[, !of, drop = FALSE])),
         decreasing = TRUE)
  }))
  rowMeans(simplify2array(unlist(ratios, recursive = FALSE)))
}

# Columns v of largest v'Tv / v'(B + s)v. T, B: mean squares of target and background; s, the mean
# of B's eigenvalues that are not 0, keeps directions from where the background has none by chance.
contrasting_directions <- function(y, target, most) {
  squares <- \(of) tcrossprod(y[, of, drop = FALSE]) / sum(of)
  b <- squares(!target)
  diag(b) <- diag(b) + sum(diag(b)) / min(nrow(y), sum(!target))
  whiten <- backsolve(chol(b), diag(nrow(y)))
  found <- eigen(crossprod(whiten, squares(target) %*% whiten), symmetric = TRUE)
  whiten %*% found$vectors[, seq_len(min(most, nrow(y))), drop = FALSE]
}

# Numbers from 1 to `parts`, as many of each in both groups.
parts_of_groups <- function(target, parts) {
  part <- integer(length(target))
  for (group in c(TRUE, FALSE)) {
    of <- target == group
    part[of] <- sample(rep_len(seq_len(parts), sum(of)))
  }
  part
}
