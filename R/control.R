# How a model is trained: the defaults of each objective, and the checks of what a user changes.

control_defaults <- list(
  elbo = list(
    start = "linear", epochs = 1000L, batch_size = 64L, learning_rate = 5e-4, weight_decay = 1e-4,
    dropout = 0, hidden = 100L, validation = 0.1, patience = 30L, warmup = 0L, kl_weight = 1,
    lambda0 = 10, lambda1 = 0.5
  ),
  published = list(
    start = "random", epochs = 5000L, batch_size = 512L, learning_rate = 9e-4,
    weight_decay = 1e-4, dropout = 0.2, hidden = 100L, validation = 0.2, patience = 30L,
    warmup = 0L, kl_weight = 1, lambda0 = 5, lambda1 = 0.5
  )
)

# How cohorts of more training samples than `largest_epoch` are trained (bench/scale.md): a pass
# over them is cut into epochs of that size or less, after which at most `most_validated` of the
# samples held out are looked at. Steps are `faster` times as long to begin with; after `slow_after`
# epochs without a better loss they are halved.
large_cohorts <- list(largest_epoch = 8192L, most_validated = 2048L, faster = 4, slow_after = 6L)

# What the core is told of that, with the rate to begin with. `training`: so many samples.
steps_by_size <- function(control, training) {
  rate <- control["learning_rate"]
  if (control$objective != "elbo") return(rate)
  if (training > large_cohorts$largest_epoch) {
    rate$learning_rate <- min(1, large_cohorts$faster * rate$learning_rate)
  }
  c(rate, large_cohorts[c("largest_epoch", "most_validated", "slow_after")])
}

whole_number <- function(lowest) {
  list(wanted = sprintf("a whole number of at least %d", lowest),
       valid = \(x) is_whole(x) && x >= lowest)
}

number <- function(range, in_range) {
  list(wanted = paste("a number", range), valid = \(x) is_number(x) && in_range(x))
}

flag <- list(wanted = "TRUE or FALSE", valid = is_flag)

one_of <- function(choices) {
  quoted <- sprintf("\"%s\"", choices)
  last <- length(choices)
  list(wanted = paste(toString(quoted[-last]), "or", quoted[last]),
       valid = \(x) is.character(x) && length(x) == 1 && x %in% choices)
}

# What trains the model, and on what.
backends <- c("core", "torch")
devices <- c("cpu", "cuda", "mps")

control_rules <- list(
  start = one_of(c("linear", "random")),
  epochs = whole_number(1),
  batch_size = whole_number(1),
  learning_rate = number("above 0 and at most 1", \(x) x > 0 && x <= 1),
  weight_decay = number("of at least 0", \(x) x >= 0),
  dropout = number("of at least 0 and below 1", \(x) x >= 0 && x < 1),
  hidden = whole_number(1),
  validation = number("from 0 to 0.5", \(x) x >= 0 && x <= 0.5),
  patience = whole_number(1),
  warmup = whole_number(0),
  kl_weight = number("of at least 0", \(x) x >= 0),
  lambda0 = number("above 0", \(x) x > 0),
  lambda1 = number("above 0", \(x) x > 0),
  row_normalize = flag,
  threads = whole_number(1),
  progress = flag,
  backend = one_of(backends),
  device = one_of(devices)
)

