# One page about a fit, for reading and for passing on.

# Rows of the longest tables of the page: more would make it too heavy to open.
most_report_rows <- 2000

#' Report of a fit as one HTML page
#'
#' Writes everything worth a look about a fit to one file that needs nothing else: what was fitted
#' and how well, every factor with the features it drives, gene sets and clinical data that go with
#' it, the gates, what each omic tells of each factor, samples whose omics may not belong together,
#' the groups of samples, and tables to search.
#'
#' Groups come from `group` where it is given, and from [cluster_samples()] otherwise. Gene sets are
#' tested with [enrich_factors()], clinical data and technical variables with [associate_factors()],
#' both with their defaults; call these yourself for other settings. Long tables are cut to the
#' `r most_report_rows` rows that matter most.
#'
#' Tables can be searched and sorted where the package DT is installed, and are plain otherwise.
#'
#' @param fit A fit from [poems()].
#' @param data Clinical data as in [associate_factors()]; `NULL` goes without, and shows technical
#'   variables of the fit only.
#' @param file Path of the page, ending in `.html`, in a folder that exists. A file that is there is
#'   replaced.
#' @param group Known groups of the samples, such as subtypes, as in [plot_latent()]; `NULL` for
#'   clusters.
#' @param sets Gene sets as in [enrich_factors()]; `NULL` goes without.
#' @param title Title of the page.
#' @param progress Whether to say what is being done; `NULL` does in interactive sessions.
#' @param technical Names of columns of `data` that are technical, as in [associate_factors()].
#'
#' @return The path of the page, invisibly.
#'
#' @section Errors:
#' The packages ggplot2, knitr and rmarkdown, and pandoc (part of RStudio and Quarto), must be
#' installed. A fit without a factor in use is an error, and so are `file` without a folder, and
#' `data`, `group` and `sets` that do not fit.
#'
#' @source Written for this package.
#' @family biology
#' @examplesIf omicpoems:::can_report()
#' fit <- poems(tcga_breast$omics, factors = 8, seed = 21,
#'              control = list(epochs = 20, threads = 1))
#' tumours <- tcga_breast$samples
#' file <- tempfile(fileext = ".html")
#' poems_report(fit, data.frame(tumours, row.names = tumours$sample), file,
#'              group = tumours$subtype)
#' # browseURL(file) opens it.
#' @export
poems_report <- function(fit, data = NULL, file = "report.html", group = NULL, sets = NULL,
                         title = "POEMS report", progress = NULL,
                         technical = NULL) {
  rlang::check_installed(c("ggplot2", "knitr", "rmarkdown"), "to write a report.")
  check_fit(fit)
  check_any_factor(fit)
  check_report_file(file)
  check_value(title, "title", "one text", \(x) is.character(x) && length(x) == 1 && !is.na(x))
  if (is.null(progress)) progress <- shows_progress()
  check_value(progress, "progress", "TRUE or FALSE", is_flag)
  data <- as_sample_table(data)
  check_technical(technical, data)
  check_pandoc()
  here <- environment()
  step <- \(text) if (progress) cli::cli_progress_step(text, .envir = here)

  report <- list(fit = fit, title = title, group = check_group(group, fit$samples))
  if (!is.null(data) || length(technical_variables(fit)) > 0) {
    step("Comparing factors with clinical and technical data")
    report$associations <- associate_factors(fit, data, technical)
  }
  if (!is.null(sets)) {
    step("Testing gene sets")
    report$enrichment <- enrich_factors(fit, sets)
  }
  if (rlang::is_installed("cluster")) {
    step("Clustering samples")
    report$clusters <- cluster_samples(fit)
  }
  if (can_check(fit)) report$check <- suppressMessages(check_samples(fit))
  step("Gathering features")
  report$features <- features_table(fit)
  step("Drawing and writing the page")
  render_report(report, file)
  invisible(normalizePath(file))
}

# The page is made in a folder of its own: the template's may be read-only.
render_report <- function(report, file) {
  folder <- tempfile("poems-report-")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  template <- file.path(folder, "report.Rmd")
  file.copy(system.file("report", "report.Rmd", package = "omicpoems", mustWork = TRUE), template,
            copy.mode = FALSE)
  made <- rmarkdown::render(
    template, output_file = "report.html", quiet = TRUE,
    envir = list2env(list(report = report), parent = topenv())
  )
  copied <- suppressWarnings(file.copy(made, file, overwrite = TRUE, copy.mode = FALSE))
  if (!copied || !identical(file.size(file), file.size(made))) {
    cli::cli_abort(c(
      "The report could not be written to {.file {file}}.",
      "i" = "Is its folder writable, and is there space for {format_bytes(file.size(made))}?"
    ), call = rlang::caller_env())
  }
}

