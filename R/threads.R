# How many threads a fit may ask for: the core takes no more than it says here, whatever it is told.
limit_threads <- function(threads) {
  most <- core_cpu()$most_threads
  if (threads <= most) return(threads)
  cli::cli_inform(c(
    "i" = "Using {most} threads, not {threads}: more only get in each other's way."
  ))
  most
}

.onUnload <- function(libpath) core_stop_threads()
