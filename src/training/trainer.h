// Training: epochs of mini-batches, validation, early stopping, progress and interrupts.
#pragma once

#include <vector>

#include "data/cohort.h"
#include "models/poems.h"
#include "training/schedule.h"

namespace poems {

struct TrainerConfig {
  long epochs;
  Index batch_size;
  double learning_rate;
  double weight_decay;
  double validation;  ///< share of the samples held out; 0 for none
  long patience;      ///< epochs without a better validation loss before stopping
  long warmup;        ///< epochs over which the weight of the KL divergence rises to kl_weight
  double kl_weight;
  /// Loadings that are exactly 0 are skipped, which saves the arithmetic, but for every
  /// `revisit`-th epoch, in which all get a gradient and can come back. Has no meaning for
  /// "published", whose loadings are never 0.
  long revisit;
  std::uint64_t seed;
  int threads;
};

/// One line of the history. Losses are per sample and averaged over the epoch's batches.
struct EpochRecord {
  long epoch;
  double training, validation;                ///< validation is NaN when nothing is held out
  double reconstruction, kl, penalty, noise;  ///< the terms of the training loss, over omics
  double kl_weight;
  double nonzero;  ///< share of W that is not 0
  double seconds;  ///< since the start of training
  /// Of which in this epoch's training batches.
  double encoder_seconds, decoder_seconds, optimiser_seconds;
};

/// Whoever watches the training.
class Monitor {
 public:
  virtual ~Monitor() = default;
  virtual bool interrupted() = 0;  ///< asked after every batch; true stops the training
  virtual void epoch_done(const EpochRecord& record) = 0;
};

struct TrainingResult {
  std::vector<EpochRecord> history;
  std::vector<Index> validation_samples;
  long best_epoch;  ///< the epoch whose parameters the model holds at the end
  Stopped stopped;
};

/// Trains `model` in place. The "elbo" objective ends with the parameters of the epoch of lowest
/// validation loss, "published" with the last.
template <typename T>
TrainingResult train(Model<T>& model, const Cohort<T>& cohort, const TrainerConfig& config,
                     Monitor& monitor);

}  // namespace poems