# Checks ----------------------------------------------------------------------------------------

can_report <- function() {
  rlang::is_installed(c("ggplot2", "knitr", "rmarkdown")) && rmarkdown::pandoc_available("2.0")
}

check_pandoc <- function(call = rlang::caller_env()) {
  if (rmarkdown::pandoc_available("2.0")) return(invisible())
  cli::cli_abort(c(
    "A report needs pandoc 2.0 or newer, which is not found.",
    "i" = "RStudio and Quarto bring it; otherwise get it from {.url https://pandoc.org}."
  ), call = call)
}

check_report_file <- function(file, call = rlang::caller_env()) {
  check_value(file, "file", "a path that ends in \".html\"",
              \(x) is.character(x) && length(x) == 1 && grepl("\\.html$", x), call)
  check_path_to_write(file, "file", call)
}

# Pieces of the page ----------------------------------------------------------------------------

# Text that shows as it is, both in markdown and in HTML, whatever it contains.
literal <- function(text) {
  text <- gsub("[[:cntrl:]]+", " ", enc2utf8(as.character(text)))
  known <- !is.na(text)  # `regmatches<-` makes text of NA
  marks <- gregexpr("[!-/:-@\\[-`{-~]", text[known], perl = TRUE)
  regmatches(text[known], marks) <- lapply(regmatches(text[known], marks), \(mark) {
    sprintf("&#%d;", vapply(mark, utf8ToInt, 0L))
  })
  text
}

# A plain table. `bars`: name of a column of numbers to draw as bars, to the left below 0.
html_table <- function(table, bars = NULL) {
  cells <- lapply(table, \(column) literal(format_cell(column)))
  if (!is.null(bars)) cells[[bars]] <- draw_bars(table[[bars]], cells[[bars]])
  side <- ifelse(vapply(table, is_number_like, NA), " class=\"number\"", "")
  row <- \(tag, values) sprintf("<%s%s>%s</%s>", tag, side, values, tag) |> paste(collapse = "")
  body <- vapply(seq_len(nrow(table)), \(i) row("td", vapply(cells, `[`, "", i)), "")
  raw_html(c(
    "<div class=\"scroll\"><table class=\"table table-condensed\"><thead><tr>",
    row("th", literal(names(table))), "</tr></thead><tbody>", sprintf("<tr>%s</tr>", body),
    "</tbody></table></div>"
  ))
}

# pandoc leaves alone what is between these fences.
raw_html <- function(lines) {
  knitr::asis_output(paste(c("\n\n```{=html}", lines, "```\n\n"), collapse = "\n"))
}

# Three significant digits, whole numbers as they are.
format_cell <- function(column) {
  if (!is.numeric(column)) return(ifelse(is.na(column), "", as.character(column)))
  whole <- all(column == trunc(column), na.rm = TRUE)
  text <- if (whole) format(column, trim = TRUE) else formatC(column, 3, format = "g", flag = "#")
  ifelse(is.na(column), "", text)
}

is_number_like <- \(column) is.numeric(column) || all(grepl("^(-|[0-9.]+%)$", column))

draw_bars <- function(values, labels) {
  width <- 50 * abs(values) / max(abs(values), .Machine$double.xmin)
  bar <- sprintf("<span class=\"%s\" style=\"width:%.1f%%\"></span>",
                 ifelse(values < 0, "down", "up"), width)
  sprintf("<span class=\"bars\">%s</span><span class=\"value\">%s</span>", bar, labels)
}

without_empty_columns <- \(table) table[vapply(table, \(column) !all(is.na(column)), NA)]

# A table to search and sort where DT is there, a plain one otherwise.
search_table <- function(table, searchable = rlang::is_installed("DT")) {
  table <- without_empty_columns(utils::head(table, most_report_rows))
  if (!searchable) return(html_table(table))
  numbers <- vapply(table, is.numeric, NA)
  table[numbers] <- lapply(table[numbers], signif, 3)
  DT::datatable(
    table, rownames = FALSE, escape = TRUE, style = "default", class = "compact stripe",
    options = list(pageLength = 10, scrollX = TRUE, autoWidth = FALSE)
  )
}

# What a factor is, in a sentence.
describe_factor <- function(report, name) {
  explained <- variance_explained(report$fit)
  explained <- explained[explained$factor == name, ]
  features <- sum(report$features$factor == name)
  sprintf(
    "Explains %s. Has a loading on %d %s.",
    paste(sprintf("%s of %s", percent(explained$r2, digits = 1), literal(explained$omic)),
          collapse = ", "),
    features, ngettext(features, "feature", "features")
  )
}

