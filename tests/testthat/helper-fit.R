# Fits to draw and to print.

# One small fit for all tests that need a real one.
small_fit <- local({
  fit <- NULL
  function() {
    if (is.null(fit)) {
      fit <<- poems(small_cohort()$omics, factors = 5, seed = 1,
                    control = quick_control(learning_rate = 5e-3))
    }
    fit
  }
})

# The samples of small_fit() in two groups, told apart by the first true factor.
small_group <- function() {
  first <- small_cohort()$factors[, 1]
  stats::setNames(ifelse(first > 0, "high", "low"), small_fit()$samples)
}

# A fit with round numbers: what is printed of it does not depend on the machine.
fixed_fit <- function() {
  loadings_of <- function(features, nonzero) {
    w <- matrix(0, features, 2)
    w[seq_len(nonzero)] <- 0.5
    Matrix::drop0(Matrix::Matrix(w, sparse = TRUE))
  }
  samples <- paste0("s", 1:20)
  gates <- cbind(mrna = rep(c(0.75, 1), each = 10), protein = rep(c(0.25, 0), each = 10))
  rownames(gates) <- samples
  structure(
    list(
      call = quote(poems(x = omics, factors = 4, seed = 3)), seed = 3L,
      control = poems_control(threads = 1), scaling = "standardise", factors = 2L,
      config = list(factors = 4L),
      samples = samples,
      omics = list(
        mrna = list(samples = 1:20, family = "gaussian"),
        protein = list(samples = 1:10, family = "gaussian")
      ),
      latent = matrix(0, 20, 2), gates = gates,
      contributions = array(
        c(gates[, 1], gates[, 2], rep(1, 10), rep(1, 10), rep(0, 20)), c(20, 2, 2),
        list(sample = samples, omic = colnames(gates), factor = c("Factor1", "Factor2"))
      ),
      loadings = list(mrna = loadings_of(10, 12), protein = loadings_of(5, 4)),
      variance = data.frame(
        omic = c("mrna", "protein", "mrna"), set = c("training", "training", "validation"),
        r2 = c(0.5, 0.25, 0.4)
      ),
      explained = list(factor = data.frame(
        omic = rep(c("mrna", "protein"), each = 2), factor = c("Factor1", "Factor2"),
        r2 = c(0.31, 0.104, 0.152, -0.0004)
      )),
      history = data.frame(epoch = 1:40, training = 140:101, validation = c(150:141, 142:171)),
      best_epoch = 10L, stopped = "converged", all_samples = FALSE, validation = samples[11:14],
      seconds = 2.5,
      version = "0.1.0"
    ),
    class = "poems"
  )
}

# Like small_fit(), of the two omics that all samples have: there, tests are the usual ones.
complete_fit <- local({
  fit <- NULL
  function() {
    if (is.null(fit)) {
      fit <<- poems(small_cohort()$omics[c("rna", "protein")], factors = 5, seed = 1,
                    control = quick_control(learning_rate = 5e-3))
    }
    fit
  }
})
