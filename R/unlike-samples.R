# Samples that are unlike all others: columns of annotation (lengths, identifiers) that were left
# among the measurements, failed measurements.

# Features looked at, at most; larger cohorts are no tables that annotation was left in.
most_looked_at <- 300L
largest_cohort <- 10000L

# A sample is unlike the others if its features are typically so many times as far from their
# medians as those of other samples, ...
unlike_distance <- 8

# ... or if it does not correlate with the profile that all others have.
shared_profile <- 0.8
no_profile <- 0.3

# At most this share of the samples can be unlike all others.
most_unlike <- 0.05

# Per omic that has any, their names.
unlike_samples_of <- function(data) {
  found <- lapply(data, unlike_samples)
  found[lengths(found) > 0]
}

warn_unlike_samples <- function(found, data) {
  if (length(found) == 0) return(invisible())
  lines <- sprintf("%s: %s", names(found), vapply(found, \(names) {
    paste(quote_some(names), collapse = ", ")
  }, ""))
  lacking <- unlist(lapply(found, \(names) {
    names[vapply(names, \(name) sum(vapply(data, \(x) name %in% colnames(x), NA)) == 1, NA)]
  }))
  cli::cli_warn(c(
    "Samples whose values are unlike those of all others.",
    as_bullets(lines),
    "i" = "Remove what is no sample: columns of annotation, such as lengths or identifiers.",
    if (length(data) > 1 && length(lacking) > 0) {
      c("i" = "{cli::qty(length(lacking))}{quote_some(lacking)} {?has/have} no other omic.")
    }
  ))
}

# Names of such samples of an omic in memory.
unlike_samples <- function(values) {
  in_memory <- !inherits(values, "disk_matrix") && ncol(values) <= largest_cohort
  if (!in_memory || ncol(values) < fewest_samples || nrow(values) < 5) {
    return(character())
  }
  rows <- spaced(nrow(values), most_looked_at)
  x <- as.matrix(values[rows, , drop = FALSE])
  if (min(x, na.rm = TRUE) >= 0 && max(x, na.rm = TRUE) > largest_score) x <- log1p(x)
  middle <- apply(x, 1, stats::median, na.rm = TRUE)
  from_middle <- abs(x - middle)
  spread <- apply(from_middle, 1, stats::median, na.rm = TRUE)
  if (all(spread == 0)) spread[] <- 1
  spread[spread == 0] <- stats::median(spread[spread > 0])
  distance <- apply(from_middle / spread, 2, stats::median, na.rm = TRUE)
  profile <- suppressWarnings(drop(stats::cor(x, middle, use = "pairwise.complete.obs")))
  far <- distance > unlike_distance * max(stats::median(distance, na.rm = TRUE), 0.5)
  apart <- stats::median(profile, na.rm = TRUE) > shared_profile &
    (profile < no_profile | is.na(profile))
  unlike <- which(far | apart)
  if (length(unlike) > max(1, most_unlike * ncol(values))) return(character())
  colnames(values)[unlike]
}
