# Errors name the function that the user called: here a stand-in for predict().
project <- function(newdata, samples = c("columns", "rows")) {
  align_newdata(learn_scaling(small_omics()), newdata, samples)
}

test_that("data like the fit's pass unchanged", {
  x <- small_omics()
  expect_equal(project(x), read_omics(x))
  expect_equal(project(lapply(x, t), "rows"), read_omics(x))
})

test_that("omics and features are brought into the fit's order, extra features ignored", {
  x <- small_omics()
  shuffled <- list(protein = x$protein[3:1, ], mrna = rbind(x$mrna[c(2, 5, 1, 4, 3), ], other = 0))
  expect_silent(data <- project(shuffled))
  expect_equal(data, read_omics(x))
})

test_that("one sample with one omic is enough", {
  data <- project(list(protein = small_omics()$protein[, 4, drop = FALSE]))
  expect_equal(data$samples, "s4")
  expect_named(data$data, "protein")
})

test_that("samples need not be shared between omics", {
  x <- small_omics()
  data <- project(list(mrna = x$mrna[, 1:2], protein = x$protein[, 3:4]))
  expect_equal(data$samples, paste0("s", 1:4))
})

test_that("omics that the fit does not have are ignored with a message, whatever they hold", {
  x <- c(small_omics(), list(clinical = data.frame(stage = "II")))
  expect_snapshot(tell(data <- project(x)))
  expect_equal(data, read_omics(small_omics()))
})

test_that("missing features become missing values, with one warning", {
  x <- small_omics()
  fewer <- list(mrna = x$mrna[4:3, ], protein = x$protein[-2, ])
  expect_snapshot(tell(data <- project(fewer)))
  expect_equal(rownames(data$data$mrna), paste0("g", 1:5))
  expect_true(all(is.na(data$data$mrna[c("g1", "g2", "g5"), ])))
  expect_equal(data$data$mrna[3:4, ], x$mrna[3:4, ])

  many <- learn_scaling(list(`{m}` = matrix(sin(1:120), 10, 12, dimnames = list(
    paste0("{", 1:10, "}"), 1:12
  ))))
  one <- list(`{m}` = matrix(1, 1, 1, dimnames = list("{3}", "a")))
  expect_snapshot(tell(data <- align_newdata(many, one)))
})

test_that("a sample without any of the fit's features is dropped", {
  x <- small_omics()["mrna"]
  x$mrna <- rbind(x$mrna, other = 1)
  x$mrna[1:5, 2] <- NA
  expect_snapshot(tell(data <- project(x)))
  expect_equal(data$samples, paste0("s", c(1, 3:12)))
  x$mrna[1:5, ] <- NA
  expect_snapshot(tell(project(x)))
})

test_that("an omic of which no sample has values is as if not there", {
  x <- small_omics()
  x$mrna[] <- NA
  expect_message(data <- project(x), "mrna \\(12\\)")
  expect_named(data$data, "protein")
})

test_that("newdata must have an omic of the fit, and features of it", {
  x <- small_omics()
  renamed <- list(mrna = `rownames<-`(x$mrna, paste0("ENSG", 1:5)))
  expect_snapshot({
    tell(project(stats::setNames(x, c("rna", "rppa"))))
    tell(project(renamed))
    tell(project(lapply(x, t)))
    tell(project(x, samples = "rows"))
  })
})

test_that("newdata is checked as x is", {
  x <- small_omics()
  expect_snapshot({
    tell(project(x$mrna))
    tell(project("mrna.csv"))
    tell(project(unname(x)))
    tell(project(list(mrna = unname(x$mrna))))
    tell(project(list(mrna = x$mrna[, c(1, 1)])))
    tell(project(list(mrna = data.frame(x$mrna, symbol = "A"))))
    tell(project(list(mrna = replace(x$mrna, 3, Inf))))
  })
})

test_that("samples of new data are on the fit's own side where it fits only that way", {
  omics <- small_cohort()$omics
  rows <- lapply(omics, t)
  fit <- poems(rows, 3, samples = "rows", seed = 3, control = quick_control(epochs = 3))
  expect_identical(predict(fit, rows), predict(fit, omics))
  expect_identical(predict(fit, rows), predict(fit, rows, samples = "rows"))
  expect_identical(predict(fit, lapply(rows, as.data.frame)), predict(fit, omics))
  expect_identical(impute(fit, rows), lapply(impute(fit, omics), t))
  expect_identical(variance_explained(fit, rows), variance_explained(fit, omics))
  quiet <- list(threads = 1, epochs = 2, progress = FALSE)
  split <- poems_split(rows[1:2], shared = 1, private = 1, samples = "rows", seed = 1,
                       control = quiet)
  expect_identical(predict(split, rows[1:2]), predict(split, omics[1:2]))
  baseline <- quick_baseline(rows[1:2], samples = "rows", epochs = 2)
  expect_identical(predict(baseline, rows[1:2]), predict(baseline, omics[1:2]))
  # Fits with samples in columns ask to be told.
  columns <- poems(omics, 3, seed = 3, control = quick_control(epochs = 3))
  expect_error(predict(columns, rows), "samples = \"rows\"", fixed = TRUE)
})
