cohort <- small_cohort()
fit <- poems(cohort$omics, factors = 3, seed = 3, control = quick_control())

test_that("the samples of training are projected to where training had them", {
  expect_equal(predict(fit, cohort$omics), latent(fit), tolerance = 1e-5)
  expect_equal(predict(fit, cohort$omics, type = "gates"), gates(fit), tolerance = 1e-5)
  expect_identical(predict(fit), latent(fit))
  expect_identical(predict(fit, type = "gates"), gates(fit))
  # The fit does not hold the data that maps to missing omics are applied to.
  known <- predict(fit, type = "reconstruction")
  again <- predict(fit, cohort$omics, type = "reconstruction")
  for (omic in names(known)) {
    has <- colnames(cohort$omics[[omic]])
    expect_equal(known[[omic]][, has], again[[omic]][, has], tolerance = 1e-4)
  }
  fit["maps"] <- list(NULL)
  fit <- seal_fit(fit)
  expect_equal(known, predict(fit, cohort$omics, type = "reconstruction"), tolerance = 1e-4)
})

test_that("a fit saved and read back predicts identically", {
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(fit, file)
  again <- readRDS(file)
  expect_identical(again, fit)
  for (type in c("latent", "gates", "reconstruction")) {
    expect_identical(
      predict(again, cohort$omics, type = type), predict(fit, cohort$omics, type = type)
    )
  }
})

test_that("permuting samples or features of newdata permutes predictions", {
  shuffled <- withr::with_seed(1, lapply(cohort$omics, \(x) x[sample(nrow(x)), sample(ncol(x))]))
  shuffled <- rev(shuffled)
  for (type in c("latent", "gates")) {
    expect_equal(
      predict(fit, shuffled, type = type)[fit$samples, ], predict(fit, cohort$omics, type = type),
      tolerance = 1e-5
    )
  }
  expect_equal(
    predict(fit, shuffled, type = "reconstruction")$rna[, fit$samples],
    predict(fit, cohort$omics, type = "reconstruction")$rna,
    tolerance = 1e-5
  )
})

test_that("a sample's prediction does not depend on the samples beside it", {
  alone <- predict(fit, list(rna = cohort$omics$rna[, 7, drop = FALSE]))
  among <- predict(fit, list(rna = cohort$omics$rna))
  expect_equal(alone, among["s07", , drop = FALSE], tolerance = 1e-5)
})

test_that("samples that lack omics are projected, and all omics reconstructed", {
  only_rna <- list(rna = cohort$omics$rna)
  expect_equal(predict(fit, only_rna, type = "gates")[, "rna"],
    stats::setNames(rep(1, 60), fit$samples))
  reconstruction <- predict(fit, only_rna, type = "reconstruction")
  expect_named(reconstruction, c("rna", "protein", "mirna"))
  expect_identical(rownames(reconstruction$mirna), rownames(cohort$omics$mirna))
  expect_identical(colnames(reconstruction$mirna), fit$samples)
})

test_that("reconstructions are in the units of the data", {
  large <- small_cohort(samples = 300)$omics
  long <- poems(
    large, factors = 4, seed = 3,
    control = list(validation = 0.2, threads = 1, progress = FALSE)
  )
  xhat <- predict(long, large, type = "reconstruction")
  residual <- sum((large$protein - xhat$protein)^2)
  total <- sum((large$protein - rowMeans(large$protein))^2)
  shares <- long$variance[long$variance$omic == "protein", ]
  weight <- ifelse(shares$set == "training", 0.8, 0.2)
  expect_equal(1 - residual / total, sum(weight * shares$r2), tolerance = 0.02)
  # An omic that was never measured is predicted from the others.
  imputed <- predict(long, large["rna"], type = "reconstruction")$protein
  expect_gt(stats::cor(as.vector(imputed), as.vector(large$protein)), 0.75)
})

test_that("missing values enter as the feature's mean", {
  holes <- cohort$omics$protein[, 1:10]
  filled <- holes
  holes[4, ] <- NA
  filled[4, ] <- fit$omics$protein$center[4]
  expect_equal(predict(fit, list(protein = holes)), predict(fit, list(protein = filled)),
    tolerance = 1e-6)
})

# A fit as it starts: all its parts are linear.
linear_fit <- function(omics, factors = 6) {
  poems(omics, factors, seed = 2,
        control = list(epochs = 1, learning_rate = 1e-9, threads = 1, progress = FALSE))
}

