// The multiplier l of a constraint c <= 0 in loss + l c: it grows while the constraint is violated
// and shrinks while it holds. After every step, from the c that the step saw:
//
//   geco       m <- c at first, then memory m + (1 - memory) c      (Rezende and Viola 2018)
//              l <- l exp(rate m), m limited to [-1, 1], l to [1e-3, 1e4]
//   additive   l <- max(0, l + rate c)
#pragma once

#include <algorithm>
#include <cmath>

namespace poems::pieces {

enum class DualRule { geco, additive };

struct DualOptions {
  DualRule rule = DualRule::geco;
  double start = 0.01;  ///< of l
  double rate = 0.01;   ///< of growth per step
  double memory = 0.9;  ///< of m
};

struct Dual {
  double multiplier;     ///< l
  double mean = 0.0;     ///< m; c itself under the additive rule
  bool started = false;  ///< whether m is that of any step
};

inline Dual updated(const Dual& dual, double c, const DualOptions& o) {
  if (o.rule == DualRule::additive) return {std::max(0.0, dual.multiplier + o.rate * c), c, true};
  const double mean = dual.started ? o.memory * dual.mean + (1.0 - o.memory) * c : c;
  const double growth = std::exp(o.rate * std::clamp(mean, -1.0, 1.0));
  return {std::clamp(dual.multiplier * growth, 1e-3, 1e4), mean, true};
}

}  // namespace poems::pieces
