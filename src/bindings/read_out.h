// What a trained model says of its cohort.
#pragma once

#include "analysis/latent_mode.h"
#include "analysis/projection.h"
#include "bindings/parameters.h"
#include "bindings/rcpp.h"

namespace bindings {

/// Per omic, what its expert says of samples: mean and logvar, samples x factors.
inline Rcpp::List experts_to_r(const poems::Projection<float>& projection) {
  Rcpp::List all;
  for (std::size_t v = 0; v < projection.expert_mean.size(); ++v)
    all.push_back(
        Rcpp::List::create(Rcpp::Named("mean") = to_r(projection.expert_mean[v], true),
                           Rcpp::Named("logvar") = to_r(projection.expert_logvar[v], true)));
  return all;
}

/// Without `modes`, posterior means stand for them.
inline Rcpp::List read_out(const poems::models::Poems<float>& model,
                           const poems::Cohort<float>& cohort, bool modes, poems::ModeSearch search,
                           int threads) {
  const poems::Projection<float> projection = poems::project(model, cohort, threads);
  const Matrix<float> mode =
      modes ? poems::latent_mode(model, cohort, projection.mean, threads, search) : projection.mean;
  return Rcpp::List::create(Rcpp::Named("latent") = to_r(projection.mean, true),
                            Rcpp::Named("mode") = to_r(mode, true),
                            Rcpp::Named("gates") = to_r(projection.gates, true),
                            Rcpp::Named("experts") = experts_to_r(projection));
}

}  // namespace bindings
