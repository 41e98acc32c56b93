// Layer normalisation of each sample, with u its mean and s^2 its variance over the factors:
//
//   n = (x - u) / sqrt(s^2 + 1e-5),   y = weight o n + bias      x, y: K x B
//   dn = weight o dy,                 dx = (dn - mean(dn) - n mean(dn o n)) / sqrt(s^2 + 1e-5)
#pragma once

#include <string>

#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
struct LayerNorm {
  static constexpr double epsilon = 1e-5;
  Parameter<T> weight, bias;  ///< K x 1

  LayerNorm(const std::string& name, Index factors)
      : weight(name + "/weight", factors, 1, false), bias(name + "/bias", factors, 1, false) {
    weight.value.setOnes();
  }

  std::vector<Parameter<T>*> parameters() { return {&weight, &bias}; }

  Var<T> operator()(Tape<T>& tape, Var<T> x) {
    Var<T> n = tape.node({x}), y = tape.node();
    const Matrix<T> centre = x->value.colwise().mean();
    n->value = x->value.rowwise() - centre.row(0);
    const Vector<T> scale =
        (n->value.colwise().squaredNorm().array() / T(x->value.rows()) + T(epsilon)).rsqrt();
    n->value = n->value * scale.asDiagonal();
    tape.on_backward(n, [x, n, scale] {
      const Matrix<T> along = n->gradient.cwiseProduct(n->value).colwise().mean();
      const Matrix<T> offset = n->gradient.colwise().mean();
      Matrix<T> d = n->gradient.rowwise() - offset.row(0);
      d.noalias() -= n->value * along.row(0).asDiagonal();
      x->add_gradient(d * scale.asDiagonal());
    });

    y->value = (weight.value.col(0).asDiagonal() * n->value).colwise() + bias.value.col(0);
    tape.on_backward(y, [this, n, y] {
      weight.gradient += y->gradient.cwiseProduct(n->value).rowwise().sum();
      bias.gradient += y->gradient.rowwise().sum();
      n->add_gradient(weight.value.col(0).asDiagonal() * y->gradient);
    });
    return y;
  }
};

}  // namespace poems::pieces
