// How the terms of POEMS' loss are scaled and added, and how the parameters outside the gradient
// step are treated. A loss is per sample; smaller is better.
#pragma once

#include "support/types.h"

namespace poems {

/// A description of the training objective, of which the model and its training are assembled. As
/// it stands, the evidence lower bound: means over samples of sums over features and factors.
struct Objective {
  bool means_over_everything = false;  ///< over features and factors, too
  bool priors_per_batch = false;       ///< divided by the batch's samples, not by those of training
  bool likelihood_has_normaliser = true;
  bool proper_densities = true;          ///< in the E step of the spike and slab
  bool penalty_by_proximal_step = true;  ///< otherwise by its subgradient
  bool noise_once_per_epoch = true;      ///< otherwise by the optimiser
  bool unit_norm_decoder = true;
  bool decays_everything = false;         ///< otherwise weights of encoders, gate
  bool inclusion_every_step = false;      ///< otherwise once per epoch
  bool keeps_best = true;                 ///< otherwise the last epoch
  bool validates_at_mean = true;          ///< otherwise at a sample of z
  bool validates_priors = false;          ///< whether they count in validation
  bool hides_omics = true;                ///< of some samples in training
  bool gate_notices = true;               ///< experts that do not agree
  bool reconstructs_from_mode = true;     ///< otherwise from the posterior mean
  bool paces_wide_encoders = true;        ///< see encoder_pace()
  bool noise_prior_counts_batch = false;  ///< as so many observations more: a slip of the code

  static Objective elbo() { return {}; }

  /// As the authors' code has it, to the letter.
  static Objective published() {
    Objective o;
    o.means_over_everything = o.priors_per_batch = true;
    o.likelihood_has_normaliser = o.proper_densities = false;
    o.penalty_by_proximal_step = o.noise_once_per_epoch = o.unit_norm_decoder = false;
    o.decays_everything = o.inclusion_every_step = true;
    o.keeps_best = o.validates_at_mean = false;
    o.validates_priors = true;
    o.hides_omics = o.gate_notices = o.reconstructs_from_mode = o.paces_wide_encoders = false;
    o.noise_prior_counts_batch = true;
    return o;
  }

  /// Multiplies an omic's summed loss over the batch.
  double likelihood_weight(Index batch, Index features) const {
    return 1.0 / (static_cast<double>(batch) *
                  (means_over_everything ? static_cast<double>(features) : 1.0));
  }

  /// Multiplies the KL divergence summed over the batch.
  double kl_weight(Index batch, Index factors, double beta) const {
    return beta / (static_cast<double>(batch) *
                   (means_over_everything ? static_cast<double>(factors) : 1.0));
  }

  /// Multiplies the priors of W and sigma.
  double prior_weight(Index batch, Index training_samples) const {
    return 1.0 / static_cast<double>(priors_per_batch ? batch : training_samples);
  }

  double noise_prior_observations(Index batch) const {
    return noise_prior_counts_batch ? static_cast<double>(batch) : 0.0;
  }

  /// Share of the learning rate with which the weights of an encoder's first layer move. Adam moves
  /// each by about the rate, however small its gradient, and so a hidden unit by as much times the
  /// features: with tens of thousands of them the first steps would forget where training starts.
  double encoder_pace(Index features) const {
    constexpr Index features_at_full_pace = 1000;
    if (!paces_wide_encoders || features <= features_at_full_pace) return 1.0;
    return static_cast<double>(features_at_full_pace) / static_cast<double>(features);
  }
};

}  // namespace poems
