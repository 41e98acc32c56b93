// The specific branch of an omic in MOCSS-VAE. mean and rho are linear heads on the encoder.
//
// published:  S = tanh(mean + softmax(rho) o eps),   x_hat = decoder(S)
//             loss: w misfit(x_hat, x)  +  KL summed over samples and coordinates
// corrected:  S = tanh(mean + e^(rho / 2) o eps),    loss: w [ misfit(x_hat, x)  +  KL per sample ]
//
// KL = 1/2 (mean^2 + e^rho - 1 - rho). As released, rho is a log-variance to the KL alone: the
// sample's standard deviation is its softmax over the coordinates, and the sum outweighs all else.
// Corrected, misfit and KL are minus an evidence lower bound with noise of variance 1.
#pragma once

#include "models/mocss_specific.h"
#include "pieces/arithmetic.h"

namespace poems::models {

template <typename T>
class SpecificVae : public Specific<T> {
 public:
  /// sizes: as of the autoencoder, whose last layer the two heads replace.
  SpecificVae(const std::string& omic, const std::vector<Index>& sizes, const MocssForm& form,
              double weight)
      : Specific<T>(omic),
        encoder_(this->prefix + "/encoder", {sizes.begin(), sizes.end() - 1},
                 pieces::Activation::tanh, pieces::Activation::tanh),
        mean_(this->prefix + "/mean", sizes[sizes.size() - 2], sizes.back()),
        rho_(this->prefix + "/logvar", sizes[sizes.size() - 2], sizes.back()),
        decoder_(pieces::mirrored_decoder<T>(this->prefix + "/decoder", sizes, form.output)),
        elbo_(form.elbo),
        weight_(weight) {}

  std::vector<Parameter<T>*> parameters() override {
    return pieces::parameters_of<T>(encoder_, mean_, rho_, decoder_);
  }

  void initialise(std::uint64_t seed, std::uint64_t& part, const Vector<double>&) override {
    initialise_all(pieces::Start::kaiming, seed, part, encoder_, mean_, rho_, decoder_);
  }

  void encode(Tape<T>& tape, const pieces::Draws<T>& draws, OmicPass<T>& pass) override {
    Var<T> h = encoder_(tape, pass.x);
    pass.q = {mean_(tape, h), rho_(tape, h)};
    Var<T> eps = pieces::normals(tape, draws, this->prefix, pass.q.mean);
    pass.S = pieces::tanh(
        tape, elbo_ ? pieces::sample(tape, pass.q, eps) : published_sample(tape, pass.q, eps));
  }

  void decode(Tape<T>& tape, const pieces::Draws<T>&, OmicPass<T>& pass) override {
    pass.x_hat = decoder_(tape, pass.S);
  }

  void loss(Tape<T>& tape, const OmicPass<T>& pass, Terms<T>& terms) override {
    terms.add("specific_reconstruction/" + this->omic, misfit(tape, pass, pass.x_hat), weight_);
    const T share = elbo_ ? static_cast<T>(pass.share) : T(1);
    terms.add("kl/" + this->omic, pieces::weighted_sum(tape, pieces::kl(tape, pass.q), share),
              elbo_ ? weight_ : 1.0);
  }

 private:
  static Var<T> published_sample(Tape<T>& tape, const pieces::Gaussian<T>& q, Var<T> eps) {
    Var<T> sd = pieces::softmax(tape, q.logvar);
    return pieces::plus(tape, q.mean, pieces::times(tape, sd, eps));
  }

  pieces::Mlp<T> encoder_;
  pieces::Linear<T> mean_, rho_;
  pieces::Mlp<T> decoder_;
  bool elbo_;
  double weight_;  ///< of the misfit
};

}  // namespace poems::models
