# Two groups of samples: shared factors act in both, salient ones in the target alone. Omic v is
# w (z, t) + noise; a loading is not 0 with probability `density`.
compare_world <- function(target = 150, background = 150, sizes = c(a = 60, b = 40), shared = 3,
                          salient = 2, noise = 1, density = 0.15, shift = 0, seed = 1) {
  withr::with_seed(seed, {
    n <- target + background
    names <- paste0("s", seq_len(n))
    in_target <- stats::setNames(sample(rep(c(TRUE, FALSE), c(target, background))), names)
    normal <- \(k) matrix(stats::rnorm(n * k), n, dimnames = list(names, NULL))
    z <- normal(shared)
    t <- (normal(salient) + shift) * in_target
    loadings <- lapply(sizes, \(features) {
      count <- features * (shared + salient)
      matrix(stats::rbinom(count, 1, density) * sample(c(-1, 1), count, TRUE) *
               stats::runif(count, 0.7, 1.5), features)
    })
    omics <- Map(\(w, omic) {
      x <- tcrossprod(w, cbind(z, t)) + noise * stats::rnorm(nrow(w) * n)
      dimnames(x) <- list(paste0(omic, seq_len(nrow(w))), names)
      x
    }, loadings, names(sizes))
    list(omics = omics, z = z, t = t, target = in_target, loadings = loadings,
         group = ifelse(in_target, "tumour", "normal"))
  })
}

quick_compare <- function(world, ..., shared = 5, salient = 4, epochs = 20, seed = 1, threads = 1,
                          control = list()) {
  poems_compare(
    world$omics, group = world$group, background = "normal", shared = shared, salient = salient,
    seed = seed, ..., control = utils::modifyList(list(epochs = epochs, threads = threads), control)
  )
}

# R2 of the columns of y by least squares from those of x.
linear_r2 <- function(y, x) {
  left <- as.matrix(stats::lm.fit(cbind(1, x), y)$residuals)
  1 - sum(left^2) / sum((y - rep(colMeans(y), each = nrow(y)))^2)
}
