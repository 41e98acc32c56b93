// Weighted outer products of many samples at once, which lie along the vector: for a curvature.
#pragma once

#include "kernel/kernel_vector.h"

namespace poems {
namespace POEMS_ISA {
namespace {

void add_outer_products(long samples, const int* active, long n_active, const float* x, long x_k,
                        const float* weights, float* sums, long factors) {
  for (long s = 0; s < samples; s += lanes)
    for (long a = 0; a < n_active; ++a) {
      const Floats weighted = load(weights + s) * load(x + active[a] * x_k + s);
      float* row = sums + active[a] * factors * samples + s;
      for (long b = 0; b <= a; ++b) {
        float* sum = row + active[b] * samples;
        store(sum, load(sum) + weighted * load(x + active[b] * x_k + s));
      }
    }
}

}  // namespace
}  // namespace POEMS_ISA
}  // namespace poems
