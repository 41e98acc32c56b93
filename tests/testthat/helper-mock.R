# Puts another function in the place of one of the package's, as long as the frame of the caller
# lasts.
local_function <- function(name, value, frame = parent.frame()) {
  space <- asNamespace("omicpoems")
  put <- \(f) {
    unlockBinding(name, space)
    assign(name, f, space)
    lockBinding(name, space)
  }
  real <- get(name, space)
  put(value)
  withr::defer(put(real), frame)
}
