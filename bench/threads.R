# What two threads gain, on cores of their own and beside another busy process: the core's training
# in poems(). Writes bench/threads.md.
#
#   Rscript bench/threads.R [library of another version] [rounds]     (about 2 minutes a round)
#
# Needs Linux and two cores. The versions run in turn, round after round, each in a process of its
# own. What all other processes (but the busy one) took of the two cores meanwhile is measured, too.
arguments <- commandArgs(TRUE)
libraries <- c(this = dirname(system.file(package = "omicpoems")))
if (length(arguments) > 0) libraries <- c(other = arguments[1], libraries)
rounds <- if (length(arguments) > 1) as.integer(arguments[2]) else 7L

# Prints seconds passed, seconds of processor time, those of other processes, and the last loss.
measure <- function(library, data, threads) {
  library("omicpoems", lib.loc = library, character.only = TRUE)
  core_train <- omicpoems:::core_train
  spent <- function() as.numeric(strsplit(readLines("/proc/stat", 1), " +")[[1]][2:9]) / 100
  timed <- function(...) {
    before <- spent()
    time <- system.time(result <- core_train(...))
    own <- time[["user.self"]] + time[["sys.self"]]
    others <- sum((spent() - before)[-(4:5)]) - own # without idling
    cat(time[["elapsed"]], own, others, utils::tail(result$history$training, 1), "\n")
    quit(save = "no")
  }
  utils::assignInNamespace("core_train", timed, "omicpoems")
  omics <- if (data == "tcga_breast") {
    tcga_breast$omics
  } else {
    simulate_omics(samples = 2000, features = c(rna = 2000), seed = 1)$omics
  }
  epochs <- if (data == "tcga_breast") 100 else 5
  control <- list(epochs = epochs, start = "random", threads = threads, progress = FALSE)
  poems(omics, factors = 32, seed = 21, control = control)
}

script <- tempfile(fileext = ".R")
writeLines(c(paste(c("measure <- ", deparse(measure)), collapse = "\n"), "a <- commandArgs(TRUE)",
             "measure(a[1], a[2], as.integer(a[3]))"), script)

run <- function(library, data, threads) {
  command <- c("-c", "0,1", file.path(R.home("bin"), "Rscript"), script, library, data, threads)
  output <- system2("taskset", command, stdout = TRUE, stderr = FALSE)
  as.numeric(strsplit(trimws(output[length(output)]), " ")[[1]])
}

with_busy_process <- function(is_busy, code) {
  if (!is_busy) return(code)
  job <- parallel::mcparallel(repeat NULL)
  on.exit({
    tools::pskill(job$pid, tools::SIGKILL)
    suppressWarnings(parallel::mccollect(job))
  })
  system2("taskset", c("-pc", "0", job$pid), stdout = FALSE)
  code
}

settings <- expand.grid(version = names(libraries), threads = 1:2, busy = c(FALSE, TRUE),
                        data = c("tcga_breast", "simulated"), stringsAsFactors = FALSE)
runs <- list()
for (round in seq_len(rounds)) {
  for (i in if (round %% 2 == 1) seq_len(nrow(settings)) else rev(seq_len(nrow(settings)))) {
    s <- settings[i, ]
    time <- with_busy_process(s$busy, run(libraries[[s$version]], s$data, s$threads))
    runs[[length(runs) + 1]] <- cbind(s, round = round, wall = time[1], cpu = time[2],
      others = (time[3] - s$busy * time[1]) / (2 * time[1]), loss = time[4])
  }
}
runs <- do.call(rbind, runs)
dir.create("build", showWarnings = FALSE)
saveRDS(runs, "build/threads.rds")
stopifnot(all(tapply(runs$loss, runs$data, \(x) length(unique(x)) == 1)))
