skip_if_not_installed("class")
skip_if_not_installed("cluster")

# Sixty samples of two groups, which half of the features tell apart, in two omics.
planted <- withr::with_seed(1, {
  group <- stats::setNames(factor(rep(c("A", "B"), c(24, 36))), sprintf("s%02d", 1:60))
  omic <- function(features, prefix) {
    x <- matrix(stats::rnorm(features * 60), features,
                dimnames = list(paste0(prefix, seq_len(features)), names(group)))
    shifted <- seq_len(features / 2)
    x[shifted, ] <- x[shifted, ] + rep(2 * (group == "B"), each = length(shifted))
    x
  }
  list(omics = list(a = omic(20, "a"), b = omic(12, "b")), group = group)
})

# Models of their own: the values of omic a, random numbers, an error.
raw <- function(train, seed) function(newdata) t(newdata$a)
noise <- function(train, seed) {
  function(newdata) matrix(stats::rnorm(3 * ncol(newdata$a)), ncol(newdata$a))
}
broken <- function(train, seed) stop("no fit today")

compare <- function(models, ..., splits = 2) {
  benchmark_models(planted$omics, planted$group, models, splits = splits, ...)
}
without_seconds <- function(x) {
  x$runs$seconds <- NULL
  x
}

test_that("PCA is that of an independent calculation", {
  test <- names(planted$group)[seq(2, 60, by = 4)]
  result <- compare("pca", splits = list(test), score_seeds = c(3, 8))
  # From the definition: standardise by the training samples, rotate, cluster, match labels.
  stacked <- t(rbind(planted$omics$a, planted$omics$b))
  standard <- scale(stacked[!rownames(stacked) %in% test, ])
  new <- scale(stacked[test, ], attr(standard, "scaled:center"), attr(standard, "scaled:scale"))
  embedding <- new %*% svd(standard)$v
  truth <- as.integer(planted$group[test])
  expected <- vapply(c(3, 8), \(seed) {
    withr::with_seed(seed, {
      cluster <- stats::kmeans(embedding, 2, iter.max = 100, nstart = 1)$cluster
    })
    max(mean(cluster == truth), mean(3 - cluster == truth))
  }, 0)
  expect_equal(result$runs$accuracy, mean(expected))
  width <- cluster::silhouette(truth, stats::dist(embedding))[, "sil_width"]
  expect_equal(result$runs$silhouette, mean(width))
})

test_that("missing values and omics count as the mean in PCA", {
  gaps <- planted$omics
  gaps$a[3, c("s05", "s40")] <- NA
  gaps$b <- gaps$b[, -c(7, 8, 50)]
  test <- c("s05", "s07", "s13", "s40", "s50", "s60")
  result <- benchmark_models(gaps, planted$group, "pca", splits = list(test))
  stacked <- t(rbind(gaps$a, cbind(gaps$b, matrix(NA, 12, 3, dimnames = list(
    NULL, c("s07", "s08", "s50")
  )))[, colnames(gaps$a)]))
  standard <- scale(stacked[!rownames(stacked) %in% test, ])
  new <- scale(stacked[test, ], attr(standard, "scaled:center"), attr(standard, "scaled:scale"))
  standard[is.na(standard)] <- new[is.na(new)] <- 0
  embedding <- new %*% svd(sweep(standard, 2, colMeans(standard)))$v
  width <- cluster::silhouette(as.integer(planted$group[test]), stats::dist(embedding))
  expect_equal(result$runs$silhouette, mean(width[, "sil_width"]))
})

test_that("planted groups are found by models and not by noise", {
  result <- compare(list("poems", "pca", noise = noise))
  expect_true(all(is.na(result$runs$error)))
  accuracy <- tapply(result$runs$accuracy, result$runs$model, mean)
  nmi <- tapply(result$runs$nmi, result$runs$model, mean)
  ari <- tapply(result$runs$ari, result$runs$model, mean)
  expect_gt(accuracy[["poems"]], 0.9)
  expect_gt(accuracy[["pca"]], 0.9)
  # Of twelve samples in two groups, matched groups agree in about 0.6 by chance.
  expect_lt(accuracy[["noise"]], 0.75)
  expect_lt(nmi[["noise"]], 0.25)
  expect_lt(abs(ari[["noise"]]), 0.2)
})

