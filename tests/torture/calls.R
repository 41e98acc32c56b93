# Malformed calls of every exported function.
#
#   Rscript tests/torture/calls.R seed=1 count=1000
#
# In a valid call of each function, one argument after the other is replaced by each of a list of
# values that it is not made for; so many of these calls, drawn by the seed, are made, each in a
# process of its own. A call may succeed (some of the values are valid somewhere): what must not be
# is a crash, an error out of the C++ code or one out of R's own functions.

# Values, by how they are called in the report.
malformed <- function() {
  list(
    "NULL" = NULL, "NA" = NA, "NA_character_" = NA_character_, "character(0)" = character(),
    "\"\"" = "", "\"nonsense\"" = "nonsense", "two texts" = c("a", "b"), "-1" = -1, "0" = 0,
    "1.5" = 1.5, "NaN" = NaN, "Inf" = Inf, "1e10" = 1e10, "numeric(0)" = numeric(), "1:3" = 1:3,
    "TRUE" = TRUE, "logical(0)" = logical(), "list()" = list(), "list(1, \"a\")" = list(1, "a"),
    "a function" = function(x) x, "a formula" = y ~ x, "a symbol" = quote(x),
    "a call" = quote(f(x)), "a factor" = factor("a"), "a date" = as.Date("2020-01-01"),
    "a matrix" = matrix(1, 2, 2), "an empty matrix" = matrix(0, 0, 0), "a data frame" = iris,
    "an empty data frame" = data.frame(), "an environment" = new.env(), "complex" = 1i,
    "raw" = as.raw(1), "a fit of nothing" = structure(list(), class = "poems"),
    "a split fit of nothing" = structure(list(), class = "poems_split"),
    "a baseline fit of nothing" = structure(list(), class = "poems_baseline"),
    "an atomic fit" = structure(1, class = "poems")
  )
}

