# Speed and memory beside the PyTorch peer, and growth with the size of the problem. Writes
# bench/results.md and bench/growth.png. With --big, a big cohort instead: bench/big_cohort.md.
#
#   Rscript bench/speed.R              (about 10 minutes on 2 cores)
#   Rscript bench/speed.R --big        (about 10 minutes, and 12 GB)
#
# What is compared runs in turn, round after round, and medians over the rounds are reported, so
# that a machine whose speed drifts slows all alike. The peer needs Debian's python3-torch,
# and OpenBLAS to be fast; without torch our own times are measured alone.
library(omicpoems)

rounds <- 3L
python <- if (file.exists("/usr/bin/python3")) "/usr/bin/python3" else "python3"
rscript <- file.path(R.home("bin"), "Rscript")

run_json <- function(program, arguments) {
  errors <- tempfile()
  on.exit(unlink(errors))
  output <- suppressWarnings(system2(program, arguments, stdout = TRUE, stderr = errors))
  json <- grep("^\\{", output, value = TRUE)
  if (length(json) == 0) {
    stop(paste(c("no result from:", program, arguments), collapse = " "), "\n",
      paste(utils::tail(readLines(errors), 5), collapse = "\n"), call. = FALSE)
  }
  jsonlite::fromJSON(json[length(json)])
}

# NA without PyTorch.
torch_version <- function() {
  code <- "import json, torch; print(json.dumps({'version': torch.__version__}))"
  tryCatch(run_json(python, c("-c", shQuote(code)))$version, error = \(e) NA_character_)
}
torch <- torch_version()
if (is.na(torch)) {
  message("The peer is left out: ", python, " has no torch (Debian's python3-torch).")
}

flags <- \(shape) as.vector(rbind(paste0("--", names(shape)), vapply(shape, format, "")))
ours <- \(shape) run_json(rscript, c("bench/epoch_time.R", flags(shape)))
peer <- function(shape) {
  if (is.na(torch)) return(list(seconds_per_epoch = NA_real_, peak_memory_mib = NA_real_))
  run_json(python, c("bench/peer_torch.py", flags(shape)))
}

# Both programs on one shape, in turn. `densities` and `threads` are ours alone: the peer has no use
# for zeros, and always runs on the shape's threads.
compare <- function(shape, densities = 1, threads = shape$threads, peer_epochs = shape$epochs) {
  runs <- list()
  for (round in seq_len(rounds)) {
    them <- peer(utils::modifyList(shape, list(epochs = peer_epochs)))
    for (density in densities) {
      for (t in threads) {
        us <- ours(c(utils::modifyList(shape, list(threads = t)), density = density))
        runs[[length(runs) + 1]] <- data.frame(
          density = density, threads = t, ours = us$seconds_per_epoch,
          ours_mib = us$peak_memory_mib, peer = them$seconds_per_epoch,
          peer_mib = them$peak_memory_mib
        )
      }
    }
    message("round ", round, " of ", rounds, " done")
  }
  stats::aggregate(
    cbind(ours, ours_mib, peer, peer_mib) ~ density + threads, do.call(rbind, runs), stats::median,
    na.action = stats::na.pass
  )
}

brca <- list(
  features = "1000,1000,503", samples = 560, batch = 512, factors = 32, hidden = 100,
  dropout = 0.2, epochs = 10, threads = 2
)
large <- utils::modifyList(brca, list(features = "14579,5732,470", samples = 185, batch = 32,
  epochs = 5))

# Median seconds per epoch of each of several shapes, run in turn.
median_epochs <- function(shapes) {
  seconds <- vapply(seq_len(rounds), \(round) {
    vapply(shapes, \(shape) ours(shape)$seconds_per_epoch, 0)
  }, numeric(length(shapes)))
  apply(seconds, 1, stats::median)
}

# Multiplications and additions of an epoch's decoders, forward and backward: 6 B D K H a batch.
decoder_operations <- \(shape) {
  6 * shape$samples * sum(as.numeric(strsplit(shape$features, ",")[[1]])) * shape$factors *
    shape$hidden
}

