test_that("the site's index has every export and no other", {
  index <- test_path("..", "..", "_pkgdown.yml")
  skip_if_not(file.exists(index), "the package's sources are not there")
  lines <- readLines(index)
  listed <- sub("^  - ", "", grep("^  - [a-z]", lines, value = TRUE))
  topics <- grep("(", listed, value = TRUE, fixed = TRUE, invert = TRUE)
  exported <- getNamespaceExports("omicpoems")
  figures <- grep("^plot_", exported, value = TRUE)
  expect_true("starts_with(\"plot_\")" %in% listed)
  methods <- grep("\\.poems(_|$)", topics, value = TRUE)
  # Replacements are on the page of what they replace, glance() on that of tidy(), gates(),
  # shared() and others on those of latent(), independence() on that of compare_factors().
  documented <- c(topics, sub("\\.poems.*", "", methods), figures, "glance", "gates", "shared",
                  "salient", "salient_in", "independence", "factor_names<-")
  expect_identical(setdiff(exported, documented), character())
  others <- c(methods, "gates", "tcga_breast")
  articles <- c("get-started", "reading-a-fit", "the-model", "tcga-missing", "shared-and-private",
                "comparing-groups", "coming-from", "on-a-cluster")
  expect_identical(setdiff(topics, c(exported, others, articles)), character())
  expect_setequal(articles, sub("\\.Rmd$", "", list.files(test_path("..", "..", "vignettes"),
                                                          pattern = "\\.Rmd$")))
})
