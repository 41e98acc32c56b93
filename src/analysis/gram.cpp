#include "analysis/gram.h"

#include "kernel/product.h"
#include "support/parallel.h"

namespace poems {

Matrix<float> products(const Matrix<float>& left, const Eigen::Ref<const Matrix<float>>& right,
                       int threads) {
  constexpr Index at_once = 256;
  Matrix<float> out(left.rows(), right.cols());
  const double work = static_cast<double>(left.size()) * static_cast<double>(right.cols());
  const bool is_tall = left.rows() >= right.cols();
  const Index total = is_tall ? left.rows() : right.cols();
  parallel_for(block_count(at_once, total), work, threads, [&](Index i, int) {
    const Block b = block_at(i, at_once, total);
    if (is_tall)
      kernel().multiply(out.cols(), b.size, left.cols(), right.data(), right.outerStride(), 1,
                        left.data() + b.begin, left.outerStride(), out.data() + b.begin,
                        out.outerStride());
    else
      product(left, right.middleCols(b.begin, b.size), out.middleCols(b.begin, b.size));
  });
  return out;
}

Matrix<float> inner_products(const Matrix<float>& x, int threads) {
  constexpr Index samples_at_once = 32;
  const Index n = x.rows();
  Matrix<float> out(n, n);
  const double work = static_cast<double>(n) * static_cast<double>(x.size());
  parallel_for(block_count(samples_at_once, n), work, threads, [&](Index i, int) {
    const Block b = block_at(i, samples_at_once, n);
    product(x, x.middleRows(b.begin, b.size).transpose(), out.middleCols(b.begin, b.size));
  });
  return out;
}

}  // namespace poems
