// Dense decoder of one omic: x_hat = c + V drop(relu(A z)), with one dropout mask per sample,
// shared by all features.   z: K x B, A: H x K, V: features x H, c: features x 1
#pragma once

#include "pieces/activations.h"
#include "pieces/draws.h"
#include "pieces/linear.h"

namespace poems::pieces {

template <typename T>
struct DenseDecoder {
  std::string name;
  Linear<T> hidden, output;
  double dropout_rate;

  DenseDecoder(const std::string& name_, Index factors, Index units, Index features,
               double dropout_rate_)
      : name(name_),
        hidden(name + "/hidden", factors, units, false),
        output(name + "/output", units, features),
        dropout_rate(dropout_rate_) {}

  std::vector<Parameter<T>*> parameters() { return parameters_of<T>(hidden, output); }

  void initialise(Start start, std::uint64_t seed, std::uint64_t& part) {
    initialise_all(start, seed, part, hidden, output);
  }

  Var<T> operator()(Tape<T>& tape, Var<T> z, const Draws<T>& draws) {
    Var<T> h = relu(tape, hidden(tape, z));
    return output(tape, dropout(tape, h, draws, name, dropout_rate));
  }
};

}  // namespace poems::pieces
