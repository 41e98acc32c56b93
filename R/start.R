# Where training starts: a sparse linear factor model of the same data. Principal components that
# stand out from noise, rotated to few loadings per feature (varimax) and cut to the loadings that
# are significant, are written into the encoders and decoders, whose ReLU units can hold a linear
# map exactly: in pairs, relu(u) - relu(-u) = u. Training then bends what is not linear. A random
# start ends in a far worse optimum when samples are few.

# More samples than this say little more about where to start.
most_start_samples <- 1000L

# Varimax looks at the features with the largest communalities, at most this many.
most_rotated_features <- 5000L

# A loading must be this many standard errors (of a correlation, 1 / sqrt(samples)) from 0: p < 0.005.
significant_loading <- 2.8

# Rounds of filling in omics that samples lack from the model of the round before.
filling_rounds <- 4L

# The core's parameters to start from. `blank`: the random ones; `validation`: positions in
# `samples` of those held out.
linear_start <- function(blank, omics, data, samples, validation, factors, control) {
  used <- setdiff(seq_along(samples), validation)
  used <- used[unique(round(seq(1, length(used), length.out = most_start_samples)))]
  seen <- standardise_rows(bounded_features(omics, data, samples[used]))
  x <- seen$x
  # Two units a factor, and one to spare that keeps the columns of factors not started from 0.
  most <- min(factors, (control$hidden - 1L) %/% 2L, ncol(x) - 2L)
  if (most < 1) return(blank)
  model <- factor_model(x, most, control$threads)
  if (is.null(model)) return(blank)
  omic <- rep(seq_along(omics), vapply(omics, \(o) length(o$features), 0L))
  sparse <- model$loadings
  sparse[abs(sparse) < significant_loading / sqrt(ncol(x))] <- 0
  experts <- linear_experts(model$loadings, omic)
  for (v in seq_along(omics)) {
    blank$omics[[v]] <- blank$omics[[v]] |>
      start_encoder(experts$weights[[v]], experts$precision[[v]], seen$center[omic == v],
                    seen$scale[omic == v]) |>
      start_decoder(sparse[omic == v, , drop = FALSE])
  }
  blank$gate$output_weight[] <- 0  # all omics weigh the same
  blank$gate$output_bias[] <- 0
  blank
}

# All features x samples as the encoders see them, bounded; 0 where a value is missing or a sample
# lacks an omic, with the positions of the latter in attribute "lacking".
bounded_features <- function(omics, data, samples) {
  parts <- Map(\(omic, x) {
    z <- matrix(0, length(omic$features), length(samples))
    there <- samples %in% colnames(x)
    seen <- as.matrix(x[omic$features, samples[there], drop = FALSE])
    scaled <- (seen - omic$center) / omic$scale
    scaled[is.na(scaled)] <- 0
    limited <- pmax(pmin(scaled, omic$clip), -omic$clip)
    z[, there] <- limited / sqrt(1 + limited^2)
    list(z = z, lacking = matrix(!there, nrow(z), ncol(z), byrow = TRUE))
  }, omics, data[names(omics)])
  x <- do.call(rbind, lapply(parts, `[[`, "z"))
  lacking <- do.call(rbind, lapply(parts, `[[`, "lacking"))
  attr(x, "lacking") <- if (any(lacking)) lacking
  x
}

# Features with mean 0 and sd 1, and what they had.
standardise_rows <- function(x) {
  center <- rowMeans(x)
  scale <- sqrt(rowMeans((x - center)^2))
  scale[scale == 0] <- 1
  lacking <- attr(x, "lacking")
  x <- (x - center) / scale
  x[lacking] <- 0
  attr(x, "lacking") <- lacking
  list(x = x, center = center, scale = scale)
}

# Loadings (features x factors) of a linear factor model, rotated, largest factor first. NULL if no
# component stands out from noise.
factor_model <- function(x, most, threads) {
  lacking <- attr(x, "lacking")
  for (round in seq_len(if (is.null(lacking)) 1L else filling_rounds)) {
    components <- principal_components(x, most, threads)
    if (is.null(components)) return(NULL)
    if (!is.null(lacking)) {
      x[lacking] <- tcrossprod(components$loadings, components$scores)[lacking]
    }
  }
  loadings <- rotate_loadings(components$loadings)
  loadings <- loadings[, order(-colSums(loadings^2)), drop = FALSE]
  list(loadings = sweep(loadings, 2, ifelse(colSums(loadings^3) < 0, -1, 1), `*`))
}

# Probabilistic principal components: loadings shrunk by the noise that they contain. A component
# stands out if its variance exceeds the largest that noise alone would have (Marchenko and Pastur).
principal_components <- function(x, most, threads) {
  n <- ncol(x)
  inner <- eigen(core_inner_products(x, threads) / n, symmetric = TRUE)
  noise_edge <- (1 + sqrt(nrow(x) / n))^2 * sum(inner$values) / nrow(x)
  kept <- seq_len(min(most, sum(inner$values > noise_edge)))
  if (length(kept) == 0) return(NULL)
  variance <- inner$values[kept]
  noise <- (sum(inner$values) - sum(variance)) / (nrow(x) - length(kept))
  shrink <- sqrt(pmax(variance - noise, 0) / variance)
  scores <- inner$vectors[, kept, drop = FALSE] * sqrt(n)
  list(loadings = (x %*% scores / n) * rep(shrink, each = nrow(x)),
       scores = scores * rep(shrink, each = n))
}

