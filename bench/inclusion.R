# Are inclusion probabilities calibrated? Of loadings with some probability, the share that is real
# in simulations, beside the probabilities that shrink loadings in training. Writes
# bench/inclusion.md.
#
#   Rscript bench/inclusion.R        (about 5 minutes on 2 cores)
#
# 6 factors (3 shared by three omics, one private to each) behind 400 features of which a third has
# none, a third one and a third two; 12 asked for. A factor found stands for the true factor that
# explains most of it, z and z^2 taken together; a loading is real if the feature is driven by that
# one. Factors that are matched with a true one (as by factor_recovery()) are pooled apart from
# further ones, which stand for the bend of a true factor that others stand for as well.
library(omicpoems)

control <- list(progress = FALSE)
all_links <- c("linear", "saturating", "rectified", "quadratic")
cells <- expand.grid(noise = c(0.3, 0.55, 0.8), seed = 1:2, links = c("linear", "all four"),
                     samples = c(100, 300, 1000, 2000), stringsAsFactors = FALSE)
cells <- cells[cells$seed <= ifelse(cells$samples == 100, 2, 1) &
                 (cells$samples <= 300 | cells$noise > 0.3) &
                 (cells$samples < 2000 | cells$noise < 0.8), ]

# How much of each factor found (rows) a true one explains, with its square.
shares <- function(found, true) {
  explained <- \(z, y) summary(stats::lm(y ~ z + I(z^2)))$adj.r.squared
  outer(seq_len(ncol(found)), seq_len(ncol(true)),
        Vectorize(\(k, l) explained(true[, l], found[, k])))
}

run <- function(noise, seed, links, samples) {
  simulation <- simulate_omics(
    samples, c(a = 200, b = 120, c = 80), factors = 6, factors_per_feature = 0:2, noise = noise,
    links = if (links == "linear") links else all_links, seed = 7000 + 100 * seed + samples / 100
  )
  fit <- poems(simulation$omics, 12, seed = seed, control = control)
  of <- apply(shares(fit$mode, simulation$factors), 1, which.max)
  matched <- colnames(fit$mode) %in% factor_recovery(fit, simulation)$matched
  message(sprintf("%d samples, %s, noise %g: %d factors", samples, links, noise, fit$factors))
  do.call(rbind, lapply(names(fit$omics), \(omic) {
    real <- as.matrix(simulation$loadings[[omic]])[, of] != 0
    core <- fit$parameters$omics[[omic]]$inclusion_probability[, fit$order[seq_len(fit$factors)]]
    p <- inclusion(fit)[[omic]]
    data.frame(samples, links, factor = rep(ifelse(matched, "matched", "further"), each = nrow(p)),
               p = as.vector(p), core = as.vector(core), real = as.vector(real),
               zero = as.vector(as.matrix(loadings(fit)[[omic]] == 0)))
  }))
}

links <- do.call(rbind, Map(run, cells$noise, cells$seed, cells$links, cells$samples))

bins <- c(0, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1)
reliability <- function(rows, probability = rows$p) {
  bin <- cut(probability, bins, right = FALSE, include.lowest = TRUE)
  number <- \(x) ifelse(is.na(x), "", sprintf("%.3f", x))
  sprintf("| %s | %d | %s | %s |", levels(bin), as.vector(table(bin)),
          number(tapply(probability, bin, mean)), number(tapply(rows$real, bin, mean)))
}
table_of <- \(title, rows, ...) c(
  "", title, "", "| inclusion | loadings | mean inclusion | share real |", "|---|---|---|---|",
  reliability(rows, ...)
)
matched <- links[links$factor == "matched", ]
groups <- split(matched, ~ factor(samples) + factor(links, c("linear", "all four")))
high <- do.call(rbind, lapply(names(groups), \(name) {
  rows <- groups[[name]]
  data.frame(name = sub(".", " samples, ", name, fixed = TRUE), n = sum(rows$p >= 0.9),
             real = mean(rows$real[rows$p >= 0.9]), of_core = mean(rows$real[rows$core >= 0.9]),
             found = mean(rows$p[rows$real] >= 0.9))
}))
writeLines(c(
  "# Are inclusion probabilities calibrated?", "",
  "Made by `Rscript bench/inclusion.R`; its header says how.", "",
  sprintf("%s, omicpoems %s.", format(Sys.Date()), utils::packageVersion("omicpoems")), "",
  "## Loadings with an inclusion of at least 0.9, matched factors", "",
  "| | loadings | share real | with the probabilities of training | of real loadings, found |",
  "|---|---|---|---|---|",
  with(high, sprintf("| %s | %d | %.3f | %.3f | %.2f |", name, n, real, of_core, found)), "",
  "## Reliability, matched factors",
  unlist(lapply(names(groups), \(name) {
    table_of(paste0("### ", sub(".", " samples, ", name, fixed = TRUE)), groups[[name]])
  })),
  table_of("### All of these, loadings that are not zero", matched[!matched$zero, ]),
  table_of("### All of these, loadings that are zero", matched[matched$zero, ]),
  table_of("### All of these, by the probabilities of training", matched, matched$core), "",
  "## Reliability, further factors",
  table_of("### All numbers of samples", links[links$factor == "further", ])
), "bench/inclusion.md")
cat(readLines("bench/inclusion.md"), sep = "\n")
