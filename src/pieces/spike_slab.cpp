#include "pieces/spike_slab.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace poems {

namespace {
constexpr Index features_at_once = 256;
}

template <typename T>
SpikeSlab<T>::SpikeSlab(const SpikeSlabConfig& config, Index factors, Index features)
    : inclusion_probability(Matrix<T>::Constant(factors, features, T(0.5))),
      inclusion_rate(Matrix<T>::Constant(factors, 1, T(0.5))),
      config_(config) {}

template <typename T>
double SpikeSlab<T>::penalty(const Matrix<T>& W, int threads) const {
  std::vector<double> sums(block_count(features_at_once, W.cols()));
  parallel_for(static_cast<Index>(sums.size()), static_cast<double>(W.size()), threads,
               [&](Index i, int) {
                 const Block b = block_at(i, features_at_once, W.cols());
                 const auto p = inclusion_probability.middleCols(b.begin, b.size).array();
                 const auto size = W.middleCols(b.begin, b.size).array().abs();
                 const T spike = static_cast<T>(config_.lambda0);
                 const T gain = static_cast<T>(config_.lambda0 - config_.lambda1);
                 sums[i] = static_cast<double>(((spike - gain * p) * size).sum());
               });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

template <typename T>
void SpikeSlab<T>::add_gradient(const Matrix<T>& W, double weight, Matrix<T>& d_W) const {
  for (Index j = 0; j < W.cols(); ++j)
    for (Index k = 0; k < W.rows(); ++k)
      if (W(k, j) != T(0))
        d_W(k, j) += static_cast<T>(weight) * rate(k, j) * std::copysign(T(1), W(k, j));
}

template <typename T>
void SpikeSlab<T>::proximal_step(const Matrix<T>& step, double weight, Block features,
                                 Matrix<T>& W) const {
  const T spike = static_cast<T>(config_.lambda0 * weight);
  const T gain = static_cast<T>((config_.lambda0 - config_.lambda1) * weight);
  auto w = W.middleCols(features.begin, features.size).array();
  const auto p = inclusion_probability.middleCols(features.begin, features.size).array();
  const auto threshold = step.array() * (spike - gain * p);
  // What soft thresholding leaves of w is w less its part within +-threshold.
  w -= w.min(threshold).max(-threshold);
}

template <typename T>
void SpikeSlab<T>::update(const Matrix<T>& W, int threads) {
  const Index factors = W.rows();
  const double density_ratio = config_.proper_densities ? config_.lambda0 / config_.lambda1 : 1.0;
  const double difference = config_.lambda0 - config_.lambda1;
  // p = 1 / (1 + odds of the spike), the spike's odds being
  // (1 - eta) / eta * lambda0 / lambda1 * exp(-(lambda0 - lambda1) |w|).
  const auto eta = inclusion_rate.col(0).array().template cast<double>();
  const Vector<double> prior_odds = (1.0 - eta) / eta * density_ratio;
  const Index blocks = block_count(features_at_once, W.cols());
  Matrix<double> sums = Matrix<double>::Zero(factors, blocks);
  constexpr double exponential = 100.0;  // multiplications that take as long
  parallel_for(blocks, exponential * static_cast<double>(W.size()), threads, [&](Index i, int) {
    const Block b = block_at(i, features_at_once, W.cols());
    for (Index j = b.begin; j < b.begin + b.size; ++j)
      for (Index k = 0; k < factors; ++k) {
        const double size = std::abs(static_cast<double>(W(k, j)));
        const double evidence = difference * size + sets.log_odds(k, j);
        const double p = 1.0 / (1.0 + prior_odds(k) * std::exp(-evidence));
        inclusion_probability(k, j) = static_cast<T>(p);
        sums(k, i) += p;
      }
  });
  for (Index k = 0; k < factors; ++k)
    inclusion_rate(k) =
        static_cast<T>(poems::inclusion_rate(sums.row(k).sum(), config_.a, config_.b, W.cols(),
                                             sets.count(k, {0, W.cols()}), sets.odds));
}

template class SpikeSlab<float>;
template class SpikeSlab<double>;

}  // namespace poems
