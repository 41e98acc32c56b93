// Sparse decoders of omics with what belongs to them: a likelihood, and the spike-and-slab prior of
// the loadings W with its updates.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "layers/decoder.h"
#include "likelihoods/likelihood.h"
#include "models/model.h"
#include "models/objective.h"
#include "pieces/spike_slab.h"
#include "tape/adamw.h"

namespace poems::models {

/// What is of one omic.
struct SparseOmicShape {
  Index features;
  /// What the prior of the family's noise is centred on: s^2 of the Gaussian's scaled inverse chi^2
  /// prior, the typical dispersion of the negative binomial.
  double noise_prior;
  double inclusion_b;  ///< b of the inclusion rates' Beta(a, b) prior
  Family family = Family::gaussian;
  double weight = 1.0;  ///< of its log-likelihood, beside those of the other omics
};

/// What all omics have in common.
struct SparseSettings {
  Index decoder_hidden = 100;
  double lambda0 = 10.0, lambda1 = 0.1;
  double inclusion_a = 1.0;
  double sigma_df = 3.0;
  Objective objective;
  Index covariates = 0;
  long revisit = 1;  ///< see skips_zeros()
};

/// Whether loadings that are exactly 0 are skipped, which saves the arithmetic: but for every
/// `revisit`-th epoch, in which all get a gradient and can come back; if some epochs skip them, for
/// its first half. In the second those that the data do not hold fall back to 0, so that no epoch
/// ends with them, nor a fit. done: the share of the epoch's batches before this one. Has no
/// meaning for "published", whose loadings are never 0.
inline bool skips_zeros(const Phase& phase, double done, long revisit) {
  if (!phase.training || revisit == 1) return false;
  return phase.epoch % revisit != 0 || done >= 0.5;
}

template <typename T>
struct SparseOmic {
  SparseDecoder<T> decoder;
  std::unique_ptr<Likelihood<T>> likelihood;
  SpikeSlab<T> spike_slab;

  /// name: the omic's, with which its parameters' names start.
  SparseOmic(const std::string& name, Index factors, const SparseSettings& settings,
             const SparseOmicShape& omic);

  /// Of the decoder.
  std::vector<Parameter<T>*> decoder_parameters();
};

/// A likelihood of the omic's family.
template <typename T>
std::unique_ptr<Likelihood<T>> likelihood_of(const SparseSettings& settings,
                                             const SparseOmicShape& omic);

/// The step of W and v of all omics, with the proximal step and the unit lengths where the
/// objective has them, in one pass over memory. skips: loadings that are 0 stay.
template <typename T>
void step_loadings(const std::vector<SparseOmic<T>*>& omics, const Objective& objective, bool skips,
                   double prior_weight, AdamW<T>& rule, int threads);

/// The share of the loadings that is not 0, over all omics.
template <typename T>
double share_nonzero(const std::vector<SparseOmic<T>*>& omics);

}  // namespace poems::models
