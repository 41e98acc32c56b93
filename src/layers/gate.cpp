#include "layers/gate.h"

#include <cmath>
#include <limits>

namespace poems {

namespace {

constexpr double layer_norm_epsilon = 1e-5;

/// Softmax down each column over the omics that the sample has and shows.
template <typename T>
void masked_softmax(const Batch<T>& batch, Matrix<T>& logits) {
  Matrix<T> observed = Matrix<T>::Zero(logits.rows(), logits.cols());
  for (std::size_t v = 0; v < batch.omics.size(); ++v)
    for (std::size_t i = 0; i < batch.omics[v].members.size(); ++i)
      if (!batch.omics[v].is_hidden(i)) observed(v, batch.omics[v].members[i]) = T(1);
  const T lowest = std::numeric_limits<T>::lowest();
  for (Index i = 0; i < logits.cols(); ++i) {
    const auto has = observed.col(i).array() > T(0);
    const T largest = has.select(logits.col(i), lowest).maxCoeff();
    logits.col(i) =
        (logits.col(i).array() - largest).min(T(0)).exp().matrix().cwiseProduct(observed.col(i));
    logits.col(i) /= logits.col(i).sum();
  }
}

}  // namespace

template <typename T>
LayerNorm<T>::LayerNorm(Index factors)
    : weight("gate_norm_weight", factors, 1, false), bias("gate_norm_bias", factors, 1, false) {
  weight.value.setOnes();
}

template <typename T>
Gate<T>::Gate(Index omics, Index factors, Index gate_hidden, bool notices)
    : norms(omics, LayerNorm<T>(factors)),
      hidden("hidden", omics * factors, gate_hidden),
      output("output", gate_hidden, omics),
      agreement(omics, factors),
      notices(notices) {}

template <typename T>
void Gate<T>::initialise(std::uint64_t seed, std::uint64_t& part) {
  hidden.initialise(seed, part);
  output.initialise(seed, part);
}

template <typename T>
void Gate<T>::forward(const Batch<T>& batch, const std::vector<Expert<T>>& experts,
                      GateState<T>& state) const {
  const auto omics = static_cast<Index>(norms.size());
  const Index factors = norms[0].weight.value.rows();
  state.input.setZero(omics * factors, batch.size());
  state.normalised.resize(omics);
  state.inverse_sd.resize(omics);
  for (Index v = 0; v < omics; ++v) {
    const Matrix<T>& mean = experts[v].mean;
    state.normalised[v].resize(factors, mean.cols());
    state.inverse_sd[v].resize(mean.cols());
    for (Index i = 0; i < mean.cols(); ++i) {
      const auto centred = (mean.col(i).array() - mean.col(i).mean()).eval();
      const T variance = centred.square().mean();
      state.inverse_sd[v](i) = T(1) / std::sqrt(variance + static_cast<T>(layer_norm_epsilon));
      state.normalised[v].col(i) = centred * state.inverse_sd[v](i);
      if (batch.omics[v].is_hidden(i)) continue;
      state.input.col(batch.omics[v].members[i]).segment(v * factors, factors) =
          state.normalised[v].col(i).cwiseProduct(norms[v].weight.value) + norms[v].bias.value;
    }
  }
  hidden.forward(state.input, state.hidden);
  state.hidden = state.hidden.cwiseMax(T(0));
  output.forward(state.hidden, state.alpha);
  if (notices) agreement.forward(batch, experts, state.agreement, state.alpha);
  masked_softmax(batch, state.alpha);
}

template <typename T>
void Gate<T>::backward(const Batch<T>& batch, const GateState<T>& state,
                       std::vector<Expert<T>>& experts) {
  // Softmax: d_logit = alpha * (d_alpha - sum of alpha d_alpha); absent omics have alpha = 0.
  const Matrix<T> weighted = state.alpha.cwiseProduct(state.d_alpha);
  Matrix<T> d_logits =
      weighted - (state.alpha.array().rowwise() * weighted.colwise().sum().array()).matrix();
  if (notices) agreement.backward(batch, state.agreement, d_logits, experts);
  output.backward_parameters(state.hidden, d_logits);
  Matrix<T> d_hidden = output.backward_input(d_logits);
  d_hidden = (state.hidden.array() > T(0)).select(d_hidden, T(0));
  hidden.backward_parameters(state.input, d_hidden);
  const Matrix<T> d_input = hidden.backward_input(d_hidden);

  // Layer normalisation: with n the normalised mean and d its gradient,
  // d_mean = inverse_sd * (d - average(d) - n * average(d n)).
  const Index factors = norms[0].weight.value.rows();
  for (std::size_t v = 0; v < norms.size(); ++v) {
    norms[v].weight.zero_gradient();
    norms[v].bias.zero_gradient();
    for (Index i = 0; i < state.normalised[v].cols(); ++i) {
      if (batch.omics[v].is_hidden(i)) continue;
      const auto d =
          d_input.col(batch.omics[v].members[i]).segment(static_cast<Index>(v) * factors, factors);
      const auto n = state.normalised[v].col(i);
      norms[v].weight.gradient.col(0) += d.cwiseProduct(n);
      norms[v].bias.gradient.col(0) += d;
      const Vector<T> d_n = d.cwiseProduct(norms[v].weight.value.col(0));
      const T average = d_n.mean();
      const T projection = d_n.cwiseProduct(n).mean();
      experts[v].d_mean.col(i).array() +=
          state.inverse_sd[v](i) * (d_n.array() - average - n.array() * projection);
    }
  }
}

template struct LayerNorm<float>;
template struct LayerNorm<double>;
template struct Gate<float>;
template struct Gate<double>;

}  // namespace poems
