# A fit may come from a file, of another version, edited or damaged: it is input. Every function
# that takes one has it checked here: names, lengths, shapes, finiteness, and what made it. What the
# core computes with is sealed when a fit is made, since a change of it that keeps the shapes (two
# features swapped, say) shows in no other way.

# The number of the form that fits have. Those made before there was one have no seal either, and
# are read if their parts are those of this form.
fit_format <- 1L

# Parts that nobody has a reason to edit. Those that tables and figures show are the user's.
sealed_parts <- c("omics", "covariates", "config", "parameters", "order", "spread", "unused",
                  "blocks", "remainder", "maps", "target", "used", "subset", "sets")

seal_fit <- function(fit) {
  fit$format <- fit_format
  fit$seal <- seal_of(fit)
  fit
}

# A checksum of every sealed part that the fit has. Of a formula, which carries an environment, what
# it is made of.
seal_of <- function(fit) {
  parts <- unclass(fit)[intersect(sealed_parts, names(fit))]
  if (!is.null(parts$covariates)) {
    terms <- parts$covariates$terms
    parts$covariates$terms <- c(list(deparse(terms)),
                                attributes(terms)[c("factors", "term.labels", "intercept")])
  }
  vapply(parts, core_checksum, "")
}

# Stops unless `fit` is a whole fit of the class, which is also the name of the function that makes
# such fits, but for comparisons.
check_fit <- function(fit, call = rlang::caller_env(), arg = "fit", class = "poems") {
  maker <- if (class == "poems_comparison") "poems_compare" else class
  if (!inherits(fit, class)) {
    cli::cli_abort(
      "{.arg {arg}} must be a fit from {.fn {maker}}, not {describe(fit)}.", call = call
    )
  }
  check_format(fit, arg, call)
  problem <- tryCatch(
    find_problem(fit, class),
    error = \(error) "Its parts do not go together.",
    warning = \(warning) "Its parts do not go together."
  )
  if (is.null(problem)) return(invisible(fit))
  cli::cli_abort(c(
    "{.arg {arg}} is not a whole fit from {.fn {maker}}.",
    "x" = "{problem}",
    "i" = if (is.list(fit) && is.null(unclass(fit)$format)) made_by(fit) else
      "It was changed or damaged since: read it again from where it was saved, or fit again."
  ), call = call)
}

check_split_fit <- function(fit, call = rlang::caller_env(), arg = "fit") {
  check_fit(fit, call, arg, "poems_split")
}

check_baseline_fit <- function(fit, call = rlang::caller_env(), arg = "fit") {
  check_fit(fit, call, arg, "poems_baseline")
}

check_format <- function(fit, arg, call) {
  format <- if (is.list(fit)) unclass(fit)$format
  if (is.null(format) || identical(format, fit_format)) return(invisible())
  known <- is_whole(format) && format > fit_format
  cli::cli_abort(c(
    if (known) "{.arg {arg}} was made by a later version of omicpoems." else
      "{.arg {arg}} is a fit of no known format.",
    "x" = "Its format is {describe(format)}; this version reads format {fit_format}.",
    "i" = if (known) "{made_by(fit)} Update the package." else made_by(fit)
  ), call = call)
}

made_by <- function(fit) {
  version <- if (is.list(fit)) unclass(fit)$version
  if (!is_text(version)) return("It does not say which version of omicpoems made it.")
  sprintf("It was made by omicpoems %s; this is %s. Fit again with this version.", version,
          utils::packageVersion("omicpoems"))
}

# What is wrong with a fit, in a sentence, or NULL. Stops at the first that is.
find_problem <- function(fit, class) {
  if (!is.list(fit)) return("It is no list.")
  fit <- unclass(fit)
  lacking <- setdiff(parts_of_fits[[class]], names(fit))
  if (length(lacking) > 0) return(sprintf("It lacks %s.", toString(quote_some(lacking))))
  if (anyDuplicated(names(fit))) return("Some of its parts are there twice.")
  rules <- switch(class, poems = poems_rules, poems_split = split_rules,
                  poems_baseline = baseline_rules, poems_comparison = comparison_rules)
  rules <- c(common_rules, rules)
  for (i in seq_along(rules)) {
    if (!isTRUE(rules[[i]](fit))) {
      return(sprintf("`%s` does not have the form that it must have.", names(rules)[i]))
    }
  }
  broken_seal(fit)
}

