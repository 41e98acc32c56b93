# Do sets of features guide factors, are wrong members dropped and missing ones found, and are sets
# without a factor behind them rejected? Writes bench/sets.md.
#
#   Rscript bench/sets.R        (about half an hour on 2 cores)
#
# Simulated cohorts of two omics: six programs act on 20 to 60 features of rna and a third as many
# of mir, three further factors on a quarter of all features; loadings from 0.2 to `largest` of the
# noise's standard deviation, 85 % of them upwards. poems() is given one set per program, with 20 %
# wrong and 20 % missing members, and 24 random sets of the same sizes. Rivals are given the same:
#
#   * poems() without sets, whose factors enrich_factors() names: a set is held at FDR 0.05, and
#     what the factor of its smallest p-value has loadings on stands for it;
#   * the first principal component of the set's members (PLAGE), held if it explains more than in
#     97.5 % of random sets of the size; features whose correlation with it is not 0 at FDR 0.05
#     (by Bonferroni where strict) stand for it;
#   * the linear model with the same prior that poems() starts from.
#
# Precision, recall and F1 of features of rna against the program's true members. Tumours:
# tcga_breast with the hallmark sets and families of microRNAs that the package has.
library(omicpoems)

control <- list(progress = FALSE)
programs <- 6
others <- 3
random <- 24

share <- \(x, digits = 2) ifelse(is.finite(x), sprintf("%.*f", digits, x), "")

simulate <- function(n, p, largest, seed) {
  set.seed(seed)
  k <- programs + others
  z <- matrix(rnorm(n * k), n)
  size <- sample(20:60, programs, replace = TRUE)
  rna <- paste0("g", seq_len(p))
  mir <- paste0("m", seq_len(p %/% 2))
  omic <- rep(1:2, c(length(rna), length(mir)))
  w <- matrix(0, length(omic), k, dimnames = list(c(rna, mir), NULL))
  strength <- \(n) runif(n, 0.2, largest) * sample(c(1, -1), n, TRUE, c(0.85, 0.15))
  for (j in seq_len(k)) {
    on <- if (j > programs) {
      which(runif(length(omic)) < 0.25)
    } else {
      c(sample(which(omic == 1), size[j]), sample(which(omic == 2), size[j] %/% 3))
    }
    w[on, j] <- strength(length(on))
  }
  x <- tcrossprod(w, z) + rnorm(length(omic) * n)
  colnames(x) <- paste0("s", seq_len(n))
  truth <- lapply(seq_len(programs), \(j) rna[w[rna, j] != 0])
  given <- lapply(truth, \(true) {
    right <- sample(true, round(0.8 * length(true)))
    c(right, sample(setdiff(rna, true), round(length(right) / 4)))
  })
  nothing <- lapply(seq_len(random), \(i) sample(rna, size[(i - 1) %% programs + 1]))
  names(truth) <- names(given) <- paste("program", seq_len(programs))
  names(nothing) <- paste("random", seq_len(random))
  list(omics = list(rna = x[omic == 1, ], mir = x[omic == 2, ]), z = z, truth = truth,
       sets = c(given, nothing))
}

recovery <- function(found, true) {
  both <- length(intersect(found, true))
  c(precision = if (length(found) > 0) both / length(found) else NA, recall = both / length(true),
    f1 = 2 * both / (length(found) + length(true)))
}

# One row per set: whether it is held, and for programs how well members and scores are recovered.
judge <- function(made, held, found, scores) {
  do.call(rbind, lapply(names(made$sets), \(set) {
    row <- data.frame(set = set, null = !set %in% names(made$truth), held = set %in% held,
                      precision = NA, recall = NA, f1 = NA, correlation = NA)
    if (row$null || !row$held) return(row)
    row[c("precision", "recall", "f1")] <- recovery(found[[set]], made$truth[[set]])
    row$correlation <- abs(cor(scores[[set]], made$z[, match(set, names(made$truth))]))
    row
  }))
}

by_sets <- function(made) {
  fit <- suppressMessages(poems(made$omics, factors = 16, seed = 1, sets = made$sets,
                                control = control))
  of <- tidy(fit, "sets")
  held <- of$set[of$verdict == "kept"]
  w <- as.matrix(loadings(fit)$rna)
  judge(made, held, lapply(setNames(held, held), \(s) rownames(w)[w[, s] != 0]),
        lapply(setNames(held, held), \(s) latent(fit)[, s]))
}

