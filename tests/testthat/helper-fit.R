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

# A fit of which only the first n factors are in use, as new_fit() makes it.
with_factors <- function(fit, n) {
  used <- seq_len(n)
  late <- setdiff(seq_len(fit$factors), used)
  keep <- \(x) x[, used, drop = FALSE]
  join <- \(x, unused) unname(cbind(as.matrix(x)[, late, drop = FALSE], as.matrix(unused)))
  fit$unused <- list(
    latent = join(fit$latent, fit$unused$latent), mode = join(fit$mode, fit$unused$mode),
    loadings = Map(\(w, unused) methods::as(join(w, unused), "CsparseMatrix"), fit$loadings,
                   fit$unused$loadings)
  )
  fit[c("latent", "mode")] <- lapply(fit[c("latent", "mode")], keep)
  fit$spread <- fit$spread[used]
  fit$contributions <- fit$contributions[, , used, drop = FALSE]
  fit$loadings <- lapply(fit$loadings, keep)
  fit$inclusion <- lapply(fit$inclusion, keep)
  shares <- fit$explained$factor
  fit$explained$factor <- shares[shares$factor %in% numbered_factors(n), ]
  fit$factors <- as.integer(n)
  seal_fit(fit)
}

# A fit of which the features of an omic are called otherwise.
with_features <- function(fit, omic, features) {
  fit$omics[[omic]]$features <- features
  rownames(fit$loadings[[omic]]) <- rownames(fit$inclusion[[omic]]) <- features
  seal_fit(fit)
}

# A fit with round numbers: what is printed of it does not depend on the machine.
# `first`: what its first omic is called.
fixed_fit <- function(first = "mrna") {
  omics <- c(first, "protein")
  features <- stats::setNames(list(paste0("m", 1:10), paste0("p", 1:5)), omics)
  loadings_of <- function(features, nonzero) {
    w <- matrix(0, length(features), 2, dimnames = list(features, numbered_factors(2)))
    w[seq_len(nonzero)] <- 0.5
    Matrix::drop0(Matrix::Matrix(w, sparse = TRUE))
  }
  omic_of <- function(features, samples) {
    one <- rep(1, length(features))
    list(features = features, center = 0 * one, scale = one, fill = 0 * one, clip = 6, sd = one,
         family = "gaussian", samples = samples)
  }
  noise <- lapply(unname(features), \(of) rep(1, length(of)))
  config <- model_config(poems_control(), 4L, noise)
  parameters <- core_initial_parameters(config, noise, 1L)
  names(parameters$omics) <- names(features)
  samples <- paste0("s", 1:20)
  z <- name_factors(matrix(0, 20, 2), samples)
  zero <- \(of) methods::as(matrix(0, length(of), 2), "CsparseMatrix")
  gates <- cbind(rep(c(0.75, 1), each = 10), rep(c(0.25, 0), each = 10))
  dimnames(gates) <- list(samples, omics)
  structure(
    list(
      call = quote(poems(x = omics, factors = 4, seed = 3)), seed = 3L,
      control = poems_control(threads = 1), scaling = "standardise", factors = 2L,
      config = config, order = 1:4, spread = c(1, 1),
      samples = samples,
      omics = Map(omic_of, features, list(1:20, 1:10)),
      latent = z, mode = z, gates = gates,
      contributions = array(
        c(gates[, 1], gates[, 2], rep(1, 10), rep(1, 10), rep(0, 20)), c(20, 2, 2),
        list(sample = samples, omic = colnames(gates), factor = c("Factor1", "Factor2"))
      ),
      loadings = Map(loadings_of, features, c(12, 4)),
      inclusion = lapply(features, \(of) name_factors(matrix(0.5, length(of), 2), of)),
      unused = list(latent = unname(z), mode = unname(z), loadings = lapply(features, zero)),
      parameters = without_loadings(parameters), bend = vapply(features, \(of) NA_real_, 0),
      variance = data.frame(
        omic = omics[c(1, 2, 1)], set = c("training", "training", "validation"),
        r2 = c(0.5, 0.25, 0.4)
      ),
      explained = list(
        factor = data.frame(
          omic = rep(omics, each = 2), factor = c("Factor1", "Factor2"),
          r2 = c(0.31, 0.104, 0.152, -0.0004)
        ),
        feature = data.frame(omic = rep(names(features), lengths(features)),
                             feature = unlist(features), r2 = 0.5),
        omic = data.frame(omic = names(features), r2 = c(0.5, 0.25))
      ),
      history = data.frame(epoch = 1:40, training = 140:101, validation = c(150:141, 142:171)),
      best_epoch = 10L, stopped = "converged", all_samples = FALSE, validation = samples[11:14],
      seconds = 2.5,
      version = "0.1.0"
    ),
    class = "poems"
  ) |> seal_fit()
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
