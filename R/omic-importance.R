#' Which omic tells groups of samples apart
#'
#' Cell types or subtypes that an omic's private coordinates keep together are known to this omic
#' beyond what it shares with the others.
#'
#' Of every sample, the share of its nearest neighbours (Euclidean, in the private coordinates of an
#' omic, among the samples that have the omic and a label) that have the same label. Two omics
#' compare, in samples that have both, by theta = log((k b_1 + 1) / (k b_2 + 1)), where b_1 and b_2
#' are these shares and k the number of neighbours: the 1 keeps it finite where there is none.
#'
#' @param fit A fit from [poems_split()].
#' @param labels The label of every sample of the fit: a vector named by sample, or in the order of
#'   `fit$samples`. `NA` where it is not known.
#' @param neighbours Number of neighbours, below the number of samples that have any one omic.
#' @param x What `omic_importance()` returned.
#' @param ... Not used.
#'
#' @return A list of class `omic_importance` with two data frames:
#'   * `purity`, a row per label and omic: `label`, `omic`; `samples`, the number of those that have
#'     both; `purity`, the mean share of neighbours with the label; `chance`, the share to expect of
#'     neighbours drawn at random;
#'   * `theta`, a row per label and pair of omics: `label`, `omic`, `other_omic`; `samples`, the
#'     number of those that have all of them; `theta`, the mean, above 0 where `omic` tells the
#'     label better than `other_omic`.
#'
#'   Both are `NA` where no sample with the label has the omic, or the omic has no private
#'   coordinates that vary. `print()` returns its argument
#'   invisibly.
#'
#' @section Errors:
#' Labels that do not fit the samples are an error, and so are fewer than two of them, and more
#' neighbours than samples.
#'
#' @source Written for this package, after the comparison of omics by neighbours in their specific
#'   representations that comes with IndiSeek, see [poems_split()].
#' @examples
#' omics <- lapply(tcga_breast$omics[c("mrna", "protein")], \(x) x[1:60, ])
#' fit <- poems_split(omics, shared = 3, private = 3, seed = 21,
#'                    control = list(epochs = 20, threads = 1))
#' subtype <- setNames(tcga_breast$samples$subtype, tcga_breast$samples$sample)
#' omic_importance(fit, subtype)
#' @export
omic_importance <- function(fit, labels, neighbours = 10) {
  check_split_fit(fit)
  check_count(neighbours, arg = "neighbours")
  labels <- check_labels(labels, fit$samples)
  omics <- names(fit$omics)
  call <- rlang::current_env()
  same <- vapply(omics, \(omic) same_label(fit, omic, labels, neighbours, call),
                 numeric(length(labels)))
  structure(
    list(purity = purity_rows(same, labels), theta = theta_rows(same, labels, neighbours)),
    neighbours = neighbours, class = "omic_importance"
  )
}

check_labels <- function(labels, samples, call = rlang::caller_env()) {
  labels <- match_group(labels, samples, "labels", call)
  if (nlevels(labels) > 1) return(labels)
  cli::cli_abort(c(
    "{.arg labels} must have at least two different values.",
    "x" = if (is.null(labels)) "It is NULL." else "It has {nlevels(labels)}."
  ), call = call)
}

# Per sample, the share of its neighbours in an omic's private block with its label; NA where it
# lacks the omic or a label, and of omics without private coordinates that vary.
same_label <- function(fit, omic, labels, neighbours, call) {
  z <- fit$latent[, fit$blocks[[omic]], drop = FALSE]
  share <- rep(NA_real_, nrow(z))
  known <- which(!is.na(labels) & seq_len(nrow(z)) %in% fit$omics[[omic]]$samples)
  if (length(known) <= neighbours) {
    cli::cli_abort(c(
      "{.arg neighbours} must be below the number of samples.",
      "x" = "{length(known)} sample{?s} with a label {?has/have} {quote_some(omic)};
             {.arg neighbours} is {neighbours}."
    ), call = call)
  }
  z <- z[known, , drop = FALSE]
  if (nrow(unique(z)) < 2) return(share)
  nearest <- nearest_rows(z, neighbours)
  label <- as.integer(labels)[known]
  share[known] <- rowMeans(matrix(label[nearest] == label, nrow(nearest)))
  share
}

