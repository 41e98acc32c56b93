# The way back through the door: imputed values in an object of the class that the user passed.
# `filled`: per omic, features x samples, what stands for missing values. `how`: a list of `value`
# ("mean", or "sd", for which values that were there become 0), `samples` (the side they are on) and
# `assay`, per omic the one that was read.

put_back <- function(x, filled, how) {
  if (inherits(x, "MultiAssayExperiment")) return(put_back_mae(x, filled, how))
  if (inherits(x, "SingleCellExperiment")) return(put_back_single_cell(x, filled, how))
  if (inherits(x, assay_classes)) return(put_back_omic(x, filled$main, how, how$assay$main))
  if (is_long(x)) return(put_back_long(x, filled, how))
  known <- intersect(names(x), names(filled))
  x[known] <- lapply(known, \(omic) {
    put_back_omic(x[[omic]], filled[[omic]], how, how$assay[[omic]])
  })
  added <- filled[setdiff(names(filled), known)]
  x[names(added)] <- lapply(added, \(omic) if (how$samples == "rows") t(omic) else omic)
  x
}

# `primary`: by which names the samples of the omic are matched, in its order; NA for columns that
# the fit never saw, whose gaps stay.
put_back_omic <- function(x, filled, how, assay, primary = NULL) {
  if (inherits(x, "ExpressionSet")) x <- methods::as(x, "SummarizedExperiment")
  if (inherits(x, "SummarizedExperiment")) {
    return(put_back_assay(x, filled, how, assay, primary))
  }
  turned <- how$samples == "rows" && is.null(primary)
  values <- as.matrix(x)
  values <- fill_gaps(if (turned) t(values) else values, filled, how, primary)
  if (turned) values <- t(values)
  if (is.data.frame(x)) return(as.data.frame(values))
  if (inherits(x, "DelayedArray")) return(DelayedArray::DelayedArray(values))
  values
}

# One omic, features x samples, with the samples that lack it added.
fill_gaps <- function(values, filled, how, primary = NULL) {
  if (is.null(primary)) primary <- colnames(values)
  added <- setdiff(colnames(filled), primary)
  none <- matrix(NA_real_, nrow(values), length(added), dimnames = list(NULL, added))
  values <- cbind(values, none)
  gaps <- is.na(values)
  if (how$value == "sd") values[!gaps] <- 0
  at <- cbind(match(rownames(values), rownames(filled))[row(values)[gaps]],
              match(c(primary, added), colnames(filled))[col(values)[gaps]])
  values[gaps] <- filled[at]
  values
}

put_back_assay <- function(x, filled, how, assay, primary = NULL) {
  assay <- known_assay(x, assay)
  position <- if (is.null(assay)) 1L else match(assay, assay_names(x))
  values <- fill_gaps(as.matrix(SummarizedExperiment::assay(x, position)), filled, how, primary)
  x <- add_samples(x, setdiff(colnames(values), colnames(x)))
  SummarizedExperiment::`assay<-`(x, position, withDimnames = FALSE, value = values)
}

# A SummarizedExperiment with more samples, of which nothing is known.
add_samples <- function(x, added) {
  if (length(added) == 0) return(x)
  pad <- \(values) cbind(
    as.matrix(values), matrix(NA, nrow(values), length(added), dimnames = list(NULL, added))
  )
  samples <- as.data.frame(SummarizedExperiment::colData(x), optional = TRUE)
  samples <- samples[c(seq_len(nrow(samples)), rep(NA, length(added))), , drop = FALSE]
  rownames(samples) <- c(colnames(x), added)
  rows <- if (inherits(x, "RangedSummarizedExperiment")) {
    list(rowRanges = SummarizedExperiment::rowRanges(x))
  } else {
    list(rowData = SummarizedExperiment::rowData(x))
  }
  longer <- do.call(SummarizedExperiment::SummarizedExperiment, c(rows, list(
    assays = lapply(as.list(SummarizedExperiment::assays(x)), pad), colData = samples,
    metadata = S4Vectors::metadata(x)
  )))
  if (inherits(x, "SingleCellExperiment")) methods::as(longer, "SingleCellExperiment") else longer
}

put_back_mae <- function(x, filled, how) {
  experiments <- as.list(MultiAssayExperiment::experiments(x))
  map <- as.data.frame(MultiAssayExperiment::sampleMap(x))
  map$assay <- as.character(map$assay)
  omics <- list_mae(x, "x", rlang::caller_env())
  for (omic in names(filled)) {
    primary <- NULL
    if (omic %in% names(experiments)) {
      names_of <- colnames(experiments[[omic]])
      primary <- unname(omics[[omic]]$primary[names_of])
      primary[duplicated(primary)] <- NA
      experiments[[omic]] <- put_back_omic(
        experiments[[omic]], filled[[omic]], how, how$assay[[omic]], primary
      )
    } else {
      experiments[[omic]] <- filled[[omic]]
    }
    added <- setdiff(colnames(filled[[omic]]), primary)
    assay <- rep(omic, length(added))
    map <- rbind(map, data.frame(assay = assay, primary = added, colname = added))
  }
  map$assay <- factor(map$assay, names(experiments))
  MultiAssayExperiment::MultiAssayExperiment(
    experiments, MultiAssayExperiment::colData(x), S4Vectors::DataFrame(map),
    metadata = S4Vectors::metadata(x)
  )
}

put_back_single_cell <- function(x, filled, how) {
  omics <- list_single_cell(x)
  for (omic in intersect(names(omics)[-1], names(filled))) {
    whole <- put_back_assay(omics[[omic]], filled[[omic]], how, how$assay[[omic]])
    x <- SingleCellExperiment::`altExp<-`(x, omic, value = whole)
  }
  main <- names(omics)[1]
  if (main %in% names(filled)) put_back_assay(x, filled[[main]], how, how$assay[[main]]) else x
}

put_back_long <- function(x, filled, how) {
  by <- omic_column(x)
  key <- \(...) do.call(paste, c(lapply(list(...), as_names), sep = "\r"))
  omics <- read_long(x, "x", rlang::caller_env())
  whole <- lapply(names(filled), \(omic) {
    values <- omics[[omic]]
    if (is.null(values)) values <- filled[[omic]][, 0, drop = FALSE]
    values <- fill_gaps(values, filled[[omic]], how)
    cells <- expand.grid(feature = rownames(values), sample = colnames(values),
                         stringsAsFactors = FALSE)
    data.frame(sample = cells$sample, omic = omic, feature = cells$feature,
               value = as.vector(values))
  })
  whole <- do.call(rbind, whole)
  whole <- whole[!is.na(whole$value), ]
  have <- key(x[[by]], x$sample, x$feature)
  found <- match(have, key(whole$omic, whole$sample, whole$feature))
  x$value[!is.na(found)] <- whole$value[found[!is.na(found)]]
  added <- whole[setdiff(seq_len(nrow(whole)), found), ]
  names(added)[names(added) == "omic"] <- by
  added[setdiff(names(x), names(added))] <- NA
  rbind(x, added[names(x)])
}
