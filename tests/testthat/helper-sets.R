# Three programs of 15 features of rna and 6 of mir, and a factor of half of all features. Sets have
# 12 right members and 3 wrong ones each.
planted_programs <- local({
  made <- NULL
  function() {
    if (is.null(made)) made <<- withr::with_seed(3, plant_programs())
    made
  }
})

plant_programs <- function(samples = 120, rna = 150, mir = 60) {
  z <- matrix(rnorm(samples * 4), samples)
  w <- matrix(0, rna + mir, 4)
  for (k in 1:3) w[c(15 * (k - 1) + 1:15, rna + 6 * (k - 1) + 1:6), k] <- 0.9
  broad <- sample(rna + mir, 100)
  w[broad, 4] <- sample(c(-0.6, 0.6), 100, replace = TRUE)
  x <- tcrossprod(w, z) + rnorm((rna + mir) * samples)
  dimnames(x) <- list(c(sprintf("g%03d", seq_len(rna)), sprintf("m%02d", seq_len(mir))),
                      sprintf("s%03d", seq_len(samples)))
  names <- rownames(x)[seq_len(rna)]
  truth <- lapply(1:3, \(k) names[15 * (k - 1) + 1:15])
  sets <- lapply(1:3, \(k) c(truth[[k]][1:12], names[110 + 3 * k + 0:2]))
  nothing <- lapply(1:2, \(i) sample(names[46:150], 15))
  names(truth) <- c("A", "B", "C")
  names(sets) <- c("A", "B", "C")
  names(nothing) <- c("nothing 1", "nothing 2")
  x <- list(rna = x[seq_len(rna), ], mir = x[-seq_len(rna), 1:100])
  x$rna[cbind(1:9, 1:9)] <- NA
  list(omics = x, z = z, truth = truth, sets = c(sets, nothing))
}

set_fit <- local({
  fit <- NULL
  function() {
    if (is.null(fit)) {
      made <- planted_programs()
      fit <<- suppressMessages(poems(made$omics, factors = 8, seed = 1, sets = made$sets,
                                     control = set_control))
    }
    fit
  }
})

set_control <- list(threads = 1, progress = FALSE, epochs = 40, hidden = 24)
