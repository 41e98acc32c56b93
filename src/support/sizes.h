// Sizes of what the core is given: checked where it comes in, since Eigen checks none of them.
#pragma once

#include <stdexcept>
#include <string>

#include "support/types.h"

namespace poems {

inline void check_size(Index actual, Index expected, const std::string& what) {
  if (actual != expected)
    throw std::invalid_argument(what + ": there must be " + std::to_string(expected) + ", not " +
                                std::to_string(actual) + ".");
}

/// Of a position counted from 0.
inline void check_position(Index position, Index count, const std::string& what) {
  if (position < 0 || position >= count)
    throw std::invalid_argument(what + ": there is no number " + std::to_string(position + 1) +
                                " of " + std::to_string(count) + ".");
}

}  // namespace poems