# Per function, arguments that it takes. Those of `kinds` are of torture_fits().
valid_calls <- function(kinds) {
  fit <- kinds$covariates$fit
  x <- kinds$covariates$x
  batch <- kinds$covariates$covariates
  split <- kinds$split$fit
  baseline <- kinds$poem$fit
  control <- list(epochs = 2, threads = 1, progress = FALSE)
  group <- stats::setNames(rep(c("a", "b"), length.out = length(fit$samples)), fit$samples)
  labels <- data.frame(group = group, row.names = fit$samples)
  features <- fit$omics[[1]]$features
  sets <- list(one = features[1:12], two = features[8:20])
  set.seed(1)
  embedding <- latent(fit)
  survival <- survival::Surv(stats::rexp(nrow(embedding)), rep(0:1, length.out = nrow(embedding)))
  simulated <- simulate_omics(40, c(a = 20), factors = 2, seed = 1)
  runs <- stability(x[2:3], factors = 2, runs = 2, seed = 1, control = control)
  file <- tempfile(fileext = ".html")
  calls <- list(
    as_single_cell = list(fit = fit),
    associate_factors = list(fit = fit, data = labels, technical = NULL),
    augment = list(x = fit, data = labels, clusters = NULL),
    check_samples = list(fit = fit, newdata = x, samples = "columns", covariates = batch),
    classify_samples = list(fit = fit, labels = group, newdata = x, method = "nearest", x = NULL,
                            folds = 2, k = 3, seed = 1, samples = "columns", covariates = batch),
    cluster_agreement = list(truth = group, predicted = group),
    cluster_samples = list(fit = fit, k = 2, method = "kmeans", seed = 1),
    contributions = list(fit = fit, newdata = x, samples = "columns", covariates = batch),
    cross_prediction = list(fit = split, newdata = kinds$split$x, samples = "columns",
                            covariates = NULL),
    enrich_factors = list(fit = fit, sets = sets, omic = names(fit$omics)[1], min_size = 5,
                          max_size = 20, correlation = 0),
    evaluate_subtypes = list(embedding = embedding, subtype = unname(group), seeds = 1,
                             survival = survival),
    evaluate_survival = list(embedding = embedding, survival = survival, groups = 2, seeds = 1,
                             folds = 3),
    factor_recovery = list(x = latent(poems(simulated$omics, factors = 2, seed = 1,
                                            control = control)),
                           truth = simulated, loadings = NULL),
    feature_effects = list(fit = fit, format = "table"),
    feature_links = list(fit = fit, factor = 1, n = 3, omic = NULL),
    feature_response = list(fit = fit, feature = features[1], factor = 1,
                            omic = names(fit$omics)[1], newdata = x, samples = "columns",
                            covariates = batch, n = 5),
    gates = list(object = fit),
    glance = list(x = fit),
    impute = list(object = fit, x = x, value = "mean", draws = 2, seed = 1, samples = "columns",
                  covariates = batch),
    inclusion = list(object = fit),
    information = list(fit = split, newdata = kinds$split$x, samples = "columns",
                       covariates = NULL, seed = 1),
    latent = list(object = fit, scaled = FALSE),
    omic_importance = list(fit = split, labels = group[split$samples], neighbours = 3),
    plot_associations = list(associations = associate_factors(fit, labels), fdr = 0.05),
    plot_check = list(fit = fit, newdata = x, fdr = 0.05, samples = "columns", covariates = batch),
    plot_contributions = list(fit = fit, factor = 1, group = group),
    plot_correlation_circle = list(fit = fit, newdata = x, factor = 1:2, omic = NULL, n = 3,
                                   samples = "columns", covariates = batch),
    plot_cross_prediction = list(cross = cross_prediction(split, kinds$split$x), n = 3),
    plot_enrichment = list(enrichment = enrich_factors(fit, sets, min_size = 5), n = 3, fdr = 0.05),
    plot_factors = list(fit = fit, factor = 1:2, group = group),
    plot_gate_distribution = list(fit = fit, group = group),
    plot_gates = list(fit = fit, group = group, sort = TRUE),
    plot_heatmap = list(fit = fit, newdata = x, factor = 1, omic = NULL, n = 3, group = group,
                        samples = "columns", covariates = batch),
    plot_history = list(fit = fit),
    plot_latent = list(fit = fit, group = group),
    plot_links = list(fit = fit, factor = 1, n = 3, omic = NULL),
    plot_loadings = list(fit = fit, n = 3, by = "loading"),
    plot_map = list(fit = fit, group = group, method = "pca"),
    plot_omics = list(x = x, group = NULL, samples = "columns"),
    plot_response = list(fit = fit, feature = features[1], factor = 1,
                         omic = names(fit$omics)[1], newdata = x, samples = "columns",
                         covariates = batch, group = group),
    plot_sparsity = list(fit = fit, threshold = 0),
    plot_split = list(fit = split),
    plot_strength = list(fit = fit, n = 3),
    plot_subtype_correlation = list(fit = fit, subtype = group, x = x, samples = "columns"),
    plot_top_features = list(fit = fit, factor = 1, n = 3, by = "loading", omic = NULL),
    plot_uncertainty = list(x = NULL, factor = 1, n = 3),
    plot_variance = list(fit = fit),
    poems = list(x = x, factors = 2, samples = "columns", scale = NULL, seed = 1,
                 control = control, family = NULL, covariates = NULL, experiments = NULL,
                 assays = NULL, preprocess = NULL),
    poems_baseline = list(x = kinds$poem$x, model = "poem", factors = 2, form = "corrected",
                          samples = "columns", scale = NULL, seed = 1, control = control,
                          experiments = NULL, assays = NULL, preprocess = NULL),
    poems_control = as.list(formals(poems_control))[-1],
    poems_report = list(fit = fit, data = NULL, file = file, group = NULL, sets = NULL,
                        title = "t", progress = FALSE, technical = NULL),
    poems_tune = list(x = x[2:3], factors = 2, lambda0 = 5, grid = NULL, repeats = 1, folds = 2,
                      metric = "loglik", seed = 1, BPPARAM = NULL, keep = "table",
                      control = control, samples = "columns", family = NULL, covariates = NULL,
                      experiments = NULL, assays = NULL, preprocess = NULL, groups = NULL),
    poems_split = list(x = kinds$split$x, shared = 2, private = 2, method = "mmvae",
                       decoder = "sparse", completeness = 1, labels = NULL, samples = "columns",
                       scale = NULL, seed = 1, control = control, family = NULL,
                       covariates = NULL, experiments = NULL, assays = NULL, preprocess = NULL),
    predict = list(object = fit, newdata = x, type = "latent", samples = "columns",
                   covariates = batch, scaled = FALSE),
    preprocess_steps = list(transform = "none", n_top = 3),
    simulate_omics = list(samples = 20, features = c(a = 10), factors = 2,
                          factors_per_feature = 1, links = "linear", noise = 1, correlation = 0,
                          shared = 0.5, subtypes = NULL, separation = 1, missing_omics = 0,
                          missing_values = 0, seed = 1, family = NULL),
    stability = list(x = x[2:3], factors = 2, runs = 2, subsample = 1, samples = "columns",
                     scale = NULL, seed = 1, control = control, BPPARAM = NULL, family = NULL,
                     covariates = NULL, pairs = FALSE),
    stable_links = list(x = runs, fdr = 0.05),
    subtype_correlation = list(fit = fit, subtype = group, x = x, samples = "columns"),
    tidy = list(x = fit, what = "loadings"),
    top_features = list(fit = fit, factor = 1, n = 3, by = "loading", omic = NULL),
    uncertainty = list(fit = fit, x = x, refits = 10, level = 0.9, samples = "columns",
                       covariates = batch, seed = 1, BPPARAM = NULL),
    variance_explained = list(fit = fit, newdata = x, by = "omic", samples = "columns",
                              covariates = batch),
    autoplot = list(object = fit, type = "variance"),
    "latent of a split fit" = list(object = split, block = "shared", sd = FALSE),
    "predict of a split fit" = list(object = split, newdata = kinds$split$x, type = "latent",
                                    samples = "columns", from = NULL, covariates = NULL),
    "tidy of a split fit" = list(x = split, what = "loadings"),
    "variance_explained of a split fit" = list(fit = split, by = "omic"),
    "top_features of a split fit" = list(fit = split, factor = 1, n = 3, omic = NULL),
    "autoplot of a split fit" = list(object = split, type = "split", group = NULL),
    "latent of a baseline fit" = list(object = baseline, block = NULL),
    "predict of a baseline fit" = list(object = baseline, newdata = kinds$poem$x, type = "latent",
                                       samples = "columns", block = NULL),
    "tidy of a baseline fit" = list(x = baseline, what = "latent"),
    "autoplot of a baseline fit" = list(object = baseline, type = "history")
  )
  calls$poems_control$objective <- "elbo"
  calls$poems_control$progress <- FALSE
  calls
}

