// AdamW (Loshchilov and Hutter 2019): Adam with decoupled weight decay.
//
//   value  <- value (1 - lr * decay)
//   m      <- b1 m + (1 - b1) g,           v <- b2 v + (1 - b2) g^2
//   value  <- value - lr m / (1 - b1^t) / ( sqrt(v / (1 - b2^t)) + eps )
//
// lr: the learning rate, times the parameter's pace.
#pragma once

#include "support/parallel.h"
#include "support/types.h"
#include "tape/parameter.h"

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
  long steps() const { return step_; }
  void go_on_after(long steps) { step_ = steps; }
  void halve_rate() { config_.learning_rate /= 2.0; }

  void update(Parameter<T>& parameter, bool decay, int threads) const;

  /// Call before update_columns() of a parameter, which several threads may call at once.
  void prepare_moments(Parameter<T>& parameter) const;

  void update_columns(Parameter<T>& parameter, bool decay, Block columns) const;

  /// The same, without decay, for the entries that are not 0; the others and their moments stay as
  /// they are.
  void update_nonzero_columns(Parameter<T>& parameter, Block columns) const;

  /// The step size per entry in the round just done, lr / (sqrt(v / (1 - b2^t)) + eps): what a
  /// proximal step must be scaled by to meet the same stationary points. rows x columns.size.
  Matrix<T> step_sizes(const Parameter<T>& parameter, Block columns) const;

 private:
  void update_entries(Parameter<T>& parameter, bool decay, Block entries) const;
  double rate_of(const Parameter<T>& parameter) const {
    return parameter.pace * config_.learning_rate;
  }
  T bias_corrected_rate(const Parameter<T>& parameter) const;  ///< lr / (1 - b1^t)
  T second_moment_correction() const;                          ///< 1 / sqrt(1 - b2^t)

  AdamWConfig config_;
  long step_ = 0;
};

}  // namespace poems
