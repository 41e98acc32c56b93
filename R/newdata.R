# New samples, arranged as the fit's omics and features.

# Reads new samples and arranges them as the omics of a fit, `fit_omics`, whose samples were on the
# side `own`. `newdata` may lack some of these; others are ignored, with a message. Returns what
# read_omics() does, with the omics that newdata and fit share, in the fit's order, each with
# exactly the fit's features: rows of NA for those that newdata lacks; and `side`, that of the fit's
# own samples, where newdata fits it only that way.
align_newdata <- function(fit_omics, newdata, samples = c("columns", "rows"),
                          call = rlang::caller_env(), own = NULL) {
  samples <- arg_match(samples, error_call = call)
  newdata <- keep_known_omics(list_omics(newdata, "newdata", call), names(fit_omics), call)
  side <- side_that_fits(fit_omics, newdata, samples, own)
  sources <- open_newdata(fit_omics, newdata, side, call)
  features <- lapply(fit_omics[names(sources)], `[[`, "features")
  data <- read_sources(sources, lapply(fit_omics, `[[`, "transform"), "newdata", call)
  for (omic in names(data)) {
    check_any_feature(data[[omic]], features[[omic]], omic, side, call)
  }
  warn_missing_features(data, features)
  data <- drop_empty_samples(Map(arrange_features, data, features))
  data <- data[vapply(data, ncol, 0L) > 0]
  family <- vapply(fit_omics, `[[`, "", "family")
  check_families(data, family, "newdata", call = call)
  if (length(data) == 0) {
    cli::cli_abort(c(
      "{.arg newdata} must have values.",
      "x" = "All values of the fit's features are missing."
    ), call = call)
  }
  warn_names_in_part(lapply(data, colnames), "newdata", call)
  c(list(data = data, samples = union_of_samples(data)), if (side != samples) list(side = side))
}

# The side of the fit's own samples, where they were in rows; the other is the usual one.
own_side <- \(fit) if (identical(fit$call$samples, "rows")) "rows"

# The side of the fit's own data, where all matrices have features of the fit on the other side
# alone.
side_that_fits <- function(fit_omics, newdata, samples, own) {
  if (is.null(own) || samples == own) return(samples)
  matrices <- Filter(\(omic) length(dim(newdata[[omic]])) == 2 &&
                       !inherits(newdata[[omic]], assay_classes), names(newdata))
  turned <- vapply(matrices, \(omic) {
    features <- fit_omics[[omic]]$features
    any(features %in% colnames(newdata[[omic]])) && !any(features %in% rownames(newdata[[omic]]))
  }, NA)
  if (length(turned) > 0 && all(turned)) own else samples
}

# The omics that newdata and fit share, with the assays that the fit took.
open_newdata <- function(fit_omics, newdata, samples, call) {
  assays <- lapply(fit_omics[names(newdata)], `[[`, "assay")
  Map(\(omic, name) {
    open_omic(omic, name, samples, known_assay(omic, assays[[name]]), "newdata", call)
  }, newdata, names(newdata))
}

keep_known_omics <- function(newdata, omics, call) {
  unknown <- setdiff(names(newdata), omics)
  if (length(unknown) == length(newdata)) {
    cli::cli_abort(c(
      "{.arg newdata} must have at least one omic of the fit.",
      "x" = "It has {quote_some(unknown)}.",
      "i" = "The fit has {quote_some(omics)}: name the omics of {.arg newdata} alike."
    ), call = call)
  }
  if (length(unknown) > 0) {
    cli::cli_inform(c(
      "i" = "Ignored {length(unknown)} omic{?s} of {.arg newdata} that the fit does not have:
             {quote_some(unknown)}."
    ))
  }
  newdata[intersect(omics, names(newdata))]
}

check_any_feature <- function(values, features, omic, samples, call) {
  if (any(features %in% rownames(values))) return(invisible())
  hint <- "Name the features as in the data of the fit."
  if (any(features %in% colnames(values))) {
    actual <- setdiff(c("columns", "rows"), samples)
    hint <- "These look like samples in {actual}: pass {.code samples = \"{actual}\"}."
  }
  cli::cli_abort(c(
    "Every omic in {.arg newdata} must have features of the fit.",
    "x" = "Omic {quote_some(omic)} has none of them.",
    "*" = "In {.arg newdata}: {quote_some(rownames(values))}.",
    "*" = "In the fit: {quote_some(features)}.",
    "i" = hint
  ), call = call)
}

warn_missing_features <- function(data, features) {
  lacking <- Map(\(values, wanted) setdiff(wanted, rownames(values)), data, features)
  lacking <- lacking[lengths(lacking) > 0]
  if (length(lacking) == 0) return(invisible())
  lines <- Map(\(names, omic) {
    sprintf("%s: %d of %d (%s)", omic, length(names), length(features[[omic]]),
            paste(quote_some(names), collapse = ", "))
  }, lacking, names(lacking))
  cli::cli_warn(c(
    "{.arg newdata} lacks features of the fit; they count as missing.",
    as_bullets(unlist(lines))
  ))
}

# The rows of `values` in the order of `features`; `NA` where it has no such row.
arrange_features <- function(values, features) {
  if (identical(rownames(values), features)) return(values)
  values <- values[match(features, rownames(values)), , drop = FALSE]
  rownames(values) <- features
  values
}
