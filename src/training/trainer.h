// Training of any model: epochs of mini-batches, validation, early stopping, progress and
// interrupts. It knows of a model what models/model.h says, and nothing else.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/cohort.h"
#include "models/model.h"
#include "training/checkpoint.h"
#include "training/history.h"
#include "training/schedule.h"

namespace poems {

struct TrainerConfig {
  long epochs;
  Index batch_size;
  AdamWConfig optimiser;
  Decay decay;
  double validation;  ///< share of the samples held out; 0 for none
  long patience;      ///< epochs without a better validation loss before stopping
  std::uint64_t seed;
  int threads;
  /// Whether the model ends with the parameters of the epoch of lowest validation loss, or with
  /// the last one's.
  bool keeps_best = false;
  bool hides_omics = false;       ///< of some samples in training; see hide_omics.h
  bool validates_at_mean = true;  ///< otherwise at a sample of the latents
  /// Samples validated together; all where the loss is no mean over samples.
  Index validation_batch = std::numeric_limits<Index>::max();
  /// More training samples than these are cut into several epochs; what follows is for them.
  EpochCut epoch_cut;
  Index most_validated = std::numeric_limits<Index>::max();  ///< of the samples held out
  /// Epochs without a better loss until the learning rate is halved; 0: never.
  long slow_after = 0;
  /// Where the training is kept while it is under way, and goes on from if it is there.
  std::optional<CheckpointConfig> checkpoint;
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
  /// Of the last stage, the epoch of the lowest validation loss, or the last one where that counts.
  long best_epoch = 0;
  Stopped stopped = Stopped::epochs;
  std::string not_kept;  ///< why the last checkpoint could not be written; empty if it was
};

/// Trains `model` in place, every stage for as many epochs at most, each with a patience of its
/// own. Throws where a checkpoint that is there cannot be read, or the first one be written.
template <typename T>
TrainingResult train(models::Model<T>& model, const Cohort<T>& cohort, const TrainerConfig& config,
                     Monitor& monitor);

}  // namespace poems
