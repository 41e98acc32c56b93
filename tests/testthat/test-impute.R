cohort <- small_cohort()
fit <- poems(cohort$omics, factors = 3, seed = 3, control = quick_control())
xhat <- predict(fit, cohort$omics, type = "reconstruction")

# As decoded, with what the decoders alone say.
decoders_alone <- function(fit) {
  fit["remainder"] <- fit["maps"] <- list(NULL)
  seal_fit(fit)
}

# Every value that was there is kept; omics that samples lack are as predict() says, and values
# missing within omics as predict_values() does.
data <- align_newdata(fit$omics, cohort$omics)
mode <- find_mode(fit, project_samples(fit, data))
within <- standardised_features(fit$omics, data$data, data$samples, NULL)
within <- predict_values(fit, within, mode)$mean
within <- lapply(split(seq_len(nrow(within)), omic_of_features(fit$omics)), \(rows) within[rows, ])
within <- Map(\(x, omic) {
  structure(x * omic$scale + omic$center, dimnames = list(omic$features, data$samples))
}, stats::setNames(within, names(fit$omics)), fit$omics)

expect_filled <- function(values, omic) {
  x <- cohort$omics[[omic]]
  lacking <- setdiff(fit$samples, colnames(x))
  expect_identical(dimnames(values), list(rownames(x), c(colnames(x), lacking)))
  seen <- values[, colnames(x)]
  expect_identical(seen[!is.na(x)], x[!is.na(x)])
  expect_equal(seen[is.na(x)], within[[omic]][, colnames(x)][is.na(x)], tolerance = 1e-5)
  expect_equal(values[, lacking], xhat[[omic]][, lacking], tolerance = 1e-5)
}

test_that("lists come back as lists of their classes", {
  full <- impute(fit, cohort$omics)
  for (omic in names(full)) expect_filled(full[[omic]], omic)
  frames <- impute(fit, lapply(cohort$omics, as.data.frame))
  expect_s3_class(frames$mirna, "data.frame")
  expect_equal(lapply(frames, as.matrix), full)
  expect_equal(impute(fit, lapply(cohort$omics, t), samples = "rows"), lapply(full, t))
})

test_that("omics that are lacking altogether are added, others left as they are", {
  full <- impute(fit, list(clinical = "none", rna = cohort$omics$rna)) |> suppressMessages()
  expect_named(full, c("clinical", "rna", "protein", "mirna"))
  expect_identical(dimnames(full$protein), dimnames(cohort$omics$protein))
  expect_identical(full$clinical, "none")
})

test_that("features that the fit does not know and samples without values stay", {
  x <- cohort$omics
  x$mirna <- rbind(x$mirna, new = replace(x$mirna[1, ], 2, NA))
  x$rna <- cbind(x$rna, nobody = NA)
  full <- suppressMessages(impute(fit, x))
  expect_identical(full$mirna["new", 1:45], x$mirna["new", ])
  expect_true(all(is.na(full$mirna["new", 46:60])))
  expect_true(all(is.na(full$rna[, "nobody"])))
})

test_that("a MultiAssayExperiment comes back as one", {
  skip_without("MultiAssayExperiment")
  mae <- small_mae(cohort$omics)
  full <- impute(fit, mae)
  expect_s4_class(full, "MultiAssayExperiment")
  expect_identical(MultiAssayExperiment::colData(full), MultiAssayExperiment::colData(mae))
  expect_s4_class(full[["rna"]], "SummarizedExperiment")
  expect_false(anyNA(SummarizedExperiment::assay(full[["rna"]])))
  omics <- read_omics(full)$data
  for (omic in names(omics)) expect_filled(omics[[omic]], omic)

  mae <- suppressMessages(suppressWarnings(
    MultiAssayExperiment::subsetByAssay(mae, c("rna", "mirna"))
  ))
  full <- impute(fit, mae)
  expect_named(full, c("rna", "mirna", "protein"))
  expect_identical(dimnames(full[["protein"]]), dimnames(cohort$omics$protein))
})

test_that("experiments keep what else they hold", {
  skip_without("SingleCellExperiment", "DelayedArray")
  x <- cohort$omics
  x$mirna <- SingleCellExperiment::SingleCellExperiment(
    list(counts = round(x$mirna), logcounts = x$mirna),
    rowData = data.frame(family = rep(1:2, 12)), colData = data.frame(batch = rep(1:3, 15))
  )
  x$protein <- DelayedArray::DelayedArray(x$protein)
  with_assay <- fit
  with_assay$omics$mirna$assay <- "logcounts"
  with_assay <- seal_fit(with_assay)
  full <- impute(with_assay, x)
  first <- impute(fit, c(x["mirna"], cohort$omics[-3]))$mirna
  expect_true(all(SummarizedExperiment::assay(first, "counts")[, 46:60] > 0))
  expect_s4_class(full$protein, "DelayedMatrix")
  expect_s4_class(full$mirna, "SingleCellExperiment")
  expect_filled(SummarizedExperiment::assay(full$mirna, "logcounts"), "mirna")
  counts <- SummarizedExperiment::assay(full$mirna, "counts")
  expect_identical(counts[, 1:45], round(cohort$omics$mirna))
  expect_true(all(is.na(counts[, 46:60])))
  expect_identical(SummarizedExperiment::rowData(full$mirna)$family, rep(1:2, 12))
  expect_identical(full$mirna$batch, c(rep(1:3, 15), rep(NA, 15)))
})

