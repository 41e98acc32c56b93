// The decoder's forward and backward pass on one feature, for AVX-512.
//
// What the backward pass needs of a hidden unit is one bit: whether it is positive and kept. With
// b[h, s] that bit, d the loss's gradient with respect to xhat and u the pre-activations,
//
//   P[h, k] = sum over samples of b[h, s] d[s] z[k, s]
//   d_A[h, k] += v_h m_k P[h, k],  d_v[h] += sum_k A[h, k] m_k P[h, k],
//   d_m[k]    += sum_h A[h, k] v_h P[h, k]
//   Q[k, s] = sum_h b[h, s] (v_h A[h, k]),   d_z[k, s] += m_k d[s] Q[k, s]
//
// (the scale of kept units left out), so the hidden layer is never stored. P and Q are sums of
// numbers picked by bits: four bits pick one of 16 sums, which a vector of 16 floats holds, and one
// permutation picks for 16 units or samples at once. A permutation and an addition do the work of
// four multiply-adds.
#pragma once

#include <immintrin.h>

#include "kernel/kernel.h"
#include "kernel/kernel_held.h"
#include "kernel/kernel_vector.h"

namespace poems {
namespace POEMS_ISA {
namespace {

constexpr long vector = 16;      // floats
constexpr long word_units = 32;  // units whose bits a sample keeps in one word
constexpr long group = 4;        // bits that pick from a table

POEMS_INLINE long groups_of(long n, long size) { return (n + size - 1) / size; }

/// Where a tile's intermediate results lie in its scratch memory.
struct Scratch {
  float* products;            // active factors x samples: mask * z, later d * z
  unsigned* sample_bits;      // words x samples: bit h of word w is unit 32 w + h
  unsigned short* unit_bits;  // samples / 16 x padded units: bit s is one of 16 samples
  float* tables;              // of the factors at hand x groups x 16
  float* row_tables;          // kernel_rows.h: groups x 16 x up to two vectors of factors
  float* row_mask;            // kernel_rows.h: padded factors: the mask, later its gradient
  unsigned* unit_words;       // half as many as padded units: for dropout
  long padded_units;

  static constexpr long row_table_numbers = 16 * 16 * 2 * vector;

  static long size(long units, long factors, long samples) {
    const long padded_units = groups_of(units, vector) * vector;
    return factors * samples + groups_of(units, word_units) * samples +
           samples / vector * padded_units / 2 + 4 * groups_of(units, group) * vector +
           row_table_numbers + groups_of(factors, vector) * vector + padded_units / 2 + vector;
  }

