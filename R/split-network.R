# The start of poems_split() (split-start.R) written into its network.

# What the start finds, from samples that are not held out: `found`, per omic its encoder and
# decoder, and how many coordinates there are, `shared` and `private` (per omic), of those that
# `config` has at most. One of a block stays where none is found, without loadings.
find_start <- function(config, omics, data, held_out, seed, control) {
  used <- setdiff(seq_along(data$samples), held_out)
  used <- used[spaced(length(used), most_start_samples)]
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
      write_split_decoder(omic, found[[v]]$decoder, omics[[v]], own)
  }
  parameters
}

write_split_encoder <- function(parameters, omic, encoder) {
  # Standard deviations do not depend on the sample: softplus(bias) = sd.
  values <- list("hidden/layer1/weight" = encoder$weight, "hidden/layer1/bias" = encoder$bias,
                 "mean/weight" = encoder$mean, "mean/bias" = encoder$mean_bias,
                 "scale/weight" = 0, "scale/bias" = log(expm1(encoder$sd)))
  for (name in names(values)) {
    parameters[[core_name(omic, paste0("encoder/", name))]][] <- values[[name]]
  }
  parameters
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
    of <- c(unit$shared, unit[[block]])
    at <- core_name(omic, c("encoder/mean/weight", "encoder/mean/bias", "W"))
    parameters[[at[1]]] <- parameters[[at[1]]] / of
    parameters[[at[2]]] <- parameters[[at[2]]] / of
    parameters[[at[3]]] <- parameters[[at[3]]] * rep(of, each = nrow(parameters[[at[3]]]))
  }
  parameters
}

# Standard deviations of shared coordinates, widened by what omics differ more in held-out samples
# than they should: of s_v, what omic v says of a coordinate of variance 1, the variance is rho_v if
# it is its conditional mean, and that of s_v - s_w is rho_v + rho_w - 2 rho_v rho_w. What exceeds
# this is error that training has added, half of it in each. `alone`: per omic the posterior of all
# samples from it alone, of which `held_out` count.
with_honest_spread <- function(parameters, alone, held_out, shared) {
  omics <- names(alone)
  mean <- lapply(alone, \(a) a$mean$shared[held_out, , drop = FALSE])
  rho <- lapply(alone, \(a) 1 - a$sd$shared[1, ]^2)
  added <- vapply(seq_along(omics), \(v) {
    mean_known(vapply(setdiff(seq_along(omics), v), \(w) {
      apart <- colMeans((mean[[v]] - mean[[w]])^2, na.rm = TRUE)
      max(sum(apart - rho[[v]] - rho[[w]] + 2 * rho[[v]] * rho[[w]]) / (2 * length(apart)), 0)
    }, 0))
  }, 0)
  for (v in which(is.finite(added))) {
    variance <- pmin(1 - rho[[v]] + added[v], 1)
    at <- core_name(omics[v], "encoder/scale/bias")
    parameters[[at]][seq_len(shared)] <- log(expm1(sqrt(variance)))
  }
  parameters
}
