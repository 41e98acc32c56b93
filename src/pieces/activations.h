// What is done entry by entry, or down a column, without parameters; x and y have one shape.
//
//   relu        y = max(x, 0)           dx = dy where y > 0
//   leaky_relu  y = max(x, 0.01 x)      dx = dy where y > 0, else 0.01 dy
//   tanh        y = tanh x              dx = dy (1 - y^2)
//   sigmoid     y = 1 / (1 + e^-x)      dx = dy y (1 - y)
//   softmax     y_k = e^x_k / sum_l e^x_l down each column,   dx = y (dy - sum_l dy_l y_l)
//               and, given what takes part, over this alone; y is 0 elsewhere
#pragma once

#include <cmath>
#include <limits>

#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
Var<T> relu(Tape<T>& tape, Var<T> x) {
  Var<T> y = tape.node({x});
  y->value = x->value.cwiseMax(T(0));
  tape.on_backward(
      y, [x, y] { x->add_gradient((y->value.array() > T(0)).select(y->gradient, T(0))); });
  return y;
}

template <typename T>
Var<T> leaky_relu(Tape<T>& tape, Var<T> x) {
  const T slope = T(0.01);
  Var<T> y = tape.node({x});
  y->value = x->value.cwiseMax(slope * x->value);
  tape.on_backward(y, [x, y, slope] {
    x->add_gradient((y->value.array() > T(0)).select(y->gradient, slope * y->gradient));
  });
  return y;
}

template <typename T>
Var<T> tanh(Tape<T>& tape, Var<T> x) {
  Var<T> y = tape.node({x});
  y->value = x->value.array().tanh();
  tape.on_backward(y, [x, y] {
    x->add_gradient((y->gradient.array() * (T(1) - y->value.array().square())).matrix());
  });
  return y;
}

template <typename T>
Var<T> sigmoid(Tape<T>& tape, Var<T> x) {
  Var<T> y = tape.node({x});
  y->value = (T(1) + (-x->value.array()).exp()).inverse();
  tape.on_backward(y, [x, y] {
    x->add_gradient((y->gradient.array() * y->value.array() * (T(1) - y->value.array())).matrix());
  });
  return y;
}

/// takes_part: 1 or 0, shaped as x, with a 1 in every column; empty: all does.
template <typename T>
Var<T> softmax(Tape<T>& tape, Var<T> x, const Matrix<T>& takes_part = Matrix<T>()) {
  Var<T> y = tape.node({x});
  y->value = x->value;
  if (takes_part.size() > 0)
    y->value = (takes_part.array() > T(0)).select(x->value, std::numeric_limits<T>::lowest());
  y->value = (y->value.rowwise() - y->value.colwise().maxCoeff()).array().exp().eval();
  for (Index i = 0; i < y->value.cols(); ++i) y->value.col(i) /= y->value.col(i).sum();
  tape.on_backward(y, [x, y] {
    Matrix<T> d = y->gradient.cwiseProduct(y->value);
    const Matrix<T> along = d.colwise().sum();
    d.noalias() -= y->value * along.row(0).asDiagonal();
    x->add_gradient(d);
  });
  return y;
}

enum class Activation { identity, relu, leaky_relu, tanh, sigmoid };

template <typename T>
Var<T> activate(Tape<T>& tape, Activation activation, Var<T> x) {
  if (activation == Activation::relu) return relu(tape, x);
  if (activation == Activation::leaky_relu) return leaky_relu(tape, x);
  if (activation == Activation::tanh) return tanh(tape, x);
  if (activation == Activation::sigmoid) return sigmoid(tape, x);
  return x;
}

}  // namespace poems::pieces
