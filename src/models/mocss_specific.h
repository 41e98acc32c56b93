// The specific branch of one omic in MOCSS, x -> its embedding S and its own terms of the loss:
//
//   AE          S = encoder(x), tanh throughout
//   VAE         S = tanh(mean + softmax(rho) o eps), and KL = sum 1/2 (mean^2 + e^rho - 1 - rho):
//               rho is a log-variance to the KL alone, as released
//   SparseVAE   the sparse VAE of POEMS with this omic's own posterior q: S = sample(q)
//
// To the loss, AE and VAE add w ||U(x_hat) - U(x)||_F, the VAE its KL; the SparseVAE adds
// 1/2 mean ((x - x_hat) / sigma)^2, the mean KL, the loadings' penalty and the prior of sigma.
#pragma once

#include "models/model.h"
#include "pieces/autoencoder.h"
#include "pieces/frobenius.h"
#include "pieces/gaussian_encoder.h"
#include "pieces/gaussian_likelihood.h"
#include "pieces/sparse_decoder.h"
#include "pieces/spike_slab_penalty.h"
#include "pieces/unit.h"

namespace poems::models {

/// What a pass computes for one omic.
template <typename T>
struct SpecificPass {
  Var<T> x, unit_x;       ///< features x B; U(x)
  pieces::Gaussian<T> q;  ///< VAE, SparseVAE
  Var<T> S;               ///< embedding x B
  Var<T> x_hat;
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
  virtual void loss(Tape<T>& tape, const SpecificPass<T>& pass, double reconstruction_weight,
                    Terms<T>& terms) = 0;
  virtual void after_step(int /*threads*/) {}

  const std::string omic, prefix;
};

/// Both branches of the AE, and the shared branch of all, measure their reconstruction so.
template <typename T>
Var<T> scale_free_distance(Tape<T>& tape, Var<T> x_hat, Var<T> unit_x) {
  return pieces::frobenius(tape, pieces::unit(tape, x_hat), unit_x);
}

template <typename T>
class SpecificAutoencoder : public Specific<T> {
 public:
  SpecificAutoencoder(const std::string& omic, const std::vector<Index>& sizes)
      : Specific<T>(omic), net_(this->prefix, sizes) {}

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

  void loss(Tape<T>& tape, const SpecificPass<T>& pass, double reconstruction_weight,
            Terms<T>& terms) override {
    terms.add("specific_reconstruction/" + this->omic,
              scale_free_distance(tape, pass.x_hat, pass.unit_x), reconstruction_weight);
  }

 private:
  pieces::Autoencoder<T> net_;
};

template <typename T>
class SpecificVae : public Specific<T> {
 public:
  /// sizes: as of the autoencoder, whose last layer the two heads replace.
  SpecificVae(const std::string& omic, const std::vector<Index>& sizes)
      : Specific<T>(omic),
        encoder_(this->prefix + "/encoder", {sizes.begin(), sizes.end() - 1},
                 pieces::Activation::tanh, pieces::Activation::tanh),
        mean_(this->prefix + "/mean", sizes[sizes.size() - 2], sizes.back()),
        rho_(this->prefix + "/logvar", sizes[sizes.size() - 2], sizes.back()),
        decoder_(pieces::mirrored_decoder<T>(this->prefix + "/decoder", sizes)) {}

  std::vector<Parameter<T>*> parameters() override {
    std::vector<Parameter<T>*> list = encoder_.parameters();
    pieces::append(mean_, list);
    pieces::append(rho_, list);
    pieces::append(decoder_, list);
    return list;
  }

