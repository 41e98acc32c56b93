// The mask that multiplies the latent vector, one column per feature, made from the loadings W.
// Plain: the mask is W. Row-normalised (optional in the published code): each feature's
//
//   m_k = (|w_k| + 1e-6) / sum_i (|w_i| + 1e-6)
//   d_w_k = sign(w_k) (d_m_k - sum_i d_m_i m_i) / sum_i (|w_i| + 1e-6)
#pragma once

#include "tape/tape.h"

namespace poems {

/// W, mask: factors x features.
template <typename T>
Matrix<T> normalised_mask(const Matrix<T>& W);

template <typename T>
Var<T> normalise_mask(Tape<T>& tape, Var<T> W);

}  // namespace poems
