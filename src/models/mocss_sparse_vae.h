// The specific branch of an omic in MOCSS-SparseVAE: the sparse VAE of POEMS with this omic's own
// posterior q.
//
//   q = encoder(x),   S ~ q,   x_hat = sparse decoder(S) with loadings W
//   penalty = sum_jk (lambda1 p_jk + lambda0 (1 - p_jk)) |w_jk|
//
// published:  loss: 1/2 mean ((x - x_hat) / sigma)^2  +  mean KL(q || N(0, 1))
//                 + penalty / B  +  prior(sigma) / B
// corrected:  loss: w { 1/B sum_n [ - log N(x_n; x_hat_n, sigma^2)  +  KL(q_n || N(0, 1)) ]
//                 + penalty / N  -  log p(sigma^2) / N }
//
// p and the inclusion rates eta move by an EM step after every step of the optimiser. Corrected, it
// compares Laplace densities, not their exponentials alone, and the decoder's layers are kept at
// unit length, where the penalty cannot be evaded by small loadings and large layers. N: samples of
// the cohort.
#pragma once

#include "models/mocss_specific.h"
#include "models/settings.h"
#include "pieces/arithmetic.h"
#include "pieces/gaussian_encoder.h"
#include "pieces/gaussian_likelihood.h"
#include "pieces/sparse_decoder.h"
#include "pieces/spike_slab_penalty.h"

namespace poems::models {

struct SparseVaeSettings {
  Index encoder_units, decoder_units;
  double dropout, lambda0, lambda1;

  template <typename Setting>
  void each(Setting setting) {
    setting("encoder_units", encoder_units, 100, 100, range::count,
            "Units in each of the two hidden layers of a specific encoder.");
    setting("decoder_units", decoder_units, 100, 100, range::count,
            "Units in the hidden layer of a sparse decoder.");
    setting("dropout", dropout, 0.0, 0.2, range::share,
            "Share of these units dropped while training.");
    setting("lambda0", lambda0, 10.0, 5.0, range::positive,
            "Rate of the spike, the prior of loadings that are likely to be 0.");
    setting("lambda1", lambda1, 0.5, 0.5, range::positive, "Rate of the slab, that of the others.");
  }
};

/// Beside the settings.
struct SparseVaeOptions {
  double sigma_df = 10.0;    ///< nu of the prior of sigma^2
  double inclusion_a = 1.0;  ///< Beta prior of the inclusion rates; its b is features / 10
  Index samples = 1;         ///< N
};

template <typename T>
class SpecificSparseVae : public Specific<T> {
 public:
  /// weight: of the corrected loss.
  SpecificSparseVae(const std::string& omic, Index features, Index embedding, double prior_variance,
                    const SparseVaeSettings& s, const SparseVaeOptions& o, const MocssForm& form,
                    double weight)
      : Specific<T>(omic),
        slab({s.lambda0, s.lambda1, o.inclusion_a, static_cast<double>(features) / 10.0, form.elbo},
             embedding, features),
        encoder_(this->prefix + "/encoder", features, s.encoder_units, embedding, s.dropout),
        decoder_(this->prefix + "/decoder", embedding, s.decoder_units, features, s.dropout),
        likelihood_(this->prefix, features, o.sigma_df, prior_variance),
        elbo_(form.elbo),
        weight_(weight),
        cohort_(o.samples) {}

  std::vector<Parameter<T>*> parameters() override {
    return pieces::parameters_of<T>(encoder_, decoder_, likelihood_);
  }

  std::vector<StateArray<T>> state() override {
    return {{this->prefix + "/inclusion_probability", slab.inclusion_probability, true},
            {this->prefix + "/inclusion_rate", slab.inclusion_rate}};
  }

  void initialise(std::uint64_t seed, std::uint64_t& part, const Vector<double>& spread) override {
    initialise_all(pieces::Start::uniform, seed, part, encoder_, decoder_);
    likelihood_.initialise(spread);
    const Stream rates(seed, Purpose::initialise, 0, part++);
    slab.inclusion_probability.setConstant(T(0.5));
    for (Index k = 0; k < slab.inclusion_rate.size(); ++k)
      slab.inclusion_rate(k) = static_cast<T>(rates.uniform(k));
    if (elbo_) decoder_.normalise_to_unit();
  }

  void encode(Tape<T>& tape, const pieces::Draws<T>& draws, OmicPass<T>& pass) override {
    pass.q = encoder_(tape, pass.x, draws);
    pass.S = pieces::sample(tape, pass.q, pieces::normals(tape, draws, this->prefix, pass.q.mean));
  }

  void decode(Tape<T>& tape, const pieces::Draws<T>& draws, OmicPass<T>& pass) override {
    pass.x_hat = decoder_(tape, pass.S, draws);
  }

  void loss(Tape<T>& tape, const OmicPass<T>& pass, Terms<T>& terms) override {
    if (elbo_)
      add_elbo(tape, pass, terms);
    else
      add_means(tape, pass, terms);
  }

  /// The EM step of the inclusion probabilities and rates.
  void after_step(int threads) override {
    if (elbo_) decoder_.normalise_to_unit();
    slab.update(decoder_.loadings.value, threads);
  }

  SpikeSlab<T> slab;

 private:
  void add_elbo(Tape<T>& tape, const OmicPass<T>& pass, Terms<T>& terms) {
    const std::string& name = this->omic;
    terms.add("sparse_reconstruction/" + name,
              likelihood_.misfit(tape, pass.x, pass.x_hat, pass.observed, pass.share), weight_);
    Var<T> kl = pieces::kl(tape, pass.q);
    terms.add("kl/" + name, pieces::weighted_sum(tape, kl, static_cast<T>(pass.share)), weight_);
    terms.add("mask/" + name, penalty(tape), weight_ / static_cast<double>(cohort_));
    terms.add("sigma/" + name, likelihood_.prior(tape, 0.0, 1.0 / static_cast<double>(cohort_)),
              weight_);
  }

  void add_means(Tape<T>& tape, const OmicPass<T>& pass, Terms<T>& terms) {
    const std::string& name = this->omic;
    const double count = static_cast<double>(pass.x->value.cols());
    terms.add("sparse_reconstruction/" + name,
              likelihood_.reconstruction(tape, pass.x, pass.x_hat));
    terms.add("kl/" + name, pieces::mean(tape, pieces::kl(tape, pass.q)));
    terms.add("mask/" + name, penalty(tape), 1.0 / count);
    terms.add("sigma/" + name, likelihood_.prior(tape, count, 1.0 / count));
  }

  Var<T> penalty(Tape<T>& tape) {
    return pieces::spike_slab_penalty(tape, slab, tape.parameter(decoder_.loadings));
  }

  pieces::GaussianEncoder<T> encoder_;
  pieces::SparseDecoder<T> decoder_;
  pieces::GaussianLikelihood<T> likelihood_;
  bool elbo_;
  double weight_;
  Index cohort_;
};

}  // namespace poems::models
