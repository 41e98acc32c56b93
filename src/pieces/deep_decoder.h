// Dense decoder of one omic with two hidden layers: x_hat = A_3 h + b_3, h = two layers of relu
// with dropout.   z: K x B, x_hat: features x B
#pragma once

#include "pieces/mlp.h"

namespace poems::pieces {

template <typename T>
struct DeepDecoder {
  Mlp<T> hidden;
  Linear<T> output;

  DeepDecoder(const std::string& name, Index factors, Index units, Index features,
              double dropout_rate)
      : hidden(name + "/hidden", {factors, units, units}, Activation::relu, Activation::relu,
               dropout_rate),
        output(name + "/output", units, features) {}

  std::vector<Parameter<T>*> parameters() { return parameters_of<T>(hidden, output); }

  void initialise(Start start, std::uint64_t seed, std::uint64_t& part) {
    initialise_all(start, seed, part, hidden, output);
  }

  Var<T> operator()(Tape<T>& tape, Var<T> z, const Draws<T>& draws) {
    return output(tape, hidden(tape, z, draws));
  }
};

}  // namespace poems::pieces
