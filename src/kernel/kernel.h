// The hot loops in single precision, compiled once for every instruction set that can pay and
// picked when first used: kernel_product.h has the general product, kernel_hidden.h the decoder for
// any instruction set, kernel_lookup.h the decoder for AVX-512, kernel_held.h what the variance
// explained asks of it, kernel_outer.h curvatures, kernel_softplus.h what counts need;
// kernel_<set>.cpp compiles them.
#pragma once

namespace poems {

/// Samples are handled in multiples of this many; buffers are padded to it.
constexpr long sample_padding = 16;

inline long padded(long n) { return (n + sample_padding - 1) / sample_padding * sample_padding; }

/// One feature of one omic on one tile of samples. A row of samples is contiguous.
struct FeatureTile {
  long samples;  ///< in the tile, a multiple of sample_padding
  long units;
  const float* A;  ///< factor k's column at A + k * units

  // The feature.
  const int* active;  ///< factors whose loading counts
  long n_active;
  const float* mask;    ///< per active factor, its loading
  const float* output;  ///< v: units
  float bias;

  // The tile.
  const float* z;  ///< factor k's row at z + k * z_stride
  long z_stride;
  float* d_z;  ///< likewise, with a stride of its own; added to
  long d_z_stride;

  // A, z and their gradients once more, with a unit's or a sample's factors contiguous, padded to a
  // multiple of sample_padding, and aligned: for kernels that use rows. What backward() adds to
  // d_z_rows and d_A_rows it does not add to d_z and d_A.
  const float* A_rows;  ///< unit h's row at A_rows + h * row_stride
  const float* z_rows;
  float* d_A_rows;
  float* d_z_rows;
  long row_stride;

  // Dropout, off when threshold is 0.
  unsigned threshold;
  unsigned long long unit_key;
  const unsigned* sample_words;
  float keep_scale;

  float* xhat;     ///< samples; the reconstruction, then the loss's gradient with respect to it
  float* scratch;  ///< Kernel::scratch numbers, aligned, kept from forward() to backward()

  // What backward() adds to.
  float* d_A;       ///< factors x units x Kernel::sums
  float* d_mask;    ///< per active factor
  float* d_output;  ///< units
};

struct Kernel {
  const char* level;
  long sums;  ///< partial sums kept for each entry of d_A

  /// Whether backward() uses the rows of a feature with so many active factors.
  bool (*by_rows)(long n_active, long factors);

  /// Numbers of scratch memory that a tile needs.
  long (*scratch)(long units, long factors, long samples);

  /// With hidden = relu(A (mask * z)) and dropped units at 0, xhat = keep_scale output' hidden +
  /// bias.
  void (*forward)(const FeatureTile&);

  /// From the loss's gradient in xhat to d_z, d_A, d_mask and d_output, after forward() on the same
  /// tile.
  void (*backward)(const FeatureTile&);

  /// The same to d_z alone, never by rows. May add to d_mask and d_output, too.
  void (*backward_to_z)(const FeatureTile&);

  /// Sets xhat without dropout, and held, active factors x samples: the same with each active
  /// factor in turn held at a value, of which there is one per factor.
  void (*hold)(const FeatureTile&, const float* values, float* held);

  /// out[i] = total of the partial sums of entry i; n entries.
  void (*add_sums)(const float* in, long n, float* out);

  /// c[m, n] = sum_k a[m, k] b[k, n]; n is contiguous in b and c, other strides are given.
  void (*multiply)(long m, long n, long k, const float* a, long a_m, long a_k, const float* b,
                   long b_k, float* c, long c_m);

  /// For every sample, x_k its number of factor k at x + k * x_k: sums_ab += weight x_a x_b for the
  /// active factors b <= a, in their order; entry a, b at sums + (a * factors + b) * samples.
  /// samples is a multiple of sample_padding.
  void (*add_outer_products)(long samples, const int* active, long n_active, const float* x,
                             long x_k, const float* weights, float* sums, long factors);

  /// value[i] = log(1 + exp(u[i])), slope[i] = 1 / (1 + exp(-u[i])); n of them.
  void (*softplus)(long n, const double* u, double* value, double* slope);
};

/// The kernel for this processor; the environment variable OMICPOEMS_SIMD ("baseline", "avx2",
/// "avx512") asks for a lower level.
const Kernel& kernel();

}  // namespace poems
