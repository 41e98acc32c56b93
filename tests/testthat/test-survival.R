skip_if_not_installed("survival")

# Survival that the first of three factors tells, and two groups by its sign.
patients <- function(samples = 80) {
  withr::with_seed(1, {
    embedding <- matrix(stats::rnorm(samples * 3), samples)
    time <- stats::rexp(samples, exp(embedding[, 1]))
    event <- stats::rbinom(samples, 1, 0.7)
  })
  list(embedding = embedding, time = time, event = event,
       survival = survival::Surv(time, event), group = ifelse(embedding[, 1] > 0, "a", "b"))
}

# Observed less expected events of the first group, squared, over the hypergeometric variance.
logrank_by_hand <- function(time, event, first) {
  observed <- expected <- variance <- 0
  for (t in unique(time[event == 1])) {
    at_risk <- sum(time >= t)
    share <- sum(time >= t & first) / at_risk
    deaths <- sum(time == t & event == 1)
    observed <- observed + sum(time == t & event == 1 & first)
    expected <- expected + deaths * share
    if (at_risk > 1) {
      variance <- variance + deaths * share * (1 - share) * (at_risk - deaths) / (at_risk - 1)
    }
  }
  (observed - expected)^2 / variance
}

test_that("the log-rank test is that of a calculation by hand", {
  p <- patients()
  p$time <- round(p$time, 1) + 0.1 # with ties
  survival <- survival::Surv(p$time, p$event)
  test <- logrank_test(survival, p$group)
  statistic <- logrank_by_hand(p$time, p$event, p$group == "a")
  expect_equal(test[["logrank"]], statistic)
  expect_equal(test[["logrank_p"]], -log10(stats::pchisq(statistic, 1, lower.tail = FALSE)))
  expect_equal(logrank_test(survival, rep("a", 80)), c(logrank = 0, logrank_p = 0))
  # Also where the p-value itself is 0 in double precision.
  expect_true(is.finite(logrank_test(
    survival::Surv(seq_len(4000), rep(1, 4000)), rep(1:2, each = 2000)
  )[["logrank_p"]]))
})

test_that("risks are those of the penalised partial likelihood", {
  p <- patients()
  standardised <- scale(p$embedding)
  order <- order(p$time)
  loss <- \(beta) {
    risk <- drop(standardised %*% beta)[order]
    at_risk <- log(rev(cumsum(rev(exp(risk)))))
    sum(beta^2) / 2 - sum((risk - at_risk)[p$event[order] == 1])
  }
  beta <- stats::optim(numeric(3), loss, method = "BFGS", control = list(reltol = 1e-14))$par
  risk <- cox_risk(p$embedding, p$survival, p$embedding)
  expect_equal(unname(risk), drop(standardised %*% beta), tolerance = 1e-4)
})

test_that("the concordance counts the pairs of a fold", {
  p <- patients()
  one <- p$embedding[, 1, drop = FALSE]
  got <- with_seed(7, cox_concordance(one, p$survival, 4))
  fold <- with_seed(7, {
    fold <- integer(80)
    for (status in 0:1) {
      cases <- which(p$event == status)
      fold[cases] <- draw_from(rep_len(1:4, length(cases)))
    }
    fold
  })
  # With one factor that raises the risk in every fold, its order is the order of the risks.
  right <- all <- 0
  for (i in which(p$event == 1)) {
    later <- fold == fold[i] & p$time > p$time[i]
    right <- right + sum(one[later] < one[i])
    all <- all + sum(later)
  }
  expect_equal(got, right / all)
})

test_that("factors without information have concordance about one half, also too many of them", {
  p <- patients(150)
  noise <- withr::with_seed(2, matrix(stats::rnorm(150 * 120), 150))
  result <- evaluate_survival(noise, p$survival)
  expect_lt(abs(result$mean[3] - 0.5), 0.12)
  constant <- evaluate_survival(cbind(p$embedding, 1), p$survival)
  expect_equal(constant, evaluate_survival(p$embedding, p$survival))
})

test_that("given groups replace the clusters", {
  p <- patients()
  result <- evaluate_survival(p$embedding, p$survival, groups = p$group)
  expect_named(result, c("metric", "mean", "sd"))
  expect_identical(result$metric, c("logrank", "logrank_p", "concordance"))
  expect_equal(result$mean[1], logrank_by_hand(p$time, p$event, p$group == "a"))
  expect_equal(result$sd[1:2], c(0, 0))
  expect_gt(result$mean[3], 0.65)
  again <- evaluate_survival(as.data.frame(p$embedding), p$survival, groups = factor(p$group))
  expect_identical(again, result)
})

test_that("results depend on the seeds alone, and leave the user's random numbers alone", {
  p <- patients()
  withr::with_seed(1, {
    before <- .Random.seed
    first <- evaluate_survival(p$embedding, p$survival, groups = 3)
    expect_identical(.Random.seed, before)
  })
  again <- withr::with_seed(2, evaluate_survival(p$embedding, p$survival, groups = 3))
  expect_identical(again, first)
  expect_identical(evaluate_survival(p$embedding, p$survival, seeds = 1)$sd, rep(NA_real_, 3))
})

test_that("samples without a time count for the clusters only, with a message", {
  p <- patients()
  p$time[c(2, 9)] <- NA
  survival <- survival::Surv(p$time, p$event)
  expect_snapshot(tell(result <- evaluate_survival(p$embedding, survival, groups = p$group)))
  complete <- evaluate_survival(p$embedding[-c(2, 9), ], survival[-c(2, 9)],
                                groups = p$group[-c(2, 9)])
  expect_equal(result, complete)
})

test_that("evaluate_subtypes() adds survival to what it returns", {
  skip_if_not_installed("class")
  skip_if_not_installed("cluster")
  p <- patients()
  without <- evaluate_subtypes(p$embedding, p$group)
  result <- evaluate_subtypes(p$embedding, p$group, survival = p$survival)
  expect_identical(result[1:5, ], without)
  alone <- evaluate_survival(p$embedding, p$survival, groups = 2)
  expect_equal(result[6:8, ], alone, ignore_attr = TRUE)

  unknown <- replace(p$group, 1:4, NA)
  expect_message(
    part <- evaluate_subtypes(p$embedding, unknown, survival = p$survival), "without a subtype"
  )
  expect_equal(part[6:8, ], evaluate_survival(p$embedding[-(1:4), ], p$survival[-(1:4)]),
               ignore_attr = TRUE)
})

test_that("bad survival times, groups and folds are errors", {
  p <- patients()
  rare <- survival::Surv(p$time, seq_along(p$time) < 4)
  expect_snapshot({
    tell(evaluate_survival("latent", p$survival))
    tell(evaluate_survival(p$embedding, p$time))
    tell(evaluate_survival(p$embedding, survival::Surv(p$time, p$time + 1, p$event)))
    tell(evaluate_survival(p$embedding[-1, ], p$survival))
    tell(evaluate_survival(p$embedding, rare))
    tell(evaluate_survival(p$embedding, p$survival, groups = 1))
    tell(evaluate_survival(p$embedding, p$survival, groups = p$group[-1]))
    tell(evaluate_survival(p$embedding, p$survival, groups = replace(p$group, 1, NA)))
    tell(evaluate_survival(p$embedding, p$survival, groups = rep("a", 80)))
    tell(evaluate_survival(p$embedding, p$survival, folds = 1))
    tell(evaluate_survival(p$embedding, p$survival, seeds = "a"))
    tell(evaluate_subtypes(p$embedding, p$group, survival = p$time))
    tell(evaluate_subtypes(p$embedding, p$group, survival = rare))
  })
})
