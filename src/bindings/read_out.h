// What a trained model says of its cohort.
#pragma once

#include "analysis/latent_mode.h"
#include "analysis/projection.h"
#include "bindings/parameters.h"
#include "bindings/rcpp.h"

namespace bindings {

/// Without `modes`, posterior means stand for them.
template <typename T>
Rcpp::List read_out(const poems::models::Poems<T>& model, const poems::Cohort<T>& cohort,
                    bool modes, poems::ModeSearch search, int threads) {
  const poems::Projection<T> projection = poems::project(model, cohort, threads);
  const Matrix<T> mode =
      modes ? poems::latent_mode(model, cohort, projection.mean, threads, search) : projection.mean;
  return Rcpp::List::create(Rcpp::Named("latent") = to_r(projection.mean, true),
                            Rcpp::Named("mode") = to_r(mode, true),
                            Rcpp::Named("gates") = to_r(projection.gates, true));
}

}  // namespace bindings