function_of <- function(name) {
  name <- sub(" of a .*", "", name)
  switch(name, predict = stats::predict, autoplot = ggplot2::autoplot,
         getExportedValue("omicpoems", name))
}

# A row per call drawn.
torture_by_calls <- function(calls, seed, count, isolated = TRUE) {
  values <- malformed()
  all <- do.call(rbind, lapply(names(calls), function(name) {
    expand.grid(name = name, argument = names(calls[[name]]), value = names(values),
                stringsAsFactors = FALSE)
  }))
  set.seed(seed)
  drawn <- all[sample(nrow(all), min(count, nrow(all))), ]
  rows <- lapply(seq_len(nrow(drawn)), function(i) {
    arguments <- calls[[drawn$name[i]]]
    arguments[drawn$argument[i]] <- values[drawn$value[i]]
    try <- function() {
      got <- outcome_of(function() {
        # Names stand for values: those that are language must not be run.
        made <- do.call(function_of(drawn$name[i]), arguments, quote = TRUE)
        if (inherits(made, "ggplot")) ggplot2::ggplot_build(made)
      })
      data.frame(outcome = got$outcome, text = if (is.null(got$text)) "" else got$text[1])
    }
    got <- as.data.frame(if (isolated) in_child(try) else try())
    data.frame(call = sprintf("%s(%s = %s)", drawn$name[i], drawn$argument[i], drawn$value[i]),
               got[c("outcome", "text")])
  })
  do.call(rbind, rows)
}

if (sys.nframe() == 0L) {
  suppressPackageStartupMessages(library(omicpoems))
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
  for (file in c("outcomes.R", "fits.R")) source(file.path(here, file))
  given <- arguments(seed = 1L, count = 1000L)
  calls <- suppressMessages(suppressWarnings(valid_calls(torture_fits())))
  report_outcomes(torture_by_calls(calls, given$seed, given$count), c("crash", "cpp", "raw"), 400)
}
