// Vectors of POEMS_LANES floats in namespace POEMS_ISA, for the kernels that are compiled once for
// every instruction set. Includes no library header on purpose: an inline function of a library,
// compiled here for a newer instruction set, could be the copy that the linker keeps for the whole
// program.
#pragma once

#include "support/dropout_hash.h"

#define POEMS_INLINE inline __attribute__((always_inline))

namespace poems {
namespace POEMS_ISA {
namespace {

constexpr long lanes = POEMS_LANES;
constexpr int wide = POEMS_VECTORS;  // vectors per register block
constexpr int rows = 6;              // rows per register block

typedef float Floats __attribute__((vector_size(4 * POEMS_LANES)));
typedef unsigned Words __attribute__((vector_size(4 * POEMS_LANES)));
typedef float FloatsInMemory __attribute__((vector_size(4 * POEMS_LANES), aligned(4), may_alias));
typedef unsigned WordsInMemory __attribute__((vector_size(4 * POEMS_LANES), aligned(4), may_alias));

POEMS_INLINE Floats load(const float* p) { return *reinterpret_cast<const FloatsInMemory*>(p); }
POEMS_INLINE void store(float* p, Floats x) { *reinterpret_cast<FloatsInMemory*>(p) = x; }

/// The words of `pairs` pairs of units, for dropout; `words` has room for a whole number of
/// vectors.
POEMS_INLINE void unit_words(unsigned long long key, long pairs, unsigned* words) {
  Words counter;
  for (int i = 0; i < lanes; ++i) counter[i] = static_cast<unsigned>(i);
  for (long i = 0; i < pairs; i += lanes, counter += static_cast<unsigned>(lanes))
    *reinterpret_cast<WordsInMemory*>(words + i) =
        dropout_word(counter, static_cast<unsigned>(key), static_cast<unsigned>(key >> 32));
}

/// In a fixed order: quarters of four lanes, then the four.
POEMS_INLINE float sum_of_lanes(Floats x) {
  typedef float Four __attribute__((vector_size(16)));
  Four parts[lanes / 4];
  __builtin_memcpy(parts, &x, sizeof x);
  Four sum = parts[0];
#pragma GCC unroll 8
  for (int i = 1; i < lanes / 4; ++i) sum += parts[i];
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

}  // namespace
}  // namespace POEMS_ISA
}  // namespace poems
