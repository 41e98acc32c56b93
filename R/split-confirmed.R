# How many shared coordinates are real: those in which omics agree in samples that had no part in
# finding them. What the samples themselves say is no judge, since coordinates are sought where
# omics agree most.

# Chance of one that is not, per pair of omics.
least_confidence <- 0.01

# Finds coordinates, `most` at most, in each half of the samples, and looks at them in the other
# half. `count`: how many agree, the first ones up to the first that does not; `rho`: per omic, how
# reliable it is in each of them.
confirmed_shared <- function(parts, has, most, random, threads) {
  half <- sample(rep_len(1:2, ncol(has)))
  of <- \(these) list(lapply(parts, \(x) x[, these, drop = FALSE]), has[, these, drop = FALSE])
  shown <- lapply(1:2, \(h) {
    learnt <- of(half != h)
    found <- learn_shared(learnt[[1]], learnt[[2]], most, random, threads)
    if (is.null(found$coordinates)) return(NULL)
    test <- of(half == h)
    agreement_between(found, test[[1]], test[[2]])
  })
  if (any(vapply(shown, is.null, NA))) return(list(count = 0L))
  k <- seq_len(min(vapply(shown, \(s) length(s$z), 0L)))
  together <- (shown[[1]]$z[k] + shown[[2]]$z[k]) / sqrt(2)
  pairs <- choose(length(parts), 2)
  list(count = sum(cumprod(together > stats::qnorm(1 - least_confidence / pairs))),
       rho = Map(\(a, b) (a[k] + b[k]) / 2, shown[[1]]$rho, shown[[2]]$rho))
}

# What omics say of the coordinates found: `z`, how much two of them agree at most beyond what the
# coordinates before tell, in standard errors (Fisher's z); `rho`: see reliability().
agreement_between <- function(found, parts, has) {
  to <- found$coordinates$directions
  said <- lapply(seq_along(parts), \(v) {
    Reduce(`+`, Map(`%*%`, basis_values(found$bases[[v]], parts[[v]]),
                    found$sayings[[v]]$coefficients)) %*% to
  })
  pairs <- pairs_with(has, 3L)
  of_pair <- \(p, what) {
    both <- has[p[1], ] & has[p[2], ]
    a <- said[[p[1]]][both, , drop = FALSE]
    b <- said[[p[2]]][both, , drop = FALSE]
    vapply(seq_len(ncol(to)), \(k) what(a, b, k), 0)
  }
  list(z = do.call(pmax, lapply(pairs, of_pair, partial_agreement)),
       rho = reliability(said, has, pairs))
}

partial_agreement <- function(a, b, k) {
  before <- seq_len(k - 1)
  given <- cbind(rep(1, nrow(a)), a[, before], b[, before])
  degrees <- nrow(a) - ncol(given) - 2
  if (degrees < 1) return(-Inf)
  left <- \(y) stats::lm.fit(given, y)$residuals
  r <- sum(left(a[, k]) * left(b[, k])) / sqrt(sum(left(a[, k])^2) * sum(left(b[, k])^2))
  if (!is.finite(r)) return(-Inf)
  atanh(max(min(r, 1 - 1e-9), -1 + 1e-9)) * sqrt(degrees)
}
