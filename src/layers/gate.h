// Gating network: how much each omic's expert counts, per sample.
//
//   g_v   = layer_norm(mean_v) * weight_v + bias_v          (0 where the sample lacks omic v)
//   alpha = softmax( A2 relu(A1 [g_1; ...; g_V] + b1) + b2 )  over the omics the sample has
//
// Where the gate notices (see Objective), log P(belongs) of every omic is added to its logit: see
// agreement.h.
//
// An omic that is hidden in a batch counts as one that the sample lacks.
#pragma once

#include <vector>

#include "data/cohort.h"
#include "layers/agreement.h"
#include "layers/encoder.h"
#include "layers/linear.h"

namespace poems {

/// The learned scale and shift of one omic's layer normalisation, each factors x 1.
template <typename T>
struct LayerNorm {
  Parameter<T> weight, bias;

  explicit LayerNorm(Index factors);
};

/// What the forward pass leaves for the backward pass. B: samples in the batch.
template <typename T>
struct GateState {
  Matrix<T> input;                    ///< (omics * factors) x B
  std::vector<Matrix<T>> normalised;  ///< per omic, factors x members: before scale and shift
  std::vector<Vector<T>> inverse_sd;  ///< per omic, members
  Matrix<T> hidden;                   ///< gate_hidden x B
  AgreementState<T> agreement;
  Matrix<T> alpha;    ///< omics x B; columns sum to 1
  Matrix<T> d_alpha;  ///< omics x B, gradient of the loss
};

template <typename T>
struct Gate {
  std::vector<LayerNorm<T>> norms;  ///< per omic
  Linear<T> hidden, output;
  Agreement<T> agreement;
  bool notices;

  Gate(Index omics, Index factors, Index gate_hidden, bool notices);

  void initialise(std::uint64_t seed, std::uint64_t& part);

  void forward(const Batch<T>& batch, const std::vector<Expert<T>>& experts,
               GateState<T>& state) const;

  /// From d_alpha to the gradients of the weights; adds to each expert's d_mean and d_logvar.
  void backward(const Batch<T>& batch, const GateState<T>& state, std::vector<Expert<T>>& experts);
};

}  // namespace poems
