// weight times -log of the prior of a likelihood's noise; nothing where it has none.
// observations: how many the objective adds to the prior's count.
#pragma once

#include "likelihoods/likelihood.h"
#include "tape/tape.h"

namespace poems::pieces {

/// The likelihood must stay as it is until the backward pass is done.
template <typename T>
Var<T> noise_prior(Tape<T>& tape, Likelihood<T>& likelihood, double weight, double observations) {
  Var<T> y = tape.node();
  y->set_scalar(weight * likelihood.prior(observations));
  tape.on_backward(y, [y, &likelihood, weight, observations] {
    likelihood.add_prior_gradient(weight * static_cast<double>(y->gradient(0)), observations);
  });
  return y;
}

}  // namespace poems::pieces
