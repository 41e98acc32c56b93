// The specific branch of an omic in MOCSS-VAE.
//
//   S = tanh(mean + softmax(rho) o eps),   x_hat = decoder(S)
//   loss: w ||U(x_hat) - U(x)||_F  +  KL,   KL = sum 1/2 (mean^2 + e^rho - 1 - rho)
//
// mean and rho are linear heads on the encoder. As released, rho is a log-variance to the KL, but
// the sample's standard deviation is its softmax over the coordinates.
#pragma once

#include "models/mocss_specific.h"
#include "pieces/arithmetic.h"

namespace poems::models {

template <typename T>
class SpecificVae : public Specific<T> {
 public:
  /// sizes: as of the autoencoder, whose last layer the two heads replace.
  SpecificVae(const std::string& omic, const std::vector<Index>& sizes, double weight)
      : Specific<T>(omic),
        encoder_(this->prefix + "/encoder", {sizes.begin(), sizes.end() - 1},
                 pieces::Activation::tanh, pieces::Activation::tanh),
        mean_(this->prefix + "/mean", sizes[sizes.size() - 2], sizes.back()),
        rho_(this->prefix + "/logvar", sizes[sizes.size() - 2], sizes.back()),
        decoder_(pieces::mirrored_decoder<T>(this->prefix + "/decoder", sizes)),
        weight_(weight) {}

  std::vector<Parameter<T>*> parameters() override {
    return pieces::parameters_of<T>(encoder_, mean_, rho_, decoder_);
  }

  void initialise(std::uint64_t seed, std::uint64_t& part, const Vector<double>&) override {
    initialise_all(pieces::Start::kaiming, seed, part, encoder_, mean_, rho_, decoder_);
  }

  void encode(Tape<T>& tape, const pieces::Draws<T>& draws, SpecificPass<T>& pass) override {
    Var<T> h = encoder_(tape, pass.x);
    pass.q = {mean_(tape, h), rho_(tape, h)};
    Var<T> eps = pieces::noise(tape, draws, this->prefix, pass.q.mean);
    Var<T> sd = pieces::softmax(tape, pass.q.logvar);
    pass.S = pieces::tanh(tape, pieces::plus(tape, pass.q.mean, pieces::times(tape, sd, eps)));
  }

  void decode(Tape<T>& tape, const pieces::Draws<T>&, SpecificPass<T>& pass) override {
    pass.x_hat = decoder_(tape, pass.S);
  }

  void loss(Tape<T>& tape, const SpecificPass<T>& pass, Terms<T>& terms) override {
    terms.add("specific_reconstruction/" + this->omic,
              pieces::frobenius(tape, pieces::unit(tape, pass.x_hat), pass.unit_x), weight_);
    terms.add("kl/" + this->omic, pieces::sum(tape, pieces::kl(tape, pass.q)));
  }

 private:
  pieces::Mlp<T> encoder_;
  pieces::Linear<T> mean_, rho_;
  pieces::Mlp<T> decoder_;
  double weight_;  ///< of the reconstruction
};

}  // namespace poems::models