broken_seal <- function(fit) {
  if (is.null(fit$format)) return(NULL)
  seal <- seal_of(fit)
  if (!is.character(fit$seal)) return("It has no seal.")
  parts <- union(names(seal), names(fit$seal))
  changed <- parts[!mapply(identical, unname(seal[parts]), unname(fit$seal[parts]))]
  if (length(changed) == 0) return(NULL)
  sprintf("`%s` is not what it was when the fit was made.", changed[1])
}

# Values -----------------------------------------------------------------------------------------

is_text <- \(x) is.character(x) && length(x) == 1 && !is.na(x)

# A vector of different texts, as many as told.
are_names <- function(x, n = length(x)) {
  is.character(x) && is.null(dim(x)) && length(x) == n && !anyNA(x) && !anyDuplicated(x)
}

# Numbers of a shape: a length, or dimensions. `names`: dimnames to have, a list; those that are
# NULL are not looked at. `missing`: whether some may be NA or NaN; `infinite`: or infinite.
are_numbers <- function(x, shape, names = NULL, missing = FALSE, infinite = FALSE) {
  if (!is.numeric(x) || is.object(x)) return(FALSE)
  size <- if (length(shape) > 1) dim(x) else if (is.null(dim(x))) length(x)
  if (is.null(size) || length(size) != length(shape) || any(size != shape)) return(FALSE)
  for (i in seq_along(names)) {
    if (length(names[[i]]) > 0 && !identical(dimnames(x)[[i]], names[[i]])) return(FALSE)
  }
  if (missing) return(TRUE)
  if (infinite || is.integer(x)) return(!anyNA(x))
  is.finite(sum(x)) || all(is.finite(x))
}

are_positions <- function(x, n, most) {
  is.numeric(x) && length(x) == n && !anyNA(x) && !anyDuplicated(x) && all(x >= 1 & x <= most) &&
    all(x == trunc(x))
}

# A sparse matrix as package Matrix has it, which need not be loaded for this.
is_sparse_matrix <- function(x, shape, names = NULL) {
  part <- \(name) attr(x, name, exact = TRUE)
  p <- part("p")
  i <- part("i")
  isS4(x) && is.integer(p) && is.integer(i) && identical(as.integer(part("Dim")), shape) &&
    length(p) == shape[2] + 1 && p[1] == 0 && !is.unsorted(p) && p[length(p)] == length(i) &&
    (length(i) == 0 || (min(i) >= 0 && max(i) < shape[1])) &&
    are_numbers(part("x"), length(i)) && length(part("Dimnames")) == 2 &&
    all(lengths(part("Dimnames")) %in% c(0L, shape)) &&
    (is.null(names) || identical(lapply(part("Dimnames"), as.character), names))
}

has_columns <- function(x, columns) {
  is.data.frame(x) && all(columns %in% names(x)) && all(lengths(x) == nrow(x))
}

# A list with an entry per omic, in the order of the fit, each of which is as told.
per_omic <- function(x, fit, holds) {
  is.list(x) && identical(names(x), names(fit$omics)) &&
    all(mapply(\(entry, omic, name) isTRUE(holds(entry, omic, name)), x, fit$omics, names(x)))
}

sizes_of <- \(omics) vapply(omics, \(omic) length(omic$features), 0L)

# Rules ------------------------------------------------------------------------------------------

# By part, whether a fit's is as it must be. Later rules may rely on earlier ones.
common_rules <- list(
  version = \(fit) is_text(fit$version),
  samples = \(fit) are_names(fit$samples) && length(fit$samples) > 0,
  omics = \(fit) {
    is.list(fit$omics) && are_names(names(fit$omics)) && length(fit$omics) > 0 &&
      all(vapply(fit$omics, is_omic, NA, samples = length(fit$samples)))
  },
  covariates = \(fit) is.null(fit$covariates) || are_covariates(fit$covariates, fit),
  control = \(fit) {
    is.list(fit$control) && is_whole(fit$control$threads) && fit$control$threads >= 1 &&
      is_flag(fit$control$progress)
  },
  history = \(fit) has_columns(fit$history, c("epoch", "training", "validation")) &&
    all(vapply(fit$history, is.numeric, NA)),
  best_epoch = \(fit) is_whole(fit$best_epoch),
  stopped = \(fit) is_text(fit$stopped),
  validation = \(fit) is.character(fit$validation) && all(fit$validation %in% fit$samples),
  seed = \(fit) is_whole(fit$seed),
  scaling = \(fit) is_text(fit$scaling),
  seconds = \(fit) is_number(fit$seconds)
)

