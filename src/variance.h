// How much of the data's variance a trained model explains: of every feature with all factors, and
// of every omic by each factor given the others.
#pragma once

#include <vector>

#include "data.h"
#include "model.h"

namespace poems {

/// Sums of squares of one omic, over the observed values of the samples that have it. x is a value,
/// xhat its reconstruction, xhat_k the same with factor k held.
struct VarianceSums {
  Vector<double> total;     ///< per feature: sum (x - fill)^2
  Vector<double> residual;  ///< per feature: sum (x - xhat)^2
  Vector<double> gain;      ///< per factor, over all features: sum (x - xhat_k)^2 - (x - xhat)^2
  /// Per factor, the sum and the largest over features of sum (xhat - xhat_k)^2 / total.
  Vector<double> change, largest_change;
};

/// z: factors x samples of the cohort; held: per factor, the value that it is held at.
template <typename T>
std::vector<VarianceSums> variance_sums(Model<T>& model, const Cohort<T>& cohort,
                                        const Matrix<T>& z, const Vector<T>& held, int threads);

}  // namespace poems