by_enrichment <- function(made) {
  fit <- poems(made$omics, factors = 16, seed = 1, control = control)
  if (fit$factors == 0) return(judge(made, character(), list(), list()))
  table <- suppressMessages(enrich_factors(fit, made$sets, omic = "rna"))
  best <- table[!duplicated(table$set) & table$fdr < 0.05, ]
  w <- as.matrix(loadings(fit)$rna)
  factor <- setNames(as.list(best$factor), best$set)
  judge(made, best$set, lapply(factor, \(k) rownames(w)[w[, k] != 0]),
        lapply(factor, \(k) latent(fit)[, k]))
}

first_component <- function(x) {
  found <- svd(x, nu = 0, nv = 1)
  list(value = found$d[1]^2 / nrow(x), score = found$v[, 1])
}

by_component <- function(made, adjust) {
  x <- t(scale(t(made$omics$rna)))
  of_size <- list()
  found <- lapply(made$sets, \(set) first_component(x[set, ]))
  held <- names(which(vapply(names(found), \(s) {
    size <- as.character(length(made$sets[[s]]))
    if (is.null(of_size[[size]])) {
      drawn <- \() sample(nrow(x), length(made$sets[[s]]))
      of_size[[size]] <<- replicate(200, first_component(x[drawn(), ])$value)
    }
    found[[s]]$value > quantile(of_size[[size]], 0.975)
  }, NA)))
  scores <- lapply(found[held], `[[`, "score")
  judge(made, held, lapply(scores, \(z) {
    r <- drop(cor(t(x), z))
    p <- 2 * pt(-abs(r) * sqrt((length(z) - 2) / (1 - r^2)), length(z) - 2)
    rownames(x)[p.adjust(p, adjust) < 0.05]
  }), scores)
}

by_linear <- function(made) {
  core <- asNamespace("omicpoems")
  x <- do.call(rbind, lapply(made$omics, \(x) t(scale(t(x)))))
  omic <- rep(1:2, vapply(made$omics, nrow, 0L))
  members <- lapply(made$sets, \(set) which(rownames(x) %in% set))
  start <- core$start_model(x, omic, 16, parallelly::availableCores(), list(members = members))
  held <- which(!is.na(start$from$set))
  names <- names(made$sets)[start$from$set[held]]
  of <- setNames(held, names)
  judge(made, names, lapply(of, \(k) rownames(x)[start$model$nonzero[, k] & omic == 1]),
        lapply(of, \(k) start$model$mean[k, ]))
}


methods <- list(
  `the sets as given` = \(made) {
    rows <- lapply(names(made$truth), \(s) {
      data.frame(set = s, null = FALSE, held = TRUE,
                 t(recovery(made$sets[[s]], made$truth[[s]])), correlation = NA)
    })
    do.call(rbind, rows)
  },
  `poems(sets =)` = by_sets,
  `its linear start` = by_linear,
  `poems(), enrich_factors()` = by_enrichment,
  `first component, FDR` = \(made) by_component(made, "BH"),
  `first component, strict` = \(made) by_component(made, "bonferroni")
)

designs <- rbind(
  expand.grid(seed = 1:3, n = c(100, 200), p = c(500, 2000), largest = 0.8),
  expand.grid(seed = 1:3, n = 200, p = 1000, largest = 0.5),
  expand.grid(seed = 1:2, n = 500, p = 500, largest = 0.8)
)

results <- do.call(rbind, lapply(seq_len(nrow(designs)), \(i) {
  made <- do.call(simulate, as.list(designs[i, c("n", "p", "largest", "seed")]))
  rows <- do.call(rbind, lapply(names(methods), \(name) {
    data.frame(designs[i, ], method = name, methods[[name]](made), row.names = NULL)
  }))
  message(format(Sys.time()), " design ", i, " of ", nrow(designs))
  rows
}))

