// All pairs of the samples of two embeddings, and what is made of a number F per pair, the number
// of z_j and c_i standing in column i B + j.   z: e x B, c: d x B, F: 1 x B^2
//
//   pairs         y = [z_j; c_i],  (e + d) x B^2
//   critic_club   y = mean_i F_ii - mean_ij F_ij
//   critic_fit    y = -mean_i F_ii + mean_i log mean_j e^F_ij
#pragma once

#include <cmath>

#include "pieces/info_nce.h"
#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
Var<T> pairs(Tape<T>& tape, Var<T> z, Var<T> c) {
  const Index B = z->value.cols(), e = z->value.rows(), d = c->value.rows();
  Var<T> y = tape.node({z, c});
  y->value.resize(e + d, B * B);
  for (Index i = 0; i < B; ++i) {
    y->value.block(0, i * B, e, B) = z->value;
    y->value.block(e, i * B, d, B) = c->value.col(i).replicate(1, B);
  }
  tape.on_backward(y, [z, c, y, B, e, d] {
    for (Index i = 0; i < B; ++i) {
      z->add_gradient(y->gradient.block(0, i * B, e, B));
      if (!c->constant) c->gradient.col(i) += y->gradient.block(e, i * B, d, B).rowwise().sum();
    }
  });
  return y;
}

/// F with a column per i, B x B, and back.
template <typename T>
Matrix<T> by_condition(const Matrix<T>& F) {
  const auto B = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(F.size()))));
  return Eigen::Map<const Matrix<T>>(F.data(), B, B);
}

template <typename T>
Matrix<T> in_a_row(const Matrix<T>& S) {
  return Eigen::Map<const Matrix<T>>(S.data(), 1, S.size());
}

template <typename T>
Var<T> critic_club(Tape<T>& tape, Var<T> F) {
  const Matrix<T> S = by_condition(F->value);
  Var<T> y = tape.node({F});
  y->value.setConstant(1, 1, S.diagonal().mean() - S.mean());
  tape.on_backward(y, [F, y, B = S.cols()] {
    Matrix<T> d = Matrix<T>::Constant(B, B, T(-1) / static_cast<T>(B * B));
    d.diagonal().array() += T(1) / static_cast<T>(B);
    F->add_gradient(y->gradient(0) * in_a_row(d));
  });
  return y;
}

template <typename T>
Var<T> critic_fit(Tape<T>& tape, Var<T> F) {
  Matrix<T> S = by_condition(F->value);
  const T B = static_cast<T>(S.cols());
  const T own = S.diagonal().mean();
  const T all = log_sum_exp(S).mean() - std::log(B);  // S is now its softmax down the columns
  S.diagonal().array() -= T(1);
  Var<T> y = tape.node({F});
  y->value.setConstant(1, 1, all - own);
  tape.on_backward(y, [F, y, S, B] { F->add_gradient(y->gradient(0) / B * in_a_row(S)); });
  return y;
}

}  // namespace poems::pieces