test_that("built-in poems are poems() and predict()", {
  test <- names(planted$group)[seq(2, 60, by = 4)]
  result <- compare("poems", splits = list(test), seeds = 5)
  fit <- suppressMessages(poems(lapply(planted$omics, \(x) x[, !colnames(x) %in% test]), seed = 5,
                                control = poems_control(progress = FALSE)))
  new <- predict(fit, lapply(planted$omics, \(x) x[, test]), scaled = TRUE)
  expected <- evaluate_subtypes(new[test, , drop = FALSE], planted$group[test])
  expect_equal(unlist(result$runs[expected$metric], use.names = FALSE), expected$mean)
})

test_that("built-in rivals are poems_baseline() and predict()", {
  skip_if_not(exists("poems_baseline", asNamespace("omicpoems"), inherits = FALSE))
  test <- names(planted$group)[seq(2, 60, by = 4)]
  result <- compare("poem", splits = list(test), seeds = 5)
  fit <- suppressMessages(poems_baseline(lapply(planted$omics, \(x) x[, !colnames(x) %in% test]),
                                         model = "poem", form = "corrected", seed = 5))
  new <- predict(fit, lapply(planted$omics, \(x) x[, test]), type = "latent")
  expected <- evaluate_subtypes(new[test, , drop = FALSE], planted$group[test])
  expect_equal(unlist(result$runs[expected$metric], use.names = FALSE), expected$mean)
})

test_that("models see training samples, then test samples, and nothing else", {
  seen <- new.env()
  spy <- function(train, seed) {
    seen$train <- train
    seen$seed <- seed
    function(newdata) {
      seen$test <- newdata
      t(newdata$a)
    }
  }
  result <- compare(list(spy = spy), splits = 1, seeds = 7)
  test <- result$splits[[1]]
  expect_identical(seen$seed, 7L)
  expect_identical(seen$train, lapply(planted$omics, \(x) x[, !colnames(x) %in% test]))
  expect_identical(seen$test, lapply(planted$omics, \(x) x[, test]))
})

test_that("random splits have the same share of every group, and depend on the groups alone", {
  result <- compare(list(raw = raw), splits = 3, test = 0.25)
  for (test in result$splits) {
    expect_identical(as.vector(table(planted$group[test])), c(6L, 9L))
    expect_false(anyDuplicated(test) > 0)
  }
  expect_length(unique(result$splits), 3)
  withr::local_seed(99)
  more <- compare(list(raw = raw, "pca"), splits = 4, test = 0.25, seeds = 3)
  expect_identical(more$splits[1:3], result$splits)
})

test_that("one sample at least of small groups is tested on", {
  group <- planted$group
  levels(group) <- c("A", "B", "C")
  group[c(1, 60)] <- "C"
  result <- benchmark_models(planted$omics, group, list(raw = raw), splits = 1)
  expect_identical(as.vector(table(group[result$splits[[1]]])), c(5L, 7L, 1L))
})

test_that("custom models are scored as evaluate_subtypes() scores their embedding", {
  result <- compare(list(raw = raw), splits = 2, score_seeds = c(0, 12))
  for (i in 1:2) {
    test <- result$splits[[i]]
    expected <- evaluate_subtypes(t(planted$omics$a[, test]), planted$group[test], c(0, 12))
    expect_equal(unlist(result$runs[i, expected$metric], use.names = FALSE), expected$mean)
  }
  # Rows are matched by name.
  reversed <- function(train, seed) function(newdata) t(newdata$a)[rev(colnames(newdata$a)), ]
  unnamed <- function(train, seed) function(newdata) unname(t(newdata$a))
  others <- compare(list(reversed = reversed, unnamed = unnamed), splits = 2,
                    score_seeds = c(0, 12))
  for (model in c("reversed", "unnamed")) {
    expect_equal(others$runs[others$runs$model == model, benchmark_scores],
                 result$runs[benchmark_scores], ignore_attr = TRUE)
  }
})

test_that("random numbers of a run depend on its seed alone; the user's stay as they were", {
  withr::local_seed(1)
  before <- .Random.seed
  one <- compare(list(noise = noise), seeds = c(1, 2))
  expect_identical(.Random.seed, before)
  set.seed(5)
  expect_equal(without_seconds(compare(list(noise = noise), seeds = c(1, 2))), without_seconds(one))
  runs <- one$runs[one$runs$split == 1, ]
  expect_false(runs$accuracy[1] == runs$accuracy[2] && runs$nmi[1] == runs$nmi[2])
})

