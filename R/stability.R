# What a model finds again when it is fitted again.

#' Which factors and loadings are found again with other seeds
#'
#' Fits the model several times, with other random numbers and, if wanted, on random parts of the
#' samples. Matches the factors of every run with those of a reference run, and reports how alike
#' they are and how often each loading is selected.
#'
#' The similarity of two factors is the cosine of the sizes of their loadings, over all features of
#' all omics: 1 for proportional loadings, 0 if no feature has a non-zero loading on both. Sizes,
#' because the sign of a loading means nothing by itself. Factors are matched one to one so that the
#' sum of their similarities is greatest (Hungarian algorithm); those whose loadings are all zero
#' are not in use and are not matched. The reference is the run that agrees best with the others.
#'
#' With `objective = "published"` no loading is exactly zero, so all are always selected.
#'
#' @inheritParams poems
#' @param runs Number of fits, at least 2.
#' @param subsample Share of the samples in each fit, above 0 and at most 1. Samples are drawn
#'   without replacement, the same share among those that have the same omics.
#' @param pairs Whether runs come in pairs of disjoint halves of the samples, as [stable_links()]
#'   wants them; `runs` must then be even, and `subsample` does not count.
#' @param seed A whole number that decides everything random; every run has a seed of its own drawn
#'   with it. `NULL` draws it from R's generator, so that `set.seed()` governs.
#' @param control Training settings from [poems_control()], or a plain list of its arguments;
#'   `progress` shows a bar of the runs.
#' @param BPPARAM How to fit runs at the same time: a parameter object of the package BiocParallel,
#'   such as `BiocParallel::MulticoreParam(4)`, or a `BatchtoolsParam()` for a cluster: see
#'   `vignette("on-a-cluster", "omicpoems")`. Each run then uses one thread, whatever is set
#'   elsewhere, and a progress bar moves when a round of runs is done. `NULL` fits one run after the
#'   other. Results are the same.
#'
#' @return A list of class `poems_stability`:
#'   * `factors`: data frame with one row per factor in use of the reference run: `factor`,
#'     `features` (number of its non-zero loadings), `mean` and `min` (similarity of its matches in
#'     the other runs, 0 in runs without one).
#'   * `similarity`: data frame with one row per factor and other run: `factor`, `run`, `matched`
#'     (name of the match, `NA` without one) and `similarity`.
#'   * `selection`: per omic, a features x factors matrix: the share of all runs in which the
#'     loading is not zero, that of the matched factor in runs other than the reference.
#'   * `agreement`: runs x runs matrix: the sum of the matched factors' similarities, divided by the
#'     larger number of factors in use.
#'   * `reference`: number of the reference run, and `fit`, its fit.
#'   * `sets`: with sets, a data frame with one row per set: `set`, and `kept`, the share of runs
#'     that kept it.
#'   * `seeds`: the seed of every run; `settings`: `runs`, `subsample`, `seed` and `pairs`.
#'
#' @section Errors:
#' Those of [poems()], and arguments out of range. It is an error if no factor of any run has a
#' loading that is not zero.
#'
#' @references Meinshausen and Buehlmann (2010), Stability selection, Journal of the Royal
#'   Statistical Society B 72, 417-473: how often a variable is selected on half of the samples.
#'   Shah and Samworth (2013), Variable selection with error control, Journal of the Royal
#'   Statistical Society B 75, 55-80: pairs of disjoint halves.
#' @seealso [stable_links()] for links with few false ones among them, [uncertainty()] for
#'   intervals, [factor_recovery()] where the truth is known.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' again <- stability(omics, factors = 4, runs = 3, seed = 21,
#'                    control = list(epochs = 20, threads = 1, progress = FALSE))
#' again
#' # Loadings found in every run.
#' colSums(again$selection$mrna == 1)
#' @export
stability <- function(x, factors = 32, runs = 10, subsample = 1, samples = c("columns", "rows"),
                      scale = NULL, seed = NULL, control = poems_control(), BPPARAM = NULL,
                      family = NULL, covariates = NULL, pairs = FALSE, sets = NULL) {
  samples <- arg_match(samples)
  factors <- check_factors(factors)
  check_value(runs, "runs", "a whole number of at least 2", \(x) is_whole(x) && x >= 2)
  check_value(subsample, "subsample", "a number above 0 and at most 1",
              \(x) is_number(x) && x > 0 && x <= 1)
  check_value(pairs, "pairs", "TRUE or FALSE", is_flag)
  if (pairs) {
    check_value(runs, "runs", "even with `pairs = TRUE`", \(x) x %% 2 == 0)
    subsample <- 0.5
  }
  seed <- check_seed(seed)
  control <- as_control(control)
  scale <- choose_scaling(scale, control$objective)
  check_parallel(BPPARAM)
  data <- read_omics(x, samples)
  check_subsample_size(data, subsample)
  # Says once, not in every run, which features are dropped, and reads families and covariates once.
  family <- choose_families(family, data$data, control$objective, control$threads)
  design <- read_covariates(covariates, x, data$samples, control$objective)$design
  check_families(data$data, family, threads = control$threads)
  features <- learn_scaling(data$data, scale, family, design, threads = control$threads) |>
    lapply(`[[`, "features")
  if (!is.null(sets)) sets <- read_sets(sets, unlist(features, use.names = FALSE))

  seeds <- with_seed(seed, sample.int(.Machine$integer.max, runs))
  progress <- control$progress
  control <- control_of_runs(control, BPPARAM)
  omics <- Map(\(values, kept) values[kept, , drop = FALSE], data$data, features)
  fits <- apply_runs(plan_runs(seeds, pairs), fit_run, BPPARAM, progress, omics = omics,
                     subsample = subsample,
                     factors = factors, scale = scale, control = control, family = family,
                     covariates = if (!is.null(design)) as.data.frame(design), sets = sets)
  settings <- list(runs = as.integer(runs), subsample = subsample, seed = seed, pairs = pairs)
  result <- compare_runs(fits, features, seeds, settings)
  if (!is.null(sets)) result$sets <- sets_of_runs(fits, names(sets))
  result
}

