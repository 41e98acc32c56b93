test_that("factors are those of the sets that the data hold, and sets are mended", {
  made <- planted_programs()
  fit <- set_fit()
  table <- tidy(fit, "sets")
  expect_setequal(table$set[table$verdict == "kept"], c("A", "B", "C"))
  expect_identical(as.character(table$verdict[4:5]), c("rejected", "rejected"))
  expect_identical(as.character(table$factor[1:3]), table$set[1:3])
  expect_identical(setdiff(names_of_factors(fit), c("Factor1", "Factor2")), table$set[1:3])
  for (k in 1:3) {
    set <- c("A", "B", "C")[k]
    expect_gt(abs(cor(latent(fit)[, set], made$z[, k])), 0.93)
    w <- loadings(fit)$rna[, set]
    found <- names(w)[w != 0]
    true <- made$truth[[set]]
    expect_gt(2 * length(intersect(found, true)) / (length(found) + length(true)), 0.9)  # of 0.8
    row <- table[table$set == set, ]
    expect_identical(row$kept, sum(found %in% made$sets[[set]]))
    expect_identical(row$added, sum(!found %in% made$sets[[set]]))
    # In an omic without members, the factor is as free as any.
    m <- loadings(fit)$mir[, set]
    expect_gte(sum(m[6 * (k - 1) + 1:6] != 0), 4)
  }
})

test_that("members are told one by one", {
  fit <- set_fit()
  rows <- tidy(fit, "members")
  table <- tidy(fit, "sets")
  counts <- table(as.character(rows$factor), rows$status)[table$set[1:3], ]
  expect_identical(unname(counts[, "kept"]), table$kept[1:3])
  expect_identical(unname(counts[, "added"]), table$added[1:3])
  expect_identical(unname(counts[, "kept"] + counts[, "dropped"]), table$found[1:3])
  expect_identical(as.character(unique(rows$omic)), "rna")
  expect_true(all((rows$loading == 0) == (rows$status == "dropped")))
  first <- rows[1, ]
  expect_identical(first$loading, loadings(fit)$rna[first$feature, as.character(first$factor)])
})

test_that("at most one random set in twenty is held", {
  made <- planted_programs()
  x <- standardise_rows(bounded(standardise_rows(made$omics$rna)$x))$x
  random <- withr::with_seed(4, lapply(1:100, \(i) sample(nrow(x), sample(8:40, 1))))
  tests <- starting_programs(x, rep(1L, nrow(x)), random, 10)$tests
  expect_lte(mean(tests$p <= largest_set_p), 0.05)
  expect_lte(abs(mean(tests$p <= 0.5) - 0.5), 0.15)  # p-values are what they claim to be
})

test_that("statistics are the largest generalised eigenvalues", {
  made <- planted_programs()
  x <- standardise_rows(made$omics$mir)$x
  members <- 1:6
  c_all <- crossprod(x) / nrow(x)
  basis <- eigen(c_all, symmetric = TRUE)
  of <- withr::with_seed(1, set_directions(crossprod(basis$vectors, t(x))[, members], basis$values))
  direct <- vapply(direction_floors, \(c) {
    max(Re(eigen(solve(c_all + c * diag(ncol(x)), crossprod(x[members, ])))$values)) / 6
  }, 0)
  expect_equal(of$value, direct, tolerance = 1e-3)
  score <- drop(basis$vectors %*% of$score[, 1])
  ratio <- sum((x[members, ] %*% score)^2) / 6 /
    drop(score %*% (c_all + direction_floors[1] * diag(ncol(x))) %*% score)
  expect_equal(ratio, of$value[1], tolerance = 1e-3)
})

test_that("a set's p-value is its rank among random sets", {
  random <- cbind(c(1, 2, 3, 4), c(1, 2, 3, 4))
  expect_identical(set_p(c(10, 10), random), 1 / 5)
  expect_identical(set_p(c(0, 0), random), 1)
  expect_identical(set_p(c(2.5, 2.5), random), 3 / 5)
})

test_that("what a set says that another has said is covered; factors may be too few", {
  made <- planted_programs()
  sets <- made$sets[1:2]
  sets$again <- c(made$truth$A[2:15], "g140")
  fit <- suppressMessages(poems(made$omics, factors = 8, seed = 1, sets = sets,
                                control = set_control))
  verdict <- with(tidy(fit, "sets"), stats::setNames(as.character(verdict), set))
  expect_identical(verdict[["B"]], "kept")
  expect_setequal(verdict[c("A", "again")], c("kept", "covered"))

  one <- suppressMessages(poems(made$omics, factors = 1, seed = 1, sets = made$sets[1:2],
                                control = set_control))
  expect_setequal(as.character(tidy(one, "sets")$verdict), c("kept", "no room"))
})

