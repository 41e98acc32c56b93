# How many threads a fit may ask for. OpenMP ends the whole session when the system has no more, or
# when their stacks are too small: the core takes no more than it says here, whatever it is told.
limit_threads <- function(threads) {
  cpu <- core_cpu()
  if (!cpu$openmp || threads <= cpu$most_threads) return(threads)
  cli::cli_inform(c("i" = "Using {cpu$most_threads} thread{?s}, not {threads}: {why_fewer(cpu)}."))
  cpu$most_threads
}

why_fewer <- function(cpu) {
  if (cpu$most_threads > 1) return("more only get in each other's way")
  "the environment variable OMP_STACKSIZE leaves threads too little; unset it, or ask for 4M"
}
