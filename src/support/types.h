// Shared names for numbers and matrices. Matrices are column-major; a batch holds one sample per
// column, so an omic is features x samples, as Bioconductor stores it.
#pragma once

#include <cstdint>

#include "support/eigen.h"

namespace poems {

using Eigen::Index;

template <typename T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
template <typename T>
using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

}  // namespace poems