# The best single-precision matrix product on the same cores, in operations per second.
best_product <- function() {
  if (is.na(torch)) return(NA_real_)
  code <- paste(
    "import torch, time; torch.set_num_threads(2); n = 2048; a = torch.rand(n, n); b = a.clone()",
    "times = []",
    "for i in range(12): t = time.perf_counter(); a @ b; times.append(time.perf_counter() - t)",
    "print('{\"rate\": %f}' % (2 * n ** 3 / min(times)))", sep = "\n"
  )
  run_json(python, c("-c", shQuote(code)))$rate
}

# Seconds per epoch as one quantity grows tenfold in four steps, from a small base.
growth <- function() {
  scale <- 10^(0:3 / 3)
  base <- utils::modifyList(brca, list(features = "1500", samples = 256, batch = 128, epochs = 5))
  vary <- list(
    features = \(s) utils::modifyList(base, list(features = format(round(1500 * s)))),
    samples = \(s) utils::modifyList(base, list(samples = round(256 * s))),
    `non-zeros` = \(s) c(base, density = round(3 * s) / 32)  # 3 to 30 of 32 loadings a feature
  )
  do.call(rbind, lapply(names(vary), \(what) {
    shapes <- lapply(scale, vary[[what]])
    size <- if (what == "non-zeros") vapply(shapes, `[[`, 0, "density") / (3 / 32) else scale
    data.frame(quantity = what, size = size, seconds = median_epochs(shapes))
  }))
}

plot_growth <- function(times, slopes) {
  label <- sprintf("%s (slope %.2f)", names(slopes), slopes)
  times$quantity <- factor(times$quantity, names(slopes), label)
  plot <- ggplot2::ggplot(times, ggplot2::aes(size, seconds, colour = quantity)) +
    ggplot2::geom_line() + ggplot2::geom_point(size = 2) +
    ggplot2::scale_x_log10() + ggplot2::scale_y_log10() +
    ggplot2::scale_colour_manual(values = c("#E69F00", "#0072B2", "#009E73")) +
    ggplot2::labs(x = "Size, relative to the smallest", y = "Seconds per epoch", colour = NULL,
      title = "Time grows with the work") +
    ggplot2::theme_minimal(base_size = 11)
  ggplot2::ggsave("bench/growth.png", plot, width = 6.5, height = 3.6, dpi = 150, bg = "white")
}

# Of a straight line with an intercept, the share of the variance of the times that it explains.
straightness <- \(times) summary(stats::lm(seconds ~ size, times))$r.squared

slope <- \(times) stats::coef(stats::lm(log(seconds) ~ log(size), times))[[2]]

machine <- function() {
  cpu <- if (file.exists("/proc/cpuinfo")) {
    sub(".*: ", "", grep("^model name", readLines("/proc/cpuinfo"), value = TRUE)[1])
  } else {
    Sys.info()[["machine"]]
  }
  sprintf(
    "%s: %s, %d cores, instruction set %s; R %s, omicpoems %s, PyTorch %s.", format(Sys.Date()),
    cpu, parallel::detectCores(), poems_engine()$level, getRversion(),
    utils::packageVersion("omicpoems"), if (is.na(torch)) "not installed" else torch
  )
}

row <- function(what, r, reach) {
  sprintf(
    "| %s | %.4g | %s | %s | %s |", what, r$ours,
    if (is.na(r$peer)) "not measured" else sprintf("%.4g", r$peer),
    if (is.na(r$peer)) "" else sprintf("**%.1f**", r$peer / r$ours), reach
  )
}

memory_line <- function(r) {
  if (is.na(r$peer)) return(sprintf("Peak memory, first shape: %.0f MiB.", r$ours_mib))
  sprintf("Peak memory, first shape: %.0f MiB, the peer's %.0f MiB (1/%.1f; aim 1/8).",
    r$ours_mib, r$peer_mib, r$peer_mib / r$ours_mib)
}

