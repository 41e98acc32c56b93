// What a training needs to go on from where it was, in a file.
//
// A checkpoint begins with what it is of, by name: settings and checksums of the data. Whoever
// makes it decides what that is, and whether a training may go on from it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/model.h"
#include "training/history.h"
#include "training/schedule.h"

namespace poems {

using CheckpointKey = std::vector<std::pair<std::string, std::string>>;

struct CheckpointConfig {
  std::string path;
  double seconds;  ///< from one writing to the next, at least
  CheckpointKey key;
};

/// Of a file whole and undamaged only in its first bytes: read on to know.
CheckpointKey key_of_checkpoint(const std::string& path);

bool file_exists(const std::string& path);

/// How far a training is.
struct TrainingPlace {
  std::size_t stage = 0;
  long epoch = 0;           ///< of the stage: as many are done
  std::size_t batches = 0;  ///< of the next epoch: as many are done
  EpochRecord record;       ///< of that epoch, so far
  long halvings = 0;        ///< of the learning rate
  long slowed = 0;          ///< the epoch of the last one
  bool done = false;
};

/// What a training goes on from, beside its model.
template <typename T>
struct KeptTraining {
  TrainingPlace at;
  double seconds = 0.0;  ///< so far
  long best_epoch = 0;   ///< as the result has it
  Stopped stopped = Stopped::epochs;
  std::vector<EpochRecord> history;
  std::vector<long> steps;  ///< of every optimiser
  long lowest_epoch = 0;    ///< of the loss that decides when to stop
  double lowest_loss = 0.0;
  std::vector<Matrix<double>> counts;  ///< what the epoch has counted
  models::Snapshot<T> best;            ///< none where the training is done
};

/// With parameters, state and what the epoch has counted; with the optimisers' moments unless the
/// training is done. `counts` need not be set.
template <typename T>
void write_checkpoint(const CheckpointConfig& config, const KeptTraining<T>& training,
                      models::Model<T>& model);

/// Sets the model, but for its counts, which it takes up once it has entered the epoch. Throws
/// where the file is damaged, or has arrays of another model.
template <typename T>
KeptTraining<T> read_checkpoint(const std::string& path, models::Model<T>& model);

}  // namespace poems
