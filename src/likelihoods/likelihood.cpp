#include "likelihoods/likelihood.h"

#include <cmath>

#include "likelihoods/bernoulli.h"
#include "likelihoods/counts.h"
#include "likelihoods/gaussian.h"

namespace poems {

template <typename T>
Vector<double> Likelihood<T>::deviances(Index j, const Vector<T>& x, const Vector<T>& eta) const {
  Vector<double> of = Vector<double>::Zero(x.size());
  for (Index i = 0; i < x.size(); ++i)
    if (!std::isnan(x(i))) of(i) = deviance(j, x(i), eta(i));
  return of;
}

template <typename T>
Scores<T> Likelihood<T>::scores(Index j, const Vector<T>& x, const Vector<T>& eta) const {
  const Vector<T> none = Vector<T>::Zero(x.size());
  Scores<T> all{none, none, none};
  for (Index i = 0; i < x.size(); ++i) {
    if (std::isnan(x(i))) continue;
    const Score one = score(j, x(i), eta(i));
    all.half_deviance(i) = static_cast<T>(0.5 * deviance(j, x(i), eta(i)));
    all.slope(i) = static_cast<T>(one.slope);
    all.information(i) = static_cast<T>(one.information);
  }
  return all;
}

template <typename T>
std::vector<Comparison> Likelihood<T>::compare(Index j, const Vector<T>& x, const Vector<T>& eta,
                                               const Vector<double>& own,
                                               const Matrix<T>& differences) const {
  std::vector<Comparison> sums(differences.cols(), {0.0, 0.0});
  for (Index i = 0; i < x.size(); ++i) {
    if (std::isnan(x(i))) continue;
    const T expected = mean(eta(i));
    for (Index a = 0; a < differences.cols(); ++a) {
      if (differences(i, a) == T(0)) continue;
      const T other = eta(i) - differences(i, a);
      sums[a].gain += deviance(j, x(i), other) - own(i);
      sums[a].change += deviance(j, expected, other);
    }
  }
  return sums;
}

template <typename T>
std::unique_ptr<Likelihood<T>> make_likelihood(Family family, Index features, double noise_prior,
                                               const LikelihoodConfig& config) {
  switch (family) {
    case Family::bernoulli:
      return std::make_unique<BernoulliLikelihood<T>>();
    case Family::poisson:
      return std::make_unique<PoissonLikelihood<T>>();
    case Family::negative_binomial:
      return std::make_unique<NegativeBinomialLikelihood<T>>(features, noise_prior);
    case Family::gaussian:
      break;
  }
  return std::make_unique<GaussianLikelihood<T>>(features, config.has_normaliser, config.sigma_df,
                                                 noise_prior);
}

template class Likelihood<float>;
template class Likelihood<double>;
template std::unique_ptr<Likelihood<float>> make_likelihood(Family, Index, double,
                                                            const LikelihoodConfig&);
template std::unique_ptr<Likelihood<double>> make_likelihood(Family, Index, double,
                                                             const LikelihoodConfig&);

}  // namespace poems
