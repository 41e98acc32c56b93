// The log-variance of a Gaussian whose standard deviation is softplus(x), entry by entry.
//
//   y = 2 log log(1 + e^x),   dx = dy 2 logistic(x) / log(1 + e^x)
#pragma once

#include <cmath>

#include "likelihoods/link_likelihood.h"
#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
Var<T> softplus_logvar(Tape<T>& tape, Var<T> x) {
  constexpr double tail = -30.0;  // from where on softplus(x) is e^x
  Var<T> y = tape.node({x});
  y->value = x->value.unaryExpr(
      [](T r) { return static_cast<T>(2.0 * (r < tail ? r : std::log(softplus(r)))); });
  tape.on_backward(y, [x, y] {
    x->add_gradient(y->gradient.cwiseProduct(x->value.unaryExpr(
        [](T r) { return static_cast<T>(r < tail ? 2.0 : 2.0 * logistic(r) / softplus(r)); })));
  });
  return y;
}

}  // namespace poems::pieces
