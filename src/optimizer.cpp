#include "optimizer.h"

#include <cmath>

#include "parallel.h"

namespace poems {

template <typename T>
void AdamW<T>::update(Parameter<T>& parameter, bool decay, int threads) const {
  const Index size = parameter.value.size();
  if (parameter.first_moment.size() != size) {
    parameter.first_moment.setZero(parameter.value.rows(), parameter.value.cols());
    parameter.second_moment.setZero(parameter.value.rows(), parameter.value.cols());
  }
  const double step = static_cast<double>(step_);
  const T beta1 = static_cast<T>(config_.beta1), beta2 = static_cast<T>(config_.beta2);
  const T shrink = static_cast<T>(decay ? 1.0 - config_.learning_rate * config_.weight_decay : 1.0);
  const T rate = static_cast<T>(config_.learning_rate / (1.0 - std::pow(config_.beta1, step)));
  const T correction = static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(config_.beta2, step)));
  const T epsilon = static_cast<T>(config_.epsilon);

  constexpr Index entry_block = 1 << 14;
  const double work = 10.0 * static_cast<double>(size);
  parallel_for(block_count(entry_block, size), work, threads, [&](Index i, int) {
    const Block b = block_at(i, entry_block, size);
    using Entries = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;
    Entries value(parameter.value.data() + b.begin, b.size);
    Entries gradient(parameter.gradient.data() + b.begin, b.size);
    Entries m(parameter.first_moment.data() + b.begin, b.size);
    Entries v(parameter.second_moment.data() + b.begin, b.size);
    m = beta1 * m + (T(1) - beta1) * gradient;
    v = beta2 * v + (T(1) - beta2) * gradient.square();
    value = value * shrink - rate * m / (v.sqrt() * correction + epsilon);
  });
}

template <typename T>
Matrix<T> AdamW<T>::step_sizes(const Parameter<T>& parameter) const {
  const double correction =
      1.0 / std::sqrt(1.0 - std::pow(config_.beta2, static_cast<double>(step_)));
  return static_cast<T>(config_.learning_rate) /
         (parameter.second_moment.array().sqrt() * static_cast<T>(correction) +
          static_cast<T>(config_.epsilon));
}

template class AdamW<float>;
template class AdamW<double>;

}  // namespace poems
