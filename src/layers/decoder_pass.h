// One pass of a sparse decoder over a batch: forward, likelihood and, if asked for, backward, which
// adds to the gradients of the decoder's parameters and of the noise.
//
// Features are handled one at a time within blocks, so the largest thing in memory is one hidden x
// samples matrix per thread, never batch x features x hidden. A feature's zero loadings are
// skipped: with A_j and Z_j the columns of A and rows of Z where m_j is not 0, the hidden layer is
// relu(A_j diag(m_j) Z_j).
//
// There are two versions of the work on a block: in double, decoder_reference.cpp is the clear one;
// in float, decoder_fast.cpp does the same on the kernel of kernel.h.
#pragma once

#include <vector>

#include "kernel/kernel.h"
#include "layers/decoder.h"
#include "likelihoods/likelihood.h"
#include "support/aligned.h"
#include "support/dropout.h"
#include "support/parallel.h"

namespace poems {

enum class DecoderTask {
  reconstruct,  ///< xhat
  loss,         ///< the loss
  gradients     ///< the loss and all gradients
};

/// One thread's buffers. The reference and the fast version each use what they need.
template <typename T>
struct DecoderWorkspace {
  std::vector<int> active;  ///< factors in use by the feature at hand
  Matrix<T> A, d_A, z, d_z, hidden;
  Vector<T> xhat, mask, d_mask, d_A_sums;
  AlignedVector<T> scratch, d_A_rows, d_z_rows;
};

template <typename T>
class DecoderPass {
 public:
  Matrix<T> d_z;   ///< factors x members
  Matrix<T> xhat;  ///< members x features, in task `reconstruct`

  /// z: factors x members. Loss and gradients are multiplied by `weight`; `batch` and `likelihood`
  /// may be null in task `reconstruct`, which leaves covariates out. With `skip_zeros`, gradients
  /// of the mask's zeros are not computed.
  DecoderPass(const SparseDecoder<T>& decoder, DecoderTask task, const Matrix<T>& mask,
              const Matrix<T>& z, const OmicBatch<T>* batch, double weight,
              Likelihood<T>* likelihood, const Dropout& dropout, bool skip_zeros);

  /// Where the mask's gradient is to be added, factors x features; nothing where a zero is skipped.
  /// Call before blocks run in task `gradients`.
  void add_mask_gradient_to(Matrix<T>& d_mask) { d_mask_ = &d_mask; }

  /// The number of blocks depends on the number of features alone, so that sums over blocks are the
  /// same on any number of threads.
  Index blocks() const { return block_count(block_size_, mask_.cols()); }

  /// Multiplications of the pass, at most.
  double work() const;

  /// Blocks may run on different threads, each with a workspace of its own.
  void run_block(Index block, DecoderWorkspace<T>& work);

  /// Adds up the blocks' d_z of some members; may run on different threads.
  void sum_members(Block members);

  /// Adds up the blocks' gradients of A, and the loss, which is returned.
  double finish();

 private:
  void find_active(Index j, std::vector<int>& active) const;

  /// b_j' y of members begin, begin + 1, ...; and its backward side, which adds to the gradient.
  void add_covariates(Index j, Index begin, Eigen::Ref<Vector<T>> xhat) const;
  void add_covariate_gradient(Index j, Index begin,
                              const Eigen::Ref<const Vector<T>>& d_xhat) const;

  const SparseDecoder<T>& decoder_;
  const DecoderTask task_;
  const Matrix<T>& mask_;
  Matrix<T>* d_mask_ = nullptr;
  const Matrix<T>& z_;
  const OmicBatch<T>* batch_;
  const double weight_;
  Likelihood<T>* likelihood_;
  const Dropout dropout_;
  const bool skip_zeros_;
  const Index block_size_;

  Matrix<T> samples_z_;                 ///< fast version: padded members x factors
  AlignedVector<T> A_rows_, z_rows_;    ///< fast version: padded factors x units or padded members
  std::vector<unsigned> sample_words_;  ///< fast version: per padded member, for dropout
  std::vector<double> losses_;          ///< per block, as the following
  std::vector<Matrix<T>> d_A_, d_z_;
};

/// Runs all blocks of several passes, and adds up their d_z, on `threads` threads.
template <typename T>
void run_passes(std::vector<DecoderPass<T>>& passes, std::vector<DecoderWorkspace<T>>& workspaces,
                int threads);

}  // namespace poems