# In what share of the runs each set was kept, those kept most often first.
sets_of_runs <- function(fits, sets) {
  kept <- unlist(lapply(fits, \(fit) with(fit$sets$table, set[verdict == "kept"])))
  share <- tabulate(match(kept, sets), length(sets)) / length(fits)
  order <- order(-share)
  data.frame(set = sets[order], kept = share[order])
}

check_subsample_size <- function(data, subsample, call = rlang::caller_env()) {
  size <- sum(subsample_sizes(sample_patterns(data$data), subsample))
  if (size < fewest_samples) {
    cli::cli_abort(c(
      "{.arg subsample} must leave at least {fewest_samples} samples.",
      "x" = "{subsample} of {length(data$samples)} samples is {size}."
    ), call = call)
  }
}

# The seed of every run, that of what it draws, and of pairs which half it takes: both draw alike.
plan_runs <- function(seeds, pairs) {
  if (!pairs) return(lapply(seeds, \(seed) list(seed = seed, draw = seed)))
  lapply(seq_along(seeds), \(i) {
    list(seed = seeds[i], draw = seeds[i - (i + 1) %% 2], half = 2 - i %% 2)
  })
}

# One fit. What it would say of features that are constant in its samples is left unsaid: all runs
# are compared on all features.
fit_run <- function(run, omics, subsample, factors, scale, control, family, covariates, sets) {
  if (!is.null(run$half)) {
    omics <- with_seed(run$draw, draw_half(omics, run$half))
  } else if (subsample < 1) {
    omics <- with_seed(run$draw, draw_samples(omics, subsample))
  }
  one_of_many(suppressMessages(
    poems(omics, factors = factors, scale = scale, seed = run$seed, control = control,
          family = family, covariates = covariates, sets = sets)
  ))
}

# Subsamples ------------------------------------------------------------------------------------

# Sample names, in groups of samples that have the same omics.
sample_patterns <- function(omics) {
  samples <- union_of_samples(omics)
  has <- lapply(unname(omics), \(values) samples %in% colnames(values))
  split(samples, do.call(paste, has))
}

subsample_sizes <- \(patterns, share) pmax(1, round(share * lengths(patterns)))

draw_samples <- function(omics, share) {
  patterns <- sample_patterns(omics)
  drawn <- unlist(Map(draw_from, patterns, subsample_sizes(patterns, share)))
  lapply(omics, \(values) values[, colnames(values) %in% drawn, drop = FALSE])
}

# Half 1 or 2 of the samples: disjoint, of the same size in every group.
draw_half <- function(omics, half) {
  taken <- unlist(lapply(sample_patterns(omics), \(names) {
    size <- length(names) %/% 2
    draw_from(names)[seq_len(size) + (half - 1) * size]
  }))
  lapply(omics, \(values) values[, colnames(values) %in% taken, drop = FALSE])
}

# Comparison ------------------------------------------------------------------------------------

# `features`: per omic, the names of all features.
compare_runs <- function(fits, features, seeds, settings, call = rlang::caller_env()) {
  sizes <- lapply(fits, \(fit) loading_sizes(fit$loadings, features))
  used <- vapply(sizes, ncol, 0L)
  if (all(used == 0)) {
    cli::cli_abort(c(
      "No run has a factor in use: all loadings are zero.",
      "i" = "Lower {.arg lambda0} in {.fn poems_control}, or train for more epochs."
    ), call = call)
  }
  agreement <- run_agreement(sizes)
  reference <- which.max(ifelse(used > 0, rowSums(agreement), -Inf))
  others <- setdiff(seq_along(fits), reference)
  matches <- lapply(sizes, \(size) match_columns(cosine(sizes[[reference]], size)))

  names <- colnames(sizes[[reference]])
  similarity <- do.call(rbind, lapply(others, \(run) data.frame(
    factor = factor(names, levels = names), run = run,
    matched = label(matches[[run]]$column, colnames(sizes[[run]])),
    similarity = matches[[run]]$value
  )))
  values <- matrix(similarity$similarity, length(names))
  structure(
    list(
      factors = data.frame(
        factor = factor(names, levels = names),
        features = unname(Matrix::colSums(sizes[[reference]] > 0)),
        mean = rowMeans(values), min = apply(values, 1, min)
      ),
      similarity = similarity,
      selection = selection_shares(sizes, matches, features, names),
      agreement = agreement, reference = reference, fit = fits[[reference]],
      seeds = seeds, settings = settings
    ),
    class = "poems_stability"
  )
}

