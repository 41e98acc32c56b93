// From factors to one omic, of any family: a decoder, sparse or dense, the noise about what it
// predicts, and the priors of loadings and noise.   u: factors x B, x_hat: features x B
//
//   priors = [ sum_jk (lambda1 p_jk + lambda0 (1 - p_jk)) |w_jk|  -  sum_j log p(noise_j) ] / N
//
// p and the inclusion rates move by EM steps. For loadings that become exactly 0 the penalty has no
// part in gradients: a proximal step takes it after the optimiser's, and layers are kept at unit
// length, so that the size of a loading means something. A dense decoder has no loadings, and so no
// first sum.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "likelihoods/likelihood.h"
#include "models/model.h"
#include "pieces/deep_decoder.h"
#include "pieces/likelihood.h"
#include "pieces/noise_prior.h"
#include "pieces/sparse_decoder.h"
#include "pieces/spike_slab_penalty.h"

namespace poems::models {

struct GenerationOptions {
  bool sparse = true;  ///< or dense, with two hidden layers
  Index decoder_units = 100;
  double dropout = 0.0;
  double sigma_df = 10.0;    ///< nu of the prior of sigma^2
  double lambda0 = 5.0;      ///< rate of the spike
  double lambda1 = 0.5;      ///< rate of the slab
  bool exact_zeros = false;  ///< loadings by proximal steps
  double inclusion_a = 1.0;  ///< Beta prior of the inclusion rates; its b is features / 10
};

template <typename T>
class Generation {
 public:
  /// noise_prior: what the prior of the noise is centred on.
  Generation(const OmicShape& omic, Family family, double noise_prior, Index factors,
             const GenerationOptions& o)
      : omic_(omic.name),
        likelihood_(make_likelihood<T>(family, omic.features, noise_prior, {true, o.sigma_df})),
        exact_zeros_(o.sparse && o.exact_zeros) {
    const std::string prefix = "omics/" + omic_;
    if (likelihood_->noise() != nullptr)
      likelihood_->noise()->name = prefix + "/" + likelihood_->noise()->name;
    if (!o.sparse) {
      dense_.emplace(prefix + "/decoder", factors, o.decoder_units, omic.features, o.dropout);
      return;
    }
    const double inclusion_b = static_cast<double>(omic.features) / 10.0;
    sparse_.emplace(prefix + "/decoder", factors, o.decoder_units, omic.features, o.dropout);
    slab_.emplace(SpikeSlabConfig{o.lambda0, o.lambda1, o.inclusion_a, inclusion_b, true}, factors,
                  omic.features);
  }

  std::vector<Parameter<T>*> parameters() {
    std::vector<Parameter<T>*> list = sparse_ ? sparse_->parameters() : dense_->parameters();
    if (likelihood_->noise() != nullptr) list.push_back(likelihood_->noise());
    return list;
  }

  /// noise: what it starts at, features.
  void initialise(pieces::Start start, std::uint64_t seed, std::uint64_t& part,
                  const Vector<double>& noise) {
    if (sparse_) sparse_->initialise(start, seed, part);
    if (dense_) dense_->initialise(start, seed, part);
    likelihood_->initialise(noise);
    if (exact_zeros_) sparse_->normalise_to_unit();
  }

  Var<T> operator()(Tape<T>& tape, Var<T> u, const pieces::Draws<T>& draws) {
    return sparse_ ? (*sparse_)(tape, u, draws) : (*dense_)(tape, u, draws);
  }

  Likelihood<T>& likelihood() { return *likelihood_; }

  /// samples: N.
  void add_priors(Tape<T>& tape, Index samples, Terms<T>& terms) {
    if (sparse_)
      terms.add("loadings/" + omic_,
                exact_zeros_
                    ? tape.constant(slab_->penalty(sparse_->loadings.value, 1))
                    : pieces::spike_slab_penalty(tape, *slab_, tape.parameter(sparse_->loadings)),
                1.0 / static_cast<double>(samples));
    if (likelihood_->noise() != nullptr)
      terms.add("noise/" + omic_,
                pieces::noise_prior(tape, *likelihood_, 1.0 / static_cast<double>(samples), 0.0));
  }

  /// After the optimiser's step.
  void shrink_loadings(const AdamW<T>& rule, Index samples) {
    if (!exact_zeros_) return;
    Parameter<T>& W = sparse_->loadings;
    const Block all{0, W.value.cols()};
    slab_->proximal_step(rule.step_sizes(W, all), 1.0 / static_cast<double>(samples), all, W.value);
    sparse_->normalise_to_unit();
  }

  /// The EM step.
  void update_inclusion(int threads) {
    if (sparse_) slab_->update(sparse_->loadings.value, threads);
  }

  std::vector<StateArray<T>> state() {
    if (!sparse_) return {};
    const std::string prefix = "omics/" + omic_ + "/inclusion_";
    return {{prefix + "probability", slab_->inclusion_probability, true},
            {prefix + "rate", slab_->inclusion_rate}};
  }

 private:
  std::string omic_;
  std::unique_ptr<Likelihood<T>> likelihood_;
  bool exact_zeros_;                                ///< of a sparse decoder
  std::optional<pieces::SparseDecoder<T>> sparse_;  ///< with slab_; or dense_
  std::optional<SpikeSlab<T>> slab_;
  std::optional<pieces::DeepDecoder<T>> dense_;
};

}  // namespace poems::models