test_that("groups come by name, in order, or as a column of the column data", {
  named <- compare(list(raw = raw))
  with <- \(group) benchmark_models(planted$omics, group, list(raw = raw), splits = 2)
  shuffled <- with(c(rev(planted$group), other = factor("A")))
  ordered <- with(as.character(planted$group))
  expect_equal(without_seconds(shuffled), without_seconds(named))
  expect_equal(without_seconds(ordered), without_seconds(named))
  skip_without("MultiAssayExperiment", "SummarizedExperiment", "S4Vectors")
  mae <- MultiAssayExperiment::MultiAssayExperiment(
    planted$omics, S4Vectors::DataFrame(subtype = planted$group, row.names = names(planted$group))
  )
  by_column <- benchmark_models(mae, "subtype", list(raw = raw), splits = 2)
  expect_equal(without_seconds(by_column), without_seconds(named))
  expect_snapshot({
    tell(benchmark_models(mae, "stage", list(raw = raw)))
    tell(benchmark_models(planted$omics, "subtype", list(raw = raw)))
  })
})

test_that("samples may be in the rows, and omics sparse", {
  expected <- without_seconds(compare(list(raw = raw)))
  rows <- benchmark_models(lapply(planted$omics, t), planted$group, list(raw = raw), splits = 2,
                           samples = "rows")
  expect_equal(without_seconds(rows), expected)
  sparse <- lapply(planted$omics, Matrix::Matrix, sparse = TRUE)
  sparse <- benchmark_models(sparse, planted$group, list(raw = raw), splits = 2)
  expect_equal(without_seconds(sparse), expected)
})

test_that("samples without a group are left out with a message", {
  group <- replace(planted$group, c(3, 30), NA)
  expect_snapshot(tell(
    result <- benchmark_models(planted$omics, group, list(raw = raw), splits = 2)
  ))
  expect_false(any(c("s03", "s30") %in% c(unlist(result$splits), names(result$group))))
  without <- benchmark_models(lapply(planted$omics, \(x) x[, -c(3, 30)]), group[-c(3, 30)],
                              list(raw = raw), splits = 2)
  expect_equal(without_seconds(result), without_seconds(without))
})

# Failures --------------------------------------------------------------------------------------

test_that("a model that fails is a row with its error", {
  expect_snapshot(tell(result <- compare(list(broken = broken, raw = raw))))
  failed <- result$runs$model == "broken"
  expect_identical(result$runs$error, rep(c("no fit today", NA), each = 2))
  expect_true(all(is.na(result$runs[failed, c(benchmark_scores, "seconds")])))
  expect_false(anyNA(result$runs[!failed, c(benchmark_scores, "seconds")]))
})

test_that("embeddings that cannot be scored say why", {
  gives <- function(value) function(train, seed) function(newdata) value
  models <- list(
    text = gives("z"), few = gives(matrix(0, 3, 2)),
    others = gives(matrix(0, 12, 2, dimnames = list(paste0("x", 1:12), NULL))),
    gaps = function(train, seed) function(newdata) replace(t(newdata$a), 1, NA),
    constant = function(train, seed) function(newdata) 0 * t(newdata$a)
  )
  expect_snapshot(tell(result <- compare(models, splits = 1)))
  expect_true(all(!is.na(result$runs$error)))
  expect_output(print(result), "5 of 5 runs failed", fixed = TRUE)
  expect_identical(glance(result)$best, NA_character_)
})

test_that("the first warning of a run is kept", {
  warns <- function(train, seed) {
    warning("be careful")
    warning("twice")
    raw(train, seed)
  }
  expect_silent(result <- compare(list(warns = warns, raw = raw)))
  expect_identical(result$runs$warning, rep(c("be careful", NA), each = 2))
})

# Cache -----------------------------------------------------------------------------------------

# A model that leaves a mark in a file whenever it is fitted.
counted <- function(log, scale = 1) {
  force(scale)
  function(train, seed) {
    cat("x", file = log, append = TRUE)
    function(newdata) scale * t(newdata$a)
  }
}
calls <- \(log) if (file.exists(log)) nchar(readLines(log, warn = FALSE)) else 0

