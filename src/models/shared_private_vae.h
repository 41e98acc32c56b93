// VAEs whose latents come in blocks, one that all omics share and one private to each: what MVAE
// and MoPoE-VAE (mvae.h), MMVAE and MMVAE++ (mmvae.h) have in common.
//
//   q_v(s | x_v), q_v(p_v | x_v)    the encoder of omic v: of the shared block s and of its own p_v
//   p(x_v | s, p_v)                 its decoder (block_decoders.h)
//   p(label | s)                    if there are labels: logistic regression
//
// A model is a list of draws of (s, p_1, ..., p_V), each from a posterior q of its own. A draw has
// to explain some of the omics, and the label, and pays for some blocks of q:
//
//   loss = sum over draws  kl_weight KL(q || N(0, 1))  -  sum_v log p(x_v | s, p_v)
//                        - label_weight log p(label | s)
//
// Terms are sums over features or factors and means over the batch, to which a sample that lacks
// what a term needs adds 0. They are added, not averaged over draws. The published code has two
// omics; what it draws and explains is done here for any number.
//
// Latents have a column for every sample of the batch, data for those alone that have the omic.
//
// With sparse decoders the posteriors keep the standard deviations that they start with: training
// would set them to what the target's omic leaves open, not to how far an omic's own posterior is
// from the truth. And blocks are then fused as posteriors under one prior are (see posterior()).
// Fixed encoders keep all that they start with, and decoders alone are trained: from a start that
// knows what omics share, training moves means away from the truth (towards what helps the omic
// itself).
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "models/block_decoders.h"
#include "models/split.h"
#include "pieces/columns.h"
#include "pieces/log_density.h"
#include "pieces/scale_encoder.h"

namespace poems::models {

struct SharedPrivateOptions {
  std::vector<OmicShape> omics;
  Index shared_factors = 2;
  std::vector<Index> private_factors;  ///< per omic
  Index encoder_units = 128;
  Index decoder_units = 128;
  Vector<double> labels;  ///< per sample of the cohort 0, 1, or NaN if unknown; empty: none
  double label_weight = 100.0;
  double first_kl_weight = 1e-5;  ///< of the first epoch; it grows evenly to 1 in the last
  bool sparse = false;            ///< decoders, or as published dense ones
  bool fixed_encoders = false;    ///< as they start
  SparseSettings sparse_settings;
  std::vector<SparseOmicShape> sparse_omics;
};

/// A posterior by blocks.
template <typename T>
struct Posterior {
  pieces::Gaussian<T> shared;
  std::vector<pieces::Gaussian<T>> own;  ///< the private ones, per omic
};

/// A draw of the latents, what it pays for and what it explains.
template <typename T>
struct LatentDraw {
  std::string name;
  Posterior<T> q;
  Vector<T> counts;                       ///< per sample 1, or 0 where the draw does not count
  Var<T> shared = nullptr;                ///< s
  std::vector<Var<T>> own;                ///< p_v, or null
  std::vector<pieces::Gaussian<T>> paid;  ///< the blocks of q in the KL divergence
  std::vector<Explained<T>> omics;
  Var<T> logit = nullptr, label_log_density = nullptr;  ///< 1 x samples; null without labels
};

template <typename T>
class SharedPrivateVae : public Split<T> {
 public:
  explicit SharedPrivateVae(const SharedPrivateOptions& options) : o_(options) {
    std::vector<Index> factors;
    for (std::size_t v = 0; v < o_.omics.size(); ++v) {
      factors.push_back(o_.shared_factors + o_.private_factors.at(v));
      encoders_.push_back({"omics/" + o_.omics[v].name + "/encoder", o_.omics[v].features,
                           o_.encoder_units, factors[v]});
    }
    if (o_.sparse)
      decoders_ = std::make_unique<SparseDecoders<T>>(o_.omics, factors, o_.sparse_settings,
                                                      o_.sparse_omics);
    else
      decoders_ = std::make_unique<DenseDecoders<T>>(o_.omics, factors, o_.decoder_units);
    if (o_.labels.size() > 0) label_.emplace_back("label", o_.shared_factors, 1);
  }

  /// What the encoders make of a batch.
  struct Experts {
    Matrix<T> observed;                            ///< omics x samples, 1 or 0
    std::vector<pieces::Gaussian<T>> shared, own;  ///< per omic; N(0, 1) of a sample without it
  };

