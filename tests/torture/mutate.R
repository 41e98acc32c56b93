# Fits that were damaged, one part at a time, and what functions make of them.
#
#   Rscript tests/torture/mutate.R seed=1 count=500
#
# Every part of a fit, however deep, is removed, emptied, doubled, made something else, given a NaN
# or reordered; so many of these fits, drawn by the seed, go to every function that reads fits, in a
# process of their own. Beside the outcomes of outcome_of(), `same` means that a reader said what it
# says of the undamaged fit, and `silent` that it said something else without a word. Parts that
# tables and figures show are the user's to change: where these differ, it is `edited`.

# Places in a fit: positions that lead from list to list, slots of matrices by name.
places_in <- function(x, at = list()) {
  here <- list(at)
  if (isS4(x)) return(c(here, lapply(c("i", "p", "x", "Dim"), function(slot) c(at, slot))))
  if (!is.list(x)) return(here)
  x <- unclass(x)
  c(here, unlist(lapply(seq_along(x), function(i) places_in(x[[i]], c(at, i))), recursive = FALSE))
}

name_of_place <- function(x, at) {
  names <- character()
  for (i in at) {
    if (is.character(i)) return(paste(c(names, i), collapse = "$"))
    x <- unclass(x)
    names <- c(names, if (is.null(names(x))) i else names(x)[i])
    x <- x[[i]]
  }
  paste(names, collapse = "$")
}

# `x` with what change() makes of the part at a place; NULL removes it.
change_at <- function(x, at, change) {
  if (length(at) == 0) return(change(x))
  if (is.character(at[[1]])) {
    attr(x, at[[1]]) <- change(attr(x, at[[1]], exact = TRUE))
    return(x)
  }
  class <- oldClass(x)
  x <- unclass(x)
  x[at[[1]]] <- if (length(at) == 1) {
    new <- change(x[[at[[1]]]])
    if (identical(new, removed)) return(structure(x[-at[[1]]], class = class))
    list(new)
  } else {
    list(change_at(x[[at[[1]]]], at[-1], change))
  }
  structure(x, class = class)
}

removed <- structure(list(), class = "removed")

mutations <- list(
  remove = function(x) removed,
  empty = function(x) if (is.null(dim(x))) x[0] else x[0, , drop = FALSE],
  double = function(x) if (is.matrix(x)) rbind(x, x) else c(x, x),
  type = function(x) if (is.numeric(x)) as.character(x) else if (is.list(x)) 1 else list(x),
  nan = function(x) {
    x[1] <- if (is.list(x)) list(NULL) else NaN
    x
  },
  reorder = function(x) {
    if (is.matrix(x)) return(x[rev(seq_len(nrow(x))), , drop = FALSE])
    rev(x)
  }
)

# Damages as a table: place and mutation by number. Those that change nothing are left out when
# they are tried.
all_damages <- function(fit) {
  places <- places_in(fit)[-1]
  expand.grid(place = seq_along(places), mutation = names(mutations), stringsAsFactors = FALSE)
}

# The fit with a damage; NULL where it cannot be done or does not change it.
damage <- function(fit, places, row) {
  damaged <- tryCatch(suppressWarnings(
    change_at(fit, places[[row$place]], mutations[[row$mutation]])
  ), error = function(e) NULL)
  if (identical(damaged, fit)) NULL else damaged
}

# Parts that no number depends on but those that are shown.
shown_parts <- c("call", "seconds", "history", "variance", "explained", "bend", "best_epoch",
                 "stopped", "validation", "all_samples", "seed", "scaling", "version", "control",
                 "loadings", "inclusion", "latent", "latent_sd", "mode", "contributions", "gates",
                 "settings", "covariates$terms", "covariates$levels")

is_shown <- function(name) {
  any(vapply(shown_parts, function(part) name == part || startsWith(name, paste0(part, "$")), NA))
}

# A row per reader of a damaged fit.
try_damage <- function(kind, damaged, name, reference) {
  readers <- torture_readers(kind$fit)
  rest <- if (!is.null(kind$covariates)) list(covariates = kind$covariates)
  rows <- lapply(names(readers), function(reader) {
    arguments <- c(list(damaged, kind$x), rest)
    got <- outcome_of(function() do.call(readers[[reader]], arguments))
    outcome <- got$outcome
    if (outcome == "value") {
      outcome <- if (same_value(got$value, reference[[reader]])) "same" else
        if (is_shown(name)) "edited" else "silent"
    }
    data.frame(reader = reader, outcome = outcome, text = if (is.null(got$text)) "" else got$text)
  })
  do.call(rbind, rows)
}

same_value <- function(x, y) isTRUE(all.equal(x, y, tolerance = 1e-6))

reference_of <- function(kind) {
  rest <- if (!is.null(kind$covariates)) list(covariates = kind$covariates)
  lapply(torture_readers(kind$fit), function(reader) {
    suppressMessages(suppressWarnings(do.call(reader, c(list(kind$fit, kind$x), rest))))
  })
}

# `count` damages of all kinds of fits, drawn by the seed.
torture_by_damage <- function(kinds, seed, count, isolated = TRUE) {
  set.seed(seed)
  all <- do.call(rbind, lapply(names(kinds), function(name) {
    data.frame(kind = name, all_damages(kinds[[name]]$fit))
  }))
  drawn <- all[sample(nrow(all), min(count, nrow(all))), ]
  references <- lapply(kinds, reference_of)
  rows <- lapply(seq_len(nrow(drawn)), function(i) {
    kind <- kinds[[drawn$kind[i]]]
    places <- places_in(kind$fit)[-1]
    name <- name_of_place(kind$fit, places[[drawn$place[i]]])
    damaged <- damage(kind$fit, places, drawn[i, ])
    if (is.null(damaged)) return(NULL)
    try <- function() try_damage(kind, damaged, name, references[[drawn$kind[i]]])
    table <- if (isolated) in_child(try) else try()
    data.frame(call = sprintf("%s of a %s fit: %s, by ", name, drawn$kind[i], drawn$mutation[i]),
               as.data.frame(table))
  })
  table <- do.call(rbind, lapply(rows, function(row) {
    if (is.null(row)) return(NULL)
    if (is.null(row$reader)) row$reader <- "?"
    row$call <- paste0(row$call, row$reader)
    row[c("call", "outcome", "text")]
  }))
  table
}

if (sys.nframe() == 0L) {
  suppressPackageStartupMessages(library(omicpoems))
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
  for (file in c("outcomes.R", "fits.R")) source(file.path(here, file))
  given <- arguments(seed = 1L, count = 500L)
  report_outcomes(torture_by_damage(torture_fits(), given$seed, given$count),
                  c("crash", "cpp", "raw", "silent"))
}
