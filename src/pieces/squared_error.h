// weight times the sum of squared differences, y = w sum o (x - x_hat)^2: a number.
// x, x_hat: D x n; o: D x n, 1 where a value is observed, else 0; null if all are, takes no
// gradient.
#pragma once

#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
Var<T> squared_error(Tape<T>& tape, Var<T> x, Var<T> x_hat, Var<T> observed, double weight) {
  Matrix<T> r = x_hat->value - x->value;
  if (observed != nullptr) r.array() *= observed->value.array();
  const T w = static_cast<T>(weight);
  Var<T> y = tape.node({x, x_hat});
  y->value.setConstant(1, 1, w * r.squaredNorm());
  tape.on_backward(y, [x, x_hat, y, r, w] {
    x_hat->add_gradient(T(2) * w * y->gradient(0) * r);
    x->add_gradient(T(-2) * w * y->gradient(0) * r);
  });
  return y;
}

}  // namespace poems::pieces