test_that("what has been run is read, and only what is new is run", {
  log <- withr::local_tempfile()
  cache <- file.path(withr::local_tempdir(), "new", "folder")
  first <- compare(list(m = counted(log)), cache = cache)
  expect_equal(calls(log), 2)
  files <- list.files(cache, full.names = TRUE)
  expect_length(files, 2)
  expect_match(basename(files), "^[0-9a-f]+[.]rds$")
  times <- file.mtime(files)
  # The same, seconds included: whatever its name is.
  expect_identical(compare(list(m = counted(log)), cache = cache), first)
  renamed <- compare(list("pca", renamed = counted(log)), cache = cache)
  expect_equal(renamed$runs[renamed$runs$model == "renamed", -1], first$runs[-1],
               ignore_attr = "row.names")
  expect_equal(calls(log), 2)
  expect_identical(file.mtime(files), times)
  compare(list(m = counted(log)), splits = 3, seeds = c(21, 22), cache = cache)
  expect_equal(calls(log), 6)
})

test_that("other data, groups, scores or code are run again", {
  log <- withr::local_tempfile()
  cache <- withr::local_tempdir()
  model <- list(m = counted(log))
  test <- names(planted$group)[1:30]
  run <- \(omics = planted$omics, group = planted$group, models = model, ...) {
    benchmark_models(omics, group, models, splits = list(test), cache = cache, ...)
  }
  run()
  changed <- planted$omics
  changed$b[1, 60] <- 0
  run(omics = changed)
  expect_equal(calls(log), 2)
  run(group = replace(planted$group, 60, "A"))
  expect_equal(calls(log), 3)
  run(score_seeds = 1)
  expect_equal(calls(log), 4)
  run(models = list(m = counted(log, scale = 2)))
  expect_equal(calls(log), 5)
  run()
  expect_equal(calls(log), 5)
})

test_that("files that cannot be read are computed again, with a warning", {
  log <- withr::local_tempfile()
  cache <- withr::local_tempdir()
  model <- list(m = counted(log))
  first <- compare(model, cache = cache)
  files <- list.files(cache, full.names = TRUE)
  writeBin(readBin(files[1], "raw", 40), files[1])
  expect_warning(again <- compare(model, cache = cache), "cannot be read and is computed again")
  expect_equal(without_seconds(again), without_seconds(first))
  expect_equal(calls(log), 3)
  saveRDS("something else", files[2])
  expect_warning(compare(model, cache = cache), "cannot be read and is computed again")
  expect_silent(compare(model, cache = cache))
  expect_equal(calls(log), 4)
  expect_setequal(list.files(cache, full.names = TRUE), files)
})

test_that("failed runs are not kept", {
  cache <- withr::local_tempdir()
  expect_warning(compare(list(broken = broken, raw = raw), cache = cache), "2 of 4 runs failed")
  expect_length(list.files(cache), 2)
})

test_that("a function is described by its code and by what that uses outside of packages", {
  make <- function(k, helper) function(train, seed) helper(k)
  twice <- function(x) 2 * x
  thrice <- function(x) 3 * x
  key <- \(f) rlang::hash(describe_function(f))
  reference <- key(make(1, twice))
  expect_identical(key(compiler::cmpfun(make(1, twice))), reference)
  expect_false(key(make(2, twice)) == reference)
  expect_false(key(make(1, thrice)) == reference)
  # A variable of its own is not that outside.
  x <- 1
  own <- function(train, seed) {
    x <- seed
    x
  }
  before <- key(own)
  x <- 2
  expect_identical(key(own), before)
  uses <- function(train, seed) x
  before <- key(uses)
  x <- 3
  expect_false(key(uses) == before)
  passes <- function(...) function(train, seed) list(train, ...)
  reference <- key(passes(factors = 8, f = twice))
  expect_identical(key(passes(factors = 8, f = compiler::cmpfun(twice))), reference)
  expect_false(key(passes(factors = 9, f = twice)) == reference)
  expect_false(key(passes(factors = 8, f = thrice)) == reference)
  even <- function(n) if (n == 0) TRUE else odd(n - 1)
  odd <- function(n) if (n == 0) FALSE else even(n - 1)
  expect_identical(key(even), key(even))
  expect_false(key(even) == key(odd))
  expect_type(key(sum), "character")
})

# Parallel --------------------------------------------------------------------------------------

test_that("BiocParallel's workers give the same result", {
  skip_if_not_installed("BiocParallel")
  models <- list("pca", noise = noise, "poems")
  serial <- without_seconds(compare(models, splits = 1))
  one <- compare(models, splits = 1, BPPARAM = BiocParallel::SerialParam())
  expect_identical(without_seconds(one), serial)
  skip_on_os("windows") # cannot fork
  cache <- withr::local_tempdir()
  forked <- compare(models, splits = 1, BPPARAM = BiocParallel::MulticoreParam(2), cache = cache)
  expect_identical(without_seconds(forked), serial)
  expect_identical(compare(models, splits = 1, cache = cache), forked)
})

