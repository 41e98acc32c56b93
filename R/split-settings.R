# What users may set of poems_split(), checked. The core has the table of the settings: names,
# defaults with sparse and with dense decoders, what they must be and what they mean.

split_control <- function(control, method, decoder, call = rlang::caller_env()) {
  fill_control(control, core_split_options(method), split_form(decoder), call)
}

# Which defaults of the table.
split_form <- \(decoder) if (decoder == "sparse") "corrected" else "published"

choose_decoder <- function(decoder, method, call = rlang::caller_env()) {
  if (is.null(decoder)) return(if (method == "indiseek") "dense" else "sparse")
  decoder <- arg_match(decoder, c("sparse", "dense"), error_call = call)
  if (method == "indiseek" && decoder == "sparse") {
    cli::cli_abort(c(
      "{.arg decoder} must be {.val dense} with {.code method = \"indiseek\"}.",
      "i" = "For loadings, use {.val mmvae++}, the default method."
    ), call = call)
  }
  decoder
}

check_coordinates <- function(x, arg, call = rlang::caller_env()) {
  check_value(x, arg, "a whole number of at least 1", \(x) is_whole(x) && x >= 1, call)
  as.integer(x)
}

check_completeness <- function(completeness, default, method, call = rlang::caller_env()) {
  check_value(completeness, "completeness", "a number above 0", \(x) is_number(x) && x > 0, call)
  if (!default && method != "indiseek") {
    cli::cli_abort(c(
      "{.arg completeness} is for {.code method = \"indiseek\"} alone.",
      "x" = "The method is {.val {method}}."
    ), call = call)
  }
}

# Blocks are named by omics beside "shared", and tables have "all others".
check_omics_to_split <- function(data, call = rlang::caller_env()) {
  taken <- names(data)[names(data) %in% c("shared", "all others") | grepl("/", names(data))]
  if (length(taken) > 0) {
    cli::cli_abort(c(
      "Omics in {.arg x} must not be called {.val shared} or {.val all others}, nor have a slash
       in their name.",
      "x" = "There is {quote_some(taken)}."
    ), call = call)
  }
  if (length(data) > 1) return(invisible())
  cli::cli_abort(c(
    "{.arg x} must have at least two omics to tell what they share.",
    "x" = "It has {quote_some(names(data))} only.",
    "i" = "For the factors of one omic, see {.fn poems}."
  ), call = call)
}

# One number for all omics, or one for each.
private_per_omic <- function(private, omics, call = rlang::caller_env()) {
  whole <- is.numeric(private) && !is.object(private) && all(is.finite(private)) &&
    all(private == trunc(private) & private >= 1)
  named <- !is.null(names(private))
  matches <- if (named) setequal(names(private), omics) && !anyDuplicated(names(private)) else
    length(private) %in% c(1L, length(omics))
  if (!whole || !matches) {
    cli::cli_abort(c(
      "{.arg private} must be a whole number of at least 1, or one for each omic.",
      "x" = if (!whole) "It is {describe(private)}." else if (named)
        "It is named {quote_some(names(private))}; the omics are {quote_some(omics)}." else
        "It has {length(private)} numbers for {length(omics)} omics."
    ), call = call)
  }
  private <- if (named) private[omics] else rep_len(private, length(omics))
  stats::setNames(as.integer(private), omics)
}

check_dense <- function(data, covariates, call = rlang::caller_env()) {
  check_continuous(data, "x", call)
  if (is.null(covariates)) return(invisible())
  cli::cli_abort(c(
    "{.arg covariates} must be {.code NULL} with dense decoders, which know none.",
    "i" = "Use {.code decoder = \"sparse\"}."
  ), call = call)
}

# As 0, 1 and NA, by sample; none: no numbers.
read_labels <- function(labels, samples, method, call = rlang::caller_env()) {
  if (is.null(labels)) return(numeric())
  if (method == "indiseek") {
    cli::cli_abort("{.arg labels} must be {.code NULL} with {.code method = \"indiseek\"}, which
                    has no term for them.", call = call)
  }
  labels <- labels_by_sample(labels, samples, call)
  values <- sort(unique(labels[!is.na(labels)]), method = "radix")
  if (length(values) != 2) {
    cli::cli_abort(c(
      "{.arg labels} must have two values.",
      "x" = if (length(values) == 0) "None is known." else
        "{cli::qty(length(values))}It has {length(values)} value{?s}:
         {quote_some(as.character(values))}."
    ), call = call)
  }
  stats::setNames(as.numeric(labels == values[2]), samples)
}

labels_by_sample <- function(labels, samples, call, arg = "labels") {
  if (!is.atomic(labels) || !is.null(dim(labels))) {
    cli::cli_abort("{.arg {arg}} must be a vector of labels, not {describe(labels)}.", call = call)
  }
  of <- names(labels)
  labels <- if (is.factor(labels)) as.character(labels) else unname(labels)
  labels <- without_missing_text(labels)
  if (is.null(of)) {
    if (length(labels) != length(samples)) {
      cli::cli_abort(c(
        "{.arg {arg}} must be named by sample or have one label for each.",
        "x" = "It has {length(labels)} labels for {length(samples)} samples."
      ), call = call)
    }
    return(labels)
  }
  if (!any(of %in% samples)) {
    cli::cli_abort(c(
      "Names of {.arg {arg}} must be those of samples in {.arg x}.",
      "x" = "None is: {quote_some(of)}."
    ), call = call)
  }
  labels[match(samples, of)]
}

# The help's table.
split_settings_section <- function() {
  options <- core_split_options("mmvae++")
  indiseek <- core_split_options("indiseek")$published
  dense <- ifelse(options$published == indiseek, vapply(options$published, format, ""),
                  sprintf("%s (indiseek: %s)", options$published, indiseek))
  c("@section Settings:", "Passed in `control`:", "",
    "| setting | sparse decoders | dense decoders | meaning |", "|:--|--:|--:|:--|",
    sprintf("| `%s` | %s | %s | %s |", options$setting, vapply(options$corrected, format, ""),
            dense, options$meaning))
}
