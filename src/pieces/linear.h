// Fully connected layer, y = A x + b.   x: in x B, A: out x in, b: out x 1, y: out x B
#pragma once

#include <cmath>
#include <string>

#include "pieces/piece.h"
#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
struct Linear {
  Parameter<T> weight;  ///< A
  Parameter<T> bias;    ///< b; empty in a layer without

  Linear(const std::string& name, Index in, Index out, bool has_bias = true)
      : weight(name + "/weight", out, in), bias(name + "/bias", has_bias ? out : 0, 1, false) {}

  std::vector<Parameter<T>*> parameters() {
    if (bias.value.size() == 0) return {&weight};
    return {&weight, &bias};
  }

  void initialise(Start start, std::uint64_t seed, std::uint64_t& part) {
    const double in = static_cast<double>(weight.value.cols());
    const Stream stream(seed, Purpose::initialise, 0, part++);
    if (start == Start::uniform) weight.fill_uniform(stream, 1.0 / std::sqrt(in));
    if (start == Start::kaiming) {
      weight.fill_normal(stream);
      weight.value *= static_cast<T>(std::sqrt(2.0 / in));
    }
    bias.fill_uniform(Stream(seed, Purpose::initialise, 0, part++), 1.0 / std::sqrt(in));
  }

  Var<T> operator()(Tape<T>& tape, Var<T> x) {
    Var<T> y = tape.node();
    y->value.noalias() = weight.value * x->value;
    if (bias.value.size() > 0) y->value.colwise() += bias.value.col(0);
    tape.on_backward(y, [this, x, y] {
      weight.gradient.noalias() += y->gradient * x->value.transpose();
      if (bias.value.size() > 0) bias.gradient += y->gradient.rowwise().sum();
      x->add_gradient(weight.value.transpose() * y->gradient);
    });
    return y;
  }
};

}  // namespace poems::pieces
