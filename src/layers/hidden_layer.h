// The decoder's hidden layer of one feature before the relu, as it is after training (without
// dropout): what analyses of a trained model start from.
#pragma once

#include <vector>

#include "kernel/product.h"
#include "layers/decoder.h"
#include "support/parallel.h"

namespace poems {

template <typename T>
class HiddenLayer {
 public:
  // Of the feature at hand.
  std::vector<Index> active;  ///< factors whose loading is not 0
  Matrix<T> weights;          ///< A diag(m_j) without the columns that are 0: hidden x active

  // Of the tile at hand.
  Matrix<T> z;       ///< tile x active
  Matrix<T> values;  ///< z weights', tile x hidden
  Matrix<T> slopes;  ///< after set_slopes(): d xhat_nj / d z_nk, tile x active

  /// mask: factors x features; z: samples x factors. All three must outlive this.
  HiddenLayer(const SparseDecoder<T>& decoder, const Matrix<T>& mask, const Matrix<T>& all_z)
      : decoder_(decoder), mask_(mask), all_z_(all_z) {}

  void set_feature(Index j) {
    active.clear();
    for (Index k = 0; k < mask_.rows(); ++k)
      if (mask_(k, j) != T(0)) active.push_back(k);
    weights.resize(decoder_.hidden.value.rows(), static_cast<Index>(active.size()));
    for (std::size_t a = 0; a < active.size(); ++a)
      weights.col(a) = decoder_.hidden.value.col(active[a]) * mask_(active[a], j);
  }

  void set_tile(Block samples) {
    z.resize(samples.size, weights.cols());
    for (std::size_t a = 0; a < active.size(); ++a)
      z.col(a) = all_z_.col(active[a]).segment(samples.begin, samples.size);
    values.resize(samples.size, weights.rows());
    product(z, weights.transpose(), values);
  }

  /// The slopes of feature j, sum_h v_hj weights_hk [hidden unit h is on].
  void set_slopes(Index j) {
    // 1 where a unit is on, by arithmetic that compilers vectorise.
    on_ = (values.array() * T(1e30)).max(T(0)).min(T(1));
    of_unit_ = decoder_.output.value.col(j).asDiagonal() * weights;
    slopes.resize(values.rows(), weights.cols());
    product(on_, of_unit_, slopes);
  }

 private:
  Matrix<T> on_, of_unit_;
  const SparseDecoder<T>& decoder_;
  const Matrix<T>& mask_;
  const Matrix<T>& all_z_;
};

/// Samples of a tile: their hidden layer stays in cache.
constexpr Index hidden_layer_tile = 256;

/// Features that one thread handles at a time.
constexpr Index hidden_layer_features = 32;

}  // namespace poems
