// The decoder's backward pass on one feature, for AVX-512, when most factors are active: as in
// kernel_lookup.h, but with factors along the vector. The 16 sums of four rows of numbers (what
// four samples, or four units, add for every factor) lie in memory, and four bits say which of them
// to add. One addition does the work of four multiply-adds for 16 factors, with neither
// permutations nor a table for every factor.
#pragma once

#include "kernel/kernel_lookup.h"

namespace poems {
namespace POEMS_ISA {
namespace {

constexpr long groups_at_once = 16;  // whose tables stay in cache: 32 kB with 32 factors
constexpr int at_once = 4;           // units, or samples, whose sums are in registers together

/// What each sum, in turn, picks its rows with: the next four bits are the lowest of `bits`, which
/// lie so high that they are an offset in bytes.
template <int V>
POEMS_INLINE unsigned long long row_offsets(unsigned bits) {
  return static_cast<unsigned long long>(bits) * (V * vector * sizeof(float));
}

/// The 16 sums of any of four rows of V vectors: sum i has row r if bit r is set in i.
template <int V>
POEMS_INLINE void store_sums(const __m512 (&x)[group][V], float* table) {
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
    __m512 sum[16];
    sum[0] = _mm512_setzero_ps();
#pragma GCC unroll 16
    for (int i = 1; i < 16; ++i) {
      const int last = i >= 8 ? 3 : i >= 4 ? 2 : i >= 2 ? 1 : 0, others = i - (1 << last);
      sum[i] = others ? _mm512_add_ps(sum[others], x[last][v]) : x[last][v];
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) _mm512_store_ps(table + (i * V + v) * vector, sum[i]);
  }
}

/// Adds to N sums the rows that their bits pick from the tables of some groups.
template <int V, int N>
POEMS_INLINE void add_rows(const float* tables, long groups, unsigned long long (&offsets)[N],
                           __m512 (&sum)[N][V]) {
  constexpr long row = V * vector * sizeof(float);
  const char* table = reinterpret_cast<const char*>(tables);
#pragma GCC unroll 1
  for (long g = 0; g < groups; ++g, table += 16 * row) {
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) {
      const float* x = reinterpret_cast<const float*>(table + (offsets[i] & (15 * row)));
      offsets[i] >>= group;
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v)
        sum[i][v] = _mm512_add_ps(sum[i][v], _mm512_load_ps(x + v * vector));
    }
  }
}

template <int N, int V>
POEMS_INLINE void set_zero(__m512 (&sum)[N][V]) {
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sum[i][v] = _mm512_setzero_ps();
}

/// Two sums of a quarter's four lanes each, of a in even lanes and of b in odd ones.
POEMS_INLINE __m512 sums_of_pairs(__m512 a, __m512 b) {
  return _mm512_maskz_unpacklo_ps(0xFFFF, a, b) + _mm512_maskz_unpackhi_ps(0xFFFF, a, b);
}

/// The sums over the lanes of four vectors.
POEMS_INLINE __m128 sums_of_lanes(const __m512 (&x)[4]) {
  const __m512 first = sums_of_pairs(x[0], x[1]), second = sums_of_pairs(x[2], x[3]);
  const __m512 quarters = _mm512_maskz_shuffle_ps(0xFFFF, first, second, 0x44) +
                          _mm512_maskz_shuffle_ps(0xFFFF, first, second, 0xEE);
  __m128 sum = _mm512_maskz_extractf32x4_ps(0xF, quarters, 0);
  sum += _mm512_maskz_extractf32x4_ps(0xF, quarters, 1);
  sum += _mm512_maskz_extractf32x4_ps(0xF, quarters, 2);
  return sum + _mm512_maskz_extractf32x4_ps(0xF, quarters, 3);
}

/// With m_k P[h, k] of N units from h on, over `tiles` times 16 samples: adds to d_A and d_v.
template <int V, int N>
POEMS_INLINE void row_units(const FeatureTile& t, const Scratch& work, long k, long s, long tiles,
                            long h) {
  __m512 p[N][V];
  set_zero(p);
  for (long tile = 0; tile < tiles; ++tile) {
    const unsigned short* bits = work.unit_bits + (s / vector + tile) * work.padded_units + h;
    unsigned long long offsets[N];
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) offsets[i] = row_offsets<V>(bits[i]);
    constexpr long groups = vector / group;
    add_rows<V, N>(work.row_tables + tile * groups * 16 * V * vector, groups, offsets, p);
  }
  __m512 d_v[N];
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i) {
    const long at = (h + i) * t.row_stride + k;
    const __m512 v = _mm512_set1_ps(t.output[h + i]);
    d_v[i] = _mm512_setzero_ps();
#pragma GCC unroll 8
    for (int j = 0; j < V; ++j) {
      float* d_A = t.d_A_rows + at + j * vector;
      _mm512_store_ps(d_A, _mm512_fmadd_ps(v, p[i][j], _mm512_load_ps(d_A)));
      d_v[i] = _mm512_fmadd_ps(_mm512_load_ps(t.A_rows + at + j * vector), p[i][j], d_v[i]);
    }
  }
  if constexpr (N == 4)
    _mm_storeu_ps(t.d_output + h, _mm_loadu_ps(t.d_output + h) + sums_of_lanes(d_v));
  else
    for (int i = 0; i < N; ++i) t.d_output[h + i] += sum_of_lanes((Floats)d_v[i]);
}

