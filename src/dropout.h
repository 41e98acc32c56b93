// Dropout: a unit is kept with probability 1 - rate and then divided by it.
#pragma once

#include <cmath>
#include <cstdint>

#include "dropout_hash.h"
#include "random.h"

namespace poems {

/// The draws of one layer, or of one feature's hidden layer, in one epoch: which units of which
/// samples are dropped. Counter-based: a draw depends on the key, the sample and the unit alone.
struct DropoutDraws {
  std::uint32_t key0, key1;
  std::uint32_t threshold;  ///< of 65536; 0 for no dropout
  std::uint32_t words;      ///< hashes per sample: one decides two units

  bool drops(std::uint32_t sample, std::uint32_t unit) const {
    const std::uint32_t hash = dropout_hash(sample * words + unit / 2, key0, key1);
    return ((unit & 1) ? hash >> 16 : hash & 0xFFFF) < threshold;
  }
};

class Dropout {
 public:
  Dropout(Stream stream, double rate)
      : stream_(stream), threshold_(static_cast<std::uint32_t>(std::lround(rate * 65536.0))) {}

  bool active() const { return threshold_ > 0; }

  /// What kept units are multiplied by; exact for the rate as rounded to 1/65536.
  double keep_scale() const { return 65536.0 / (65536.0 - threshold_); }

  /// The draws for a hidden layer of `units`; `row` tells features apart.
  DropoutDraws draws(std::uint64_t row, Index units) const {
    const std::uint64_t key = stream_.bits(row);
    return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32), threshold_,
            static_cast<std::uint32_t>((units + 1) / 2)};
  }

  /// Zeroes or rescales one sample's activations.
  template <typename T>
  void apply(const DropoutDraws& draws, Index sample, T* activation, Index units) const {
    const T scale = static_cast<T>(keep_scale());
    const auto s = static_cast<std::uint32_t>(sample);
    for (Index h = 0; h < units; ++h)
      activation[h] = draws.drops(s, static_cast<std::uint32_t>(h)) ? T(0) : activation[h] * scale;
  }

 private:
  Stream stream_;
  std::uint32_t threshold_;
};

}  // namespace poems
