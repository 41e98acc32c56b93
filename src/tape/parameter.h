// A trainable array with its gradient and the optimiser's state.
#pragma once

#include <string>
#include <utility>

#include "support/random.h"
#include "support/types.h"

namespace poems {

template <typename T>
struct Parameter {
  std::string name;
  bool decays = true;       ///< whether weight decay applies when only weights decay
  double pace = 1.0;        ///< steps have this share of the learning rate
  bool transposed = false;  ///< held with features in columns, reported with features in rows
  Matrix<T> value;
  mutable Matrix<T> gradient;  ///< of a pass, which leaves the model itself as it is
  Matrix<T> first_moment;      ///< running mean of the gradient
  Matrix<T> second_moment;     ///< running mean of the squared gradient

  Parameter(std::string name_, Index rows, Index cols, bool decays_ = true)
      : name(std::move(name_)), decays(decays_), value(Matrix<T>::Zero(rows, cols)) {}

  void zero_gradient() const { gradient.setZero(value.rows(), value.cols()); }

  /// Fills `value` with uniform numbers in (-bound, bound).
  void fill_uniform(const Stream& stream, double bound) {
    for (Index i = 0; i < value.size(); ++i)
      value.data()[i] = static_cast<T>(bound * (2.0 * stream.uniform(i) - 1.0));
  }

  void fill_normal(const Stream& stream) {
    for (Index i = 0; i < value.size(); ++i) value.data()[i] = static_cast<T>(stream.normal(i));
  }
};

}  // namespace poems
