// The specific branch of an omic in MOCSS: what each is to the model, and the AE's.
//
//   S = encoder(x),   x_hat = decoder(S),   loss: w misfit(x_hat, x)
#pragma once

#include "models/model.h"
#include "pieces/autoencoder.h"
#include "pieces/frobenius.h"
#include "pieces/latent.h"
#include "pieces/squared_error.h"
#include "pieces/unit.h"

namespace poems::models {

/// How the terms of MOCSS are computed: see mocss.h.
struct MocssForm {
  pieces::Centring centring;  ///< of projections before their contrast
  bool squared_correlations;  ///< orthogonality: of these, not the signed mean cosine
  bool squared_error;         ///< misfit: of values, not the distance of unit samples
  pieces::Activation output;  ///< of autoencoders' decoders
  bool elbo;                  ///< (sparse) VAE: misfit and KL make up an evidence lower bound

  static MocssForm corrected() {
    return {pieces::Centring::coordinates, true, true, pieces::Activation::identity, true};
  }
  static MocssForm published() {
    return {pieces::Centring::all_entries, false, false, pieces::Activation::sigmoid, false};
  }
};

/// What a pass computes for one omic, of its members.
template <typename T>
struct OmicPass {
  Var<T> x = nullptr, observed = nullptr;  ///< features x members; as models::observed()
  Var<T> unit_x = nullptr;                 ///< U(x), where the form compares that
  double share = 0.0;                      ///< one over the samples of the batch
  pieces::Gaussian<T> q;                   ///< of VAE and SparseVAE
  Var<T> S = nullptr;                      ///< embedding x members
  Var<T> x_hat = nullptr;
};

/// 1/2 sum over observed features of (x - x_hat)^2, mean over the batch; as published
/// ||U(x_hat) - U(x)||_F.
template <typename T>
Var<T> misfit(Tape<T>& tape, const OmicPass<T>& pass, Var<T> x_hat) {
  if (!pass.unit_x)
    return pieces::squared_error(tape, pass.x, x_hat, pass.observed, 0.5 * pass.share);
  Var<T> unit_x_hat = pieces::unit(tape, x_hat, pieces::Centring::all_entries);
  return pieces::frobenius(tape, unit_x_hat, pass.unit_x);
}

template <typename T>
class Specific {
 public:
  explicit Specific(const std::string& omic) : omic(omic), prefix("omics/" + omic + "/specific") {}
  virtual ~Specific() = default;

  virtual std::vector<Parameter<T>*> parameters() = 0;
  virtual std::vector<StateArray<T>> state() { return {}; }
  virtual void initialise(std::uint64_t seed, std::uint64_t& part,
                          const Vector<double>& spread) = 0;
  /// From x to q and S.
  virtual void encode(Tape<T>& tape, const pieces::Draws<T>& draws, OmicPass<T>& pass) = 0;
  /// From S to x_hat.
  virtual void decode(Tape<T>& tape, const pieces::Draws<T>& draws, OmicPass<T>& pass) = 0;
  virtual void loss(Tape<T>& tape, const OmicPass<T>& pass, Terms<T>& terms) = 0;
  virtual void after_step(int /*threads*/) {}

  const std::string omic, prefix;
};

template <typename T>
class SpecificAutoencoder : public Specific<T> {
 public:
  SpecificAutoencoder(const std::string& omic, const std::vector<Index>& sizes,
                      const MocssForm& form, double weight)
      : Specific<T>(omic), net_(this->prefix, sizes, form.output), weight_(weight) {}

  std::vector<Parameter<T>*> parameters() override { return net_.parameters(); }

  void initialise(std::uint64_t seed, std::uint64_t& part, const Vector<double>&) override {
    net_.initialise(pieces::Start::kaiming, seed, part);
  }

  void encode(Tape<T>& tape, const pieces::Draws<T>&, OmicPass<T>& pass) override {
    pass.S = net_.encoder(tape, pass.x);
  }

  void decode(Tape<T>& tape, const pieces::Draws<T>&, OmicPass<T>& pass) override {
    pass.x_hat = net_.decoder(tape, pass.S);
  }

  void loss(Tape<T>& tape, const OmicPass<T>& pass, Terms<T>& terms) override {
    terms.add("specific_reconstruction/" + this->omic, misfit(tape, pass, pass.x_hat), weight_);
  }

 private:
  pieces::Autoencoder<T> net_;
  double weight_;  ///< of the misfit
};

}  // namespace poems::models
