# Cohorts of more training samples than `largest_epoch` are trained as large ones, until the caller
# ends.
local_large_cohorts <- function(largest_epoch, most_validated = 2048L, slow_after = 3L,
                                frame = parent.frame()) {
  internals <- asNamespace("omicpoems")
  set <- function(value) {
    rlang::env_binding_unlock(internals, "large_cohorts")
    assign("large_cohorts", value, internals)
    rlang::env_binding_lock(internals, "large_cohorts")
  }
  before <- internals$large_cohorts
  set(utils::modifyList(before, list(
    largest_epoch = largest_epoch, most_validated = most_validated, slow_after = slow_after
  )))
  withr::defer(set(before), frame)
}
