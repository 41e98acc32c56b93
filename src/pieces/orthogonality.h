// How alike two embeddings of the same samples are: the mean over samples and coordinates of a o b.
// Of unit samples that is their mean cosine / K. It is signed: the least is at b = -a.
#pragma once

#include "pieces/arithmetic.h"

namespace poems::pieces {

template <typename T>
Var<T> orthogonality(Tape<T>& tape, Var<T> a, Var<T> b) {
  return mean(tape, times(tape, a, b));
}

}  // namespace poems::pieces
