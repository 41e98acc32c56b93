// Gaussian: x ~ N(xhat, sigma_j^2), so per observed value
//
//   -log p = 1/2 ((x - xhat) / sigma_j)^2 + [ log sigma_j + 1/2 log(2 pi) ].
//
// The bracket is left out when `has_normaliser` is false (the published code adds its own log sigma
// term to the prior). sigma_j^2 has a scaled inverse chi^2(nu, s^2) prior.
#pragma once

#include <vector>

#include "likelihoods/likelihood.h"

namespace poems {

template <typename T>
class GaussianLikelihood : public Likelihood<T> {
 public:
  Parameter<T> log_sigma;  ///< features x 1

  /// df, prior_variance: nu and s^2.
  GaussianLikelihood(Index features, bool has_normaliser, double df, double prior_variance);

  double feature(const OmicBatch<T>& batch, Index j, Index begin, double weight,
                 Eigen::Ref<Vector<T>> xhat) override;
  Parameter<T>* noise() override { return &log_sigma; }

  /// sigma: features.
  void initialise(const Vector<double>& sigma) override;

  /// (nu + 2 + observations) sum_j log sigma_j + 1/2 nu s^2 sum_j sigma_j^-2.
  double prior(double observations) const override;
  void add_prior_gradient(double weight, double observations) override;

  void reset_counts() override;

  /// sigma_j^2 = (sum of squared residuals + nu s^2) / (number of them + nu + 2), the mode given
  /// the residuals counted since the last reset.
  void update_noise() override;
  std::vector<Vector<double>*> counts() override { return {&squared_residuals_, &residual_count_}; }

  double deviance(Index j, T x, T eta) const override;
  Vector<double> deviances(Index j, const Vector<T>& x, const Vector<T>& eta) const override;
  Score score(Index, T x, T eta) const override { return {static_cast<double>(eta - x), 1.0}; }
  Scores<T> scores(Index j, const Vector<T>& x, const Vector<T>& eta) const override;
  double deviance_scale() const override;
  T mean(T eta) const override { return eta; }
  std::vector<Comparison> compare(Index j, const Vector<T>& x, const Vector<T>& eta,
                                  const Vector<double>& own,
                                  const Matrix<T>& differences) const override;

 private:
  bool has_normaliser_;
  double df_, prior_variance_;
  Vector<double> squared_residuals_;  ///< features
  Vector<double> residual_count_;     ///< features
};

}  // namespace poems
