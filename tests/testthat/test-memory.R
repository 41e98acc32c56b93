test_that("poems_memory() tells of sizes, and reads nothing", {
  omics <- tcga_breast$omics
  told <- poems_memory(omics)
  expect_s3_class(told, "poems_memory")
  expect_equal(told$bytes, sum(told$parts$bytes))
  expect_lt(poems_memory(omics, factors = 4, control = list(hidden = 10))$bytes, told$bytes)
  expect_lt(poems_memory(omics, experiments = "mirna")$bytes, told$bytes)
  expect_identical(poems_memory(lapply(omics, t), samples = "rows")$parts, told$parts)
  counts <- poems_memory(omics, family = "poisson")
  bytes_for <- \(memory, part) memory$parts$bytes[memory$parts$part == part]
  expect_gt(bytes_for(counts, "data"), bytes_for(told, "data"))  # values as they are, too
  expect_identical(bytes_for(counts, "maps"), 0)  # which are of Gaussian omics
  published <- poems_memory(omics, control = list(objective = "published"))
  expect_identical(bytes_for(published, "maps"), 0)  # of which there are none, too
  largest <- max(outer(lengths(lapply(omics, rownames)), lengths(lapply(omics, rownames))) *
                   (1 - diag(length(omics))))
  expect_equal(bytes_for(told, "maps") / largest, 8 * 4.7)
  skip_if_not_installed("DelayedArray")
  on_disk <- lapply(omics, \(x) DelayedArray::DelayedArray(x))
  expect_lt(poems_memory(on_disk)$bytes, told$bytes)
})

test_that("print() shows what memory is for", {
  told <- poems_memory(tcga_breast$omics)
  told$free <- 2e9
  out <- capture.output(print(told))
  expect_match(out[1], "MB of memory")
  expect_match(out, "parameters", all = FALSE)
  expect_match(out, "Free: 2 GB", all = FALSE)
})

test_that("a fit that needs more than there is stops before it begins, and says what to lower", {
  omics <- tcga_breast$omics
  needed <- poems_memory(omics, factors = 8)$bytes
  expect_no_error(check_memory(omics, character(), 8, poems_control(), 1.01 * needed))
  expect_no_error(check_memory(omics, character(), 8, poems_control(), NA))
  message <- tryCatch(check_memory(omics, character(), 8, poems_control(), 0.9 * needed),
                      error = conditionMessage)
  expect_match(message, "needs about .* of memory, and .* are\\s+free")
  expect_match(message, "n_top")
  expect_match(message, "start|parameters")
})

test_that("what runs out of memory is told what to do; other errors are left alone", {
  out <- \(text) tryCatch(with_memory_told(stop(text)), error = conditionMessage)
  expect_match(out("cannot allocate vector of size 3 Gb"), "not enough memory")
  expect_match(out("std::bad_alloc"), "not enough memory")
  expect_identical(out("another"), "another")
})

test_that("limits of control groups count, their files in memory do not", {
  root <- withr::local_tempdir()
  own <- file.path(root, "own")
  job <- file.path(root, "slurm", "job")
  dir.create(job, recursive = TRUE)
  writeLines("0::/slurm/job", own)
  expect_identical(free_in_cgroups(root, own), Inf)
  writeLines("max", file.path(job, "memory.max"))
  writeLines("3000", file.path(job, "memory.current"))
  expect_identical(free_in_cgroups(root, own), Inf)
  writeLines("10000", file.path(root, "slurm", "memory.max"))
  writeLines("4000", file.path(root, "slurm", "memory.current"))
  expect_identical(free_in_cgroups(root, own), 6000)
  writeLines("5000", file.path(job, "memory.max"))
  expect_identical(free_in_cgroups(root, own), 2000)
  writeLines(c("anon 1", "inactive_file 500"), file.path(job, "memory.stat"))
  expect_identical(free_in_cgroups(root, own), 2500)
  # The first version, of which the memory controller has a line of its own.
  writeLines(c("5:cpu:/", "4:memory:/old"), own)
  dir.create(file.path(root, "memory", "old"), recursive = TRUE)
  writeLines("700", file.path(root, "memory", "old", "memory.limit_in_bytes"))
  writeLines("600", file.path(root, "memory", "old", "memory.usage_in_bytes"))
  expect_identical(free_in_cgroups(root, own), 100)
  expect_identical(free_in_cgroups(root, file.path(root, "none")), Inf)
})

test_that("the limit of the process counts", {
  skip_on_os(c("windows", "mac"))
  library_path <- dirname(getNamespaceInfo("omicpoems", "path"))
  skip_if_not(dir.exists(file.path(library_path, "omicpoems", "Meta")), "package not installed")
  code <- sprintf("library(omicpoems, lib.loc = '%s'); cat(omicpoems:::free_memory())",
                  library_path)
  run <- \(limit) as.numeric(system(sprintf(
    "%s %s -e %s", limit, file.path(R.home("bin"), "Rscript"), shQuote(code)
  ), intern = TRUE))
  limited <- run("ulimit -v 3000000;")
  expect_lt(limited, 3e9)
  expect_gt(limited, 1e9)
})
