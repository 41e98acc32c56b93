// POEM: product of experts with a dense decoder per omic. The POEMS paper's comparison.
//
//   mean_v, logvar_v = encoder_v(x_v)                     the experts
//   alpha            = gate(mean_1, ..., mean_V)
//   q(z | x)         = prod_v N(mean_v, e^logvar_v)^alpha_v,    z ~ q
//   x_hat_v          = decoder_v(z)
//
// published:  loss = sum_v 1/2 mean ((x_v - x_hat_v) / sigma_v)^2  +  mean KL(q || N(0, 1))
//                  + sum_v prior(sigma_v) / B
// corrected:  loss = 1/B sum_n [ - sum_v log N(x_nv; x_hat_nv, sigma_v^2)  +  KL(q_n || N(0, 1)) ]
//                  - 1/N sum_v log p(sigma_v^2)
//
// Published means are over samples and features, or samples and factors, and omics are complete.
// Corrected sums are over the features of the omics that sample n has, as far as observed, and over
// factors: an evidence lower bound per sample. N: samples of the cohort.
#pragma once

#include "models/baseline.h"
#include "models/settings.h"
#include "pieces/dense_decoder.h"
#include "pieces/gate.h"
#include "pieces/gaussian_encoder.h"
#include "pieces/gaussian_likelihood.h"
#include "pieces/product_of_experts.h"

namespace poems::models {

struct PoemSettings {
  Index factors, encoder_units, decoder_units, gate_units;
  double dropout;

  template <typename Setting>
  void each(Setting setting) {
    setting("factors", factors, 32, 32, range::count, "Factors, the coordinates of a sample.");
    setting("encoder_units", encoder_units, 100, 100, range::count,
            "Units in each of the two hidden layers of an encoder.");
    setting("decoder_units", decoder_units, 100, 100, range::count,
            "Units in the hidden layer of a decoder.");
    setting("gate_units", gate_units, 64, 64, range::count,
            "Units in the hidden layer of the gating network.");
    setting("dropout", dropout, 0.2, 0.2, range::share,
            "Share of the units of encoders and decoders dropped while training.");
  }
};

struct PoemOptions {
  std::vector<OmicShape> omics;
  PoemSettings settings;
  bool elbo;                           ///< the corrected loss, not the published one
  double sigma_df;                     ///< nu of the prior of sigma^2
  std::vector<double> prior_variance;  ///< its s^2, per omic
  Index samples;                       ///< N

  static PoemOptions corrected() {
    return {{}, defaults<PoemSettings>(Form::corrected), true, 3.0, {}, 1};
  }
  static PoemOptions published() {
    return {{}, defaults<PoemSettings>(Form::published), false, 10.0, {}, 1};
  }
};

template <typename T>
class Poem : public Baseline<T> {
 public:
  explicit Poem(const PoemOptions& o)
      : elbo_(o.elbo),
        cohort_(static_cast<double>(o.samples)),
        gate_("gate", names(o.omics), o.settings.factors, o.settings.gate_units) {
    const PoemSettings& s = o.settings;
    for (std::size_t v = 0; v < o.omics.size(); ++v) {
      const std::string name = "omics/" + o.omics[v].name;
      const Index features = o.omics[v].features;
      omics_.push_back({o.omics[v].name,
                        {name + "/encoder", features, s.encoder_units, s.factors, s.dropout},
                        {name + "/decoder", s.factors, s.decoder_units, features, s.dropout},
                        {name, features, o.sigma_df, o.prior_variance.at(v)}});
    }
  }

  /// What a pass computes.
  struct Pass {
    pieces::Members members;
    std::vector<Var<T>> x;                     ///< per omic
    std::vector<pieces::Gaussian<T>> experts;  ///< of the omic's members
    std::vector<Var<T>> gate_input;            ///< of the omic's members
    std::vector<Var<T>> reconstruction;        ///< of all samples
    Var<T> alpha;
    pieces::Gaussian<T> posterior;
    Var<T> z;
  };

