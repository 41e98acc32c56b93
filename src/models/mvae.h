// MVAE and MoPoE-VAE with shared and private blocks: posteriors are
// products of experts, the prior among them, so that a block which none of the given omics sees is
// N(0, 1).
//
//   q_A(s)     = N(0, 1) prod_{v in A} q_v(s | x_v)
//   q_A(p_v)   = N(0, 1) q_v(p_v | x_v) if v is in A, else N(0, 1)
//
// Draws, each with noise of its own, and what each explains and pays for:
//
//   joint      from q of all omics       every omic       all blocks
//   v          from q of v alone         v                s and p_v
//   v to w     from q of v alone         w                s            MoPoE only, for all v != w
//
// and each explains the label. The private block of w in "v to w" is a sample of the prior.
#pragma once

#include "models/shared_private_vae.h"
#include "pieces/product_with_prior.h"

namespace poems::models {

enum class MvaeKind { mvae, mopoe };

template <typename T>
class Mvae : public SharedPrivateVae<T> {
 public:
  using typename SharedPrivateVae<T>::Experts;

  Mvae(const SharedPrivateOptions& options, MvaeKind kind)
      : SharedPrivateVae<T>(options), kind_(kind) {}

  std::vector<LatentDraw<T>> forward(Tape<T>& tape, const Batch<T>& batch,
                                     const pieces::Draws<T>& draws) override {
    const Experts experts = this->encode(tape, batch);
    const std::vector<std::size_t> omics = this->every_omic();
    std::vector<LatentDraw<T>> list;
    const auto draw = [&](const std::string& name, const Posterior<T>& q,
                          const std::vector<std::size_t>& targets, bool knows) -> LatentDraw<T>& {
      list.push_back(this->new_draw(name, q, Vector<T>::Ones(batch.size())));
      this->draw_shared(tape, draws, list.back());
      for (std::size_t v : targets) {
        this->draw_own(tape, draws, v, list.back());
        this->explain(tape, batch, v, list.back().shared, list.back().own[v], knows, list.back());
      }
      this->explain_label(tape, batch, list.back());
      list.back().paid = {q.shared};
      return list.back();
    };

    LatentDraw<T>& joint = draw("joint", product(tape, experts, omics), omics, true);
    for (std::size_t v : omics) joint.paid.push_back(joint.q.own[v]);
    for (std::size_t v : omics) {
      const Posterior<T> q = product(tape, experts, {v});
      const std::string name = "omics/" + this->o_.omics[v].name;
      draw(name, q, {v}, true).paid.push_back(q.own[v]);
      if (kind_ == MvaeKind::mvae) continue;
      for (std::size_t w : omics)
        if (w != v) draw(name + "/to/" + this->o_.omics[w].name, q, {w}, false);
    }
    return list;
  }

  std::vector<PosteriorBlock<T>> posterior(Tape<T>& tape, const Batch<T>& batch) override {
    const Posterior<T> q = product(tape, this->encode(tape, batch), this->every_omic());
    return this->blocks(tape, batch, q.shared, q.own);
  }

  Var<T> predict(Tape<T>& tape, const Batch<T>& batch, const std::vector<std::size_t>& from,
                 std::size_t to) override {
    const Posterior<T> q = product(tape, this->encode(tape, batch), from);
    return this->decode(tape, to, q.shared.mean, q.own[to].mean);
  }

 private:
  /// Given some omics.
  Posterior<T> product(Tape<T>& tape, const Experts& experts,
                       const std::vector<std::size_t>& from) const {
    const Index samples = experts.observed.cols();
    Posterior<T> q;
    for (std::size_t v = 0; v < experts.own.size(); ++v)
      q.own.push_back({this->no_own(tape, v, samples), this->no_own(tape, v, samples)});
    std::vector<pieces::Gaussian<T>> shared;
    Matrix<T> observed(static_cast<Index>(from.size()), samples);
    for (std::size_t v : from) {
      const Matrix<T> present = experts.observed.row(static_cast<Index>(v));
      observed.row(static_cast<Index>(shared.size())) = present;
      shared.push_back(experts.shared[v]);
      q.own[v] = pieces::product_with_prior<T>(tape, {experts.own[v]}, present);
    }
    q.shared = pieces::product_with_prior(tape, shared, observed);
    return q;
  }

  MvaeKind kind_;
};

}  // namespace poems::models