# The features that a factor moves most.
factor_features <- function(report, name, n = 12) {
  rows <- report$features[report$features$factor == name, ]
  rows <- utils::head(rows[order(-abs(rows$effect)), ], n)
  rows[c("omic", "feature", "effect", "loading", "inclusion")]
}

# The rows of a factor whose FDR is small in a table of tests, under a heading; nothing without any.
factor_tests <- function(table, name, heading, columns, fdr = 0.05) {
  rows <- table[table$factor == name & !is.na(table$fdr) & table$fdr <= fdr, columns]
  if (NROW(rows) == 0) return("")
  rows <- without_empty_columns(utils::head(rows, 8))
  names(rows)[names(rows) == "higher"] <- "higher in"
  c(raw_html(sprintf("<h3>%s</h3>", heading)), html_table(rows))
}

# The associations with technical variables, or with others.
tests_of <- \(report, technical) report$associations[report$associations$technical == technical, ]

# A section about a factor: its features on the left, what goes with it on the right.
factor_section <- function(report, name) {
  features <- factor_features(report, name)
  features$inclusion <- round(features$inclusion, 2)
  paste(c(
    "\n\n## ", name, "\n\n", describe_factor(report, name),
    raw_html("<div class=\"factor\"><div>"),
    if (nrow(features) > 0) html_table(features, "effect"),
    raw_html("</div><div>"),
    factor_tests(report$enrichment, name, "Gene sets",
                 c("omic", "set", "features", "direction", "fdr")),
    factor_tests(tests_of(report, technical = FALSE), name, "Clinical data",
                 c("column", "measure", "effect", "higher", "n", "fdr", "also")),
    factor_tests(tests_of(report, technical = TRUE), name, "Technical variables",
                 c("column", "measure", "effect", "higher", "n", "fdr")),
    raw_html("</div></div>")
  ), collapse = "")
}

# The groups that figures show: those given, else clusters.
shown_group <- \(report) if (is.null(report$group)) report$clusters else report$group

# Mean gates of every group of samples, over the samples that have the omic.
mean_gates <- function(report) {
  group <- shown_group(report)
  if (is.null(group)) group <- factor(rep("all samples", length(report$fit$samples)))
  gates <- report$fit$gates
  gates[gates == 0] <- NA
  means <- apply(gates, 2, \(gate) tapply(gate, group, mean, na.rm = TRUE))
  data.frame(group = levels(group), samples = as.vector(table(group)),
             matrix(means, nlevels(group), dimnames = list(NULL, colnames(gates))),
             check.names = FALSE)
}

# False discovery rate of omics that the page names as misplaced.
found_misplaced <- 0.1

misplaced_rows <- function(check) {
  rows <- check[which(check$fdr < found_misplaced), ]
  rows <- rows[order(rows$p_value), c("sample", "omic", "agreement", "p_value", "fdr", "partner")]
  rows[3:5] <- lapply(rows[3:5], signif, 2)
  rownames(rows) <- NULL
  rows
}

describe_check <- function(check) {
  found <- nrow(misplaced_rows(check))
  sprintf(
    paste("%s of %d omics of samples agree less with the sample's other omics than chance has it",
          "(false discovery rate below %s): mix-ups, contamination, or a sample unlike all others.",
          "A partner is the sample whose omic would fit instead."),
    if (found == 0) "None" else found, sum(!is.na(check$p_value)), format(found_misplaced)
  )
}

# Samples of every known group in every cluster.
clusters_by_group <- function(report) {
  counts <- unclass(table(report$group, report$clusters))
  data.frame(group = rownames(counts), matrix(counts, nrow(counts), dimnames = list(
    NULL, colnames(counts)
  )), check.names = FALSE)
}

describe_agreement <- function(report) {
  known <- report$group != unknown_group
  if (!any(known)) return("")
  agreement <- cluster_agreement(report$group[known], report$clusters[known])
  sprintf("Agreement of the two: normalised mutual information %.2f, adjusted Rand index %.2f.",
          agreement[["nmi"]], agreement[["ari"]])
}

# What the page was made with, folded up.
session_details <- function() {
  raw_html(c("<details><summary>R and its packages</summary><pre>",
             literal(utils::capture.output(utils::sessionInfo())), "</pre></details>"))
}

# Sizes of figures in inches that leave every row its room.
height_of <- function(rows, least = 3.6, per_row = 0.2) max(least, 1.4 + per_row * rows)
