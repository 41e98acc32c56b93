#' Plot a map of the samples
#'
#' Every sample as a point, placed so that samples with similar factors are close.
#'
#' @param fit A fit from [poems()], or from [poems_split()] or [poems_compare()]: a
#'   map of what is shared.
#' @param group What to colour samples by (a subtype, an age): a vector named by sample, or in the
#'   order of `fit$samples`. `NA` where it is not known; at most 20 groups. Numbers with more than
#'   10 different values, or that are not whole, have a continuous scale. `NULL` for none.
#' @param method How 2 dimensions are made of the factors: `"pca"`, the first two principal
#'   components of `latent(fit, scaled = TRUE)`, which keeps distances and has axes of one scale;
#'   `"umap"` or `"tsne"`, which keep neighbours and need the package uwot or Rtsne. These use the
#'   seed of the fit: the same fit gives the same map.
#' @return A [ggplot2::ggplot] object to print, save or restyle. Its data has one row per sample,
#'   with the columns `sample`, `x`, `y` and, with groups, `group`.
#'
#' @section Errors:
#' ggplot2 must be installed, and uwot or Rtsne for their maps. A fit with fewer than 2 factors in
#' use has no map. A `group` that does not fit the samples is an error that names at most five of
#' those it lacks.
#'
#' @references Figure 9 of Kocak Balik et al. (2025), \doi{10.48550/arXiv.2511.03464}.
#'
#' van der Maaten L, Hinton G (2008). Visualizing data using t-SNE. Journal of Machine Learning
#' Research 9, 2579-2605.
#'
#' McInnes L, Healy J, Melville J (2018). UMAP: uniform manifold approximation and
#' projection for dimension reduction. \doi{10.48550/arXiv.1802.03426}
#' @family figures
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' omics <- lapply(tcga_breast$omics, \(x) x[1:40, ])
#' fit <- poems(omics, factors = 8, seed = 21, control = list(epochs = 20, threads = 1))
#' plot_map(fit, group = tcga_breast$samples$subtype)
#' @export
plot_map <- function(fit, group = NULL, method = c("pca", "umap", "tsne")) {
  rlang::check_installed("ggplot2", "to plot a fit.")
  check_any_fit(fit)
  method <- arg_match(method)
  group <- check_colour(group, fit$samples)
  split <- has_blocks(fit)
  word <- readable_word(fit)
  places <- if (split) latent(fit, "shared") else latent(fit, scaled = TRUE)
  check_two_dimensions(places, fit)
  map <- switch(method,
    pca = pca_map(places),
    umap = umap_map(places, fit$seed),
    tsne = tsne_map(places, fit$seed)
  )
  ggplot2::ggplot(map_values(map$at, fit$samples, group), ggplot2::aes(.data$x, .data$y)) +
    map_points(group) +
    (if (method == "pca") equal_axes(map$at)) +
    ggplot2::labs(title = paste0("Samples by their ", if (split) "shared ", word, "s"),
                  x = map$axes[1], y = map$axes[2]) +
    theme_poems()
}

check_two_dimensions <- function(places, fit, call = rlang::caller_env()) {
  if (ncol(places) >= 2) return(invisible())
  if (has_blocks(fit)) {
    word <- readable_word(fit)
    cli::cli_abort(
      "A map needs a fit with at least 2 shared {word}s; {.arg fit} has {ncol(places)}.",
      call = call
    )
  }
  cli::cli_abort(
    "A map needs a fit with at least 2 factors in use; {.arg fit} has {ncol(places)}.", call = call
  )
}

pca_map <- function(latent) {
  components <- stats::prcomp(latent)
  share <- components$sdev^2 / sum(components$sdev^2)
  list(
    at = components$x[, 1:2],
    axes = sprintf("Principal component %d (%.0f%% of variance)", 1:2, 100 * share[1:2])
  )
}

umap_map <- function(latent, seed) {
  rlang::check_installed("uwot", "to draw a map with UMAP.")
  at <- with_seed(seed, uwot::umap(
    latent, n_neighbors = min(15, nrow(latent) - 1), n_threads = 1, n_sgd_threads = 0
  ))
  list(at = at, axes = c("UMAP 1", "UMAP 2"))
}

# At most a third of the other samples can be neighbours.
tsne_map <- function(latent, seed) {
  rlang::check_installed("Rtsne", "to draw a map with t-SNE.")
  at <- with_seed(seed, Rtsne::Rtsne(
    latent, pca = FALSE, perplexity = min(30, floor((nrow(latent) - 1) / 3)),
    check_duplicates = FALSE, num_threads = 1
  ))$Y
  list(at = at, axes = c("t-SNE 1", "t-SNE 2"))
}

map_values <- function(at, samples, group) {
  values <- data.frame(sample = samples, x = at[, 1], y = at[, 2], row.names = NULL)
  if (!is.null(group)) values$group <- unname(group)
  values
}

# Where distances count, a unit is as long on both axes; the panel is wider than high, as pages are.
equal_axes <- function(at) {
  reach <- apply(at, 2, range)
  half <- 1.08 * max((reach[2, ] - reach[1, ]) / 2 / c(panel_ratio, 1))
  middle <- colMeans(reach)
  ggplot2::coord_fixed(
    xlim = middle[1] + c(-1, 1) * half * panel_ratio, ylim = middle[2] + c(-1, 1) * half,
    expand = FALSE
  )
}

panel_ratio <- 4 / 3

map_points <- function(group) {
  if (is.null(group)) {
    return(ggplot2::geom_point(shape = 21, size = 2.2, fill = "grey30", colour = "white"))
  }
  points <- ggplot2::geom_point(
    ggplot2::aes(fill = .data$group), shape = 21, size = 2.2, colour = "white", stroke = 0.3
  )
  c(list(points), fill_of_group(group))
}

# The scale and the legend's title.
fill_of_group <- function(group) {
  if (is.numeric(group)) {
    scale <- ggplot2::scale_fill_viridis_c(na.value = unknown_colour)
    return(list(scale, ggplot2::labs(fill = "Value")))
  }
  list(
    ggplot2::scale_fill_manual(values = group_colours(group), labels = group_titles(group)),
    ggplot2::labs(fill = "Group")
  )
}