test_that("sets without enough members have no factor, and say so", {
  made <- planted_programs()
  sets <- c(made$sets[1], list(few = c("g001", "g002", "g003", "m01", "m02"), none = "TP53"))
  omics <- learn_scaling(made$omics, "standardise", c(rna = "gaussian", mir = "gaussian"), NULL,
                         list())
  expect_message(of <- read_programs(sets, omics, poems_control()), "few.*none|2 sets")
  expect_identical(unname(lengths(of$members)), c(15L, 0L, 0L))
  expect_identical(unname(of$given), c(15L, 5L, 1L))
  # Five members in all, but only three of an omic that counts.
  sets$few <- c("g001", "g002", "g003", "m01", "m02", "m03")
  of <- suppressMessages(read_programs(sets, omics, poems_control()))
  expect_identical(lengths(of$members)[["few"]], 6L)
})

test_that("sets come in all forms", {
  made <- planted_programs()
  omics <- learn_scaling(made$omics, "standardise", c(rna = "gaussian", mir = "gaussian"), NULL,
                         list())
  read <- \(sets) suppressMessages(read_programs(sets, omics, poems_control()))
  expected <- read(made$sets)
  table <- data.frame(set = rep(names(made$sets), lengths(made$sets)),
                      gene = unlist(made$sets, use.names = FALSE))
  expect_identical(read(table), expected)
  file <- withr::local_tempfile(fileext = ".gmt")
  writeLines(vapply(names(made$sets), \(s) paste(c(s, "", made$sets[[s]]), collapse = "\t"), ""),
             file)
  expect_identical(read(file), expected)
})

test_that("readers have the names of sets", {
  fit <- set_fit()
  names <- names_of_factors(fit)
  expect_identical(levels(tidy(fit, "factors")$factor), names)
  expect_identical(levels(tidy(fit, "loadings")$factor), names)
  expect_identical(unique(variance_explained(fit)$factor), names)
  expect_identical(unique(top_features(fit, "A", n = 2)$factor), "A")
  expect_identical(colnames(predict(fit, planted_programs()$omics)), names)
  expect_output(print(fit), "Sets: 3 of 5 kept, 2 rejected")
  expect_identical(nrow(summary(fit)$sets), 5L)
  skip_if_not_installed("limma")
  of <- enrich_factors(fit, planted_programs()$sets[1:3])
  best <- of[!duplicated(of$factor) & of$factor %in% c("A", "B", "C"), ]
  expect_identical(best$factor, best$set)
})

test_that("a fit with sets is kept by saveRDS(), renamed and taken apart", {
  fit <- set_fit()
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(fit, file)
  expect_identical(tidy(readRDS(file), "sets"), tidy(fit, "sets"))
  fit$sets$table$kept[1] <- 99L
  expect_error(tidy(fit, "sets"), "`sets` is not what it was")

  fit <- set_fit()
  factor_names(fit) <- c(A = "Cycle")
  expect_identical(as.character(with(tidy(fit, "sets"), factor[set == "A"])), "Cycle")
  expect_identical(sum(tidy(fit, "members")$factor == "Cycle"),
                   sum(tidy(set_fit(), "members")$factor == "A"))

  part <- subset_fit(set_fit(), factors = c("Factor1", "B"))
  expect_identical(as.character(unique(tidy(part, "members")$factor)), "B")
  expect_identical(nrow(tidy(part, "sets")), 5L)
  expect_output(print(part), "B")
  expect_identical(nrow(tidy(subset_fit(set_fit(), omics = "mir"), "members")), 0L)
})

test_that("stability() says how often sets are kept", {
  made <- planted_programs()
  again <- suppressMessages(stability(made$omics, factors = 6, runs = 2, subsample = 0.9, seed = 1,
                                      sets = made$sets, control = set_control))
  expect_setequal(again$sets$set, names(made$sets))
  expect_setequal(again$sets$set[again$sets$kept == 1], c("A", "B", "C"))
  expect_true(all(c("A", "B", "C") %in% again$factors$factor))
  expect_true(all(subset(again$similarity, factor == "A")$matched == "A"))
  expect_output(print(again), "Of 5 sets, 3 are kept in some run and 3 in all")
  alike <- compare_fits(one = set_fit(), two = again$fit)
  expect_identical(dimnames(alike$correlations[[1]]),
                   list(factor_names(set_fit()), factor_names(again$fit)))
})

test_that("the fit does not depend on the number of threads", {
  made <- planted_programs()
  two <- suppressMessages(poems(made$omics, factors = 8, seed = 1, sets = made$sets,
                                control = utils::modifyList(set_control, list(threads = 2))))
  expect_identical(without_timing(two), without_timing(set_fit()))
})

test_that("errors say what to do", {
  made <- planted_programs()
  fit <- \(...) poems(made$omics, factors = 4, seed = 1, ...)
  expect_error(fit(sets = made$sets, control = list(objective = "published")), "needs")
  expect_error(fit(sets = made$sets, control = list(start = "random")), "needs")
  expect_error(fit(sets = list(Factor2 = made$sets[[1]])), "called")
  expect_error(fit(sets = list(a = c("TP53", "MYC"))), "No set has")
  expect_error(fit(sets = list(c("g001", "g002"))), "name")
  expect_error(fit(sets = 3), "must be a named list")
  expect_error(tidy(small_fit(), "sets"), "no sets")
  expect_error(tidy(small_fit(), "members"), "no sets")
})
