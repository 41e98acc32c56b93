// Product of experts with the prior N(0, 1) among them. o_v: whether omic v takes part in a sample.
//
//   a_v = o_v / (e^logvar_v + 1e-8),   P = 1 + sum_v a_v
//   mean = sum_v a_v mean_v / P,       logvar = -log P
//
// Without experts it is N(0, 1). da_v = (dmean o (mean_v - mean) - dlogvar) / P.
// Experts and product: K x B, o: V x B
#pragma once

#include "pieces/latent.h"

namespace poems::pieces {

template <typename T>
Gaussian<T> product_with_prior(Tape<T>& tape, const std::vector<Gaussian<T>>& experts,
                               const Matrix<T>& o) {
  const auto precision = [o](const Gaussian<T>& expert, std::size_t v) -> Matrix<T> {
    return (expert.logvar->value.array().exp() + T(1e-8)).inverse().matrix() *
           o.row(static_cast<Index>(v)).asDiagonal();
  };
  std::vector<Var<T>> inputs;
  for (const Gaussian<T>& expert : experts) {
    inputs.push_back(expert.mean);
    inputs.push_back(expert.logvar);
  }
  Gaussian<T> q{tape.node(inputs), tape.node(inputs)};
  Matrix<T> total = Matrix<T>::Ones(experts[0].mean->value.rows(), o.cols());
  q.mean->value.setZero(total.rows(), total.cols());
  for (std::size_t v = 0; v < experts.size(); ++v) {
    const Matrix<T> a = precision(experts[v], v);
    total += a;
    q.mean->value += a.cwiseProduct(experts[v].mean->value);
  }
  q.mean->value.array() /= total.array();
  q.logvar->value = -total.array().log();

  // One backward for both nodes: when it runs, all that uses either of them has run.
  tape.on_backward(q.mean, [q, experts, precision] {
    const Matrix<T> variance = q.logvar->value.array().exp();
    for (std::size_t v = 0; v < experts.size(); ++v) {
      const Gaussian<T>& expert = experts[v];
      const Matrix<T> a = precision(expert, v);
      expert.mean->add_gradient(q.mean->gradient.cwiseProduct(a).cwiseProduct(variance));
      const Matrix<T> d_a =
          (q.mean->gradient.cwiseProduct(expert.mean->value - q.mean->value) - q.logvar->gradient)
              .cwiseProduct(variance);
      expert.logvar->add_gradient(
          (-d_a.array() * a.array().square() * expert.logvar->value.array().exp()).matrix());
    }
  });
  return q;
}

}  // namespace poems::pieces
