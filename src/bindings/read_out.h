// What a trained model says of its cohort.
#pragma once

#include "analysis/latent_mode.h"
#include "analysis/projection.h"
#include "bindings/parameters.h"
#include "bindings/rcpp.h"

namespace bindings {

/// mode_passes: of the search for modes; with none, posterior means stand for them.
template <typename T>
Rcpp::List read_out(const poems::models::Poems<T>& model, const poems::Cohort<T>& cohort,
                    int mode_passes, int threads) {
  const poems::Projection<T> projection = poems::project(model, cohort, threads);
  const Matrix<T> mode =
      mode_passes > 0 ? poems::latent_mode(model, cohort, projection.mean, threads, mode_passes)
                      : projection.mean;
  return Rcpp::List::create(Rcpp::Named("latent") = to_r(projection.mean, true),
                            Rcpp::Named("mode") = to_r(mode, true),
                            Rcpp::Named("gates") = to_r(projection.gates, true));
}

}  // namespace bindings
