// The spike-and-slab lasso's expected penalty on the loadings W (K x D) in the published scaling,
//
//   sum_jk (lambda1 p_jk + lambda0 (1 - p_jk)) |w_jk| / B
//
// with p as it is: the EM step that moves it comes after the optimiser's.
#pragma once

#include "pieces/spike_slab.h"
#include "tape/tape.h"

namespace poems::pieces {

/// The slab must stay as it is until the backward pass is done.
template <typename T>
Var<T> spike_slab_penalty(Tape<T>& tape, const SpikeSlab<T>& slab, Parameter<T>& W, Index samples) {
  const double share = 1.0 / static_cast<double>(samples);
  Var<T> y = tape.node();
  y->value.setConstant(1, 1, static_cast<T>(share * slab.penalty(W.value, 1)));
  tape.on_backward(y, [y, &slab, &W, share] {
    slab.add_gradient(W.value, share * static_cast<double>(y->gradient(0)), W.gradient);
  });
  return y;
}

}  // namespace poems::pieces
