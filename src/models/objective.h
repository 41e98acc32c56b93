// How the terms of the loss are scaled and added, and how the parameters outside the gradient step
// are treated. A loss is per sample; smaller is better.
#pragma once

#include "support/types.h"

namespace poems {

/// A description of the training objective; the model and the trainer are assembled from it.
struct Objective {
  /// Mean over samples of the sum over features and factors (true), or means over everything with
  /// the priors divided by the batch size, as in the published code (false).
  bool elbo;

  bool likelihood_has_normaliser() const { return elbo; }
  bool proper_densities() const { return elbo; }          ///< in the E step of the spike and slab
  bool penalty_by_proximal_step() const { return elbo; }  ///< otherwise by its subgradient
  bool noise_once_per_epoch() const { return elbo; }      ///< otherwise by the optimiser
  bool unit_norm_decoder() const { return elbo; }
  bool decays_everything() const { return !elbo; }      ///< otherwise weights of encoders, gate
  bool inclusion_every_step() const { return !elbo; }   ///< otherwise once per epoch
  bool keeps_best() const { return elbo; }              ///< otherwise the last epoch
  bool validates_at_mean() const { return elbo; }       ///< otherwise at a sample of z
  bool hides_omics() const { return elbo; }             ///< of some samples in training
  bool gate_notices() const { return elbo; }            ///< experts that do not agree
  bool reconstructs_from_mode() const { return elbo; }  ///< otherwise from the posterior mean
  bool validates_priors() const { return !elbo; }       ///< whether they count in validation

  /// Multiplies an omic's summed loss over the batch.
  double likelihood_weight(Index batch, Index features) const {
    return 1.0 / (static_cast<double>(batch) * (elbo ? 1.0 : static_cast<double>(features)));
  }

  /// Multiplies the KL divergence summed over the batch.
  double kl_weight(Index batch, Index factors, double beta) const {
    return beta / (static_cast<double>(batch) * (elbo ? 1.0 : static_cast<double>(factors)));
  }

  /// Multiplies the priors of W and sigma.
  double prior_weight(Index batch, Index training_samples) const {
    return 1.0 / static_cast<double>(elbo ? training_samples : batch);
  }

  /// Observations by which the prior of the noise counts as more: the published code's slip.
  double noise_prior_observations(Index batch) const {
    return elbo ? 0.0 : static_cast<double>(batch);
  }
};

}  // namespace poems
