// The specific branch of an omic in MOCSS-SparseVAE: the sparse VAE of POEMS with this omic's own
// posterior q.
//
//   q = encoder(x),   S ~ q,   x_hat = sparse decoder(S) with loadings W
//   loss: 1/2 mean ((x - x_hat) / sigma)^2  +  mean KL(q || N(0, 1))
//       + sum_jk (lambda1 p_jk + lambda0 (1 - p_jk)) |w_jk| / B  +  prior(sigma)
//
// p and the inclusion rates eta move by an EM step after every step of the optimiser.
#pragma once

#include "models/mocss_specific.h"
#include "pieces/arithmetic.h"
#include "pieces/gaussian_encoder.h"
#include "pieces/gaussian_likelihood.h"
#include "pieces/sparse_decoder.h"
#include "pieces/spike_slab_penalty.h"

namespace poems::models {

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
    return pieces::parameters_of<T>(encoder_, decoder_, likelihood_);
  }

  void initialise(std::uint64_t seed, std::uint64_t& part, const Vector<double>& spread) override {
    initialise_all(pieces::Start::uniform, seed, part, encoder_, decoder_);
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

  void loss(Tape<T>& tape, const SpecificPass<T>& pass, Terms<T>& terms) override {
    const Index samples = pass.x->value.cols();
    terms.add("sparse_reconstruction/" + this->omic,
              likelihood_.reconstruction(tape, pass.x, pass.x_hat));
    terms.add("kl/" + this->omic, pieces::mean(tape, pieces::kl(tape, pass.q)));
    terms.add("mask/" + this->omic,
              pieces::spike_slab_penalty(tape, slab, tape.parameter(decoder_.loadings)),
              1.0 / static_cast<double>(samples));
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
