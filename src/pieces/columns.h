// Between the samples of a batch and those of them that have an omic, its members.
//
//   gather    y = x's columns at `at`,                            x: K x B, y: K x n
//   scatter   y = 0, but at its columns `at` the columns of x,    x: K x n, y: K x B
#pragma once

#include <vector>

#include "tape/tape.h"

namespace poems::pieces {

/// x's columns at `at`.
template <typename T>
Matrix<T> columns_at(const Matrix<T>& x, const std::vector<Index>& at) {
  Matrix<T> y(x.rows(), static_cast<Index>(at.size()));
  for (Index i = 0; i < y.cols(); ++i) y.col(i) = x.col(at[i]);
  return y;
}

/// Adds the columns of x to y's columns at `at`.
template <typename T>
void add_columns(const Matrix<T>& x, const std::vector<Index>& at, Matrix<T>& y) {
  for (Index i = 0; i < x.cols(); ++i) y.col(at[i]) += x.col(i);
}

template <typename T>
Var<T> gather(Tape<T>& tape, Var<T> x, const std::vector<Index>& at) {
  Var<T> y = tape.node({x});
  y->value = columns_at(x->value, at);
  tape.on_backward(y, [x, y, at] { add_columns(y->gradient, at, x->gradient); });
  return y;
}

template <typename T>
Var<T> scatter(Tape<T>& tape, Var<T> x, const std::vector<Index>& at, Index samples) {
  Var<T> y = tape.node({x});
  y->value.setZero(x->value.rows(), samples);
  add_columns(x->value, at, y->value);
  tape.on_backward(y, [x, y, at] { x->add_gradient(columns_at(y->gradient, at)); });
  return y;
}

}  // namespace poems::pieces
