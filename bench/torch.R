# Seconds per epoch and peak memory of backend = "torch" beside the package's own core and the
# PyTorch peer (peer_torch.py): writes bench/torch.md.
#
#   Rscript bench/torch.R           (about 10 minutes on 2 cores)
#   Rscript bench/torch.R cuda      (the same with torch on a card)
#
# The three run in turn, round after round; medians over the rounds are reported. Needs package
# torch with libtorch; the peer needs Debian's python3-torch, and is left out without.
library(omicpoems)

device <- c(commandArgs(trailingOnly = TRUE), "cpu")[1]
rounds <- 3L
python <- if (file.exists("/usr/bin/python3")) "/usr/bin/python3" else "python3"
rscript <- file.path(R.home("bin"), "Rscript")

shapes <- list(
  "1000, 1000, 503 features, 560 samples, batch 512" =
    list(features = "1000,1000,503", samples = 560, batch = 512, epochs = 5),
  "the same, batch 64" =
    list(features = "1000,1000,503", samples = 560, batch = 64, epochs = 5),
  "14579, 5732, 470 features, 185 samples, batch 32" =
    list(features = "14579,5732,470", samples = 185, batch = 32, epochs = 2)
)

run_json <- function(program, arguments) {
  output <- suppressWarnings(system2(program, arguments, stdout = TRUE, stderr = FALSE))
  json <- grep("^\\{", output, value = TRUE)
  if (length(json) == 0) return(list(seconds_per_epoch = NA_real_, peak_memory_mib = NA_real_))
  jsonlite::fromJSON(json[length(json)])
}

flags <- \(shape) as.vector(rbind(paste0("--", names(shape)), vapply(shape, format, "")))
ours <- function(shape, ...) {
  run_json(rscript, c("bench/epoch_time.R", flags(c(shape, objective = "published", ...))))
}
engines <- list(
  core = \(shape) ours(shape),
  torch = \(shape) ours(shape, backend = "torch", device = device),
  peer = \(shape) run_json(python, c("bench/peer_torch.py", flags(shape)))
)

measured <- lapply(shapes, \(shape) {
  runs <- replicate(rounds, lapply(engines, \(run) run(shape)), simplify = FALSE)
  vapply(names(engines), \(engine) vapply(c("seconds_per_epoch", "peak_memory_mib"), \(figure) {
    stats::median(vapply(runs, \(run) as.numeric(run[[engine]][[figure]]), 0))
  }, 0), numeric(2))
})

cell <- \(x) if (is.na(x)) "" else format(signif(x, 3), big.mark = ",")
row <- function(name) {
  m <- measured[[name]]
  paste0("| ", paste(c(name, vapply(c(m[1, ], m[2, ]), cell, "")), collapse = " | "), " |")
}
processor <- sub(".*: ", "", grep("^model name", readLines("/proc/cpuinfo"), value = TRUE)[1])
writeLines(c(
  "# Training by torch", "",
  "Made by `Rscript bench/torch.R`; its header says how.", "",
  sprintf("%s: %s, %d threads; R %s, omicpoems %s, torch %s on `device = \"%s\"`.", Sys.Date(),
          processor, poems_control()$threads, getRversion(), utils::packageVersion("omicpoems"),
          utils::packageVersion("torch"), device), "",
  "Objective \"published\", dense loadings, 32 factors, 100 hidden units. Medians of 3 runs in turn;",
  "load of the machine at the end, over 15 minutes:",
  sprintf("%s.", strsplit(readLines("/proc/loadavg"), " ")[[1]][3]), "",
  "| | core, s per epoch | torch | PyTorch peer | core, MiB at most | torch | PyTorch peer |",
  "|---|---|---|---|---|---|---|",
  vapply(names(shapes), row, "")
), "bench/torch.md")
