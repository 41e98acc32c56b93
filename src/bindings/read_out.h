// What a trained model says of its cohort.
#pragma once

#include <vector>

#include "analysis/latent_mode.h"
#include "analysis/projection.h"
#include "analysis/variance.h"
#include "bindings/parameters.h"
#include "bindings/rcpp.h"

namespace bindings {

/// Variance explained, omics x (training, validation).
template <typename T>
Rcpp::NumericMatrix variance_to_r(const poems::models::Poems<T>& model,
                                  const poems::Cohort<T>& cohort, const Matrix<T>& mean,
                                  const std::vector<Index>& validation_samples, int threads) {
  std::vector<bool> training(cohort.samples, true);
  for (Index i : validation_samples) training[i] = false;
  Rcpp::NumericMatrix variance(model.omics.size(), 2);
  for (std::size_t v = 0; v < model.omics.size(); ++v) {
    const auto explained = poems::variance_explained(model, v, cohort, mean, training, threads);
    variance(v, 0) = explained[0];
    variance(v, 1) = explained[1];
  }
  return variance;
}

/// seeks_mode: otherwise the posterior mean stands for it.
template <typename T>
Rcpp::List read_out(const poems::models::Poems<T>& model, const poems::Cohort<T>& cohort,
                    const std::vector<Index>& validation_samples, bool seeks_mode, int threads) {
  const poems::Projection<T> projection = poems::project(model, cohort, threads);
  const Matrix<T> mode =
      seeks_mode ? poems::latent_mode(model, cohort, projection.mean, threads) : projection.mean;
  return Rcpp::List::create(
      Rcpp::Named("latent") = to_r(projection.mean, true), Rcpp::Named("mode") = to_r(mode, true),
      Rcpp::Named("gates") = to_r(projection.gates, true),
      Rcpp::Named("variance") = variance_to_r(model, cohort, mode, validation_samples, threads));
}

}  // namespace bindings
