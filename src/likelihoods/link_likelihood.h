// What the families with a link function share: the prediction on the link's scale (see LinkScale
// in data.h), and the loop over a feature's values. Values are handled in double: counts can be
// large, and what they cost is little beside the decoder.
#pragma once

#include <cmath>

#include "likelihoods/likelihood.h"

namespace poems {

/// log(1 + exp(x)), exact for large and for small x.
inline double softplus(double x) {
  return x > 0.0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

/// 1 / (1 + exp(-x)).
inline double logistic(double x) { return 1.0 / (1.0 + std::exp(-x)); }

/// x log(x / y), 0 at x = 0.
inline double x_log_ratio(double x, double log_x_over_y) {
  return x > 0.0 ? x * log_x_over_y : 0.0;
}

/// The loss of one value and its derivative in eta.
struct ValueLoss {
  double loss, slope;
};

/// Predictions without the decoder's part, of some members.
template <typename T>
Vector<T> known_prediction(const OmicBatch<T>& batch, Index j, Index begin, Index size) {
  Vector<T> eta = Vector<T>::Constant(size, batch.link->intercept(j));
  if (batch.offset.size() > 0) eta += batch.offset.segment(begin, size);
  if (batch.link->effects.size() > 0)
    eta += batch.covariates.middleRows(begin, size) * batch.link->effects.col(j);
  return eta;
}

/// Predictions from the decoder's part.
template <typename T>
Vector<double> predictions(const OmicBatch<T>& batch, Index j, Index begin,
                           const Eigen::Ref<Vector<T>>& xhat) {
  const double unit = static_cast<double>(batch.link->unit(j));
  return known_prediction(batch, j, begin, xhat.size()).template cast<double>() +
         unit * xhat.template cast<double>();
}

/// Likelihood::feature() from value_loss(i, x), a function that returns the ValueLoss of member
/// begin + i.
template <typename T, typename Function>
double feature_loss(const OmicBatch<T>& batch, Index j, Index begin, double weight,
                    Eigen::Ref<Vector<T>> xhat, Function value_loss) {
  const double unit = static_cast<double>(batch.link->unit(j));
  double sum = 0.0;
  for (Index i = 0; i < xhat.size(); ++i) {
    if (batch.observed.size() > 0 && batch.observed(begin + i, j) == T(0)) {
      xhat(i) = T(0);
      continue;
    }
    const ValueLoss value = value_loss(i, static_cast<double>(batch.targets(begin + i, j)));
    sum += value.loss;
    xhat(i) = static_cast<T>(weight * unit * value.slope);
  }
  return weight * sum;
}

}  // namespace poems
