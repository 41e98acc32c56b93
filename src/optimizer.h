// AdamW (Loshchilov and Hutter 2019): Adam with decoupled weight decay.
//
//   value  <- value (1 - lr * decay)
//   m      <- b1 m + (1 - b1) g,           v <- b2 v + (1 - b2) g^2
//   value  <- value - lr m / (1 - b1^t) / ( sqrt(v / (1 - b2^t)) + eps )
#pragma once

#include "parameter.h"
#include "types.h"

namespace poems {

struct AdamWConfig {
  double learning_rate;
  double weight_decay;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

template <typename T>
class AdamW {
 public:
  explicit AdamW(const AdamWConfig& config) : config_(config) {}

  /// Call once before a round of update() calls.
  void next_step() { ++step_; }

  void update(Parameter<T>& parameter, bool decay, int threads) const;

  /// The same, without decay, for the entries that are not 0; the others and their moments stay as
  /// they are.
  void update_nonzero(Parameter<T>& parameter) const;

  /// The step size per entry in the round just done, lr / (sqrt(v / (1 - b2^t)) + eps): what a
  /// proximal step must be scaled by to meet the same stationary points.
  Matrix<T> step_sizes(const Parameter<T>& parameter) const;

 private:
  void prepare_moments(Parameter<T>& parameter) const;
  T bias_corrected_rate() const;       ///< lr / (1 - b1^t)
  T second_moment_correction() const;  ///< 1 / sqrt(1 - b2^t)

  AdamWConfig config_;
  long step_ = 0;
};

}  // namespace poems
