// What a feature with a single factor adds to its bias: the hidden layer has no bias of its own, so
// that it is a line through 0 on either side of it.
#pragma once

#include "layers/decoder.h"
#include "support/types.h"

namespace poems {

template <typename T>
struct Line {
  T plus, minus;  ///< slopes where z > 0 and where z < 0

  T slope(T z) const { return z > T(0) ? plus : z < T(0) ? minus : T(0); }
};

/// weights: hidden units x 1, of feature j.
template <typename T>
Line<T> line_of(const SparseDecoder<T>& decoder, Index j, const Matrix<T>& weights) {
  Line<T> line{T(0), T(0)};
  for (Index h = 0; h < weights.rows(); ++h) {
    const T step = decoder.output.value(h, j) * weights(h, 0);
    if (weights(h, 0) > T(0)) line.plus += step;
    if (weights(h, 0) < T(0)) line.minus += step;
  }
  return line;
}

}  // namespace poems
