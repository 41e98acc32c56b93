# Warnings of poems() about names, without a fit.
warned <- function(sets) {
  said <- character()
  withCallingHandlers(warn_names_in_part(sets, "x", NULL), warning = \(w) {
    said <<- conditionMessage(w)
    invokeRestart("muffleWarning")
  })
  cli::ansi_strip(gsub("\\s+", " ", said))
}

patients <- sprintf("TCGA-A%d-%s", rep(1:6, each = 10), c(outer(LETTERS[1:6], 10:19, paste0)))

test_that("names that match in part are told, with how many match and by which rule", {
  some <- 11:60
  changed <- function(change) replace(patients, some, change(patients[some]))
  rules <- list(
    "by the first 3 parts alone" = \(x) paste0(x, "-01A"),
    "by the first 3 parts alone" = \(x) paste0(x, rep(c("-01A-11R", "-01B-21R"), 25)),
    "by the last 3 parts alone" = \(x) paste0("rna_", x),
    "in one case" = tolower,
    "with the same separators" = \(x) gsub("-", ".", x),
    "without spaces around them" = \(x) paste0(x, " ")
  )
  for (i in seq_along(rules)) {
    said <- warned(list(rna = patients, protein = changed(rules[[i]])))
    expect_match(said, "10 samples are in every omic", fixed = TRUE)
    expect_match(said, paste("50 more would be one sample if names were compared", names(rules)[i]),
                 fixed = TRUE)
  }
  numbers <- as.character(1:60)
  expect_match(warned(list(numbers, replace(numbers, some, paste0("X", some)))),
               "50 more .* without the X")
  expect_match(warned(list(paste0("s", 1:60), sprintf("s%03d", 1:60))), "60 more .* without zeros")
  # Three omics, one of them named otherwise.
  expect_match(warned(list(patients, patients, changed(\(x) paste0(x, "-01A")))), "50 more")
})

test_that("samples that lack an omic, or are several of a patient, are not taken for misspelt", {
  expect_identical(warned(list(patients, patients[1:30])), character())
  expect_identical(warned(list(patients[1:40], patients[21:60])), character())
  expect_identical(warned(list(paste0("s", 1:60), paste0("s", 31:90))), character())
  normal <- paste0(patients[1:20], "-11")
  tumour <- paste0(patients, "-01")
  expect_identical(warned(list(c(tumour, normal), tumour)), character())
  expect_identical(warned(list(paste0("patient-", 1:60), paste0("patient-", 31:90))), character())
})

test_that("fits of every kind, new samples and tables of samples tell names that match in part", {
  omics <- small_cohort()$omics[c("rna", "protein")]
  turned <- omics
  colnames(turned$protein)[11:60] <- paste0(colnames(turned$protein)[11:60], "-01A")
  quiet <- list(threads = 1, progress = FALSE, epochs = 2)
  expect_warning(poems(turned, 2, seed = 1, control = quiet), "match in part")
  expect_warning(poems_split(turned, shared = 1, private = 1, seed = 1, control = quiet),
                 "match in part")
  expect_warning(quick_baseline(turned, epochs = 1), "match in part")
  fit <- complete_fit()
  expect_warning(predict(fit, turned), "match in part")
  expect_warning(read_omics(small_long(turned)), "match in part")
  age <- data.frame(age = 1:60, row.names = colnames(turned$protein))
  expect_message(associate_factors(fit, age), "50 more would match .* first part")
  expect_message(augment(fit, age), "50 more would match")
  expect_error(poems(omics, 2, covariates = age), "50 more would match")
  expect_error(check_group(stats::setNames(age$age, rownames(age)), fit$samples),
               "50 more would match")
  colnames(turned$protein) <- paste0(colnames(omics$protein), "-01A")
  expect_error(read_omics(turned), "60 would match")
})
