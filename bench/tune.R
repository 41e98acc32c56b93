# Is poems_tune() honest, does it find what was planted, and how long does the paper's grid take?
# Writes bench/tune.md from all parts that were run; what a part has found is kept in build/.
#
#   Rscript bench/tune.R honest planted epochs   (about 5 minutes on one core)
#   Rscript bench/tune.R grid [EPOCHS]           (on two cores, after `epochs`; at most EPOCHS each,
#                                                 5000 by default, which takes an hour or more)
#
# honest: 10 cohorts of 60 samples and 2 omics of 20 features without any factor, for which three
# factors are trained from random starts in 6 configurations that differ in what hardly matters
# (hidden units, batch size), in 3 repeats. The advantage of the best is the difference from the
# mean of all configurations on the same samples: on the held-out samples that have chosen it; as
# `honest` says; and on 300 fresh samples, on which the same 3 fits of the best are measured.
#
# planted: 3 cohorts of 120 samples and omics of 50 and 30 features with 4 sparse factors, of which
# 1 to 8 are asked for, in 2 repeats; and for 8 factors, lambda0 of 1 to 100, by which the loadings
# of the fit to all samples are compared with the true ones (F1 of their support).
#
# epochs: processor seconds of an epoch of objective = "published" and of the peer
# (bench/peer_torch.py, needs python3-torch), with one thread, as in a job of one processor, at the
# shape of tcga_breast. Seconds of processors are changed little by other work on the machine.
#
# grid: the 125 configurations of learning rate, weight decay and batch size that Kocak Balik et al.
# (2025) tuned over, on tcga_breast, one repeat.
library(omicpoems)

folder <- "build"
dir.create(folder, showWarnings = FALSE)
file_of <- \(part) file.path(folder, sprintf("tune-%s.rds", part))

# Honest -----------------------------------------------------------------------------------------

noise_cohort <- function(samples, seed) {
  set.seed(seed)
  lapply(c(a = 20, b = 20), \(features) {
    matrix(rnorm(features * samples), features,
           dimnames = list(sprintf("f%d", seq_len(features)), sprintf("n%d", seq_len(samples))))
  })
}

# The measure of a job's fit on other samples.
measure_on <- function(fit, omics, metric) {
  cohort <- list(omics = omics, samples = colnames(omics[[1]]), design = NULL)
  measured <- omicpoems:::measure_fit(fit, cohort, list(held = cohort$samples, seed = 1))
  measured$measures[[metric]]
}

advantage_of_best <- function(seed, metric) {
  omics <- noise_cohort(60, seed)
  fresh <- noise_cohort(300, 1000 + seed)
  tuned <- poems_tune(
    omics, hidden = c(8, 9, 10), batch_size = c(14, 16), factors = 3, repeats = 3, seed = seed,
    metric = metric, keep = "all",
    control = list(start = "random", epochs = 30, learning_rate = 5e-3, lambda0 = 2, threads = 1,
                   progress = FALSE)
  )
  table <- tidy(tuned)
  jobs <- tidy(tuned, "jobs")
  on_fresh <- vapply(tuned$results, \(result) measure_on(result$fit, fresh, metric), 0)
  by_configuration <- tapply(on_fresh, jobs$configuration, mean)
  one <- glance(tuned)
  data.frame(
    metric = metric, seed = seed, chosen = one$mean - mean(table[[metric]]),
    honest = one$honest - mean(table[[metric]]),
    fresh = by_configuration[[one$best]] - mean(by_configuration)
  )
}

run_honest <- function() {
  do.call(rbind, lapply(1:10, \(seed) advantage_of_best(seed, "loglik")))
}

# Planted ----------------------------------------------------------------------------------------

