# Errors name the function that the user called: here a stand-in for poems() without the fit.
door <- function(x, samples = c("columns", "rows")) read_omics(x, samples)

test_that("a list of matrices passes unchanged", {
  x <- small_omics()
  omics <- read_omics(x)
  expect_equal(omics$data, x)
  expect_equal(omics$samples, paste0("s", 1:12))
  expect_null(attributes(omics$data$mrna)$class)
})

test_that("samples in rows give the same as samples in columns", {
  x <- small_omics()
  expect_equal(read_omics(lapply(x, t), "rows"), read_omics(x))
})

test_that("data frames give the same as matrices", {
  x <- small_omics()
  expect_equal(read_omics(lapply(x, as.data.frame)), read_omics(x))
  expect_equal(read_omics(lapply(x, \(m) as.data.frame(t(m))), "rows"), read_omics(x))
})

test_that("whole numbers become doubles", {
  x <- lapply(small_omics(), \(m) round(10 * m))
  whole <- lapply(x, \(m) {
    storage.mode(m) <- "integer"
    m
  })
  expect_equal(read_omics(whole), read_omics(x))
  expect_type(read_omics(whole)$data$mrna, "double")
})

test_that("one omic alone is enough", {
  expect_named(read_omics(small_omics()["mrna"])$data, "mrna")
})

test_that("samples are the union in order of first appearance, and may lack omics", {
  x <- small_omics()
  x$mrna <- x$mrna[, 12:3]
  x$protein <- x$protein[, 1:8]
  omics <- read_omics(x)
  expect_equal(omics$samples, paste0("s", c(12:3, 1:2)))
  expect_equal(colnames(omics$data$protein), paste0("s", 1:8))
})

test_that("missing values stay missing, NaN among them", {
  m <- small_omics()$mrna
  omics <- read_omics(list(mrna = replace(m, c(1, 8), c(NA, NaN))))
  expect_equal(which(is.na(omics$data$mrna)), c(1, 8))
})

test_that("a data frame's column without any value is no text", {
  x <- lapply(small_omics(), as.data.frame)
  x$mrna$s3 <- NA
  expect_message(omics <- read_omics(x), "mrna")
  expect_equal(omics$samples, paste0("s", c(1:2, 4:12, 3)))
})

test_that("a matrix that needs no conversion is not copied", {
  skip_if_not(capabilities("profmem"))
  x <- list(mrna = matrix(sin(1:1e6), 1e3, 1e3, dimnames = list(1:1e3, 1:1e3)))
  log <- tempfile()
  on.exit(unlink(log))
  utils::Rprofmem(log, threshold = 4e6)
  omics <- read_omics(x)
  utils::Rprofmem(NULL)
  large <- grep("^[0-9]+ :", readLines(log), value = TRUE)  # other lines tell of small objects
  expect_length(large, 0)
})

test_that("a sample without any value in an omic lacks this omic", {
  x <- small_omics()
  x$mrna[, 2:3] <- NA
  expect_snapshot(tell(omics <- door(x)))
  expect_equal(colnames(omics$data$mrna), paste0("s", c(1, 4:12)))
  expect_setequal(omics$samples, paste0("s", 1:12))
})

test_that("a sample without any value in any omic is dropped", {
  x <- lapply(small_omics(), \(m) replace(m, col(m) == 7, NA))
  expect_snapshot(tell(omics <- door(x)))
  expect_equal(omics$samples, paste0("s", (1:12)[-7]))
})

test_that("x must be a named list", {
  x <- small_omics()
  expect_snapshot({
    tell(door(x$mrna))
    tell(door(as.data.frame(x$mrna)))
    tell(door("mrna.csv"))
    tell(door(NULL))
    tell(door(list()))
    tell(door(factor("a")))
  })
})

test_that("every omic must have a name of its own", {
  x <- small_omics()
  expect_snapshot({
    tell(door(unname(x)))
    tell(door(list(mrna = x$mrna, x$protein)))
    tell(door(list(mrna = x$mrna, mrna = x$protein)))
  })
})

test_that("every omic must be a matrix or data frame that is not empty", {
  m <- small_omics()$mrna
  expect_snapshot({
    tell(door(list(mrna = m[1, ])))
    tell(door(list(mrna = list(m))))
    tell(door(list(mrna = array(0, c(2, 2, 2)))))
    tell(door(list(mrna = m[0, ])))
  })
})