arithmetic_line <- function(achieved, rate) {
  if (is.na(rate)) {
    return(sprintf("First shape, dense: %.0f GFLOP/s in the decoders' 6 B D K H operations alone.",
      achieved / 1e9))
  }
  sprintf(
    "First shape, dense: %.0f GFLOP/s in the decoders' 6 B D K H operations alone; the best
single-precision matrix product (2048 x 2048, PyTorch, 2 threads) reaches %.0f: %.0f %% (aim 65 %%).",
    achieved / 1e9, rate / 1e9, 100 * achieved / rate
  )
}

big_cohort <- function() {
  shape <- utils::modifyList(brca, list(
    features = "60000,20000,7000", samples = 10000, batch = 256, epochs = 1
  ))
  describe <- function(what, density) {
    r <- ours(c(shape, density = density))
    known <- r$decoder_seconds + r$encoder_seconds + r$optimiser_seconds
    sprintf(
      "| %s | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f GiB |", what, r$seconds_per_epoch,
      r$decoder_seconds, r$encoder_seconds, r$optimiser_seconds, r$seconds_per_epoch - known,
      r$peak_memory_mib / 1024
    )
  }
  writeLines(c(
    "# A big cohort", "", "Made by `Rscript bench/speed.R --big`.", "", machine(), "",
    "10,000 samples, 87,000 features in 3 omics, batch 256; seconds per epoch, and the peak memory of
the whole R process, of which the simulated data in double precision are 6.5 GiB.", "",
    "| W | epoch | decoders | encoders | optimiser | rest | peak memory |",
    "|---|---|---|---|---|---|---|",
    describe("dense", 1), describe("12.5 % not zero", 0.125)
  ), "bench/big_cohort.md")
  cat(readLines("bench/big_cohort.md"), sep = "\n")
}

main <- function() {
  shapes <- compare(brca, c(1, 0.125), threads = c(2, 1), peer_epochs = 4)
  larges <- compare(large, c(1, 0.125), peer_epochs = 1)
  rate <- best_product()
  times <- growth()
  slopes <- vapply(split(times, factor(times$quantity, unique(times$quantity))), slope, 0)
  plot_growth(times, slopes)
  at <- \(r, density, threads = 2) r[r$density == density & r$threads == threads, ]
  dense <- at(shapes, 1)
  achieved <- decoder_operations(brca) / dense$ours
  speedup <- \(density) at(shapes, density, 1)$ours / at(shapes, density)$ours
  writeLines(c(
    "# Speed and memory", "", "Made by `Rscript bench/speed.R`; its header says how.", "",
    machine(), "", "## Beside the PyTorch peer", "",
    sprintf("Seconds per epoch on 2 threads, medians of %d alternating runs.", rounds), "",
    "| shape | omicpoems | peer | times faster | aim |", "|---|---|---|---|---|",
    row("1000,1000,503 features, 560 samples, batch 512, dense W", dense, ">= 15"),
    row("the same, 12.5 % of W not zero", at(shapes, 0.125), ">= 45"),
    row("14579,5732,470 features, 185 samples, batch 32, dense W", at(larges, 1), ">= 15"),
    row("the same, 12.5 % of W not zero", at(larges, 0.125), ">= 40"), "",
    memory_line(dense), "",
    "## Arithmetic", "",
    arithmetic_line(achieved, rate), "",
    "## Threads", "",
    sprintf("2 threads against 1: %.2f times faster dense, %.2f times sparse (aim 1.85).",
      speedup(1), speedup(0.125)), "",
    "## Growth", "",
    sprintf("Slopes on a log-log scale (aim 1.0): %s.",
      paste(sprintf("%s %.2f", names(slopes), slopes), collapse = ", ")),
    sprintf("Non-zeros come on top of a fixed cost per hidden unit; a straight line with an intercept
explains %.1f %% of the variance of their times.",
      100 * straightness(times[times$quantity == "non-zeros", ])), "",
    "![Seconds per epoch as features, samples and non-zeros grow](growth.png)"
  ), "bench/results.md")
  cat(readLines("bench/results.md"), sep = "\n")
}

if ("--big" %in% commandArgs(trailingOnly = TRUE)) big_cohort() else main()
