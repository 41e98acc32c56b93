// What analyses of a trained model ask of the sparse decoder about one feature: its slopes in the
// factors, and its reconstruction with one factor after another held at a value. There is neither
// dropout, nor what covariates add.
//
// With W = A diag(m_j), u_n = W z_n a sample's hidden layer and v_j the feature's output,
//
//   slopes_nk = sum_h v_hj W_hk [u_nh > 0],   xhat_n = c_j + sum_h v_hj relu(u_nh)
//   held_nk   = c_j + sum_h v_hj relu(u_nh - W_hk (z_nk - value_k))
//
// In double this is done as written; in float on the kernel of kernel.h.
#pragma once

#include <vector>

#include "kernel/kernel.h"
#include "layers/decoder.h"
#include "support/aligned.h"
#include "support/parallel.h"

namespace poems {

template <typename T>
class TrainedFeature {
 public:
  std::vector<int> active;  ///< factors whose loading is not 0

  // After the samples asked for come rows that fill up a vector, of no meaning.
  Vector<T> xhat;    ///< samples
  Matrix<T> slopes;  ///< after set_slopes(): samples x factors, of which active ones are set
  Matrix<T> held;    ///< after set_held(): samples x active factors, in their order

  /// mask: factors x features; z: samples x factors, padded as padded_samples() does. All must
  /// outlive this.
  TrainedFeature(const SparseDecoder<T>& decoder, const Matrix<T>& mask, const Matrix<T>& z)
      : decoder_(decoder), mask_(mask), z_(z) {}

  void set(Index j);

  /// samples begins at a multiple of sample_padding, here as below.
  void set_xhat(Block samples);

  /// xhat, too.
  void set_slopes(Block samples);

  /// xhat, too. values: per factor, what it is held at.
  void set_held(Block samples, const Vector<T>& values);

 private:
  /// A feature with one factor: the hidden layer has no bias of its own, so that xhat is a line on
  /// either side of z = 0.
  T line_slope(T z) const { return z > T(0) ? slope_above_ : z < T(0) ? slope_below_ : T(0); }
  void set_line();
  void xhat_of_line(Block samples);

  void xhat_of_hidden_layer(Block samples);
  void slopes_of_hidden_layer(Block samples);
  void held_of_hidden_layer(Block samples, const Vector<T>& values);

  const SparseDecoder<T>& decoder_;
  const Matrix<T>& mask_;
  const Matrix<T>& z_;
  Index j_ = 0;
  Vector<T> loadings_;  ///< of active factors
  T slope_above_ = 0, slope_below_ = 0;

  // The kernel's.
  FeatureTile tile(Block samples);
  AlignedVector<T> scratch_;
  Vector<T> ones_, unused_;
};

/// Samples x factors, with rows of 0 up to a multiple of sample_padding.
template <typename Factors>
Matrix<typename Factors::Scalar> padded_samples(const Factors& z) {
  Matrix<typename Factors::Scalar> rows(padded(z.rows()), z.cols());
  rows.topRows(z.rows()) = z;
  rows.bottomRows(rows.rows() - z.rows()).setZero();
  return rows;
}

/// Samples that are looked at together: their hidden layer stays in cache.
constexpr Index trained_samples = 256;

/// Features that one thread handles at a time.
constexpr Index trained_features = 32;

}  // namespace poems
