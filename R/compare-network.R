# The start of poems_compare() written into its network.

# What the start finds in samples that are not held out: with `found` (comparison_start()) how many
# `shared` and `salient` factors there are. One of a block stays where none is found, which nothing
# is read from and which training cannot take into use.
find_comparison <- function(config, omics, data, target, held_out, seed, control) {
  used <- setdiff(seq_along(data$samples), held_out)
  used <- sort(unlist(lapply(split(used, target[used]), \(of) {
    of[drawn(length(of), most_start_samples / 2, seed)]
  })))
  x <- standardised_features(omics, data$data, data$samples[used], data$design)
  omic <- omic_of_features(omics)
  found <- comparison_start(x, omic, target[used], config$shared, config$salient, seed,
                            control$threads)
  count <- if (is.null(found)) c(0L, 0L) else
    c(found$model$shared, ncol(found$model$loadings) - found$model$shared)
  list(found = found, x = x, omic = omic, target = target[used], count = count,
       shared = max(count[1], 1L), salient = max(count[2], 1L))
}

write_comparison <- function(parameters, first, config, omics, threads) {
  size <- c(shared = first$shared, salient = first$salient)
  loadings <- matrix(0, nrow(first$x), sum(size))
  at <- c(seq_len(first$count[1]), size[["shared"]] + seq_len(first$count[2]))
  found <- first$found
  decoded <- list(loadings = loadings, bias = rowMeans(first$x, na.rm = TRUE),
                  noise = rowMeans((first$x - rowMeans(first$x, na.rm = TRUE))^2, na.rm = TRUE))
  blocks <- list(shared = seq_len(first$count[1]),
                 salient = first$count[1] + seq_len(first$count[2]))
  experts <- lapply(blocks, \(k) NULL)
  if (!is.null(found)) {
    unit <- ifelse(is.finite(found$seen$scale), found$seen$scale, 0)
    decoded$loadings[, at] <- found$model$loadings * unit
    decoded$noise <- pmax(found$model$noise * unit^2, 1e-6)
    decoded$bias <- found$seen$center
    experts <- comparison_experts(found, blocks, first, threads)
  }
  rows <- split(seq_len(nrow(first$x)), first$omic)
  for (v in seq_along(omics)) {
    parameters <- write_comparison_decoder(parameters, names(omics)[v], lapply(
      decoded, \(part) as.matrix(part)[rows[[v]], , drop = FALSE]
    ), omics[[v]], setdiff(seq_len(sum(size)), at))
    for (block in names(blocks)) {
      parameters <- write_comparison_encoder(parameters, names(omics)[v], block,
                                             experts[[block]], v, found$seen, rows[[v]])
    }
  }
  for (name in grep("^(shared|salient)/gate/output/", names(parameters))) {
    parameters[[name]][] <- 0  # all omics weigh the same
  }
  parameters
}

# Experts of both blocks, that of salient factors from the target alone.
comparison_experts <- function(found, blocks, first, threads) {
  filled <- found$seen$x
  filled[is.na(filled)] <- 0
  has <- omics_had(first$x, first$omic)
  model <- found$model
  both <- linear_experts(model$loadings, model$noise, first$omic)
  samples <- list(shared = rep(TRUE, ncol(filled)), salient = first$target)
  Map(\(k, of) {
    if (length(k) == 0) return(NULL)
    own <- list(weights = lapply(both$weights, \(w) w[k, , drop = FALSE]),
                precision = lapply(both$precision, `[`, k))
    x <- filled[, of, drop = FALSE]
    inner <- lapply(seq_len(max(first$omic)), \(v) {
      inner_eigen(x[first$omic == v, has[v, of], drop = FALSE], threads)
    })
    learn_experts(own, x, found$posterior$mean[k, of, drop = FALSE],
                  has[, of, drop = FALSE], first$omic, inner)
  }, blocks, samples)
}

# start_encoder() and start_decoder() know parts of a network by other names.
write_comparison_encoder <- function(parameters, omic, block, experts, v, seen, rows) {
  parts <- c(encoder_hidden1_weight = "hidden/layer1/weight",
             encoder_hidden1_bias = "hidden/layer1/bias",
             encoder_hidden2_weight = "hidden/layer2/weight",
             encoder_hidden2_bias = "hidden/layer2/bias",
             encoder_mean_weight = "mean/weight", encoder_mean_bias = "mean/bias",
             encoder_logvar_weight = "logvar/weight", encoder_logvar_bias = "logvar/bias")
  at <- core_name(omic, paste(block, "encoder", parts, sep = "/"))
  p <- stats::setNames(parameters[at], names(parts))
  if (is.null(experts)) {
    for (name in grep("mean|logvar", names(p), value = TRUE)) p[[name]][] <- 0
  } else {
    p <- start_encoder(p, experts$weights[[v]], experts$precision[[v]], seen$center[rows],
                       seen$scale[rows])
  }
  parameters[at] <- p
  parameters
}

# `unused`: factors that no omic has.
write_comparison_decoder <- function(parameters, omic, decoded, scaling, unused) {
  names <- c(decoder_hidden_weight = "decoder/hidden/weight", W = "decoder/loadings",
             decoder_output_weight = "decoder/output/weight",
             decoder_output_bias = "decoder/output/bias", log_sigma = "log_sigma")
  at <- core_name(omic, names)
  p <- stats::setNames(parameters[at], names(names))
  p <- start_decoder(p[!vapply(p, is.null, NA)], decoded, scaling)
  p$decoder_hidden_weight[, unused] <- 0  # without loadings, they then have no gradient
  parameters[at[names(names) %in% names(p)]] <- p[intersect(names(names), names(p))]
  parameters
}
