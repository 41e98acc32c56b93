# What a training has learnt is not lost to an interrupt or to a request to end (SIGTERM): either
# ends the training, which returns what it has, and has to wait where R reads that out.

# `expr` trains, in allowInterrupts(), and makes a fit. What comes when training is done is told
# when the fit is complete.
finish_training <- function(expr, call = rlang::caller_env()) {
  core_watch_termination()
  on.exit(core_unwatch_termination())
  suspendInterrupts({
    fit <- with_memory_told(expr, call)
    if (was_interrupted() && isTRUE(fit$stopped != "interrupted")) {
      cli::cli_warn("Interrupted when training was done: the fit is complete.",
                    class = "poems_interrupted")
    }
    fit
  })
}

# Whether an interrupt or a request to end has come since; the interrupt is then dealt with.
was_interrupted <- function() {
  tryCatch({
    allowInterrupts(core_check_interrupt())
    core_end_requested()
  }, interrupt = \(condition) TRUE)
}

# One of many fits, of which users ask for what all say together: an interrupt that it survives ends
# the whole, which else would count it among those that were trained to their end.
one_of_many <- function(expr) {
  withCallingHandlers(expr, poems_interrupted = \(condition) rlang::interrupt())
}
