skip_if_not_installed("ggplot2")
skip_if_not_installed("knitr")
skip_if_not_installed("rmarkdown")

# A fit and clinical data whose names are code in HTML, markdown or YAML.
hostile <- c("<script>alert(1)</script>", "a & b | *x*", "`r stop()` ```", "\"quoted\": 'text' \\",
             "${x} {{y}} <!-- z", "</script><b>bold</b>")

hostile_fit <- function() {
  omics <- small_cohort()$omics[c("rna", "mirna")]
  for (i in 1:2) rownames(omics[[i]])[seq_along(hostile)] <- paste(hostile, i)
  samples <- c(paste("sample", hostile), colnames(omics$rna)[-seq_along(hostile)])
  omics <- lapply(omics, \(x) {
    colnames(x) <- samples[seq_len(ncol(x))]
    x
  })
  names(omics) <- hostile[c(2, 1)]
  poems(omics, factors = 3, seed = 1, control = quick_control(learning_rate = 5e-3))
}

read_page <- \(file) paste(readLines(file, warn = FALSE, encoding = "UTF-8"), collapse = "\n")

test_that("text shows as it is, in HTML and in markdown", {
  expect_identical(literal("a_b*<c>"), "a&#95;b&#42;&#60;c&#62;")
  # waldo 0.4 takes NA and "NA" for the same.
  expect_true(identical(literal(c("ab 1", NA, "\u00e9\n*")), c("ab 1", NA, "\u00e9 &#42;")))
  expect_identical(is.na(literal(c(NA, "*"))), c(TRUE, FALSE))
  decode <- \(text) {
    codes <- gregexpr("&#[0-9]+;", text)
    regmatches(text, codes) <- lapply(regmatches(text, codes), \(code) {
      vapply(code, \(one) intToUtf8(as.integer(gsub("[^0-9]", "", one))), "")
    })
    text
  }
  expect_identical(decode(literal(hostile)), hostile)
  expect_false(any(grepl("[<>`*|\"'\\\\]", literal(hostile))))
})

test_that("tables have every cell, numbers to the right, and bars of the right length", {
  table <- data.frame(name = c("a", "<b>"), effect = c(0.5, -0.25), share = c("10%", "-"),
                      n = c(3L, NA))
  html <- as.character(html_table(table, "effect"))
  expect_match(html, "&#60;b&#62;", fixed = TRUE)
  expect_match(html, "class=\"up\" style=\"width:50.0%\"", fixed = TRUE)
  expect_match(html, "class=\"down\" style=\"width:25.0%\"", fixed = TRUE)
  expect_match(html, "0&#46;500", fixed = TRUE)
  expect_match(html, "<td class=\"number\">10&#37;</td><td class=\"number\">3</td>", fixed = TRUE)
  expect_match(html, "<td class=\"number\"></td>", fixed = TRUE)
  expect_match(html, "<div class=\"scroll\"><table", fixed = TRUE)
})

test_that("factors are told by what the fit says of them", {
  fit <- small_fit()
  report <- list(fit = fit, features = features_table(fit))
  features <- factor_features(report, "Factor2", n = 5)
  expected <- top_features(fit, 2, n = 5, by = "effect")
  expect_equal(features, expected[names(features)], ignore_attr = "row.names")
  r2 <- variance_explained(fit)
  share <- percent(r2$r2[r2$omic == "protein" & r2$factor == "Factor2"], digits = 1)
  expect_match(describe_factor(report, "Factor2"), paste(share, "of protein"), fixed = TRUE)
  gates <- fit$gates
  means <- mean_gates(report)
  expect_equal(means$mirna, mean(gates[gates[, "mirna"] > 0, "mirna"]))
  expect_identical(means$samples, 60L)
})

