#include "tape/adamw.h"

#include <cmath>

namespace poems {

template <typename T>
void AdamW<T>::prepare_moments(Parameter<T>& parameter) const {
  if (parameter.first_moment.size() == parameter.value.size()) return;
  parameter.first_moment.setZero(parameter.value.rows(), parameter.value.cols());
  parameter.second_moment.setZero(parameter.value.rows(), parameter.value.cols());
}

template <typename T>
T AdamW<T>::bias_corrected_rate(const Parameter<T>& parameter) const {
  return static_cast<T>(rate_of(parameter) /
                        (1.0 - std::pow(config_.beta1, static_cast<double>(step_))));
}

template <typename T>
T AdamW<T>::second_moment_correction() const {
  return static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(config_.beta2, static_cast<double>(step_))));
}

template <typename T>
void AdamW<T>::update(Parameter<T>& parameter, bool decay, int threads) const {
  prepare_moments(parameter);
  const Index size = parameter.value.size();
  constexpr Index entry_block = 1 << 14;
  const double work = 10.0 * static_cast<double>(size);
  parallel_for(block_count(entry_block, size), work, threads, [&](Index i, int) {
    update_entries(parameter, decay, block_at(i, entry_block, size));
  });
}

template <typename T>
void AdamW<T>::update_columns(Parameter<T>& parameter, bool decay, Block columns) const {
  const Index rows = parameter.value.rows();
  update_entries(parameter, decay, {columns.begin * rows, columns.size * rows});
}

template <typename T>
void AdamW<T>::update_entries(Parameter<T>& parameter, bool decay, Block b) const {
  const T beta1 = static_cast<T>(config_.beta1), beta2 = static_cast<T>(config_.beta2);
  const T shrink = static_cast<T>(decay ? 1.0 - rate_of(parameter) * config_.weight_decay : 1.0);
  const T rate = bias_corrected_rate(parameter), correction = second_moment_correction();
  const T epsilon = static_cast<T>(config_.epsilon);
  using Entries = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;
  constexpr Index in_cache = 1024;  // of four arrays
  for (Index part = 0; part < block_count(in_cache, b.size); ++part) {
    const Block range = block_at(part, in_cache, b.size);
    const Index begin = b.begin + range.begin;
    Entries value(parameter.value.data() + begin, range.size);
    Entries gradient(parameter.gradient.data() + begin, range.size);
    Entries m(parameter.first_moment.data() + begin, range.size);
    Entries v(parameter.second_moment.data() + begin, range.size);
    m = beta1 * m + (T(1) - beta1) * gradient;
    v = beta2 * v + (T(1) - beta2) * gradient.square();
    value = value * shrink - rate * m / (v.sqrt() * correction + epsilon);
  }
}

template <typename T>
void AdamW<T>::update_nonzero_columns(Parameter<T>& parameter, Block columns) const {
  const T beta1 = static_cast<T>(config_.beta1), beta2 = static_cast<T>(config_.beta2);
  const T rate = bias_corrected_rate(parameter), correction = second_moment_correction();
  const T epsilon = static_cast<T>(config_.epsilon);
  const Index rows = parameter.value.rows();
  for (Index i = columns.begin * rows; i < (columns.begin + columns.size) * rows; ++i) {
    T& value = parameter.value.data()[i];
    if (value == T(0)) continue;
    const T gradient = parameter.gradient.data()[i];
    T& m = parameter.first_moment.data()[i];
    T& v = parameter.second_moment.data()[i];
    m = beta1 * m + (T(1) - beta1) * gradient;
    v = beta2 * v + (T(1) - beta2) * gradient * gradient;
    value -= rate * m / (std::sqrt(v) * correction + epsilon);
  }
}

template <typename T>
Matrix<T> AdamW<T>::step_sizes(const Parameter<T>& parameter, Block columns) const {
  const auto moments = parameter.second_moment.middleCols(columns.begin, columns.size).array();
  return static_cast<T>(rate_of(parameter)) /
         (moments.sqrt() * second_moment_correction() + static_cast<T>(config_.epsilon));
}

template class AdamW<float>;
template class AdamW<double>;

}  // namespace poems
