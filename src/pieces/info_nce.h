// Contrast of two views of the same B samples, a and b: every sample against those of the other
// view alone (symmetric InfoNCE). a, b: K x B.
//
//   S = a' b / temperature,   y = 1/2 mean_i [ log sum_j e^S_ij + log sum_j e^S_ji ] - mean_i S_ii
//   dS = (P + Q - 2 I) / 2B,  P_ij = e^S_ij / sum_l e^S_il,   Q_ij = e^S_ij / sum_l e^S_lj
//   da = b dS' / temperature,   db = a dS / temperature
#pragma once

#include <cmath>

#include "tape/tape.h"

namespace poems::pieces {

/// log sum e^S down each column, whose softmax S becomes.
template <typename T>
Vector<T> log_sum_exp(Matrix<T>& S) {
  const Vector<T> largest = S.colwise().maxCoeff();
  S = (S.rowwise() - largest.transpose()).array().exp();
  const Vector<T> total = S.colwise().sum();
  S *= total.cwiseInverse().asDiagonal();
  return largest.array() + total.array().log();
}

template <typename T>
Var<T> info_nce(Tape<T>& tape, Var<T> a, Var<T> b, double temperature) {
  const T share = T(1) / static_cast<T>(2 * a->value.cols());
  Matrix<T> Q = a->value.transpose() * b->value / static_cast<T>(temperature);
  Matrix<T> P = Q.transpose();
  const T own = Q.trace();
  const T loss = log_sum_exp(P).sum() + log_sum_exp(Q).sum() - T(2) * own;
  Matrix<T> d_S = share * (P.transpose() + Q);
  d_S.diagonal().array() -= T(2) * share;
  d_S /= static_cast<T>(temperature);
  Var<T> y = tape.node({a, b});
  y->value.setConstant(1, 1, share * loss);
  tape.on_backward(y, [a, b, y, d_S] {
    a->add_gradient(y->gradient(0) * b->value * d_S.transpose());
    b->add_gradient(y->gradient(0) * a->value * d_S);
  });
  return y;
}

}  // namespace poems::pieces
