// The spike-and-slab lasso's expected penalty on loadings W, or on the mask made from them (K x D),
//
//   sum_jk (lambda1 p_jk + lambda0 (1 - p_jk)) |w_jk|
//
// with p as it is: the EM step that moves it comes after the optimiser's.
#pragma once

#include "pieces/spike_slab.h"
#include "tape/tape.h"

namespace poems::pieces {

/// The slab must stay as it is until the backward pass is done.
template <typename T>
Var<T> spike_slab_penalty(Tape<T>& tape, const SpikeSlab<T>& slab, Var<T> W, int threads = 1) {
  Var<T> y = tape.node({W});
  y->set_scalar(slab.penalty(W->value, threads));
  tape.on_backward(y, [y, &slab, W] {
    slab.add_gradient(W->value, static_cast<double>(y->gradient(0)), W->gradient);
  });
  return y;
}

}  // namespace poems::pieces
