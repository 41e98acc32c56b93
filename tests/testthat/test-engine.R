test_that("the engine says what it computes with", {
  engine <- poems_engine()
  expect_true(engine$level %in% c("baseline", "avx2", "avx512"))
  expect_identical(engine$threads, poems_control()$threads)
  expect_output(print(engine), paste("Instruction set", engine$level))
  x86 <- grepl("x86_64|x86-64", R.version$arch) && .Platform$OS.type != "windows"
  expect_identical(engine$dispatch, x86)
})

test_that("an engine of the baseline alone says so", {
  engine <- poems_engine()
  engine$dispatch <- TRUE
  expect_no_match(paste(capture.output(print(engine)), collapse = " "), "No other")
  engine$dispatch <- FALSE
  expect_output(print(engine), "No other instruction set")
})

# In a child process, because the level is chosen once per process.
fit_at <- function(level, library_path, epochs) {
  script <- substitute(
    {
      .libPaths(c(LIB, .libPaths()))
      omics <- lapply(omicpoems::tcga_breast$omics, \(x) x[1:100, ])
      # Full batches: rounding grows with the number of steps, as in any training of a network.
      control <- list(epochs = EPOCHS, batch_size = 512, threads = 1, progress = FALSE)
      fit <- omicpoems::poems(omics, factors = 8, seed = 21, control = control)
      saveRDS(list(level = omicpoems::poems_engine()$level, fit = fit), OUT)
    },
    list(LIB = library_path, EPOCHS = epochs, OUT = withr::local_tempfile(fileext = ".rds"))
  )
  file <- withr::local_tempfile(lines = deparse(script), fileext = ".R")
  withr::local_envvar(OMICPOEMS_SIMD = level)
  system2(file.path(R.home("bin"), "Rscript"), shQuote(file), stdout = FALSE, stderr = FALSE)
  readRDS(script[[length(script)]][[3]])
}

test_that("fits at different instruction sets differ by rounding only", {
  skip_on_cran()
  library_path <- dirname(getNamespaceInfo("omicpoems", "path"))
  skip_if_not(dir.exists(file.path(library_path, "omicpoems", "Meta")), "package not installed")
  best <- poems_engine()$level
  skip_if(best == "baseline", "there is one level only")
  lower <- fit_at("baseline", library_path, epochs = 20)
  upper <- fit_at(best, library_path, epochs = 20)
  expect_identical(lower$level, "baseline")
  expect_identical(upper$level, best)
  expect_equal(lower$fit$history$training, upper$fit$history$training, tolerance = 1e-5)
  expect_false(identical(lower$fit$latent, upper$fit$latent))
})

test_that("a process forked after threads have been used does not wait for ever", {
  skip_on_os("windows") # cannot fork
  # Large enough that loops run on two threads.
  fit <- \() poems(tcga_breast$omics, factors = 8, seed = 21,
                   control = quick_control(epochs = 2, threads = 2))
  ours <- fit()
  job <- parallel::mcparallel(fit())
  withr::defer(tools::pskill(job$pid))
  theirs <- parallel::mccollect(job, wait = FALSE, timeout = 60)
  expect_false(is.null(theirs), label = "the forked process has not come back")
  expect_identical(theirs[[1]]$latent, ours$latent)
})

test_that("more threads than help are not taken, with a message", {
  most <- core_cpu()$most_threads
  expect_message(control <- poems_control(threads = 20000), "more only get in each other's way")
  expect_identical(control$threads, most)
  expect_silent(poems_control(threads = most))
  # The core takes no more either, whatever it is told.
  x <- matrix(rnorm(2e5), 500)
  expect_identical(core_inner_products(x, 20000L), core_inner_products(x, 1L))
})

test_that("threads end when asked to, and start again", {
  skip_if_not(file.exists("/proc/self/task"))
  threads <- \() length(list.files("/proc/self/task"))
  fit <- \() poems(tcga_breast$omics, factors = 8, seed = 21,
                   control = quick_control(epochs = 2, threads = 3))
  before <- fit()
  running <- threads()
  core_stop_threads()
  expect_lte(threads(), running - 2)
  expect_identical(fit()$latent, before$latent)
})
