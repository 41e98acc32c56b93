# Data with a known structure: the samples' groups a and b differ in the first factor, every feature
# follows one of three factors, and the last 15 samples lack protein.
structured_omics <- function() {
  samples <- sprintf("s%02d", 1:60)
  group <- stats::setNames(rep(c("a", "b"), 30), samples)
  with_seed(1, {
    factors <- matrix(stats::rnorm(60 * 3), 60)
    factors[, 1] <- factors[, 1] + ifelse(group == "a", -1.5, 1.5)
    omic <- function(prefix, features) {
      signal <- factors[, rep_len(1:3, features)]
      values <- t(signal + stats::rnorm(length(signal), sd = 0.5))
      dimnames(values) <- list(paste0(prefix, seq_len(features)), samples)
      values
    }
    omics <- list(mrna = omic("gene", 30), mirna = omic("mir", 20), protein = omic("protein", 25))
  })
  omics$protein <- omics$protein[, 1:45]
  list(omics = omics, group = group)
}

# One fit for all tests that need one.
small_fit <- local({
  fit <- NULL
  function() {
    if (is.null(fit)) {
      fit <<- poems(
        structured_omics()$omics, factors = 5, seed = 1,
        control = list(epochs = 30, threads = 1, progress = FALSE)
      )
    }
    fit
  }
})

small_group <- \() structured_omics()$group

# A fit with round numbers: what is printed of it does not depend on the machine.
fixed_fit <- function() {
  loadings_of <- function(features, nonzero) {
    w <- matrix(0, features, 4, dimnames = list(paste0("f", seq_len(features)), paste0("Factor", 1:4)))
    w[seq_len(nonzero)] <- 0.5
    methods::as(w, "CsparseMatrix")
  }
  samples <- paste0("s", 1:20)
  gates <- cbind(mrna = rep(c(0.75, 1), each = 10), protein = rep(c(0.25, 0), each = 10))
  rownames(gates) <- samples
  structure(
    list(
      call = quote(poems(x = omics, factors = 4, seed = 3)), seed = 3L,
      control = poems_control(threads = 1), scaling = "standardise", factors = 4L,
      samples = samples,
      omics = list(mrna = list(samples = 1:20), protein = list(samples = 1:10)),
      latent = matrix(0, 20, 4), gates = gates,
      loadings = list(mrna = loadings_of(10, 12), protein = loadings_of(5, 4)),
      variance = data.frame(
        omic = c("mrna", "protein", "mrna"), set = c("training", "training", "validation"),
        r2 = c(0.5, 0.25, 0.4)
      ),
      history = data.frame(epoch = 1:40, training = 140:101, validation = c(150:141, 142:171)),
      best_epoch = 10L, stopped = "converged", validation = samples[11:14], seconds = 2.5,
      version = "0.1.0"
    ),
    class = "poems"
  )
}
