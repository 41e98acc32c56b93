// The largest principal components of many samples, without all the others.
#pragma once

#include "support/types.h"

namespace poems {

/// Eigenvalues of X X', largest first, and eigenvectors: samples x components, orthonormal.
struct Components {
  Vector<double> values;
  Matrix<double> vectors;
};

/// x: samples x features. At most `most` components, by a block Krylov method (Musco and Musco
/// 2015) in single precision. Those that stand out are exact to that precision; where many are
/// asked for, the last ones span about what they should.
Components leading_components(const Matrix<float>& x, Index most, int threads);

}  // namespace poems
