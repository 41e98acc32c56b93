# The start of poems_split() (split-start.R) written into its network.

# What the start finds, from samples that are not held out: `found`, per omic its encoder and
# decoder, and how many coordinates there are, `shared` and `private` (per omic), of those that
# `config` has at most. One of a block stays where none is found, without loadings.
find_start <- function(config, omics, data, held_out, seed, control) {
  used <- setdiff(seq_along(data$samples), held_out)
  used <- used[drawn(length(used), most_start_samples, seed)]
  x <- standardised_features(omics, data$data, data$samples[used], data$design)
  start <- split_start(x, omic_of_features(omics), config$shared, config$private,
                       config$encoder_units, seed, control$threads)
  there <- lapply(start, \(s) rowSums(s$encoder$mean != 0) > 0)
  is_shared <- lapply(there, \(t) seq_along(t) <= config$shared)
  least_one <- \(t) replace(t, 1, TRUE)
  shared <- least_one(Reduce(`|`, Map(`[`, there, is_shared)))
  own <- Map(\(t, s) least_one(t[!s]), there, is_shared)
  list(found = Map(\(s, own) keep_coordinates(s, c(shared, own)), start, own),
       shared = sum(shared), private = stats::setNames(vapply(own, sum, 0L), names(omics)))
}

keep_coordinates <- function(start, kept) {
  start$encoder$mean <- start$encoder$mean[kept, , drop = FALSE]
  start$encoder[c("mean_bias", "sd")] <- lapply(start$encoder[c("mean_bias", "sd")], `[`, kept)
  start$decoder$loadings <- start$decoder$loadings[, kept, drop = FALSE]
  start
}

# `parameters`: random ones, of which units that the start does not need keep theirs.
write_start <- function(parameters, found, config, omics) {
  for (v in seq_along(omics)) {
    omic <- names(omics)[v]
    own <- config$shared + seq_len(config$private[[v]])
    parameters <- parameters |>
      write_split_encoder(omic, found[[v]]$encoder) |>
      write_spread(omic, 1 - found[[v]]$encoder$sd^2, config$method) |>
      write_split_decoder(omic, found[[v]]$decoder, omics[[v]], own)
  }
  parameters
}

write_split_encoder <- function(parameters, omic, encoder) {
  values <- list("hidden/layer1/weight" = encoder$weight, "hidden/layer1/bias" = encoder$bias,
                 "mean/weight" = encoder$mean, "mean/bias" = encoder$mean_bias)
  for (name in names(values)) {
    parameters[[core_name(omic, paste0("encoder/", name))]][] <- values[[name]]
  }
  parameters
}

# Encoders say a posterior N(m, 1 - rho) under the prior N(0, 1), or, in products of experts with
# the prior, what multiplies it: N(m / rho, (1 - rho) / rho). Sets the reliability `rho` of
# coordinates 1, 2, .., the same in all samples (softplus(bias) = sd), and leaves m. `before`: the
# reliability that experts in the network have; 1 where means are the posterior's.
write_spread <- function(parameters, omic, rho, method, before = 1) {
  product <- method %in% c("mvae", "mopoe")
  k <- seq_along(rho)
  at <- core_name(omic, paste0("encoder/", c("scale/weight", "scale/bias", "mean/weight",
                                             "mean/bias")))
  rho <- pmax(rho, least_reliable)
  variance <- if (product) (1 - rho) / rho else 1 - rho
  parameters[[at[1]]][k, ] <- 0
  parameters[[at[2]]][k] <- log(expm1(sqrt(variance)))
  if (product) {
    parameters[[at[3]]][k, ] <- parameters[[at[3]]][k, ] * before / rho
    parameters[[at[4]]][k] <- parameters[[at[4]]][k] * before / rho
  }
  parameters
}

# What write_spread() has set.
read_reliability <- function(parameters, omic, method) {
  variance <- log1p(exp(drop(parameters[[core_name(omic, "encoder/scale/bias")]])))^2
  if (method %in% c("mvae", "mopoe")) 1 / (1 + variance) else 1 - variance
}

