// MOCSS: of every omic a shared and a specific embedding, H_v and S_v, each by a branch that sees
// and reconstructs that omic alone. AE, VAE and SparseVAE differ in the specific branch.
//
//   H_v = encoder_v(x_v),   x_hat_v = decoder_v(H_v),   P_v = projection_v(H_v)
//   embedding = [S_1; ...; S_V; mean of H_v over the omics that the sample has]
//
//   loss = a sum_v orthogonality(H_v, S_v)  +  sum_v<w contrast(U(P_v), U(P_w))
//        + w sum_v misfit(x_hat_v, x_v)  +  sum_v the specific branch's own terms
//
// published:  U(M) = M less the mean of all its entries, samples then of unit length
//             orthogonality = mean U(H) o U(S),   misfit = ||U(x_hat) - U(x)||_F,   sigmoid outputs
// corrected:  U(M) = M less every coordinate's mean, samples then of unit length
//             orthogonality = the mean squared correlation of H's coordinates with S's
//             misfit = 1/2 sum (x_hat - x)^2, mean over the batch, w divided by the features;
//             linear outputs
//
// The published orthogonality is least where S = -H, its misfit grows with the square root of the
// batch and leaves scale and offset of x_hat open. Corrected, a sample that lacks an omic has no
// terms of that omic, and an omic is contrasted with another over the samples that have both;
// published omics are complete.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "models/baseline.h"
#include "models/mocss_sparse_vae.h"
#include "models/mocss_specific.h"
#include "models/mocss_vae.h"
#include "models/settings.h"
#include "pieces/contrast.h"
#include "pieces/correlation.h"
#include "pieces/orthogonality.h"

namespace poems::models {

enum class MocssKind { ae, vae, sparse_vae };

struct MocssSettings {
  Index embedding, projection, units;
  double temperature, orthogonality_weight, reconstruction_weight;

  template <typename Setting>
  void each(Setting setting) {
    setting("embedding", embedding, 32, 32, range::count,
            "Coordinates of the shared embedding, and of every specific one.");
    setting("projection", projection, 8, 8, range::count,
            "Coordinates of the projection that is contrasted.");
    setting("units", units, 512, 512, range::count,
            "Units in the first hidden layer of an autoencoder; the second has half, the third a "
            "quarter. Omics of fewer than 1000 features have half of all.");
    setting("temperature", temperature, 0.4, 0.4, range::positive, "Temperature of the contrast.");
    setting("orthogonality_weight", orthogonality_weight, 4.0, 1.0, range::weight,
            "Weight of the orthogonality of shared and specific embeddings.");
    setting("reconstruction_weight", reconstruction_weight, 1.0, 0.7, range::weight,
            "Weight of the reconstructions; that of the contrast is 1.");
  }

  /// Of the hidden layers of an omic's autoencoder, from the input on.
  std::vector<Index> layers(Index features) const {
    constexpr Index features_of_a_small_omic = 1000;
    const Index first = features < features_of_a_small_omic ? units / 2 : units;
    return {std::max<Index>(first, 1), std::max<Index>(first / 2, 1),
            std::max<Index>(first / 4, 1)};
  }
};

struct MocssOptions {
  MocssKind kind;
  MocssForm form;
  MocssSettings settings;
  SparseVaeSettings sparse_settings;
  std::vector<OmicShape> omics;
  std::vector<std::vector<Index>> units;  ///< per omic, of its hidden layers
  SparseVaeOptions sparse;
  std::vector<double> prior_variance;  ///< SparseVAE: s^2 of the prior of sigma^2, per omic

  static MocssOptions corrected(MocssKind kind) {
    return with_defaults(kind, Form::corrected, MocssForm::corrected());
  }
  static MocssOptions published(MocssKind kind) {
    return with_defaults(kind, Form::published, MocssForm::published());
  }

 private:
  static MocssOptions with_defaults(MocssKind kind, Form form, const MocssForm& terms) {
    return {kind, terms, defaults<MocssSettings>(form), defaults<SparseVaeSettings>(form), {}, {},
            {},   {}};
  }
};

template <typename T>
class Mocss : public Baseline<T> {
 public:
  explicit Mocss(const MocssOptions& options) : o_(options) {
    const MocssSettings& s = o_.settings;
    for (std::size_t v = 0; v < o_.omics.size(); ++v) {
      const std::string name = "omics/" + o_.omics[v].name;
      const std::vector<Index> sizes =
          pieces::layer_sizes(o_.omics[v].features, o_.units.at(v), s.embedding);
      omics_.push_back({{name + "/shared", sizes, o_.form.output},
                        {name + "/projection",
                         {s.embedding, s.embedding, s.projection},
                         pieces::Activation::tanh,
                         pieces::Activation::tanh},
                        make_specific(v, sizes)});
    }
  }

  /// What a pass computes, per omic.
  struct Pass {
    pieces::Members members;
    std::vector<Var<T>> H, x_hat, P;
    std::vector<OmicPass<T>> specific;
  };

  Pass encode(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws) {
    Pass pass;
    pass.members = members_of(batch);
    const std::vector<Var<T>> x = constants(tape, batch), seen = observed(tape, batch);
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      OmicPass<T> omic;
      omic.x = x[v];
      omic.observed = seen[v];
      omic.share = 1.0 / static_cast<double>(batch.size());
      if (!o_.form.squared_error)
        omic.unit_x = pieces::unit(tape, omic.x, pieces::Centring::all_entries);
      pass.H.push_back(omics_[v].shared.encoder(tape, omic.x));
      omics_[v].specific->encode(tape, draws.of(pass.members.omics[v], batch.size()), omic);
      pass.specific.push_back(omic);
    }
    return pass;
  }

