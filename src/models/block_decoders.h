// The decoders of models whose latents come in blocks: what omic v is, given z_v = [s; p_v].
//
//   dense    x_v ~ N(mlp_v(z_v), sigma_v^2), as published
//   sparse   that of POEMS: x_v ~ likelihood_v(decoder_v(z_v; W_v)), W_v with a spike-and-slab
//            prior, so that loadings say which features answer to what is shared or private
//
// A draw that explains an omic without knowing its private block leaves more of it open than one
// that knows it. Sparse decoders have a noise of its own for that, published ones one for both.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "layers/decoders.h"
#include "models/model.h"
#include "models/sparse_omics.h"
#include "pieces/arithmetic.h"
#include "pieces/columns.h"
#include "pieces/log_density.h"
#include "pieces/mlp.h"
#include "pieces/noise_prior.h"

namespace poems::models {

/// How a draw explains an omic.
template <typename T>
struct Explained {
  std::size_t omic;
  Var<T> loss;                   ///< minus the log-density, over features and samples
  Var<T> x_hat = nullptr;        ///< features x samples that have the omic, where it is kept
  Var<T> log_density = nullptr;  ///< 1 x these samples, where it is kept
};

template <typename T>
class BlockDecoders {
 public:
  virtual ~BlockDecoders() = default;

  virtual std::vector<Parameter<T>*> parameters() = 0;
  virtual std::vector<StateArray<T>> state() { return {}; }
  virtual std::vector<Vector<double>*> counts() { return {}; }

  /// Of omic v. noise: per omic, the initial noise of every feature.
  virtual void initialise(std::size_t v, std::uint64_t seed, std::uint64_t& part,
                          const std::vector<Vector<double>>& noise) = 0;

  virtual void enter(const Phase&) {}
  virtual void reach(double /*done*/) {}

  /// Before the draws of a batch are explained.
  virtual void begin_pass() {}

  /// Omic v. z: its blocks, with a column for each sample of the batch.
  /// counts: per sample, 1 or 0. own: whether z holds the omic's own block.
  virtual Explained<T> explain(Tape<T>& tape, const Batch<T>& batch, std::size_t v, Var<T> z,
                               const Vector<T>& counts, bool own) = 0;

  /// The prediction from z, features x samples.
  virtual Matrix<T> decode(std::size_t v, const Matrix<T>& z, int threads) = 0;

  /// What the loss has besides, on a batch.
  virtual void add_priors(Tape<T>&, const Batch<T>&, Terms<T>&) {}

  /// Whether the decoders take the step of a parameter themselves, by step() or after_epoch().
  virtual bool steps(const Parameter<T>*) const { return false; }
  virtual void step(AdamW<T>&, int /*threads*/) {}
  virtual void after_epoch() {}
  virtual std::vector<Figure> figures() { return {}; }
};

template <typename T>
class DenseDecoders : public BlockDecoders<T> {
 public:
  /// factors: per omic, of its z.
  DenseDecoders(const std::vector<OmicShape>& omics, const std::vector<Index>& factors,
                Index units) {
    for (std::size_t v = 0; v < omics.size(); ++v) {
      const std::string name = "omics/" + omics[v].name;
      omics_.push_back({{name + "/decoder",
                         {factors[v], units, omics[v].features},
                         pieces::Activation::leaky_relu,
                         pieces::Activation::identity},
                        {name, omics[v].features}});
    }
  }

  std::vector<Parameter<T>*> parameters() override { return pieces::parameters_of<T>(omics_); }

  void initialise(std::size_t v, std::uint64_t seed, std::uint64_t& part,
                  const std::vector<Vector<double>>&) override {
    omics_[v].decoder.initialise(pieces::Start::uniform, seed, part);
    omics_[v].density.initialise();
  }

  Explained<T> explain(Tape<T>& tape, const Batch<T>& batch, std::size_t v, Var<T> z,
                       const Vector<T>& counts, bool) override {
    const OmicBatch<T>& omic = batch.omics[v];
    Var<T> x_hat = omics_[v].decoder(tape, pieces::gather(tape, z, omic.members));
    Var<T> observed = omic.observed.size() > 0 ? tape.constant(omic.observed.transpose()) : nullptr;
    Var<T> density = omics_[v].density(tape, tape.constant(omic.x.transpose()), x_hat, observed);
    const Matrix<T> members = pieces::columns_at<T>(counts.transpose(), omic.members);
    density = pieces::times(tape, density, tape.constant(members));
    return {v, pieces::weighted_sum(tape, density, T(-1)), x_hat, density};
  }

  Matrix<T> decode(std::size_t v, const Matrix<T>& z, int threads) override {
    Tape<T> tape(false, threads);
    return omics_[v].decoder(tape, tape.constant(z))->value;
  }

 private:
  struct Omic {
    pieces::Mlp<T> decoder;
    pieces::GaussianDensity<T> density;

    std::vector<Parameter<T>*> parameters() { return pieces::parameters_of<T>(decoder, density); }
  };

  std::vector<Omic> omics_;
};

template <typename T>
class SparseDecoders : public BlockDecoders<T> {
 public:
  SparseDecoders(const std::vector<OmicShape>& omics, const std::vector<Index>& factors,
                 const SparseSettings& settings, const std::vector<SparseOmicShape>& shapes)
      : settings_(settings) {
    for (std::size_t v = 0; v < omics.size(); ++v) {
      const std::string name = "omics/" + omics[v].name;
      omics_.emplace_back(name, factors[v], settings, shapes[v]);
      across_.push_back(likelihood_of<T>(settings, shapes[v]));
      if (Parameter<T>* noise = across_[v]->noise()) noise->name = name + "/across/" + noise->name;
    }
  }

