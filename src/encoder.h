// Encoder of one omic: x -> mean and log-variance of its expert.
//
//   h1 = drop(relu(A1 x + b1)),  h2 = drop(relu(A2 h1 + b2)),  mean = Am h2 + bm,  logvar = Al h2 +
//   bl
#pragma once

#include <vector>

#include "data.h"
#include "dropout.h"
#include "linear.h"

namespace poems {

/// What the forward pass leaves for the backward pass. B: batch members that have the omic.
template <typename T>
struct Expert {
  Matrix<T> hidden1, hidden2;  ///< hidden x B
  Matrix<T> mean, logvar;      ///< factors x B
  Matrix<T> d_mean, d_logvar;  ///< factors x B, gradients of the loss
};

template <typename T>
struct Encoder {
  Linear<T> hidden1, hidden2, mean, logvar;

  Encoder(Index features, Index hidden, Index factors);

  void initialise(std::uint64_t seed, std::uint64_t& part);

  /// Fills the expert's activations, mean and logvar. Dropout may be inactive.
  void forward(const OmicBatch<T>& batch, const Dropout& drop1, const Dropout& drop2,
               Expert<T>& expert, int threads) const;

  /// From d_mean and d_logvar to the gradients of all weights. keep_scale: the dropout's.
  void backward(const OmicBatch<T>& batch, double keep_scale, Expert<T>& expert, int threads);
};

}  // namespace poems
