// The mask that multiplies the latent vector, one column per feature, made from the loadings W.
// Plain: the mask is W. Row-normalised (optional in the published code): each feature's
// m_k = (|w_k| + 1e-6) / sum_i (|w_i| + 1e-6).
#pragma once

#include "support/types.h"

namespace poems {

/// W, mask: factors x features.
template <typename T>
void normalise_mask(const Matrix<T>& W, Matrix<T>& mask);

/// From the mask's gradient to that of W (replaced):
/// d_w_k = sign(w_k) (d_m_k - sum_i d_m_i m_i) / sum_i (|w_i| + 1e-6).
template <typename T>
void normalise_mask_backward(const Matrix<T>& W, const Matrix<T>& mask, const Matrix<T>& d_mask,
                             Matrix<T>& d_W);

}  // namespace poems
