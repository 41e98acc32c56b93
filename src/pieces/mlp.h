// Layers in a row: h_1 = drop(f(A_1 x + b_1)), h_2 = drop(f(A_2 h_1 + b_2)), ..., the last of them
// with an activation of its own.   x: sizes[0] x B, the result: sizes.back() x B
#pragma once

#include "pieces/activations.h"
#include "pieces/draws.h"
#include "pieces/linear.h"

namespace poems::pieces {

template <typename T>
struct Mlp {
  std::vector<Linear<T>> layers;
  Activation inner, last;
  double dropout_rate;
  std::string name;

  /// Its layers are named name/layer1, name/layer2, ...
  Mlp(const std::string& name_, const std::vector<Index>& sizes, Activation inner_,
      Activation last_, double dropout_rate_ = 0.0)
      : inner(inner_), last(last_), dropout_rate(dropout_rate_), name(name_) {
    for (std::size_t i = 1; i < sizes.size(); ++i)
      layers.emplace_back(name + "/layer" + std::to_string(i), sizes[i - 1], sizes[i]);
  }

  std::vector<Parameter<T>*> parameters() { return parameters_of<T>(layers); }

  void initialise(Start start, std::uint64_t seed, std::uint64_t& part) {
    for (Linear<T>& layer : layers) layer.initialise(start, seed, part);
  }

  Var<T> operator()(Tape<T>& tape, Var<T> x, const Draws<T>& draws = Draws<T>()) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      x = activate(tape, i + 1 < layers.size() ? inner : last, layers[i](tape, x));
      x = dropout(tape, x, draws, name + "/layer" + std::to_string(i + 1), dropout_rate);
    }
    return x;
  }
};

}  // namespace poems::pieces
