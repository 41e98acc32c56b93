// How far two embeddings of the same samples are correlated, whatever the sign: with every
// coordinate centred and scaled over the samples,
//
//   n = (x - u) / sqrt(s^2 + 1e-5), u and s^2 the coordinate's mean and variance over the samples
//   C = n_a n_b' / B,   y = ||C||_F^2 / (K_a K_b)
//
// the mean squared correlation of a's coordinates with b's, which is 0 where none is correlated,
// and only there. It does not change where either is shifted or a coordinate is scaled.
// a: K_a x B, b: K_b x B, C: K_a x K_b
//
//   dn_a = 2 C n_b / (K_a K_b B) dy,   dx = (dn - mean(dn) - n o mean(dn o n)) / sqrt(s^2 + 1e-5)
#pragma once

#include "tape/tape.h"

namespace poems::pieces {

/// Every coordinate with mean 0 and variance 1 over the samples; one that hardly varies stays
/// small.
template <typename T>
Var<T> standardise(Tape<T>& tape, Var<T> x) {
  constexpr double epsilon = 1e-5;
  Var<T> n = tape.node({x});
  n->value = x->value.colwise() - x->value.rowwise().mean();
  const T samples = static_cast<T>(x->value.cols());
  const Vector<T> scale =
      (n->value.rowwise().squaredNorm().array() / samples + static_cast<T>(epsilon)).rsqrt();
  n->value = scale.asDiagonal() * n->value;
  tape.on_backward(n, [x, n, scale] {
    const Vector<T> along = n->gradient.cwiseProduct(n->value).rowwise().mean();
    Matrix<T> d = n->gradient.colwise() - n->gradient.rowwise().mean();
    d.noalias() -= along.asDiagonal() * n->value;
    x->add_gradient(scale.asDiagonal() * d);
  });
  return n;
}

template <typename T>
Var<T> correlation(Tape<T>& tape, Var<T> a, Var<T> b) {
  Var<T> n_a = standardise(tape, a), n_b = standardise(tape, b), y = tape.node({a, b});
  const T samples = static_cast<T>(a->value.cols());
  const Matrix<T> C = n_a->value * n_b->value.transpose() / samples;
  y->value.setConstant(1, 1, C.squaredNorm() / static_cast<T>(C.size()));
  tape.on_backward(y, [n_a, n_b, y, C, samples] {
    const T weight = T(2) * y->gradient(0) / (samples * static_cast<T>(C.size()));
    n_a->add_gradient(weight * (C * n_b->value));
    n_b->add_gradient(weight * (C.transpose() * n_a->value));
  });
  return y;
}

}  // namespace poems::pieces
