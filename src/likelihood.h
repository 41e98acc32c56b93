// Likelihood of one omic, and its derivative. One class per family; the decoder calls it feature by
// feature with the reconstruction it has just computed.
#pragma once

#include "data.h"
#include "parameter.h"

namespace poems {

/// Gaussian: x ~ N(xhat, sigma_j^2), so per observed value
///   -log p = 1/2 ((x - xhat) / sigma_j)^2 + [ log sigma_j + 1/2 log(2 pi) ].
/// The bracket is left out when `has_normaliser` is false (the published code adds its own
/// log sigma term to the prior).
template <typename T>
class GaussianLikelihood {
 public:
  Parameter<T> log_sigma;  ///< features x 1

  GaussianLikelihood(Index features, bool has_normaliser);

  void zero_gradient() { log_sigma.zero_gradient(); }

  /// Loss of feature j over members begin, begin + 1, ... of the batch, as many as `xhat` has,
  /// times `weight`. `xhat` is replaced by weight * dLoss/dxhat. Adds to the gradient of log_sigma,
  /// and keeps count of the squared residuals for update_sigma(). May run on several threads for
  /// different features.
  double feature(const OmicBatch<T>& batch, Index j, Index begin, double weight,
                 Eigen::Ref<Vector<T>> xhat);

  /// Forgets the residuals counted so far.
  void reset_residuals();

  /// sigma_j^2 = (sum of squared residuals + nu s^2) / (number of them + nu + 2), the mode given
  /// the residuals counted since the last reset under the scaled inverse chi^2(nu, s^2) prior.
  void update_sigma(double df, double prior_variance);

 private:
  bool has_normaliser_;
  Vector<double> squared_residuals_;  ///< features
  Vector<double> residual_count_;     ///< features
};

}  // namespace poems