  explicit Scratch(const FeatureTile& t) : padded_units(groups_of(t.units, vector) * vector) {
    float* next = t.scratch;
    const auto take = [&](long numbers) {
      float* taken = next;
      next += numbers;
      return taken;
    };
    products = take(t.n_active * t.samples);
    sample_bits = reinterpret_cast<unsigned*>(take(groups_of(t.units, word_units) * t.samples));
    tables = take(4 * groups_of(t.units, group) * vector);
    row_tables = take(row_table_numbers);
    row_mask = take(t.row_stride);
    // What follows need not lie at a cache line.
    unit_bits = reinterpret_cast<unsigned short*>(take(t.samples / vector * padded_units / 2));
    unit_words = reinterpret_cast<unsigned*>(next);
  }
};

POEMS_INLINE __mmask16 first_lanes(long n) {
  return n >= vector ? __mmask16(0xFFFF) : __mmask16((1u << n) - 1);
}

POEMS_INLINE __m512i shift_down(__m512i words, unsigned bits) {
  return (__m512i)((Words)words >> bits);
}

/// Lane i has the number of the table that the lowest four bits of index i say. Masked, as are
/// others here, because GCC 12 warns about the forms without a mask.
POEMS_INLINE __m512 pick(__m512i index, __m512 table) {
  return _mm512_maskz_permutexvar_ps(0xFFFF, index, table);
}

/// sum + x, for one addend in two by a multiply-add with 1: the same number, but AMD's processors
/// have other units for multiply-adds than for additions, and so do two at once.
POEMS_INLINE __m512 add_on(bool multiplier, __m512 sum, __m512 x, __m512 one) {
  return multiplier ? _mm512_fmadd_ps(x, one, sum) : _mm512_add_ps(sum, x);
}

/// Which of the 16 sums of four numbers have each number: lane i those whose bit is set in i. Held
/// in registers by force, for GCC would load them again each time.
struct Patterns {
  __mmask16 first = 0xAAAA, second = 0xCCCC, third = 0xF0F0, fourth = 0xFF00;
  POEMS_INLINE Patterns() { asm("" : "+Yk"(first), "+Yk"(second), "+Yk"(third), "+Yk"(fourth)); }
};

/// The 16 sums of any of four numbers.
POEMS_INLINE __m512 sums_of_four(const float* x, const Patterns& in) {
  __m512 sums = _mm512_maskz_mov_ps(in.first, _mm512_set1_ps(x[0]));
  sums = _mm512_mask_add_ps(sums, in.second, sums, _mm512_set1_ps(x[1]));
  sums = _mm512_mask_add_ps(sums, in.third, sums, _mm512_set1_ps(x[2]));
  return _mm512_mask_add_ps(sums, in.fourth, sums, _mm512_set1_ps(x[3]));
}

// ---- forward ----------------------------------------------------------------------------------

/// R units from h on, for V vectors of samples: adds to xhat, pushes R bits (by fours) onto
/// the samples' words and stores the units' bits.
template <int R, int V>
POEMS_INLINE void unit_group(const FeatureTile& t, const Scratch& work, long h, long s,
                             __m512 (&xhat)[V], __m512i (&word)[V]) {
  __m512 sum[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sum[r][v] = _mm512_setzero_ps();
  for (long a = 0; a < t.n_active; ++a) {
    const float* column = t.A + t.active[a] * t.units + h;
    const float* z = work.products + a * t.samples + s;
    __m512 zs[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) zs[v] = _mm512_loadu_ps(z + v * vector);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v)
        sum[r][v] = _mm512_fmadd_ps(_mm512_set1_ps(column[r]), zs[v], sum[r][v]);
  }
  const __m512i threshold = _mm512_set1_epi32(static_cast<int>(t.threshold << 16));
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
    Words sample{}, draws{};
    if (t.threshold) sample = (Words)_mm512_loadu_si512(t.sample_words + s + v * vector);
    unsigned short* bits = work.unit_bits + (s / vector + v) * work.padded_units + h;
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      if (r % group == 0) word[v] = shift_down(word[v], group);
      __mmask16 kept = _mm512_cmp_ps_mask(sum[r][v], _mm512_setzero_ps(), _CMP_GT_OQ);
      if (t.threshold) {
        // h is even, so two units share draws: the lower half, moved up, and the upper half.
        if (r % 2 == 0) draws = dropout_draws(sample, work.unit_words[(h + r) / 2]);
        kept = _mm512_mask_cmpge_epu32_mask(kept, (__m512i)(r % 2 == 0 ? draws << 16 : draws),
                                            threshold);
      }
      xhat[v] = _mm512_mask3_fmadd_ps(sum[r][v], _mm512_set1_ps(t.output[h + r]), xhat[v], kept);
      word[v] = _mm512_mask_or_epi32(word[v], kept, word[v],
                                     _mm512_set1_epi32(static_cast<int>(1u << (28 + r % group))));
      bits[r] = static_cast<unsigned short>(kept);
    }
  }
}

template <int V>
POEMS_INLINE void forward_columns(const FeatureTile& t, const Scratch& work, long s) {
  __m512 xhat[V];
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) xhat[v] = _mm512_setzero_ps();
  for (long w = 0; w * word_units < t.units; ++w) {
    const long end = t.units < (w + 1) * word_units ? t.units : (w + 1) * word_units;
    __m512i word[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) word[v] = _mm512_setzero_si512();
    long h = w * word_units;
    if (V <= 2)
      for (; h + 8 <= end; h += 8) unit_group<8, V>(t, work, h, s, xhat, word);
    for (; h + 4 <= end; h += 4) unit_group<4, V>(t, work, h, s, xhat, word);
    if (h + 3 == end) unit_group<3, V>(t, work, h, s, xhat, word);
    if (h + 2 == end) unit_group<2, V>(t, work, h, s, xhat, word);
    if (h + 1 == end) unit_group<1, V>(t, work, h, s, xhat, word);
    // A word that is not full has its bits at the top.
    const auto spare =
        static_cast<unsigned>(word_units - group * groups_of(end - w * word_units, group));
    for (int v = 0; v < V; ++v)
      _mm512_storeu_si512(work.sample_bits + w * t.samples + s + v * vector,
                          shift_down(word[v], spare));
  }
  for (int v = 0; v < V; ++v)
    _mm512_storeu_ps(t.xhat + s + v * vector, _mm512_fmadd_ps(_mm512_set1_ps(t.keep_scale), xhat[v],
                                                              _mm512_set1_ps(t.bias)));
}

