# How much memory a fit takes, known before it is taken: an error that says what to lower is better
# than what the system does to a process that asks for more than there is.

#' Memory that a fit would take
#'
#' Tells how much memory [poems()] would take beside the data that are there already, before
#' anything is fitted: from the sizes of the omics alone, of which nothing is read. [poems()] itself
#' makes the same sum, and stops with an error where the system has less.
#'
#' The sum is that of the largest moment, whichever that is: where training starts, in training, or
#' where the fit is made. It is made of what the core and R hold by design and of how much R was
#' seen to hold beside. Of the 15 fits to which it was fitted, it was within 15 % of the peak in 12,
#' and 0.84 to 1.21 times it in all (`bench/memory.md` in the sources): R takes back what it no
#' longer needs when it likes. Fits from `preprocess` steps that leave features out take less, and
#' training by torch (`backend` in [poems_control()]) takes more (`bench/torch.md`).
#'
#' Free memory is what the system could give without swapping, and its free swap space; or less,
#' where a container, a scheduler's job (control groups) or `ulimit -v` limits the process.
#'
#' @inheritParams poems
#' @return A list of class `poems_memory`:
#'   * `parts`: a data frame with a row for what memory is taken for: `part` and `bytes`.
#'   * `bytes`: their sum.
#'   * `free`: bytes that the process may still take, `NA` where the system does not tell.
#'
#' @section Errors:
#' As of [poems()] for input that is not what it takes.
#'
#' @source Written for this package. Free memory is read by package ps.
#' @seealso [poems_control()] for `hidden` and `threads`, [preprocess_steps()] for `n_top`.
#' @examples
#' poems_memory(tcga_breast$omics)
#'
#' # What fewer factors and hidden units would take.
#' poems_memory(tcga_breast$omics, factors = 8, control = list(hidden = 30))
#' @export
poems_memory <- function(x, factors = 32, samples = c("columns", "rows"),
                         control = poems_control(), family = NULL, experiments = NULL,
                         assays = NULL) {
  samples <- arg_match(samples)
  factors <- check_factors(factors)
  control <- as_control(control)
  sources <- open_input(x, "x", samples, experiments, assays, rlang::current_env())
  family <- check_family(family, names(sources), rlang::current_env())
  sizes <- Map(size_of_source, sources, names(sources))
  needed <- memory_parts(sizes, family, factors, control)
  structure(list(
    parts = data.frame(part = names(needed), bytes = unname(needed)),
    bytes = sum(needed), free = free_memory()
  ), class = "poems_memory")
}

#' @export
print.poems_memory <- function(x, ...) {
  cli::cat_line("About ", format_bytes(x$bytes), " of memory, beside the data")
  cli::cat_line(sprintf("  %-12s %8s", x$parts$part, vapply(x$parts$bytes, format_bytes, "")))
  if (!is.na(x$free)) cli::cat_line("Free: ", format_bytes(x$free))
  invisible(x)
}

# Of one omic, what its memory depends on.
size_of_source <- function(source, omic) {
  size <- dim(source$values)
  names <- dimnames(source$values)
  if (source$samples == "rows") {
    size <- rev(size)
    names <- rev(names)
  }
  list(features = size[1], samples = names[[2]], held = values_held(source$values))
}

# The same of data that are read.
sizes_of_data <- function(data) {
  lapply(data, \(x) list(features = nrow(x), samples = colnames(x),
                         held = if (is_stored(x)) 0 else length(x)))
}

# Values that a fit holds in memory of its own: all of what is dense; none of what stays in a file,
# or as compressed as it is.
values_held <- function(x) if (is_blockwise(x)) 0 else as.numeric(nrow(x)) * ncol(x)

# Bytes by what for, at the largest moment: where what predictions rest on is learnt. `sizes`: of
# every omic; `family`: of those that are told.
# The factors are numbers of copies that are held at that moment, with what waits for R's collector:
# of data, in the core and in R; of parameters; of the samples looked at; of pairs of features. They
# were fitted to what was measured (bench/memory.R); those of large matrices, after which R is asked
# to collect, to one fit each.
memory_parts <- function(sizes, family, factors, control) {
  features <- vapply(sizes, \(size) as.numeric(size$features), 0)
  held <- vapply(sizes, \(size) as.numeric(size$held), 0)
  counted <- !family[names(sizes)] %in% c("gaussian", NA)
  total <- length(unique(unlist(lapply(sizes, `[[`, "samples"))))
  p <- sum(features)
  weights <- p * (2 * control$hidden + factors)
  real <- 4
  looked_at <- min(total, most_start_samples) * p
  c(
    data = 22 * min(sum(held), largest_block) + 8 * max(sum(held) - largest_block, 0) +
      sum(held * real * counted),
    parameters = 8 * 7.3 * weights,
    batches = real * 4 * min(control$batch_size, total) * p,
    start = 8 * (if (looked_at < largest_block) 10.6 else 7) * looked_at,
    maps = if (learns_predictions(control)) 8 * 4.7 * pairs_looked_at(features[!counted]) else 0,
    samples = 8 * 8 * total * factors,
    R = 28e6
  )
}

