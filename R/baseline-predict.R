#' Embeddings and reconstructions of a comparison model
#'
#' `latent()` gives the embedding of the samples of a fit, `predict()` that of new samples, or their
#' omics as the model reconstructs them.
#'
#' @param object A fit from [poems_baseline()].
#' @param block Which parts of the embedding: `NULL` for all, or some of `names(object$blocks)`,
#'   such as `"shared"` or `"specific/mrna"`; `"specific"` stands for those of all omics.
#' @param newdata New samples, in any form that [poems_baseline()] takes. `NULL` stands for the
#'   samples of the fit, whose embedding it holds but not their data. Assays and transformations are
#'   those of the fit. Omics that the fit does not know are ignored with a message; features of the
#'   fit that are missing are treated as missing values, with a warning.
#' @param type `"latent"` or `"reconstruction"`.
#' @param samples Where the samples are in `newdata`: `"columns"` or `"rows"`.
#' @param ... Not used.
#'
#' @return
#' * `latent()`, and `predict()` with `type = "latent"`: samples x coordinates matrix of posterior
#'   means, columns named by block and number. The shared embedding of MOCSS is the mean over the
#'   omics that a sample has. A specific embedding is `NA` for samples that lack its omic. Groups
#'   that all omics show are sought in `block = "shared"`: specific coordinates outnumber shared
#'   ones, and are made to hold what is left.
#' * `type = "reconstruction"`: named list with, per omic of the fit, a features x samples matrix on
#'   the scale of the data. POEM fills in the omics that a sample lacks. MOCSS gives the mean of
#'   what the shared and the specific branch of an omic say, and `NA` for samples that lack it: only
#'   projections of shared embeddings agree between omics, and nothing teaches a decoder to read the
#'   embedding of another omic.
#'
#' @section Errors:
#' A block that the fit does not have is an error, and so are reconstructions without `newdata`, and
#' of MOCSS in published form, whose outputs have no scale. See [predict.poems()] for `newdata`.
#'
#' @inherit poems_baseline references
#' @examples
#' train <- tcga_breast$samples$set == "train"
#' omics <- lapply(tcga_breast$omics[c("mrna", "mirna")], \(x) x[1:40, ])
#' fit <- poems_baseline(lapply(omics, \(x) x[, train]), "poem", factors = 8, seed = 21,
#'                       control = list(epochs = 20, threads = 1))
#' latent(fit)[1:3, 1:4]
#' # New samples, measured for mRNA only: their miRNA is predicted.
#' new <- predict(fit, list(mrna = omics$mrna[, !train]), type = "reconstruction")
#' new$mirna[1:3, 1:3]
#' @export
latent.poems_baseline <- function(object, block = NULL, ...) {
  check_baseline_fit(object, arg = "object")
  rlang::check_dots_empty()
  object$latent[, columns_of_blocks(object, block), drop = FALSE]
}

#' @rdname latent.poems_baseline
#' @export
predict.poems_baseline <- function(object, newdata = NULL, type = c("latent", "reconstruction"),
                                   samples = c("columns", "rows"), block = NULL, ...) {
  check_baseline_fit(object, arg = "object")
  type <- arg_match(type)
  samples <- arg_match(samples)
  rlang::check_dots_empty()
  columns <- columns_of_blocks(object, block)
  if (type == "reconstruction") check_reconstructs(object, newdata)
  if (is.null(newdata)) return(object$latent[, columns, drop = FALSE])
  data <- align_newdata(object$omics, newdata, samples, own = own_side(object))
  check_continuous(data$data, "newdata")
  if (object$form == "published") check_complete(data, "newdata", names(object$omics))
  if (type == "reconstruction") return(reconstruct_baseline(object, data))
  blocks <- ask_baseline(core_baseline_embed, object, data)
  bind_blocks(blocks, data$samples)[, columns, drop = FALSE]
}

ask_baseline <- function(what, fit, data) {
  cohort <- held_cohort(fit$omics, data$data, data$samples, NULL, fit$control$threads)
  what(baseline_parameters(fit), fit$config, cohort, fit$control$threads)
}

reconstruct_baseline <- function(fit, data) {
  Map(\(x, omic) {
    x[is.nan(x)] <- NA
    dimnames(x) <- list(omic$features, data$samples)
    back_transform(to_link_scale(x, omic, NULL, NULL), omic$transform)
  }, ask_baseline(core_baseline_reconstruct, fit, data), fit$omics)
}

check_reconstructs <- function(fit, newdata, call = rlang::caller_env()) {
  if (fit$form == "published" && fit$model != "poem") {
    cli::cli_abort(c(
      "{.code type = \"reconstruction\"} needs a scale, which {.val {fit$model}} in published form
       does not have.",
      "i" = "Its loss compares outputs and data less their means and lengths. Use
             {.code form = \"corrected\"}."
    ), call = call)
  }
  check_newdata_given(newdata, call)
}

check_newdata_given <- function(newdata, call = rlang::caller_env()) {
  if (!is.null(newdata)) return(invisible())
  cli::cli_abort(c(
    "{.code type = \"reconstruction\"} needs {.arg newdata}.",
    "i" = "A fit does not hold its data: pass them once more."
  ), call = call)
}

# Numbers of the columns of some blocks.
columns_of_blocks <- function(fit, block, call = rlang::caller_env()) {
  blocks <- fit$blocks
  if (is.null(block)) return(unlist(blocks, use.names = FALSE))
  kind <- sub("/.*", "", names(blocks))
  known <- unique(c(names(blocks), kind))
  unknown <- if (is.character(block)) setdiff(block, known)
  if (!is.character(block) || length(block) == 0 || length(unknown) > 0) {
    cli::cli_abort(c(
      "{.arg block} must be {.code NULL} or name blocks of the embedding.",
      "x" = if (is.character(block)) "Not among them: {quote_some(unknown)}." else
        "It is {describe(block)}.",
      "i" = "The fit has {quote_some(known)}."
    ), call = call)
  }
  unlist(blocks[names(blocks) %in% block | kind %in% block], use.names = FALSE)
}