test_that("runs side by side have one thread each", {
  skip_if_not_installed("BiocParallel")
  threads <- function(train, seed) stop(poems_control()$threads, " threads")
  one <- BiocParallel::SerialParam()
  expect_warning(result <- compare(list(t = threads), splits = 1, BPPARAM = one), "1 of 1")
  expect_identical(result$runs$error, "1 threads")
})

test_that("a progress bar does not change the result", {
  withr::local_options(cli.progress_show_after = 0)
  suppressMessages(shown <- compare(list(raw = raw), progress = TRUE))
  expect_identical(without_seconds(shown), without_seconds(compare(list(raw = raw))))
})

# Tables and figures ----------------------------------------------------------------------------

# Three models in three splits with two seeds; the third has failed everywhere but in split 1.
fixed_benchmark <- function() {
  runs <- expand.grid(seed = 1:2, split = 1:3, model = factor(c("pca", "ours", "theirs")),
                      KEEP.OUT.ATTRS = FALSE)
  runs$model <- factor(runs$model, c("pca", "ours", "theirs"))
  runs <- runs[c("model", "split", "seed")]
  runs$accuracy <- c(50, 50, 60, 60, 70, 70, 60, 70, 70, 60, 65, 65, 40, 50, NA, NA, NA, NA) / 100
  runs$nmi <- runs$accuracy - 0.1
  runs$ari <- runs$accuracy - 0.2
  runs$silhouette <- runs$accuracy - 0.3
  runs$knn <- runs$accuracy + 0.1
  runs$seconds <- rep(c(0.1, 12, 3), each = 6)
  runs$warning <- NA_character_
  runs$error <- NA_character_
  runs$error[is.na(runs$accuracy)] <- "loss is not finite\nmore of it"
  group <- stats::setNames(factor(rep(c("A", "B"), 20)), paste0("s", 1:40))
  structure(list(runs = runs, splits = rep(list(paste0("s", 1:8)), 3), group = group),
            class = "benchmark_models")
}

test_that("summary() is that of a calculation by hand", {
  table <- as.data.frame(summary(fixed_benchmark()))
  expect_named(table, c("model", "score", "mean", "sd", "runs", "difference", "se", "better",
                        "splits"))
  expect_identical(levels(table$score), c(benchmark_scores, "overall"))
  row <- \(model, score) table[table$model == model & table$score == score, ]
  ours <- row("ours", "accuracy")
  expect_equal(ours$mean, 0.65)
  expect_equal(ours$sd, stats::sd(c(60, 70, 70, 60, 65, 65) / 100))
  # Per split: 0.65 - 0.5, 0.65 - 0.6, 0.65 - 0.7.
  expect_equal(ours$difference, 0.05)
  expect_equal(ours$se, 0.1 / sqrt(3))
  expect_identical(c(ours$better, ours$splits, ours$runs), c(2L, 3L, 6L))
  # The mean of accuracy, nmi (0.1 less) and knn (0.1 more) is the accuracy.
  expect_equal(row("ours", "overall")[-2], ours[-2], ignore_attr = "row.names")
  theirs <- row("theirs", "nmi")
  expect_equal(c(theirs$mean, theirs$difference), c(0.35, -0.05))
  expect_identical(c(theirs$better, theirs$splits, theirs$runs), c(0L, 1L, 2L))
  other <- summary(fixed_benchmark(), reference = "ours")
  expect_equal(other$difference[other$model == "pca"], rep(-0.05, 6))
  expect_snapshot(tell(summary(fixed_benchmark(), reference = "nobody")))
})

test_that("tidy() has a row per run and score, glance() one", {
  benchmark <- fixed_benchmark()
  table <- tidy(benchmark)
  expect_named(table, c("model", "split", "seed", "score", "value", "seconds", "error"))
  expect_identical(nrow(table), 18L * 5L)
  for (score in benchmark_scores) {
    rows <- table[table$score == score, ]
    expect_identical(rows$value, benchmark$runs[[score]])
    expect_identical(rows$seed, benchmark$runs$seed)
    expect_identical(rows$error, benchmark$runs$error)
  }
  about <- as.data.frame(glance(benchmark))
  expect_identical(about, data.frame(
    models = 3L, runs = 18L, failed = 4L, samples = 40L, groups = 2L, splits = 3L, best = "ours"
  ))
})

