// Contrast of two views of the same B samples (InfoNCE with the samples of both views as the
// alternatives). a, b: K x B; Z = [a b]: K x 2B.
//
//   S = Z' Z / temperature,   y = mean over the 2B columns i of  -S_i,p(i) + log sum_{j != i}
//   e^S_ij
//
// where p(i) is the same sample in the other view. With Q_ij = e^S_ij / sum_{l != i} e^S_il off the
// diagonal and P the permutation p: dS = (Q - P) / 2B, dZ = Z (dS + dS') / temperature.
#pragma once

#include <cmath>
#include <limits>

#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
Var<T> contrast(Tape<T>& tape, Var<T> a, Var<T> b, double temperature) {
  const Index B = a->value.cols();
  Matrix<T> Z(a->value.rows(), 2 * B);
  Z << a->value, b->value;
  Matrix<T> S = Z.transpose() * Z / static_cast<T>(temperature);
  S.diagonal().setConstant(-std::numeric_limits<T>::infinity());
  T loss = 0;
  Matrix<T> d_S(2 * B, 2 * B);  // a column per i: S is symmetric
  for (Index i = 0; i < 2 * B; ++i) {
    const Index other = (i + B) % (2 * B);
    const T largest = S.col(i).maxCoeff();
    d_S.col(i) = (S.col(i).array() - largest).exp();
    const T total = d_S.col(i).sum();
    loss += largest + std::log(total) - S(other, i);
    d_S.col(i) /= total;
    d_S(other, i) -= T(1);
  }
  const T share = T(1) / static_cast<T>(2 * B);
  Var<T> y = tape.node({a, b});
  y->value.setConstant(1, 1, share * loss);
  const Matrix<T> d_Z = Z * (d_S + d_S.transpose()) * (share / static_cast<T>(temperature));
  tape.on_backward(y, [a, b, y, d_Z, B] {
    a->add_gradient(y->gradient(0) * d_Z.leftCols(B));
    b->add_gradient(y->gradient(0) * d_Z.rightCols(B));
  });
  return y;
}

}  // namespace poems::pieces
