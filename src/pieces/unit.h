// Samples of length 1, M and y: K x B.
//
//   unit_length   y_n = M_n / max(||M_n||, 1e-12)
//   unit          U(M) = unit_length(M minus the mean m of all its entries, a scalar)
//
//   d of unit_length = (dy - y (y' dy)) / n per sample of length n, and where the floor holds, the
//   length is a constant and its part is 0;   dM of unit = that minus its mean over all entries
#pragma once

#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
Var<T> unit_length(Tape<T>& tape, Var<T> x) {
  const T floor = T(1e-12);
  Var<T> y = tape.node({x});
  const Vector<T> length = x->value.colwise().norm();
  const Vector<T> inverse = length.cwiseMax(floor).cwiseInverse();
  y->value = x->value * inverse.asDiagonal();
  tape.on_backward(y, [x, y, length, inverse, floor] {
    const auto moves = (length.array() > floor).template cast<T>();
    const Vector<T> along =
        y->value.cwiseProduct(y->gradient).colwise().sum().transpose().array() * moves;
    x->add_gradient((y->gradient - y->value * along.asDiagonal()) * inverse.asDiagonal());
  });
  return y;
}

template <typename T>
Var<T> unit(Tape<T>& tape, Var<T> x) {
  Var<T> centred = tape.node({x});
  centred->value = x->value.array() - x->value.mean();
  tape.on_backward(centred, [x, centred] {
    x->add_gradient((centred->gradient.array() - centred->gradient.mean()).matrix());
  });
  return unit_length(tape, centred);
}

}  // namespace poems::pieces
