// Dropout: a unit is kept with probability 1 - rate and then divided by it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "random.h"

namespace poems {

/// The dropout of one layer in one epoch. What a unit draws depends on the stream, the row (say, a
/// sample, or a sample and a feature) and the unit's place in the row.
class Dropout {
 public:
  Dropout(Stream stream, double rate)
      : stream_(stream), threshold_(static_cast<std::uint32_t>(std::lround(rate * 65536.0))) {}

  bool active() const { return threshold_ > 0; }

  /// What kept units are multiplied by; exact for the rate as rounded to 1/65536.
  double keep_scale() const { return 65536.0 / (65536.0 - threshold_); }

  /// Zeroes or rescales `units` activations. One 64-bit draw decides four of them.
  template <typename T>
  void apply(std::uint64_t row, T* activation, Index units) const {
    const T scale = static_cast<T>(keep_scale());
    const std::uint64_t words = static_cast<std::uint64_t>((units + 3) / 4);
    std::uint64_t position = row * words;
    for (Index h = 0; h < units; h += 4, ++position) {
      std::uint64_t bits = stream_.bits(position);
      for (Index i = h; i < std::min(h + 4, units); ++i, bits >>= 16)
        activation[i] = (bits & 0xFFFF) < threshold_ ? T(0) : activation[i] * scale;
    }
  }

 private:
  Stream stream_;
  std::uint32_t threshold_;
};

}  // namespace poems
