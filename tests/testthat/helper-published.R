# The numbers recorded from the released model (fixtures/published_model.json), as matrices and
# vectors, and the same problem as the core takes it.

published_fixture <- function() {
  json <- jsonlite::fromJSON(test_path("fixtures", "published_model.json"), simplifyVector = FALSE)
  as_numbers(json)
}

# Turns nested lists of numbers into vectors and matrices, and leaves lists of those as lists.
as_numbers <- function(x) {
  if (!is.list(x)) {
    return(x)
  }
  if (!is.null(names(x)) || !is_nested_numbers(x)) {
    return(lapply(x, as_numbers))
  }
  if (is.list(x[[1]])) do.call(rbind, lapply(x, unlist)) else unlist(x)
}

is_nested_numbers <- function(x) {
  all_atomic <- \(x) is.list(x) && is.null(names(x)) && all(vapply(x, is.atomic, logical(1)))
  all_atomic(x) || all(vapply(x, all_atomic, logical(1)))
}

published_config <- function(fixture, row_normalize) {
  c <- fixture$config
  list(
    objective = "published", factors = c$factors, encoder_hidden = c$encoder_hidden,
    decoder_hidden = c$decoder_hidden, gate_hidden = c$gate_hidden, dropout = 0.2,
    lambda0 = c$lambda0, lambda1 = c$lambda1, inclusion_a = c$theta_a, sigma_df = c$sigma_df,
    row_normalize = row_normalize, covariates = 0L,
    omics = Map(
      \(d, s, b) list(features = d, family = "gaussian", noise_prior = s, inclusion_b = b),
      c$features, c$sigma_scale, c$theta_b
    )
  )
}

# Already on the scale of training: nothing to centre or scale.
published_omics <- function(fixture) {
  lapply(fixture$x, \(x) list(
    x = t(x), center = rep(0, ncol(x)), scale = rep(1, ncol(x)), fill = rep(0, ncol(x)),
    clip = Inf, samples = seq_len(nrow(x))
  ))
}

# The core wants every parameter as a matrix.
as_parameters <- function(parameters) rapply(parameters, as.matrix, how = "list")

# Every number of `got` equals that of `want`, to `relative` of its size. The fixture has 12
# significant digits, of which sums of larger numbers that nearly cancel keep fewer: `floor`.
expect_close <- function(got, want, relative, label, floor = 1e-11) {
  got <- as.vector(got)
  want <- as.vector(want)
  expect_length(got, length(want))
  excess <- abs(got - want) - relative * abs(want) - floor
  expect(
    all(excess <= 0),
    sprintf("%s: off by up to %.3g of %.3g", label, max(abs(got - want)), max(abs(want)))
  )
}

# The same for lists of arrays, which must have the same names.
expect_all_close <- function(got, want, relative, label, floor = 1e-11) {
  if (!is.list(want)) {
    return(expect_close(got, want, relative, label, floor))
  }
  expect_length(got, length(want))
  if (!is.null(names(want))) expect_setequal(names(got), names(want))
  keys <- if (is.null(names(want))) seq_along(want) else names(want)
  for (key in keys) {
    expect_all_close(got[[key]], want[[key]], relative, paste(label, key), floor)
  }
}
