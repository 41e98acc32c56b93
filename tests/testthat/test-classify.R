# Two clear groups among the samples of small_fit().
labels_of_small <- \() factor(small_group())

by_columns <- \(rows, label) as.matrix(rows[probability_column(levels(label))])

test_that("the nearest samples are those of class::knn()", {
  skip_if_not_installed("class")
  withr::local_seed(1)
  places <- matrix(rnorm(120), 40, dimnames = list(paste0("a", 1:40), NULL))
  new <- matrix(rnorm(30), 10, dimnames = list(paste0("b", 1:10), NULL))
  label <- factor(rep(c("x", "y"), 20))
  told <- nearest_classes(new, places, label, 5)
  theirs <- class::knn(places, new, label, 5, prob = TRUE)
  expect_identical(as.character(told$predicted), as.character(theirs))
  expect_equal(apply(told$probability, 1, max), attr(theirs, "prob"), ignore_attr = TRUE)
  expect_identical(rownames(told$probability), rownames(new))
})

test_that("of labels that are equally frequent among neighbours, the nearest decide", {
  expect_identical(most_frequent(factor(c("b", "a", "a", "b"))), "a")
  expect_identical(most_frequent(factor(c("b", "a"), c("a", "b"))), "b")
  expect_identical(most_frequent(factor(c("c", "a", "a", "b", "b"))), "a")
})

test_that("the elastic net is glmnet's, at the largest penalty within a standard error", {
  skip_if_not_installed("glmnet")
  withr::local_seed(2)
  label <- stats::setNames(factor(rep(c("x", "y", "z"), each = 20)), paste0("s", 1:60))
  places <- matrix(rnorm(180), 60, dimnames = list(names(label), NULL)) + as.integer(label)
  told <- with_seed(3, learn_elastic_net(places, label))(places[1:7, ])
  fold <- with_seed(3, draw_folds(label, 10))
  net <- glmnet::cv.glmnet(places, label, foldid = fold, family = "multinomial", alpha = 0.5)
  at <- which(net$lambda == net$lambda.1se)
  expect_lte(net$cvm[at], min(net$cvm) + net$cvsd[which.min(net$cvm)])
  # Softmax of the coefficients by hand.
  b <- stats::coef(net$glmnet.fit, s = net$lambda[at])
  eta <- vapply(b, \(b) drop(cbind(1, places[1:7, ]) %*% as.matrix(b)), numeric(7))
  expect_equal(told$probability, exp(eta) / rowSums(exp(eta)), ignore_attr = TRUE)
  expect_identical(as.character(told$predicted), levels(label)[apply(eta, 1, which.max)])
})

test_that("folds are alike in labels and in size", {
  label <- stats::setNames(factor(rep(c("x", "y", "z"), c(23, 9, 6))), paste0("s", 1:38))
  fold <- with_seed(1, draw_folds(label, 5))
  expect_identical(names(fold), names(label))
  expect_lte(diff(range(table(fold))), 1)
  expect_true(all(apply(table(fold, label), 2, \(n) diff(range(n))) <= 1))
})

test_that("the area under the curve is a share of pairs", {
  withr::local_seed(4)
  score <- round(rnorm(30), 1)
  positive <- rep(c(TRUE, FALSE, FALSE), 10)
  pairs <- outer(score[positive], score[!positive], \(a, b) (a > b) + (a == b) / 2)
  expect_equal(area_under_curve(score, positive), mean(pairs))
  expect_identical(area_under_curve(score, logical(30)), NaN)
})

