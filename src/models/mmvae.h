// MMVAE and MMVAE++ in their released form: a draw from each omic's own posterior explains all.
//
//   s, p_v ~ q_v(. | x_v)   for every omic v, where it is observed. The draw
//   explains x_v from (s, p_v), every other x_w from (s, 0), and the label; it pays for s and p_v.
//
// MMVAE++ has the same loss. But where a draw explains its own omic, s is a constant to the
// gradient, so that the shared block is trained by what it says of other omics, of the label, and
// by the KL divergence alone.
#pragma once

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
    Var<T> none = this->no_own(tape, batch.size());
    std::vector<LatentDraw<T>> list;
    for (std::size_t v : this->every_omic()) {
      const Posterior<T> q{experts.shared[v], experts.own};
      LatentDraw<T> draw = this->new_draw("omics/" + this->o_.omics[v].name, q,
                                          experts.observed.row(static_cast<Index>(v)));
      this->draw_shared(tape, draws, draw);
      this->draw_own(tape, draws, v, draw);
      for (std::size_t w : this->every_omic()) {
        const bool stops = w == v && kind_ == MmvaeKind::mmvaepp;
        this->explain(tape, batch, experts, w,
                      stops ? pieces::detach(tape, draw.shared) : draw.shared,
                      w == v ? draw.own[v] : none, draw);
      }
      this->explain_label(tape, batch, draw);
      draw.paid = {q.shared, q.own[v]};
      list.push_back(draw);
    }
    return list;
  }

  /// Posterior means, of the shared block their mean over the omics that a sample has. The private
  /// block of an omic that it lacks is 0.
  std::vector<LatentBlock<T>> embedding(Tape<T>& tape, const Batch<T>& batch,
                                        const pieces::Draws<T>&) override {
    const Experts experts = this->encode(tape, batch);
    std::vector<Var<T>> shared;
    for (const pieces::Gaussian<T>& q : experts.shared) shared.push_back(q.mean);
    return this->blocks(over_observed(tape, shared, experts.observed, this->every_omic()),
                        experts.own);
  }

  /// The mean of the predictions from each omic of `from`.
  Var<T> predict(Tape<T>& tape, const Batch<T>& batch, const std::vector<std::size_t>& from,
                 std::size_t to) override {
    const Experts experts = this->encode(tape, batch);
    std::vector<Var<T>> predictions;
    for (std::size_t v : from) {
      Var<T> own = v == to ? experts.own[v].mean : this->no_own(tape, batch.size());
      predictions.push_back(this->decode(tape, to, experts.shared[v].mean, own));
    }
    return over_observed(tape, predictions, experts.observed, from);
  }

 private:
  /// The mean over the omics of `from` that a sample has, as a constant. Without any, it is the
  /// mean over all of them, each of which is then what the prior's mean gives.
  static Var<T> over_observed(Tape<T>& tape, const std::vector<Var<T>>& xs,
                              const Matrix<T>& observed, const std::vector<std::size_t>& from) {
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
    return tape.constant(mean);
  }

  MmvaeKind kind_;
};

}  // namespace poems::models
