# Likelihoods of blocks of features in torch: the losses of src/likelihoods/, and what they count
# for the noise's update after an epoch.
#
# Values, predictions and losses are features x members, the noise features x 1. In products, a
# number comes second (t * 2): as the first, torch would make it a tensor in single precision.

# log(1 + exp(x)), exact for large and for small x.
torch_softplus <- function(x) -torch::nnf_logsigmoid(-x)

# The loss of a block, summed, and `counts`: per feature, the two sums that update_noise() takes,
# NULL where there is no noise. `block`: the values and parameters of its features; `xhat`: what
# decoders say of them; `batch`: the omic's; `wide`: the precision of sums of large numbers.
block_loss <- function(family, block, xhat, batch, has_normaliser, wide) {
  observed <- if (!is.null(block$observed)) block$observed$t()
  if (family == "gaussian") return(gaussian_loss(block, xhat, observed, has_normaliser))
  known <- block$intercept
  if (!is.null(batch$offset)) known <- known + batch$offset$t()
  if (!is.null(block$link_effects)) {
    known <- known + block$link_effects$mm(batch$covariates$t())
  }
  eta <- (known + block$unit * xhat)$to(dtype = wide)
  x <- block$targets$t()
  if (!is.null(observed)) observed <- observed$to(dtype = wide)
  sum_observed <- \(loss) if (is.null(observed)) loss$sum() else (loss * observed)$sum()
  switch(family,
    bernoulli = list(loss = sum_observed(torch_softplus(eta) - x * eta)),
    poisson = list(loss = sum_observed(poisson_loss(x, eta))),
    negative_binomial = negative_binomial_loss(block$noise$to(dtype = wide), x, eta, observed,
                                               sum_observed)
  )
}

# -log p = 1/2 ((x - xhat) / sigma)^2 + log sigma + 1/2 log(2 pi), the last two as the normaliser.
gaussian_loss <- function(block, xhat, observed, has_normaliser) {
  residual <- xhat - block$x$t()
  if (!is.null(observed)) residual <- residual * observed
  squares <- (residual * residual)$sum(2, keepdim = TRUE)
  count <- if (is.null(observed)) ncol(residual) else observed$sum(2, keepdim = TRUE)
  loss <- (squares * torch::torch_exp(block$noise * -2) * 0.5)$sum()
  if (has_normaliser) loss <- loss + ((block$noise + 0.5 * log(2 * pi)) * count)$sum()
  list(loss = loss, counts = list(squares$detach(), torch::torch_zeros_like(squares) + count))
}

# Beyond largest_log_count it goes on as a straight line: see src/likelihoods/counts.cpp.
poisson_loss <- function(x, eta) {
  mean <- torch::torch_exp(torch::torch_clamp(eta, max = largest_log_count))
  beyond <- mean * torch::torch_relu(eta - largest_log_count)
  mean + beyond - x * eta + torch::torch_lgamma(x + 1)
}

# With r = exp(-log_a) and u = eta + log_a:
# -log p = (x + r) softplus(u) - x u + log x! + log Gamma(r) - log Gamma(x + r).
negative_binomial_loss <- function(log_a, x, eta, observed, sum_observed) {
  u <- eta + log_a
  r <- torch::torch_exp(-log_a)
  plus <- torch_softplus(u)
  loss <- (x + r) * plus - x * u + torch::torch_lgamma(x + 1) + torch::torch_lgamma(r) -
    torch::torch_lgamma(x + r)
  list(loss = sum_observed(loss),
       counts = torch::with_no_grad(dispersion_slopes(x, r, u, plus, observed)))
}

# First and second derivatives of the loss in log_a, summed over members.
dispersion_slopes <- function(x, r, u, plus, observed) {
  p <- torch::torch_sigmoid(u)
  inner <- torch::torch_digamma(x + r) - torch::torch_digamma(r) - plus
  slope <- r * inner + (x + r) * p - x
  trigamma <- torch::torch_polygamma(1L, r) - torch::torch_polygamma(1L, x + r)
  curvature <- r * (r * trigamma - p) - r * inner - r * p + (x + r) * p * (-p + 1)
  sums <- \(y) (if (is.null(observed)) y else y * observed)$sum(2, keepdim = TRUE)
  list(sums(slope), sums(curvature))
}

# The noise of features ------------------------------------------------------------------------

# -log of its prior, and the gradient of that. `observations`: added to the prior's count.
noise_prior_loss <- function(family, noise, settings, observations) {
  if (family == "negative_binomial") {
    from_typical <- noise - log(settings$typical)
    return(list(loss = (from_typical * from_typical)$sum() * 0.5, gradient = from_typical))
  }
  count <- settings$df + 2 + observations
  spread <- torch::torch_exp(noise * -2) * (settings$df * settings$typical)
  list(loss = noise$sum() * count + spread$sum() * 0.5, gradient = -spread + count)
}

# The log of a dispersion is within these, as in src/likelihoods/counts.cpp.
log_dispersions <- c(-9.2, 4.6)

# The noise given what an epoch has counted: of Gaussian omics the mode, of counts one step of
# Newton's method towards it.
updated_noise <- function(family, noise, counts, settings) {
  if (family == "gaussian") {
    variance <- (counts[[1]] + settings$df * settings$typical) / (counts[[2]] + (settings$df + 2))
    return(torch::torch_log(variance) * 0.5)
  }
  slope <- counts[[1]] + (noise - log(settings$typical))
  curvature <- torch::torch_clamp(counts[[2]] + 1, min = 1e-8)
  step <- torch::torch_clamp(slope / curvature, min = -1, max = 1)
  torch::torch_clamp(noise - step, min = log_dispersions[1], max = log_dispersions[2])$
    to(dtype = noise$dtype)
}
