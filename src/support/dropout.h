// Dropout: a unit is kept with probability 1 - rate and then divided by it.
#pragma once

#include <cmath>
#include <cstdint>

#include "support/dropout_hash.h"
#include "support/random.h"

namespace poems {

/// The draws of one layer, or of one feature's hidden layer, in one epoch: which units of which
/// samples are dropped. Counter-based: a draw depends on the keys, the sample and the unit alone.
struct DropoutDraws {
  std::uint64_t sample_key;  ///< of the layer, the same for all features
  std::uint64_t unit_key;
  std::uint32_t threshold;  ///< of 65536; 0 for no dropout

  static std::uint32_t word(std::uint32_t counter, std::uint64_t key) {
    return dropout_word(counter, static_cast<std::uint32_t>(key),
                        static_cast<std::uint32_t>(key >> 32));
  }

  std::uint32_t sample_word(Index sample) const {
    return word(static_cast<std::uint32_t>(sample), sample_key);
  }

  bool drops(std::uint32_t sample_word, std::uint32_t unit) const {
    const std::uint32_t draws = dropout_draws(sample_word, word(unit / 2, unit_key));
    return ((unit & 1) ? draws >> 16 : draws & 0xFFFF) < threshold;
  }
};

class Dropout {
 public:
  Dropout(Stream stream, double rate)
      : stream_(stream), threshold_(static_cast<std::uint32_t>(std::lround(rate * 65536.0))) {}

  bool active() const { return threshold_ > 0; }

  /// What kept units are multiplied by; exact for the rate as rounded to 1/65536.
  double keep_scale() const { return 65536.0 / (65536.0 - threshold_); }

  /// `row` tells features apart.
  DropoutDraws draws(std::uint64_t row) const {
    constexpr std::uint64_t no_row = ~std::uint64_t{0};
    return {stream_.bits(no_row), stream_.bits(row), threshold_};
  }

  /// Zeroes or rescales one sample's activations.
  template <typename T>
  void apply(const DropoutDraws& draws, Index sample, T* activation, Index units) const {
    const T scale = static_cast<T>(keep_scale());
    const std::uint32_t word = draws.sample_word(sample);
    for (Index h = 0; h < units; ++h)
      activation[h] =
          draws.drops(word, static_cast<std::uint32_t>(h)) ? T(0) : activation[h] * scale;
  }

 private:
  Stream stream_;
  std::uint32_t threshold_;
};

}  // namespace poems