  void initialise(std::uint64_t seed, std::uint64_t& part, const Vector<double>&) override {
    encoder_.initialise(pieces::Start::kaiming, seed, part);
    mean_.initialise(pieces::Start::kaiming, seed, part);
    rho_.initialise(pieces::Start::kaiming, seed, part);
    decoder_.initialise(pieces::Start::kaiming, seed, part);
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

  void loss(Tape<T>& tape, const SpecificPass<T>& pass, double reconstruction_weight,
            Terms<T>& terms) override {
    terms.add("specific_reconstruction/" + this->omic,
              scale_free_distance(tape, pass.x_hat, pass.unit_x), reconstruction_weight);
    terms.add("kl/" + this->omic, pieces::sum(tape, pieces::kl(tape, pass.q)));
  }

 private:
  pieces::Mlp<T> encoder_;
  pieces::Linear<T> mean_, rho_;
  pieces::Mlp<T> decoder_;
};

struct SparseVaeOptions {
  Index encoder_units = 100;
  Index decoder_units = 100;
  double dropout = 0.2;      ///< in encoder and decoder
  double sigma_df = 10.0;    ///< nu of the prior of sigma^2
  double lambda0 = 5.0;      ///< rate of the spike
  double lambda1 = 0.5;      ///< rate of the slab
  double inclusion_a = 1.0;  ///< Beta prior of the inclusion rates; its b is features / 10
};

template <typename T>
class SpecificSparseVae : public Specific<T> {
 public:
  SpecificSparseVae(const std::string& omic, Index features, Index embedding, double prior_variance,
                    const SparseVaeOptions& o)
      : Specific<T>(omic),
        slab({o.lambda0, o.lambda1, o.inclusion_a, static_cast<double>(features) / 10.0, false},
             embedding, features),
        encoder_(this->prefix + "/encoder", features, o.encoder_units, embedding, o.dropout),
        decoder_(this->prefix + "/decoder", embedding, o.decoder_units, features, o.dropout),
        likelihood_(this->prefix, features, o.sigma_df, prior_variance) {}

  std::vector<Parameter<T>*> parameters() override {
    std::vector<Parameter<T>*> list = encoder_.parameters();
    pieces::append(decoder_, list);
    pieces::append(likelihood_, list);
    return list;
  }

  void initialise(std::uint64_t seed, std::uint64_t& part, const Vector<double>& spread) override {
    encoder_.initialise(pieces::Start::uniform, seed, part);
    decoder_.initialise(seed, part);
    likelihood_.initialise(spread);
    const Stream rates(seed, Purpose::initialise, 0, part++);
    slab.inclusion_probability.setConstant(T(0.5));
    for (Index k = 0; k < slab.inclusion_rate.size(); ++k)
      slab.inclusion_rate(k) = static_cast<T>(rates.uniform(k));
  }

  void encode(Tape<T>& tape, const pieces::Draws<T>& draws, SpecificPass<T>& pass) override {
    pass.q = encoder_(tape, pass.x, draws);
    pass.S = pieces::sample(tape, pass.q, pieces::noise(tape, draws, this->prefix, pass.q.mean));
  }

  void decode(Tape<T>& tape, const pieces::Draws<T>& draws, SpecificPass<T>& pass) override {
    pass.x_hat = decoder_(tape, pass.S, draws);
  }

  void loss(Tape<T>& tape, const SpecificPass<T>& pass, double, Terms<T>& terms) override {
    const Index samples = pass.x->value.cols();
    terms.add("sparse_reconstruction/" + this->omic,
              likelihood_.reconstruction(tape, pass.x, pass.x_hat));
    terms.add("kl/" + this->omic, pieces::mean(tape, pieces::kl(tape, pass.q)));
    terms.add("mask/" + this->omic,
              pieces::spike_slab_penalty(tape, slab, decoder_.loadings, samples));
    terms.add("sigma/" + this->omic, likelihood_.prior(tape, samples));
  }

  /// The EM step of the inclusion probabilities and rates.
  void after_step(int threads) override { slab.update(decoder_.loadings.value, threads); }

  SpikeSlab<T> slab;

 private:
  pieces::GaussianEncoder<T> encoder_;
  pieces::SparseDecoder<T> decoder_;
  pieces::GaussianLikelihood<T> likelihood_;
};

}  // namespace poems::models
