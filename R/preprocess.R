#' Transform omics and keep their most variable features
#'
#' Says what [poems()] does with the values of an omic before it scales them. The fit remembers it:
#' [predict.poems()] does the same with new samples, and reconstructions and imputed values come
#' back on the scale of the data as they were passed.
#'
#' @param transform How every value is transformed: `"none"`; `"log1p"`, log(1 + x), for counts and
#'   other intensities of at least 0; `"m_values"`, log2(x / (1 - x)), for the beta values of
#'   methylation arrays, which are first limited to 0.001 and 0.999; or `"clr"`, centred log-ratios,
#'   for compositions such as microbiome counts or shares; see below.
#' @param n_top Number of features to keep, those of the largest variance after the transformation;
#'   `NULL` for all.
#'
#' @section Centred log-ratios:
#' Every value becomes the logarithm of its ratio to the geometric mean of its sample, over all
#' features that the sample has in the data, before `n_top` chooses among them: log(x) - mean(log
#' x). Zeros first become half the smallest value above 0 of the same sample (0.5 for counts where
#' some are 1); other values stay as they are. So counts and the shares made of them give the same
#' log-ratios. Nothing is learnt from other samples: new samples are treated in the same way, and
#' must come with the same features, or their geometric mean is another. A sample of zeros alone has
#' no ratios and counts as missing.
#'
#' What a sample's total was is lost, so there is no way back: reconstructions of such an omic are
#' log-ratios, and [impute()] leaves its gaps as they are.
#'
#' @return A list of class `poems_preprocess`, for the argument `preprocess` of [poems()].
#'
#' @section Many features:
#' [poems()] and its family tell of an omic with more than
#' `r format(most_features_untold, big.mark = ",")` features if more than half of them hardly vary:
#' if these together have less than `r 100 * little_variance` % of the omic's variance. Training
#' takes as long for each of them as for any other. The message has the `n_top` that leaves them
#' out.
#'
#' @section Errors:
#' Unknown transformations and numbers of features below 1 are an error here, values outside the
#' range of the transformation in [poems()].
#'
#' @source M-values: Du P, Zhang X, Huang CC, et al. (2010). Comparison of Beta-value and M-value
#'   methods for quantifying methylation levels by microarray analysis. BMC Bioinformatics 11, 587.
#'   \doi{10.1186/1471-2105-11-587}. Log-ratios: Aitchison J (1982). The statistical analysis of
#'   compositional data. Journal of the Royal Statistical Society B 44, 139-177.
#' @examples
#' counts <- round(2^tcga_breast$omics$mrna)
#' fit <- poems(
#'   list(mrna = counts, protein = tcga_breast$omics$protein), factors = 8, seed = 21,
#'   preprocess = list(mrna = preprocess_steps("log1p", n_top = 50)),
#'   control = list(epochs = 20, threads = 1)
#' )
#' fit
#' # Expected counts:
#' predict(fit, type = "reconstruction")$mrna[1:3, 1:3]
#'
#' # Shares of a total, and what new samples become.
#' shares <- apply(counts, 2, \(x) x / sum(x))
#' poems(list(mrna = shares[1:50, ]), factors = 4, seed = 21,
#'       preprocess = preprocess_steps("clr"), control = list(epochs = 20, threads = 1))
#' @export
preprocess_steps <- function(transform = c("none", "log1p", "m_values", "clr"), n_top = NULL) {
  transform <- arg_match(transform)
  if (!is.null(n_top)) {
    check_value(n_top, "n_top", "a whole number of at least 1", \(x) is_whole(x) && x >= 1)
  }
  structure(list(transform = transform, n_top = n_top), class = "poems_preprocess")
}

# Steps per omic, by name. `preprocess`: steps for all omics, or a list of them by omic.
as_preprocess <- function(preprocess, call = rlang::caller_env()) {
  is_steps <- \(x) inherits(x, "poems_preprocess")
  if (is.null(preprocess) || is_steps(preprocess)) return(preprocess)
  valid <- is.list(preprocess) && rlang::is_named(preprocess) &&
    all(vapply(preprocess, is_steps, NA))
  if (!valid) {
    cli::cli_abort(c(
      "{.arg preprocess} must be {.fn preprocess_steps}, or a list of these named by omic.",
      "x" = "It is {describe(preprocess)}.",
      "i" = "For instance {.code preprocess = list(mrna = preprocess_steps(\"log1p\"))}."
    ), call = call)
  }
  preprocess
}

# One step of every omic, a named list; NULL where there is none to take.
steps_of <- function(preprocess, step, omics, call = rlang::caller_env()) {
  if (inherits(preprocess, "poems_preprocess")) {
    preprocess <- stats::setNames(rep(list(preprocess), length(omics)), omics)
  }
  unknown <- setdiff(names(preprocess), omics)
  if (length(unknown) > 0) {
    cli::cli_abort(c(
      "{.arg preprocess} must be named by omics of {.arg x}.",
      "x" = "Not among them: {quote_some(unknown)}.",
      "i" = "{.arg x} has {quote_some(omics)}."
    ), call = call)
  }
  lapply(preprocess, `[[`, step)
}

