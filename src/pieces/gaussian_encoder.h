// Encoder of one omic: x -> the mean and log-variance of its expert.
//
//   h = two layers of relu with dropout,   mean = A_m h + b_m,   logvar = A_l h + b_l
//
// x: features x B, mean and logvar: factors x B
#pragma once

#include "pieces/latent.h"
#include "pieces/mlp.h"

namespace poems::pieces {

template <typename T>
struct GaussianEncoder {
  Mlp<T> hidden;
  Linear<T> mean, logvar;

  GaussianEncoder(const std::string& name, Index features, Index units, Index factors,
                  double dropout_rate)
      : hidden(name + "/hidden", {features, units, units}, Activation::relu, Activation::relu,
               dropout_rate),
        mean(name + "/mean", units, factors),
        logvar(name + "/logvar", units, factors) {}

  std::vector<Parameter<T>*> parameters() { return parameters_of<T>(hidden, mean, logvar); }

  void initialise(Start start, std::uint64_t seed, std::uint64_t& part) {
    initialise_all(start, seed, part, hidden, mean, logvar);
  }

  Gaussian<T> operator()(Tape<T>& tape, Var<T> x, const Draws<T>& draws) {
    Var<T> h = hidden(tape, x, draws);
    return {mean(tape, h), logvar(tape, h)};
  }
};

}  // namespace poems::pieces