test_that("benchmarks print", {
  benchmark <- fixed_benchmark()
  expect_snapshot(benchmark)
  benchmark$runs <- benchmark$runs[benchmark$runs$split == 1 & benchmark$runs$seed == 1, ]
  benchmark$splits <- benchmark$splits[1]
  expect_snapshot(print(benchmark, reference = "ours"))
})

test_that("autoplot() draws the means of splits, and their mean with its standard error", {
  skip_if_not_installed("ggplot2")
  plot <- ggplot2::autoplot(fixed_benchmark(), scores = c("accuracy", "ari"))
  expect_identical(names(plot$data), c("model", "score", "split", "value"))
  value <- \(model, score) {
    plot$data$value[plot$data$model == model & plot$data$score == score]
  }
  expect_equal(value("ours", "accuracy"), c(0.65, 0.65, 0.65))
  expect_equal(value("pca", "ari"), c(0.3, 0.4, 0.5))
  expect_equal(value("theirs", "accuracy"), 0.45)
  built <- ggplot2::ggplot_build(plot)
  means <- built$data[[3]]
  # Models from the top: pca is third on the axis, theirs first.
  mean <- \(panel, y) means$x[means$PANEL == panel & means$y == y]
  expect_equal(c(mean(1, 3), mean(1, 2), mean(1, 1), mean(2, 3)), c(0.6, 0.65, 0.45, 0.4))
  bars <- built$data[[2]]
  bar <- bars[bars$PANEL == 1 & bars$y == 3, ]
  expect_equal(c(bar$xmin, bar$xmax), 0.6 + c(-1, 1) * 0.1 / sqrt(3))
  file <- withr::local_tempfile(fileext = ".png")
  expect_silent(ggplot2::ggsave(file, ggplot2::autoplot(fixed_benchmark()), width = 6, height = 3,
                                dpi = 50))
  expect_gt(file.size(file), 1000)
  expect_error(ggplot2::autoplot(fixed_benchmark(), scores = "speed"), "must be one of")
  all_failed <- fixed_benchmark()
  all_failed$runs[benchmark_scores] <- NA_real_
  expect_error(ggplot2::autoplot(all_failed), "no score to plot")
})

# The door --------------------------------------------------------------------------------------

test_that("bad arguments are errors", {
  omics <- planted$omics
  group <- planted$group
  file <- withr::local_tempfile(lines = "not a directory")
  expect_snapshot({
    tell(benchmark_models(omics$a, group))
    tell(benchmark_models(omics, NULL, "pca"))
    tell(benchmark_models(omics, group[-1], "pca"))
    tell(benchmark_models(omics, unname(group)[-1], "pca"))
    tell(benchmark_models(omics, replace(group, 1:60, "A"), "pca"))
    tell(benchmark_models(omics, names(group), "pca"))
    tell(benchmark_models(omics, group, "umap"))
    tell(benchmark_models(omics, group, raw))
    tell(benchmark_models(omics, group, list(raw)))
    tell(benchmark_models(omics, group, list("pca", one = 1)))
    tell(benchmark_models(omics, group, list("pca", pca = raw)))
    tell(benchmark_models(omics, group, character()))
    tell(benchmark_models(omics, group, "pca", splits = 0))
    tell(benchmark_models(omics, group, "pca", splits = list(c("s01", "s99"))))
    tell(benchmark_models(omics, group, "pca", splits = list(1:12)))
    tell(benchmark_models(omics, group, "pca", splits = list(c("s01", "s02", "s60"))))
    tell(benchmark_models(omics, group, "pca", splits = list(names(group)[-1])))
    tell(benchmark_models(omics, group, "pca", seeds = c(1, 1)))
    tell(benchmark_models(omics, group, "pca", seeds = -1))
    tell(benchmark_models(omics, group, "pca", test = 1))
    tell(benchmark_models(omics, group, "pca", test = 0.9))
    tell(benchmark_models(omics, group, "pca", test = 0.01))
    tell(benchmark_models(omics, group, "pca", score_seeds = "a"))
    tell(benchmark_models(omics, group, "pca", cache = 1))
    tell(benchmark_models(omics, group, "pca", progress = NA))
  })
  expect_error(benchmark_models(omics, group, "pca", cache = file), "must be a directory")
})

test_that("BPPARAM must be BiocParallel's", {
  skip_if_not_installed("BiocParallel")
  expect_snapshot(tell(compare("pca", BPPARAM = 2)))
})
