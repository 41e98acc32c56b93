# Correlation of two subtypes' mean profiles, the long way round.
by_hand <- function(values, subtype, a, b) {
  centred <- t(apply(values, 1, \(x) x - mean(x, na.rm = TRUE)))
  mean_of <- \(name) apply(centred[, subtype == name], 1, mean, na.rm = TRUE)
  x <- mean_of(a)
  y <- mean_of(b)
  sum((x - mean(x)) * (y - mean(y))) / sqrt(sum((x - mean(x))^2) * sum((y - mean(y))^2))
}

three_groups <- \() stats::setNames(rep(c("a", "b", "c"), 20), small_fit()$samples)

test_that("profiles are the means of scaled features, and of factors", {
  fit <- small_fit()
  subtype <- three_groups()
  omics <- small_cohort()$omics
  table <- subtype_correlation(fit, subtype, omics)
  expect_named(table, c("space", "subtype", "other", "correlation"))
  expect_identical(levels(table$space), c("rna", "protein", "mirna", "latent"))
  expect_identical(nrow(table), 36L)
  for (omic in names(omics)) {
    scaled <- omics[[omic]] / apply(omics[[omic]], 1, sd, na.rm = TRUE)
    found <- table[table$space == omic & table$subtype == "a" & table$other == "c", ]
    expect_equal(found$correlation, by_hand(scaled, subtype[colnames(scaled)], "a", "c"))
  }
  found <- table[table$space == "latent" & table$subtype == "b" & table$other == "c", ]
  expect_equal(found$correlation, by_hand(t(latent(fit, scaled = TRUE)), subtype, "b", "c"))
  expect_equal(table$correlation[table$subtype == table$other], rep(1, 12))
})

test_that("maps are symmetric, and the latent space needs no data", {
  fit <- small_fit()
  table <- subtype_correlation(fit, three_groups())
  expect_identical(unique(as.character(table$space)), "latent")
  map <- matrix(table$correlation, 3)
  expect_equal(map, t(map))
})

test_that("two subtypes of the same size are opposite", {
  subtype <- rep(c("a", "b"), each = 30)
  table <- subtype_correlation(small_fit(), subtype)
  expect_equal(table$correlation, c(1, -1, -1, 1))
})

test_that("samples of unknown subtype, and of another cohort, are left out", {
  fit <- small_fit()
  subtype <- three_groups()
  subtype[c("s01", "s09")] <- NA
  omics <- small_cohort()$omics
  expected <- subtype_correlation(fit, subtype, omics)
  known <- !is.na(subtype)
  found <- expected[expected$space == "latent" & expected$subtype == "a" & expected$other == "b", ]
  expect_equal(found$correlation,
               by_hand(t(latent(fit, scaled = TRUE)[known, ]), subtype[known], "a", "b"))
  extended <- lapply(omics, \(x) cbind(x, other = x[, 1] + 10))
  expect_message(again <- subtype_correlation(fit, subtype, extended), "Ignored 1 sample")
  expect_equal(again, expected)
  rows <- subtype_correlation(fit, subtype, lapply(omics, t), samples = "rows")
  expect_identical(rows, expected)
})

test_that("a subtype without any sample of an omic has no correlation there", {
  fit <- small_fit()
  subtype <- ifelse(seq_len(60) > 45, "late", three_groups())
  table <- subtype_correlation(fit, subtype, small_cohort()$omics)
  late <- table$subtype == "late" | table$other == "late"
  expect_identical(is.na(table$correlation), late & table$space == "mirna")
})

test_that("subtype_correlation() says what it cannot use", {
  fit <- small_fit()
  omics <- small_cohort()$omics
  other <- lapply(omics, \(x) {
    colnames(x) <- paste0("t", colnames(x))
    x
  })
  expect_snapshot({
    tell(subtype_correlation(fit, rep("a", 60)))
    tell(subtype_correlation(fit, 1:3))
    tell(subtype_correlation(fit, three_groups(), other))
  })
})
