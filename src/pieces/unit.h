// A batch without its mean and length: U(M) = M minus its mean, every sample then divided by
// max(||sample||, 1e-12). The mean is that of all entries, a scalar, as published, or one per
// coordinate.   M, y: K x B
//
//   dc = (dy - y (y' dy)) / n per sample of length n,   dM = dc - the same mean of dc
//
// where the floor holds, the length is a constant and its part of dc is 0.
#pragma once

#include "tape/tape.h"

namespace poems::pieces {

/// What a mean is taken over.
enum class Centring { all_entries, coordinates };

template <typename T>
void centre(Centring centring, Matrix<T>& x) {
  if (centring == Centring::all_entries)
    x.array() -= x.mean();
  else
    x.colwise() -= x.rowwise().mean().eval();
}

template <typename T>
Var<T> unit(Tape<T>& tape, Var<T> x, Centring centring) {
  const T floor = T(1e-12);
  Var<T> y = tape.node({x});
  y->value = x->value;
  centre(centring, y->value);
  const Vector<T> length = y->value.colwise().norm();
  const Vector<T> inverse = length.cwiseMax(floor).cwiseInverse();
  y->value = y->value * inverse.asDiagonal();
  tape.on_backward(y, [x, y, length, inverse, floor, centring] {
    const auto moves = (length.array() > floor).template cast<T>();
    const Vector<T> along =
        y->value.cwiseProduct(y->gradient).colwise().sum().transpose().array() * moves;
    Matrix<T> d = (y->gradient - y->value * along.asDiagonal()) * inverse.asDiagonal();
    centre(centring, d);
    x->add_gradient(d);
  });
  return y;
}

}  // namespace poems::pieces