test_that("every feature and sample must have a name of its own", {
  m <- small_omics()$mrna
  expect_snapshot({
    tell(door(list(mrna = unname(m))))
    tell(door(list(mrna = `colnames<-`(m, NULL))))
    tell(door(list(mrna = `rownames<-`(m, c("g1", "", NA, "g4", "g5")))))
    tell(door(list(mrna = m[c(1, 1, 2, 2, 3), ])))
    tell(door(list(mrna = m[, c(1:12, 1:7)])))
    tell(door(list(mrna = data.frame(m, row.names = NULL))))
    tell(door(list(mrna = t(unname(m))), samples = "rows"))
  })
})

test_that("every omic must be numeric", {
  m <- small_omics()$mrna
  expect_snapshot({
    tell(door(list(mrna = data.frame(gene = rownames(m), m))))
    tell(door(list(mrna = data.frame(t(m), stage = factor("II"), seen = Sys.Date())), "rows"))
    tell(door(list(mrna = rbind(m, stage = "II"))))
    tell(door(list(mrna = cbind(m, type = "gene"))))
    tell(door(list(mrna = replace(m, TRUE, "high"))))
    tell(door(list(mrna = replace(m, TRUE, format(m)))))
    tell(door(list(mrna = m + 1i)))
  })
})

test_that("values must be finite", {
  m <- small_omics()$mrna
  expect_snapshot({
    tell(door(list(mrna = replace(m, 7, -Inf))))
    tell(door(list(mrna = replace(m, 5 * (1:7), Inf))))
  })
})

test_that("every omic must have values", {
  m <- small_omics()$mrna
  expect_snapshot(tell(door(list(mrna = replace(m, TRUE, NA)))))
})

test_that("omics must share samples", {
  x <- small_omics()
  rows <- lapply(x, t)
  dots <- small_omics()
  colnames(dots$mrna) <- paste0("S.", 1:12)
  expect_snapshot({
    tell(door(rows))
    tell(door(x, samples = "rows"))
    tell(door(dots))
  })
})

test_that("samples must be in columns or rows", {
  expect_snapshot(tell(door(small_omics(), samples = "cols")))
})

test_that("fewer than 10 samples are too few", {
  expect_equal(length(read_omics(small_omics(10))$samples), 10)
  expect_snapshot({
    tell(door(small_omics(9)))
    tell(door(lapply(small_omics(3)["mrna"], t), samples = "rows"))
  })
})

test_that("braces in names are not read as code", {
  x <- stats::setNames(small_omics(), c("{mrna}", "{stop('read')}"))
  colnames(x[[1]]) <- paste0("{", 1:12, "}")
  twice <- infinite <- x
  rownames(twice[[1]]) <- rep("{x}", 5)
  infinite[[1]][1:20] <- Inf
  expect_snapshot({
    tell(door(x))
    tell(door(twice))
    tell(door(infinite))
  })
})

test_that("whole numbers of 64 bits are refused by their name", {
  skip_if(.Machine$double.xmin * 2^-52 == 0)
  counts <- withr::with_seed(1, matrix(rpois(600, 100), 30))
  dimnames(counts) <- list(paste0("g", 1:30), paste0("s", 1:20))
  bits <- counts * 2^-1074  # what as.matrix() makes of them
  expect_error(read_omics(list(rna = bits)), "integer64")
  some <- counts + 0
  some[, 3] <- bits[, 3]
  expect_error(read_omics(list(rna = some)), "\"s3\"")
  expect_error(read_omics(list(rna = t(bits)), samples = "rows"), "integer64")
  expect_error(read_omics(list(rna = Matrix::Matrix(bits, sparse = TRUE))), "integer64")
  table <- as.data.frame(counts + 0)
  table$s2 <- structure(bits[, 2], class = "integer64")
  expect_error(read_omics(list(rna = table)), "columns \"s2\" are")
  expect_silent(read_omics(list(rna = counts * 1e-200)))
  long <- small_long()
  long$value <- rep_len(1:50, nrow(long))
  plain <- read_omics(long)
  long$value <- structure(long$value * 2^-1074, class = "integer64")
  expect_identical(read_omics(long), plain)
})