is_omic <- function(omic, samples) {
  n <- length(omic$features)
  each <- \(x, shape = n) are_numbers(x, shape)
  is.list(omic) && n > 0 && are_names(omic$features) &&
    is_text(omic$family) && omic$family %in% family_names && is.numeric(omic$clip) &&
    length(omic$clip) == 1 && isTRUE(omic$clip > 0) &&
    each(omic$center) && each(omic$scale) && all(omic$scale > 0) && each(omic$fill) &&
    each(omic$sd) && are_positions(omic$samples, length(omic$samples), samples) &&
    (is.null(omic$effects) || each(omic$effects, c(n, ncol(omic$effects)))) &&
    (omic$family == "gaussian" || (each(omic$link$intercept) && each(omic$link$unit))) &&
    (!omic$family %in% count_families || (each(omic$reference) && each(omic$offset, samples))) &&
    (omic$family != "negative_binomial" || each(omic$dispersion)) &&
    (is.null(omic$transform) ||
       (is_text(omic$transform) && omic$transform %in% names(transformations)))
}

are_covariates <- function(covariates, fit) {
  design <- covariates$design
  are_numbers(design, c(length(fit$samples), ncol(design)), list(fit$samples)) &&
    inherits(covariates$terms, "terms") &&
    is.numeric(covariates$center) && is.numeric(covariates$scale) &&
    (is.null(covariates$groups) ||
       (is_text(covariates$groups$variable) &&
          length(covariates$groups$of) == length(fit$samples) &&
          all(covariates$groups$of %in% covariates$levels[[covariates$groups$variable]]))) &&
    all(vapply(fit$omics, \(omic) identical(ncol(omic$effects), ncol(design)), NA))
}

describes_omics <- function(omics, fit) {
  is.list(omics) && length(omics) == length(fit$omics) &&
    all(mapply(\(of, omic) {
      identical(as.integer(of$features), length(omic$features)) &&
        identical(of$family, omic$family) && is_number(of$noise_prior) &&
        is_number(of$inclusion_b) &&
        (is.null(of$weight) || (is_number(of$weight) && of$weight > 0))
    }, omics, fit$omics))
}

# Settings that fits of the first versions lack.
later_settings <- c("backend", "device")

poems_rules <- list(
  control = \(fit) all(setdiff(names(control_rules), later_settings) %in% names(fit$control)) &&
    all(mapply(\(rule, name) is.null(fit$control[[name]]) || rule$valid(fit$control[[name]]),
               control_rules, names(control_rules))) &&
    isTRUE(fit$control$objective %in% names(control_defaults)),
  config = \(fit) {
    counts <- fit$config[c("factors", "encoder_hidden", "decoder_hidden", "gate_hidden")]
    all(vapply(counts, \(n) is_whole(n) && n >= 1, NA)) && is_whole(fit$config$covariates) &&
      fit$config$covariates == max(0L, ncol(fit$covariates$design)) &&
      describes_omics(fit$config$omics, fit) && is_text(fit$config$objective)
  },
  factors = \(fit) is_whole(fit$factors) && fit$factors >= 0 && fit$factors <= fit$config$factors,
  order = \(fit) are_positions(fit$order, fit$config$factors, fit$config$factors),
  latent = \(fit) is_of_samples(fit$latent, fit) &&
    are_names(names_of_factors(fit), fit$factors),
  mode = \(fit) is_of_samples(fit$mode, fit),
  spread = \(fit) are_numbers(as.numeric(fit$spread), fit$factors),
  gates = \(fit) are_numbers(fit$gates, c(length(fit$samples), length(fit$omics)),
                             list(fit$samples, names(fit$omics))),
  contributions = \(fit) are_numbers(
    fit$contributions, c(length(fit$samples), length(fit$omics), fit$factors),
    list(fit$samples, names(fit$omics), names_of_factors(fit)), missing = TRUE
  ),
  loadings = \(fit) per_omic(fit$loadings, fit, \(w, omic, name) {
    is_sparse_matrix(w, c(length(omic$features), as.integer(fit$factors)),
                     list(omic$features, names_of_factors(fit)))
  }),
  inclusion = \(fit) per_omic(fit$inclusion, fit, \(p, omic, name) {
    are_numbers(p, c(length(omic$features), fit$factors),
                list(omic$features, names_of_factors(fit)))
  }),
  unused = \(fit) {
    left <- fit$config$factors - fit$factors
    shape <- c(length(fit$samples), left)
    are_numbers(fit$unused$latent, shape) && are_numbers(fit$unused$mode, shape) &&
      per_omic(fit$unused$loadings, fit, \(w, omic, name) {
        is_sparse_matrix(w, c(length(omic$features), as.integer(left)))
      })
  },
  variance = \(fit) has_columns(fit$variance, c("omic", "set", "r2")) &&
    all(fit$variance$omic %in% names(fit$omics)) && is.numeric(fit$variance$r2),
  explained = \(fit) has_columns(fit$explained$factor, c("omic", "factor", "r2")) &&
    has_columns(fit$explained$feature, c("omic", "feature", "r2")) &&
    has_columns(fit$explained$omic, c("omic", "r2")) &&
    (is.null(fit$explained$sample) ||
       has_columns(fit$explained$sample, c("omic", "sample", "r2", "weight"))) &&
    all(vapply(fit$explained[c("factor", "feature", "omic")],
               \(table) is.numeric(table$r2) && all(table$omic %in% names(fit$omics)), NA)),
  bend = \(fit) are_numbers(fit$bend, length(fit$omics), missing = TRUE) &&
    identical(names(fit$bend), names(fit$omics)),
  all_samples = \(fit) is_flag(fit$all_samples),
  subset = \(fit) is.null(fit$subset) ||
    (is_whole(fit$subset$samples) && is_text(fit$subset$factors[1]) &&
       all(names(fit$omics) %in% fit$subset$omics)),
  sets = \(fit) is.null(fit$sets) ||
    (has_columns(fit$sets$table, c("set", "verdict", "factor", "given", "found", "kept", "added",
                                   "p")) &&
       is.list(fit$sets$members) && identical(names(fit$sets$members), fit$sets$table$set)),
  parameters = \(fit) are_poems_parameters(fit$parameters, fit)
)