test_that("long data frames get the rows that they lack", {
  long <- small_long(cohort$omics)
  full <- impute(fit, long)
  expect_identical(full[seq_len(nrow(long)), 1:3], long[1:3])
  expect_identical(nrow(full), nrow(long) + 24L * 15L)
  omics <- read_omics(full)$data
  for (omic in names(omics)) expect_filled(omics[[omic]], omic)
})

test_that("standard deviations stand where values are imputed, and follow the seed", {
  sd <- impute(fit, cohort$omics, "sd", draws = 5, seed = 1)
  for (omic in names(sd)) {
    x <- cohort$omics[[omic]]
    expect_true(all((sd[[omic]][, colnames(x)] > 0) == is.na(x)))
  }
  expect_true(all(sd$mirna[, 46:60] > 0))
  expect_identical(impute(fit, cohort$omics, "sd", draws = 5, seed = 1), sd)
  # Predictions that come with their own need no draws; decoders alone have none.
  expect_identical(impute(fit, cohort$omics, "sd", draws = 9, seed = 2), sd)
  drawn <- \(seed) impute(decoders_alone(fit), cohort$omics, "sd", draws = 5, seed = seed)
  expect_identical(drawn(1), drawn(1))
  expect_false(identical(drawn(1), drawn(2)))
})

# Without loadings nothing depends on z: what is left of a feature is its mean and its noise.
without_signal <- function(fit) {
  fit <- decoders_alone(fit)
  fit$loadings <- lapply(fit$loadings, \(w) methods::as(w * 0, "CsparseMatrix"))
  fit
}

test_that("standard deviations contain the noise, whatever the scale", {
  noise <- \(fit) exp(fit$parameters$omics$mirna$log_sigma[, 1]) * fit$omics$mirna$scale
  sd_of <- \(fit, x) impute(fit, x, "sd", draws = 400, seed = 1)$mirna[, 46:60]
  got <- sd_of(without_signal(fit), cohort$omics)
  expect_equal(unname(sqrt(rowMeans(got^2)) / noise(fit)), rep(1, 24), tolerance = 0.03)

  x <- cohort$omics
  x$mirna <- exp(x$mirna / 4)
  logged <- poems(x, 3, seed = 3, control = quick_control(epochs = 5),
                  preprocess = list(mirna = preprocess_steps("log1p")))
  logged <- without_signal(logged)
  full <- impute(logged, x)$mirna
  expect_identical(full[, 1:45], x$mirna)
  s <- noise(logged)
  lognormal <- (full[, 46] + 1) * exp(s^2 / 2) * sqrt(exp(s^2) - 1)
  ratio <- sqrt(rowMeans(sd_of(logged, x)^2)) / lognormal
  expect_equal(mean(ratio), 1, tolerance = 0.03)
  expect_lt(max(abs(ratio - 1)), 0.2)
})

test_that("about 95 % of held-out values lie within 1.96 standard deviations", {
  truth <- simulate_omics(400, c(rna = 60, protein = 50, mirna = 40), factors = 3, shared = 1,
                          seed = 1)$omics
  hidden <- list(rna = 1:80, protein = 81:160, mirna = 161:240)
  seen <- Map(\(x, hide) x[, -hide], truth, hidden)
  holes <- withr::with_seed(1, sample(length(seen$rna), 500))
  seen$rna[holes] <- NA
  fit <- poems(seen, 6, seed = 1, control = list(threads = 1, progress = FALSE))
  mean <- impute(fit, seen)
  sd <- impute(fit, seen, "sd", draws = 50, seed = 1)
  for (omic in names(truth)) {
    at <- colnames(truth[[omic]])[hidden[[omic]]]
    z <- (truth[[omic]][, at] - mean[[omic]][, at]) / sd[[omic]][, at]
    expect_gt(mean(abs(z) < 1.96), 0.92)
    expect_lt(mean(abs(z) < 1.96), 0.97)
    expect_equal(mean(abs(z) < 1), 0.683, tolerance = 0.06)
  }
})

test_that("a patient's other columns are not filled with what is known of the first", {
  skip_without("MultiAssayExperiment")
  omics <- cohort$omics
  patients <- colnames(omics$rna)
  normal <- omics$rna[, 1:5] + 50
  colnames(normal) <- paste0(patients[1:5], "-11")
  x <- cbind(omics$rna[, 1:2], normal, omics$rna[, -(1:2)])
  x[3, c("s02", "s02-11")] <- NA
  primary <- sub("-11$", "", colnames(x))
  map <- data.frame(assay = "rna", primary = primary, colname = colnames(x))
  others <- do.call(rbind, lapply(names(omics)[-1], \(omic) data.frame(
    assay = omic, primary = colnames(omics[[omic]]), colname = colnames(omics[[omic]])
  )))
  map <- rbind(map, others)
  map$assay <- factor(map$assay, names(omics))
  for (rna in list(x, as_experiment(exprs = x))) {
    mae <- MultiAssayExperiment::MultiAssayExperiment(
      c(list(rna = rna), omics[-1]), S4Vectors::DataFrame(row.names = patients),
      S4Vectors::DataFrame(map)
    )
    first <- x[, !duplicated(primary)]
    colnames(first) <- unique(primary)
    plain <- c(list(rna = first), omics[-1])
    for (value in c("mean", "sd")) {
      expect_message(full <- impute(fit, mae, value, draws = 5, seed = 1)[["rna"]], "first column")
      if (!is.matrix(full)) full <- SummarizedExperiment::assay(full)
      expect_true(is.na(full[3, "s02-11"]))
      expect_identical(full[3, "s02"], impute(fit, plain, value, draws = 5, seed = 1)$rna[3, "s02"])
      expect_identical(sum(is.na(full)), sum(is.na(normal)) + 1L)
    }
  }
})
