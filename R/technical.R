# What is technical about samples, as far as a fit knows it, and what is said of factors that go
# with it.

# Up to this false discovery rate, a factor goes with a technical variable.
largest_technical_fdr <- 0.05

# Named list: whether a sample lacks an omic, for those that some lack; library sizes of counts.
technical_variables <- function(fit) {
  has <- membership(fit)
  lacked <- colnames(has)[colSums(!has) > 0]
  lacks <- stats::setNames(lapply(lacked, \(omic) !has[, omic]), sprintf("lacks %s", lacked))
  counted <- names(fit$omics)[vapply(fit$omics, \(omic) length(omic$offset) > 0, NA)]
  sizes <- lapply(counted, \(omic) ifelse(has[, omic], fit$omics[[omic]]$offset, NA))
  sizes <- stats::setNames(sizes, sprintf("%s library size", counted))
  c(lacks, sizes[vapply(sizes, \(size) sum(!is.na(size)) >= fewest_known, NA)])
}

# Like associate_column(); that an omic is lacked is tested without strata, which it makes.
associate_technical <- function(samples, column, name) {
  if (!is.logical(column)) return(associate_column(samples, column, name))
  factors <- colnames(samples$latent)
  rows <- lapply(factors, \(factor) {
    used <- samples$informed[, factor]
    row <- run_brunner_munzel(samples$latent[used, factor], column[used])
    data.frame(row, left_out = sum(!used))
  })
  label_tests(factors, name, list(name = "brunner-munzel", measure = "r"), do.call(rbind, rows))
}

# Checks ----------------------------------------------------------------------------------------

check_technical <- function(technical, data, call = rlang::caller_env()) {
  if (is.null(technical)) return(invisible())
  check_value(technical, "technical", "names of columns of `data`", is.character, call)
  if (is.null(data)) {
    cli::cli_abort("{.arg technical} names columns of {.arg data}, which is missing.", call = call)
  }
  unknown <- setdiff(technical, names(data))
  if (length(unknown) == 0) return(invisible())
  cli::cli_abort(c(
    "{.arg technical} must name columns of {.arg data}.",
    "x" = "{.arg data} does not have {quote_some(unknown)}.",
    "i" = "It has {quote_some(names(data))}."
  ), call = call)
}

check_any_technical <- function(own, call = rlang::caller_env()) {
  if (length(own) > 0) return(invisible())
  cli::cli_abort(c(
    "Without {.arg data} there is nothing to test.",
    "x" = "No sample lacks an omic, and no omic has counts, whose library sizes could be tested.",
    "i" = "Pass {.arg data}, a data frame of samples x columns."
  ), call = call)
}

# Hints -----------------------------------------------------------------------------------------

# The technical variable that the factor of each other row goes with most clearly.
add_hints <- function(table) {
  strong <- table[table$technical & !is.na(table$fdr) & table$fdr <= largest_technical_fdr, ]
  strong <- strong[order(strong$p), ]
  at <- match(table$factor, strong$factor)
  at[table$technical] <- NA
  table$also <- strong$column[at]
  table$also_fdr <- strong$fdr[at]
  table
}

# Messages --------------------------------------------------------------------------------------

tell_left_out <- function(table) {
  left <- sum(table$left_out > 0)
  if (left == 0) return(invisible())
  cli::cli_inform(c("i" = "{left} of {nrow(table)} factor test{?s} leave out samples whose omics
                           do not inform the factor; column {.field n} says how many are used."))
}

tell_confounded <- function(table) {
  columns <- unique(table$column[table$confounded])
  if (length(columns) == 0) return(invisible())
  cli::cli_inform(c(
    "i" = "{cli::qty(length(columns))}Column{?s} {quote_some(columns)} {?goes/go} with which omics
           samples lack and {?has/have} no p-value where {?it/they} cannot be told from that; see
           the technical rows."
  ))
}

# The factors that go with technical variables, and how many associations are theirs.
tell_technical <- function(table, fdr = 0.05) {
  strong <- table[table$technical & !is.na(table$fdr) & table$fdr <= largest_technical_fdr, ]
  if (nrow(strong) == 0) return(invisible())
  shared <- sum(!table$technical & !is.na(table$fdr) & table$fdr <= fdr & !is.na(table$also))
  by_column <- tapply(strong$factor, strong$column, \(factors) {
    paste(quote_some(sort_factors(factors)), collapse = ", ")
  })
  found <- sum(!table$technical & !is.na(table$fdr) & table$fdr <= fdr)
  cli::cli_inform(c(
    "!" = "Factors that go with technical variables (FDR of {largest_technical_fdr} or less).",
    as_bullets(sprintf("%s: %s", names(by_column), by_column)),
    "i" = if (shared > 0) {
      "{shared} of {found} association{?s} with an FDR of {fdr} or less {cli::qty(shared)}{?is/are}
       of such factors: see column {.field also}."
    }
  ))
}
