// A batch without its mean and length: U(M) = M minus the mean m of all its entries, a scalar,
// every sample then divided by max(||sample||, 1e-12).   M, y: K x B
//
//   dc = (dy - y (y' dy)) / n per sample of length n,   dM = dc - mean of all entries of dc
//
// where the floor holds, the length is a constant and its part of dc is 0.
#pragma once

#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
Var<T> unit(Tape<T>& tape, Var<T> x) {
  const T floor = T(1e-12);
  Var<T> y = tape.node({x});
  y->value = x->value.array() - x->value.mean();
  const Vector<T> length = y->value.colwise().norm();
  const Vector<T> inverse = length.cwiseMax(floor).cwiseInverse();
  y->value = y->value * inverse.asDiagonal();
  tape.on_backward(y, [x, y, length, inverse, floor] {
    const auto moves = (length.array() > floor).template cast<T>();
    const Vector<T> along =
        y->value.cwiseProduct(y->gradient).colwise().sum().transpose().array() * moves;
    const Matrix<T> d = (y->gradient - y->value * along.asDiagonal()) * inverse.asDiagonal();
    x->add_gradient((d.array() - d.mean()).matrix());
  });
  return y;
}

}  // namespace poems::pieces
