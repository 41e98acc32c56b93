// log(1 + exp(u)) and its slope, the logistic function, in double. With t = exp(-|u|),
//
//   log(1 + exp(u)) = max(u, 0) + log(1 + t),   logistic(u) = 1 / (1 + t), or t / (1 + t) for u < 0
//
// t by a power of 2 and the exponential's series, and log(1 + t) = 2 artanh(t / (2 + t)) by its
// own, both as far as double precision goes.
#pragma once

#include "kernel/kernel_vector.h"

namespace poems {
namespace POEMS_ISA {
namespace {

constexpr long double_lanes = POEMS_LANES / 2;

typedef double Doubles __attribute__((vector_size(4 * POEMS_LANES)));
typedef long long Bits __attribute__((vector_size(4 * POEMS_LANES)));
typedef double DoublesInMemory __attribute__((vector_size(4 * POEMS_LANES), aligned(8), may_alias));

/// For -708 <= x <= 0.
POEMS_INLINE Doubles exp_of(Doubles x) {
  constexpr double whole_numbers = 0x1.8p52;  // added, its last digits are those of the sum
  const Doubles shifted = x * 0x1.71547652b82fep0 + whole_numbers;
  const Doubles n = shifted - whole_numbers;
  const Doubles r = (x - n * 0x1.62e42fefa0000p-1) - n * 0x1.cf79abc9e3b3ap-40;  // n log 2
  constexpr double terms[] = {1.0 / 479001600.0,
                              1.0 / 39916800.0,
                              1.0 / 3628800.0,
                              1.0 / 362880.0,
                              1.0 / 40320.0,
                              1.0 / 5040.0,
                              1.0 / 720.0,
                              1.0 / 120.0,
                              1.0 / 24.0,
                              1.0 / 6.0,
                              0.5,
                              1.0,
                              1.0};
  Doubles sum = {};
  sum += 1.0 / 6227020800.0;
#pragma GCC unroll 16
  for (int k = 0; k < 13; ++k) sum = sum * r + terms[k];
  const Bits power = ((Bits)shifted << 52) + (1023LL << 52);
  return sum * (Doubles)power;
}

/// For 0 <= t <= 1.
POEMS_INLINE Doubles log1p_of(Doubles t) {
  const Doubles s = t / (2.0 + t), s2 = s * s;
  Doubles sum = s2 * (1.0 / 33.0) + 1.0 / 31.0;
#pragma GCC unroll 16
  for (int k = 14; k >= 1; --k) sum = sum * s2 + 1.0 / (2 * k + 1);
  return 2.0 * s + 2.0 * s * s2 * sum;
}

POEMS_INLINE void softplus_vector(Doubles u, double* value, double* slope) {
  const Doubles zero = {};
  Doubles x = u > zero ? -u : u;
  x = x > -708.0 ? x : zero - 708.0;
  const Doubles t = exp_of(x), share = 1.0 / (1.0 + t);
  *reinterpret_cast<DoublesInMemory*>(value) = (u > zero ? u : zero) + log1p_of(t);
  *reinterpret_cast<DoublesInMemory*>(slope) = u > zero ? share : t * share;
}

void softplus(long n, const double* u, double* value, double* slope) {
  long i = 0;
  for (; i + double_lanes <= n; i += double_lanes)
    softplus_vector(*reinterpret_cast<const DoublesInMemory*>(u + i), value + i, slope + i);
  double last[3][double_lanes] = {};
  for (long k = i; k < n; ++k) last[0][k - i] = u[k];
  if (i < n) softplus_vector(*reinterpret_cast<const DoublesInMemory*>(last[0]), last[1], last[2]);
  for (long k = i; k < n; ++k) {
    value[k] = last[1][k - i];
    slope[k] = last[2][k - i];
  }
}

}  // namespace
}  // namespace POEMS_ISA
}  // namespace poems
