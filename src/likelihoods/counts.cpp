#include "likelihoods/counts.h"

#include <algorithm>
#include <vector>

#include "kernel/kernel.h"
#include "likelihoods/link_likelihood.h"
#include "support/gamma.h"

namespace poems {

namespace {

/// Beyond it the expected count, 7e10, is no number of molecules any more, and the Poisson loss
/// goes on as a straight line, so that a wild prediction is pulled back and not made infinite.
constexpr double largest_log_count = 25.0;

/// Bounds of the dispersion; below the lower one it is hardly told from Poisson.
constexpr double smallest_log_dispersion = -9.2, largest_log_dispersion = 4.6;

double capped_exp(double eta) { return std::exp(std::min(eta, largest_log_count)); }

double log_factorial(double x) {
  constexpr int kept = 256;
  static const std::vector<double> of_small = [] {
    std::vector<double> list;
    for (int i = 0; i < kept; ++i) list.push_back(i == 0 ? 0.0 : log_gamma(i + 1.0));
    return list;
  }();
  const bool is_small = x >= 0.0 && x < kept && x == std::floor(x);
  return is_small ? of_small[static_cast<std::size_t>(x)] : log_gamma(x + 1.0);
}

/// Of every u, softplus(u) and logistic(u): all at once, which takes a fraction of the time. A
/// count of 0, as most of single cells are, asks for nothing else: its -log p is r softplus(u).
struct Logistics {
  Vector<double> softplus, logistic;

  explicit Logistics(const Vector<double>& u) : softplus(u.size()), logistic(u.size()) {
    kernel().softplus(u.size(), u.data(), softplus.data(), logistic.data());
  }
};

/// What the deviances of one value from several predictions share: 2 [ x log(x / mu) - (x + r)
/// log((x + r) / (mu + r)) ], where log((x + r) / (mu + r)) = log(1 + a x) - log(1 + a mu).
struct NegativeBinomialValue {
  double x, r, log_x, log1p_ax;

  NegativeBinomialValue(double x, double r, double log_x, double log1p_ax)
      : x(x), r(r), log_x(log_x), log1p_ax(log1p_ax) {}
  NegativeBinomialValue(double x, double r)
      : NegativeBinomialValue(x, r, x > 0.0 ? std::log(x) : 0.0,
                              x > 0.0 ? std::log1p(x / r) : 0.0) {}

