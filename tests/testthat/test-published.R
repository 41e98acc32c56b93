# With objective "published" the core is the model that the POEMS authors released: every number
# recorded from it, in double to 1e-8 and in float (before the optimiser's steps) to 1e-4.

fixture <- published_fixture()

# The core has samples in columns, the fixture in rows; masks are features x factors in both.
forward_as_recorded <- function(forward) {
  turned <- setdiff(names(forward), "decoder_mask")
  forward[turned] <- lapply(forward[turned], \(x) if (is.list(x)) lapply(x, t) else t(x))
  forward
}

precisions <- list(
  double = list(single = FALSE, relative = 1e-8, floor = 1e-11),
  float = list(single = TRUE, relative = 1e-4, floor = 1e-6)
)

test_that("the fixture holds what these tests go through, and nothing else", {
  expect_named(fixture, c("about", "config", "x", "eps", "plain", "row_normalized"))
  for (case in fixture[c("plain", "row_normalized")]) {
    expect_named(case, c(
      "row_normalize", "parameters", "forward", "loss", "gradients", "after_1_step",
      "after_5_steps", "training_loss", "optimizer"
    ))
  }
})

for (name in c("plain", "row_normalized")) {
  case <- fixture[[name]]
  config <- published_config(fixture, case$row_normalize)
  parameters <- as_parameters(case$parameters)

  for (precision in names(precisions)) {
    p <- precisions[[precision]]
    test_that(paste("forward, losses and gradients,", name, precision), {
      got <- core_evaluate(parameters, config, published_omics(fixture), t(fixture$eps), p$single)
      expect_all_close(
        forward_as_recorded(got$forward), case$forward, p$relative, "forward", p$floor
      )
      expect_all_close(got$loss, case$loss, p$relative, "loss", p$floor)
      expect_equal(got$loss_without_gradients, got$loss$total, tolerance = p$relative)
      expect_all_close(got$gradients, case$gradients, p$relative, "gradient", p$floor)
    })
  }

  test_that(paste("parameters after steps of AdamW and EM,", name), {
    o <- case$optimizer
    expect_equal(o$betas, c(0.9, 0.999))
    expect_equal(o$eps, 1e-8)
    run <- \(steps) core_steps(
      parameters, config, published_omics(fixture), t(fixture$eps), steps, o$lr, o$weight_decay
    )
    expect_all_close(run(1)$parameters, case$after_1_step, 1e-8, "after 1 step")
    five <- run(5)
    expect_all_close(five$parameters, case$after_5_steps, 1e-8, "after 5 steps")
    expect_close(five$losses, case$training_loss, 1e-8, "training loss")
  })
}