test_that("samples are told by what was learnt without their fold", {
  skip_if_not_installed("class")
  fit <- small_fit()
  label <- labels_of_small()
  classes <- classify_samples(fit, label, method = "nearest", k = 3, folds = 4)
  rows <- classes$validated
  expect_identical(rows$sample, fit$samples)
  expect_identical(rows$label, unname(label))
  expect_identical(sort(unique(rows$fold)), 1:4)
  own <- latent(fit, scaled = TRUE)
  for (fold in 1:4) {
    held <- rows$fold == fold
    expect_identical(as.character(rows$predicted[held]),
                     as.character(class::knn(own[!held, ], own[held, ], label[!held], 3)))
  }
  measures <- classes$measures
  wrong <- rows$predicted != rows$label
  expect_identical(measures$accuracy, 1 - mean(wrong))
  expect_equal(measures$balanced_error, (mean(wrong[label == "high"]) +
                                           mean(wrong[label == "low"])) / 2)
  expect_equal(measures$largest, max(table(label)) / 60)
  expect_gt(measures$accuracy, 0.85)
  expect_null(classes$predictions)
})

test_that("with data, the model is fitted again without the samples held out", {
  fit <- small_fit()
  omics <- small_cohort()$omics
  out <- fit$samples[c(1, 20, 59)]
  data <- whole_cohort_of(fit, omics, "columns")
  control <- without_predictions(fit$control)
  places <- places_without(out, fit, data, control)
  again <- poems(lapply(omics, \(x) x[, !colnames(x) %in% out]), factors = 5, seed = 1,
                 control = fit$control)
  expect_identical(places, predict(again, omics, scaled = TRUE))
  # Nothing of the samples held out reaches the others.
  changed <- lapply(data, \(x) {
    x[, colnames(x) %in% out] <- 100
    x
  })
  rest <- setdiff(fit$samples, out)
  expect_identical(places_without(out, fit, changed, control)[rest, ], places[rest, ])

  label <- labels_of_small()
  classes <- classify_samples(fit, label, x = omics, method = "nearest", folds = 4)
  expect_true(classes$refitted)
  expect_gt(classes$measures$accuracy, 0.75)
  expect_output(print(classes), "fitted again in every fold")
})

test_that("covariates and families are those of the fit when it is fitted again", {
  simulated <- simulate_omics(60, c(rna = 20, calls = 15), factors = 2, seed = 2,
                              family = c(rna = "negative_binomial", calls = "bernoulli"))
  samples <- rownames(simulated$factors)
  batch <- data.frame(batch = rep(c("A", "B"), 30), row.names = samples)
  fit <- suppressMessages(poems(simulated$omics, 3, seed = 1, covariates = batch,
                                control = quick_control(epochs = 5)))
  label <- stats::setNames(simulated$factors[, 1] > 0, samples)
  classes <- classify_samples(fit, label, x = simulated$omics, method = "nearest", folds = 2)
  expect_false(anyNA(classes$validated$predicted))
  later <- classify_samples(fit, label, simulated$omics, "nearest", covariates = batch)
  expect_identical(later$predictions$sample, samples)
})

test_that("random labels are told no better than by chance, clear ones well", {
  skip_if_not_installed("glmnet")
  fit <- small_fit()
  label <- labels_of_small()
  clear <- classify_samples(fit, label)$measures
  expect_gt(clear$accuracy, 0.85)
  expect_gt(clear$auc, 0.9)
  null <- do.call(rbind, lapply(1:10, \(seed) {
    mixed <- stats::setNames(with_seed(seed, sample(label)), names(label))
    rbind(classify_samples(fit, mixed, seed = seed)$measures,
          classify_samples(fit, mixed, method = "nearest", seed = seed)$measures)
  }))
  # 20 runs on 60 samples: a standard error of about 0.02.
  expect_lt(abs(mean(null$balanced_error) - 0.5), 0.07)
  expect_lt(abs(mean(null$auc) - 0.5), 0.1)
})

