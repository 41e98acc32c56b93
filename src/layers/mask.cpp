#include "layers/mask.h"

namespace poems {

namespace {
constexpr double floor_of_size = 1e-6;
}

template <typename T>
Matrix<T> normalised_mask(const Matrix<T>& W) {
  Matrix<T> mask = W.array().abs() + static_cast<T>(floor_of_size);
  for (Index j = 0; j < W.cols(); ++j) mask.col(j) /= mask.col(j).sum();
  return mask;
}

template <typename T>
Var<T> normalise_mask(Tape<T>& tape, Var<T> W) {
  Var<T> mask = tape.node({W});
  mask->value = normalised_mask(W->value);
  tape.on_backward(mask, [W, mask] {
    for (Index j = 0; j < W->value.cols(); ++j) {
      const auto w = W->value.col(j).array();
      const auto d_mask = mask->gradient.col(j);
      const T total = (w.abs() + static_cast<T>(floor_of_size)).sum();
      const T projection = d_mask.dot(mask->value.col(j));
      W->gradient.col(j).array() += w.sign() * (d_mask.array() - projection) / total;
    }
  });
  return mask;
}

template Matrix<float> normalised_mask<float>(const Matrix<float>&);
template Matrix<double> normalised_mask<double>(const Matrix<double>&);
template Var<float> normalise_mask<float>(Tape<float>&, Var<float>);
template Var<double> normalise_mask<double>(Tape<double>&, Var<double>);

}  // namespace poems
