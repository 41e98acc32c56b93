# Where bars can be drawn: a terminal or an editor's console. In documents that are being knitted
# (knitr, R Markdown, Quarto), notebooks and logs they would leave hundreds of lines.
draws_bars <- function() {
  knits <- isTRUE(getOption("knitr.in.progress")) || isTRUE(getOption("jupyter.in_kernel")) ||
    isTRUE(getOption("rstudio.notebook.executing"))
  !knits && cli::is_dynamic_tty()
}

# Whether progress is shown where the user does not say.
shows_progress <- \() interactive() && draws_bars()

# What the core calls after every epoch: moves the progress bar, and returns FALSE to stop when the
# user interrupts while R is drawing it. The bar belongs to the frame `envir` and ends with it.
progress_reporter <- function(control, envir) {
  if (!control$progress) {
    return(\(epoch, training, validation) TRUE)
  }
  if (!draws_bars()) return(line_reporter(control$epochs))
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

# Plain lines, ten for all epochs.
line_reporter <- function(epochs) {
  every <- max(1, ceiling(epochs / 10))
  \(epoch, training, validation) {
    if (epoch %% every != 0) return(TRUE)
    tryCatch(
      {
        message(sprintf("Epoch %d/%d: %s", epoch, epochs, describe_losses(training, validation)))
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
