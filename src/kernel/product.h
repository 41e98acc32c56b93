// Matrix products of the encoders: in float on the kernel, which is compiled for newer instruction
// sets than the rest, in double by Eigen. One thread; callers split the work.
#pragma once

#include "kernel/kernel.h"
#include "support/types.h"

namespace poems {

/// out = left * right. `right` may be a transpose or a block of a matrix, and `out` a block of
/// columns.
template <typename Right>
void product(const Matrix<double>& left, const Right& right, Eigen::Ref<Matrix<double>> out) {
  out.noalias() = left * right;
}

template <typename Right>
void product(const Matrix<float>& left, const Right& right, Eigen::Ref<Matrix<float>> out) {
  kernel().multiply(out.cols(), out.rows(), left.cols(), right.data(), right.colStride(),
                    right.rowStride(), left.data(), left.outerStride(), out.data(),
                    out.outerStride());
}

}  // namespace poems
