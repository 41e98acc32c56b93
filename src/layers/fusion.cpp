#include "layers/fusion.h"

#include "layers/sample_blocks.h"

namespace poems {

namespace {

/// From the posterior's gradients to those of one expert and of its row of alpha, for some of the
/// samples that have the omic.
template <typename T>
void backward_samples(const std::vector<Index>& members, const pieces::Gaussian<T>& posterior,
                      Index omic, Block samples, const pieces::Gaussian<T>& expert, Var<T> alpha) {
  for (Index i = samples.begin; i < samples.begin + samples.size; ++i) {
    const Index b = members[i];
    const auto mean = expert.mean->value.col(i), d_mean = posterior.mean->gradient.col(b);
    const auto variance = posterior.logvar->value.col(b).array().exp().eval();
    const auto tau = (-expert.logvar->value.col(i).array()).exp().eval();
    const auto d_weight = ((d_mean.array() * (mean - posterior.mean->value.col(b)).array() -
                            posterior.logvar->gradient.col(b).array()) *
                           variance)
                              .eval();
    if (!expert.mean->constant)
      expert.mean->gradient.col(i).array() +=
          d_mean.array() * alpha->value(omic, b) * tau * variance;
    if (!expert.logvar->constant)
      expert.logvar->gradient.col(i).array() += -d_weight * alpha->value(omic, b) * tau;
    if (!alpha->constant) alpha->gradient(omic, b) += (d_weight * tau).sum();
  }
}

}  // namespace

template <typename T>
pieces::Gaussian<T> fuse(Tape<T>& tape, const Batch<T>& batch,
                         const std::vector<pieces::Gaussian<T>>& experts, Var<T> alpha,
                         int threads) {
  const Index factors = experts[0].mean->value.rows();
  const pieces::Gaussian<T> q{tape.node(), tape.node()};
  Matrix<T> precision = Matrix<T>::Zero(factors, batch.size());
  q.mean->value = precision;
  for (std::size_t v = 0; v < experts.size(); ++v) {
    for (std::size_t i = 0; i < batch.omics[v].members.size(); ++i) {
      const Index b = batch.omics[v].members[i];
      const auto weight =
          (alpha->value(v, b) * (-experts[v].logvar->value.col(i).array()).exp()).eval();
      precision.col(b).array() += weight;
      q.mean->value.col(b).array() += weight * experts[v].mean->value.col(i).array();
    }
  }
  q.mean->value.array() /= precision.array();
  q.logvar->value = -precision.array().log();
  // One backward for both nodes: when it runs, all that uses either of them has run.
  tape.on_backward([q, &batch, experts, alpha, factors, threads] {
    const auto exponentials = [&](std::size_t) { return 40.0 * static_cast<double>(factors); };
    for_sample_blocks(batch, exponentials, threads, [&](std::size_t v, Block samples) {
      backward_samples(batch.omics[v].members, q, static_cast<Index>(v), samples, experts[v],
                       alpha);
    });
  });
  return q;
}

template pieces::Gaussian<float> fuse<float>(Tape<float>&, const Batch<float>&,
                                             const std::vector<pieces::Gaussian<float>>&,
                                             Var<float>, int);
template pieces::Gaussian<double> fuse<double>(Tape<double>&, const Batch<double>&,
                                               const std::vector<pieces::Gaussian<double>>&,
                                               Var<double>, int);

}  // namespace poems