  Experts encode(Tape<T>& tape, const Batch<T>& batch) {
    Experts experts;
    const std::vector<Var<T>> x = constants(tape, batch);
    experts.observed.setZero(static_cast<Index>(encoders_.size()), batch.size());
    for (std::size_t v = 0; v < encoders_.size(); ++v) {
      const std::vector<Index>& members = batch.omics[v].members;
      for (Index i : members) experts.observed(static_cast<Index>(v), i) = T(1);
      const pieces::Gaussian<T> q =
          o_.fixed_encoders ? fixed(tape, encoders_[v], x[v]->value) : encoders_[v](tape, x[v]);
      const auto part = [&](Index first, Index rows) -> pieces::Gaussian<T> {
        const auto spread = [&](Var<T> x) {
          return pieces::scatter(tape, pieces::block(tape, x, first, rows), members, batch.size());
        };
        return {spread(q.mean), spread(q.logvar)};
      };
      experts.shared.push_back(part(0, o_.shared_factors));
      experts.own.push_back(part(o_.shared_factors, o_.private_factors[v]));
    }
    return experts;
  }

  /// The draws of a pass: the model's equations.
  virtual std::vector<LatentDraw<T>> forward(Tape<T>& tape, const Batch<T>& batch,
                                             const pieces::Draws<T>& draws) = 0;

  void loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
            Terms<T>& terms) override {
    const T share = T(1) / static_cast<T>(batch.size());
    decoders_->begin_pass();
    for (const LatentDraw<T>& draw : forward(tape, batch, draws)) {
      std::vector<Var<T>> paid;
      for (const pieces::Gaussian<T>& q : draw.paid) paid.push_back(pieces::kl(tape, q));
      terms.add("kl/" + draw.name, pieces::weighted_sum(tape, pieces::stack(tape, paid), share),
                kl_weight_);
      for (const Explained<T>& omic : draw.omics)
        terms.add("reconstruction/" + draw.name + "/" + o_.omics[omic.omic].name, omic.loss, share);
      if (draw.logit != nullptr)
        terms.add("label/" + draw.name, pieces::weighted_sum(tape, draw.label_log_density, -share),
                  o_.label_weight);
    }
    decoders_->add_priors(tape, batch, terms);
  }

  Matrix<T> decoded(std::size_t v, const Matrix<T>& shared, const Matrix<T>& own) override {
    Matrix<T> z(shared.rows() + own.rows(), shared.cols());
    z << shared, own;
    return decoders_->decode(v, z, threads_);
  }

  std::vector<Parameter<T>*> parameters() override {
    std::vector<Parameter<T>*> all = pieces::parameters_of<T>(encoders_);
    for (Parameter<T>* p : decoders_->parameters()) all.push_back(p);
    for (pieces::Linear<T>& label : label_) pieces::append(label, all);
    return all;
  }

  std::vector<StateArray<T>> state() override { return decoders_->state(); }
  std::vector<Vector<double>*> counts() override { return decoders_->counts(); }

  void initialise(std::uint64_t seed, const std::vector<Vector<double>>& noise) override {
    std::uint64_t part = 0;
    for (std::size_t v = 0; v < encoders_.size(); ++v) {
      encoders_[v].initialise(pieces::Start::uniform, seed, part);
      decoders_->initialise(v, seed, part, noise);
    }
    for (pieces::Linear<T>& label : label_) label.initialise(pieces::Start::uniform, seed, part);
  }

  /// Validation is at the full weight, so that epochs compare.
  void enter(const Phase& phase) override {
    double done = 1.0;
    if (phase.training)
      done = static_cast<double>(phase.epoch - 1) /
             static_cast<double>(std::max(phase.epochs - 1, 1L));
    set_kl_weight(o_.first_kl_weight + (1.0 - o_.first_kl_weight) * done);
    threads_ = phase.threads;
    decoders_->enter(phase);
  }

  void reach(double done) override { decoders_->reach(done); }

  /// With sparse decoders some parameters have steps of their own, and standard deviations none.
  void step(Adam<T>& adam, int threads) override {
    if (!o_.sparse) return Model<T>::step(adam, threads);
    AdamW<T>& rule = adam.rule();
    rule.next_step();
    for (Parameter<T>* p : parameters())
      if (!decoders_->steps(p) && !keeps(p)) rule.update(*p, p->decays, threads);
    decoders_->step(rule, threads);
  }

  void after_epoch() override { decoders_->after_epoch(); }

  double validation_loss(const Terms<T>& terms) const override {
    return terms.total() - terms.total("penalty");
  }

  std::vector<Figure> figures() override { return decoders_->figures(); }

  void set_kl_weight(double weight) { kl_weight_ = weight; }

