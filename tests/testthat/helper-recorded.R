# Fits that changes of the code which are not to change numbers must leave as they are, recorded in
# fixtures/recorded_fits.rds. Recorded again, where numbers are to change, by
#
#   Rscript -e 'library(omicpoems); source("tests/testthat/helper-recorded.R"); record_fits()'

recorded_path <- function() {
  folder <- if (dir.exists("fixtures")) "fixtures" else "tests/testthat/fixtures"
  file.path(folder, "recorded_fits.rds")
}

recorded_cohorts <- function() {
  tumours <- omicpoems::tcga_breast$samples
  whole <- lapply(omicpoems::tcga_breast$omics, \(x) x[1:60, ])
  complete <- lapply(whole, \(x) x[, tumours$sample[tumours$set == "train"]])
  gaps <- lapply(whole, \(x) {
    x[seq(7, length(x), by = 97)] <- NA
    x
  })
  gaps$mirna <- gaps$mirna[, -(20:60)]
  counts <- complete
  counts$mirna <- round(exp(complete$mirna / 2))
  list(
    default = list(x = whole),
    published = list(x = complete, control = list(objective = "published", epochs = 12)),
    gaps = list(x = gaps),
    counts = list(x = counts, family = c(mirna = "negative_binomial"), control = list(epochs = 12)),
    covariates = list(x = complete, control = list(epochs = 12), covariates = data.frame(
      site = rep(c("a", "b", "c"), length.out = 150), row.names = colnames(complete$mrna)
    ))
  )
}

recorded_fit <- function(cohort, threads) {
  control <- utils::modifyList(
    list(epochs = 40, hidden = 24, threads = threads, progress = FALSE), as.list(cohort$control)
  )
  cohort$control <- control
  fit <- do.call(omicpoems::poems, c(cohort, list(factors = 8, seed = 21)))
  loadNamespace("Matrix")
  seconds <- grepl("seconds", names(fit$history))
  list(
    latent = fit$latent, mode = fit$mode, gates = fit$gates,
    loadings = lapply(fit$loadings, \(w) as.matrix(w)), history = fit$history[!seconds],
    parameters = rlang::hash(unlist(fit$parameters)),  # they are many
    reconstruction = unlist(lapply(predict(fit, cohort$x, covariates = cohort$covariates,
                                           type = "reconstruction"), \(x) x[, 1:5]))
  )
}

# What decides the last digits.
recorded_machine <- function() {
  c(R.version$platform, basename(extSoftVersion()[["BLAS"]]), basename(La_library()),
    as.character(getRversion()), omicpoems:::core_cpu()$level)
}

record_fits <- function() {
  fits <- lapply(recorded_cohorts(), recorded_fit, threads = 1L)
  saveRDS(list(machine = recorded_machine(), fits = fits), recorded_path(), compress = "xz")
}
