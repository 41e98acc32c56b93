#include "likelihood.h"

#include <cmath>

namespace poems {

namespace {
constexpr double half_log_two_pi = 0.91893853320467274178;
}

template <typename T>
GaussianLikelihood<T>::GaussianLikelihood(Index features, bool has_normaliser)
    : log_sigma("log_sigma", features, 1, false), has_normaliser_(has_normaliser) {
  squared_residuals_.setZero(features);
  residual_count_.setZero(features);
}

template <typename T>
double GaussianLikelihood<T>::feature(const OmicBatch<T>& batch, Index j, Index begin,
                                      double weight, Eigen::Ref<Vector<T>> xhat) {
  const T log_sigma_j = log_sigma.value(j);
  const T precision = std::exp(T(-2) * log_sigma_j);
  double count = static_cast<double>(xhat.size());
  xhat -= batch.x.col(j).segment(begin, xhat.size());
  if (batch.observed.size() > 0) {
    const auto observed = batch.observed.col(j).segment(begin, xhat.size());
    xhat.array() *= observed.array();
    count = static_cast<double>(observed.sum());
  }
  const double squares = static_cast<double>(xhat.squaredNorm());
  const double scaled_squares = squares * static_cast<double>(precision);
  squared_residuals_(j) += squares;
  residual_count_(j) += count;

  double loss = 0.5 * scaled_squares;
  double d_log_sigma = -scaled_squares;
  if (has_normaliser_) {
    loss += count * (static_cast<double>(log_sigma_j) + half_log_two_pi);
    d_log_sigma += count;
  }
  if (log_sigma.gradient.size() > 0) log_sigma.gradient(j) += static_cast<T>(weight * d_log_sigma);
  xhat *= static_cast<T>(weight) * precision;
  return weight * loss;
}

template <typename T>
void GaussianLikelihood<T>::reset_residuals() {
  squared_residuals_.setZero();
  residual_count_.setZero();
}

template <typename T>
void GaussianLikelihood<T>::update_sigma(double df, double prior_variance) {
  log_sigma.value = (0.5 * ((squared_residuals_.array() + df * prior_variance) /
                            (residual_count_.array() + df + 2.0))
                               .log())
                        .template cast<T>()
                        .matrix();
}

template class GaussianLikelihood<float>;
template class GaussianLikelihood<double>;

}  // namespace poems
