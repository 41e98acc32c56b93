// The decoder's forward and backward pass on one feature, for any instruction set: the hidden layer
// is stored, and each of the three products of the backward pass is a product of matrices.
//
// Samples lie along the vector, so every product is "broadcast one number, multiply a vector of
// samples, add": no sum across lanes is needed but for gradients that sum over samples.
#pragma once

#include "kernel/kernel.h"
#include "kernel/kernel_held.h"
#include "kernel/kernel_vector.h"

namespace poems {
namespace POEMS_ISA {
namespace {

constexpr int gradient_rows = POEMS_GRADIENT_ROWS;  // of a block of d_A: units
constexpr int gradient_cols = POEMS_GRADIENT_COLS;  // and factors

// Where a tile's intermediate results lie in its scratch memory.
POEMS_INLINE float* masked_z(const FeatureTile& t) { return t.scratch; }  // active x samples
POEMS_INLINE float* hidden(const FeatureTile& t) {                        // units x samples
  return t.scratch + t.n_active * t.samples;
}

POEMS_INLINE unsigned* words_of_units(const FeatureTile& t) {  // half as many, padded
  return reinterpret_cast<unsigned*>(hidden(t) + t.units * t.samples);
}

long scratch_size(long units, long factors, long samples) {
  const long size = (factors + units) * samples + units / 2 + lanes;
  const long held = held_scratch_size(units, factors, samples);
  return size > held ? size : held;
}

// ---- forward ----------------------------------------------------------------------------------

/// R rows of the hidden layer (units h ...) for V vectors of samples.
template <int R, int V>
POEMS_INLINE void hidden_rows(const FeatureTile& t, long h, long s, Floats (&xhat)[V]) {
  Floats sum[R][V] = {};
  add_units(t, masked_z(t), h, s, sum);
  const Floats zero = {};
  const unsigned threshold = t.threshold << 16;
  Words draws[V] = {};
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      Floats u = sum[r][v] > zero ? sum[r][v] : zero;
      if (threshold) {
        // h is even, so two rows share draws: the lower half, moved up, and the upper half.
        if (r % 2 == 0) {
          const Words sample =
              *reinterpret_cast<const WordsInMemory*>(t.sample_words + s + v * lanes);
          draws[v] = dropout_draws(sample, words_of_units(t)[(h + r) / 2]);
        }
        const Words draw = r % 2 == 0 ? draws[v] << 16 : draws[v];
        u = draw < threshold ? zero : u;
      }
      store(hidden(t) + (h + r) * t.samples + s + v * lanes, u);
      xhat[v] += t.output[h + r] * u;
    }
  }
}

template <int V>
POEMS_INLINE void forward_columns(const FeatureTile& t, long s) {
  Floats xhat[V] = {};
  long h = 0;
  for (; h + rows <= t.units; h += rows) hidden_rows<rows, V>(t, h, s, xhat);
  for (; h + 2 <= t.units; h += 2) hidden_rows<2, V>(t, h, s, xhat);
  if (h < t.units) hidden_rows<1, V>(t, h, s, xhat);
  for (int v = 0; v < V; ++v) store(t.xhat + s + v * lanes, t.keep_scale * xhat[v] + t.bias);
}

void forward(const FeatureTile& t) {
  for (long a = 0; a < t.n_active; ++a) {
    const float* z = t.z + t.active[a] * t.z_stride;
    for (long s = 0; s < t.samples; s += lanes)
      store(masked_z(t) + a * t.samples + s, t.mask[a] * load(z + s));
  }
  if (t.threshold) unit_words(t.unit_key, (t.units + 1) / 2, words_of_units(t));
  long s = 0;
  for (; s + wide * lanes <= t.samples; s += wide * lanes) forward_columns<wide>(t, s);
  for (; s + 2 * lanes <= t.samples; s += 2 * lanes) forward_columns<2>(t, s);
  for (; s < t.samples; s += lanes) forward_columns<1>(t, s);
}

// ---- backward ---------------------------------------------------------------------------------

/// d_output += keep_scale hidden d_xhat, then hidden becomes its own gradient: where a unit is
/// positive it was kept, and its slope is output * keep_scale.
void hidden_gradient(const FeatureTile& t) {
  const Floats zero = {};
  for (long h = 0; h < t.units; ++h) {
    float* row = hidden(t) + h * t.samples;
    const float slope = t.output[h] * t.keep_scale;
    Floats sum = {};
    for (long s = 0; s < t.samples; s += lanes) {
      const Floats u = load(row + s), d = load(t.xhat + s);
      sum += u * d;
      store(row + s, u > zero ? slope * d : zero);
    }
    t.d_output[h] += t.keep_scale * sum_of_lanes(sum);
  }
}

/// d_A += (gradient of hidden) (masked z)', R units by C active factors; sums stay in lanes.
template <int R, int C>
POEMS_INLINE void weight_block(const FeatureTile& t, long h, long a) {
  Floats sum[R][C];
#pragma GCC unroll 8
  for (int c = 0; c < C; ++c)
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
      sum[r][c] = load(t.d_A + (t.active[a + c] * t.units + h + r) * lanes);
  for (long s = 0; s < t.samples; s += lanes) {
    Floats g[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) g[r] = load(hidden(t) + (h + r) * t.samples + s);
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) {
      const Floats z = load(masked_z(t) + (a + c) * t.samples + s);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) sum[r][c] += g[r] * z;
    }
  }
