// How much of the data's variance a trained model explains: of every feature with all factors, and
// of every omic by each factor given the others.
#pragma once

#include <vector>

#include "data/cohort.h"
#include "models/poems.h"

namespace poems {

/// Sums of deviances D of one omic, over the observed values of the samples that have it; of a
/// Gaussian omic, squares. x is a value, m the null prediction, xhat the reconstruction, xhat_k the
/// same with factor k held.
struct VarianceSums {
  Vector<double> total;     ///< per feature: sum D(x, m)
  Vector<double> residual;  ///< per feature: sum D(x, xhat)
  Vector<double> gain;      ///< per factor, over all features: sum D(x, xhat_k) - D(x, xhat)
  /// Per factor, the sum and the largest over features of sum D(xhat, xhat_k) / total.
  Vector<double> change, largest_change;
  /// Per sample of the cohort, over features: sum D(x, m) and sum D(x, xhat); 0 of those left out.
  Vector<double> sample_total, sample_residual;
};

/// z: factors x samples of the cohort; held: per factor, the value that it is held at; counted: the
/// samples to look at.
template <typename T>
std::vector<VarianceSums> variance_sums(const models::Poems<T>& model, const Cohort<T>& cohort,
                                        const Matrix<T>& z, const Vector<T>& held,
                                        const std::vector<bool>& counted, int threads);

}  // namespace poems
