// MOCSS: of every omic a shared and a specific embedding, H_v and S_v, each by a branch that sees
// and reconstructs that omic alone. AE, VAE and SparseVAE differ in the specific branch.
//
//   H_v = encoder_v(x_v),   x_hat_v = decoder_v(H_v),   P_v = projection_v(H_v)
//   U(M) = M less the mean of all its entries, samples then of unit length
//
//   loss = sum_v mean U(H_v) o U(S_v)  +  sum_v<w contrast(U(P_v), U(P_w))
//        + 0.7 sum_v ||U(x_hat_v) - U(x_v)||_F  +  sum_v the specific branch's own terms
//
//   embedding = [S_1; ...; S_V; mean of H_v]
#pragma once

#include <memory>

#include "models/mocss_sparse_vae.h"
#include "models/mocss_specific.h"
#include "models/mocss_vae.h"
#include "pieces/contrast.h"
#include "pieces/orthogonality.h"

namespace poems::models {

enum class MocssKind { ae, vae, sparse_vae };

struct MocssOptions {
  MocssKind kind = MocssKind::ae;
  std::vector<OmicShape> omics;
  std::vector<std::vector<Index>> units;  ///< per omic; published: 512, 256, 128, of miRNA half
  Index embedding = 32;
  Index projection = 8;
  double temperature = 0.4;            ///< of the contrast
  double reconstruction_weight = 0.7;  ///< of the reconstructions by autoencoders
  SparseVaeOptions sparse;
  std::vector<double> prior_variance;  ///< SparseVAE: s^2 of the prior of sigma^2, per omic
};

template <typename T>
class Mocss : public Model<T> {
 public:
  explicit Mocss(const MocssOptions& options) : o_(options) {
    for (std::size_t v = 0; v < o_.omics.size(); ++v) {
      const std::string name = "omics/" + o_.omics[v].name;
      const std::vector<Index> sizes =
          pieces::layer_sizes(o_.omics[v].features, o_.units.at(v), o_.embedding);
      omics_.push_back({{name + "/shared", sizes},
                        {name + "/projection",
                         {o_.embedding, o_.embedding, o_.projection},
                         pieces::Activation::tanh,
                         pieces::Activation::tanh},
                        make_specific(v, sizes)});
    }
  }

  /// What a pass computes, per omic.
  struct Pass {
    std::vector<Var<T>> H, x_hat, P;
    std::vector<SpecificPass<T>> specific;
  };

  Pass encode(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws) {
    Pass pass;
    const std::vector<Var<T>> x = constants(tape, batch);
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      SpecificPass<T> specific;
      specific.x = x[v];
      pass.H.push_back(omics_[v].shared.encoder(tape, specific.x));
      omics_[v].specific->encode(tape, draws, specific);
      pass.specific.push_back(specific);
    }
    return pass;
  }

  Pass forward(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws) {
    Pass pass = encode(tape, batch, draws);
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      pass.x_hat.push_back(omics_[v].shared.decoder(tape, pass.H[v]));
      pass.P.push_back(omics_[v].projection(tape, pass.H[v]));
      omics_[v].specific->decode(tape, draws, pass.specific[v]);
    }
    return pass;
  }

  void loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
            Terms<T>& terms) override {
    using pieces::contrast, pieces::frobenius, pieces::orthogonality, pieces::unit;
    Pass pass = forward(tape, batch, draws);
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      const std::string& name = o_.omics[v].name;
      SpecificPass<T>& specific = pass.specific[v];
      specific.unit_x = unit(tape, specific.x);
      terms.add("orthogonality/" + name,
                orthogonality(tape, unit(tape, pass.H[v]), unit(tape, specific.S)));
      terms.add("shared_reconstruction/" + name,
                frobenius(tape, unit(tape, pass.x_hat[v]), specific.unit_x),
                o_.reconstruction_weight);
      omics_[v].specific->loss(tape, specific, terms);
      for (std::size_t u = 0; u < v; ++u)
        terms.add("contrastive/" + o_.omics[u].name + "-" + name,
                  contrast(tape, unit(tape, pass.P[u]), unit(tape, pass.P[v]), o_.temperature));
    }
  }

  std::vector<LatentBlock<T>> embedding(Tape<T>& tape, const Batch<T>& batch,
                                        const pieces::Draws<T>& draws) override {
    const Pass pass = encode(tape, batch, draws);
    std::vector<LatentBlock<T>> blocks;
    for (std::size_t v = 0; v < omics_.size(); ++v)
      blocks.push_back({"specific/" + o_.omics[v].name, pass.specific[v].S});
    blocks.push_back({"shared", pieces::average(tape, pass.H)});
    return blocks;
  }

  std::vector<Parameter<T>*> parameters() override { return pieces::parameters_of<T>(omics_); }

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
    const double weight = o_.reconstruction_weight;
    if (o_.kind == MocssKind::ae)
      return std::make_unique<SpecificAutoencoder<T>>(name, sizes, weight);
    if (o_.kind == MocssKind::vae) return std::make_unique<SpecificVae<T>>(name, sizes, weight);
    return std::make_unique<SpecificSparseVae<T>>(name, features, o_.embedding,
                                                  o_.prior_variance.at(v), o_.sparse);
  }

  MocssOptions o_;
  std::vector<Omic> omics_;
};

}  // namespace poems::models