/// P for V vectors of factors from k on, from tables of m_k d[s] z[k, s].
template <int V>
POEMS_INLINE void row_unit_sums(const FeatureTile& t, const Scratch& work, long k) {
  constexpr long tiles_at_once = groups_at_once * group / vector;
  for (long s = 0; s < t.samples; s += tiles_at_once * vector) {
    const long left = (t.samples - s) / vector, tiles = left < tiles_at_once ? left : tiles_at_once;
    for (long i = 0; i < tiles * vector; i += group) {
      __m512 x[group][V];
#pragma GCC unroll 8
      for (int j = 0; j < group; ++j) {
        const float* z = t.z_rows + (s + i + j) * t.row_stride + k;
        const __m512 d = _mm512_set1_ps(t.keep_scale * t.xhat[s + i + j]);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v)
          x[j][v] =
              d * _mm512_load_ps(work.row_mask + k + v * vector) * _mm512_load_ps(z + v * vector);
      }
      store_sums<V>(x, work.row_tables + i / group * 16 * V * vector);
    }
    long h = 0;
    for (; h + at_once <= t.units; h += at_once) row_units<V, at_once>(t, work, k, s, tiles, h);
    for (; h < t.units; ++h) row_units<V, 1>(t, work, k, s, tiles, h);
  }
}

/// Q for V vectors of factors from k on, from tables of v_h A[h, k]: adds to d_z and sets d_m.
template <int V>
POEMS_INLINE void row_sample_sums(const FeatureTile& t, const Scratch& work, long k) {
  constexpr long words_at_once = groups_at_once * group / word_units;
  const long words = groups_of(t.units, word_units);
  __m512 mask[V], d_mask[V];
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
    mask[v] = _mm512_load_ps(work.row_mask + k + v * vector);
    d_mask[v] = _mm512_setzero_ps();
  }
  for (long begin = 0; begin < words; begin += words_at_once) {
    const long end = words < begin + words_at_once ? words : begin + words_at_once;
    const long first_unit = begin * word_units;
    const long units = end == words ? t.units - first_unit : words_at_once * word_units;
    for (long h = 0; h < units; h += group) {
      __m512 x[group][V];
#pragma GCC unroll 8
      for (int i = 0; i < group; ++i) {
        const bool present = h + i < units;
        const long unit = present ? first_unit + h + i : 0;
        const __m512 slope = _mm512_set1_ps(present ? t.keep_scale * t.output[unit] : 0.0f);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v)
          x[i][v] = slope * _mm512_load_ps(t.A_rows + unit * t.row_stride + k + v * vector);
      }
      store_sums<V>(x, work.row_tables + h / group * 16 * V * vector);
    }
    for (long s = 0; s < t.samples; s += at_once) {
      __m512 q[at_once][V];
      set_zero(q);
      for (long w = begin; w < end; ++w) {
        const long before = (w - begin) * word_units, left = units - before;
        unsigned long long offsets[at_once];
#pragma GCC unroll 8
        for (int i = 0; i < at_once; ++i)
          offsets[i] = row_offsets<V>(work.sample_bits[w * t.samples + s + i]);
        add_rows<V, at_once>(work.row_tables + before / group * 16 * V * vector,
                             groups_of(left < word_units ? left : word_units, group), offsets, q);
      }
#pragma GCC unroll 8
      for (int i = 0; i < at_once; ++i) {
        const long at = (s + i) * t.row_stride + k;
        const __m512 d = _mm512_set1_ps(t.xhat[s + i]);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) {
          const __m512 d_masked = d * q[i][v];
          float* d_z = t.d_z_rows + at + v * vector;
          d_mask[v] =
              _mm512_fmadd_ps(d_masked, _mm512_load_ps(t.z_rows + at + v * vector), d_mask[v]);
          _mm512_store_ps(d_z, _mm512_fmadd_ps(mask[v], d_masked, _mm512_load_ps(d_z)));
        }
      }
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) _mm512_store_ps(work.row_mask + k + v * vector, d_mask[v]);
}

void backward_by_rows(const FeatureTile& t) {
  const Scratch work(t);
  for (long k = 0; k < t.row_stride; ++k) work.row_mask[k] = 0.0f;
  for (long a = 0; a < t.n_active; ++a) work.row_mask[t.active[a]] = t.mask[a];
  long k = 0;
  for (; k + 2 * vector <= t.row_stride; k += 2 * vector) {
    row_unit_sums<2>(t, work, k);
    row_sample_sums<2>(t, work, k);
  }
  if (k < t.row_stride) {
    row_unit_sums<1>(t, work, k);
    row_sample_sums<1>(t, work, k);
  }
  for (long a = 0; a < t.n_active; ++a) t.d_mask[a] += work.row_mask[t.active[a]];
}

/// By rows as soon as that is sooner: it takes as long for few active factors as for all.
bool by_rows(long n_active, long factors) {
  return 4 * n_active >= 3 * groups_of(factors, vector) * vector;
}

void backward(const FeatureTile& t) {
  if (by_rows(t.n_active, t.row_stride))
    backward_by_rows(t);
  else
    backward_by_factors(t);
}

}  // namespace
}  // namespace POEMS_ISA
}  // namespace poems
