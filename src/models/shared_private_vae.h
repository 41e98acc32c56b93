// VAEs whose latents come in blocks, one that all omics share and one private to each: what MVAE
// and MoPoE-VAE (mvae.h), MMVAE and MMVAE++ (mmvae.h) have in common.
//
//   q_v(s | x_v), q_v(p_v | x_v)    the encoder of omic v: of the shared block s and of its own p_v
//   p(x_v | s, p_v)                 its decoder: Gaussian, with a noise of its own per feature
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
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "models/model.h"
#include "pieces/columns.h"
#include "pieces/log_density.h"
#include "pieces/scale_encoder.h"

namespace poems::models {

struct SharedPrivateOptions {
  std::vector<OmicShape> omics;
  Index shared_factors = 2;
  Index private_factors = 2;  ///< per omic
  Index encoder_units = 128;
  Index decoder_units = 128;
  Vector<double> labels;  ///< per sample of the cohort 0, 1, or NaN if unknown; empty: none
  double label_weight = 100.0;
  double first_kl_weight = 1e-5;  ///< of the first epoch; it grows evenly to 1 in the last
};

/// A posterior by blocks.
template <typename T>
struct Posterior {
  pieces::Gaussian<T> shared;
  std::vector<pieces::Gaussian<T>> own;  ///< the private ones, per omic
};

/// How a draw explains an omic.
template <typename T>
struct Explained {
  std::size_t omic;
  Var<T> x_hat;        ///< features x samples that have the omic
  Var<T> log_density;  ///< 1 x these samples
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
class SharedPrivateVae : public Model<T> {
 public:
  explicit SharedPrivateVae(const SharedPrivateOptions& options) : o_(options) {
    const Index factors = o_.shared_factors + o_.private_factors;
    for (const OmicShape& omic : o_.omics) {
      const std::string name = "omics/" + omic.name;
      omics_.push_back({{name + "/encoder", omic.features, o_.encoder_units, factors},
                        {name + "/decoder",
                         {factors, o_.decoder_units, omic.features},
                         pieces::Activation::leaky_relu,
                         pieces::Activation::identity},
                        {name, omic.features}});
    }
    if (o_.labels.size() > 0) label_.emplace_back("label", o_.shared_factors, 1);
  }

  /// What the encoders make of a batch.
  struct Experts {
    std::vector<Var<T>> x;       ///< per omic, features x samples that have it
    std::vector<Var<T>> values;  ///< which of them are observed, 1 or 0; null if all are
    Matrix<T> observed;          ///< omics x samples, 1 or 0
    std::vector<pieces::Gaussian<T>> shared, own;  ///< per omic; N(0, 1) of a sample without it
  };

  Experts encode(Tape<T>& tape, const Batch<T>& batch) {
    Experts experts;
    experts.x = constants(tape, batch);
    experts.observed.setZero(static_cast<Index>(omics_.size()), batch.size());
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      const std::vector<Index>& members = batch.omics[v].members;
      const Matrix<T>& values = batch.omics[v].observed;
      experts.values.push_back(values.size() > 0 ? tape.constant(values.transpose()) : nullptr);
      for (Index i : members) experts.observed(static_cast<Index>(v), i) = T(1);
      const pieces::Gaussian<T> q = omics_[v].encoder(tape, experts.x[v]);
      const auto part = [&](Index first, Index rows) -> pieces::Gaussian<T> {
        const auto spread = [&](Var<T> x) {
          return pieces::scatter(tape, pieces::block(tape, x, first, rows), members, batch.size());
        };
        return {spread(q.mean), spread(q.logvar)};
      };
      experts.shared.push_back(part(0, o_.shared_factors));
      experts.own.push_back(part(o_.shared_factors, o_.private_factors));
    }
    return experts;
  }

  /// The draws of a pass: the model's equations.
  virtual std::vector<LatentDraw<T>> forward(Tape<T>& tape, const Batch<T>& batch,
                                             const pieces::Draws<T>& draws) = 0;

  void loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
            Terms<T>& terms) override {
    const T share = T(1) / static_cast<T>(batch.size());
    for (const LatentDraw<T>& draw : forward(tape, batch, draws)) {
      std::vector<Var<T>> paid;
      for (const pieces::Gaussian<T>& q : draw.paid) paid.push_back(pieces::kl(tape, q));
      terms.add("kl/" + draw.name, pieces::weighted_sum(tape, pieces::stack(tape, paid), share),
                kl_weight_);
      for (const Explained<T>& omic : draw.omics)
        terms.add("reconstruction/" + draw.name + "/" + o_.omics[omic.omic].name,
                  pieces::weighted_sum(tape, omic.log_density, -share));
      if (draw.logit != nullptr)
        terms.add("label/" + draw.name, pieces::weighted_sum(tape, draw.label_log_density, -share),
                  o_.label_weight);
    }
  }

