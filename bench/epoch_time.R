# Seconds per epoch and peak memory of the package's own training loop, on uniform random data. The
# peer (peer_torch.py) takes the same arguments and prints the same keys.
#
#   Rscript bench/epoch_time.R --features 1000,1000,503 --samples 560 --batch 512 --factors 32 \
#     --hidden 100 --dropout 0.2 --epochs 5 --threads 2 [--density 0.125] [--objective elbo]
#     [--backend torch] [--device cuda]
#
# With --density, that share of every feature's loadings is not zero, at random factors, and zeros
# are skipped in every epoch. Prints one JSON line.
suppressPackageStartupMessages(library(omicpoems))

defaults <- list(
  features = "1000,1000,503", samples = 560L, batch = 512L, factors = 32L, hidden = 100L,
  dropout = 0.2, epochs = 5L, threads = poems_control()$threads, density = 1, objective = "elbo",
  backend = "core", device = "cpu"
)

read_arguments <- function(arguments) {
  values <- defaults
  if (length(arguments) %% 2 != 0) stop("every argument needs a value")
  for (i in seq(1, length.out = length(arguments) / 2, by = 2)) {
    name <- sub("^--", "", arguments[i])
    if (!name %in% names(defaults)) stop("unknown argument --", name)
    values[[name]] <- methods::as(arguments[i + 1], class(defaults[[name]]))
  }
  values
}

# matrix() would copy the numbers, which a big cohort has no memory for.
random_matrix <- function(rows, cols) {
  x <- stats::runif(as.numeric(rows) * cols)
  dim(x) <- c(rows, cols)
  x
}

# In the form that the core takes; uniform numbers have mean 1/2 and standard deviation 1/sqrt(12).
random_omics <- function(features, samples) {
  lapply(features, \(d) list(
    x = random_matrix(d, samples), center = rep(0.5, d), scale = rep(sqrt(1 / 12), d),
    fill = numeric(d), clip = 6, samples = seq_len(samples)
  ))
}

thin_loadings <- function(W, density) {
  zeros <- ncol(W) - round(density * ncol(W))
  for (j in seq_len(nrow(W))) W[j, sample.int(ncol(W), zeros)] <- 0
  W
}

peak_memory_mib <- function() {
  status <- "/proc/self/status"
  if (!file.exists(status)) return(NA)
  line <- grep("^VmHWM", readLines(status), value = TRUE)
  round(as.numeric(gsub("[^0-9]", "", line)) / 1024)
}

measure <- function(a) {
  set.seed(21)
  features <- as.integer(strsplit(a$features, ",")[[1]])
  cohort <- omicpoems:::core_cohort(random_omics(features, a$samples), a$samples, a$threads)
  # Hardly any penalty, so that the loadings that are not zero stay so.
  control <- poems_control(a$objective,
    batch_size = a$batch, hidden = a$hidden, dropout = a$dropout, validation = 0, warmup = 0,
    threads = a$threads, lambda0 = 1e-6, lambda1 = 1e-7, progress = FALSE, backend = a$backend,
    device = a$device
  )
  sd <- lapply(features, \(d) rep(1, d))
  config <- omicpoems:::model_config(control, a$factors, sd)
  train <- function(epochs, revisit, start) {
    settings <- utils::modifyList(unclass(control), list(
      epochs = as.integer(epochs), seed = 21L, revisit = as.integer(revisit), samples = a$samples
    ))
    omicpoems:::train_by_backend(
      cohort, config, sd, settings, \(epoch, training, validation) TRUE, list(parameters = start),
      vector("list", length(features)), list()
    )
  }
  start <- NULL
  if (a$density < 1) {
    start <- omicpoems:::core_initial_parameters(config, sd, 21L)
    start$omics <- lapply(start$omics, \(p) {
      p$W <- thin_loadings(p$W, a$density)
      p
    })
  }
  history <- train(a$epochs + 1L, if (a$density < 1) .Machine$integer.max else 1L, start)$history
  c(
    list(engine = paste("omicpoems", utils::packageVersion("omicpoems"))), a,
    list(
      seconds_per_epoch = signif(stats::median(diff(history$seconds)), 4),
      decoder_seconds = signif(stats::median(history$decoder_seconds[-1]), 4),
      encoder_seconds = signif(stats::median(history$encoder_seconds[-1]), 4),
      optimiser_seconds = signif(stats::median(history$optimiser_seconds[-1]), 4),
      peak_memory_mib = peak_memory_mib(), nonzero = utils::tail(history$nonzero, 1),
      level = poems_engine()$level
    )
  )
}

cat(jsonlite::toJSON(measure(read_arguments(commandArgs(trailingOnly = TRUE))), auto_unbox = TRUE,
  digits = 8), "\n")
