// Inner products of samples, from which the linear start of training takes principal components.
#pragma once

#include "support/types.h"

namespace poems {

/// X X': samples x samples, from X: samples x features.
Matrix<float> inner_products(const Matrix<float>& x, int threads);

}  // namespace poems
