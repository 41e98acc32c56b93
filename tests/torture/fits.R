# Small fits of every kind, with data to ask them about.
torture_fits <- function(kinds = NULL) {
  control <- list(epochs = 3, threads = 1, progress = FALSE)
  omics <- lapply(omicpoems::tcga_breast$omics, function(x) x[1:25, 1:80])
  omics$mrna <- omics$mrna[, 1:60]
  batch <- data.frame(batch = rep(c("a", "b"), 40), row.names = colnames(omics$mirna))
  mixed <- omicpoems::simulate_omics(60, c(rna = 20, mutations = 15, protein = 15), factors = 2,
                                     seed = 1,
                                     family = c(rna = "negative_binomial", mutations = "bernoulli"))
  two <- omics[c("mirna", "protein")]
  make <- list(
    covariates = function() {
      list(fit = omicpoems::poems(omics, factors = 3, seed = 1, control = control,
                                  covariates = batch), x = omics, covariates = batch)
    },
    counts = function() {
      list(fit = omicpoems::poems(mixed$omics, factors = 3, seed = 1, control = control),
           x = mixed$omics)
    },
    published = function() {
      settings <- c(control, objective = "published")
      list(fit = omicpoems::poems(two, factors = 3, seed = 1, control = settings), x = two)
    },
    split = function() {
      list(fit = omicpoems::poems_split(two, shared = 2, private = 2, seed = 1, control = control),
           x = two)
    },
    dense = function() {
      list(fit = omicpoems::poems_split(two, shared = 2, private = 2, seed = 1, control = control,
                                        method = "indiseek"), x = two)
    },
    poem = function() {
      list(fit = omicpoems::poems_baseline(two, "poem", factors = 3, seed = 1, control = control),
           x = two)
    },
    mocss = function() {
      list(fit = omicpoems::poems_baseline(two, "mocss_sparsevae", embedding = 4, units = 32,
                                           seed = 1, control = control), x = two)
    }
  )
  if (!is.null(kinds)) make <- make[kinds]
  lapply(make, function(one) suppressMessages(suppressWarnings(one())))
}

# What is asked of a fit: functions of the fit, `x` and `covariates` of torture_fits().
torture_readers <- function(fit) {
  readers <- list(
    latent = function(fit, ...) latent(fit),
    print = function(fit, ...) utils::capture.output(print(fit))[-1],
    tidy = function(fit, ...) tidy(fit),
    glance = function(fit, ...) glance(fit)[-1],
    predict = function(fit, x, ...) predict(fit, x, ...)
  )
  reconstruct <- function(fit, x, ...) predict(fit, x, type = "reconstruction", ...)
  if (inherits(fit, "poems")) {
    readers <- c(readers, list(
      reconstruct = reconstruct,
      partial = function(fit, x, ...) predict(fit, x[-1], type = "reconstruction", ...),
      own = function(fit, ...) predict(fit, type = "reconstruction"),
      impute = function(fit, x, ...) impute(fit, x[1], ...),
      scaled = function(fit, ...) latent(fit, scaled = TRUE),
      gates = function(fit, x, ...) predict(fit, x, type = "gates", ...),
      effects = function(fit, ...) feature_effects(fit),
      variance = function(fit, x, ...) variance_explained(fit, x, ...),
      contributions = function(fit, x, ...) contributions(fit, x, ...),
      top = function(fit, ...) top_features(fit)
    ))
  } else if (inherits(fit, "poems_split")) {
    readers <- c(readers, list(
      reconstruct = reconstruct,
      cross = function(fit, x, ...) cross_prediction(fit, x),
      information = function(fit, x, ...) information(fit, x)
    ))
    if (is.null(fit$loadings)) readers$tidy <- function(fit, ...) tidy(fit, "latent")
  } else {
    readers$reconstruct <- reconstruct
  }
  readers
}
