# On a real SLURM: `make test-slurm` starts one of this machine alone and says so here.
skip_if(Sys.getenv("OMICPOEMS_SLURM") == "", "there is no SLURM to run on")

cohort <- small_cohort()$omics
settings <- list(start = "random", epochs = 4, hidden = 8, threads = 1, progress = FALSE)

# One array of all jobs, which batchtools looks at twice a second.
array_of_jobs <- function(...) {
  folder <- withr::local_tempdir(.local_envir = parent.frame())
  configuration <- file.path(folder, "batchtools.R")
  writeLines("sleep <- 0.5", configuration)
  BiocParallel::BatchtoolsParam(
    workers = 1, cluster = "slurm",
    registryargs = BiocParallel::batchtoolsRegistryargs(
      file.dir = file.path(folder, "registry"), work.dir = folder, conf.file = configuration
    ),
    template = system.file("templates", "slurm.tmpl", package = "omicpoems", mustWork = TRUE),
    resources = list(walltime = 600, memory = 1000, ncpus = 1, chunks.as.arrayjobs = TRUE, ...)
  )
}

tables_of <- function(tuned) {
  lapply(c("configurations", "jobs", "omics"), \(what) {
    table <- as.data.frame(tidy(tuned, what))
    table[setdiff(names(table), "seconds")]
  })
}

test_that("runs are tasks of one array, also where USER is empty", {
  withr::local_envvar(USER = "")
  told <- list()
  tasks <- apply_runs(1:4, \(run, by) {
    c(run = run * by, job = Sys.getenv("SLURM_ARRAY_JOB_ID"),
      task = Sys.getenv("SLURM_ARRAY_TASK_ID"), threads = Sys.getenv("OMP_NUM_THREADS"))
  }, array_of_jobs(), FALSE, by = 10, done = \(at, results) told[at] <<- results)
  tasks <- do.call(rbind, tasks)
  expect_identical(tasks[, "run"], as.character(1:4 * 10))
  expect_identical(length(unique(tasks[, "job"])), 1L)
  expect_match(tasks[1, "job"], "^[0-9]+$")
  expect_setequal(tasks[, "task"], as.character(1:4))
  expect_identical(unname(tasks[, "threads"]), rep("1", 4))
  expect_identical(do.call(rbind, told), tasks)
  expect_identical(Sys.getenv("USER"), "")
})

test_that("the table is that of a serial run, with the row that fails", {
  tune <- function(...) {
    expect_warning(tuned <- poems_tune(cohort, learning_rate = c(1e-3, 1), factors = 2,
                                       repeats = 2, seed = 3, control = settings, ...),
                   "2 of 4 jobs failed")
    tuned
  }
  tuned <- tune(BPPARAM = array_of_jobs())
  expect_identical(as.character(tidy(tuned, "jobs")$status), rep(c("done", "failed"), each = 2))
  expect_match(tidy(tuned, "jobs")$error[3], "diverged")
  expect_identical(tables_of(tuned), tables_of(tune()))
})

test_that("a task that is killed is missing, says why and is run again", {
  # Cancels the second task as soon as it runs.
  waits <- 'until task=$(squeue -h -r -t R -o %i | grep "_2$"); do sleep 0.1; done; scancel $task'
  system(paste("timeout 60 sh -c", shQuote(waits)), wait = FALSE)
  tune <- \(BPPARAM) poems_tune(cohort, factors = 2:3, repeats = 2, seed = 3, BPPARAM = BPPARAM,
                                control = utils::modifyList(settings, list(epochs = 100)))
  stopped <- NULL
  part <- withCallingHandlers(tune(array_of_jobs()), poems_tune_stopped = \(condition) {
    stopped <<- condition
    rlang::cnd_muffle(condition)
  })
  jobs <- tidy(part, "jobs")
  lost <- which(jobs$status == "not run")
  expect_identical(length(lost), 1L)
  expect_identical(as.character(jobs$status[-lost]), rep("done", 3))
  said <- conditionMessage(stopped)
  expect_match(said, "Workers were lost: 1 of 4 jobs was not run", fixed = TRUE)
  expect_match(said, sprintf("number %d", lost))
  expect_match(said, "CANCELLED")  # SLURM's own last line in the log
  done <- poems_tune(part, BPPARAM = array_of_jobs())
  expect_identical(tables_of(done), tables_of(tune(NULL)))
})

test_that("what SLURM does not take is an error in its words", {
  expect_error(
    poems_tune(cohort, factors = 2, repeats = 1, seed = 3, control = settings,
               BPPARAM = array_of_jobs(partition = "no_such_partition")),
    "nvalid partition"
  )
})

test_that("stability() runs there as it does here", {
  once <- stability(cohort, factors = 2, runs = 2, seed = 1, control = settings)
  again <- stability(cohort, factors = 2, runs = 2, seed = 1, control = settings,
                     BPPARAM = array_of_jobs())
  expect_identical(again$similarity, once$similarity)
  expect_identical(again$selection, once$selection)
})
