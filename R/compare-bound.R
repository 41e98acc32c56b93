# What a bound on the dependence of shared and salient factors lets pass, for independence().

# The largest correlation of one salient with one shared factor, all else independent, at which the
# criterion of n samples is expected to keep the bound: it is hsic_of_pair() on top of what chance
# makes of it. Of p shared and q salient factors; NA without a bound, 1 if it never bites.
passing_correlation <- function(bound, n, p, q) {
  if (bound == 0 || p == 0 || q == 0) return(NA_real_)
  distant <- \(d) 1 - (1 + 4 * kernel_rate(d))^(-d / 2)
  room <- (bound - 1) * distant(p) * distant(q) / n
  excess <- \(r) hsic_of_pair(r, p, q) - room
  if (excess(1) <= 0) return(1)
  stats::uniroot(excess, c(0, 1), tol = 1e-6)$root
}

# HSIC of N(0, I_p) and N(0, I_q) but for one pair of coordinates of correlation r, with the
# Gaussian kernels of the bound (src/pieces/independence.h). Kernels are products over coordinates,
# and so are their means over two pairs of draws, joint E kl, apart E k E l, and mixed E(E k E l).
hsic_of_pair <- function(r, p, q) {
  a <- kernel_rate(p)
  b <- kernel_rate(q)
  joint <- ((1 + 4 * a) * (1 + 4 * b) - 16 * a * b * r^2)^-0.5
  apart <- ((1 + 4 * a) * (1 + 4 * b))^-0.5
  mixed <- ((1 + 4 * a) * (1 + 4 * b) - 4 * a * b * r^2)^-0.5
  others <- (1 + 4 * a)^(-(p - 1) / 2) * (1 + 4 * b)^(-(q - 1) / 2)
  others * (joint + apart - 2 * mixed)
}

# 1 / (2 g^2), g: the mean distance of two draws from N(0, I_d).
kernel_rate <- \(d) 1 / (2 * (2 * exp(lgamma((d + 1) / 2) - lgamma(d / 2)))^2)
