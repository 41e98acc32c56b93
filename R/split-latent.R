#' Coordinates and predictions of a shared and private fit
#'
#' `latent()` gives the coordinates of the samples of a fit, those that all omics share and those of
#' one omic alone. `predict()` gives the coordinates of new samples, or their omics as the model
#' reconstructs them, from all that is known of a sample or from some of its omics.
#'
#' @param object A fit from [poems_split()].
#' @param block Which coordinates: `NULL` for all, or some of `names(object$blocks)`: `"shared"`,
#'   or the name of an omic for those that are its own.
#' @param sd `TRUE` for posterior standard deviations in place of means. The prior's is 1: of a
#'   coordinate with a standard deviation close to 1, a sample's omics say nothing.
#' @param newdata New samples, in any form that [poems()] takes. `NULL` stands for the samples of
#'   the fit, whose coordinates it holds but not their data. Assays and transformations are those of
#'   the fit. Omics that the fit does not know are ignored with a message; features of the fit that
#'   are missing are treated as missing values, with a warning.
#' @param type `"latent"` or `"reconstruction"`.
#' @param from Names of the omics to reconstruct from: all others are set aside, as if the samples
#'   lacked them. `NULL` for all that a sample has.
#' @param samples Where the samples are in `newdata`: `"columns"` or `"rows"`.
#' @param covariates For a fit with covariates, those of `newdata`; see [predict.poems()].
#' @param ... Not used.
#'
#' @return
#' * `latent()`, and `predict()` with `type = "latent"`: samples x coordinates matrix of posterior
#'   means (or standard deviations), columns named by block and number: `"shared_1"`, `"mrna_1"`.
#'   Shared coordinates of a sample with one omic are known less well, but they are known; private
#'   ones are `NA` for samples that lack their omic.
#' * `type = "reconstruction"`: named list with, per omic of the fit, a features x samples matrix on
#'   the scale of the data, as of [predict.poems()]. An omic that is not predicted from itself is
#'   predicted from shared coordinates alone. `NA` for samples that have none of the omics in
#'   `from`.
#'
#' @section Errors:
#' A block that the fit does not have is an error, and so are reconstructions without `newdata`,
#' `from` with omics that `newdata` does not have, and standard deviations of a fit whose encoders
#' tell none (`method = "indiseek"` with dense decoders). See [predict.poems()] for `newdata` and
#' `covariates`.
#'
#' @source Written for this package; blocks as in Martens et al.'s and IndiSeek's models, see
#'   [poems_split()].
#' @seealso [cross_prediction()] for how well one omic is predicted from another.
#' @examples
#' train <- tcga_breast$samples$set == "train"
#' omics <- lapply(tcga_breast$omics[c("mrna", "mirna")], \(x) x[1:60, ])
#' fit <- poems_split(lapply(omics, \(x) x[, train]), shared = 3, private = 3, seed = 21,
#'                    control = list(epochs = 20, threads = 1))
#' head(latent(fit, "shared"))
#' head(latent(fit, "mirna", sd = TRUE))
#' # miRNA of new samples, from their mRNA alone.
#' new <- predict(fit, lapply(omics, \(x) x[, !train]), type = "reconstruction", from = "mrna")
#' new$mirna[1:3, 1:3]
#' @export
latent.poems_split <- function(object, block = NULL, sd = FALSE, ...) {
  check_split_fit(object, arg = "object")
  rlang::check_dots_empty()
  if (!is_flag(sd)) cli::cli_abort("{.arg sd} must be TRUE or FALSE.")
  if (sd) check_has_sd(object)
  columns <- columns_of_blocks(object, block)
  (if (sd) object$latent_sd else object$latent)[, columns, drop = FALSE]
}

#' @rdname latent.poems_split
#' @export
predict.poems_split <- function(object, newdata = NULL, type = c("latent", "reconstruction"),
                                from = NULL, samples = c("columns", "rows"), block = NULL,
                                covariates = NULL, ...) {
  check_split_fit(object, arg = "object")
  type <- arg_match(type)
  samples <- arg_match(samples)
  rlang::check_dots_empty()
  columns <- columns_of_blocks(object, block)
  check_from(from, type, object)
  if (type == "reconstruction") check_newdata_given(newdata)
  if (is.null(newdata)) {
    check_no_covariates(covariates)
    return(object$latent[, columns, drop = FALSE])
  }
  data <- new_split_data(object, newdata, samples, covariates)
  if (type == "latent") return(split_embed(object, data)$mean[, columns, drop = FALSE])
  if (is.null(from)) from <- names(data$data)
  check_from_known(from, names(data$data))
  Map(\(omic, to) back_transform(split_predict(object, data, from, to), omic$transform),
      object$omics, names(object$omics))
}

# New samples as align_newdata() has them, with their `design` matrix.
new_split_data <- function(fit, newdata, samples, covariates, call = rlang::caller_env()) {
  data <- align_newdata(fit$omics, newdata, samples, call, own = own_side(fit))
  data$design <- new_design(fit, covariates, newdata, data$samples, call)
  data
}

# The same as if samples had these omics alone, without those that have none of them.
only_omics <- function(data, omics) {
  data$data <- data$data[intersect(names(data$data), omics)]
  data$samples <- intersect(data$samples, unlist(lapply(data$data, colnames), use.names = FALSE))
  data$design <- data$design[data$samples, , drop = FALSE]
  data
}

# Samples that have an omic and at least one of others.
samples_with <- function(data, omic, others) {
  of <- \(omics) unlist(lapply(data$data[omics], colnames), use.names = FALSE)
  intersect(data$samples, intersect(of(omic), of(others)))
}

check_has_sd <- function(fit, call = rlang::caller_env()) {
  if (!is.null(fit$latent_sd)) return(invisible())
  cli::cli_abort(c(
    "{.code sd = TRUE} needs a fit that knows how certain its coordinates are.",
    "x" = "Encoders of {.val {fit$method}} with {.val {fit$decoder}} decoders give points.",
    "i" = "Fit with {.code decoder = \"sparse\"}, or another method."
  ), call = call)
}

check_from <- function(from, type, fit, call = rlang::caller_env()) {
  if (is.null(from)) return(invisible())
  if (type != "reconstruction") {
    cli::cli_abort(c(
      "{.arg from} goes with {.code type = \"reconstruction\"}.",
      "i" = "For coordinates from some omics, pass these alone in {.arg newdata}."
    ), call = call)
  }
  check_omic_choice(from, names(fit$omics), call, "from")
}

check_from_known <- function(from, known, call = rlang::caller_env()) {
  lacking <- setdiff(from, known)
  if (length(lacking) == 0) return(invisible())
  cli::cli_abort(c(
    "{.arg newdata} must have the omics in {.arg from}.",
    "x" = "It lacks {quote_some(lacking)}."
  ), call = call)
}
