# Prints what a call tells its user: messages, warnings, and errors with the function they name.
# Snapshots of this are the same with every version of testthat, whose own layout has changed.
tell <- function(code) {
  show <- \(kind, condition) cat(kind, ": ", trimws(conditionMessage(condition)), "\n", sep = "")
  tryCatch(
    withCallingHandlers(
      code,
      message = \(m) {
        show("Message", m)
        invokeRestart("muffleMessage")
      },
      warning = \(w) {
        show("Warning", w)
        invokeRestart("muffleWarning")
      }
    ),
    error = \(e) show(sprintf("Error in %s()", rlang::call_name(conditionCall(e))), e)
  )
  invisible()
}