run_planted <- function() {
  control <- list(threads = 1, progress = FALSE)
  tables <- lapply(1:3, \(seed) {
    world <- simulate_omics(120, c(a = 50, b = 30), factors = 4, seed = seed)
    factors <- poems_tune(world$omics, factors = c(1:5, 8), repeats = 2, seed = seed,
                          control = control)
    lambda0 <- poems_tune(world$omics, lambda0 = c(1, 5, 20, 100), factors = 8, repeats = 2,
                          seed = seed, control = control)
    f1 <- vapply(lambda0$grid$lambda0, \(l) {
      fit <- poems(world$omics, factors = 8, seed = seed, control = c(control, list(lambda0 = l)))
      mean(factor_recovery(fit, world)$f1)
    }, 0)
    chosen <- glance(lambda0)
    list(
      factors = data.frame(seed = seed, tidy(factors)[c("factors", "loglik", "best", "one_se")]),
      lambda0 = data.frame(seed = seed, f1_best = f1[chosen$best], f1_one_se = f1[chosen$one_se],
                           f1_most = max(f1), f1_least = min(f1),
                           lambda0_best = lambda0$grid$lambda0[chosen$best],
                           lambda0_one_se = lambda0$grid$lambda0[chosen$one_se])
    )
  })
  list(factors = do.call(rbind, lapply(tables, `[[`, "factors")),
       lambda0 = do.call(rbind, lapply(tables, `[[`, "lambda0")))
}

# Grid -------------------------------------------------------------------------------------------

rates <- c(1, 3, 5, 7, 9) * 1e-4
batches <- c(32, 64, 128, 256, 512)

processor_seconds <- \(time) sum(time[c("user.self", "sys.self", "user.child", "sys.child")])

python <- if (file.exists("/usr/bin/python3")) "/usr/bin/python3" else "python3"

# Processor seconds of an epoch of the peer, and of its start; NA without torch.
time_peer <- function(batch, features, samples) {
  run <- \(epochs) {
    processor_seconds(system.time(status <- system2(
      python, c("bench/peer_torch.py", "--features", paste(features, collapse = ","),
                "--samples", samples, "--batch", batch, "--epochs", epochs, "--threads", 1),
      stdout = FALSE
    ), gcFirst = FALSE)) + if (status == 0) 0 else NA
  }
  few <- run(2)
  many <- run(12)
  c(epoch = (many - few) / 10, start = few - 3 * (many - few) / 10)
}

# Processor seconds of an epoch of ours, with one thread.
time_own <- function(training) {
  omics <- lapply(tcga_breast$omics, \(x) x[, seq_len(min(training / 0.8, ncol(x)))])
  vapply(stats::setNames(batches, batches), \(batch) {
    run <- \(epochs) processor_seconds(system.time(poems(
      omics, seed = 1, control = list(objective = "published", batch_size = batch, epochs = epochs,
                                      threads = 1, progress = FALSE)
    )))
    (run(40) - run(10)) / 30
  }, 0)
}

samples_in_training <- round(220 * 0.8 * 0.8)  # of the outer and of the inner split

run_epochs <- function() {
  features <- unname(vapply(tcga_breast$omics, nrow, 0L))
  list(own = time_own(samples_in_training),
       peer = vapply(batches, time_peer, numeric(2), features, samples_in_training))
}

run_grid <- function(epochs) {
  workers <- BiocParallel::bpstart(BiocParallel::MulticoreParam(2))
  on.exit(BiocParallel::bpstop(workers))
  own <- Sys.getpid()
  elapsed <- system.time(tuned <- poems_tune(
    tcga_breast$omics, learning_rate = rates, weight_decay = rates, batch_size = batches,
    repeats = 1, seed = 21, BPPARAM = workers,
    control = list(objective = "published", epochs = epochs, progress = FALSE)
  ))
  ids <- unique(c(own, unlist(BiocParallel::bplapply(1:2, \(i) Sys.getpid(), BPPARAM = workers))))
  processor <- vapply(ids, \(id) sum(ps::ps_cpu_times(ps::ps_handle(as.integer(id)))[1:2]), 0)
  list(tuned = tuned, elapsed = elapsed, processor = sum(processor), epochs = epochs,
       load = load_average())
}

load_average <- function() {
  if (!file.exists("/proc/loadavg")) return(NA)
  as.numeric(strsplit(readLines("/proc/loadavg"), " ")[[1]][3])
}

# Report -----------------------------------------------------------------------------------------

row_of <- \(...) paste0("| ", paste(c(...), collapse = " | "), " |")
spread <- \(x) sprintf("%.4f ± %.4f", mean(x), stats::sd(x) / sqrt(length(x)))

tell_honest <- function(of) {
  c("## The figure of the best", "",
    sprintf("%d cohorts of noise, 6 configurations that differ in nothing that matters.",
            nrow(of)),
    "Log-likelihood per value, the best less the mean of all (± standard error).", "",
    row_of("measured on", "advantage of the best"), row_of("---", "---"),
    row_of("the held-out samples that chose it", spread(of$chosen)),
    row_of("`honest`: repeats that did not choose it", spread(of$honest)),
    row_of("300 fresh samples", spread(of$fresh)), "")
}

