# What omics tell of each other beyond shared coordinates, as in poems(): maps (maps.R). Beside
# principal components, these maps see the features that omics share through random units
# (split-shared.R). Shared coordinates are still better where few of many features are shared, so
# both are averaged.

# Held-out samples without which shared coordinates and maps are not compared.
least_compared_samples <- 8L

# The maps of a fit, with the `share` of every feature's prediction that is theirs.
split_maps <- function(fit, data) {
  used <- drawn(length(data$samples), most_start_samples, fit$seed)
  x <- split_values(fit, data, data$samples[used])
  bases_of <- \(parts, has, directions) {
    targets <- Map(crossprod, parts, directions)
    relevance <- shared_relevance(parts, targets, directions, has, fit$control$threads)
    units <- rep(fit$config$encoder_units, length(parts))
    lapply(relevant_bases(parts, has, relevance, units, fit$control$threads), \(basis) {
      basis$linear <- basis$linear[-1]  # components, which maps have
      basis
    })
  }
  omic <- omic_of_features(fit$omics)
  held_out <- which(data$samples[used] %in% fit$validation)
  maps <- with_seed(fit$seed, learn_maps(x, omic, fit$omics, fit$control$threads, bases_of,
                                         held_out))
  maps$maps <- lapply(maps$maps, \(map) {
    if (!is.null(map$slope)) map$share <- share_of_map(map, maps$scale[omic == map$to], fit, data,
                                                       x[omic == map$to, , drop = FALSE], used)
    lean_map(map)
  })
  maps
}

# Weights fall with the errors in held-out samples: of the feature, as with the penalties of
# averaged_ridge(), and of all features together, of which so many errors are taken to be
# independent of each other.
independent_errors <- 4

share_of_map <- function(map, scale, fit, data, x, used) {
  held_out <- map$missed_in
  if (length(held_out) < least_compared_samples) return(rep(1, nrow(x)))
  x <- x[, held_out, drop = FALSE]
  said <- core_split_predict(
    split_parameters(fit), fit$config, split_cohort(fit, data), map$from, map$to,
    fit$control$threads
  )[, used[held_out], drop = FALSE]
  map_errors <- rowSums((map$missed * ifelse(is.finite(scale), scale, 0))^2)
  errors <- cbind(map_errors, rowSums((x - said)^2, na.rm = TRUE))
  power <- pmax(rowSums(x^2, na.rm = TRUE), 1e-12)
  pooled <- colSums(errors) / sum(power)
  own <- (errors / power + 2 * rep(pooled, each = nrow(x))) / 3
  odds <- length(held_out) / 2 *
    (pooled_evidence * log(own[, 2] / own[, 1]) + independent_errors * log(pooled[2] / pooled[1]))
  stats::plogis(odds)
}

# What maps add to `x`, predictions from shared coordinates (features x samples); 0 where the fit
# has none for the sample.
from_maps <- function(fit, data, from, to, x) {
  if (is.null(fit$maps)) return(0)
  data$data <- data$data[intersect(from, names(data$data))]
  values <- split_values(fit, data, data$samples)
  has <- t(vapply(names(fit$omics), \(omic) data$samples %in% colnames(data$data[[omic]]),
                  logical(length(data$samples))))
  mapped <- predict_lacking(fit, values, has)[[match(to, names(fit$omics))]]
  change <- mapped$share * (mapped$mean - x)
  change[is.na(change)] <- 0
  change
}