# `own`: columns of private loadings. What the omic's own coordinates explain is noise to a draw
# that does not know them.
write_split_decoder <- function(parameters, omic, decoded, scaling, own) {
  names <- c(decoder_hidden_weight = "decoder/hidden/weight", W = "W",
             decoder_output_weight = "decoder/output/weight",
             decoder_output_bias = "decoder/output/bias", log_sigma = "log_sigma")
  at <- core_name(omic, names)
  p <- stats::setNames(parameters[at], names(names))
  p <- start_decoder(p[!vapply(p, is.null, NA)], decoded, scaling)
  parameters[at[names(names) %in% names(p)]] <- p[intersect(names(names), names(p))]
  if (scaling$family == "gaussian") {
    across <- decoded$noise + rowSums(decoded$loadings[, own, drop = FALSE]^2)
    parameters[[core_name(omic, "across/log_sigma")]][across > 0] <- log(across[across > 0]) / 2
  }
  parameters
}

# Training may trade the scale of coordinates for that of loadings, but their standard deviations
# stay those of the start (models/shared_private_vae.h): so every coordinate is given the spread
# back that it started with, and its loadings take up the rest, which changes no prediction.
# `trained`, `start`: per block the posterior means of the same samples.
with_scale_of_start <- function(parameters, trained, start) {
  spread <- \(z) apply(z, 2, stats::sd, na.rm = TRUE)
  unit <- Map(\(trained, start) {
    unit <- spread(trained) / spread(start)
    ifelse(is.finite(unit) & unit > 0, unit, 1)
  }, trained, start)
  for (block in setdiff(names(unit), "shared")) {
    omic <- sub("^private/", "", block)
    parameters <- scale_coordinates(parameters, omic, 1 / c(unit$shared, unit[[block]]))
  }
  parameters
}

# Multiplies the means of an omic's coordinates, and divides their loadings, by numbers above 0.
scale_coordinates <- function(parameters, omic, by) {
  at <- core_name(omic, c("encoder/mean/weight", "encoder/mean/bias", "W"))
  parameters[[at[1]]] <- parameters[[at[1]]] * by
  parameters[[at[2]]] <- parameters[[at[2]]] * by
  parameters[[at[3]]] <- parameters[[at[3]]] / rep(by, each = nrow(parameters[[at[3]]]))
  parameters
}

# Standard deviations of shared coordinates, widened by what omics differ more in held-out samples
# than they should: of s_v, what omic v says of a coordinate of variance 1, the variance is rho_v if
# it is its conditional mean, and that of s_v - s_w is rho_v + rho_w - 2 rho_v rho_w. What exceeds
# this is error that training has added, half of it in each. `alone`: per omic the posterior means
# of held-out samples from it alone, samples x coordinates, NA for those that lack it.
with_honest_spread <- function(parameters, alone, method) {
  omics <- names(alone)
  k <- seq_len(ncol(alone[[1]]))
  rho <- lapply(omics, \(omic) read_reliability(parameters, omic, method)[k])
  for (v in seq_along(omics)) {
    added <- mean_known(vapply(setdiff(seq_along(omics), v), \(w) {
      apart <- colMeans((alone[[v]] - alone[[w]])^2, na.rm = TRUE)
      max(mean(apart - rho[[v]] - rho[[w]] + 2 * rho[[v]] * rho[[w]]) / 2, 0)
    }, 0))
    if (!is.finite(added)) next
    parameters <- write_spread(parameters, omics[v], rho[[v]] - added, method, rho[[v]])
  }
  parameters
}

# Variances of private coordinates are no smaller than the decoder allows a sample with all values:
# of z | x, with x = W z + noise, (1 + W' noise^-1 W)^-1; and than that with what n samples do not
# tell, that a coordinate is apart from the K - 1 others of the omic: squared correlations by chance
# are 1 / n each. Means shrink with them: of a conditional mean, the variance is 1 less this.
# `samples`: per omic, how many have it.
with_private_spread <- function(parameters, config, omics, samples) {
  for (omic in names(omics)) {
    if (omics[[omic]]$family != "gaussian") next
    p <- \(part) parameters[[core_name(omic, part)]]
    w <- loadings_in_sd(p)
    noise <- exp(2 * drop(p("log_sigma")))
    variance <- diag(solve(diag(ncol(w)) + crossprod(w / noise, w))) +
      (ncol(w) - 1) / samples[[omic]]
    rho <- read_reliability(parameters, omic, config$method)
    own <- seq_along(rho) > config$shared
    honest <- ifelse(own, pmax(pmin(rho, 1 - variance), least_reliable), rho)
    parameters <- write_spread(parameters, omic, honest, config$method, rho) |>
      scale_coordinates(omic, sqrt(honest / rho))
  }
  parameters
}