# Rows x k: numbers of the k other rows of `x` that are nearest to each, by Euclidean distance. Of
# those equally near, the first.
nearest_rows <- function(x, k) {
  square <- rowSums(x^2)
  found <- matrix(0L, nrow(x), k)
  for (rows in split(seq_len(nrow(x)), (seq_len(nrow(x)) - 1) %/% rows_at_once)) {
    distance <- rep(square, each = length(rows)) - 2 * tcrossprod(x[rows, , drop = FALSE], x)
    distance[cbind(seq_along(rows), rows)] <- Inf
    found[rows, ] <- t(matrix(apply(distance, 1, smallest, k), k))
  }
  found
}

# Positions of the k smallest numbers, without sorting the others.
smallest <- function(x, k) {
  near <- which(x <= sort(x, partial = k)[k])
  near[order(x[near])][seq_len(k)]
}

# Samples whose distances to all others are held at a time.
rows_at_once <- 256

# `same`: samples x omics, what same_label() says.
purity_rows <- function(same, labels) {
  rows <- expand.grid(omic = colnames(same), label = levels(labels), stringsAsFactors = FALSE)
  of <- Map(\(omic, label) {
    known <- !is.na(same[, omic])
    own <- known & labels == label
    count <- sum(own)
    data.frame(samples = count, purity = na_for_nan(mean(same[own, omic])),
               chance = if (count > 0) (count - 1) / (sum(known) - 1) else NA_real_)
  }, rows$omic, rows$label)
  label_levels(data.frame(rows[c("label", "omic")], do.call(rbind, unname(of))), same, labels)
}

theta_rows <- function(same, labels, neighbours) {
  pairs <- utils::combn(colnames(same), 2)
  rows <- expand.grid(pair = seq_len(ncol(pairs)), label = levels(labels),
                      stringsAsFactors = FALSE)
  of <- Map(\(pair, label) {
    b <- same[which(labels == label), pairs[, pair], drop = FALSE]
    b <- b[!is.na(rowSums(b)), , drop = FALSE]
    theta <- log((neighbours * b[, 1] + 1) / (neighbours * b[, 2] + 1))
    data.frame(omic = pairs[1, pair], other_omic = pairs[2, pair], samples = nrow(b),
               theta = na_for_nan(mean(theta)))
  }, rows$pair, rows$label)
  label_levels(data.frame(rows["label"], do.call(rbind, unname(of))), same, labels)
}

label_levels <- function(rows, same, labels) {
  rows$label <- factor(rows$label, levels(labels))
  for (column in intersect(c("omic", "other_omic"), names(rows))) {
    rows[[column]] <- factor(rows[[column]], colnames(same))
  }
  rows
}

#' @rdname omic_importance
#' @export
print.omic_importance <- function(x, ...) {
  cli::cat_line(cli::style_bold("Neighbours with the same label"), cli::pluralize(
    " among the {attr(x, 'neighbours')} nearest, by private coordinates"
  ))
  cli::cat_line()
  shares <- \(column) unclass(tapply(x$purity[[column]], x$purity[c("label", "omic")], sum))
  columns <- list(label = levels(x$purity$label))
  for (omic in levels(x$purity$omic)) {
    columns[[omic]] <- sprintf("%s (%s)", percent(shares("purity")[, omic]),
                               percent(shares("chance")[, omic]))
  }
  cat_table(columns)
  cat_text("In brackets: by chance.")
  cli::cat_line()
  columns <- columns["label"]
  for (pair in split(x$theta, x$theta[c("other_omic", "omic")], drop = TRUE)) {
    name <- sprintf("%s/%s", pair$omic[1], pair$other_omic[1])
    columns[[name]] <- ifelse(is.na(pair$theta), "-", sprintf("%+.2f", pair$theta))
  }
  cat_table(columns)
  cat_text("Theta: above 0 where the first omic tells the label better.")
  invisible(x)
}
