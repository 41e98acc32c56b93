// Agreement: whether an omic belongs to its sample. The expert of omic v is compared with the
// product of the others, with a quadratic form of the two:
//
//   mu_v = sum_{u != v} tau_u m_u / sum_{u != v} tau_u,   tau_u = exp(-logvar_u)
//   D_v  = d_v + sum_k ( a_vk m_vk^2 + b_vk mu_vk^2 - c_vk m_vk mu_vk )
//   P(belongs)_v = 1 - exp(D_v) / (1 + sum_u exp(D_u)),  whose log is added to the gate's logit
//
// over the omics that a sample has and shows. D is the log odds of two Gaussians, one in which m
// and mu are independent and one in which they go together; so an expert is trusted as far as it
// agrees with the others, as in a heavy-tailed product of experts. One omic of a sample at most is
// taken not to belong: it makes the others disagree, too, with a product that it is part of, and
// shall not draw them into doubt. A sample with a single omic is left as it is.
#pragma once

#include <string>
#include <vector>

#include "data/cohort.h"
#include "pieces/latent.h"

namespace poems {

/// The weights of one omic: a, b, c, each factors x 1, and d.
template <typename T>
struct AgreementWeights {
  Parameter<T> own, others, product, offset;

  AgreementWeights(const std::string& name, Index factors);

  std::vector<Parameter<T>*> parameters() { return {&own, &others, &product, &offset}; }
};

template <typename T>
struct Agreement {
  std::vector<AgreementWeights<T>> omics;

  Agreement(const std::vector<std::string>& omics, Index factors);

  /// Whether a parameter is one of these weights. They keep the values that training starts from:
  /// the loss rewards a gate that trusts whatever the decoders have to reconstruct, and would
  /// unlearn them.
  bool holds(const Parameter<T>* parameter) const;

  /// The logits (omics x B) with log P(belongs) added.
  Var<T> operator()(Tape<T>& tape, const Batch<T>& batch,
                    const std::vector<pieces::Gaussian<T>>& experts, Var<T> logits) const;

  /// What a pass keeps. B: samples in the batch.
  struct State {
    /// Per omic, tau and tau m: factors x B, 0 where a sample does not show the omic.
    std::vector<Matrix<T>> tau, weighted;
    std::vector<Index> shown;  ///< B: how many omics a sample shows
    Matrix<T> odds;            ///< omics x B: D; -inf where it is not asked
  };

 private:
  State odds_of(const Batch<T>& batch, const std::vector<pieces::Gaussian<T>>& experts) const;
  void backward(const Batch<T>& batch, const State& state, const Matrix<T>& d_logits,
                const std::vector<pieces::Gaussian<T>>& experts) const;
};

}  // namespace poems
