# What benchmark_models() does in every run: fits, embeds and scores.

benchmark_scores <- c("accuracy", "nmi", "ari", "silhouette", "knn")

# Fits, embeds and scores: one row of `runs`. `run`: the model, its seed, the names of the test
# samples and the file to write, if any.
do_run <- function(run, omics, group, score_seeds, one_thread) {
  # Processes that run side by side need no more.
  if (one_thread) rlang::local_options(parallelly.availableCores.custom = \() 1L)
  warned <- NA_character_
  row <- tryCatch(
    withCallingHandlers(
      suppressMessages(fit_and_score(run, omics, group, score_seeds)),
      warning = \(w) {
        if (is.na(warned)) warned <<- plain_message(w)
        invokeRestart("muffleWarning")
      }
    ),
    error = \(e) {
      scores <- rep(list(NA_real_), length(benchmark_scores))
      data.frame(stats::setNames(scores, benchmark_scores), seconds = NA_real_,
                 error = plain_message(e))
    }
  )
  row <- cbind(row[c(benchmark_scores, "seconds")], warning = warned, error = row$error)
  if (is.na(row$error)) write_run(row, run$file)
  row
}

plain_message <- \(condition) cli::ansi_strip(conditionMessage(condition))

fit_and_score <- function(run, omics, group, score_seeds) {
  started <- proc.time()[["elapsed"]]
  test <- omics_of(omics, run$test)
  embedding <- with_seed(run$seed, {
    embed <- run$model(omics_of(omics, setdiff(names(group), run$test)), run$seed)
    embed(test)
  })
  seconds <- proc.time()[["elapsed"]] - started
  embedding <- arrange_embedding(embedding, union_of_samples(test), run$test)
  scores <- evaluate_subtypes(embedding, group[run$test], score_seeds)
  value <- stats::setNames(as.list(scores$mean), scores$metric)
  data.frame(value[benchmark_scores], seconds = seconds, error = NA_character_)
}

# The rows of an embedding in the order of `samples`; without row names, they are those of `given`.
arrange_embedding <- function(embedding, given, samples) {
  if (!is.matrix(embedding) || !is.numeric(embedding)) {
    stop("The model must return a numeric matrix, not ", describe(embedding), ".", call. = FALSE)
  }
  of <- if (is.null(rownames(embedding))) given else rownames(embedding)
  if (nrow(embedding) != length(of) || anyDuplicated(of) || !setequal(of, samples)) {
    others <- if (nrow(embedding) == length(samples)) " of other samples" else ""
    stop("The model must embed every test sample once: there are ", length(samples),
         ", and it returns ", nrow(embedding), " rows", others, ".", call. = FALSE)
  }
  rownames(embedding) <- of
  embedding[samples, , drop = FALSE]
}

warn_failed <- function(runs) {
  failed <- runs[!is.na(runs$error), ]
  if (nrow(failed) == 0) return(invisible())
  cli::cli_warn(c("{nrow(failed)} of {nrow(runs)} run{?s} failed.",
                  "x" = "The first error of each model:", as_bullets(describe_failed(failed))))
}

# The first error of every model that failed, one line each.
describe_failed <- function(failed) {
  first <- failed[!duplicated(failed$model), ]
  sprintf("%s: %s", first$model, sub("\n.*", "", first$error))
}
