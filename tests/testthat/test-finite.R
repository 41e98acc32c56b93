control <- poems_control()
history_of <- \(loss) data.frame(epoch = seq_along(loss), training = loss)

test_that("losses that rise, or end above where they began, are told of", {
  told <- \(loss, best = length(loss), features = 100) {
    expect_warning(warn_of_losses(history_of(loss), best, control, features), "did not settle")
  }
  told(c(500, 610, 400))
  told(c(500, 505, 511))
  told(c(-500, -380, -600))
  told(c(1, 30, 0))  # of 100 features, half a unit each
})

test_that("losses that settle are not told of, nor rises that a loss near 0 makes look large", {
  quiet <- \(loss, best = length(loss), features = 100) {
    expect_no_warning(warn_of_losses(history_of(loss), best, control, features))
  }
  quiet(c(500, 400, 390))
  quiet(c(536, 597, 420))
  quiet(c(0.1, 1.5, 0.9))
  quiet(c(500, 700), best = 1, features = 1e4)
  quiet(500)
})
