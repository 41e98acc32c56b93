# Processor seconds per epoch and peak memory of backend = "torch" beside the package's own core and
# the PyTorch peer (peer_torch.py), on one thread: writes bench/torch.md. What an epoch takes is how
# much longer a run of more epochs takes, in processor seconds, which other work on the machine
# hardly changes.
#
#   Rscript bench/torch.R           (about 3 minutes)
#
# Needs package torch with libtorch, and OpenBLAS or MKL behind it; the peer needs Debian's
# python3-torch, and is left out without. On a graphics card processor seconds say nothing:
# bench/epoch_time.R --backend torch --device cuda prints seconds per epoch there.
library(omicpoems)

python <- if (file.exists("/usr/bin/python3")) "/usr/bin/python3" else "python3"
rscript <- file.path(R.home("bin"), "Rscript")
more_epochs <- 2L

shapes <- list(
  "1000, 1000, 503 features, 560 samples, batch 512" =
    list(features = "1000,1000,503", samples = 560, batch = 512),
  "the same, batch 64" = list(features = "1000,1000,503", samples = 560, batch = 64),
  "5000, 2000, 400 features, 185 samples, batch 32" =
    list(features = "5000,2000,400", samples = 185, batch = 32)
)

# Processor seconds of a program, and its peak memory; NA where it fails.
run_program <- function(program, arguments) {
  children <- \() sum(proc.time()[4:5])
  before <- children()
  output <- suppressWarnings(system2(program, arguments, stdout = TRUE, stderr = FALSE))
  json <- grep("^\\{", output, value = TRUE)
  if (length(json) == 0) return(c(seconds = NA, memory = NA))
  c(seconds = children() - before,
    memory = jsonlite::fromJSON(json[length(json)])$peak_memory_mib)
}

flags <- \(shape) as.vector(rbind(paste0("--", names(shape)), vapply(shape, format, "")))
ours <- function(shape, backend) {
  run_program(rscript, c("bench/epoch_time.R", "--objective", "published", "--backend", backend,
                         flags(shape)))
}
engines <- list(
  core = \(shape) ours(shape, "core"), torch = \(shape) ours(shape, "torch"),
  peer = \(shape) run_program(python, c("bench/peer_torch.py", flags(shape)))
)

measure <- function(shape, run) {
  few <- run(c(shape, epochs = 1, threads = 1))
  many <- run(c(shape, epochs = 1 + more_epochs, threads = 1))
  c((many[["seconds"]] - few[["seconds"]]) / more_epochs, many[["memory"]])
}
measured <- lapply(shapes, \(shape) vapply(engines, \(run) measure(shape, run), numeric(2)))

cell <- \(x) if (is.na(x)) "" else format(signif(x, 2), big.mark = ",", scientific = FALSE)
row <- function(name) {
  m <- measured[[name]]
  paste0("| ", paste(c(name, vapply(c(m[1, ], m[2, ]), cell, "")), collapse = " | "), " |")
}
processor <- sub(".*: ", "", grep("^model name", readLines("/proc/cpuinfo"), value = TRUE)[1])
writeLines(c(
  "# Training by torch", "", "Made by `Rscript bench/torch.R`; its header says how.", "",
  sprintf("%s: %s, one thread; R %s, omicpoems %s, torch %s.", Sys.Date(), processor,
          getRversion(), utils::packageVersion("omicpoems"), utils::packageVersion("torch")), "",
  "Objective \"published\", dense loadings, 32 factors, 100 hidden units, dropout 0.2.", "",
  paste("| | core, processor seconds per epoch | torch | PyTorch peer |",
        "core, MiB at most | torch | PyTorch peer |"),
  "|---|---|---|---|---|---|---|", vapply(names(shapes), row, ""), "",
  "With sparse loadings the core is further ahead: it skips zeros, and torch does not. Nothing was",
  "measured on graphics cards: none was at hand."
), "bench/torch.md")