  /// log1p_amu: softplus(eta + log a).
  double deviance(double eta, double log1p_amu) const {
    const double second = log1p_ax - log1p_amu;
    return std::max(0.0, 2.0 * (x_log_ratio(x, log_x - eta) - (x + r) * second));
  }
};

}  // namespace

template <typename T>
double PoissonLikelihood<T>::feature(const OmicBatch<T>& batch, Index j, Index begin, double weight,
                                     Eigen::Ref<Vector<T>> xhat) {
  const Vector<double> etas = predictions<T>(batch, j, begin, xhat);
  return feature_loss(batch, j, begin, weight, xhat, [&](Index i, double x) {
    const double eta = etas(i), mu = capped_exp(eta);
    const double beyond = mu * std::max(0.0, eta - largest_log_count);
    return ValueLoss{mu + beyond - x * eta + log_factorial(x), mu - x};
  });
}

/// 2 [ x log(x / mu) - (x - mu) ].
template <typename T>
double PoissonLikelihood<T>::deviance(Index, T x_, T eta_) const {
  const double x = static_cast<double>(x_), eta = static_cast<double>(eta_);
  return 2.0 * (x_log_ratio(x, std::log(x) - eta) - x + capped_exp(eta));
}

template <typename T>
Score PoissonLikelihood<T>::score(Index, T x, T eta) const {
  const double mu = capped_exp(static_cast<double>(eta));
  return {mu - static_cast<double>(x), mu};
}

template <typename T>
T PoissonLikelihood<T>::mean(T eta) const {
  return static_cast<T>(capped_exp(static_cast<double>(eta)));
}

template <typename T>
NegativeBinomialLikelihood<T>::NegativeBinomialLikelihood(Index features, double typical_dispersion)
    : log_dispersion("log_dispersion", features, 1, false),
      log_typical_(std::log(typical_dispersion)) {
  reset_counts();
}

template <typename T>
void NegativeBinomialLikelihood<T>::initialise(const Vector<double>& dispersion) {
  log_dispersion.value = dispersion.array().log().template cast<T>();
}

template <typename T>
double NegativeBinomialLikelihood<T>::feature(const OmicBatch<T>& batch, Index j, Index begin,
                                              double weight, Eigen::Ref<Vector<T>> xhat) {
  const double log_a = static_cast<double>(log_dispersion.value(j)), r = std::exp(-log_a);
  const GammaFunction at_r = gamma_function(r);
  const Vector<double> us = predictions<T>(batch, j, begin, xhat).array() + log_a;
  const Logistics of(us);
  double slope = 0.0, curvature = 0.0;
  const double loss =
      feature_loss(batch, j, begin, weight, xhat, [&](Index i, double x) -> ValueLoss {
        const double u = us(i), plus = of.softplus(i), p = of.logistic(i);
        if (x == 0.0) {
          slope += r * (p - plus);
          curvature += r * (plus - p - p * p);
          return {r * plus, r * p};
        }
        const GammaFunction ratio = gamma_ratio(r, x, at_r);
        // The part of the slope that is multiplied by r, of which dr / dlog a = -r.
        const double inner = ratio.digamma - plus;
        slope += r * inner + (x + r) * p - x;
        curvature += -r * inner - r * (r * ratio.trigamma + p) - r * p + (x + r) * p * (1.0 - p);
        return {(x + r) * plus - x * u + log_factorial(x) - ratio.log, (x + r) * p - x};
      });
  slope_(j) += slope;
  curvature_(j) += curvature;
  if (log_dispersion.gradient.size() > 0)
    log_dispersion.gradient(j) += static_cast<T>(weight * slope);
  return loss;
}

template <typename T>
double NegativeBinomialLikelihood<T>::prior(double) const {
  return 0.5 * (log_dispersion.value.array().template cast<double>() - log_typical_).square().sum();
}

template <typename T>
void NegativeBinomialLikelihood<T>::add_prior_gradient(double weight, double) {
  log_dispersion.gradient.array() +=
      (weight * (log_dispersion.value.array().template cast<double>() - log_typical_))
          .template cast<T>();
}

template <typename T>
void NegativeBinomialLikelihood<T>::reset_counts() {
  slope_.setZero(log_dispersion.value.rows());
  curvature_.setZero(log_dispersion.value.rows());
}

template <typename T>
void NegativeBinomialLikelihood<T>::update_noise() {
  for (Index j = 0; j < slope_.size(); ++j) {
    const double log_a = static_cast<double>(log_dispersion.value(j));
    const double slope = slope_(j) + log_a - log_typical_;
    // Far from the mode the curvature may be negative; there, go downhill as far as allowed.
    const double curvature = std::max(curvature_(j) + 1.0, 1e-8);
    const double step = std::clamp(slope / curvature, -1.0, 1.0);
    log_dispersion.value(j) =
        static_cast<T>(std::clamp(log_a - step, smallest_log_dispersion, largest_log_dispersion));
  }
}

template <typename T>
double NegativeBinomialLikelihood<T>::deviance(Index j, T x, T eta) const {
  return deviances(j, Vector<T>::Constant(1, x), Vector<T>::Constant(1, eta))(0);
}

template <typename T>
Vector<double> NegativeBinomialLikelihood<T>::deviances(Index j, const Vector<T>& x,
                                                        const Vector<T>& eta) const {
  const double log_a = static_cast<double>(log_dispersion.value(j)), r = std::exp(-log_a);
  const Vector<double> etas = eta.template cast<double>();
  const Logistics logistics(etas.array() + log_a);
  Vector<double> of = Vector<double>::Zero(x.size());
  for (Index i = 0; i < x.size(); ++i) {
    if (std::isnan(x(i))) continue;
    const NegativeBinomialValue value(static_cast<double>(x(i)), r);
    of(i) = value.deviance(etas(i), logistics.softplus(i));
  }
  return of;
}

template <typename T>
Score NegativeBinomialLikelihood<T>::score(Index j, T x_, T eta) const {
  const double x = static_cast<double>(x_);
  const double log_a = static_cast<double>(log_dispersion.value(j)), r = std::exp(-log_a);
  const double p = logistic(static_cast<double>(eta) + log_a);  // mu / (mu + r)
  return {(x + r) * p - x, r * p};
}

template <typename T>
Scores<T> NegativeBinomialLikelihood<T>::scores(Index j, const Vector<T>& x,
                                                const Vector<T>& eta) const {
  const double log_a = static_cast<double>(log_dispersion.value(j)), r = std::exp(-log_a);
  const Vector<T> none = Vector<T>::Zero(x.size());
  const Vector<double> etas = eta.template cast<double>();
  const Logistics logistics(etas.array() + log_a);
  Scores<T> all{none, none, none};
  for (Index i = 0; i < x.size(); ++i) {
    if (std::isnan(x(i))) continue;
    const NegativeBinomialValue value(static_cast<double>(x(i)), r);
    const double p = logistics.logistic(i);
    all.half_deviance(i) = static_cast<T>(0.5 * value.deviance(etas(i), logistics.softplus(i)));
    all.slope(i) = static_cast<T>((value.x + r) * p - value.x);
    all.information(i) = static_cast<T>(r * p);
  }
  return all;
}

template <typename T>
std::vector<Comparison> NegativeBinomialLikelihood<T>::compare(Index j, const Vector<T>& x,
                                                               const Vector<T>& eta,
                                                               const Vector<double>& own,
                                                               const Matrix<T>& differences) const {
  const double log_a = static_cast<double>(log_dispersion.value(j)), r = std::exp(-log_a);
  const Vector<double> etas = eta.template cast<double>();
  // The expected counts, as values of which the deviance is taken.
  const Vector<double> log_mu = etas.cwiseMin(largest_log_count), mu = log_mu.array().exp();
  const Logistics of_mu(log_mu.array() + log_a);
  std::vector<NegativeBinomialValue> values, expected;
  for (Index i = 0; i < x.size(); ++i) {
    values.emplace_back(static_cast<double>(x(i)), r);
    expected.emplace_back(mu(i), r, log_mu(i), of_mu.softplus(i));
  }
  std::vector<Comparison> sums(differences.cols(), {0.0, 0.0});
  for (Index a = 0; a < differences.cols(); ++a) {
    const Vector<double> others = etas - differences.col(a).template cast<double>();
    const Logistics logistics(others.array() + log_a);
    for (Index i = 0; i < x.size(); ++i) {
      if (std::isnan(x(i)) || differences(i, a) == T(0)) continue;
      sums[a].gain += values[i].deviance(others(i), logistics.softplus(i)) - own(i);
      sums[a].change += expected[i].deviance(others(i), logistics.softplus(i));
    }
  }
  return sums;
}

template <typename T>
T NegativeBinomialLikelihood<T>::mean(T eta) const {
  return static_cast<T>(capped_exp(static_cast<double>(eta)));
}

template class PoissonLikelihood<float>;
template class PoissonLikelihood<double>;
template class NegativeBinomialLikelihood<float>;
template class NegativeBinomialLikelihood<double>;

}  // namespace poems
