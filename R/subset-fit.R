#' Part of a fit
#'
#' Keeps some of the factors, omics or samples of a fit, to read and draw. Nothing is fitted again:
#' numbers are those of the whole fit, of which the others are left out.
#'
#' * `factors`: the fit shows these alone, under their names. The others stay part of the model, as
#'   factors not in use do: predictions, imputed values, gates and variance explained are those of
#'   the whole fit.
#' * `samples`: latent coordinates, gates, contributions and rows of
#'   `variance_explained(by = "sample")` are those of these samples. The model is the same, and so
#'   are its predictions for new samples. What else says how much is explained (by factor, feature,
#'   omic and group) and the history of training stay those of all samples that were fitted;
#'   `variance_explained(fit, newdata)` measures them in these. What is computed from the fit's
#'   samples when it is asked for ([feature_effects()], [feature_response()], what
#'   `latent(scaled = TRUE)` is centred on) is then of these samples.
#' * `omics`: tables and figures are of these omics. Where samples lie and what gates say still
#'   rests on all omics that the fit had: gates of a sample need not sum to 1. Without the others
#'   the model cannot be applied to new data; [predict.poems()] with `newdata`, [impute()] and all
#'   else that takes data are then errors that say so. Predict with the whole fit, which takes
#'   samples that lack omics, or fit these omics alone.
#'
#' @param fit A fit from [poems()].
#' @param factors Factors to keep, by number or name; `NULL` for all.
#' @param omics Omics to keep, by name; `NULL` for all.
#' @param samples Samples to keep, by name or number, at least 2; `NULL` for all. All omics that are
#'   kept must be of one of them at least.
#'
#' @return A fit with these, factors and omics in the order of the fit, samples in the order given.
#'   Its part `subset` says how many `samples` and which `omics` and `factors` the whole has.
#'
#' @section Errors:
#' Names and numbers that the fit does not have are an error, and so is keeping nothing.
#'
#' @source Written for this package.
#' @seealso [factor_names()] to name factors.
#' @examples
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' subset_fit(fit, factors = 1:2)
#' basal <- tcga_breast$samples$sample[tcga_breast$samples$subtype == "Basal"]
#' part <- subset_fit(fit, samples = intersect(fit$samples, basal))
#' dim(latent(part))
#' @export
subset_fit <- function(fit, factors = NULL, omics = NULL, samples = NULL) {
  check_fit(fit)
  chosen <- list(
    factors = if (!is.null(factors)) check_factor_choice(factors, fit, arg = "factors"),
    omics = if (!is.null(omics)) check_omic_choice(omics, names(fit$omics), arg = "omics"),
    samples = if (!is.null(samples)) check_sample_choice(samples, fit$samples)
  )
  whole <- fit$subset
  if (is.null(whole)) {
    whole <- list(samples = length(fit$samples), omics = names(fit$omics),
                  factors = names_of_factors(fit))
  }
  if (!is.null(factors)) fit <- keep_factors(fit, chosen$factors)
  if (!is.null(omics)) fit <- keep_omics(fit, intersect(names(fit$omics), chosen$omics))
  if (!is.null(samples)) fit <- keep_samples(fit, chosen$samples)
  fit$subset <- whole
  seal_fit(fit)
}

check_sample_choice <- function(samples, known, call = rlang::caller_env()) {
  if (is.numeric(samples) && all(samples %in% seq_along(known))) samples <- known[samples]
  if (!is.character(samples) || length(unique(samples)) < 2) {
    cli::cli_abort(c(
      "{.arg samples} must be names or numbers of at least 2 samples of the fit.",
      "x" = "It is {describe(samples)}."
    ), call = call)
  }
  unknown <- setdiff(samples, known)
  if (length(unknown) > 0) {
    cli::cli_abort(c(
      "{.arg samples} must be samples of the fit.",
      "x" = "The fit does not have {quote_some(unknown)}.",
      names_hint(unknown, known)
    ), call = call)
  }
  unique(samples)
}

# The others go to those not in use, in the order that `order` gives them.
keep_factors <- function(fit, names) {
  kept <- names_of_factors(fit) %in% names
  keep <- \(x) x[, kept, drop = FALSE]
  leave <- \(x, unused) cbind(unname(as.matrix(x)[, !kept, drop = FALSE]), as.matrix(unused))
  fit$unused <- list(
    latent = leave(fit$latent, fit$unused$latent), mode = leave(fit$mode, fit$unused$mode),
    loadings = Map(\(w, unused) methods::as(unname(leave(w, unused)), "CsparseMatrix"),
                   fit$loadings, fit$unused$loadings)
  )
  used <- factors_in_use(fit)
  fit$order <- c(used[kept], used[!kept], utils::tail(fit$order, -fit$factors))
  fit$factors <- sum(kept)
  fit[c("latent", "mode")] <- lapply(fit[c("latent", "mode")], keep)
  fit$spread <- fit$spread[kept]
  fit$contributions <- fit$contributions[, , kept, drop = FALSE]
  fit$loadings <- lapply(fit$loadings, keep)
  fit$inclusion <- lapply(fit$inclusion, keep)
  for (table in intersect(c("factor", "group_factor"), names(fit$explained))) {
    rows <- fit$explained[[table]]
    fit$explained[[table]] <- rows[rows$factor %in% names, ]
  }
  fit
}

