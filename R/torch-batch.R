# Between R and torch: parameters as the core lists them, and batches as the core cuts them.
#
# A parameter has the shape that it has in R, features or units out in rows, and vectors are
# matrices of one column.

# `place`: the device, the precision of the model, and that of likelihoods whose sums are large.
torch_place <- function(device, single = TRUE) {
  wide <- if (device == "mps") torch::torch_float32() else torch::torch_float64()
  list(device = device, dtype = if (single) torch::torch_float32() else wide, wide = wide)
}

# A copy: torch makes none of a matrix of one row or column, but goes on in R's memory, which R uses
# for something else when it has done with the matrix.
to_torch <- function(x, place, dtype = place$dtype) {
  torch::torch_tensor(x, dtype = dtype, device = place$device)$clone()
}

positions_to_torch <- function(x, place) to_torch(x, place, torch::torch_int64())

from_torch <- function(x) {
  shape <- dim(x)
  array(as.numeric(torch::as_array(x$cpu())), shape)
}

map_tensors <- function(parameters, f) {
  list(omics = lapply(parameters$omics, \(omic) lapply(omic, f)),
       gate = lapply(parameters$gate, f))
}

parameters_to_torch <- function(parameters, place) {
  map_tensors(parameters, \(x) to_torch(x, place))
}

parameters_from_torch <- function(parameters) map_tensors(parameters, from_torch)

# One of core_batch(): what encoders and likelihoods see of it. `place`: see torch_place().
batch_to_torch <- function(batch, place) {
  size <- nrow(batch$normals)
  given <- \(x, dtype = place$dtype) if (length(x) > 0) to_torch(x, place, dtype)
  shown <- matrix(0, size, length(batch$omics))
  for (v in seq_along(batch$omics)) {
    omic <- batch$omics[[v]]
    visible <- if (length(omic$hidden) > 0) !omic$hidden else TRUE
    shown[omic$members[visible], v] <- 1
  }
  omics <- lapply(batch$omics, \(omic) list(
    size = length(omic$members),
    # NULL for all, in order.
    members = if (length(omic$members) < size) positions_to_torch(omic$members, place),
    x = to_torch(omic$x, place), observed = given(omic$observed),
    covariates = given(omic$covariates), targets = given(omic$targets, place$wide),
    offset = given(omic$offset)
  ))
  column <- \(x) to_torch(as.matrix(1 * x), place)
  list(size = size, normals = to_torch(batch$normals, place), omics = omics,
       shown = lapply(seq_along(omics), \(v) column(shown[, v])),
       several = column(rowSums(shown) > 1), hides = any(shown == 0))
}

# Rows of members, at their places in the batch; 0 elsewhere.
spread_members <- function(x, omic, size) {
  if (is.null(omic$members)) return(x)
  torch::torch_zeros(size, ncol(x), dtype = x$dtype, device = x$device)$
    index_add(1, omic$members, x)
}

members_of_batch <- function(x, omic) {
  if (is.null(omic$members)) x else x$index_select(1, omic$members)
}
