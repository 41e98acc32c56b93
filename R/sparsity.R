# How sparse a fit is, among the factors in use: those not in use are not shown, and their zeros
# would only flatter. Features count as moved by a factor when its loading is not zero.

# `features` and `factors`: how many there are; `features_per_factor`: median, min and max over
# factors, of features of all omics; `factors_per_feature`: median over features. NA without a
# factor.
sparsity_of <- function(fit) {
  per_factor <- Reduce(`+`, lapply(fit$loadings, \(w) colSums(as.matrix(w) != 0)))
  per_feature <- unlist(lapply(fit$loadings, \(w) rowSums(as.matrix(w) != 0)))
  of_factors <- if (fit$factors > 0) c(stats::median(per_factor), range(per_factor)) else rep(NA, 3)
  list(
    features = length(per_feature), factors = fit$factors,
    features_per_factor = stats::setNames(as.numeric(of_factors), c("median", "min", "max")),
    factors_per_feature = if (fit$factors > 0) as.numeric(stats::median(per_feature)) else NA_real_
  )
}

# What print() says of it.
describe_sparsity <- function(sparsity) {
  if (sparsity$factors == 0) return(character())
  per_factor <- sparsity$features_per_factor
  range <- if (per_factor[["min"]] < per_factor[["max"]]) {
    sprintf("; %.0f to %.0f", per_factor[["min"]], per_factor[["max"]])
  } else {
    ""
  }
  sprintf(
    paste("A factor acts on %s of %d features (median%s), a feature is moved by %s of %d factors",
          "(median)."),
    format(per_factor[["median"]]), sparsity$features, range,
    format(sparsity$factors_per_feature), sparsity$factors
  )
}