  Pass encode(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws) {
    Pass pass;
    pass.members = members_of(batch);
    pass.x = constants(tape, batch);
    for (std::size_t v = 0; v < omics_.size(); ++v)
      pass.experts.push_back(omics_[v].encoder(
          tape, pass.x[v], draws.of(pass.members.omics[v], pass.members.samples)));
    pass.gate_input = gate_.normalise(tape, pass.experts);
    pass.alpha = gate_(tape, pass.gate_input, pass.members);
    pass.posterior = pieces::product_of_experts(tape, pass.experts, pass.alpha, pass.members);
    pass.z = pieces::sample(tape, pass.posterior,
                            pieces::normals(tape, draws, "z", pass.posterior.mean));
    return pass;
  }

  Pass forward(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws) {
    Pass pass = encode(tape, batch, draws);
    for (Omic& omic : omics_) pass.reconstruction.push_back(omic.decoder(tape, pass.z, draws));
    return pass;
  }

  void loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
            Terms<T>& terms) override {
    const Pass pass = forward(tape, batch, draws);
    if (elbo_)
      add_elbo(tape, batch, pass, terms);
    else
      add_means(tape, pass, terms);
  }

  std::vector<LatentBlock<T>> embedding(Tape<T>& tape, const Batch<T>& batch,
                                        const pieces::Draws<T>& draws) override {
    return {of_all("shared", encode(tape, batch, draws).z)};
  }

  std::vector<SampleValues<T>> reconstruct(Tape<T>& tape, const Batch<T>& batch) override {
    const pieces::Draws<T> means;
    const Pass pass = forward(tape, batch, means);
    std::vector<SampleValues<T>> omics;
    for (std::size_t v = 0; v < omics_.size(); ++v)
      omics.push_back(of_all(omics_[v].name, pass.reconstruction[v]));
    return omics;
  }

  std::vector<Parameter<T>*> parameters() override {
    return pieces::parameters_of<T>(omics_, gate_);
  }

  void initialise(std::uint64_t seed, const std::vector<Vector<double>>& spread) override {
    std::uint64_t part = 0;
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      initialise_all(pieces::Start::uniform, seed, part, omics_[v].encoder, omics_[v].decoder);
      omics_[v].likelihood.initialise(spread[v]);
    }
    gate_.initialise(pieces::Start::uniform, seed, part);
  }

 private:
  struct Omic {
    std::string name;
    pieces::GaussianEncoder<T> encoder;
    pieces::DenseDecoder<T> decoder;
    pieces::GaussianLikelihood<T> likelihood;

    std::vector<Parameter<T>*> parameters() {
      return pieces::parameters_of<T>(encoder, decoder, likelihood);
    }
  };

  void add_elbo(Tape<T>& tape, const Batch<T>& batch, const Pass& pass, Terms<T>& terms) {
    const double share = 1.0 / static_cast<double>(batch.size());
    const std::vector<Var<T>> seen = observed(tape, batch);
    terms.add("kl",
              pieces::weighted_sum(tape, pieces::kl(tape, pass.posterior), static_cast<T>(share)));
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      Var<T> x_hat = pieces::pick(tape, pass.reconstruction[v], pass.members.omics[v]);
      terms.add("reconstruction/" + omics_[v].name,
                omics_[v].likelihood.misfit(tape, pass.x[v], x_hat, seen[v], share));
      terms.add("sigma/" + omics_[v].name, omics_[v].likelihood.prior(tape, 0.0, 1.0 / cohort_));
    }
  }

  void add_means(Tape<T>& tape, const Pass& pass, Terms<T>& terms) {
    const double samples = static_cast<double>(pass.members.samples);
    terms.add("kl", pieces::mean(tape, pieces::kl(tape, pass.posterior)));
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      pieces::GaussianLikelihood<T>& likelihood = omics_[v].likelihood;
      terms.add("reconstruction/" + omics_[v].name,
                likelihood.reconstruction(tape, pass.x[v], pass.reconstruction[v]));
      terms.add("sigma/" + omics_[v].name, likelihood.prior(tape, samples, 1.0 / samples));
    }
  }

  const bool elbo_;
  const double cohort_;
  std::vector<Omic> omics_;
  pieces::Gate<T> gate_;
};

}  // namespace poems::models
