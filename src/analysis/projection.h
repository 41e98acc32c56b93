// What a trained model says of samples: their place in the latent space, gates, reconstructions.
#pragma once

#include <vector>

#include "data/cohort.h"
#include "models/poems.h"

namespace poems {

/// One column per sample of the cohort.
template <typename T>
struct Projection {
  Matrix<T> mean, logvar;  ///< factors x samples, the posterior
  Matrix<T> gates;         ///< omics x samples; columns sum to 1, 0 where an omic is missing
  /// Per omic what its expert says: factors x samples, NaN where a sample lacks the omic.
  std::vector<Matrix<T>> expert_mean, expert_logvar;
};

template <typename T>
Projection<T> project(const models::Poems<T>& model, const Cohort<T>& cohort, int threads);

/// The omic as decoded from z (factors x samples) without covariates, on the scale of training:
/// features x samples.
template <typename T>
Matrix<T> reconstruct(const models::Poems<T>& model, std::size_t omic, const Matrix<T>& z,
                      int threads);

}  // namespace poems
