// The hashes behind dropout, for one 32-bit number or a vector of them alike. Includes nothing, so
// that kernels compiled for other instruction sets can use it.
//
// A draw is a short mix of two well-mixed words, one of the sample and one of the feature and unit.
// Words are computed once, the mix for every sample, feature and pair of units.
#pragma once

namespace poems {

/// A well-mixed function of (counter, key). U: unsigned 32-bit integers, one or a vector.
template <typename U>
inline __attribute__((always_inline)) U dropout_word(U counter, unsigned key0, unsigned key1) {
  counter ^= key0;
  counter ^= counter >> 16;
  counter *= 0x7FEB352DU;
  counter ^= key1;
  counter ^= counter >> 15;
  counter *= 0x846CA68BU;
  counter ^= counter >> 16;
  return counter;
}

/// Two draws of 16 bits, in the lower and the upper half, which decide two units of one sample.
template <typename U>
inline __attribute__((always_inline)) U dropout_draws(U sample_word, unsigned unit_word) {
  U x = sample_word ^ unit_word;
  x *= 0x9E3779B1U;
  x ^= x >> 15;
  return x * 0x85EBCA77U;
}

}  // namespace poems
