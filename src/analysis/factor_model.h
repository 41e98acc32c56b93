// The sparse linear factor model that training starts from, by variational Bayes:
//
//   x_jn = c_j + sum_k w_jk z_kn + e_jn,   e_jn ~ N(0, s_j^2),   z_n ~ N(0, I)
//   w_jk = g_jk a_jk,   g_jk ~ Bernoulli(r_vk),   a_jk ~ N(0, 1 / p_vk)         v: the omic of j
//
// The posterior is a product over samples, each Gaussian with a full covariance, and over loadings,
// each a spike and a Gaussian slab. What the loadings could be is averaged over, not only their
// most likely value; a factor that an omic does not hold gets a rate r_vk and a slab of about 0
// there. c, s, p and r are point estimates. A value that is missing has no term, and neither has an
// omic that a sample lacks.
#pragma once

#include <vector>

#include "pieces/inclusion_rate.h"
#include "support/types.h"

namespace poems {

struct FactorModel {
  Matrix<double> loadings;   ///< E w, factors x features
  Matrix<double> inclusion;  ///< P(g = 1), factors x features
  Matrix<double> mean;       ///< of z, factors x samples
  Matrix<double> variance;   ///< of z, factors x samples
  Vector<double> intercept;  ///< c, features
  Vector<double> noise;      ///< s^2, features
  /// What not knowing the loadings adds to the precision of z: per factor and omic, the sum over
  /// features of Var(w) / s^2.
  Matrix<double> uncertainty;
};

/// x: features x samples, NaN where a value is unknown; omic: of every feature, counted from 0 and
/// ascending; start: factors x samples, of variance about 1; rounds: of updates, at most; sets: of
/// the factors, whose members have larger odds of g = 1 (pieces/inclusion_rate.h).
FactorModel fit_factor_model(const Matrix<double>& x, const std::vector<int>& omic,
                             const Matrix<double>& start, int rounds, int threads,
                             const SetMembers& sets = {});

/// Where samples lie given what is known of them: means of z (factors x samples) in the model
/// x_jn = sum_k w_jk z_kn + e_jn with known loadings (factors x features) and noise (variance of
/// every feature); uncertainty as in FactorModel.
Matrix<double> factor_scores(const Matrix<double>& x, const std::vector<int>& omic,
                             const Matrix<double>& loadings, const Vector<double>& noise,
                             const Matrix<double>& uncertainty, int threads);

/// The same means; and how uncertain the part of the factors in values that are unknown is, in
/// omics that the sample has: features x samples, w_j' Cov(z_n) w_j, and 0 elsewhere.
struct FactorPosterior {
  Matrix<double> scores, variances;
};

FactorPosterior factor_posterior(const Matrix<double>& x, const std::vector<int>& omic,
                                 const Matrix<double>& loadings, const Vector<double>& noise,
                                 const Matrix<double>& uncertainty, int threads);

}  // namespace poems