# Varimax of the components' directions, not of their loadings: the rotated directions stay
# orthogonal, and the factors may be correlated. Features count alike, whatever their communality.
rotate_loadings <- function(loadings) {
  if (ncol(loadings) == 1) return(loadings)
  sd <- sqrt(colSums(loadings^2))
  directions <- loadings / rep(sd, each = nrow(loadings))
  looked_at <- utils::head(order(-rowSums(loadings^2)), most_rotated_features)
  simple <- directions[looked_at, , drop = FALSE]
  rotation <- stats::varimax(simple / sqrt(rowSums(simple^2)), normalize = FALSE)$rotmat
  factor_sd <- sqrt(colSums((sd * rotation)^2))
  (directions %*% rotation) * rep(factor_sd, each = nrow(loadings))
}

# The posterior of the linear model as a product of experts, one per omic, weighed equally by the
# gate. An expert is the posterior given its omic alone, with its share of the prior in place of a
# whole one, so that the product is right for samples that lack omics too; what is lost is that one
# omic can disentangle factors that overlap in another. `weights`: per omic, factors x features,
# the expert's mean; `precision`: per omic and factor.
linear_experts <- function(loadings, omic) {
  noise <- pmax(1 - rowSums(loadings^2), 0.05)
  omics <- seq_len(max(omic))
  alone <- lapply(omics, \(v) {
    scaled <- loadings[omic == v, , drop = FALSE] / noise[omic == v]
    covariance <- solve(diag(ncol(loadings)) + crossprod(scaled, loadings[omic == v, ]))
    precision <- 1 / diag(covariance)
    share <- precision - 1 + 1 / length(omics)
    list(weights = tcrossprod(covariance, scaled) * precision / share,
         precision = length(omics) * share)
  })
  list(weights = lapply(alone, `[[`, "weights"), precision = lapply(alone, `[[`, "precision"))
}

# Units 2 k - 1 and 2 k of a hidden layer carry factor k, plus and minus. The other units keep their
# random weights, but nothing that is read from them, so that training can take them into use.
plus <- \(factors) 2L * seq_len(factors) - 1L
minus <- \(factors) 2L * seq_len(factors)

# `center`, `scale`: of what the encoder sees, whose standardised values `weights` are for.
start_encoder <- function(p, weights, precision, center, scale) {
  k <- nrow(weights)
  weights <- weights / rep(scale, each = k)
  shift <- drop(weights %*% center)
  pairs <- seq_len(2L * k)
  p$encoder_hidden1_weight[plus(k), ] <- weights
  p$encoder_hidden1_weight[minus(k), ] <- -weights
  p$encoder_hidden2_weight[pairs, ] <- 0
  p$encoder_hidden2_weight[cbind(pairs, pairs)] <- 1
  p$encoder_mean_weight[] <- 0
  p$encoder_mean_weight[cbind(seq_len(k), plus(k))] <- 1
  p$encoder_mean_weight[cbind(seq_len(k), minus(k))] <- -1
  p$encoder_logvar_weight[] <- 0
  p$encoder_hidden1_bias[plus(k)] <- -shift
  p$encoder_hidden1_bias[minus(k)] <- shift
  p$encoder_hidden2_bias[pairs] <- 0
  p$encoder_mean_bias[] <- 0
  p$encoder_logvar_bias[] <- 0
  p$encoder_logvar_bias[seq_len(k)] <- -log(precision)
  p
}

# `loadings`: features x factors of this omic, the slope of a feature in its sd per unit of z.
start_decoder <- function(p, loadings) {
  k <- ncol(loadings)
  hidden <- p$decoder_hidden_weight
  hidden[seq_len(2L * k), ] <- 0
  hidden[cbind(plus(k), seq_len(k))] <- 1
  hidden[cbind(minus(k), seq_len(k))] <- -1
  hidden <- sweep(hidden, 2, sqrt(colSums(hidden^2)), `/`)
  loaded <- rowSums(loadings != 0) > 0  # features without a loading keep their random output
  strength <- sqrt(abs(loadings[loaded, , drop = FALSE]))
  output <- p$decoder_output_weight
  output[loaded, ] <- 0
  output[loaded, plus(k)] <- strength
  output[loaded, minus(k)] <- -strength
  output <- output / sqrt(rowSums(output^2))
  slope <- output[, plus(k), drop = FALSE] *
    rep(hidden[cbind(plus(k), seq_len(k))], each = nrow(output))
  W <- matrix(0, nrow(loadings), ncol(hidden))
  W[, seq_len(k)] <- ifelse(loadings != 0, loadings / slope, 0)
  p$decoder_hidden_weight <- hidden
  p$decoder_output_weight <- output
  p$decoder_output_bias[] <- 0
  p$log_sigma[] <- log(pmax(1 - rowSums(loadings^2), 0.05)) / 2
  p$W <- W
  p
}