#pragma GCC unroll 8
  for (int c = 0; c < C; ++c)
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
      store(t.d_A + (t.active[a + c] * t.units + h + r) * lanes, sum[r][c]);
}

template <int R>
POEMS_INLINE void weight_rows(const FeatureTile& t, long h) {
  long a = 0;
  for (; a + gradient_cols <= t.n_active; a += gradient_cols)
    weight_block<R, gradient_cols>(t, h, a);
  for (; a < t.n_active; ++a) weight_block<R, 1>(t, h, a);
}

void weight_gradient(const FeatureTile& t) {
  long h = 0;
  for (; h + gradient_rows <= t.units; h += gradient_rows) weight_rows<gradient_rows>(t, h);
  for (; h < t.units; ++h) weight_rows<1>(t, h);
}

/// q = A' (gradient of hidden) for R active factors and V vectors; then d_z += mask q and
/// d_mask += sum of z q.
template <int R, int V>
POEMS_INLINE void latent_block(const FeatureTile& t, long a, long s) {
  const float* column[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) column[r] = t.A + t.active[a + r] * t.units;
  Floats q[R][V] = {};
  for (long h = 0; h < t.units; ++h) {
    Floats g[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) g[v] = load(hidden(t) + h * t.samples + s + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) q[r][v] += column[r][h] * g[v];
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const float* z = t.z + t.active[a + r] * t.z_stride + s;
    float* d_z = t.d_z + t.active[a + r] * t.d_z_stride + s;
    Floats sum = {};
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      sum += load(z + v * lanes) * q[r][v];
      store(d_z + v * lanes, load(d_z + v * lanes) + t.mask[a + r] * q[r][v]);
    }
    t.d_mask[a + r] += sum_of_lanes(sum);
  }
}

template <int V>
POEMS_INLINE void latent_columns(const FeatureTile& t, long s) {
  long a = 0;
  for (; a + rows <= t.n_active; a += rows) latent_block<rows, V>(t, a, s);
  if (a + 4 <= t.n_active) {
    latent_block<4, V>(t, a, s);
    a += 4;
  }
  if (a + 2 <= t.n_active) {
    latent_block<2, V>(t, a, s);
    a += 2;
  }
  if (a < t.n_active) latent_block<1, V>(t, a, s);
}

void latent_gradient(const FeatureTile& t) {
  long s = 0;
  for (; s + wide * lanes <= t.samples; s += wide * lanes) latent_columns<wide>(t, s);
  for (; s + 2 * lanes <= t.samples; s += 2 * lanes) latent_columns<2>(t, s);
  for (; s < t.samples; s += lanes) latent_columns<1>(t, s);
}

void backward(const FeatureTile& t) {
  hidden_gradient(t);
  weight_gradient(t);
  latent_gradient(t);
}

void backward_to_z(const FeatureTile& t) {
  hidden_gradient(t);
  latent_gradient(t);
}

bool by_rows(long, long) { return false; }

void add_sums(const float* in, long n, float* out) {
  for (long i = 0; i < n; ++i) out[i] = sum_of_lanes(load(in + i * lanes));
}

}  // namespace
}  // namespace POEMS_ISA
}  // namespace poems
