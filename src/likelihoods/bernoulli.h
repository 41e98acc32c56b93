// Bernoulli with a logit link: x is 0 or 1, eta the log odds of 1.
//
//   -log p = softplus(eta) - x eta
#pragma once

#include "likelihoods/likelihood.h"

namespace poems {

template <typename T>
class BernoulliLikelihood : public Likelihood<T> {
 public:
  using Likelihood<T>::deviance;
  double feature(const OmicBatch<T>& batch, Index j, Index begin, double weight,
                 Eigen::Ref<Vector<T>> xhat) override;
  double deviance(Index j, T x, T eta) const override;
  Score score(Index j, T x, T eta) const override;
  T mean(T eta) const override;
};

}  // namespace poems
