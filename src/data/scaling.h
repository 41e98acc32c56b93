// How raw values become what encoders see.
#pragma once

#include <algorithm>
#include <cmath>

#include "support/types.h"

namespace poems {

/// (x - center) / scale, limited to [-clip, clip]; NaN stays NaN. One number per feature.
struct Scaling {
  Vector<double> center, scale;
  double clip;

  template <typename T>
  T operator()(double x, Index j) const {
    // NaN fails both comparisons of clamp and so passes through.
    return static_cast<T>(std::clamp((x - center(j)) / scale(j), -clip, clip));
  }
};

/// What is taken off raw values before they are centred and scaled.
struct Adjustment {
  /// Of counts, per sample: x becomes log(1 + x exp(-offset)). Empty: x stays as it is.
  Vector<double> offset;
  /// Then effects' covariates is subtracted. Empty: nothing is.
  Matrix<double> effects;     ///< covariates x features
  Matrix<double> covariates;  ///< covariates x samples

  /// Whether a value of 0 is adjusted to 0.
  bool keeps_zeros() const { return effects.size() == 0; }
};

/// One sample's values after the adjustment.
class AdjustedSample {
 public:
  AdjustedSample(const Adjustment& adjustment, Index i)
      : adjustment_(adjustment),
        sample_(i),
        shrink_(adjustment.offset.size() > 0 ? std::exp(-adjustment.offset(i)) : 1.0) {}

  double operator()(double x, Index j) const {
    if (adjustment_.offset.size() > 0) x = std::log1p(x * shrink_);
    if (adjustment_.effects.size() > 0)
      x -= adjustment_.effects.col(j).dot(adjustment_.covariates.col(sample_));
    return x;
  }

 private:
  const Adjustment& adjustment_;
  Index sample_;
  double shrink_;
};

}  // namespace poems
