# The linear model written into encoders and decoders, whose ReLU units can hold a linear map
# exactly: in pairs, relu(u) - relu(-u) = u.

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

# `weights`: what starting_agreement() says of the omic; the gate does not notice it where NULL.
start_agreement <- function(p, weights) {
  for (name in names(weights)) {
    value <- weights[[name]]
    p[[paste0("agreement_", name)]][seq_along(value)] <- value
  }
  p
}

# Of one omic. `decoded`: its part of what refit_loadings() returns; `omic`: its scaling.
start_decoder <- function(p, decoded, omic) {
  loadings <- decoded$loadings
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
  p$decoder_output_bias[] <- start_bias(decoded, omic)
  if (omic$family == "gaussian") {
    varies <- decoded$noise > 0
    p$log_sigma[varies] <- log(decoded$noise[varies]) / 2
  }
  p$W <- W
  p
}

# Through a curved link, what factors add to the predictions moves the mean of the expected values:
# back to what the intercept alone says. Exact for the logarithm of counts and Gaussian factors; the
# usual approximation of the logistic by the probit for 0 and 1.
start_bias <- function(decoded, omic) {
  power <- rowSums(decoded$loadings^2)
  switch(omic$family,
    gaussian = decoded$bias,
    bernoulli = omic$link$intercept / omic$link$unit *
      (sqrt(1 + pi / 8 * omic$link$unit^2 * power) - 1),
    -omic$link$unit * power / 2
  )
}