void forward(const FeatureTile& t) {
  const Scratch work(t);
  for (long a = 0; a < t.n_active; ++a) {
    const float* z = t.z + t.active[a] * t.z_stride;
    for (long s = 0; s < t.samples; s += vector)
      _mm512_storeu_ps(work.products + a * t.samples + s,
                       _mm512_mul_ps(_mm512_set1_ps(t.mask[a]), _mm512_loadu_ps(z + s)));
  }
  if (t.threshold) unit_words(t.unit_key, (t.units + 1) / 2, work.unit_words);
  // Units that only fill up a vector are off: backward() multiplies what they pick by 0, and what
  // was in memory could pick a NaN.
  for (long i = 0; i < t.samples / vector; ++i)
    for (long h = t.units; h < work.padded_units; ++h)
      work.unit_bits[i * work.padded_units + h] = 0;
  long s = 0;
  for (; s + 4 * vector <= t.samples; s += 4 * vector) forward_columns<4>(t, work, s);
  for (; s + 2 * vector <= t.samples; s += 2 * vector) forward_columns<2>(t, work, s);
  for (; s < t.samples; s += vector) forward_columns<1>(t, work, s);
}

// ---- backward ---------------------------------------------------------------------------------

/// P for U vectors of units from u on and C active factors, then what follows from it.
template <int U, int C>
POEMS_INLINE void unit_sums(const FeatureTile& t, const Scratch& work, long u, long a) {
  __m512 one = _mm512_set1_ps(1.0f);
  asm("" : "+v"(one));
  const Patterns patterns;
  __m512 p[C][U];
#pragma GCC unroll 8
  for (int c = 0; c < C; ++c)
#pragma GCC unroll 8
    for (int i = 0; i < U; ++i) p[c][i] = _mm512_setzero_ps();
  for (long s = 0; s < t.samples; s += vector) {
    const unsigned short* bits = work.unit_bits + s / vector * work.padded_units + u;
    __m512i index[U];
#pragma GCC unroll 8
    for (int i = 0; i < U; ++i)
      index[i] = _mm512_maskz_cvtepu16_epi32(
          0xFFFF, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bits + i * vector)));
#pragma GCC unroll 1
    for (long g = 0; g < vector; g += group) {
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) {
        const __m512 table = sums_of_four(work.products + (a + c) * t.samples + s + g, patterns);
#pragma GCC unroll 8
        for (int i = 0; i < U; ++i) p[c][i] = add_on(i % 2, p[c][i], pick(index[i], table), one);
      }
#pragma GCC unroll 8
      for (int i = 0; i < U; ++i) index[i] = shift_down(index[i], group);
    }
  }
  __m512 d_mask[C];
