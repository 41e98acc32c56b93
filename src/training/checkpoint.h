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
#include "support/kept_file.h"
#include "training/schedule.h"

namespace poems {

using CheckpointKey = std::vector<std::pair<std::string, std::string>>;

struct CheckpointConfig {
  std::string path;
  double seconds;  ///< from one writing to the next, at least
  CheckpointKey key;
};

void write_key(KeptFileWriter& file, const CheckpointKey& key);
CheckpointKey read_key(KeptFileReader& file);

/// Of a file whole and undamaged only in its first bytes: read on to know.
CheckpointKey key_of_checkpoint(const std::string& path);

bool file_exists(const std::string& path);

void write_figures(KeptFileWriter& file, const std::vector<models::Figure>& figures);
std::vector<models::Figure> read_figures(KeptFileReader& file);

template <typename T>
void write_matrices(KeptFileWriter& file, const std::vector<Matrix<T>>& list);
template <typename T>
std::vector<Matrix<T>> read_matrices(KeptFileReader& file);

/// Parameters, state and what the epoch has counted; with the optimiser's moments unless the
/// training is done.
template <typename T>
void write_model(KeptFileWriter& file, models::Model<T>& model, bool done);

/// Returns what the epoch has counted, which the model takes up once it has entered the epoch.
/// Throws where the file's model has other arrays.
template <typename T>
std::vector<Matrix<double>> read_model(KeptFileReader& file, models::Model<T>& model, bool done);

}  // namespace poems