tell_planted <- function(of) {
  count <- \(rule) paste(sprintf("%s (%d)", names(table(rule)), table(rule)), collapse = ", ")
  c("## What was planted", "",
    sprintf("%d cohorts with 4 factors. Number of factors chosen (cohorts):", nrow(of$lambda0)), "",
    row_of("rule", "factors"), row_of("---", "---"),
    row_of("best", count(of$factors$factors[of$factors$best])),
    row_of("one_se", count(of$factors$factors[of$factors$one_se])), "",
    "Supports of the loadings by the `lambda0` chosen (F1, mean over cohorts):", "",
    row_of("lambda0", "values chosen", "F1"), row_of("---", "---", "---"),
    row_of("best", count(of$lambda0$lambda0_best), sprintf("%.3f", mean(of$lambda0$f1_best))),
    row_of("one_se", count(of$lambda0$lambda0_one_se), sprintf("%.3f", mean(of$lambda0$f1_one_se))),
    row_of("the best of the grid", "", sprintf("%.3f", mean(of$lambda0$f1_most))),
    row_of("the worst of the grid", "", sprintf("%.3f", mean(of$lambda0$f1_least))), "")
}

tell_epochs <- function(of) {
  hours <- \(epoch, start) sprintf("%.1f", sum(25 * (start + 1000 * epoch)) / 3600)
  c("## An epoch of the paper's grid", "",
    sprintf("`tcga_breast`, %d samples in training, 32 factors, processor seconds per epoch.",
            samples_in_training), "",
    row_of("batch size", "`objective = \"published\"`", "PyTorch peer"),
    row_of("---", "---", "---"),
    vapply(seq_along(batches), \(i) {
      row_of(batches[i], sprintf("%.3f", of$own[i]), sprintf("%.3f", of$peer["epoch", i]))
    }, ""),
    row_of("125 jobs of 1000 epochs, processor hours", hours(of$own, 0),
           hours(of$peer["epoch", ], of$peer["start", ])), "")
}

tell_grid <- function(of) {
  jobs <- tidy(of$tuned, "jobs")
  best <- tidy(of$tuned)[1, ]
  peer <- if (file.exists(file_of("epochs"))) readRDS(file_of("epochs"))$peer
  peer <- peer[, match(jobs$batch_size, batches)]
  theirs <- sum(peer["start", ] + peer["epoch", ] * jobs$epochs) / 60
  c("## The paper's grid", "",
    sprintf("125 configurations on `tcga_breast`, at most %d epochs each: %d epochs in all,",
            of$epochs, sum(jobs$epochs)),
    sprintf("%d fits stopped before.", sum(jobs$epochs < of$epochs)), "",
    row_of("", "processor minutes", "minutes"), row_of("---", "---", "---"),
    row_of("`poems_tune()` on 2 cores, with all its measures",
           sprintf("%.1f", of$processor / 60),
           sprintf("%.1f (load %.0f)", of$elapsed[["elapsed"]] / 60, of$load)),
    row_of("125 jobs of the PyTorch peer, training alone, by its epoch above",
           sprintf("%.1f", theirs), sprintf("%.1f, two at a time", theirs / 2)), "",
    sprintf("Best: learning rate %g, weight decay %g, batch size %g.", best$learning_rate,
            best$weight_decay, best$batch_size), "")
}

arguments <- commandArgs(trailingOnly = TRUE)
epochs <- suppressWarnings(as.integer(arguments))
epochs <- c(epochs[!is.na(epochs)], 5000L)[1]
for (part in intersect(c("honest", "planted", "epochs", "grid"), arguments)) {
  found <- switch(part, honest = run_honest(), planted = run_planted(),
                  epochs = run_epochs(), grid = run_grid(epochs))
  saveRDS(found, file_of(part))
}
tell <- list(honest = tell_honest, planted = tell_planted, epochs = tell_epochs, grid = tell_grid)
tell <- tell[file.exists(file_of(names(tell)))]
writeLines(c(
  "# Tuning", "", "Made by `Rscript bench/tune.R`; its header says how.", "",
  sprintf("%s, omicpoems %s.", Sys.Date(), utils::packageVersion("omicpoems")), "",
  unlist(Map(\(tell, part) tell(readRDS(file_of(part))), tell, names(tell)))
), "bench/tune.md")
