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

#include <string>
#include <vector>

#include "data/cohort.h"
#include "layers/agreement.h"
#include "pieces/latent.h"
#include "pieces/linear.h"

namespace poems {

/// The learned scale and shift of one omic's layer normalisation, each factors x 1.
template <typename T>
struct LayerNorm {
  Parameter<T> weight, bias;

  LayerNorm(const std::string& name, Index factors);
};

template <typename T>
struct Gate {
  std::vector<LayerNorm<T>> norms;  ///< per omic
  pieces::Linear<T> hidden, output;
  Agreement<T> agreement;
  bool notices;

  /// omics: their names, with which those of their own parameters start.
  Gate(const std::vector<std::string>& omics, Index factors, Index gate_hidden, bool notices);

  void initialise(std::uint64_t seed, std::uint64_t& part);

  /// [g_1; ...; g_V]: (omics factors) x B.
  Var<T> input(Tape<T>& tape, const Batch<T>& batch,
               const std::vector<pieces::Gaussian<T>>& experts) const;

  /// alpha, omics x B, from the input; columns sum to 1.
  Var<T> operator()(Tape<T>& tape, const Batch<T>& batch,
                    const std::vector<pieces::Gaussian<T>>& experts, Var<T> input) const;
};

}  // namespace poems
