// Counter-based random numbers: what is drawn depends on (seed, purpose, epoch, position) alone,
// never on how many numbers were drawn before or on which thread asks. The generator is SplitMix64
// (Steele, Lea and Flood 2014) read at any position: mix(key + position * golden ratio).
#pragma once

#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "support/types.h"

namespace poems {

/// What a stream is for; streams of different purposes are independent.
enum class Purpose : std::uint64_t {
  initialise = 1,
  split,
  shuffle,
  latent_normals,
  validation_normals,
  encoder_dropout_1,
  encoder_dropout_2,
  decoder_dropout,
  hide_omics,
  components
};

class Stream {
 public:
  /// `part` tells apart streams of one purpose and epoch, such as those of different omics.
  Stream(std::uint64_t seed, Purpose purpose, std::uint64_t epoch, std::uint64_t part = 0)
      : key_(mix(mix(mix(mix(seed + golden) + static_cast<std::uint64_t>(purpose)) + epoch) +
                 part)) {}

  std::uint64_t bits(std::uint64_t position) const { return mix(key_ + position * golden); }

  /// Uniform on (0, 1).
  double uniform(std::uint64_t position) const {
    return (static_cast<double>(bits(position) >> 11) + 0.5) * 0x1.0p-53;
  }

  /// Standard normal, by the Box-Muller transform of two uniforms.
  double normal(std::uint64_t position) const {
    const double radius = std::sqrt(-2.0 * std::log(uniform(2 * position)));
    return radius * std::cos(6.283185307179586477 * uniform(2 * position + 1));
  }

  /// A uniformly random order of 0 .. n - 1 (Fisher-Yates).
  std::vector<Index> permutation(Index n) const {
    std::vector<Index> order(n);
    std::iota(order.begin(), order.end(), Index{0});
    for (Index i = n - 1; i > 0; --i) {
      const auto j =
          static_cast<Index>(uniform(static_cast<std::uint64_t>(i)) * static_cast<double>(i + 1));
      std::swap(order[i], order[j]);
    }
    return order;
  }

 private:
  static constexpr std::uint64_t golden = 0x9E3779B97F4A7C15ULL;

  static std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
  }

  std::uint64_t key_;
};

}  // namespace poems