#pragma GCC unroll 8
  for (int c = 0; c < C; ++c) d_mask[c] = _mm512_setzero_ps();
#pragma GCC unroll 8
  for (int i = 0; i < U; ++i) {
    const long at = u + i * vector;
    const __mmask16 present = first_lanes(t.units - at);
    const __m512 v = _mm512_maskz_loadu_ps(present, t.output + at);
    __m512 d_v = _mm512_maskz_loadu_ps(present, t.d_output + at);
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) {
      const long column = t.active[a + c] * t.units + at;
      const __m512 A = _mm512_maskz_loadu_ps(present, t.A + column);
      const __m512 scaled = _mm512_mul_ps(_mm512_set1_ps(t.keep_scale * t.mask[a + c]), p[c][i]);
      const __m512 d_A = _mm512_maskz_loadu_ps(present, t.d_A + column);
      _mm512_mask_storeu_ps(t.d_A + column, present, _mm512_fmadd_ps(v, scaled, d_A));
      d_v = _mm512_fmadd_ps(A, scaled, d_v);
      d_mask[c] = _mm512_fmadd_ps(_mm512_mul_ps(A, v), p[c][i], d_mask[c]);
    }
    _mm512_mask_storeu_ps(t.d_output + at, present, d_v);
  }
#pragma GCC unroll 8
  for (int c = 0; c < C; ++c) t.d_mask[a + c] += t.keep_scale * sum_of_lanes((Floats)d_mask[c]);
}

template <int U>
POEMS_INLINE void unit_columns(const FeatureTile& t, const Scratch& work, long u) {
  constexpr int most = U > 4 ? 3 : 4;
  long a = 0;
  for (; a + most <= t.n_active; a += most) {
    if (most == 3 && a + 4 == t.n_active) break;  // 2 + 2 rather than 3 + 1
    unit_sums<U, most>(t, work, u, a);
  }
  for (; a + 2 <= t.n_active; a += 2) unit_sums<U, 2>(t, work, u, a);
  if (a < t.n_active) unit_sums<U, 1>(t, work, u, a);
}

/// Tables of v_h A[h, k] for R active factors, four units each. Four tables at once: first the sums
/// of any of two neighbours, then any of those of the first pair with any of the second.
template <int R>
POEMS_INLINE void fill_tables(const FeatureTile& t, const Scratch& work, long a) {
  const long groups = groups_of(t.units, group);
  const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const __m512i fours = lane & _mm512_set1_epi32(12), pair = lane & _mm512_set1_epi32(3);
  const __m512i quarter = shift_down(lane, 2);
  const Patterns in;
  const auto sums_of_two = [&](__m512 x, int from) {
    const __m512i first = fours + _mm512_set1_epi32(from);
    const __m512i second = fours + _mm512_set1_epi32(from + 1);
    return _mm512_maskz_permutexvar_ps(in.first, first, x) +
           _mm512_maskz_permutexvar_ps(in.second, second, x);
  };
  for (long h = 0; h < t.units; h += vector) {
    const __mmask16 present = first_lanes(t.units - h);
    const __m512 v =
        _mm512_mul_ps(_mm512_set1_ps(t.keep_scale), _mm512_maskz_loadu_ps(present, t.output + h));
    const long here = groups_of(t.units - h, group);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const float* column = t.A + t.active[a + r] * t.units + h;
      const __m512 slopes = _mm512_mul_ps(v, _mm512_maskz_loadu_ps(present, column));
      const __m512 low = sums_of_two(slopes, 0), high = sums_of_two(slopes, 2);
      float* table = work.tables + (r * groups + h / group) * vector;
#pragma GCC unroll 8
      for (long g = 0; g < 4; ++g) {
        if (g >= here) break;
        const __m512i at = _mm512_set1_epi32(static_cast<int>(group * g));
        _mm512_storeu_ps(table + g * vector, pick(pair + at, low) + pick(quarter + at, high));
      }
    }
  }
}

