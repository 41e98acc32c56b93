// Counts with a log link, mu = exp(eta).
//
// Poisson:             -log p = mu - x eta + log x!
//
// Negative binomial with dispersion a_j, of variance mu + a_j mu^2; r = 1 / a_j, u = eta + log a_j:
//                      -log p = (x + r) softplus(u) - x u + log x! + log Gamma(r) - log Gamma(x +
//                      r)
//
// log a_j ~ N(log of the omic's typical dispersion, 1) a priori.
#pragma once

#include <vector>

#include "likelihoods/likelihood.h"

namespace poems {

template <typename T>
class PoissonLikelihood : public Likelihood<T> {
 public:
  using Likelihood<T>::deviance;
  double feature(const OmicBatch<T>& batch, Index j, Index begin, double weight,
                 Eigen::Ref<Vector<T>> xhat) override;
  double deviance(Index j, T x, T eta) const override;
  Score score(Index j, T x, T eta) const override;
  T mean(T eta) const override;
};

template <typename T>
class NegativeBinomialLikelihood : public Likelihood<T> {
 public:
  Parameter<T> log_dispersion;  ///< log a: features x 1

  NegativeBinomialLikelihood(Index features, double typical_dispersion);

  using Likelihood<T>::deviance;
  double feature(const OmicBatch<T>& batch, Index j, Index begin, double weight,
                 Eigen::Ref<Vector<T>> xhat) override;
  Parameter<T>* noise() override { return &log_dispersion; }

  /// dispersion: features.
  void initialise(const Vector<double>& dispersion) override;

  /// 1/2 sum_j (log a_j - log typical)^2; observations have no part in it.
  double prior(double observations) const override;
  void add_prior_gradient(double weight, double observations) override;

  void reset_counts() override;

  /// One step of Newton's method in every log a_j, of at most 1, towards the mode given the values
  /// seen since the last reset.
  void update_noise() override;
  std::vector<Vector<double>*> counts() override { return {&slope_, &curvature_}; }

  double deviance(Index j, T x, T eta) const override;
  Vector<double> deviances(Index j, const Vector<T>& x, const Vector<T>& eta) const override;
  Score score(Index j, T x, T eta) const override;
  Scores<T> scores(Index j, const Vector<T>& x, const Vector<T>& eta) const override;
  T mean(T eta) const override;
  std::vector<Comparison> compare(Index j, const Vector<T>& x, const Vector<T>& eta,
                                  const Vector<double>& own,
                                  const Matrix<T>& differences) const override;

 private:
  double log_typical_;
  /// Sums since the last reset of the loss's first and second derivatives in log a_j.
  Vector<double> slope_, curvature_;
};

}  // namespace poems