test_that("the page is one file that shows names as they are and runs nothing of them", {
  skip_if_not(rmarkdown::pandoc_available("2.0"), "pandoc is not installed")
  skip_if_not_installed("limma")
  skip_if_not_installed("cluster")
  fit <- hostile_fit()
  samples <- length(fit$samples)
  data <- data.frame(
    fit$latent[, 1], rep(hostile[1:2], length.out = samples), row.names = fit$samples
  )
  names(data) <- hostile[c(1, 3)]
  sets <- stats::setNames(list(rownames(fit$loadings[[1]])[1:8], rownames(fit$loadings[[2]])[1:9]),
                          hostile[c(1, 2)])
  folder <- withr::local_tempdir()
  file <- file.path(folder, "page of a fit.html")
  before <- list.files(tempdir(), all.files = TRUE)
  set.seed(1)
  made <- poems_report(fit, data, file, group = rep(hostile[5:6], length.out = samples),
                       sets = sets, title = hostile[1]) |>
    suppressMessages()
  after <- stats::runif(1)
  set.seed(1)
  expect_identical(stats::runif(1), after)
  expect_identical(made, normalizePath(file))
  expect_identical(list.files(folder), basename(file))
  expect_identical(setdiff(list.files(tempdir(), all.files = TRUE), before), character())

  page <- read_page(file)
  for (raw in c("<script>alert", "<b>bold", "<!-- z", "<em>x</em>")) {
    expect_false(grepl(raw, page, fixed = TRUE), label = raw)
  }
  expect_match(page, "&lt;script&gt;alert\\(1\\)&lt;/script&gt;")
  expect_match(page, "<title>&lt;script&gt;", fixed = TRUE)
  expect_match(page, "a &amp; b | *x*", fixed = TRUE)
  # Nothing is loaded from elsewhere.
  expect_false(grepl("(src|href)=\"(https?:)?//", page))
  expect_false(grepl("url\\((\"|')?https?:", page))
})

test_that("a factor's section has technical variables apart from clinical data", {
  fit <- small_fit()
  rows <- data.frame(factor = "Factor1", column = c("age", "lacks mirna"), measure = "r",
                     effect = 0.5, higher = NA, n = 60L, fdr = 0.01, technical = c(FALSE, TRUE),
                     also = c("lacks mirna", NA))
  section <- \(rows) factor_section(list(fit = fit, features = features_table(fit),
                                         associations = rows), "Factor1")
  both <- section(rows)
  expect_match(both, "Clinical data</h3>.*age.*Technical variables</h3>.*lacks mirna")
  expect_match(both, "<th>also</th>", fixed = TRUE)
  expect_no_match(both, "<th>higher", fixed = TRUE)
  rows$higher <- c("male", NA)
  expect_match(section(rows[1, ]), "<th>higher in</th>.*<td>male</td>")
  expect_no_match(section(rows[1, ]), "Technical variables</h3>")
  expect_no_match(section(rows[2, ]), "Clinical data</h3>")
  expect_error(poems_report(fit, technical = "plate"), "missing")
})

test_that("the page goes without clinical data, sets, groups and clusters", {
  skip_if_not(rmarkdown::pandoc_available("2.0"), "pandoc is not installed")
  fit <- small_fit()
  file <- withr::local_tempfile(fileext = ".html")
  render_report(list(fit = fit, title = "Bare", features = features_table(fit)), file)
  page <- read_page(file)
  expect_false(grepl("(Clinical data|Gene sets)</h", page))
  expect_match(page, "Factor1</h2>", fixed = TRUE)
  expect_match(page, R.version.string, fixed = TRUE)
})

test_that("tables are plain without DT", {
  table <- data.frame(feature = hostile, effect = pi)
  plain <- search_table(table, searchable = FALSE)
  expect_match(as.character(plain), "<td class=\"number\">3&#46;14</td>", fixed = TRUE)
  expect_false(grepl("<script", plain, fixed = TRUE))
  skip_if_not_installed("DT")
  expect_s3_class(search_table(table), "datatables")
})

test_that("wrong arguments are errors", {
  fit <- small_fit()
  none <- with_factors(fit, 0)
  withr::local_dir(withr::local_tempdir())
  expect_snapshot({
    tell(poems_report(1))
    tell(poems_report(none))
    tell(poems_report(fit, file = "report.pdf"))
    tell(poems_report(fit, file = "nowhere/report.html"))
    tell(poems_report(fit, title = NA))
    tell(poems_report(fit, progress = "yes"))
  })
  expect_error(poems_report(fit, data = 1), "data")
  expect_error(poems_report(fit, group = 1:3), "group")
  expect_error(poems_report(fit, sets = 1), "sets")
  expect_identical(list.files(), character())
})
