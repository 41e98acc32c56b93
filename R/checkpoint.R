# Checkpoints: files from which the same call goes on where it was interrupted or killed. The core
# writes and reads them (src/training/checkpoint.h); what they are of is told here, by checksums, so
# that no training goes on from another's.

# Seconds from one writing to the next; a slow disk makes it more.
checkpoint_seconds <- \() getOption("omicpoems.checkpoint_seconds", 60)

check_checkpoint <- function(path, call = rlang::caller_env()) {
  if (is.null(path)) return(NULL)
  check_value(path, "checkpoint", "the path of a file, or NULL",
              \(x) is.character(x) && length(x) == 1 && !is.na(x) && nzchar(x), call)
  check_path_to_write(path, "checkpoint", call)
  check_value(checkpoint_seconds(), "options(omicpoems.checkpoint_seconds)",
              "a number of at least 0", \(x) is_number(x) && x >= 0, call)
  enc2native(path.expand(path))
}

# What a fit depends on, by the names that users know: a checksum of each. How many threads compute
# it, and what is shown, is no part of it.
checkpoint_key <- function(omics, data, covariates, config, scale, seed, control, programs = NULL) {
  settings <- unclass(control)[setdiff(names(control), computing_settings)]
  values <- vapply(data$data, checksum_of_values, "")
  names(values) <- sprintf("values of omic \"%s\"", names(values))
  c(
    version = as.character(utils::packageVersion("omicpoems")),
    values,
    vapply(c(list(
      samples = list(data$samples, lapply(data$data, colnames)),
      features = lapply(omics, \(omic) omic$features),
      scale = list(scale, lapply(omics, \(omic) omic[c("center", "scale")])),
      family = lapply(omics, \(omic) omic$family),
      covariates = covariates$design,
      factors = config$factors,
      weights = lapply(config$omics, \(omic) omic$weight),
      seed = seed,
      sets = programs
    ), settings), core_checksum, "")
  )
}

# Of what is in memory as it is there; of what is in a file, which may be another one next time, of
# the values.
checksum_of_values <- function(x) {
  if (!inherits(x, "disk_matrix")) return(core_checksum(unclass(x)))
  core_checksum(vapply(column_blocks(x), \(columns) core_checksum(as.matrix(x[, columns])), ""))
}

# What core_train() is told of the checkpoint of one of a fit's trainings: the one on all samples
# has a file of its own. NULL without a checkpoint.
checkpoint_of <- function(path, key, all_samples = FALSE, call = rlang::caller_env()) {
  if (is.null(path)) return(NULL)
  if (all_samples) path <- paste0(path, "-all")
  if (file.exists(path)) check_same_call(path, key, call)
  list(path = path, seconds = checkpoint_seconds(), key = key)
}

check_same_call <- function(path, key, call) {
  found <- tryCatch(core_checkpoint_key(path), error = \(error) abort_checkpoint(path, error, call))
  parts <- union(names(key), names(found))
  differ <- parts[!mapply(identical, unname(key[parts]), unname(found[parts]))]
  if (length(differ) == 0) {
    return(cli::cli_inform(c("i" = "Going on from the checkpoint {.file {path}}.")))
  }
  cli::cli_abort(c(
    "The checkpoint {.file {path}} is of another fit.",
    "x" = "What differs: {quote_some(differ)}.",
    "i" = "Give this fit a file of its own, or remove that one to begin anew."
  ), call = call)
}

abort_checkpoint <- function(path, error, call) {
  cli::cli_abort(c(
    "The checkpoint {.file {path}} cannot be used.",
    "x" = "{conditionMessage(error)}",
    "i" = "Give another file, or remove this one to begin anew."
  ), call = call)
}

# `expr`: a training, whose checkpoint may turn out damaged, or its disk full. `path`: NULL for
# none.
with_checkpoint <- function(path, expr, call = rlang::caller_env(2)) {
  if (is.null(path)) return(expr)
  trained <- tryCatch(expr, "std::runtime_error" = \(error) abort_checkpoint(path, error, call))
  if (nzchar(trained$not_kept)) {
    cli::cli_warn(c(
      "The last checkpoint could not be written: another call would go on from an older one.",
      "x" = "{trained$not_kept}"
    ))
  }
  trained
}
