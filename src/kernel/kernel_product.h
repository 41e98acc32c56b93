// The general matrix product, for vectors of POEMS_LANES floats.
#pragma once

#include "kernel/kernel_vector.h"

namespace poems {
namespace POEMS_ISA {
namespace {

struct Product {
  const float* a;
  long a_m, a_k;
  const float* b;
  long b_k;
  float* c;
  long c_m;
};

/// R rows and V vectors of c, over k0 <= k < k1; added to what c has unless k0 is 0.
template <int R, int V>
POEMS_INLINE void product_block(const Product& p, long m, long n, long k0, long k1) {
  Floats sum[R][V] = {};
  if (k0 > 0) {
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[r][v] = load(p.c + (m + r) * p.c_m + n + v * lanes);
  }
  for (long k = k0; k < k1; ++k) {
    const float* a = p.a + m * p.a_m + k * p.a_k;
    const float* b = p.b + k * p.b_k + n;
    Floats bs[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) bs[v] = load(b + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[r][v] += a[r * p.a_m] * bs[v];
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) store(p.c + (m + r) * p.c_m + n + v * lanes, sum[r][v]);
}

template <int V>
POEMS_INLINE void product_columns(const Product& p, long m_end, long n, long k0, long k1) {
  long m = 0;
  for (; m + rows <= m_end; m += rows) product_block<rows, V>(p, m, n, k0, k1);
  for (; m < m_end; ++m) product_block<1, V>(p, m, n, k0, k1);
}

/// Columns n ... of c, too few to fill a vector.
void product_remainder(const Product& p, long m_end, long n, long n_end, long k_end) {
  for (long m = 0; m < m_end; ++m)
    for (long j = n; j < n_end; ++j) {
      float sum = 0.0f;
      for (long k = 0; k < k_end; ++k) sum += p.a[m * p.a_m + k * p.a_k] * p.b[k * p.b_k + j];
      p.c[m * p.c_m + j] = sum;
    }
}

void multiply(long m, long n, long k, const float* a, long a_m, long a_k, const float* b, long b_k,
              float* c, long c_m) {
  constexpr long depth = 256;  // of b that stays in cache while all rows of a pass over it
  const Product p = {a, a_m, a_k, b, b_k, c, c_m};
  const long whole = n / lanes * lanes;
  for (long k0 = 0; k0 < k || k0 == 0; k0 += depth) {
    const long k1 = k0 + depth < k ? k0 + depth : k;
    long j = 0;
    for (; j + wide * lanes <= n; j += wide * lanes) product_columns<wide>(p, m, j, k0, k1);
    for (; j + 2 * lanes <= n; j += 2 * lanes) product_columns<2>(p, m, j, k0, k1);
    for (; j < whole; j += lanes) product_columns<1>(p, m, j, k0, k1);
  }
  if (whole == n) return;
  // What is left overlaps the last whole vector, whose columns are computed again.
  if (whole > 0)
    product_columns<1>(p, m, n - lanes, 0, k);
  else
    product_remainder(p, m, 0, n, k);
}

}  // namespace
}  // namespace POEMS_ISA
}  // namespace poems