test_that("new samples are classified, and their labels used for nothing but measures", {
  fit <- small_fit()
  all <- small_cohort()$omics
  new <- lapply(all[c("rna", "protein")], \(x) {
    colnames(x) <- paste0("n", colnames(x))
    x
  })
  label <- labels_of_small()
  later <- stats::setNames(label, paste0("n", names(label)))
  told <- \(labels) classify_samples(fit, labels, new, method = "nearest")
  plain <- told(label)
  expect_true(all(is.na(plain$predictions$label)))
  expect_identical(nrow(plain$measures), 1L)
  right <- told(c(label, later))
  turned <- told(c(label, later[60:1]) |> stats::setNames(c(names(label), names(later))))
  same <- c("sample", "predicted", probability_column(levels(label)))
  expect_identical(right$predictions[same], plain$predictions[same])
  expect_identical(turned$predictions[same], plain$predictions[same])
  expect_identical(right$measures$set, c("cross-validation", "new samples"))
  expect_identical(right$measures$accuracy[2], mean(right$predictions$predicted == label))
  expect_equal(rowSums(by_columns(right$predictions, label)), rep(1, 60))
  # Samples that were in the fit are not new.
  again <- classify_samples(fit, label, all, method = "nearest")
  expect_true(all(is.na(again$predictions$label)))
})

test_that("samples of the fit without a label are classified, and learnt from by none", {
  fit <- small_fit()
  label <- labels_of_small()
  unknown <- replace(label, 1:10, NA)
  classes <- classify_samples(fit, unknown, method = "nearest")
  expect_identical(classes$predictions$sample, fit$samples[1:10])
  expect_identical(classes$validated$sample, fit$samples[11:60])
  told <- nearest_classes(latent(fit, scaled = TRUE)[1:10, ], latent(fit, scaled = TRUE)[11:60, ],
                          label[11:60], 5)
  expect_identical(classes$predictions$predicted, told$predicted)
})

test_that("tables and the figure have the confusion of labels", {
  classes <- classify_samples(small_fit(), labels_of_small(), method = "nearest")
  confusion <- tidy(classes, "confusion")
  rows <- classes$validated
  expect_identical(confusion$samples, as.vector(unclass(table(rows$label, rows$predicted))))
  expect_equal(as.vector(tapply(confusion$share, confusion$label, sum)), c(1, 1))
  expect_identical(nrow(tidy(classes, "predictions")), 0L)
  expect_identical(tidy(classes, "validated")$sample, rows$sample)
  expect_identical(glance(classes)$accuracy, classes$measures$accuracy)
  skip_if_not_installed("ggplot2")
  plot <- ggplot2::autoplot(classes)
  expect_identical(plot$data$samples, confusion$samples)
  expect_draws(plot)
})

test_that("without two factors there is no elastic net, and shares of labels without any", {
  nowhere <- matrix(0, 2, 0, dimnames = list(c("s", "t"), NULL))
  learn <- \(method) learn_classes(nowhere, factor(c("a", "b", "b")), method, 5)(nowhere)
  expect_identical(learn("elastic_net"), learn("nearest"))
  told <- learn("nearest")
  expect_equal(unname(told$probability[2, ]), c(1, 2) / 3)
  expect_identical(as.character(told$predicted), c("b", "b"))
  skip_if_not_installed("glmnet")
  expect_snapshot(tell(classify_samples(with_factors(small_fit(), 1), labels_of_small())))
})

test_that("arguments are checked", {
  fit <- small_fit()
  label <- labels_of_small()
  classify <- \(...) classify_samples(..., method = "nearest")
  expect_snapshot({
    tell(classify(1, label))
    tell(classify(with_factors(fit, 0), label))
    tell(classify(fit, NULL))
    tell(classify(fit, label[1:3]))
    tell(classify(fit, replace(label, label == "low", NA)))
    tell(classify(fit, label, folds = 1))
    tell(classify(fit, label, folds = 45))
    tell(classify(fit, label, k = 0))
    tell(classify(fit, label, x = small_cohort()$omics["rna"]))
    tell(classify(fit, label, covariates = data.frame()))
    tell(classify_samples(fit, label, method = "forest"))
  })
})

test_that("classes print", {
  # Round numbers: samples in two groups, one of which is taken for the other.
  fit <- fixed_fit()
  place <- rep(c(0, 10), each = 10)
  fit$latent <- name_factors(cbind(place, 1:20 / 100), fit$samples)
  label <- ifelse(place > 0, "late", "early")
  label[c(3, 7)] <- c("late", NA)
  expect_snapshot(print(classify_samples(fit, label, method = "nearest", k = 3, folds = 2)))
})
