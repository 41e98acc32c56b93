// Gated product of experts (Eq. 1): the posterior that all omics of a sample share.
//
//   tau_v = exp(-logvar_v),  P = sum_v alpha_v tau_v
//   logvar = -log P,         mean = sum_v alpha_v tau_v mean_v / P
//
// Sums run over the omics that the sample has. With a = alpha tau: the share of an expert is a / P,
// and dL/da = (d_mean (mean_v - mean) - d_logvar) / P.
#pragma once

#include <vector>

#include "data/cohort.h"
#include "pieces/latent.h"

namespace poems {

/// factors x B. alpha: omics x B.
template <typename T>
pieces::Gaussian<T> fuse(Tape<T>& tape, const Batch<T>& batch,
                         const std::vector<pieces::Gaussian<T>>& experts, Var<T> alpha,
                         int threads);

}  // namespace poems
