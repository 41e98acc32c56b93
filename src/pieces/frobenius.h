// The distance of two matrices, ||a - b||_F: the norm itself, neither squared nor divided, so that
// it grows with the batch.   d = (a - b) / ||a - b||, and 0 where they are the same
#pragma once

#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
Var<T> frobenius(Tape<T>& tape, Var<T> a, Var<T> b) {
  Var<T> y = tape.node({a, b});
  y->value.setConstant(1, 1, (a->value - b->value).norm());
  tape.on_backward(y, [a, b, y] {
    if (y->value(0) <= T(0)) return;
    const T weight = y->gradient(0) / y->value(0);
    a->add_gradient(weight * (a->value - b->value));
    b->add_gradient(weight * (b->value - a->value));
  });
  return y;
}

}  // namespace poems::pieces
