# Factors from sets of features (gene programs). A set gives one factor, whose loadings are likelier
# for the set's members than for other features (src/pieces/inclusion_rate.h). Which sets the data
# hold, and in what direction, is told at the start (start-sets.R); training then refines them.

# A set counts in an omic that has this many of its members, and at all with so many in these omics.
least_members_of_omic <- 3L
least_members <- 5L

# How many times as large a member's prior odds of a loading are.
member_odds <- 100

# What the verdict on a set can be, and what a fit says of sets with it.
set_verdicts <- c("kept", "covered", "rejected", "no room", "too few members")

# Sets as poems() uses them: `members`, per set the positions of its members among the features of
# all omics, one after the other, without those of omics that have too few; `given`, how many
# members each was given with. NULL without `sets`.
read_programs <- function(sets, omics, control, call = rlang::caller_env()) {
  if (is.null(sets)) return(NULL)
  if (control$objective != "elbo" || control$start != "linear") {
    cli::cli_abort(c(
      "{.arg sets} needs {.code objective = \"elbo\"} and {.code start = \"linear\"}.",
      "x" = "They are {quote_some(control$objective)} and {quote_some(control$start)}."
    ), call = call)
  }
  features <- lapply(omics, `[[`, "features")
  sets <- read_sets(sets, unlist(features, use.names = FALSE), call)
  check_set_names(names(sets), call)
  omic <- omic_of_features(omics)
  all <- unlist(features, use.names = FALSE)
  members <- lapply(sets, \(set) {
    found <- which(all %in% set)
    of <- tabulate(omic[found], length(omics))
    found <- found[(of >= least_members_of_omic)[omic[found]]]
    if (length(found) < least_members) integer() else found
  })
  if (all(lengths(members) == 0)) {
    check_any_set(list(), features, sets, least_members, length(all), call)
  }
  programs <- list(members = members, given = lengths(sets))
  inform_members(programs, omic, names(omics))
  programs
}

check_set_names <- function(names, call) {
  numbered <- grep("^Factor[0-9]+$", names, value = TRUE)
  if (length(numbered) == 0) return(invisible())
  cli::cli_abort(c(
    "Sets in {.arg sets} cannot be called as factors without a set are.",
    "x" = "Found {quote_some(numbered)}."
  ), call = call)
}

