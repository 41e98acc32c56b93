// MMVAE and MMVAE++: a draw from each omic's own posterior explains all.
//
//   s, p_v ~ q_v(. | x_v)   for every omic v, where it is observed. The draw
//   explains x_v from (s, p_v), every other x_w from (s, 0), and the label; it pays for s and p_v.
//
// MMVAE++ has the same loss. But where a draw explains its own omic, s is a constant to the
// gradient, so that the shared block is trained by what it says of other omics, of the label, and
// by the KL divergence alone.
#pragma once

#include <algorithm>

#include "models/shared_private_vae.h"

namespace poems::models {

enum class MmvaeKind { mmvae, mmvaepp };

template <typename T>
class Mmvae : public SharedPrivateVae<T> {
 public:
  using typename SharedPrivateVae<T>::Experts;

  Mmvae(const SharedPrivateOptions& options, MmvaeKind kind)
      : SharedPrivateVae<T>(options), kind_(kind) {}

  std::vector<LatentDraw<T>> forward(Tape<T>& tape, const Batch<T>& batch,
                                     const pieces::Draws<T>& draws) override {
    const Experts experts = this->encode(tape, batch);
    std::vector<LatentDraw<T>> list;
    for (std::size_t v : this->every_omic()) {
      const Posterior<T> q{experts.shared[v], experts.own};
      LatentDraw<T> draw = this->new_draw("omics/" + this->o_.omics[v].name, q,
                                          experts.observed.row(static_cast<Index>(v)));
      this->draw_shared(tape, draws, draw);
      this->draw_own(tape, draws, v, draw);
      for (std::size_t w : this->every_omic()) {
        const bool stops = w == v && kind_ == MmvaeKind::mmvaepp;
        this->explain(tape, batch, w, stops ? pieces::detach(tape, draw.shared) : draw.shared,
                      w == v ? draw.own[v] : this->no_own(tape, w, batch.size()), w == v, draw);
      }
      this->explain_label(tape, batch, draw);
      draw.paid = {q.shared, q.own[v]};
      list.push_back(draw);
    }
    return list;
  }

  /// Of the shared block, the mixture of the posteriors of the omics that a sample has: its mean
  /// and variance. With sparse decoders, their product under one prior:
  ///
  ///   P = 1 + sum_v (e^-logvar_v - 1),   mean = sum_v e^-logvar_v mean_v / P,   logvar = -log P
  std::vector<PosteriorBlock<T>> posterior(Tape<T>& tape, const Batch<T>& batch) override {
    const Experts experts = this->encode(tape, batch);
    return this->blocks(tape, batch, shared_given(tape, experts, this->every_omic()), experts.own);
  }

  /// From each omic of `from`, the mean of the predictions; with sparse decoders, from the product
  /// of the posteriors.
  Var<T> predict(Tape<T>& tape, const Batch<T>& batch, const std::vector<std::size_t>& from,
                 std::size_t to) override {
    const Experts experts = this->encode(tape, batch);
    const bool knows = std::find(from.begin(), from.end(), to) != from.end();
    Var<T> none = this->no_own(tape, to, batch.size());
    if (this->o_.sparse)
      return this->decode(tape, to, shared_given(tape, experts, from).mean,
                          knows ? experts.own[to].mean : none);
    std::vector<Var<T>> predictions;
    for (std::size_t v : from)
      predictions.push_back(
          this->decode(tape, to, experts.shared[v].mean, v == to ? experts.own[v].mean : none));
    return tape.constant(over_observed(predictions, experts.observed, from));
  }

 private:
  pieces::Gaussian<T> shared_given(Tape<T>& tape, const Experts& experts,
                                   const std::vector<std::size_t>& from) const {
    return this->o_.sparse ? product(tape, experts, from) : mixture(tape, experts, from);
  }

  static pieces::Gaussian<T> mixture(Tape<T>& tape, const Experts& experts,
                                     const std::vector<std::size_t>& from) {
    std::vector<Var<T>> means, squares;
    for (std::size_t v : from) {
      const pieces::Gaussian<T>& q = experts.shared[v];
      means.push_back(q.mean);
      squares.push_back(
          tape.constant((q.logvar->value.array().exp() + q.mean->value.array().square()).matrix()));
    }
    const Matrix<T> mean = over_observed(means, experts.observed, from);
    const Matrix<T> square = over_observed(squares, experts.observed, from);
    return {tape.constant(mean),
            tape.constant((square.array() - mean.array().square()).max(T(1e-12)).log().matrix())};
  }

  static pieces::Gaussian<T> product(Tape<T>& tape, const Experts& experts,
                                     const std::vector<std::size_t>& from) {
    const Matrix<T>& first = experts.shared[0].mean->value;
    Matrix<T> precision = Matrix<T>::Ones(first.rows(), first.cols());
    Matrix<T> mean = Matrix<T>::Zero(first.rows(), first.cols());
    for (std::size_t v : from) {
      const pieces::Gaussian<T>& q = experts.shared[v];
      const Matrix<T> own = (-q.logvar->value.array()).exp().matrix() *
                            experts.observed.row(static_cast<Index>(v)).asDiagonal();
      const Matrix<T> prior = experts.observed.row(static_cast<Index>(v)).replicate(own.rows(), 1);
      precision += (own - prior).cwiseMax(T(0));
      mean += own.cwiseProduct(q.mean->value);
    }
    return {tape.constant(mean.cwiseQuotient(precision)),
            tape.constant((-precision.array().log()).matrix())};
  }

  /// The mean over the omics of `from` that a sample has. Without any, it is the mean over all of
  /// them, each of which is then what the prior's mean gives.
  static Matrix<T> over_observed(const std::vector<Var<T>>& xs, const Matrix<T>& observed,
                                 const std::vector<std::size_t>& from) {
    Matrix<T> weights(static_cast<Index>(from.size()), observed.cols());
    for (Index i = 0; i < weights.rows(); ++i)
      weights.row(i) = observed.row(static_cast<Index>(from[static_cast<std::size_t>(i)]));
    for (Index n = 0; n < weights.cols(); ++n) {
      if (weights.col(n).isZero()) weights.col(n).setOnes();
      weights.col(n) /= weights.col(n).sum();
    }
    Matrix<T> mean = Matrix<T>::Zero(xs[0]->value.rows(), observed.cols());
    for (std::size_t i = 0; i < xs.size(); ++i)
      mean += xs[i]->value * weights.row(static_cast<Index>(i)).asDiagonal();
    return mean;
  }

  MmvaeKind kind_;
};

}  // namespace poems::models
