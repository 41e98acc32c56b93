// Products of wide matrices in single precision, and inner products of samples, from which the
// linear start of training takes principal components.
#pragma once

#include "support/types.h"

namespace poems {

/// left * right.
Matrix<float> products(const Matrix<float>& left, const Eigen::Ref<const Matrix<float>>& right,
                       int threads);

/// X X': samples x samples, from X: samples x features.
Matrix<float> inner_products(const Matrix<float>& x, int threads);

}  // namespace poems