is_of_samples <- function(x, fit) {
  are_numbers(x, c(length(fit$samples), fit$factors), list(fit$samples, names_of_factors(fit)))
}

# Shapes are those of src/models/poems.cpp.
are_poems_parameters <- function(parameters, fit) {
  of <- fit$config
  k <- of$factors
  omics <- length(fit$omics)
  holds <- \(list, shapes) all(names(shapes) %in% names(list)) &&
    all(mapply(are_numbers, list[names(shapes)], shapes))
  holds(parameters$gate, list(
    hidden_weight = c(of$gate_hidden, k * omics), hidden_bias = c(of$gate_hidden, 1),
    output_weight = c(omics, of$gate_hidden), output_bias = c(omics, 1)
  )) && per_omic(parameters$omics, fit, \(p, omic, name) {
    n <- length(omic$features)
    h <- of$encoder_hidden
    all(vapply(p, \(x) are_numbers(x, dim(x)), NA)) && holds(p, list(
      encoder_hidden1_weight = c(h, n), encoder_hidden1_bias = c(h, 1),
      encoder_hidden2_weight = c(h, h), encoder_hidden2_bias = c(h, 1),
      encoder_mean_weight = c(k, h), encoder_mean_bias = c(k, 1),
      encoder_logvar_weight = c(k, h), encoder_logvar_bias = c(k, 1),
      gate_norm_weight = c(k, 1), gate_norm_bias = c(k, 1),
      decoder_hidden_weight = c(of$decoder_hidden, k),
      decoder_output_weight = c(n, of$decoder_hidden), decoder_output_bias = c(n, 1),
      inclusion_probability = c(n, k), inclusion_rate = c(k, 1)
    ))
  })
}

are_matrices <- function(parameters) {
  is.list(parameters) && length(parameters) > 0 && are_names(names(parameters)) &&
    all(vapply(parameters, \(x) length(dim(x)) == 2 && are_numbers(x, dim(x)), NA))
}

# Samples x coordinates, which the blocks share among them; NA where a sample lacks what they are
# of.
are_coordinates <- function(x, fit) {
  blocks <- unlist(fit$blocks, use.names = FALSE)
  is.list(fit$blocks) && are_names(names(fit$blocks)) && are_names(colnames(x)) &&
    are_positions(blocks, ncol(x), ncol(x)) &&
    are_numbers(x, c(length(fit$samples), ncol(x)), list(fit$samples), missing = TRUE) &&
    !any(is.infinite(x)) && !all(is.na(x))
}

