// Samples of length 1, M and y: K x B.
//
//   unit_length   y_n = M_n / max(||M_n||, 1e-12)
//   centred       M minus its mean: that of all entries, a scalar, as published, or one per
//                 coordinate;   dM = dy minus the same mean of dy
//   unit          U(M) = unit_length(centred M)
//
//   d of unit_length = (dy - y (y' dy)) / n per sample of length n, and where the floor holds, the
//   length is a constant and its part is 0
#pragma once

#include "tape/tape.h"

namespace poems::pieces {

/// What a mean is taken over.
enum class Centring { all_entries, coordinates };

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
Matrix<T> without_mean(const Matrix<T>& x, Centring centring) {
  if (centring == Centring::all_entries) return x.array() - x.mean();
  return x.colwise() - x.rowwise().mean();
}

template <typename T>
Var<T> unit(Tape<T>& tape, Var<T> x, Centring centring) {
  Var<T> centred = tape.node({x});
  centred->value = without_mean(x->value, centring);
  tape.on_backward(centred, [x, centred, centring] {
    x->add_gradient(without_mean(centred->gradient, centring));
  });
  return unit_length(tape, centred);
}

}  // namespace poems::pieces