# Sizes of the loadings of the factors in use, features of all omics one below the other: a sparse
# matrix with the same rows for every run.
loading_sizes <- function(loadings, features) {
  sizes <- do.call(rbind, Map(\(w, all) {
    padded <- Matrix::sparseMatrix(
      i = match(rownames(w), all)[w@i + 1], j = rep(seq_len(ncol(w)), diff(w@p)), x = abs(w@x),
      dims = c(length(all), ncol(w)), dimnames = list(all, colnames(w))
    )
    Matrix::drop0(padded)
  }, loadings, features))
  sizes[, Matrix::colSums(sizes) > 0, drop = FALSE]
}

# Cosines between the columns, none of them zero, of two sparse matrices.
cosine <- function(a, b) {
  unit <- \(m) m %*% Matrix::Diagonal(x = 1 / sqrt(Matrix::colSums(m^2)))
  as.matrix(Matrix::crossprod(unit(a), unit(b)))
}

run_agreement <- function(sizes) {
  runs <- seq_along(sizes)
  agreement <- diag(length(runs))
  for (a in runs) {
    for (b in runs[runs < a]) {
      matched <- sum(match_columns(cosine(sizes[[a]], sizes[[b]]))$value)
      agreement[a, b] <- agreement[b, a] <- matched / max(1, ncol(sizes[[a]]), ncol(sizes[[b]]))
    }
  }
  agreement
}

# Per omic, the share of runs in which a loading of the reference's factors is not zero.
selection_shares <- function(sizes, matches, features, names) {
  selected <- Map(\(size, match) {
    found <- which(!is.na(match$column))
    chosen <- matrix(0, nrow(size), length(names))
    chosen[, found] <- as.matrix(size[, match$column[found], drop = FALSE] > 0)
    chosen
  }, sizes, matches)
  share <- Reduce(`+`, selected) / length(sizes)
  dimnames(share) <- list(unlist(features, use.names = FALSE), names)
  omic <- factor(rep(names(features), lengths(features)), levels = names(features))
  lapply(split(seq_len(nrow(share)), omic), \(rows) share[rows, , drop = FALSE])
}

# Printing --------------------------------------------------------------------------------------

# Lines of factors that print() shows.
most_factors_shown <- 10

#' @export
print.poems_stability <- function(x, ...) {
  settings <- x$settings
  cli::cat_line(cli::style_bold("Stability of a POEMS fit"), cli::pluralize(
    ": {settings$runs} runs, {nrow(x$factors)} factor{?s} in use"
  ))
  cli::cat_line()
  best <- x$factors[order(-x$factors$mean), ]
  shown <- utils::head(best, most_factors_shown)
  cat_table(list(
    factor = as.character(shown$factor), features = format(shown$features),
    "mean similarity" = sprintf("%.2f", shown$mean), min = sprintf("%.2f", shown$min)
  ))
  hidden <- nrow(best) - nrow(shown)
  if (hidden > 0) cli::cat_line(cli::pluralize("and {hidden} more factor{?s}, less alike"))
  cli::cat_line()
  cat_text(describe_selection(x))
  cat_text(describe_sets_of_runs(x$sets))
  cat_text(sprintf(
    "%s has %s of the samples. Reference: run %d, seed %d. All from seed %d.",
    if (isTRUE(settings$pairs)) "Runs are pairs of disjoint parts: each" else "Each run",
    percent(settings$subsample), x$reference, x$seeds[x$reference], settings$seed
  ))
  invisible(x)
}

describe_sets_of_runs <- function(sets) {
  if (is.null(sets)) return(NULL)
  always <- sets$set[sets$kept == 1]
  sprintf("Of %d sets, %d are kept in some run and %d in all%s.", nrow(sets), sum(sets$kept > 0),
          length(always), if (length(always) > 0) paste0(": ", toString(always)) else "")
}

# How often the loadings of the reference run are selected.
describe_selection <- function(x) {
  chosen <- unlist(Map(\(share, w) {
    share[as.matrix(w[rownames(share), colnames(share)] != 0)]
  }, x$selection, x$fit$loadings))
  sprintf("Of the reference's %d non-zero loadings, %s are selected in all runs, %s in most.",
          length(chosen), percent(mean(chosen == 1)), percent(mean(chosen > 0.5)))
}
