# What the core calls after every epoch: moves the progress bar, and returns FALSE to stop when the
# user interrupts while R is drawing it. The bar belongs to the frame `envir` and ends with it.
progress_reporter <- function(control, envir) {
  if (!control$progress) {
    return(\(epoch, training, validation) TRUE)
  }
  state <- new.env(parent = emptyenv())
  state$losses <- ""
  bar <- cli::cli_progress_bar(
    total = control$epochs,
    # Fits 80 columns; the time left is that of all epochs, which early stopping may cut short.
    format = "Epoch {cli::pb_current}/{cli::pb_total} {cli::pb_bar} {state$losses}, {cli::pb_eta}",
    clear = TRUE,
    .envir = envir
  )
  assign("state", state, envir = envir)
  \(epoch, training, validation) {
    state$losses <- describe_losses(training, validation)
    tryCatch(
      {
        cli::cli_progress_update(set = epoch, id = bar, .envir = envir)
        TRUE
      },
      interrupt = \(condition) FALSE
    )
  }
}

describe_losses <- function(training, validation) {
  if (is.nan(validation)) {
    return(sprintf("loss %.4g", training))
  }
  sprintf("loss %.4g, held out %.4g", training, validation)
}
