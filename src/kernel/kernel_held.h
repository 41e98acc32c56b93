// A feature's reconstruction with one factor after another held at a value, on any instruction set.
// With u = A (mask * z) a sample's hidden layer and v its output, and d_a = mask_a (z_a - value_a),
//
//   xhat = sum_h v_h relu(u_h) + bias
//   held_a = sum_h v_h relu(u_h - A_ha d_a) + bias
//
// By 2 relu(x) = x + |x|, whose first part sums to 2 times the line
// sum_h v_h u_h - d_a sum_h v_h A_ha: a compiler has no relu of its vectors that takes less than
// two instructions, but |x| takes one. Samples lie along the vector, as in kernel_hidden.h.
#pragma once

#include "kernel/kernel.h"
#include "kernel/kernel_vector.h"

namespace poems {
namespace POEMS_ISA {
namespace {

constexpr int held_vectors = 2;  // of samples, whose hidden layer stays in the first cache
constexpr int held_at_once = 2;  // factors

POEMS_INLINE Floats magnitude(Floats x) { return (Floats)((Words)x & 0x7FFFFFFFu); }

/// Where a tile's intermediate results lie in its scratch memory.
POEMS_INLINE float* held_z(const FeatureTile& t) {
  return t.scratch;
}  // mask * z: active x samples
POEMS_INLINE float* held_hidden(const FeatureTile& t) {  // units x held_vectors vectors
  return t.scratch + t.n_active * t.samples;
}

long held_scratch_size(long units, long factors, long samples) {
  return factors * samples + units * held_vectors * lanes;
}

/// Adds A z to u, for R units from h on and V vectors of samples; z: active factors x samples, each
/// times its loading.
template <int R, int V>
POEMS_INLINE void add_units(const FeatureTile& t, const float* z, long h, long s,
                            Floats (&u)[R][V]) {
  for (long a = 0; a < t.n_active; ++a) {
    const float* column = t.A + t.active[a] * t.units + h;
    Floats zs[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) zs[v] = load(z + a * t.samples + s + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) u[r][v] += column[r] * zs[v];
  }
}

/// R units from h on for V vectors of samples: keeps u, and adds v_h u_h and v_h |u_h| to the sums.
template <int R, int V>
POEMS_INLINE void held_units(const FeatureTile& t, long h, long s, Floats (&line)[V],
                             Floats (&bent)[V]) {
  Floats u[R][V] = {};
  add_units(t, held_z(t), h, s, u);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      store(held_hidden(t) + ((h + r) * V + v) * lanes, u[r][v]);
      line[v] += t.output[h + r] * u[r][v];
      bent[v] += t.output[h + r] * magnitude(u[r][v]);
    }
}

/// R active factors from a on, each held for itself; line: sum_h v_h u_h.
template <int R, int V>
POEMS_INLINE void hold(const FeatureTile& t, const float* values, long a, long s,
                       const Floats (&line)[V], float* held) {
  const float* column[R];
  float slope[R] = {};
  Floats distance[R][V], bent[R][V] = {};
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    column[r] = t.A + t.active[a + r] * t.units;
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v)
      distance[r][v] = load(held_z(t) + (a + r) * t.samples + s + v * lanes) -
                       t.mask[a + r] * values[t.active[a + r]];
  }
  for (long h = 0; h < t.units; ++h) {
    const float* hidden = held_hidden(t) + h * V * lanes;
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      slope[r] += t.output[h] * column[r][h];
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v)
        bent[r][v] +=
            t.output[h] * magnitude(load(hidden + v * lanes) - column[r][h] * distance[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v)
      store(held + (a + r) * t.samples + s + v * lanes,
            0.5f * (line[v] - slope[r] * distance[r][v] + bent[r][v]) + t.bias);
}

template <int V>
POEMS_INLINE void held_columns(const FeatureTile& t, const float* values, long s, float* held) {
  Floats line[V] = {}, bent[V] = {};
  long h = 0;
  for (; h + rows <= t.units; h += rows) held_units<rows, V>(t, h, s, line, bent);
  for (; h < t.units; ++h) held_units<1, V>(t, h, s, line, bent);
  for (int v = 0; v < V; ++v) store(t.xhat + s + v * lanes, 0.5f * (line[v] + bent[v]) + t.bias);
  long a = 0;
  for (; a + held_at_once <= t.n_active; a += held_at_once)
    hold<held_at_once, V>(t, values, a, s, line, held);
  for (; a < t.n_active; ++a) hold<1, V>(t, values, a, s, line, held);
}

void hold_factors(const FeatureTile& t, const float* values, float* held) {
  for (long a = 0; a < t.n_active; ++a) {
    const float* z = t.z + t.active[a] * t.z_stride;
    for (long s = 0; s < t.samples; s += lanes)
      store(held_z(t) + a * t.samples + s, t.mask[a] * load(z + s));
  }
  long s = 0;
  for (; s + held_vectors * lanes <= t.samples; s += held_vectors * lanes)
    held_columns<held_vectors>(t, values, s, held);
  for (; s < t.samples; s += lanes) held_columns<1>(t, values, s, held);
}

}  // namespace
}  // namespace POEMS_ISA
}  // namespace poems
