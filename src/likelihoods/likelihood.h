// Likelihood of one omic, and its derivative. One class per family; the decoder calls it feature by
// feature with the reconstruction it has just computed, analyses ask it for deviances.
//
// A prediction eta is on the scale of the family's link: the value itself for Gaussian omics, log
// odds for Bernoulli, the log of the expected count for counts.
#pragma once

#include <memory>
#include <vector>

#include "data/cohort.h"
#include "tape/parameter.h"

namespace poems {

enum class Family { gaussian, bernoulli, poisson, negative_binomial };

/// What is the same for all omics and families.
struct LikelihoodConfig {
  bool has_normaliser;  ///< of the Gaussian
  double sigma_df;      ///< nu of the prior of sigma^2
};

/// Sums over samples of one feature, of which eta - difference is another prediction.
struct Comparison {
  double gain;    ///< deviance of the other prediction from the values less that of eta
  double change;  ///< deviance of the other prediction from what eta expects
};

/// Of half the deviance of a value: its derivative in eta, and what that one's derivative is
/// expected to be.
struct Score {
  double slope, information;
};

/// The same of several values of a feature, with half the deviances; 0 where a value is missing.
template <typename T>
struct Scores {
  Vector<T> half_deviance, slope, information;
};

template <typename T>
class Likelihood {
 public:
  virtual ~Likelihood() = default;

  /// Loss of feature j, -log p, over members begin, begin + 1, ... of the batch, as many as `xhat`
  /// has, times `weight`. `xhat` is replaced by weight * dLoss/dxhat. Adds to the gradient of
  /// noise(), and counts what update_noise() needs. May run on several threads for different
  /// features.
  virtual double feature(const OmicBatch<T>& batch, Index j, Index begin, double weight,
                         Eigen::Ref<Vector<T>> xhat) = 0;

  /// What is learned beside the prediction, features x 1; null if nothing is.
  virtual Parameter<T>* noise() { return nullptr; }
  const Parameter<T>* noise() const { return const_cast<Likelihood*>(this)->noise(); }
  virtual void initialise(const Vector<double>& /*noise*/) {}

  /// -log of the noise's prior; `observations`: how many the objective adds to its count.
  virtual double prior(double /*observations*/) const { return 0.0; }
  virtual void add_prior_gradient(double /*weight*/, double /*observations*/) {}

  /// Forgets what has been counted, from which update_noise() would estimate the noise anew.
  virtual void reset_counts() {}
  virtual void update_noise() {}

  /// What has been counted, by feature.
  virtual std::vector<Vector<double>*> counts() { return {}; }

  /// Twice the log-likelihood that a perfect prediction gains: for Gaussian omics (x - eta)^2,
  /// without sigma^2. x may be any mean of the family. Not for missing values.
  virtual double deviance(Index j, T x, T eta) const = 0;

  /// Of several values, 0 where one is NaN.
  virtual Vector<double> deviances(Index j, const Vector<T>& x, const Vector<T>& eta) const;

  virtual Score score(Index j, T x, T eta) const = 0;
  virtual Scores<T> scores(Index j, const Vector<T>& x, const Vector<T>& eta) const;

  /// What deviances are to be divided by to be on the scale of -2 log p, the same for all features:
  /// of Gaussian omics the mean of sigma^2.
  virtual double deviance_scale() const { return 1.0; }

  /// The value expected.
  virtual T mean(T eta) const = 0;

  /// Over values that are not NaN, for each column of differences. own: deviances(j, x, eta).
  virtual std::vector<Comparison> compare(Index j, const Vector<T>& x, const Vector<T>& eta,
                                          const Vector<double>& own,
                                          const Matrix<T>& differences) const;
};

/// noise_prior: what the family's prior of the noise is centred on.
template <typename T>
std::unique_ptr<Likelihood<T>> make_likelihood(Family family, Index features, double noise_prior,
                                               const LikelihoodConfig& config);

}  // namespace poems
