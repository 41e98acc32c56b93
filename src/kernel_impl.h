// The kernel's code, for vectors of POEMS_LANES floats in namespace POEMS_ISA. Includes no library
// header on purpose: an inline function of a library, compiled here for a newer instruction set,
// could be the copy that the linker keeps for the whole program.
//
// Samples lie along the vector, so every product is "broadcast one number, multiply a vector of
// samples, add": no sum across lanes is needed but for gradients that sum over samples.

#include "dropout_hash.h"
#include "kernel.h"

namespace poems {
namespace POEMS_ISA {
namespace {

#define POEMS_INLINE inline __attribute__((always_inline))

constexpr long lanes = POEMS_LANES;
constexpr int wide = POEMS_VECTORS;                 // vectors of samples per register block
constexpr int rows = 6;                             // rows per register block
constexpr int gradient_rows = POEMS_GRADIENT_ROWS;  // of a block of d_A: units
constexpr int gradient_cols = POEMS_GRADIENT_COLS;  // and factors

typedef float Floats __attribute__((vector_size(4 * POEMS_LANES)));
typedef unsigned Words __attribute__((vector_size(4 * POEMS_LANES)));
typedef float FloatsInMemory __attribute__((vector_size(4 * POEMS_LANES), aligned(4), may_alias));
typedef unsigned WordsInMemory __attribute__((vector_size(4 * POEMS_LANES), aligned(4), may_alias));

POEMS_INLINE Floats load(const float* p) { return *reinterpret_cast<const FloatsInMemory*>(p); }
POEMS_INLINE void store(float* p, Floats x) { *reinterpret_cast<FloatsInMemory*>(p) = x; }

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

// ---- forward ----------------------------------------------------------------------------------

/// R rows of the hidden layer (units h ...) for V vectors of samples.
template <int R, int V>
POEMS_INLINE void hidden_rows(const FeatureTile& t, long h, long s, Floats (&xhat)[V]) {
  Floats sum[R][V] = {};
  for (long a = 0; a < t.n_active; ++a) {
    const float* column = t.A + t.active[a] * t.units + h;
    const float* z = t.masked_z + a * t.samples + s;
    Floats zs[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) zs[v] = load(z + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[r][v] += column[r] * zs[v];
  }
  const Floats zero = {};
  const unsigned threshold = t.threshold << 16;
  Words hash[V] = {};
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      Floats u = sum[r][v] > zero ? sum[r][v] : zero;
      if (threshold) {
        // h is even, so two rows share a hash: its lower half, moved up, and its upper half.
        if (r % 2 == 0) {
          const Words first =
              *reinterpret_cast<const WordsInMemory*>(t.first_counter + s + v * lanes);
          hash[v] = dropout_hash<Words>(first + static_cast<unsigned>((h + r) / 2), t.key0, t.key1);
        }
        const Words draw = r % 2 == 0 ? hash[v] << 16 : hash[v];
        u = draw < threshold ? zero : u;
      }
      store(t.hidden + (h + r) * t.samples + s + v * lanes, u);
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
      store(t.masked_z + a * t.samples + s, t.mask[a] * load(z + s));
  }
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
    float* row = t.hidden + h * t.samples;
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
      sum[r][c] = load(t.d_A_lanes + (t.active[a + c] * t.units + h + r) * lanes);
  for (long s = 0; s < t.samples; s += lanes) {
    Floats g[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) g[r] = load(t.hidden + (h + r) * t.samples + s);
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) {
      const Floats z = load(t.masked_z + (a + c) * t.samples + s);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) sum[r][c] += g[r] * z;
    }
  }
#pragma GCC unroll 8
  for (int c = 0; c < C; ++c)
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
      store(t.d_A_lanes + (t.active[a + c] * t.units + h + r) * lanes, sum[r][c]);
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
    for (int v = 0; v < V; ++v) g[v] = load(t.hidden + h * t.samples + s + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) q[r][v] += column[r][h] * g[v];
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const long at = t.active[a + r] * t.z_stride + s;
    Floats sum = {};
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      sum += load(t.z + at + v * lanes) * q[r][v];
      store(t.d_z + at + v * lanes, load(t.d_z + at + v * lanes) + t.mask[a + r] * q[r][v]);
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

void backward(const FeatureTile& t) {
  hidden_gradient(t);
  weight_gradient(t);
  long s = 0;
  for (; s + wide * lanes <= t.samples; s += wide * lanes) latent_columns<wide>(t, s);
  for (; s + 2 * lanes <= t.samples; s += 2 * lanes) latent_columns<2>(t, s);
  for (; s < t.samples; s += lanes) latent_columns<1>(t, s);
}

void sum_lanes(const float* in, long n, float* out) {
  for (long i = 0; i < n; ++i) out[i] = sum_of_lanes(load(in + i * lanes));
}

// ---- general matrix product -------------------------------------------------------------------

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

extern const Kernel table;
const Kernel table = {POEMS_LEVEL, lanes, forward, backward, sum_lanes, multiply};

}  // namespace POEMS_ISA
}  // namespace poems
