// Gaussian latents and their parts; all K x B.
//
//   sample   z = mean + exp(logvar / 2) o eps
//   kl       1/2 (mean^2 + exp(logvar) - 1 - logvar), of every factor and sample, to N(0, 1)
//   block    some rows of x           stack   x_1 on x_2 on ...           detach  x, as a constant
#pragma once

#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
struct Gaussian {
  Var<T> mean = nullptr, logvar = nullptr;
};

template <typename T>
Var<T> sample(Tape<T>& tape, Gaussian<T> q, Var<T> eps) {
  Var<T> z = tape.node({q.mean, q.logvar, eps});
  z->value = q.mean->value.array() + (q.logvar->value.array() / T(2)).exp() * eps->value.array();
  tape.on_backward(z, [q, eps, z] {
    q.mean->add_gradient(z->gradient);
    q.logvar->add_gradient(
        (z->gradient.array() * (z->value - q.mean->value).array() / T(2)).matrix());
    eps->add_gradient((z->gradient.array() * (q.logvar->value.array() / T(2)).exp()).matrix());
  });
  return z;
}

template <typename T>
Var<T> kl(Tape<T>& tape, Gaussian<T> q) {
  Var<T> y = tape.node({q.mean, q.logvar});
  const auto logvar = q.logvar->value.array();
  y->value = T(0.5) * (q.mean->value.array().square() + logvar.exp() - T(1) - logvar);
  tape.on_backward(y, [q, y] {
    q.mean->add_gradient(y->gradient.cwiseProduct(q.mean->value));
    q.logvar->add_gradient(
        (T(0.5) * y->gradient.array() * (q.logvar->value.array().exp() - T(1))).matrix());
  });
  return y;
}

template <typename T>
Var<T> block(Tape<T>& tape, Var<T> x, Index first, Index rows) {
  Var<T> y = tape.node({x});
  y->value = x->value.middleRows(first, rows);
  tape.on_backward(y, [x, first, rows, y] { x->gradient.middleRows(first, rows) += y->gradient; });
  return y;
}

template <typename T>
Var<T> stack(Tape<T>& tape, const std::vector<Var<T>>& xs) {
  Index rows = 0;
  for (Var<T> x : xs) rows += x->value.rows();
  Var<T> y = tape.node(xs);
  y->value.resize(rows, xs[0]->value.cols());
  Index first = 0;
  for (Var<T> x : xs) {
    y->value.middleRows(first, x->value.rows()) = x->value;
    first += x->value.rows();
  }
  tape.on_backward(y, [xs, y] {
    Index row = 0;
    for (Var<T> x : xs) {
      x->add_gradient(y->gradient.middleRows(row, x->value.rows()));
      row += x->value.rows();
    }
  });
  return y;
}

template <typename T>
Var<T> detach(Tape<T>& tape, Var<T> x) {
  return tape.constant(x->value);
}

}  // namespace poems::pieces
