// What a training says of its epochs.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "models/model.h"

namespace poems {

/// One line of the history. Training losses are means over the epoch's samples.
struct EpochRecord {
  std::string stage;
  long epoch;  ///< of the stage
  double training = 0.0;
  double validation = std::numeric_limits<double>::quiet_NaN();
  std::vector<models::Figure> terms;    ///< of the training loss, over omics, by kind
  std::vector<models::Figure> figures;  ///< the model's own
  double seconds = 0.0;                 ///< since the start of training
};

}  // namespace poems