  std::vector<Parameter<T>*> parameters() override {
    std::vector<Parameter<T>*> list;
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      for (Parameter<T>* p : omics_[v].decoder_parameters()) list.push_back(p);
      for (Parameter<T>* p : {omics_[v].likelihood->noise(), across_[v]->noise()})
        if (p != nullptr) list.push_back(p);
    }
    return list;
  }

  std::vector<StateArray<T>> state() override {
    std::vector<StateArray<T>> all;
    for (SparseOmic<T>& omic : omics_) {
      const std::string& name = omic.decoder.W.name;  // "omics/mrna/W"
      const std::string omic_name = name.substr(0, name.rfind('/'));
      SpikeSlab<T>& slab = omic.spike_slab;
      all.push_back({omic_name + "/inclusion_probability", slab.inclusion_probability, true});
      all.push_back({omic_name + "/inclusion_rate", slab.inclusion_rate});
    }
    return all;
  }

  std::vector<Vector<double>*> counts() override {
    std::vector<Vector<double>*> all;
    for (std::size_t v = 0; v < omics_.size(); ++v)
      for (Likelihood<T>* likelihood : {omics_[v].likelihood.get(), across_[v].get()})
        for (Vector<double>* counted : likelihood->counts()) all.push_back(counted);
    return all;
  }

  void initialise(std::size_t v, std::uint64_t seed, std::uint64_t& part,
                  const std::vector<Vector<double>>& noise) override {
    omics_[v].decoder.initialise(seed, part, settings_.objective.unit_norm_decoder);
    omics_[v].likelihood->initialise(noise[v]);
    across_[v]->initialise(noise[v]);
  }

  void begin_pass() override { kept_.clear(); }

  void reach(double done) override { done_ = done; }

  void enter(const Phase& phase) override {
    phase_ = phase;
    if (!phase.training) return;
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      omics_[v].likelihood->reset_counts();
      across_[v]->reset_counts();
    }
  }

  Explained<T> explain(Tape<T>& tape, const Batch<T>& batch, std::size_t v, Var<T> z,
                       const Vector<T>& counts, bool own) override {
    SparseOmic<T>& omic = omics_[v];
    Likelihood<T>* likelihood = own ? omic.likelihood.get() : across_[v].get();
    return {v, decode_omics<T>(
                   tape,
                   {{&omic.decoder, likelihood, z, &omic.decoder.W.value, &omic.decoder.W.gradient,
                     1.0, Dropout(Stream(0, Purpose::decoder_dropout, 0), 0.0)}},
                   those_that_count(batch, v, counts), {skips_zeros(), phase_.threads},
                   workspaces_)[0]};
  }

  Matrix<T> decode(std::size_t v, const Matrix<T>& z, int threads) override {
    return poems::decode(omics_[v].decoder, omics_[v].decoder.W.value, z, threads).transpose();
  }

  void add_priors(Tape<T>& tape, const Batch<T>& batch, Terms<T>& terms) override {
    prior_weight_ = settings_.objective.prior_weight(batch.size(), phase_.training_samples);
    for (SparseOmic<T>& omic : omics_) {
      const std::string& name = omic.decoder.W.name;
      terms.add("penalty" + name.substr(name.find('/'), name.rfind('/') - name.find('/')),
                tape.constant(omic.spike_slab.penalty(omic.decoder.W.value, phase_.threads)),
                prior_weight_);
    }
  }

  bool steps(const Parameter<T>* p) const override {
    for (std::size_t v = 0; v < omics_.size(); ++v)
      if (p == &omics_[v].decoder.W || p == &omics_[v].decoder.output ||
          p == omics_[v].likelihood->noise() || p == across_[v]->noise())
        return true;
    return false;
  }

  void step(AdamW<T>& rule, int threads) override {
    step_loadings(list(), settings_.objective, skips_zeros(), prior_weight_, rule, threads);
  }

  void after_epoch() override {
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      omics_[v].spike_slab.update(omics_[v].decoder.W.value, phase_.threads);
      omics_[v].likelihood->update_noise();
      across_[v]->update_noise();
    }
  }

  std::vector<Figure> figures() override { return {{"nonzero", share_nonzero(list())}}; }

 private:
  std::vector<SparseOmic<T>*> list() {
    std::vector<SparseOmic<T>*> all;
    for (SparseOmic<T>& omic : omics_) all.push_back(&omic);
    return all;
  }

  bool skips_zeros() const { return models::skips_zeros(phase_, done_, settings_.revisit); }

  /// The members of an omic that count, as a batch of this omic alone. It stays
  /// until the next pass.
  const Batch<T>& those_that_count(const Batch<T>& batch, std::size_t v, const Vector<T>& counts) {
    const OmicBatch<T>& omic = batch.omics[v];
    std::vector<Index> which;
    for (std::size_t i = 0; i < omic.members.size(); ++i)
      if (counts(omic.members[i]) > T(0)) which.push_back(static_cast<Index>(i));
    Batch<T> some;
    some.samples = batch.samples;
    some.omics.push_back(which.size() == omic.members.size() ? omic : some_members(omic, which));
    kept_.push_back(std::move(some));
    return kept_.back();
  }

  SparseSettings settings_;
  Phase phase_{false, 0, 0, 1, 1};
  double done_ = 0.0;          ///< of the epoch
  double prior_weight_ = 1.0;  ///< of the last batch
  std::vector<SparseOmic<T>> omics_;
  std::vector<std::unique_ptr<Likelihood<T>>> across_;  ///< where the private block is not known
  std::vector<DecoderWorkspace<T>> workspaces_;
  std::deque<Batch<T>> kept_;
};

}  // namespace poems::models
