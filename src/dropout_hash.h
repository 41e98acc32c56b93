// The hash behind dropout, for one 32-bit counter or a vector of them alike. Includes nothing, so
// that kernels compiled for other instruction sets can use it.
#pragma once

namespace poems {

/// A well-mixed function of (counter, key). U: unsigned 32-bit integers, one or a vector. The two
/// halves of the result decide two units.
template <typename U>
inline __attribute__((always_inline)) U dropout_hash(U counter, unsigned key0, unsigned key1) {
  counter ^= key0;
  counter ^= counter >> 16;
  counter *= 0x7FEB352DU;
  counter ^= key1;
  counter ^= counter >> 15;
  counter *= 0x846CA68BU;
  counter ^= counter >> 16;
  return counter;
}

}  // namespace poems
