// The logarithm of the gamma function and its derivatives, for positive numbers, by their
// asymptotic series (Abramowitz and Stegun, 6.1.40, 6.3.18, 6.4.11) after shifting the argument up.
// NaN of all others. Unlike std::lgamma, safe on several threads.
#pragma once

#include <cmath>
#include <limits>

namespace poems {

struct GammaFunction {
  double log;                ///< log Gamma(x)
  double digamma, trigamma;  ///< its first and second derivatives
};

/// The series are exact to rounding from here on.
constexpr double gamma_series_from = 10.0;

inline double log_gamma_series(double x) {
  const double y = 1.0 / x, y2 = y * y;
  constexpr double half_log_two_pi = 0.91893853320467274178;
  return (x - 0.5) * std::log(x) - x + half_log_two_pi +
         y * (1.0 / 12 - y2 * (1.0 / 360 - y2 * (1.0 / 1260 - y2 * (1.0 / 1680 - y2 / 1188))));
}

/// Gamma(x) = Gamma(x + n) / (x (x + 1) ... (x + n - 1)).
inline double log_gamma(double x) {
  if (!(x > 0.0)) return std::numeric_limits<double>::quiet_NaN();
  double product = 1.0;
  while (x < gamma_series_from) product *= x++;
  return log_gamma_series(x) - (product == 1.0 ? 0.0 : std::log(product));
}

inline GammaFunction gamma_function(double x) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  if (!(x > 0.0)) return {none, none, none};
  double product = 1.0, first = 0.0, second = 0.0;
  for (; x < gamma_series_from; ++x) {
    const double inverse = 1.0 / x;
    product *= x;
    first += inverse;
    second += inverse * inverse;
  }
  const double y = 1.0 / x, y2 = y * y;
  const double digamma =
      std::log(x) - 0.5 * y -
      y2 * (1.0 / 12 - y2 * (1.0 / 120 - y2 * (1.0 / 252 - y2 * (1.0 / 240 - y2 / 132))));
  const double trigamma =
      y + 0.5 * y2 +
      y * y2 * (1.0 / 6 - y2 * (1.0 / 30 - y2 * (1.0 / 42 - y2 * (1.0 / 30 - y2 * 5.0 / 66))));
  return {log_gamma_series(x) - (product == 1.0 ? 0.0 : std::log(product)), digamma - first,
          trigamma + second};
}

/// Gamma(r + x) / Gamma(r), its logarithm and that one's derivatives in r. at_r: of r. Whole
/// numbers x that are small need a product alone, r (r + 1) ... (r + x - 1).
inline GammaFunction gamma_ratio(double r, double x, const GammaFunction& at_r) {
  constexpr double most_factors = 16.0;
  if (!(x >= 0.0 && x <= most_factors && x == std::floor(x))) {
    const GammaFunction above = gamma_function(r + x);
    return {above.log - at_r.log, above.digamma - at_r.digamma, above.trigamma - at_r.trigamma};
  }
  double product = 1.0, first = 0.0, second = 0.0;
  for (int i = 0; i < static_cast<int>(x); ++i) {
    const double inverse = 1.0 / (r + i);
    product *= r + i;
    first += inverse;
    second -= inverse * inverse;
  }
  return {std::log(product), first, second};
}

}  // namespace poems
