// Inclusion rates of factors, some of whose features are members of a set.
//
//   logit P(gamma_j = 1) = logit eta + m_j log(odds),   eta ~ Beta(a, b)
//
// m_j is 1 for members and 0 for all other features. Given the inclusion probabilities p of D
// features, D_1 of them members, the most likely eta is the root in (0, 1) of
//
//   sum_j p_j + a - 1 = (a + b - 2 + D - D_1) eta + D_1 eta odds / (1 - eta + eta odds)
//
// whose right side rises with eta: the positive root of a quadratic. Without members it is
// (sum_j p_j + a - 1) / (a + b + D - 2).
#pragma once

#include <cmath>

#include "support/parallel.h"
#include "support/types.h"

namespace poems {

/// Which features are members of a factor's set, factors x features. Empty without sets.
struct SetMembers {
  Matrix<unsigned char> is_member;
  double odds = 1.0;  ///< how many times as large a member's prior odds of a loading are

  bool any() const { return is_member.size() > 0; }

  /// What being a member, or not, adds to the prior log odds.
  double log_odds(Index factor, Index feature) const {
    return any() && is_member(factor, feature) != 0 ? std::log(odds) : 0.0;
  }

  /// Among the features of a block.
  Index count(Index factor, Block features) const {
    if (!any()) return 0;
    return (is_member.row(factor).segment(features.begin, features.size).array() != 0).count();
  }
};

/// included: the sum of p.
inline double inclusion_rate(double included, double a, double b, Index features, Index members,
                             double odds) {
  const double c = included + a - 1.0;
  const double all = a + b - 2.0 + static_cast<double>(features);
  if (members == 0) return c / all;
  const double d = static_cast<double>(members);
  const double square = (all - d) * (odds - 1.0);
  const double linear = c * (odds - 1.0) - (all - d) - d * odds;
  const double root = std::sqrt(linear * linear + 4.0 * square * c);
  return linear > 0.0 ? (linear + root) / (2.0 * square) : 2.0 * c / (root - linear);
}

}  // namespace poems
