# rlang::arg_match() with NA and character(0) errors as clear as the others. `values`: NULL for the
# default of the argument in the function that calls this.
arg_match <- function(arg, values = NULL, multiple = FALSE, error_call = rlang::caller_env()) {
  name <- rlang::as_string(substitute(arg))
  if (is.null(values)) values <- eval(formals(sys.function(sys.parent()))[[name]], parent.frame())
  if (is.character(arg) && (length(arg) == 0 || anyNA(arg))) {
    found <- if (length(arg) == 0) "It has none." else "It is missing."
    cli::cli_abort(c("{.arg {name}} must be one of {.or {.val {values}}}.", "x" = found),
                   call = error_call)
  }
  rlang::arg_match(arg, values, multiple = multiple, error_arg = name, error_call = error_call)
}
