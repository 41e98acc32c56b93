# What two threads gain, on cores of their own and beside another busy process: the training in
# poems(). Writes bench/threads.md.
#
#   Rscript bench/threads.R [library of another version [rounds]]     (about 2 minutes a round)
#
# Needs Linux and two cores. The versions run in turn, round after round, each in a process of its
# own on cores 0 and 1; the busy process has core 0 alone. Medians over the rounds are reported, and
# what all other processes took of the two cores meanwhile.
arguments <- commandArgs(TRUE)
libraries <- c(this = dirname(system.file(package = "omicpoems")))
if (length(arguments) > 0) libraries <- c(before = arguments[1], libraries)
rounds <- if (length(arguments) > 1) as.integer(arguments[2]) else 7L

# Trains, and prints seconds passed, seconds of processor time, the seconds that others had, and
# the loss.
measure <- function(library, data, threads, busy) {
  library("omicpoems", lib.loc = library, character.only = TRUE)
  core_train <- omicpoems:::core_train
  breast <- data == "tcga_breast"
  epochs <- if (breast) 60 else 4
  spent <- function() as.numeric(strsplit(readLines("/proc/stat", 1), " +")[[1]][2:9]) / 100
  timed <- function(...) {
    arguments <- list(...)
    pid <- if (busy) parallel::mcparallel(repeat NULL)$pid
    if (busy) system2("taskset", c("-pc", "0", pid), stdout = FALSE)
    before <- spent()
    start <- proc.time()
    arguments[[5]] <- function(epoch, training, validation) {
      if (epoch < epochs) return(TRUE)
      time <- proc.time() - start
      all <- sum((spent() - before)[-(4:5)]) # but idling
      if (busy) tools::pskill(pid, tools::SIGKILL)
      own <- time[["user.self"]] + time[["sys.self"]]
      cat(time[["elapsed"]], own, all - own, training, "\n")
      quit(save = "no")
    }
    do.call(core_train, arguments)
  }
  utils::assignInNamespace("core_train", timed, "omicpoems")
  omics <- if (breast) {
    tcga_breast$omics
  } else {
    simulate_omics(samples = 2000, features = c(rna = 2000), seed = 1)$omics
  }
  control <- list(epochs = epochs, patience = epochs, start = "random",
                  threads = threads, progress = FALSE)
  poems(omics, factors = 32, seed = 21, control = control)
}

script <- tempfile(fileext = ".R")
writeLines(c(paste(c("measure <- ", deparse(measure)), collapse = "\n"), "a <- commandArgs(TRUE)",
             "measure(a[1], a[2], as.integer(a[3]), as.logical(a[4]))"), script)

run <- function(setting) {
  output <- system2("taskset", c(
    "-c", "0,1", file.path(R.home("bin"), "Rscript"), script, libraries[[setting$version]],
    setting$data, setting$threads, setting$busy
  ), stdout = TRUE, stderr = FALSE)
  time <- as.numeric(strsplit(trimws(utils::tail(output, 1)), " ")[[1]])
  cbind(setting, wall = time[1], cpu = time[2], others = time[3] / (2 * time[1]), loss = time[4])
}

settings <- expand.grid(version = names(libraries), threads = 1:2, busy = c(FALSE, TRUE),
                        data = c("tcga_breast", "simulated"), stringsAsFactors = FALSE)
one_round <- function(round) {
  rows <- seq_len(nrow(settings))
  if (round %% 2 == 0) rows <- rev(rows)
  do.call(rbind, lapply(rows, \(i) cbind(run(settings[i, ]), round = round)))
}
runs <- do.call(rbind, lapply(seq_len(rounds), one_round))
# Neither threads nor versions may change a bit.
stopifnot(all(tapply(runs$loss, runs$data, \(x) length(unique(x)) == 1)))
if (any(runs$busy)) runs$others[runs$busy] <- NA # the busy process is among them

in_turn <- runs[order(runs$data, runs$busy, runs$threads, runs$version), ]
groups <- split(in_turn, interaction(in_turn$version, in_turn$threads, in_turn$busy, in_turn$data,
                                     drop = TRUE))
spread <- \(x) sprintf("%.2f (%.2f to %.2f)", stats::median(x), min(x), max(x))
row <- function(g) {
  sprintf("| %s | %s | %d | %s | %s | %s | %s |", g$data[1], if (g$busy[1]) "yes" else "no",
          g$threads[1], g$version[1], spread(g$wall), spread(g$cpu),
          if (g$busy[1]) "" else sprintf("%.0f %%", 100 * stats::median(g$others)))
}

# Of one round's pair: wall time of the first over that of the second, by round.
ratio <- function(data, busy, first, second) {
  wall <- function(s) {
    x <- runs[runs$data == data & runs$busy == busy & runs$version == s$version &
                runs$threads == s$threads, ]
    x$wall[order(x$round)]
  }
  spread(wall(first) / wall(second))
}
compared <- unlist(lapply(unique(runs$data), \(data) c(
  if (length(libraries) == 2) {
    sprintf("* %s, cores of their own, 2 threads: this version / before %s.", data,
            ratio(data, FALSE, list(version = "this", threads = 2),
                  list(version = "before", threads = 2)))
  },
  sprintf("* %s, beside a busy process, %s: 2 threads / 1 thread %s.", data, names(libraries),
          vapply(names(libraries), \(v) ratio(data, TRUE, list(version = v, threads = 2),
                                              list(version = v, threads = 1)), ""))
)))

cpu <- sub(".*: ", "", grep("^model name", readLines("/proc/cpuinfo"), value = TRUE)[1])
writeLines(c(
  "# Threads", "",
  "Written by `Rscript bench/threads.R`. The training in `poems()`, 32 factors, random start:",
  "`tcga_breast`, 60 epochs, and a simulated cohort of 2000 samples with 2000 features, 4 epochs.",
  sprintf("%s, 2 cores of %s, %d rounds: medians (and ranges) of seconds.",
          Sys.Date(), cpu, rounds),
  "\"Others\": what other processes took of the two cores.", "",
  "| data | busy process on core 0 | threads | version | seconds | processor seconds | others |",
  "| --- | --- | --- | --- | --- | --- | --- |",
  vapply(groups, row, ""), "",
  "Ratios of seconds within a round, medians (and ranges):", "", compared
), "bench/threads.md")