#' Training details of a model
#'
#' Settings for the `control` argument of [poems()]. Each has a sensible default; most fits need
#' none of them.
#'
#' Where an argument is `NULL`, the default of the chosen objective holds:
#'
#' | setting         | `"elbo"` | `"published"` |
#' |:----------------|---------:|--------------:|
#' | `start`         | `"linear"` |    `"random"` |
#' | `epochs`        |     1000 |          5000 |
#' | `batch_size`    |       64 |           512 |
#' | `learning_rate` |   0.0005 |        0.0009 |
#' | `weight_decay`  |   0.0001 |        0.0001 |
#' | `dropout`       |        0 |           0.2 |
#' | `hidden`        |      100 |           100 |
#' | `validation`    |      0.1 |           0.2 |
#' | `patience`      |       30 |            30 |
#' | `warmup`        |        0 |             0 |
#' | `kl_weight`     |        1 |             1 |
#' | `lambda0`       |       10 |             5 |
#' | `lambda1`       |      0.5 |           0.5 |
#'
#' @param objective What is optimised: `"elbo"`, the evidence lower bound as the model defines it,
#'   on standardised features, with exact zeros in the loadings and the best weights kept; or
#'   `"published"`, the objective and training of the authors' released code, to the letter.
#' @param start Where training starts: `"linear"`, from a sparse linear factor model of the training
#'   samples (principal components that stand out from noise, then a spike-and-slab factor model by
#'   variational Bayes), which training then bends; or `"random"`.
#' @param epochs Passes over the training samples, at most. Of large cohorts, parts of a pass: see
#'   [poems()].
#' @param batch_size Samples per step of the optimiser.
#' @param learning_rate Step size of AdamW. Large cohorts begin at four times that, see [poems()].
#'   With the objective `"elbo"`, weights of an encoder's first layer take steps that are shorter
#'   the more features the omic has beyond 1000, as a hidden unit adds up what all of them say.
#' @param weight_decay Weight decay of AdamW.
#' @param dropout Share of hidden units that are dropped at random while training.
#' @param hidden Hidden units per layer of the encoders and the decoder.
#' @param validation Share of the samples held out to decide when to stop, from 0 to 0.5. With 0,
#'   all samples train the model, for all `epochs`.
#' @param patience Epochs without an improvement of the validation loss after which training stops.
#' @param warmup Epochs over which the weight of the Kullback-Leibler term grows to `kl_weight`.
#' @param kl_weight Weight of the Kullback-Leibler term between posterior and prior; 1 gives the
#'   evidence lower bound.
#' @param lambda0,lambda1 Rates of the spike and of the slab, the two Laplace distributions that
#'   are the prior of a loading: `lambda0` shrinks loadings that are likely to be 0, `lambda1`
#'   those that are not, so `lambda0` must be the larger.
#' @param row_normalize Whether the loadings of each feature are made to sum to 1; only with
#'   `objective = "published"`.
#' @param threads Threads to compute with; by default all that [parallelly::availableCores()]
#'   grants. The fit does not depend on their number.
#' @param progress Whether to show a progress bar. `NULL` shows one in interactive sessions, and
#'   none in documents that are knitted, notebooks and logs, where `TRUE` writes plain lines.
#' @param backend What trains the model: `"core"`, the package's own engine, or `"torch"`, package
#'   torch. See below.
#' @param device What torch computes on: `"cpu"`, `"cuda"` (a graphics card of NVIDIA) or `"mps"`
#'   (Apple's). Only with `backend = "torch"`.
#'
#' @section Training with torch:
#' With `backend = "torch"` the same model is trained, on the same batches with the same random
#' draws (but for dropout, which torch draws), by package torch, whose libtorch it needs
#' (`install.packages("torch")`, then `torch::install_torch()`). Where training starts, and what
#' follows it, is the core's, and so is the fit: whatever takes one takes this one, without torch.
#' Fits of the two differ as rounding makes them differ, which after hundreds of epochs is more than
#' the last digit. On a processor the core takes less time (`bench/torch.md` in the sources); torch
#' is for graphics cards. `checkpoint` in [poems()] is not for torch. Decoders go through the
#' features in blocks, so that no card has to hold samples x features x hidden units.
#'
#' @return A list of class `poems_control` with every setting filled in. [poems()] also takes a
#'   plain named list of the settings to change. A setting that does not exist, or a value of the
#'   wrong type or out of range, is an error.
#'
#' @source The `"published"` settings are those of Kocak Balik, Marttinen and Safinianaini (2025),
#'   POEMS: Product of Experts for Interpretable Multi-omic Integration using Sparse Decoding,
#'   arXiv:2511.03464. The prior is the spike-and-slab lasso of Rockova and George (2018),
#'   Journal of the American Statistical Association 113, 431-444.
#'
#' @examples
#' control <- poems_control(epochs = 50, threads = 1)
#' control$batch_size
#'
#' poems_control("published")$learning_rate
#' @export
poems_control <- function(objective = c("elbo", "published"), start = NULL, epochs = NULL,
                          batch_size = NULL, learning_rate = NULL, weight_decay = NULL,
                          dropout = NULL, hidden = NULL, validation = NULL, patience = NULL,
                          warmup = NULL, kl_weight = NULL, lambda0 = NULL, lambda1 = NULL,
                          row_normalize = FALSE, threads = NULL, progress = NULL,
                          backend = c("core", "torch"), device = c("cpu", "cuda", "mps")) {
  given <- list(
    start = start, epochs = epochs, batch_size = batch_size, learning_rate = learning_rate,
    weight_decay = weight_decay, dropout = dropout, hidden = hidden, validation = validation,
    patience = patience, warmup = warmup, kl_weight = kl_weight, lambda0 = lambda0,
    lambda1 = lambda1, row_normalize = row_normalize, threads = threads, progress = progress,
    backend = if (!missing(backend)) backend, device = if (!missing(device)) device
  )
  new_control(objective, given, rlang::current_env())
}

