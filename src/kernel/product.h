// Matrix products: in float on the kernel, which is compiled for newer instruction sets than the
// rest, in double by Eigen. One thread; callers split the work.
#pragma once

#include <vector>

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

/// For every row i: sums(i, a K + b) += weights(i) x(i, a) x(i, b), K the columns of x, for the
/// active columns b <= a, in their order. Rows are a multiple of sample_padding.
inline void add_outer_products(const Matrix<double>& x, const std::vector<int>& active,
                               const Vector<double>& weights, Matrix<double>& sums) {
  for (std::size_t a = 0; a < active.size(); ++a)
    for (std::size_t b = 0; b <= a; ++b)
      sums.col(active[a] * x.cols() + active[b]) +=
          weights.cwiseProduct(x.col(active[a])).cwiseProduct(x.col(active[b]));
}

inline void add_outer_products(const Matrix<float>& x, const std::vector<int>& active,
                               const Vector<float>& weights, Matrix<float>& sums) {
  kernel().add_outer_products(x.rows(), active.data(), static_cast<long>(active.size()), x.data(),
                              x.rows(), weights.data(), sums.data(), x.cols());
}

}  // namespace poems
