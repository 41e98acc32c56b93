// Gated product of experts, without a prior expert.
//
//   tau_v = exp(-logvar_v),  P = sum_v alpha_v tau_v
//   mean = sum_v alpha_v tau_v mean_v / P,   logvar = -log P
//
// With a_v = alpha_v tau_v: dL/da_v = (dmean o (mean_v - mean) - dlogvar) / P.
// Experts and product: K x B, alpha: V x B. An expert whose alpha is 0 says nothing: that is how
// samples lack omics.
#pragma once

#include "pieces/latent.h"
#include "pieces/members.h"

namespace poems::pieces {

template <typename T>
Gaussian<T> product_of_experts(Tape<T>& tape, const std::vector<Gaussian<T>>& experts,
                               Var<T> alpha) {
  const auto precision = [alpha](const Gaussian<T>& expert, std::size_t v) -> Matrix<T> {
    return (-expert.logvar->value.array()).exp().matrix() *
           alpha->value.row(static_cast<Index>(v)).asDiagonal();
  };
  Gaussian<T> q{tape.node(), tape.node()};
  Matrix<T> total = Matrix<T>::Zero(experts[0].mean->value.rows(), alpha->value.cols());
  q.mean->value = total;
  for (std::size_t v = 0; v < experts.size(); ++v) {
    const Matrix<T> a = precision(experts[v], v);
    total += a;
    q.mean->value += a.cwiseProduct(experts[v].mean->value);
  }
  q.mean->value.array() /= total.array();
  q.logvar->value = -total.array().log();

  // One backward for both nodes: when it runs, all that uses either of them has run.
  tape.on_backward(q.mean, [q, experts, alpha, precision] {
    const Matrix<T> variance = q.logvar->value.array().exp();
    for (std::size_t v = 0; v < experts.size(); ++v) {
      const Gaussian<T>& expert = experts[v];
      const Matrix<T> a = precision(expert, v);
      const Matrix<T> d_a =
          (q.mean->gradient.cwiseProduct(expert.mean->value - q.mean->value) - q.logvar->gradient)
              .cwiseProduct(variance);
      expert.mean->add_gradient(q.mean->gradient.cwiseProduct(a).cwiseProduct(variance));
      expert.logvar->add_gradient(-d_a.cwiseProduct(a));
      if (!alpha->constant)
        alpha->gradient.row(static_cast<Index>(v)) +=
            (d_a.array() * (-expert.logvar->value.array()).exp()).colwise().sum().matrix();
    }
  });
  return q;
}

/// Of experts that only the members of their omics have, each K x members of v.
template <typename T>
Gaussian<T> product_of_experts(Tape<T>& tape, std::vector<Gaussian<T>> experts, Var<T> alpha,
                               const Members& members) {
  for (std::size_t v = 0; v < experts.size(); ++v) {
    experts[v].mean = spread(tape, experts[v].mean, members.omics[v], members.samples);
    experts[v].logvar = spread(tape, experts[v].logvar, members.omics[v], members.samples);
  }
  return product_of_experts(tape, experts, alpha);
}

}  // namespace poems::pieces
