#include "likelihoods/gaussian.h"

#include <cmath>

namespace poems {

namespace {

constexpr double half_log_two_pi = 0.91893853320467274178;

/// x - eta, and 0 where x is missing.
template <typename T>
Vector<T> residuals(const Vector<T>& x, const Vector<T>& eta) {
  return x.array().isNaN().select(T(0), x - eta);
}

}  // namespace

template <typename T>
GaussianLikelihood<T>::GaussianLikelihood(Index features, bool has_normaliser, double df,
                                          double prior_variance)
    : log_sigma("log_sigma", features, 1, false),
      has_normaliser_(has_normaliser),
      df_(df),
      prior_variance_(prior_variance) {
  reset_counts();
}

template <typename T>
void GaussianLikelihood<T>::initialise(const Vector<double>& sigma) {
  log_sigma.value = sigma.array().log().template cast<T>();
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
double GaussianLikelihood<T>::prior(double observations) const {
  const auto logs = log_sigma.value.array().template cast<double>();
  return (df_ + 2.0 + observations) * logs.sum() +
         0.5 * df_ * prior_variance_ * (-2.0 * logs).exp().sum();
}

template <typename T>
void GaussianLikelihood<T>::add_prior_gradient(double weight, double observations) {
  const double count = df_ + 2.0 + observations, spread = df_ * prior_variance_;
  log_sigma.gradient.array() +=
      (weight * (count - spread * (-2.0 * log_sigma.value.array().template cast<double>()).exp()))
          .template cast<T>();
}

template <typename T>
void GaussianLikelihood<T>::reset_counts() {
  squared_residuals_.setZero(log_sigma.value.rows());
  residual_count_.setZero(log_sigma.value.rows());
}

template <typename T>
void GaussianLikelihood<T>::update_noise() {
  log_sigma.value = (0.5 * ((squared_residuals_.array() + df_ * prior_variance_) /
                            (residual_count_.array() + df_ + 2.0))
                               .log())
                        .template cast<T>()
                        .matrix();
}

template <typename T>
double GaussianLikelihood<T>::deviance(Index, T x, T eta) const {
  return std::pow(static_cast<double>(x - eta), 2);
}

template <typename T>
Vector<double> GaussianLikelihood<T>::deviances(Index, const Vector<T>& x,
                                                const Vector<T>& eta) const {
  return residuals(x, eta).template cast<double>().cwiseAbs2();
}

template <typename T>
Scores<T> GaussianLikelihood<T>::scores(Index, const Vector<T>& x, const Vector<T>& eta) const {
  const Vector<T> residual = residuals(x, eta);
  return {T(0.5) * residual.cwiseAbs2(), -residual,
          x.array().isNaN().select(T(0), Vector<T>::Ones(x.size()))};
}

template <typename T>
double GaussianLikelihood<T>::deviance_scale() const {
  return (2.0 * log_sigma.value.array().template cast<double>()).exp().mean();
}

template <typename T>
std::vector<Comparison> GaussianLikelihood<T>::compare(Index, const Vector<T>& x,
                                                       const Vector<T>& eta,
                                                       const Vector<double>& /*own*/,
                                                       const Matrix<T>& differences) const {
  const Vector<double> twice = 2.0 * residuals(x, eta).template cast<double>();
  const Vector<double> known =
      x.array().isNaN().select(T(0), Vector<T>::Ones(x.size())).template cast<double>();
  std::vector<Comparison> sums;
  for (Index a = 0; a < differences.cols(); ++a) {
    const Vector<double> change = known.cwiseProduct(differences.col(a).template cast<double>());
    sums.push_back({change.dot(twice + change), change.squaredNorm()});
  }
  return sums;
}

template class GaussianLikelihood<float>;
template class GaussianLikelihood<double>;

}  // namespace poems
