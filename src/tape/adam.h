// Adam over all parameters of a model, with weight decay in any of its three forms:
//
//   none          Adam (Kingma and Ba 2015)
//   in_gradient   g <- g + decay * value, then Adam: an L2 penalty, whose pull Adam rescales
//   decoupled     value <- value (1 - lr * decay) besides Adam's step: AdamW
#pragma once

#include <vector>

#include "tape/adamw.h"
#include "tape/parameter.h"

namespace poems {

enum class Decay { none, in_gradient, decoupled };

template <typename T>
class Adam {
 public:
  Adam(const AdamWConfig& config, Decay decay)
      : rule_(config), weight_decay_(config.weight_decay), decay_(decay) {}

  /// One step of every parameter, weights and biases alike. Decay in the gradient stays there
  /// until the gradient is zeroed.
  void step(const std::vector<Parameter<T>*>& parameters, int threads) {
    rule_.next_step();
    for (Parameter<T>* p : parameters) {
      if (decay_ == Decay::in_gradient) p->gradient += static_cast<T>(weight_decay_) * p->value;
      rule_.update(*p, decay_ == Decay::decoupled, threads);
    }
  }

  /// For models that take their steps themselves.
  AdamW<T>& rule() { return rule_; }

 private:
  AdamW<T> rule_;
  double weight_decay_;
  Decay decay_;
};

}  // namespace poems