# Per transformation: from the user's scale to that of the model, of features x whole samples, and
# back, what it is for, and the values it takes.
beta_limit <- 0.001
transformations <- list(
  none = list(
    forward = identity, back = identity, wanted = "numbers", valid = \(lowest, highest) TRUE
  ),
  log1p = list(
    forward = log1p, back = expm1, wanted = "at least 0", valid = \(lowest, highest) lowest >= 0
  ),
  m_values = list(
    forward = \(x) stats::qlogis(pmin(pmax(x, beta_limit), 1 - beta_limit)) / log(2),
    back = \(x) stats::plogis(x * log(2)),
    wanted = "from 0 to 1", valid = \(lowest, highest) lowest >= 0 && highest <= 1
  ),
  clr = list(
    forward = \(x) centred_log_ratios(x), back = identity, wanted = "at least 0",
    valid = \(lowest, highest) lowest >= 0
  )
)

# Whether values of 0 stay what they are. `transform`: NULL for none.
keeps_zeros <- \(transform) is.null(transform) || transform %in% c("none", "log1p")

# Omics whose values have no way back to the scale of the data.
is_one_way <- \(omic) identical(omic$transform, "clr")

# log(x) less its mean over the sample, zeros being half the smallest value above them.
centred_log_ratios <- function(x) {
  apply(x, 2, \(values) {
    zero <- !is.na(values) & values == 0
    if (any(zero)) values[zero] <- smallest_above_0(values) / 2
    values <- log(values)
    values - mean(values, na.rm = TRUE)
  }) |> matrix(nrow(x), ncol(x), dimnames = dimnames(x))
}

# NA of a sample that has none.
smallest_above_0 <- function(values) {
  above <- values[!is.na(values) & values > 0]
  if (length(above) > 0) min(above) else NA
}

transform_values <- function(values, transform, omic, arg, call) {
  if (is.null(transform)) return(values)
  steps <- transformations[[transform]]
  lowest <- suppressWarnings(min(values, na.rm = TRUE))
  highest <- suppressWarnings(max(values, na.rm = TRUE))
  if (!steps$valid(lowest, highest)) {
    cli::cli_abort(c(
      "Values to transform by {.val {transform}} must be {steps$wanted}.",
      "x" = "Omic {quote_some(omic)} of {.arg {arg}} has values from {signif(lowest, 3)} to
             {signif(highest, 3)}.",
      "i" = "If it is transformed already, leave it out of {.arg preprocess}."
    ), call = call)
  }
  steps$forward(values)
}

# From the model's scale to that of the data.
back_transform <- function(values, transform) {
  if (is.null(transform)) values else transformations[[transform]]$back(values)
}

# Of features with these standard deviations, the positions of the `n_top` that vary most, in order
# of the data.
most_variable <- \(sd, n_top) sort(utils::head(order(-sd), n_top))

# Of more features than this, those that hardly vary are told of: the ones that vary least and hold
# this share of the omic's variance between them, if they are more than half.
most_features_untold <- 20000L
little_variance <- 0.05

# One message for all omics, with the call that leaves these features out. `omics`: what
# learn_scaling() returns.
tell_of_little_variance <- function(omics, preprocess) {
  transforms <- steps_of(preprocess, "transform", names(omics))
  n_top <- steps_of(preprocess, "n_top", names(omics))
  features <- lengths(lapply(omics, `[[`, "features"))
  telling <- vapply(omics, \(omic) features_telling(omic$scale * omic$sd), 0)
  told <- features > most_features_untold & telling < features / 2
  told <- names(omics)[told & vapply(names(omics), \(omic) is.null(n_top[[omic]]), NA)]
  if (length(told) == 0) return(invisible())
  number <- \(n) formatC(n, format = "d", big.mark = ",")
  lines <- sprintf("%s: %s of %s features hold %g %% of the variance between them.", told,
                   number(features[told] - telling[told]), number(features[told]),
                   100 * little_variance)
  calls <- vapply(told, \(omic) {
    transform <- transforms[[omic]]
    given <- if (is.null(transform) || transform == "none") "" else sprintf("\"%s\", ", transform)
    sprintf("%s = preprocess_steps(%sn_top = %d)", omic, given, telling[[omic]])
  }, "")
  call <- sprintf("preprocess = list(%s)", paste(calls, collapse = ", "))
  cli::cli_inform(c(
    "i" = "Many features hardly vary.", as_bullets(lines),
    "i" = "To leave them out, in less time and memory: {.code {call}}."
  ))
}

# How many features, those that vary most, hold the rest of the variance; rounded up to two digits.
features_telling <- function(sd) {
  variance <- sort(sd^2, decreasing = TRUE)
  count <- sum(cumsum(variance) < (1 - little_variance) * sum(variance)) + 1
  unit <- 10^max(floor(log10(count)) - 1, 0)
  min(ceiling(count / unit) * unit, length(sd))
}