test_that("omics that a sample has are decoded from the mode, as textbooks do if linear", {
  simulation <- simulate_omics(200, c(rna = 60, protein = 40), factors = 3, links = "linear",
                               seed = 4)
  fit <- linear_fit(simulation$omics)
  new <- lapply(simulation$omics, \(x) x[, 1:20])
  new$rna[3:9, 1:5] <- NA
  core <- core_latent(fit)
  slopes <- lapply(core_slopes(core_parameters(fit), fit$config, core, 1L), `[[`, "mean")
  decode <- \(z) core_reconstruct(core_parameters(fit), fit$config, z, 1L)
  at_zero <- decode(matrix(0, 1, 6))
  scaled <- Map(\(x, omic) (x[omic$features, ] - omic$center) / omic$scale, new, fit$omics)
  mode <- vapply(1:20, \(i) {
    parts <- Map(\(x, slopes, zero, p) {
      seen <- !is.na(x[, i])
      w <- slopes[seen, ] / sqrt(mean(exp(2 * p$log_sigma)))
      y <- (pmax(pmin(x[seen, i], 6), -6) - zero[seen]) / sqrt(mean(exp(2 * p$log_sigma)))
      list(A = crossprod(w), b = crossprod(w, y))
    }, scaled, slopes, at_zero, fit$parameters$omics)
    solve(diag(6) + Reduce(`+`, lapply(parts, `[[`, "A")), Reduce(`+`, lapply(parts, `[[`, "b")))
  }, numeric(6))
  expected <- Map(\(x, omic) x * omic$scale + omic$center, decode(t(mode)), unname(fit$omics))
  found <- predict(fit, new, type = "reconstruction")
  expect_equal(unname(lapply(found, unname)), expected, tolerance = 1e-3)
})

test_that("omics that a sample lacks are decoded from the posterior mean where there is no map", {
  mapped <- fit
  fit["maps"] <- list(NULL)
  fit <- seal_fit(fit)
  new <- lapply(cohort$omics, \(x) x[, 1:10])
  new$protein <- new$protein[, 4:10]
  lacking <- setdiff(colnames(new$rna), colnames(new$protein))
  projected <- project_samples(fit, align_newdata(fit$omics, new))
  decoded <- core_reconstruct(core_parameters(fit), fit$config, projected$latent, 1L)[[2]]
  of_mean <- decoded * fit$omics$protein$scale + fit$omics$protein$center
  found <- predict(fit, new, type = "reconstruction")$protein
  here <- rownames(projected$gates) %in% lacking
  expect_equal(unname(found[, lacking]), of_mean[, here], tolerance = 1e-5)
  expect_gt(max(abs(found[, !here] - of_mean[, !here])), 0.01)
  by_map <- predict(mapped, new, type = "reconstruction")$protein
  expect_identical(by_map[, !here], found[, !here])
  expect_gt(max(abs(by_map[, here] - found[, here])), 0.01)
})

test_that("the mode is closer to a sample's values than the posterior mean is", {
  simulation <- simulate_omics(300, factors = 4, seed = 6)
  early <- lapply(simulation$omics, \(x) x[, 1:200])
  late <- lapply(simulation$omics, \(x) x[, 201:300])
  fit <- poems(early, 8, seed = 1, control = quick_control(epochs = 20))
  error <- function(omic, xhat) {
    x <- (late[[omic]][fit$omics[[omic]]$features, ] - fit$omics[[omic]]$center)
    mean(((x - xhat) / fit$omics[[omic]]$scale)^2)
  }
  projected <- project_samples(fit, align_newdata(fit$omics, late))
  of_mean <- core_reconstruct(core_parameters(fit), fit$config, projected$latent, 1L)
  found <- predict(fit, late, type = "reconstruction")
  for (v in seq_along(late)) {
    of_mode <- error(names(late)[v], found[[v]] - fit$omics[[v]]$center)
    expect_lt(of_mode, error(names(late)[v], of_mean[[v]] * fit$omics[[v]]$scale))
  }
})

