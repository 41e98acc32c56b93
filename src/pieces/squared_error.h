// Half the squared error of what is observed, each entry with the same share:
//
//   y = share / 2 sum_jn o_jn (x_jn - x_hat_jn)^2,   dx_hat = share o (x_hat - x)
//
// x, x_hat, o: D x B; o is 1 where x was observed and 0 elsewhere.
#pragma once

#include "tape/tape.h"

namespace poems::pieces {

/// observed: a constant, or none where nothing is missing.
template <typename T>
Var<T> squared_error(Tape<T>& tape, Var<T> x, Var<T> x_hat, Var<T> observed,
                     double share_of_entry) {
  const T share = static_cast<T>(share_of_entry);
  Var<T> r = tape.node({x, x_hat}), y = tape.node({x, x_hat});
  r->value = x->value - x_hat->value;
  if (observed) r->value.array() *= observed->value.array();
  y->value.setConstant(1, 1, T(0.5) * share * r->value.squaredNorm());
  tape.on_backward(y, [x, x_hat, r, y, share] {
    const T weight = share * y->gradient(0);
    x->add_gradient(weight * r->value);
    x_hat->add_gradient(-weight * r->value);
  });
  return y;
}

}  // namespace poems::pieces
