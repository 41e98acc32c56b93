#include "layers/mask.h"

namespace poems {

namespace {
constexpr double floor_of_size = 1e-6;
}

template <typename T>
void normalise_mask(const Matrix<T>& W, Matrix<T>& mask) {
  mask = W.array().abs() + static_cast<T>(floor_of_size);
  for (Index j = 0; j < W.cols(); ++j) mask.col(j) /= mask.col(j).sum();
}

template <typename T>
void normalise_mask_backward(const Matrix<T>& W, const Matrix<T>& mask, const Matrix<T>& d_mask,
                             Matrix<T>& d_W) {
  d_W.resize(W.rows(), W.cols());
  for (Index j = 0; j < W.cols(); ++j) {
    const T total = (W.col(j).array().abs() + static_cast<T>(floor_of_size)).sum();
    const T projection = d_mask.col(j).dot(mask.col(j));
    d_W.col(j) = W.col(j).array().sign() * (d_mask.col(j).array() - projection) / total;
  }
}

template void normalise_mask<float>(const Matrix<float>&, Matrix<float>&);
template void normalise_mask<double>(const Matrix<double>&, Matrix<double>&);
template void normalise_mask_backward<float>(const Matrix<float>&, const Matrix<float>&,
                                             const Matrix<float>&, Matrix<float>&);
template void normalise_mask_backward<double>(const Matrix<double>&, const Matrix<double>&,
                                              const Matrix<double>&, Matrix<double>&);

}  // namespace poems