# Pairs of features that are looked at together for the maps, of an omic with another.
pairs_looked_at <- function(features) {
  if (length(features) < 2) return(0)
  max(vapply(seq_along(features), \(v) {
    others <- features[-v]
    if (sum(others) * features[v] > most_pairs_looked_at) 0 else max(others) * features[v]
  }, 0))
}

# Stops where the system has not the memory that a fit needs. `free`: when it was called.
check_memory <- function(data, family, factors, control, free, call = rlang::caller_env()) {
  needed <- memory_parts(sizes_of_data(data), family, factors, control)
  if (is.na(free) || sum(needed) <= free) return(invisible())
  largest <- utils::head(sort(needed[names(needed) != "R"], decreasing = TRUE), 3)
  cli::cli_abort(c(
    "This fit needs about {format_bytes(sum(needed))} of memory, and {format_bytes(free)} are
     free.",
    "x" = "Most is for {toString(sprintf('%s (%s)', names(largest),
                                         vapply(largest, format_bytes, '')))}.",
    "i" = memory_hint
  ), call = call)
}

# Fits of this many bytes have R take back what it no longer needs between their parts: it would
# wait until it has seen as much again, while that takes little of a large fit's time.
large_fit <- 200e6

is_large_fit <- function(data, family, factors, control) {
  sum(memory_parts(sizes_of_data(data), family, factors, control)) >= large_fit
}

# Where matrices of this many values are looked at, R's collector is asked to take back those that
# are no longer used: it would wait until there are nearly half as many as are.
is_large_matrix <- \(x) length(x) >= largest_block

collect_garbage <- function(large) {
  if (!large) return(invisible())
  gc()
  core_release_memory()
}

# Bytes that this process may still take: of the system, of its control groups, of its own limit.
# NA where nothing tells.
free_memory <- function() {
  system <- tryCatch(
    ps::ps_system_memory()$avail + ps::ps_system_swap()$free,
    error = \(error) NA_real_
  )
  left <- c(system, free_in_cgroups(), core_address_space_left())
  left <- left[is.finite(left)]
  if (length(left) == 0) NA_real_ else min(left)
}

# What control groups leave, as those of containers and schedulers' jobs: Inf without a limit.
# `root`: where they are mounted; `own`: the lines that say which are this process's.
free_in_cgroups <- function(root = "/sys/fs/cgroup", own = "/proc/self/cgroup") {
  if (!file.exists(own)) return(Inf)
  groups <- strsplit(readLines(own, warn = FALSE), ":", fixed = TRUE)
  left <- vapply(groups, \(group) {
    if (length(group) < 3) return(Inf)
    if (group[2] == "") return(free_in_group(root, group[3], "memory.max", "memory.current"))
    if (group[2] != "memory") return(Inf)
    free_in_group(file.path(root, "memory"), group[3], "memory.limit_in_bytes",
                  "memory.usage_in_bytes")
  }, 0)
  min(Inf, left)
}

# Of a group and all that it is in. In a container, the group's own path may not be there.
free_in_group <- function(root, path, limit, used) {
  left <- Inf
  repeat {
    folder <- file.path(root, sub("^/", "", path))
    read <- \(name) suppressWarnings(as.numeric(readLines(file.path(folder, name), 1)))
    if (all(file.exists(file.path(folder, c(limit, used))))) {
      left <- min(left, read(limit) - read(used) + reclaimable(folder), na.rm = TRUE)
    }
    if (path %in% c("/", ".", "")) return(left)
    path <- dirname(path)
  }
}

# Of what a group uses, what the system takes back when it is short: copies of files.
reclaimable <- function(folder) {
  file <- file.path(folder, "memory.stat")
  if (!file.exists(file)) return(0)
  lines <- grep("^inactive_file ", readLines(file), value = TRUE)
  sum(as.numeric(sub("^inactive_file ", "", lines)))
}

# `expr`, whose end for lack of memory is told in words that say what to do.
with_memory_told <- function(expr, call = rlang::caller_env()) {
  withCallingHandlers(expr, error = \(error) {
    if (is_out_of_memory(error)) {
      cli::cli_abort(c("There is not enough memory for this fit.", "i" = memory_hint), call = call)
    }
  })
}

is_out_of_memory <- function(error) {
  inherits(error, "std::bad_alloc") ||
    grepl("cannot allocate|bad_alloc|memory exhausted", conditionMessage(error))
}

memory_hint <- "Take fewer features ({.code preprocess = preprocess_steps(n_top = )}), lower
  {.arg factors} or {.arg hidden} in {.arg control}, or keep omics on disk (as DelayedArrays);
  {.fn poems_memory} tells what each would take."