  void decode(Tape<T>& tape, const pieces::Draws<T>& draws, Pass& pass) {
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      pass.x_hat.push_back(omics_[v].shared.decoder(tape, pass.H[v]));
      omics_[v].specific->decode(tape, draws.of(pass.members.omics[v], pass.members.samples),
                                 pass.specific[v]);
    }
  }

  Pass forward(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws) {
    Pass pass = encode(tape, batch, draws);
    decode(tape, draws, pass);
    for (std::size_t v = 0; v < omics_.size(); ++v)
      pass.P.push_back(omics_[v].projection(tape, pass.H[v]));
    return pass;
  }

  void loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
            Terms<T>& terms) override {
    const Pass pass = forward(tape, batch, draws);
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      if (pass.members.omics[v].empty()) continue;
      const std::string& name = o_.omics[v].name;
      const OmicPass<T>& specific = pass.specific[v];
      terms.add("orthogonality/" + name, orthogonality(tape, pass.H[v], specific.S),
                o_.settings.orthogonality_weight);
      terms.add("shared_reconstruction/" + name, misfit(tape, specific, pass.x_hat[v]),
                misfit_weight(v));
      omics_[v].specific->loss(tape, specific, terms);
      for (std::size_t u = 0; u < v; ++u) add_contrast(tape, pass, u, v, terms);
    }
  }

  std::vector<LatentBlock<T>> embedding(Tape<T>& tape, const Batch<T>& batch,
                                        const pieces::Draws<T>& draws) override {
    const Pass pass = encode(tape, batch, draws);
    std::vector<LatentBlock<T>> blocks;
    for (std::size_t v = 0; v < omics_.size(); ++v)
      blocks.push_back({"specific/" + o_.omics[v].name, pass.specific[v].S, pass.members.omics[v]});
    blocks.push_back(of_all("shared", pieces::average(tape, pass.H, pass.members)));
    return blocks;
  }

  /// The mean of what the omic's two branches say, of the samples that have it: nothing makes
  /// shared embeddings of different omics alike, only their projections.
  std::vector<SampleValues<T>> reconstruct(Tape<T>& tape, const Batch<T>& batch) override {
    const pieces::Draws<T> means;
    Pass pass = encode(tape, batch, means);
    decode(tape, means, pass);
    std::vector<SampleValues<T>> omics;
    for (std::size_t v = 0; v < omics_.size(); ++v)
      omics.push_back({o_.omics[v].name,
                       pieces::average<T>(tape, {pass.x_hat[v], pass.specific[v].x_hat}),
                       pass.members.omics[v]});
    return omics;
  }

  std::vector<Parameter<T>*> parameters() override { return pieces::parameters_of<T>(omics_); }

  std::vector<StateArray<T>> state() override {
    std::vector<StateArray<T>> all;
    for (Omic& omic : omics_)
      for (const StateArray<T>& array : omic.specific->state()) all.push_back(array);
    return all;
  }

  void initialise(std::uint64_t seed, const std::vector<Vector<double>>& spread) override {
    std::uint64_t part = 0;
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      initialise_all(pieces::Start::kaiming, seed, part, omics_[v].shared, omics_[v].projection);
      omics_[v].specific->initialise(seed, part, spread[v]);
    }
  }

  void after_step(int threads) override {
    for (Omic& omic : omics_) omic.specific->after_step(threads);
  }

  Specific<T>& specific(std::size_t omic) { return *omics_[omic].specific; }

 private:
  struct Omic {
    pieces::Autoencoder<T> shared;
    pieces::Mlp<T> projection;
    std::unique_ptr<Specific<T>> specific;

    std::vector<Parameter<T>*> parameters() {
      return pieces::parameters_of<T>(shared, projection, *specific);
    }
  };

  std::unique_ptr<Specific<T>> make_specific(std::size_t v, const std::vector<Index>& sizes) const {
    const auto& [name, features] = o_.omics[v];
    const double weight = misfit_weight(v);
    if (o_.kind == MocssKind::ae)
      return std::make_unique<SpecificAutoencoder<T>>(name, sizes, o_.form, weight);
    if (o_.kind == MocssKind::vae)
      return std::make_unique<SpecificVae<T>>(name, sizes, o_.form, weight);
    return std::make_unique<SpecificSparseVae<T>>(name, features, o_.settings.embedding,
                                                  o_.prior_variance.at(v), o_.sparse_settings,
                                                  o_.sparse, o_.form, weight);
  }

  /// Squared errors are summed over features, and are to count alike in all omics.
  double misfit_weight(std::size_t v) const {
    const double weight = o_.settings.reconstruction_weight;
    return o_.form.squared_error ? weight / static_cast<double>(o_.omics[v].features) : weight;
  }

  Var<T> orthogonality(Tape<T>& tape, Var<T> H, Var<T> S) const {
    if (o_.form.squared_correlations) return pieces::correlation(tape, H, S);
    const auto all = pieces::Centring::all_entries;
    return pieces::orthogonality(tape, pieces::unit(tape, H, all), pieces::unit(tape, S, all));
  }

  void add_contrast(Tape<T>& tape, const Pass& pass, std::size_t u, std::size_t v,
                    Terms<T>& terms) const {
    const auto both = pass.members.common(u, v);
    if (both.first.empty()) return;
    const auto projected = [&](std::size_t omic, const std::vector<Index>& positions) {
      return pieces::unit(tape, pieces::pick(tape, pass.P[omic], positions), o_.form.centring);
    };
    Var<T> a = projected(u, both.first), b = projected(v, both.second);
    terms.add("contrastive/" + o_.omics[u].name + "-" + o_.omics[v].name,
              pieces::contrast(tape, a, b, o_.settings.temperature));
  }

  MocssOptions o_;
  std::vector<Omic> omics_;
};

}  // namespace poems::models
