// Encoder of one omic: x -> mean and log-variance of its expert.
//
//   h1 = drop(relu(A1 x + b1)),  h2 = drop(relu(A2 h1 + b2)),
//   mean = Am h2 + bm,           logvar = Al h2 + bl
#pragma once

#include "data/cohort.h"
#include "layers/linear.h"
#include "support/dropout.h"

namespace poems {

/// What a pass computes for one omic. B: batch members that have the omic.
template <typename T>
struct Expert {
  Matrix<T> hidden1, hidden2;      ///< hidden x B
  Matrix<T> mean, logvar;          ///< factors x B
  Matrix<T> d_mean, d_logvar;      ///< factors x B, gradients of the loss
  Matrix<T> d_hidden1, d_hidden2;  ///< hidden x B
};

/// The work on a batch is cut into blocks that threads can share: blocks of samples for the
/// activations and their gradients, blocks of inputs for the gradients of the weights.
template <typename T>
struct Encoder {
  Linear<T> hidden1, hidden2, mean, logvar;

  Encoder(Index features, Index hidden, Index factors);

  void initialise(std::uint64_t seed, std::uint64_t& part);

  /// Gives the expert's activations their shape.
  void prepare(const OmicBatch<T>& batch, Expert<T>& expert) const;

  /// The expert's activations, mean and logvar of some samples. Dropout may be inactive.
  void forward(const OmicBatch<T>& batch, const Dropout& drop1, const Dropout& drop2, Block samples,
               Expert<T>& expert) const;

  /// From d_mean and d_logvar of some samples to d_hidden1 and d_hidden2. keep_scale: the
  /// dropout's.
  void backward(double keep_scale, Block samples, Expert<T>& expert) const;

  /// The gradients of the weights in gradient_blocks() parts, after backward() for all samples and
  /// prepare_gradients().
  void prepare_gradients();
  Index gradient_blocks() const;
  void gradient(const OmicBatch<T>& batch, const Expert<T>& expert, Index block);

  /// Multiplications per sample of a forward pass.
  double work_per_sample() const;
};

}  // namespace poems
