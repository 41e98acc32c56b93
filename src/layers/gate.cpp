#include "layers/gate.h"

#include <cmath>

#include "pieces/activations.h"

namespace poems {

namespace {

constexpr double layer_norm_epsilon = 1e-5;

/// Where a sample has an omic and shows it: omics x B, 1 or 0.
template <typename T>
Matrix<T> shown_omics(const Batch<T>& batch) {
  Matrix<T> shown = Matrix<T>::Zero(static_cast<Index>(batch.omics.size()), batch.size());
  for (std::size_t v = 0; v < batch.omics.size(); ++v)
    for (std::size_t i = 0; i < batch.omics[v].members.size(); ++i)
      if (!batch.omics[v].is_hidden(i)) shown(v, batch.omics[v].members[i]) = T(1);
  return shown;
}

}  // namespace

template <typename T>
LayerNorm<T>::LayerNorm(const std::string& name, Index factors)
    : weight(name + "/gate/norm/weight", factors, 1, false),
      bias(name + "/gate/norm/bias", factors, 1, false) {
  weight.value.setOnes();
}

template <typename T>
Gate<T>::Gate(const std::vector<std::string>& omics, Index factors, Index gate_hidden, bool notices)
    : hidden("gate/hidden", static_cast<Index>(omics.size()) * factors, gate_hidden),
      output("gate/output", gate_hidden, static_cast<Index>(omics.size())),
      agreement(omics, factors),
      notices(notices) {
  for (const std::string& omic : omics) norms.emplace_back(omic, factors);
}

template <typename T>
void Gate<T>::initialise(std::uint64_t seed, std::uint64_t& part) {
  initialise_all(pieces::Start::uniform, seed, part, hidden, output);
}

template <typename T>
Var<T> Gate<T>::input(Tape<T>& tape, const Batch<T>& batch,
                      const std::vector<pieces::Gaussian<T>>& experts) const {
  const auto omics = static_cast<Index>(norms.size());
  const Index factors = norms[0].weight.value.rows();
  Var<T> g = tape.node();
  g->value.setZero(omics * factors, batch.size());
  std::vector<Matrix<T>> normalised(omics);  // before scale and shift
  std::vector<Vector<T>> inverse_sd(omics);
  for (Index v = 0; v < omics; ++v) {
    const Matrix<T>& mean = experts[v].mean->value;
    normalised[v].resize(factors, mean.cols());
    inverse_sd[v].resize(mean.cols());
    for (Index i = 0; i < mean.cols(); ++i) {
      const auto centred = (mean.col(i).array() - mean.col(i).mean()).eval();
      const T variance = centred.square().mean();
      inverse_sd[v](i) = T(1) / std::sqrt(variance + static_cast<T>(layer_norm_epsilon));
      normalised[v].col(i) = centred * inverse_sd[v](i);
      if (batch.omics[v].is_hidden(i)) continue;
      g->value.col(batch.omics[v].members[i]).segment(v * factors, factors) =
          normalised[v].col(i).cwiseProduct(norms[v].weight.value) + norms[v].bias.value;
    }
  }
  tape.on_backward(g, [this, g, &batch, experts, normalised = std::move(normalised),
                       inverse_sd = std::move(inverse_sd), factors] {
    // With n the normalised mean and d its gradient,
    // d_mean = inverse_sd * (d - average(d) - n * average(d n)).
    for (std::size_t v = 0; v < norms.size(); ++v) {
      for (Index i = 0; i < normalised[v].cols(); ++i) {
        if (batch.omics[v].is_hidden(i)) continue;
        const auto d = g->gradient.col(batch.omics[v].members[i])
                           .segment(static_cast<Index>(v) * factors, factors);
        const auto n = normalised[v].col(i);
        norms[v].weight.gradient.col(0) += d.cwiseProduct(n);
        norms[v].bias.gradient.col(0) += d;
        const Vector<T> d_n = d.cwiseProduct(norms[v].weight.value.col(0));
        const T average = d_n.mean();
        const T projection = d_n.cwiseProduct(n).mean();
        experts[v].mean->gradient.col(i).array() +=
            inverse_sd[v](i) * (d_n.array() - average - n.array() * projection);
      }
    }
  });
  return g;
}

template <typename T>
Var<T> Gate<T>::operator()(Tape<T>& tape, const Batch<T>& batch,
                           const std::vector<pieces::Gaussian<T>>& experts, Var<T> input) const {
  Var<T> logits = output(tape, pieces::relu(tape, hidden(tape, input)));
  if (notices) logits = agreement(tape, batch, experts, logits);
  return pieces::softmax(tape, logits, shown_omics(batch));
}

template struct LayerNorm<float>;
template struct LayerNorm<double>;
template struct Gate<float>;
template struct Gate<double>;

}  // namespace poems
