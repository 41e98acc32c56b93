#include "layers/decoder.h"

#include <cmath>

namespace poems {

template <typename T>
SparseDecoder<T>::SparseDecoder(const std::string& name, Index features, Index factors,
                                Index hidden_units, Index covariates)
    : hidden(name + "/decoder/hidden/weight", hidden_units, factors),
      W(name + "/W", factors, features, false),
      output(name + "/decoder/output/weight", hidden_units, features),
      bias(name + "/decoder/output/bias", features, 1, false),
      effects(name + "/covariate_effects", covariates, features, false) {
  effects.transposed = true;
  W.transposed = true;
  output.transposed = true;
}

template <typename T>
void SparseDecoder<T>::initialise(std::uint64_t seed, std::uint64_t& part, bool unit_norm) {
  const double factors = static_cast<double>(hidden.value.cols());
  const double units = static_cast<double>(hidden.value.rows());
  hidden.fill_uniform(Stream(seed, Purpose::initialise, 0, part++), 1.0 / std::sqrt(factors));
  output.fill_uniform(Stream(seed, Purpose::initialise, 0, part++), 1.0 / std::sqrt(units));
  bias.fill_uniform(Stream(seed, Purpose::initialise, 0, part++), 1.0 / std::sqrt(units));
  if (unit_norm) {
    bias.value.setZero();
    normalise_to_unit();
  }
  W.fill_normal(Stream(seed, Purpose::initialise, 0, part++));
}

template <typename T>
void SparseDecoder<T>::normalise_to_unit() {
  normalise_outputs(normalise_hidden(), {0, output.value.cols()});
}

template <typename T>
Vector<T> SparseDecoder<T>::normalise_hidden() {
  Vector<T> lengths = hidden.value.colwise().norm();
  for (Index k = 0; k < lengths.size(); ++k) {
    if (lengths(k) == T(0)) lengths(k) = T(1);  // a column that is all zero stays so
    hidden.value.col(k) /= lengths(k);
  }
  return lengths;
}

template <typename T>
void SparseDecoder<T>::normalise_outputs(const Vector<T>& lengths, Block features) {
  for (Index j = features.begin; j < features.begin + features.size; ++j) {
    T length = output.value.col(j).norm();
    if (length == T(0)) length = T(1);
    output.value.col(j) /= length;
    W.value.col(j).array() *= lengths.array() * length;
  }
}

template struct SparseDecoder<float>;
template struct SparseDecoder<double>;

}  // namespace poems
