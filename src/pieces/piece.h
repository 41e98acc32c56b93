// What pieces with parameters have in common: they list them, and they start them. These do so for
// pieces made of pieces.
#pragma once

#include <vector>

#include "tape/parameter.h"

namespace poems::pieces {

/// How weights of linear layers start; their biases are uniform in +-1/sqrt(in) in either case.
enum class Start {
  uniform,  ///< uniform in +-1/sqrt(in)
  kaiming   ///< N(0, 2 / in)
};

template <typename T, typename Piece>
void append(Piece& piece, std::vector<Parameter<T>*>& list) {
  for (Parameter<T>* p : piece.parameters()) list.push_back(p);
}

template <typename T, typename Piece>
void append(std::vector<Piece>& pieces, std::vector<Parameter<T>*>& list) {
  for (Piece& piece : pieces) append(piece, list);
}

/// The parameters of several pieces, or lists of pieces.
template <typename T, typename... Pieces>
std::vector<Parameter<T>*> parameters_of(Pieces&... pieces) {
  std::vector<Parameter<T>*> list;
  (append(pieces, list), ...);
  return list;
}

/// Starts several pieces; part: the next stream's number.
template <typename... Pieces>
void initialise_all(Start start, std::uint64_t seed, std::uint64_t& part, Pieces&... pieces) {
  (pieces.initialise(start, seed, part), ...);
}

}  // namespace poems::pieces