# Of the model, the decoders of these omics are left; encoders and gate need all of them.
keep_omics <- function(fit, names) {
  at <- match(names, names(fit$omics))
  fit$config$omics <- fit$config$omics[at]
  fit$parameters$omics <- fit$parameters$omics[at]
  fit$parameters$gate <- gate_of_omics(fit$parameters$gate, at, fit$config$factors)
  parts <- c("omics", "loadings", "inclusion", "bend")
  fit[parts] <- lapply(fit[parts], `[`, names)
  fit$unused$loadings <- fit$unused$loadings[names]
  groups <- fit$covariates$groups
  if (!is.null(groups)) fit$covariates$groups$taken <- groups$taken[names]
  fit$gates <- fit$gates[, names, drop = FALSE]
  fit$contributions <- fit$contributions[, names, , drop = FALSE]
  fit$variance <- fit$variance[fit$variance$omic %in% names, ]
  fit$explained <- lapply(fit$explained, \(table) table[table$omic %in% names, ])
  if (!is.null(fit$remainder)) {
    fit$remainder <- list(line = fit$remainder$line["factors"], hidden = fit$remainder$hidden[at],
                          worth = fit$remainder$worth[at, , drop = FALSE])
  }
  fit["maps"] <- list(NULL)
  fit
}

# Its inputs are the experts' means, omic by omic.
gate_of_omics <- function(gate, at, factors) {
  inputs <- as.vector(outer(seq_len(factors), (at - 1) * factors, `+`))
  gate$hidden_weight <- gate$hidden_weight[, inputs, drop = FALSE]
  gate$output_weight <- gate$output_weight[at, , drop = FALSE]
  gate$output_bias <- gate$output_bias[at, , drop = FALSE]
  gate
}

keep_samples <- function(fit, names) {
  at <- match(names, fit$samples)
  rows <- \(x) x[at, , drop = FALSE]
  fit$omics <- lapply(fit$omics, \(omic) {
    omic$samples <- as.integer(stats::na.omit(match(omic$samples, at)))
    omic$offset <- omic$offset[at]
    omic
  })
  check_omics_left(fit$omics)
  parts <- c("latent", "mode", "gates")
  fit[parts] <- lapply(fit[parts], rows)
  fit$unused[c("latent", "mode")] <- lapply(fit$unused[c("latent", "mode")], rows)
  fit$contributions <- fit$contributions[at, , , drop = FALSE]
  if (!is.null(fit$covariates)) {
    fit$covariates$design <- rows(fit$covariates$design)
    groups <- fit$covariates$groups
    if (!is.null(groups)) fit$covariates$groups$of <- groups$of[at]
  }
  rows <- fit$explained$sample
  if (!is.null(rows)) fit$explained$sample <- rows[rows$sample %in% names, ]
  fit$validation <- intersect(fit$validation, names)
  if (!is.null(fit$maps)) fit$maps["checked"] <- list(NULL)  # which compares samples of the whole
  fit$samples <- names
  fit
}

check_omics_left <- function(omics, call = rlang::caller_env(2)) {
  empty <- names(which(vapply(omics, \(omic) length(omic$samples) == 0, NA)))
  if (length(empty) == 0) return(invisible())
  cli::cli_abort(c(
    "All omics must be of one of {.arg samples} at least.",
    "x" = "None has {quote_some(empty)}.",
    "i" = "Leave {cli::qty(empty)}{?this/these} out with {.arg omics}."
  ), call = call)
}

# For what is of all samples of the fit.
check_whole_samples <- function(fit, hint, call = rlang::caller_env()) {
  whole <- fit$subset$samples
  if (is.null(whole) || whole == length(fit$samples)) return(invisible())
  cli::cli_abort(c(
    "This needs all samples of the fit.",
    "x" = "{.fn subset_fit} has kept {length(fit$samples)} of {whole}.",
    "i" = hint
  ), call = call)
}

# For functions that apply the model to data.
check_takes_data <- function(fit, call = rlang::caller_env()) {
  left_out <- setdiff(fit$subset$omics, names(fit$omics))
  if (length(left_out) == 0) return(invisible())
  cli::cli_abort(c(
    "This part of a fit cannot be applied to data.",
    "x" = "{.fn subset_fit} has left out {quote_some(left_out)}, on which its factors rest, too.",
    "i" = "Take the whole fit, which also takes samples that lack omics; or fit these omics alone."
  ), call = call)
}
