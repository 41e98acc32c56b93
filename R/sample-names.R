# Names that stand for the same sample and are not written alike.

# Ways in which they differ, and what makes them alike, from the gentlest on. Keys of names with
# fewer parts than a rule takes are NA.
name_rules <- list(
  "without spaces around them" = trimws,
  "in one case" = tolower,
  "with the same separators" = \(names) gsub("[^[:alnum:]]+", "-", names),
  "without the X that R puts before digits" = \(names) sub("^X(?=[0-9])", "", names, perl = TRUE),
  "without separators, in one case" = \(names) gsub("[^[:alnum:]]+", "", tolower(names)),
  "without zeros before numbers" = \(names) gsub("(?<![0-9])0+(?=[0-9])", "", names, perl = TRUE)
)

# Keys of the first or the last parts, in one case and with the same separators.
parts_of <- \(names) strsplit(tolower(sub("^X(?=[0-9])", "", names, perl = TRUE)),
                              "[^[:alnum:]]+")

key_of_parts <- function(parts, take, count) {
  vapply(parts, \(part) {
    if (length(part) < count) NA_character_ else paste(take(part, count), collapse = "-")
  }, "")
}

most_parts <- 4L

all_keys <- function(names) {
  keys <- lapply(name_rules, \(rule) rule(names))
  parts <- parts_of(names)
  # From the most parts on: more of them say more.
  counts <- rev(seq_len(min(most_parts, max(lengths(parts), 1L))))
  first <- lapply(counts, \(count) key_of_parts(parts, utils::head, count))
  last <- lapply(counts, \(count) key_of_parts(parts, utils::tail, count))
  c(keys, stats::setNames(first, sprintf("by the first %s", count_parts(counts))),
    stats::setNames(last, sprintf("by the last %s", count_parts(counts))))
}

count_parts <- \(counts) ifelse(counts == 1, "part alone", sprintf("%d parts alone", counts))

# Of more names (barcodes of cells), nothing is told.
most_names <- 20000L

# How many more names would be found in several of `sets` (character vectors of names), and by which
# rule: a list of `count`, `rule` and an `example` of two names; NULL if by none. Names are taken to
# be one where a rule makes them so, no set has two of them, and no set with one of them has the
# other.
matched_by_rule <- function(sets) {
  names <- unique(unlist(sets, use.names = FALSE))
  if (length(names) > most_names) return(NULL)
  has <- vapply(sets, \(set) names %in% set, logical(length(names)))
  has <- matrix(has, length(names))
  found <- lapply(all_keys(names), \(key) joined_names(key, names, has))
  count <- vapply(found, `[[`, 0L, "count")
  if (length(count) == 0 || max(count) == 0) return(NULL)
  best <- which.max(count)
  c(found[[best]], list(rule = names(count)[best]))
}

joined_names <- function(key, names, has) {
  known <- which(!is.na(key) & key != "")
  several <- known[key[known] %in% key[known][duplicated(key[known])]]
  none <- list(count = 0L, example = NULL)
  if (length(several) == 0) return(none)
  owners <- rowsum(has[several, , drop = FALSE] + 0, key[several], reorder = FALSE)
  alone <- apply(owners <= 1, 1, all)
  one <- rownames(owners)[alone]
  # What makes one name of different samples is no rule of how they are written.
  if (length(one) <= sum(!alone)) return(none)
  list(count = length(one), example = names[several[key[several] == one[1]]][1:2])
}

# Fewer than this share of the names that lack a set are no sign that names are written differently.
least_share_joined <- 0.1

# Warns where samples lack omics that others would have under another name. `sets`: names of the
# samples of every omic.
warn_names_in_part <- function(sets, arg, call) {
  count <- table(unlist(sets, use.names = FALSE))
  lacking <- sum(count < length(sets))
  if (length(sets) < 2 || lacking < 2) return(invisible())
  found <- matched_by_rule(sets)
  if (is.null(found) || found$count < least_share_joined * lacking) return(invisible())
  cli::cli_warn(c(
    "Names of samples in {.arg {arg}} match in part.",
    "x" = "{sum(count == length(sets))} sample{?s} {?is/are} in every omic under the same name.",
    "i" = "{found$count} more would be one sample if names were compared {found$rule}:
           {quote_each(found$example)} for instance.",
    "i" = "Samples are matched by name. Where these are the same, write them alike."
  ), call = call)
}

# A line for messages about names that `wanted` has and `given` lacks; NULL where no rule helps.
names_hint <- function(wanted, given) {
  found <- matched_by_rule(list(wanted, given))
  if (is.null(found)) return(NULL)
  text <- sprintf("%d more would match if names were compared %s: %s for instance.", found$count,
                  found$rule, paste(quote_each(found$example), collapse = " and "))
  c("i" = gsub("([{}])", "\\1\\1", text))
}
