// Decisions taken from the fuzzer's bytes; when they run out, all decisions are the first.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <limits>
#include <vector>

#include "support/types.h"

namespace poems_fuzz {

using poems::Index;
using poems::Matrix;
using poems::Vector;

class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}

  Index count(Index least, Index most) { return bytes_.ConsumeIntegralInRange(least, most); }
  bool coin() { return bytes_.ConsumeBool(); }
  bool once_in(int times) { return count(0, times - 1) == times - 1; }
  double between(double least, double most) {
    return bytes_.ConsumeFloatingPointInRange(least, most);
  }

  template <typename Value>
  Value one_of(const std::vector<Value>& values) {
    return values[static_cast<std::size_t>(count(0, static_cast<Index>(values.size()) - 1))];
  }

  /// Numbers that arithmetic stumbles over.
  double odd_number() {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return one_of<double>({0.0, std::numeric_limits<double>::quiet_NaN(), 1e6, -1e6, 1e-30, 1e30,
                           -1e30, 1e-300, 1e300, -1e300, infinity, -infinity, -1.0, 0.5});
  }

  /// A size as it should be, or once in a while another.
  Index size(Index right) {
    if (!once_in(64)) return right;
    return count(0, right + 2);
  }

  /// Mostly `usual`, sometimes an odd number among them.
  Vector<double> numbers(Index right_size, double usual) {
    Vector<double> all = Vector<double>::Constant(size(right_size), usual);
    if (all.size() > 0 && once_in(8)) all(count(0, all.size() - 1)) = odd_number();
    return all;
  }

 private:
  FuzzedDataProvider bytes_;
};

}  // namespace poems_fuzz