  /// The prediction of omic `to`, features x samples, from posterior means given the omics `from`
  /// alone, those of them that a sample has.
  virtual Var<T> predict(Tape<T>& tape, const Batch<T>& batch, const std::vector<std::size_t>& from,
                         std::size_t to) = 0;

  std::vector<Parameter<T>*> parameters() override {
    return pieces::parameters_of<T>(omics_, label_);
  }

  void initialise(std::uint64_t seed, const std::vector<Vector<double>>&) override {
    std::uint64_t part = 0;
    for (Omic& omic : omics_) {
      initialise_all(pieces::Start::uniform, seed, part, omic.encoder, omic.decoder);
      omic.density.initialise();
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
  }

  void set_kl_weight(double weight) { kl_weight_ = weight; }

 protected:
  /// The embedding from the posteriors' means.
  std::vector<LatentBlock<T>> blocks(Var<T> shared,
                                     const std::vector<pieces::Gaussian<T>>& own) const {
    std::vector<LatentBlock<T>> list = {of_all("shared", shared)};
    for (std::size_t v = 0; v < own.size(); ++v)
      list.push_back(of_all("private/" + o_.omics[v].name, own[v].mean));
    return list;
  }

  /// A draw, nothing drawn yet, that counts where `counts` says.
  LatentDraw<T> new_draw(const std::string& name, const Posterior<T>& q, Vector<T> counts) const {
    LatentDraw<T> draw;
    draw.name = name;
    draw.q = q;
    draw.counts = std::move(counts);
    draw.own.resize(omics_.size());
    return draw;
  }

  void draw_shared(Tape<T>& tape, const pieces::Draws<T>& draws, LatentDraw<T>& draw) const {
    const pieces::Gaussian<T>& q = draw.q.shared;
    draw.shared =
        pieces::sample(tape, q, pieces::noise(tape, draws, draw.name + "/shared", q.mean));
  }

  void draw_own(Tape<T>& tape, const pieces::Draws<T>& draws, std::size_t v,
                LatentDraw<T>& draw) const {
    const pieces::Gaussian<T>& q = draw.q.own[v];
    const std::string name = draw.name + "/private/" + o_.omics[v].name;
    draw.own[v] = pieces::sample(tape, q, pieces::noise(tape, draws, name, q.mean));
  }

  /// Omic v given the shared block and its private one, which need not be those drawn.
  void explain(Tape<T>& tape, const Batch<T>& batch, const Experts& experts, std::size_t v,
               Var<T> shared, Var<T> own, LatentDraw<T>& draw) {
    const OmicBatch<T>& omic = batch.omics[v];
    Var<T> x_hat = decode(tape, v, pieces::gather(tape, shared, omic.members),
                          pieces::gather(tape, own, omic.members));
    Var<T> density = omics_[v].density(tape, experts.x[v], x_hat, experts.values[v]);
    const Matrix<T> counts = pieces::columns_at<T>(draw.counts.transpose(), omic.members);
    draw.omics.push_back({v, x_hat, pieces::times(tape, density, tape.constant(counts))});
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
    return omics_[v].decoder(tape, pieces::stack(tape, {shared, own}));
  }

  /// Zeros in the place of a private block.
  Var<T> no_own(Tape<T>& tape, Index samples) const {
    return tape.constant(Matrix<T>::Zero(o_.private_factors, samples));
  }

  std::vector<std::size_t> every_omic() const {
    std::vector<std::size_t> all(o_.omics.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
  }

  const SharedPrivateOptions o_;

 private:
  struct Omic {
    pieces::ScaleEncoder<T> encoder;
    pieces::Mlp<T> decoder;
    pieces::GaussianDensity<T> density;

    std::vector<Parameter<T>*> parameters() {
      return pieces::parameters_of<T>(encoder, decoder, density);
    }
  };

  std::vector<Omic> omics_;
  std::vector<pieces::Linear<T>> label_;  ///< one if there are labels, else none
  double kl_weight_ = 1.0;
};

}  // namespace poems::models
