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
  # Not by lm.fit(), which would hold several matrices as large as what decoders say.
  terms <- qr(cbind(1, z[, varies, drop = FALSE]))
  told <- seq_len(terms$rank)
  inverse <- backsolve(qr.R(terms)[told, told, drop = FALSE], t(qr.Q(terms)[, told, drop = FALSE]))
  line <- matrix(0, nrow(decoded), length(varies) + 1)
  line[, terms$pivot[told]] <- tcrossprod(decoded, inverse)
  list(intercept = line[, 1], slopes = line[, -1, drop = FALSE], factors = varies)
}

bend_of <- function(decoded, z, line) {
  decoded - line$intercept - tcrossprod(line$slopes, z[, line$factors, drop = FALSE])
}

# Below this share, decoders are said to have stayed linear.
least_share_bent <- 0.02

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
  if (all(bend < least_share_bent)) return("Decoders stayed linear, as they started.")
  sprintf("Not linear in the factors, of what the decoders explain: %s.",
          toString(paste(names(bend), percent(bend))))
}

# The bend of single effects: what one factor does to one feature while all others stay at their
# mean.

# What the decoders say when one of the core's factors, k, has the values given and all others have
# their mean over the samples of the fit: per omic, features x values, on the scale of training.
vary_factor <- function(fit, k, values, parameters = core_parameters(fit)) {
  z <- matrix(colMeans(core_mode_of(fit)), length(values), fit$config$factors, byrow = TRUE)
  z[, k] <- values
  decoded <- core_reconstruct(parameters, fit$config, z, fit$control$threads)
  stats::setNames(decoded, names(fit$omics))
}

# Values of a factor that stand for those of all samples: these themselves, or as many quantiles.
most_bend_values <- 200L

typical_values <- function(z) {
  if (length(z) <= most_bend_values) return(unname(z))
  stats::quantile(z, (seq_len(most_bend_values) - 0.5) / most_bend_values, names = FALSE)
}

# Of every row of y, the share of its variance that a straight line in x leaves; NA of rows that
# hardly vary.
share_off_line <- function(y, x) {
  x <- x - mean(x)
  y <- y - rowMeans(y)
  total <- rowSums(y^2)
  left <- rowSums((y - outer(drop(y %*% x) / sum(x^2), x))^2)
  ifelse(total < 1e-8 * length(x), NA_real_, pmin(left / total, 1))
}

# Of every loading that is not zero, in the order of the table of feature_effects().
bend_of_effects <- function(fit) {
  parameters <- core_parameters(fit)
  bend <- fit$loadings
  for (i in seq_len(fit$factors)) {
    values <- typical_values(fit$mode[, i])
    decoded <- vary_factor(fit, factors_in_use(fit)[i], values, parameters)
    for (omic in names(bend)) {
      at <- seq_len(diff(bend[[omic]]@p)[i]) + bend[[omic]]@p[i]
      rows <- fit$loadings[[omic]]@i[at] + 1L
      bend[[omic]]@x[at] <- share_off_line(decoded[[omic]][rows, , drop = FALSE], values)
    }
  }
  as.numeric(unlist(lapply(bend, \(w) w@x), use.names = FALSE))
}
