# How far decoders are from linear. Over the samples of the fit, what the decoders f say is parted
# into its best linear approximation and the rest, the bend:
#
#   f(z) = a + L z + N(z)
#
# The share of the bend in the variance of f, over samples and summed over the features of an omic,
# is 0 where the decoders have stayed linear. Of omics that are not Gaussian, f is on the scale of
# the link.

# The linear approximation a + L z of what decoders say (features x samples) over z (samples x core
# factors): `intercept`, `slopes` and the `factors` that vary.
linear_part <- function(decoded, z) {
  varies <- which(apply(z, 2, stats::sd) > 1e-6)
  line <- stats::lm.fit(cbind(1, z[, varies, drop = FALSE]), t(decoded))$coefficients
  line <- matrix(line, ncol = nrow(decoded))
  line[is.na(line)] <- 0
  list(intercept = line[1, ], slopes = t(line[-1, , drop = FALSE]), factors = varies)
}

bend_of <- function(decoded, z, line) {
  decoded - line$intercept - tcrossprod(line$slopes, z[, line$factors, drop = FALSE])
}

# Below this share, decoders are said to have stayed linear.
least_bend <- 0.02

# Per omic, the share of the bend; NA where the decoders say the same of all samples, or where there
# are too few samples to tell a bend. `decoded`: per omic, features x samples.
share_bent <- function(decoded, z) {
  vapply(decoded, \(f) {
    line <- linear_part(f, z)
    if (ncol(f) < 2 * (length(line$factors) + 1)) return(NA_real_)
    total <- sum((f - rowMeans(f))^2)
    if (total < 1e-8 * length(f)) NA_real_ else sum(bend_of(f, z, line)^2) / total
  }, 0)
}

# What print() says of it: `bend`, per omic.
describe_bend <- function(bend) {
  bend <- bend[!is.na(bend)]
  if (length(bend) == 0) return(character())
  if (all(bend < least_bend)) return("Decoders stayed linear, as they started.")
  sprintf("Not linear in the factors, of what the decoders explain: %s.",
          toString(paste(names(bend), percent(bend))))
}