# A checked control from what the user gave: a control or a plain named list.
as_control <- function(control, call = rlang::caller_env()) {
  if (!is.list(control) || (is.object(control) && !inherits(control, "poems_control"))) {
    cli::cli_abort(c(
      "{.arg control} must come from {.fn poems_control} or be a named list.",
      "x" = "It is {describe(control)}."
    ), call = call)
  }
  check_setting_names(rlang::names2(control), call)
  objective <- if (is.null(control$objective)) names(control_defaults) else control$objective
  new <- new_control(objective, control[setdiff(names(control), "objective")], call)
  structure(new, predictions = attr(control, "predictions"))
}

check_setting_names <- function(settings, call) {
  if (any(settings == "")) {
    cli::cli_abort(c(
      "Every setting in {.arg control} must have a name.",
      "i" = "For instance {.code control = list(epochs = 100)}."
    ), call = call)
  }
  twice <- unique(settings[duplicated(settings)])
  if (length(twice) > 0) {
    cli::cli_abort("{.arg control} sets {quote_some(twice)} more than once.", call = call)
  }
  known <- c("objective", names(control_rules))
  unknown <- setdiff(settings, known)
  if (length(unknown) > 0) {
    nearest <- known[which.min(utils::adist(unknown[1], known, ignore.case = TRUE))]
    cli::cli_abort(c(
      "{.arg control} has no setting {quote_some(unknown[1])}.",
      "i" = "Did you mean {quote_some(nearest)}? {.fn poems_control} has them all."
    ), call = call)
  }
}

# `objective`: one, or all of them for the first. `given`: named list of settings, NULL for the
# default.
new_control <- function(objective, given, call) {
  objective <- arg_match(objective, names(control_defaults), error_call = call)
  control <- c(list(objective = objective), control_defaults[[objective]],
               list(row_normalize = FALSE, threads = unname(parallelly::availableCores()),
                    progress = shows_progress(), backend = backends[1], device = devices[1]))
  given <- Filter(Negate(is.null), given)
  control[names(given)] <- given
  for (setting in names(control_rules)) {
    rule <- control_rules[[setting]]
    check_value(control[[setting]], setting, rule$wanted, rule$valid, call)
  }
  check_settings_agree(control, call)
  control$threads <- limit_threads(control$threads)
  structure(control, class = "poems_control")
}

# Of settings, what says how a fit is computed, and not which: it has no part in what is tuned.
computing_settings <- c("threads", "progress", "backend", "device")

check_settings_agree <- function(control, call) {
  if (control$lambda0 <= control$lambda1) {
    cli::cli_abort(c(
      "{.arg lambda0} must be larger than {.arg lambda1}: the spike is narrower than the slab.",
      "x" = "{.arg lambda0} is {control$lambda0} and {.arg lambda1} is {control$lambda1}."
    ), call = call)
  }
  if (control$row_normalize && control$objective != "published") {
    cli::cli_abort(c(
      "{.arg row_normalize} is only for {.code objective = \"published\"}.",
      "x" = "The objective is {quote_some(control$objective)}."
    ), call = call)
  }
  if (control$device != "cpu" && control$backend != "torch") {
    cli::cli_abort(c(
      "{.code device = \"{control$device}\"} is only for {.code backend = \"torch\"}.",
      "x" = "The backend is {quote_some(control$backend)}, which computes on the processor."
    ), call = call)
  }
}