test_that("batches of any size, threads and files give the same bits", {
  fit <- small_fit()
  omics <- small_cohort()$omics
  only <- \(samples) Filter(ncol, lapply(omics, \(x) x[, intersect(samples, colnames(x)),
                                                       drop = FALSE]))
  whole <- predict(fit, omics)
  rebuilt <- predict(fit, omics, type = "reconstruction")$rna
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(fit, file)
  read <- readRDS(file)
  read$control$threads <- 2L
  for (size in c(1, 7, 60)) {
    batches <- split(rownames(whole), (seq_len(nrow(whole)) - 1) %/% size)
    for (batch in batches[unique(c(1, length(batches)))]) {
      expect_identical(suppressMessages(predict(read, only(batch)))[batch, , drop = FALSE],
                       whole[batch, , drop = FALSE])
      again <- suppressMessages(predict(read, only(batch), type = "reconstruction"))$rna
      expect_identical(again[, batch, drop = FALSE], rebuilt[, batch, drop = FALSE])
    }
  }
})

# Few kinds of cells, each with its own size of the second library.
libraries_of_kinds <- function(cells = 240) {
  withr::with_seed(4, {
    kind <- rep(1:3, length.out = cells)
    rates <- \(features, strength) exp(matrix(rnorm(features * 3, sd = strength), features))[, kind]
    rna <- 5 * rates(60, 0.7)
    protein <- 30 * rates(12, 0.3) * rep(c(0.2, 1, 6)[kind], each = 12)
    counts <- \(mu, name) {
      matrix(as.double(rpois(length(mu), mu)), nrow(mu), dimnames = list(
        paste0(name, seq_len(nrow(mu))), paste0("c", seq_len(cells))
      ))
    }
    list(omics = list(rna = counts(rna, "g"), protein = counts(protein, "p")), expected = protein)
  })
}

test_that("counts of an omic that is lacking are those of the library that factors tell", {
  made <- libraries_of_kinds()
  late <- 181:240
  part <- list(rna = made$omics$rna, protein = made$omics$protein[, -late])
  fit <- poems(part, 4, seed = 1, family = "negative_binomial",
               control = list(progress = FALSE, epochs = 60, threads = 1)) |> suppressWarnings()
  expected <- made$expected[, late]
  error <- \(guess) mean((log(guess) - log(expected))^2)
  mean_library <- rowMeans(part$protein)
  guess <- predict(fit, list(rna = part$rna[, late]), type = "reconstruction")$protein
  expect_lt(error(guess), 0.05 * error(mean_library))
  # The same of the fit's own samples that lack it, and as they are imputed.
  own <- predict(fit, type = "reconstruction")$protein[, late]
  expect_lt(error(own), 0.05 * error(mean_library))
  filled <- impute(fit, part)$protein[, colnames(guess)]
  expect_lt(error(filled), 0.05 * error(mean_library))
  # Libraries that factors do not tell stay at the mean.
  scaled <- part
  size <- withr::with_seed(1, exp(rnorm(180)))
  scaled$protein <- round(part$protein[, 1:180] / rep(colSums(part$protein) / 500, each = 12) *
                            rep(size, each = 12))
  fit <- poems(scaled, 4, seed = 1, family = "negative_binomial",
               control = list(progress = FALSE, epochs = 40, threads = 1)) |> suppressWarnings()
  guess <- predict(fit, list(rna = part$rna[, late]), type = "reconstruction")$protein
  expect_lt(max(abs(log(colSums(guess) / mean(colSums(scaled$protein))))), 0.5)
})

test_that("a quick search for modes comes close to a thorough one", {
  x <- simulate_omics(150, c(rna = 60, protein = 30), factors = 3, seed = 2,
                      family = c(rna = "negative_binomial"))$omics
  fit <- poems(x, 4, seed = 1, control = quick_control(epochs = 30)) |> suppressMessages()
  data <- align_newdata(fit$omics, x, "columns")
  projected <- project_samples(fit, data)
  mode_by <- \(search) {
    core_mode(core_parameters(fit), c(fit$config, search), projected$cohort, projected$latent, 1L)
  }
  thorough <- find_mode(fit, projected)
  expect_identical(mode_by(list(mode_passes = 12L, mode_shortest_step = 0)), thorough)
  distance <- \(z) sqrt(mean((z - thorough)^2))
  quick <- distance(mode_by(quick_mode_search))
  expect_gt(quick, 0)
  expect_lt(quick, 0.1 * sd(thorough))
  expect_lt(quick, distance(mode_by(list(mode_passes = 1L))))
})