table_of <- function(rows) {
  data.frame(
    `true held` = share(mean(rows$held[!rows$null])),
    `random held` = share(mean(rows$held[rows$null]), 3),
    precision = share(mean(rows$precision, na.rm = TRUE)),
    recall = share(mean(rows$recall, na.rm = TRUE)),
    F1 = share(mean(rows$f1, na.rm = TRUE)),
    `F1, not held 0` = share(mean(ifelse(rows$held, rows$f1, 0)[!rows$null])),
    correlation = share(mean(rows$correlation, na.rm = TRUE), 3),
    check.names = FALSE
  )
}

markdown <- function(table) {
  c(sprintf("| %s |", paste(names(table), collapse = " | ")),
    sprintf("|%s|", paste(rep("---", ncol(table)), collapse = "|")),
    apply(as.matrix(table), 1, \(row) sprintf("| %s |", paste(row, collapse = " | "))))
}

by <- function(rows, columns) {
  parts <- split(rows, lapply(rows[rev(columns)], \(x) factor(x, unique(x))), drop = TRUE)
  markdown(do.call(rbind, lapply(parts, \(part) {
    data.frame(part[1, columns, drop = FALSE], table_of(part), check.names = FALSE)
  })))
}

# Tumours ------------------------------------------------------------------------------------------

sets <- system.file("extdata", "gene_sets.gmt", package = "omicpoems")
seeds <- 1:3
omics <- tcga_breast$omics
fits <- lapply(list(without = NULL, with = sets), \(sets) lapply(seeds, \(seed) {
  suppressMessages(poems(omics, seed = seed, sets = sets, control = control))
}))

hidden <- do.call(rbind, lapply(names(fits), \(name) {
  rows <- do.call(rbind, lapply(fits[[name]], \(fit) tidy(fit, "omics")))
  means <- tapply(rows$r2_hidden, rows$omic, mean)
  loss <- mean(vapply(fits[[name]], \(fit) glance(fit)$validation_loss, 0))
  data.frame(sets = name, t(share(means, 3)),
             factors = share(mean(vapply(fits[[name]], \(fit) glance(fit)$factors_used, 0L)), 1),
             `validation loss` = share(loss, 1), check.names = FALSE)
}))

fit <- fits$with[[1]]
kept <- subset(tidy(fit, "sets"), verdict == "kept")
subtype <- tcga_breast$samples$subtype[match(fit$samples, tcga_breast$samples$sample)]
kept$times <- rowSums(vapply(fits$with, \(fit) kept$set %in% colnames(latent(fit)), !kept$given))
kept$r2 <- vapply(kept$set, \(s) summary(lm(latent(fit)[, s] ~ subtype))$r.squared, 0)
kept$first <- vapply(kept$set, \(s) {
  w <- top_features(fit, factor = s, n = 5)
  paste(w$feature, collapse = ", ")
}, "")
reading <- data.frame(set = kept$set, found = kept$found, kept = kept$kept, added = kept$added,
                      `kept in fits of 3` = kept$times, `R2 of subtype` = share(kept$r2),
                      `strongest features` = kept$first, check.names = FALSE)
verdicts <- table(unlist(lapply(fits$with, \(fit) as.character(tidy(fit, "sets")$verdict))))
verdicts <- verdicts / length(seeds)

writeLines(c(
  "# Factors from sets of features",
  "",
  "Made by `Rscript bench/sets.R`; its header says how.",
  "",
  sprintf("%s, omicpoems %s.", Sys.Date(), packageVersion("omicpoems")),
  "",
  "## Simulated: all designs",
  "",
  by(results, "method"),
  "",
  "\"True held\", \"random held\": share of the sets with and without a factor behind them that",
  "the method says the data hold. Precision, recall, F1 and the correlation of scores with the",
  "true factor are means over the programs that it holds; \"not held 0\" counts others as 0.",
  "",
  "## By design",
  "",
  by(results[results$method != "the sets as given", ], c("n", "p", "largest", "method")),
  "",
  "`p`: features of rna; mir has half as many. `largest`: loading.",
  "",
  "## Tumours: share of the variance of hidden values that is predicted, mean of 3 seeds",
  "",
  markdown(hidden),
  "",
  "## Tumours: sets that are kept (seed 1)",
  "",
  markdown(reading),
  "",
  sprintf("Sets, mean over seeds: %s.",
          toString(sprintf("%.1f %s", verdicts, names(verdicts))))
), "bench/sets.md")
