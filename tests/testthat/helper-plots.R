expect_draws <- function(plot) {
  file <- withr::local_tempfile(fileext = ".png")
  expect_silent(suppressMessages(
    ggplot2::ggsave(file, plot, width = 6, height = 4, dpi = 50)
  ))
  expect_gt(file.size(file), 1000)
}
