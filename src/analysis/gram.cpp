#include "analysis/gram.h"

#include "kernel/product.h"
#include "support/parallel.h"

namespace poems {

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
