// Encoder of one omic whose second head is a standard deviation: x -> its expert.
//
//   h = leaky_relu(A x + b),   mean = A_m h + b_m,   sd = softplus(A_s h + b_s)
//
// x: features x B, mean and logvar = 2 log sd: factors x B
#pragma once

#include "pieces/latent.h"
#include "pieces/mlp.h"
#include "pieces/softplus.h"

namespace poems::pieces {

template <typename T>
struct ScaleEncoder {
  Mlp<T> hidden;
  Linear<T> mean, scale;

  ScaleEncoder(const std::string& name, Index features, Index units, Index factors)
      : hidden(name + "/hidden", {features, units}, Activation::leaky_relu, Activation::leaky_relu),
        mean(name + "/mean", units, factors),
        scale(name + "/scale", units, factors) {}

  std::vector<Parameter<T>*> parameters() { return parameters_of<T>(hidden, mean, scale); }

  void initialise(Start start, std::uint64_t seed, std::uint64_t& part) {
    initialise_all(start, seed, part, hidden, mean, scale);
  }

  Gaussian<T> operator()(Tape<T>& tape, Var<T> x) {
    Var<T> h = hidden(tape, x);
    return {mean(tape, h), softplus_logvar(tape, scale(tape, h))};
  }
};

}  // namespace poems::pieces
