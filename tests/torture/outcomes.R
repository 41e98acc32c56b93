# How a call ended, as all drivers of this folder count it.

# Calls `f`. Returns its `outcome` and, where it is not "value", its `text`:
#   value   it returned something, which is in `value`
#   warned  the same, with a warning
#   clear   an error of the package or of rlang's checks, that says what is wrong
#   cpp     an error out of the C++ code
#   raw     any other error, out of R's own functions
outcome_of <- function(f) {
  warned <- NULL
  value <- tryCatch(
    withCallingHandlers(f(), warning = function(w) {
      warned <<- c(warned, conditionMessage(w))
      tryInvokeRestart("muffleWarning")
    }, message = function(m) tryInvokeRestart("muffleMessage")),
    error = identity
  )
  if (inherits(value, "error")) {
    return(list(outcome = kind_of(value), text = conditionMessage(value)))
  }
  if (is.null(warned)) return(list(outcome = "value", value = value))
  list(outcome = "warned", value = value, text = warned[1])
}

kind_of <- function(error) {
  text <- conditionMessage(error)
  core <- c("std::exception", "C++Error", "Rcpp::exception", "Rcpp::not_compatible")
  if (inherits(error, core) || grepl("std::|Rcpp|Index out of bounds|Not compatible", text)) {
    return("cpp")
  }
  # What R's dispatch says of objects that no method is for is documented.
  if (inherits(error, "rlang_error") || grepl("no applicable method", text)) "clear" else "raw"
}

# Calls `f` in a process of its own. `crash` if that died, or took longer than `seconds`.
in_child <- function(f, seconds = 60) {
  job <- parallel::mcparallel(f(), silent = TRUE)
  result <- parallel::mccollect(job, wait = FALSE, timeout = seconds)
  if (is.null(result)) tools::pskill(job$pid, tools::SIGKILL)
  parallel::mccollect(job, wait = TRUE) |> suppressWarnings()
  if (is.null(result) || is.null(result[[1]]) || inherits(result[[1]], "try-error")) {
    return(list(outcome = "crash", text = "the process died or hung"))
  }
  result[[1]]
}

# A script in which a process of its own calls `run`, which knows nothing of this one.
child_script <- function(run) {
  script <- tempfile(fileext = ".R")
  writeLines(c("run <- ", deparse(run), "run()"), script)
  script
}

# Whether `done()` within so many seconds.
wait_until <- function(done, seconds) {
  end <- Sys.time() + seconds
  while (!done() && Sys.time() < end) Sys.sleep(0.01)
  done()
}

# A driver's arguments, `name=number`, and their defaults.
arguments <- function(...) {
  defaults <- list(...)
  given <- strsplit(commandArgs(TRUE), "=", fixed = TRUE)
  for (one in given) {
    if (length(one) != 2 || !one[1] %in% names(defaults)) {
      stop("Arguments are ", paste0(names(defaults), "=...", collapse = " "), call. = FALSE)
    }
    defaults[[one[1]]] <- as.integer(one[2])
  }
  defaults
}

# Prints counts, and examples of what must not be. Ends the process with 1 if there are any.
report_outcomes <- function(table, bad, examples = 40) {
  print(table(table$outcome))
  wrong <- table[table$outcome %in% bad, ]
  shown <- wrong[!duplicated(paste(wrong$outcome, sub(",.*|=.*", "", wrong$call),
                                   substr(wrong$text, 1, 40))), ]
  for (i in seq_len(min(nrow(shown), examples))) {
    cat(sprintf("%s: %s\n    %s\n", shown$outcome[i], shown$call[i],
                gsub("[[:space:]]+", " ", substr(shown$text[i], 1, 200))))
  }
  quit(status = if (nrow(wrong) > 0) 1L else 0L)
}
