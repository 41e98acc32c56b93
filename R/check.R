# Checks of single values, and the words that error messages share.

is_number <- \(x) is.numeric(x) && !is.object(x) && length(x) == 1 && is.finite(x)

is_whole <- \(x) is_number(x) && x == trunc(x) && abs(x) <= .Machine$integer.max

is_flag <- \(x) is.logical(x) && length(x) == 1 && !is.na(x)

# Stops unless `valid(value)`. `wanted`: what the value must be, in words that follow "must be".
# `call`: here and everywhere, the environment of the function that the user called, which the
# error names.
check_value <- function(value, arg, wanted, valid, call = rlang::caller_env()) {
  if (!valid(value)) {
    cli::cli_abort("{.arg {arg}} must be {wanted}, not {describe(value)}.", call = call)
  }
}

check_factors <- function(factors, call = rlang::caller_env()) {
  check_value(factors, "factors", "a whole number of at least 1", \(x) is_whole(x) && x >= 1, call)
  as.integer(factors)
}

# The seed of a fit; without one, a draw from R's generator, so that set.seed() governs.
check_seed <- function(seed, call = rlang::caller_env()) {
  if (is.null(seed)) return(sample.int(.Machine$integer.max, 1L))
  check_value(seed, "seed", "a whole number of at least 0", \(x) is_whole(x) && x >= 0, call)
  as.integer(seed)
}

# A value in the words of an error message.
describe <- function(x) {
  if (is.null(x)) return("NULL")
  if (is.character(x) && length(x) == 1) return(encodeString(x, quote = "\""))
  if (is.atomic(x) && !is.object(x) && length(x) == 1) return(format(x))
  if (!is.null(dim(x)) && is.atomic(x)) {
    return(sprintf("a %s %s of type %s", paste(dim(x), collapse = " x "), class(x)[1], typeof(x)))
  }
  sprintf("an object of class \"%s\" and length %d", class(x)[1], length(x))
}

# Quoted names for a message: five at most, then how many more.
quote_some <- function(names) {
  shown <- encodeString(utils::head(names, 5), quote = "\"")
  hidden <- length(names) - length(shown)
  c(shown, if (hidden > 0) sprintf("%d more", hidden))
}

# Finished lines as bullets of a cli message; braces in users' names must not be read as code.
as_bullets <- function(lines) {
  stats::setNames(gsub("([{}])", "\\1\\1", lines), rep("*", length(lines)))
}

check_path_to_write <- function(path, arg, call = rlang::caller_env()) {
  if (!dir.exists(dirname(path))) {
    cli::cli_abort(c(
      "{.arg {arg}} must be in a folder that exists.",
      "x" = "There is no folder {.file {dirname(path)}}."
    ), call = call)
  }
  if (dir.exists(path)) {
    cli::cli_abort(c(
      "{.arg {arg}} must be the path of a file to write.",
      "x" = "{.file {path}} is a folder."
    ), call = call)
  }
}
