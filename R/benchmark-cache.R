# Finished runs of benchmark_models() on disk: a file per run, whose name is a hash of all that
# decides its result.

# The file of every run of the plan; NULL each without a cache.
run_files <- function(cache, plan, models, omics, group, test_sets, score_seeds,
                      call = rlang::caller_env()) {
  if (is.null(cache)) return(vector("list", nrow(plan)))
  dir.create(cache, recursive = TRUE, showWarnings = FALSE)
  if (!dir.exists(cache) || file.access(cache, 2) != 0) {
    cli::cli_abort("{.arg cache} must be a directory to write to, not {describe(cache)}.",
                   call = call)
  }
  common <- rlang::hash(list(omics, group, score_seeds,
                             as.character(utils::packageVersion("omicpoems"))))
  code <- lapply(models, describe_function)
  lapply(seq_len(nrow(plan)), \(i) {
    decides <- list(common, code[[plan$model[i]]], test_sets[[plan$split[i]]], plan$seed[i])
    file.path(cache, paste0(rlang::hash(decides), ".rds"))
  })
}

# What decides the result of a function: its code, and the functions and values outside of packages
# that the code uses. `seen`: functions being described, lest they call each other for ever.
describe_function <- function(f, seen = list()) {
  if (is.primitive(f)) return(deparse(f))
  used <- lapply(rlang::set_names(variables_outside(f)), find_outside_packages, environment(f))
  used <- Filter(Negate(is.null), used)
  list(code = deparse(f, control = c("keepNA", "keepInteger", "digits17")),
       values = lapply(used[order(names(used), method = "radix")], describe_value, c(seen, f)))
}

describe_value <- function(value, seen) {
  if (is.function(value)) {
    if (any(vapply(seen, identical, NA, value))) return("seen")
    return(describe_function(value, seen))
  }
  if (is.list(value) && !is.object(value)) return(lapply(value, describe_value, seen))
  rlang::hash(value)
}

# Names that the code of a function does not define, the dots of a function around it among them.
variables_outside <- function(f) {
  c(suppressWarnings(codetools::findGlobals(f)),
    if ("..." %in% setdiff(all.names(body(f)), names(formals(f)))) "...")
}

# The value of a variable as seen from an environment; NULL where it is that of a package.
find_outside_packages <- function(name, from) {
  while (!isNamespace(from) && !identical(from, baseenv()) && !identical(from, emptyenv())) {
    if (exists(name, from, inherits = FALSE)) {
      return(if (name == "...") eval(quote(list(...)), from) else get(name, from, inherits = FALSE))
    }
    if (identical(from, globalenv())) return(NULL)
    from <- parent.env(from)
  }
  NULL
}

# NULL where there is nothing to read.
read_run <- function(file) {
  if (is.null(file) || !file.exists(file)) return(NULL)
  row <- tryCatch(suppressWarnings(readRDS(file)), error = \(e) NULL)
  columns <- c(benchmark_scores, "seconds", "warning", "error")
  if (is.data.frame(row) && identical(names(row), columns) && nrow(row) == 1) return(row)
  cli::cli_warn(c("!" = "The run in {.file {file}} cannot be read and is computed again."))
  NULL
}

# Under another name first, and read again, since R says nothing of a full disk: a file with the
# right name is always whole.
write_run <- function(row, file) {
  if (is.null(file)) return(invisible())
  unfinished <- tempfile("unfinished", dirname(file))
  on.exit(unlink(unfinished))
  kept <- tryCatch(
    suppressWarnings({
      saveRDS(row, unfinished)
      identical(readRDS(unfinished), row) && file.rename(unfinished, file)
    }),
    error = \(error) FALSE
  )
  if (!kept) warn_not_cached(dirname(file))
}

# What was computed is not lost with the disk that it was to be kept on.
warn_not_cached <- function(folder) {
  cli::cli_warn(c(
    "A run could not be kept in {.file {folder}}: it would be computed again.",
    "i" = "Is the folder writable, and is there space?"
  ), .frequency = "regularly", .frequency_id = folder)
}
