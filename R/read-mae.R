# MultiAssayExperiments: samples go by their primary names, as the sample map has them.

list_mae <- function(x, arg, call) {
  rlang::check_installed("MultiAssayExperiment", "to read a MultiAssayExperiment.", call = call)
  experiments <- as.list(MultiAssayExperiment::experiments(x))
  if (length(experiments) == 0) {
    cli::cli_abort(c(
      "{.arg {arg}} must hold at least one omic.",
      "x" = "It is a MultiAssayExperiment without experiments."
    ), call = call)
  }
  map <- as.data.frame(MultiAssayExperiment::sampleMap(x))
  Map(\(values, name) {
    rows <- map[map$assay == name, ]
    primary <- stats::setNames(as.character(rows$primary), rows$colname)
    structure(list(values = values, primary = primary), class = "mae_experiment")
  }, experiments, names(experiments))
}

# A patient with several columns goes by the first: they may be a tumour and its normal tissue,
# which no average should mix.
rename_samples <- function(values, experiment, name) {
  if (is.null(colnames(values))) return(values)
  primary <- unname(experiment$primary[colnames(values)])
  again <- duplicated(primary)
  if (any(again)) {
    several <- unique(primary[again])
    cli::cli_inform(c("i" = "{name}: {length(several)} sample{?s} with more than one column
                             ({quote_some(several)}); the first column of each is used.",
                      " " = "{.fn MultiAssayExperiment::mergeReplicates} averages them."))
  }
  values <- values[, !again, drop = FALSE]
  colnames(values) <- primary[!again]
  values
}