# How many members there are, in which omics.
inform_members <- function(programs, omic, omics) {
  found <- programs$members[lengths(programs$members) > 0]
  lines <- vapply(seq_along(omics), \(v) {
    of <- vapply(found, \(set) sum(omic[set] == v), 0L)
    if (all(of == 0)) return(sprintf("%s: none", omics[v]))
    range <- unique(range(of[of > 0]))
    sprintf("%s: %d set%s with %s members", omics[v], sum(of > 0), if (sum(of > 0) > 1) "s" else "",
            paste(range, collapse = " to "))
  }, "")
  without <- names(programs$members)[lengths(programs$members) == 0]
  cli::cli_inform(c(
    "i" = "Members of {.arg sets} found, in omics that have at least {least_members_of_omic}:",
    as_bullets(lines),
    if (length(without) > 0) c("!" = "Fewer than {least_members} members in all, and no factor, for
                                      {length(without)} set{?s}: {quote_some(without)}.")
  ), class = "poems_members")
}

# Per omic, features x factors: which features are members of the factors' sets. `set`: of every
# factor of the core, by number, NA without one. What core_train() takes; empty without any.
core_members <- function(set, programs, omics) {
  if (all(is.na(set))) return(list())
  omic <- omic_of_features(omics)
  members <- members_of(set, programs, length(omic))
  lapply(seq_along(omics), \(v) members[omic == v, , drop = FALSE])
}

# The same of all omics in one matrix.
members_of <- function(set, programs, features) {
  members <- matrix(FALSE, features, length(set))
  for (k in which(!is.na(set))) members[programs$members[[set[k]]], k] <- TRUE
  members
}

# What a fit says of sets -------------------------------------------------------------------------

# A set is kept if its factor still acts more on its members than on other features of the same
# omics. A broad factor may act on most of them.
largest_member_p <- 0.05

# The fit with its sets: factors called by those that are kept, and `sets`, a list of `table`, one
# row per set, and `members`, per set and omic their names. Rows are ordered by verdict; sets that
# are kept by what their factors explain.
add_sets <- function(fit, programs, start) {
  if (is.null(programs)) return(fit)
  features <- lapply(fit$omics, `[[`, "features")
  omic <- omic_of_features(fit$omics)
  all <- unlist(features, use.names = FALSE)
  members <- lapply(programs$members, \(set) {
    split(all[set], factor(names(features)[omic[set]], names(features)), drop = TRUE)
  })
  tests <- start$tests
  if (is.null(tests)) {
    tests <- data.frame(p = NA_real_, verdict = ifelse(lengths(members) == 0, "too few members",
                                                       "rejected"))
  }
  table <- data.frame(
    set = names(members), verdict = factor(tests$verdict, set_verdicts), factor = NA_character_,
    given = unname(programs$given), found = unname(lengths(programs$members)),
    kept = NA_integer_, added = NA_integer_, p = tests$p
  )
  names <- names_of_factors(fit)
  for (s in which(table$verdict == "kept")) {
    k <- match(s, start$set[factors_in_use(fit)])
    with <- if (!is.na(k)) features_with_loading(fit$loadings, k, members[[s]])
    if (is.na(k) || with$p > largest_member_p) {
      table$verdict[s] <- "rejected"
      next
    }
    names[k] <- table$factor[s] <- table$set[s]
    table[s, c("kept", "added")] <- with[c("kept", "added")]
  }
  # Those without a set are numbered anew, so that numbers have no gaps.
  free <- !names %in% table$factor
  names[free] <- numbered_factors(sum(free))
  order <- order(table$verdict, match(table$factor, names))
  fit$sets <- list(table = table[order, ], members = members[order])
  rename_factors(fit, names)
}

# Of one factor, in the omics of `members`: how many members and how many others have a loading, and
# the p-value of members' loadings being the larger ones (ranks within omics).
features_with_loading <- function(loadings, factor, members) {
  with <- do.call(rbind, Map(\(w, member) {
    size <- abs(w[, factor])
    data.frame(loading = size > 0, member = rownames(w) %in% member,
               rank = rank(size) / length(size))
  }, loadings[names(members)], members))
  kept <- sum(with$loading & with$member)
  list(kept = kept, added = sum(with$loading) - kept,
       p = stats::wilcox.test(with$rank[with$member], with$rank[!with$member], exact = FALSE,
                              alternative = "greater")$p.value)
}

# Tables ------------------------------------------------------------------------------------------

check_has_sets <- function(fit, call = rlang::caller_env(2)) {
  if (!is.null(fit$sets)) return(invisible())
  cli::cli_abort(c(
    "This fit has no sets.",
    "i" = "Factors come from sets of features with {.code poems(x, sets = )}."
  ), call = call)
}

set_rows <- function(fit) {
  check_has_sets(fit)
  fit$sets$table
}

# Of the factors that the fit shows.
member_rows <- function(fit) {
  check_has_sets(fit)
  table <- fit$sets$table
  shown <- which(table$factor %in% names_of_factors(fit))
  rows <- lapply(shown, \(s) {
    members <- fit$sets$members[[s]]
    lapply(intersect(names(members), names(fit$omics)), \(omic) {
      w <- fit$loadings[[omic]][, table$factor[s]]
      member <- names(w) %in% members[[omic]]
      row <- which(member | w != 0)
      status <- ifelse(w == 0, "dropped", ifelse(member, "kept", "added"))
      data.frame(factor = table$factor[s], omic = omic, feature = names(w)[row],
                 status = unname(status[row]), loading = unname(w[row]),
                 inclusion = unname(fit$inclusion[[omic]][row, table$factor[s]]))
    })
  })
  none <- data.frame(factor = character(), omic = character(), feature = character(),
                     status = character(), loading = numeric(), inclusion = numeric())
  do.call(rbind, c(list(none), unlist(rows, recursive = FALSE)))
}

# Print -------------------------------------------------------------------------------------------

# Sets that are kept, those that explain most first, and what has become of the others.
cat_sets <- function(table) {
  if (is.null(table)) return(invisible())
  cli::cat_line()
  number <- \(verdict) sum(table$verdict == verdict)
  cat_text(sprintf("Sets: %d of %d kept%s.", number("kept"), nrow(table), paste(
    vapply(setdiff(unique(as.character(sort(table$verdict))), "kept"),
           \(verdict) sprintf(", %d %s", number(verdict), verdict), ""), collapse = ""
  )))
  kept <- table[table$verdict == "kept", ]
  shown <- utils::head(kept, most_factors_printed)
  if (nrow(shown) == 0) return(invisible())
  cat_table(list(set = shown$factor, "members found" = format(shown$found),
                 kept = format(shown$kept), added = format(shown$added)))
  hidden <- nrow(kept) - nrow(shown)
  if (hidden > 0) cat_text(sprintf("and %d more: see tidy(fit, \"sets\")", hidden))
}
