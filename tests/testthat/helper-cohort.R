# Simulated cohorts with a known answer.

# Two factors drive three omics, linearly; omic 3 is missing for the last 15 samples and a few
# values are missing in omic 1.
small_cohort <- function(samples = 60) {
  withr::with_seed(1, {
    factors <- matrix(rnorm(samples * 2), samples)
    sizes <- c(rna = 30, protein = 20, mirna = 24)
    omics <- lapply(names(sizes), \(omic) {
      weights <- matrix(0, sizes[[omic]], 2)
      weights[cbind(seq_len(sizes[[omic]]), rep_len(1:2, sizes[[omic]]))] <- 2
      x <- weights %*% t(factors) + matrix(rnorm(sizes[[omic]] * samples), sizes[[omic]]) + 5
      dimnames(x) <- list(
        paste0(omic, seq_len(sizes[[omic]])), sprintf("s%02d", seq_len(samples))
      )
      x
    })
    names(omics) <- names(sizes)
  })
  omics$mirna <- omics$mirna[, seq_len(samples - 15)]
  omics$rna[cbind(c(2, 5, 9), c(1, 10, 20))] <- NA
  list(omics = omics, factors = factors)
}

# From a random start, whose fits have all their factors in use and many loadings.
quick_control <- function(objective = "elbo", ...) {
  defaults <- list(
    objective = objective, start = "random", epochs = 30, hidden = 16, batch_size = 16,
    validation = 0.2, dropout = 0.2, threads = 1, progress = FALSE
  )
  if (objective == "elbo") defaults <- c(defaults, warmup = 20, learning_rate = 2e-3)
  do.call(poems_control, utils::modifyList(defaults, list(...)))
}

# What a fit found, without how long it took and on how many threads.
without_timing <- function(fit) {
  fit$seconds <- fit$control$threads <- fit$call <- NULL
  fit$history <- fit$history[!grepl("seconds", names(fit$history))]
  fit
}
