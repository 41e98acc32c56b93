// The sparse decoders of all omics, as one piece: they share the threads. From z_v, which may
// be the same for all, to the terms
//
//   weight_v  sum_n,j  -log p(x_nj | decoder_v(z_vn)_j),   over the samples that have omic v
//
// Where the tape records, a term is computed with its gradients, in the backward pass.
#pragma once

#include <vector>

#include "layers/decoder_pass.h"
#include "tape/tape.h"

namespace poems {

/// What is decoded of one omic.
template <typename T>
struct DecodedOmic {
  const SparseDecoder<T>* decoder;
  Likelihood<T>* likelihood;
  Var<T> z;               ///< factors x B
  const Matrix<T>* mask;  ///< factors x features: that of a node, or the loadings themselves
  Matrix<T>* d_mask;      ///< where its gradient is added
  double weight;          ///< of the term
  Dropout dropout;
};

struct DecoderSettings {
  bool skip_zeros;  ///< no gradients of the mask's zeros
  int threads;
};

/// The terms, one per omic, each of another decoder. The workspaces serve pass after pass.
template <typename T>
std::vector<Var<T>> decode_omics(Tape<T>& tape, const std::vector<DecodedOmic<T>>& omics,
                                 const Batch<T>& batch, const DecoderSettings& settings,
                                 std::vector<DecoderWorkspace<T>>& workspaces);

/// One omic decoded without dropout and covariates: samples x features.
template <typename T>
Matrix<T> decode(const SparseDecoder<T>& decoder, const Matrix<T>& mask, const Matrix<T>& z,
                 int threads);

}  // namespace poems
