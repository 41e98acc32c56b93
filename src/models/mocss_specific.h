// The specific branch of an omic in MOCSS: what each is to the model, and the AE's.
//
//   S = encoder(x),   x_hat = decoder(S),   loss: w ||U(x_hat) - U(x)||_F
#pragma once

#include "models/model.h"
#include "pieces/autoencoder.h"
#include "pieces/frobenius.h"
#include "pieces/latent.h"
#include "pieces/unit.h"

namespace poems::models {

/// What a pass computes for one omic.
template <typename T>
struct SpecificPass {
  Var<T> x = nullptr, unit_x = nullptr;  ///< features x B; U(x)
  pieces::Gaussian<T> q;                 ///< of VAE and SparseVAE
  Var<T> S = nullptr;                    ///< embedding x B
  Var<T> x_hat = nullptr;
};

template <typename T>
class Specific {
 public:
  explicit Specific(const std::string& omic) : omic(omic), prefix("omics/" + omic + "/specific") {}
  virtual ~Specific() = default;

  virtual std::vector<Parameter<T>*> parameters() = 0;
  virtual void initialise(std::uint64_t seed, std::uint64_t& part,
                          const Vector<double>& spread) = 0;
  /// From x to q and S.
  virtual void encode(Tape<T>& tape, const pieces::Draws<T>& draws, SpecificPass<T>& pass) = 0;
  /// From S to x_hat.
  virtual void decode(Tape<T>& tape, const pieces::Draws<T>& draws, SpecificPass<T>& pass) = 0;
  virtual void loss(Tape<T>& tape, const SpecificPass<T>& pass, Terms<T>& terms) = 0;
  virtual void after_step(int /*threads*/) {}

  const std::string omic, prefix;
};

template <typename T>
class SpecificAutoencoder : public Specific<T> {
 public:
  SpecificAutoencoder(const std::string& omic, const std::vector<Index>& sizes, double weight)
      : Specific<T>(omic), net_(this->prefix, sizes), weight_(weight) {}

  std::vector<Parameter<T>*> parameters() override { return net_.parameters(); }

  void initialise(std::uint64_t seed, std::uint64_t& part, const Vector<double>&) override {
    net_.initialise(pieces::Start::kaiming, seed, part);
  }

  void encode(Tape<T>& tape, const pieces::Draws<T>&, SpecificPass<T>& pass) override {
    pass.S = net_.encoder(tape, pass.x);
  }

  void decode(Tape<T>& tape, const pieces::Draws<T>&, SpecificPass<T>& pass) override {
    pass.x_hat = net_.decoder(tape, pass.S);
  }

  void loss(Tape<T>& tape, const SpecificPass<T>& pass, Terms<T>& terms) override {
    terms.add("specific_reconstruction/" + this->omic,
              pieces::frobenius(tape, pieces::unit(tape, pass.x_hat), pass.unit_x), weight_);
  }

 private:
  pieces::Autoencoder<T> net_;
  double weight_;  ///< of the reconstruction
};

}  // namespace poems::models