 protected:
  /// The blocks; samples that lack an omic have no private one of it.
  std::vector<PosteriorBlock<T>> blocks(Tape<T>& tape, const Batch<T>& batch,
                                        const pieces::Gaussian<T>& shared,
                                        const std::vector<pieces::Gaussian<T>>& own) const {
    std::vector<PosteriorBlock<T>> list = {{"shared", shared, {}}};
    for (Index i = 0; i < batch.size(); ++i) list[0].members.push_back(i);
    for (std::size_t v = 0; v < own.size(); ++v) {
      const std::vector<Index>& members = batch.omics[v].members;
      list.push_back({"private/" + o_.omics[v].name,
                      {pieces::gather(tape, own[v].mean, members),
                       pieces::gather(tape, own[v].logvar, members)},
                      members});
    }
    return list;
  }

  /// A draw, nothing drawn yet, that counts where `counts` says.
  LatentDraw<T> new_draw(const std::string& name, const Posterior<T>& q, Vector<T> counts) const {
    LatentDraw<T> draw;
    draw.name = name;
    draw.q = q;
    draw.counts = std::move(counts);
    draw.own.resize(encoders_.size());
    return draw;
  }

  void draw_shared(Tape<T>& tape, const pieces::Draws<T>& draws, LatentDraw<T>& draw) const {
    const pieces::Gaussian<T>& q = draw.q.shared;
    draw.shared =
        pieces::sample(tape, q, pieces::normals(tape, draws, draw.name + "/shared", q.mean));
  }

  void draw_own(Tape<T>& tape, const pieces::Draws<T>& draws, std::size_t v,
                LatentDraw<T>& draw) const {
    const pieces::Gaussian<T>& q = draw.q.own[v];
    const std::string name = draw.name + "/private/" + o_.omics[v].name;
    draw.own[v] = pieces::sample(tape, q, pieces::normals(tape, draws, name, q.mean));
  }

  /// Omic v given the shared block and its private one, which need not be those drawn. knows: how
  /// the latter is.
  void explain(Tape<T>& tape, const Batch<T>& batch, std::size_t v, Var<T> shared, Var<T> own,
               bool knows, LatentDraw<T>& draw) {
    draw.omics.push_back(
        decoders_->explain(tape, batch, v, pieces::stack(tape, {shared, own}), draw.counts, knows));
  }

  /// The label given the shared block drawn.
  void explain_label(Tape<T>& tape, const Batch<T>& batch, LatentDraw<T>& draw) {
    if (label_.empty()) return;
    Matrix<T> y = Matrix<T>::Zero(1, batch.size()), counts = draw.counts.transpose();
    for (Index i = 0; i < batch.size(); ++i) {
      const double label = o_.labels(batch.samples[i]);
      if (std::isnan(label))
        counts(i) = T(0);
      else
        y(i) = static_cast<T>(label);
    }
    draw.logit = label_[0](tape, draw.shared);
    draw.label_log_density = pieces::times(
        tape, pieces::bernoulli_density(tape, tape.constant(y), draw.logit), tape.constant(counts));
  }

  Var<T> decode(Tape<T>& tape, std::size_t v, Var<T> shared, Var<T> own) {
    return tape.constant(decoded(v, shared->value, own->value));
  }

  /// Zeros in the place of a private block.
  Var<T> no_own(Tape<T>& tape, std::size_t v, Index samples) const {
    return tape.constant(Matrix<T>::Zero(o_.private_factors[v], samples));
  }

  std::vector<std::size_t> every_omic() const {
    std::vector<std::size_t> all(o_.omics.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
  }

  const SharedPrivateOptions o_;

 private:
  /// What an encoder says, which the loss is not differentiated by.
  static pieces::Gaussian<T> fixed(Tape<T>& tape, pieces::ScaleEncoder<T>& encoder,
                                   const Matrix<T>& x) {
    Tape<T> still(false);
    const pieces::Gaussian<T> q = encoder(still, still.constant(x));
    return {tape.constant(q.mean->value), tape.constant(q.logvar->value)};
  }

  /// What a model with sparse decoders keeps as it starts.
  bool keeps(const Parameter<T>* p) {
    for (pieces::ScaleEncoder<T>& encoder : encoders_) {
      const std::vector<Parameter<T>*> kept =
          o_.fixed_encoders
              ? encoder.parameters()
              : std::vector<Parameter<T>*>{&encoder.scale.weight, &encoder.scale.bias};
      if (std::find(kept.begin(), kept.end(), p) != kept.end()) return true;
    }
    return false;
  }

  std::vector<pieces::ScaleEncoder<T>> encoders_;
  std::unique_ptr<BlockDecoders<T>> decoders_;
  std::vector<pieces::Linear<T>> label_;  ///< one if there are labels, else none
  double kl_weight_ = 1.0;
  int threads_ = 1;
};

}  // namespace poems::models