split_rules <- list(
  config = \(fit) {
    of <- fit$config
    is.list(of) && is_text(of$method) && is_text(of$decoder) && is_whole(of$shared) &&
      are_numbers(of$private, length(fit$omics)) && is_whole(of$covariates) &&
      of$covariates == max(0L, ncol(fit$covariates$design)) && describes_omics(of$omics, fit) &&
      identical(names(of$omics), names(fit$omics)) && is_whole(of$encoder_units) &&
      is_whole(of$decoder_units)
  },
  method = \(fit) identical(fit$method, fit$config$method),
  decoder = \(fit) is_text(fit$decoder) && fit$decoder %in% c("sparse", "dense"),
  shared = \(fit) identical(fit$shared, fit$config$shared),
  private = \(fit) identical(fit$private, fit$config$private) &&
    identical(names(fit$private), names(fit$omics)),
  latent = \(fit) are_coordinates(fit$latent, fit),
  blocks = \(fit) identical(names(fit$blocks), c("shared", names(fit$omics))) &&
    identical(unname(lengths(fit$blocks)), unname(c(fit$shared, fit$private))),
  latent_sd = \(fit) is.null(fit$latent_sd) ||
    (are_coordinates(fit$latent_sd, fit) &&
       identical(dimnames(fit$latent_sd), dimnames(fit$latent))),
  loadings = \(fit) is.null(fit$loadings) || per_omic(fit$loadings, fit, \(w, omic, name) {
    are_numbers(w, c(length(omic$features), fit$shared + fit$private[[name]]), list(omic$features))
  }),
  inclusion = \(fit) is.null(fit$inclusion) || per_omic(fit$inclusion, fit, \(p, omic, name) {
    are_numbers(p, c(length(omic$features), fit$shared + fit$private[[name]]), list(omic$features))
  }),
  variance = \(fit) per_omic(fit$variance, fit, \(table, omic, name) {
    has_columns(table, c("feature", "shared", "private", "total")) &&
      identical(table$feature, omic$features) &&
      all(vapply(table[c("shared", "private", "total")], is.numeric, NA))
  }),
  parameters = \(fit) are_matrices(fit$parameters)
)

baseline_rules <- list(
  model = \(fit) is_text(fit$model) && fit$model %in% baseline_models,
  form = \(fit) is_text(fit$form) && fit$form %in% c("corrected", "published"),
  settings = \(fit) is.list(fit$settings) && are_names(names(fit$settings)) &&
    all(vapply(fit$settings, is_number, NA)),
  config = \(fit) {
    of <- fit$config
    is.list(of) && identical(of$model, fit$model) && identical(of$form, fit$form) &&
      identical(of$omics, names(fit$omics)) &&
      identical(as.integer(of$features), unname(sizes_of(fit$omics))) &&
      are_numbers(of$prior_variance, length(fit$omics)) && is_number(of$sigma_df) &&
      is_whole(of$samples) && identical(of$settings, fit$settings)
  },
  latent = \(fit) are_coordinates(fit$latent, fit),
  loadings = \(fit) is.null(fit$loadings) || per_omic(fit$loadings, fit, \(w, omic, name) {
    are_numbers(w, c(length(omic$features), ncol(w)), list(omic$features))
  }),
  parameters = \(fit) are_matrices(fit$parameters)
)

# There may be no factor at all.
comparison_rules <- list(
  target = \(fit) is.logical(fit$target) && !anyNA(fit$target) &&
    identical(names(fit$target), fit$samples),
  blocks = \(fit) identical(names(fit$blocks), c("shared", "salient")),
  latent = \(fit) are_numbers(fit$latent, c(length(fit$samples), sum(lengths(fit$blocks))),
                              list(fit$samples)) && are_names(as.character(colnames(fit$latent))),
  loadings = \(fit) is.null(fit$loadings) || per_omic(fit$loadings, fit, \(w, omic, name) {
    are_numbers(w, c(length(omic$features), ncol(fit$latent)), list(omic$features))
  }),
  parameters = \(fit) are_matrices(fit$parameters)
)

# Without those that a fit may not have: `covariates`, and what goes with sparse decoders.
parts_of_fits <- list(
  poems = setdiff(union(names(common_rules), names(poems_rules)), c("covariates", "subset",
                                                                           "sets")),
  poems_split = setdiff(union(names(common_rules), names(split_rules)),
                        c("covariates", "latent_sd", "loadings", "inclusion")),
  poems_baseline = setdiff(union(names(common_rules), names(baseline_rules)),
                           c("covariates", "loadings")),
  poems_comparison = setdiff(union(names(common_rules), names(comparison_rules)),
                             c("covariates", "loadings"))
)
