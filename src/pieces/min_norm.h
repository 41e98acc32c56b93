// Two losses at once: the weights of their gradients g and h whose mixture is the shortest, a
// direction in which neither loss rises (Desideri 2012; Sener and Koltun 2018).
//
//   a = argmin_{0 <= a <= 1} |a g + (1 - a) h|^2
//     = (h'h - g'h) / (g'g + h'h - 2 g'h), limited to [0, 1];   1/2 where g = h
#pragma once

#include <algorithm>
#include <vector>

#include "support/types.h"

namespace poems::pieces {

/// Over several arrays, in double and in their order.
template <typename T>
double inner_product(const std::vector<Matrix<T>>& g, const std::vector<Matrix<T>>& h) {
  double sum = 0.0;
  for (std::size_t i = 0; i < g.size(); ++i)
    sum += g[i].template cast<double>().cwiseProduct(h[i].template cast<double>()).sum();
  return sum;
}

/// a, from g'g, h'h and g'h.
inline double min_norm_weight(double gg, double hh, double gh) {
  const double square = gg + hh - 2.0 * gh;  // |g - h|^2
  return square > 0.0 ? std::clamp((hh - gh) / square, 0.0, 1.0) : 0.5;
}

template <typename T>
double min_norm_weight(const std::vector<Matrix<T>>& g, const std::vector<Matrix<T>>& h) {
  return min_norm_weight(inner_product(g, g), inner_product(h, h), inner_product(g, h));
}

}  // namespace poems::pieces
