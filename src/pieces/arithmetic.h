// Sums, products and means of nodes.
//
//   plus      y = a + b                   times     y = a o b, entry by entry
//   average   y = (x_1 + ... + x_V) / V   sum, mean y = over all entries of x, 1 x 1
#pragma once

#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
Var<T> plus(Tape<T>& tape, Var<T> a, Var<T> b) {
  Var<T> y = tape.node({a, b});
  y->value = a->value + b->value;
  tape.on_backward(y, [a, b, y] {
    a->add_gradient(y->gradient);
    b->add_gradient(y->gradient);
  });
  return y;
}

template <typename T>
Var<T> times(Tape<T>& tape, Var<T> a, Var<T> b) {
  Var<T> y = tape.node({a, b});
  y->value = a->value.cwiseProduct(b->value);
  tape.on_backward(y, [a, b, y] {
    a->add_gradient(y->gradient.cwiseProduct(b->value));
    b->add_gradient(y->gradient.cwiseProduct(a->value));
  });
  return y;
}

template <typename T>
Var<T> average(Tape<T>& tape, const std::vector<Var<T>>& xs) {
  const T share = T(1) / static_cast<T>(xs.size());
  Var<T> y = tape.node(xs);
  y->value.setZero(xs[0]->value.rows(), xs[0]->value.cols());
  for (Var<T> x : xs) y->value += share * x->value;
  tape.on_backward(y, [xs, share, y] {
    for (Var<T> x : xs) x->add_gradient(share * y->gradient);
  });
  return y;
}

/// weight times the sum of all entries.
template <typename T>
Var<T> weighted_sum(Tape<T>& tape, Var<T> x, T weight) {
  Var<T> y = tape.node({x});
  y->value.setConstant(1, 1, weight * x->value.sum());
  tape.on_backward(y, [x, weight, y] {
    x->add_gradient(Matrix<T>::Constant(x->value.rows(), x->value.cols(), weight * y->gradient(0)));
  });
  return y;
}

template <typename T>
Var<T> sum(Tape<T>& tape, Var<T> x) {
  return weighted_sum(tape, x, T(1));
}

template <typename T>
Var<T> mean(Tape<T>& tape, Var<T> x) {
  return weighted_sum(tape, x, T(1) / static_cast<T>(x->value.size()));
}

}  // namespace poems::pieces