template <int R, int V>
POEMS_INLINE void latent_block(const FeatureTile& t, const Scratch& work, long a, long s) {
  const long groups = groups_of(t.units, group), words = groups_of(t.units, word_units);
  __m512 one = _mm512_set1_ps(1.0f);
  asm("" : "+v"(one));
  __m512 q[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) q[r][v] = _mm512_setzero_ps();
  for (long w = 0; w < words; ++w) {
    __m512i index[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v)
      index[v] = _mm512_loadu_si512(work.sample_bits + w * t.samples + s + v * vector);
    const long end = groups < (w + 1) * 8 ? groups : (w + 1) * 8;
#pragma GCC unroll 1
    for (long g = w * 8; g < end; ++g) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const __m512 table = _mm512_loadu_ps(work.tables + (r * groups + g) * vector);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) q[r][v] = add_on(v % 2, q[r][v], pick(index[v], table), one);
      }
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) index[v] = shift_down(index[v], group);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    float* d_z = t.d_z + t.active[a + r] * t.d_z_stride + s;
    const __m512 mask = _mm512_set1_ps(t.mask[a + r]);
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const __m512 d = _mm512_mul_ps(mask, _mm512_loadu_ps(t.xhat + s + v * vector));
      _mm512_storeu_ps(d_z + v * vector,
                       _mm512_fmadd_ps(d, q[r][v], _mm512_loadu_ps(d_z + v * vector)));
    }
  }
}

template <int R>
POEMS_INLINE void latent_rows(const FeatureTile& t, const Scratch& work, long a) {
  fill_tables<R>(t, work, a);
  long s = 0;
  for (; s + 4 * vector <= t.samples; s += 4 * vector) latent_block<R, 4>(t, work, a, s);
  for (; s + 2 * vector <= t.samples; s += 2 * vector) latent_block<R, 2>(t, work, a, s);
  for (; s < t.samples; s += vector) latent_block<R, 1>(t, work, a, s);
}

void latent_gradient(const FeatureTile& t, const Scratch& work) {
  long a = 0;
  for (; a + 4 <= t.n_active; a += 4) latent_rows<4>(t, work, a);
  for (; a + 2 <= t.n_active; a += 2) latent_rows<2>(t, work, a);
  if (a < t.n_active) latent_rows<1>(t, work, a);
}

void backward_to_z(const FeatureTile& t) { latent_gradient(t, Scratch(t)); }

void backward_by_factors(const FeatureTile& t) {
  const Scratch work(t);
  for (long a = 0; a < t.n_active; ++a) {
    const float* z = t.z + t.active[a] * t.z_stride;
    for (long s = 0; s < t.samples; s += vector)
      _mm512_storeu_ps(work.products + a * t.samples + s,
                       _mm512_mul_ps(_mm512_loadu_ps(t.xhat + s), _mm512_loadu_ps(z + s)));
  }
  long u = 0;
  for (; u + 7 * vector <= work.padded_units; u += 7 * vector) unit_columns<7>(t, work, u);
  switch ((work.padded_units - u) / vector) {
    case 6:
      unit_columns<6>(t, work, u);
      break;
    case 5:
      unit_columns<5>(t, work, u);
      break;
    case 4:
      unit_columns<4>(t, work, u);
      break;
    case 3:
      unit_columns<3>(t, work, u);
      break;
    case 2:
      unit_columns<2>(t, work, u);
      break;
    case 1:
      unit_columns<1>(t, work, u);
      break;
  }
  latent_gradient(t, work);
}

long scratch_size(long units, long factors, long samples) {
  const long size = Scratch::size(units, factors, samples);
  const long held = held_scratch_size(units, factors, samples);
  return size > held ? size : held;
}

void add_sums(const float* in, long n, float* out) {
  for (long i = 0; i < n; ++i) out[i] = in[i];
}

}  // namespace
}  // namespace POEMS_ISA
}  // namespace poems
