// Sparse decoder of one omic (the clear version):
//
//   xhat_nj = c_j + v_j' drop(relu( A (m_j * z_n) ))
//
// A: hidden x factors, shared by all features; v_j: hidden; m_j: the mask's column j, factors.
// Features are decoded one at a time within blocks, forward and backward together, so the largest
// thing in memory is one hidden x batch matrix per thread, never batch x features x hidden.
// A feature's zero loadings are skipped: with A_j and Z_j the columns of A and rows of Z where
// m_j is not 0, the hidden layer is relu(A_j diag(m_j) Z_j).
#pragma once

#include <vector>

#include "dropout.h"
#include "likelihood.h"
#include "parameter.h"

namespace poems {

/// What the decoder's gradients need beyond its own parameters.
template <typename T>
struct DecoderGradients {
  Matrix<T> d_z;     ///< factors x members
  Matrix<T> d_mask;  ///< factors x features
};

template <typename T>
class SparseDecoder {
 public:
  Parameter<T> hidden;  ///< A: hidden x factors
  Parameter<T> W;       ///< loadings: factors x features
  Parameter<T> output;  ///< v: hidden x features
  Parameter<T> bias;    ///< c: features x 1

  SparseDecoder(Index features, Index factors, Index hidden_units);

  void initialise(std::uint64_t seed, std::uint64_t& part, bool unit_norm);

  /// Loss of the batch times `weight`, without gradients or dropout.
  double loss(const OmicBatch<T>& batch, const Matrix<T>& mask, const Matrix<T>& z, double weight,
              GaussianLikelihood<T>& likelihood, int threads) const;

  /// Loss of the batch times `weight`, and its gradients with respect to A, v, c (replaced), the
  /// mask and z. With `skip_zeros`, gradients of the mask's zeros are not computed and come out 0.
  double loss_and_gradients(const OmicBatch<T>& batch, const Matrix<T>& mask, const Matrix<T>& z,
                            double weight, const Dropout& dropout, bool skip_zeros,
                            GaussianLikelihood<T>& likelihood, DecoderGradients<T>& gradients,
                            int threads);

  /// xhat (members x features) without dropout.
  void reconstruct(const Matrix<T>& mask, const Matrix<T>& z, Matrix<T>& xhat, int threads) const;

  /// Gives every column of A and every v_j length 1, moving their lengths into W. Because relu is
  /// positively homogeneous the decoder's output does not change, and |w| comes to be in units of
  /// the feature.
  void normalise_to_unit();

 private:
  struct Workspace;

  /// Multiplications of one forward pass, at most.
  double work_of_pass(const Matrix<T>& z) const {
    return static_cast<double>(hidden.value.size()) * static_cast<double>(W.value.cols()) *
           static_cast<double>(z.cols());
  }
  void hidden_layer(const Matrix<T>& mask, const Matrix<T>& z, Index j, bool skip_zeros,
                    Workspace& work) const;
};

}  // namespace poems
