#include "likelihoods/bernoulli.h"

#include "likelihoods/link_likelihood.h"

namespace poems {

template <typename T>
double BernoulliLikelihood<T>::feature(const OmicBatch<T>& batch, Index j, Index begin,
                                       double weight, Eigen::Ref<Vector<T>> xhat) {
  const Vector<double> eta = predictions<T>(batch, j, begin, xhat);
  return feature_loss(batch, j, begin, weight, xhat, [&](Index i, double x) {
    return ValueLoss{softplus(eta(i)) - x * eta(i), logistic(eta(i)) - x};
  });
}

/// 2 [ x log(x / p) + (1 - x) log((1 - x) / (1 - p)) ] with log p = -softplus(-eta).
template <typename T>
double BernoulliLikelihood<T>::deviance(Index, T x_, T eta_) const {
  const double x = static_cast<double>(x_), eta = static_cast<double>(eta_);
  return 2.0 * (x_log_ratio(x, std::log(x) + softplus(-eta)) +
                x_log_ratio(1.0 - x, std::log1p(-x) + softplus(eta)));
}

template <typename T>
Score BernoulliLikelihood<T>::score(Index, T x, T eta) const {
  const double p = logistic(static_cast<double>(eta));
  return {p - static_cast<double>(x), p * (1.0 - p)};
}

template <typename T>
T BernoulliLikelihood<T>::mean(T eta) const {
  return static_cast<T>(logistic(static_cast<double>(eta)));
}

template class BernoulliLikelihood<float>;
template class BernoulliLikelihood<double>;

}  // namespace poems
