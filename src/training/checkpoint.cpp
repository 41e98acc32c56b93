#include "training/checkpoint.h"

#include <stdexcept>

#include "support/kept_file.h"

namespace poems {

namespace {

/// Changes with the form of the file.
const std::string mark = "omicpoems checkpoint 3";

template <typename T>
void read_array(KeptFileReader& file, const std::string& name, Eigen::Ref<Matrix<T>> value) {
  const std::string found = file.text();
  const Matrix<T> read = file.template matrix<T>();
  if (found != name || read.rows() != value.rows() || read.cols() != value.cols())
    throw std::runtime_error("The checkpoint is of a model with other parameters than \"" + name +
                             "\".");
  value = read;
}

void write_key(KeptFileWriter& file, const CheckpointKey& key) {
  file.put(mark);
  file.put<std::uint64_t>(key.size());
  for (const auto& [name, value] : key) {
    file.put(name);
    file.put(value);
  }
}

CheckpointKey read_key(KeptFileReader& file) {
  if (file.text() != mark)
    throw std::runtime_error("It is no checkpoint, or one of another version of omicpoems.");
  CheckpointKey key(file.expect(file.get<std::uint64_t>(), 2 * sizeof(std::uint64_t)));
  for (auto& [name, value] : key) {
    name = file.text();
    value = file.text();
  }
  return key;
}

void write_figures(KeptFileWriter& file, const std::vector<models::Figure>& figures) {
  file.put<std::uint64_t>(figures.size());
  for (const auto& [name, value] : figures) {
    file.put(name);
    file.put(value);
  }
}

std::vector<models::Figure> read_figures(KeptFileReader& file) {
  std::vector<models::Figure> figures(file.expect(file.get<std::uint64_t>(), 16));
  for (auto& [name, value] : figures) {
    name = file.text();
    value = file.get<double>();
  }
  return figures;
}

template <typename T>
void write_matrices(KeptFileWriter& file, const std::vector<Matrix<T>>& list) {
  file.put<std::uint64_t>(list.size());
  for (const Matrix<T>& matrix : list) file.put(matrix);
}

template <typename T>
std::vector<Matrix<T>> read_matrices(KeptFileReader& file) {
  std::vector<Matrix<T>> list(file.expect(file.get<std::uint64_t>(), 16));
  for (Matrix<T>& matrix : list) matrix = file.template matrix<T>();
  return list;
}

template <typename T>
void write_model(KeptFileWriter& file, models::Model<T>& model, bool done) {
  for (const Parameter<T>* p : model.parameters()) {
    file.put(p->name);
    file.put(p->value);
    if (done) continue;
    file.put(p->first_moment);
    file.put(p->second_moment);
  }
  for (const models::StateArray<T>& array : model.state()) {
    file.put(array.name);
    file.put(Matrix<T>(array.value));
  }
  std::vector<Matrix<double>> counts;
  for (const Vector<double>* count : model.counts()) counts.emplace_back(*count);
  write_matrices(file, counts);
}

template <typename T>
std::vector<Matrix<double>> read_model(KeptFileReader& file, models::Model<T>& model, bool done) {
  for (Parameter<T>* p : model.parameters()) {
    read_array<T>(file, p->name, p->value);
    if (done) continue;
    for (Matrix<T>* moment : {&p->first_moment, &p->second_moment}) {
      *moment = file.template matrix<T>();
      if (moment->size() != 0 && moment->size() != p->value.size())
        throw std::runtime_error("The checkpoint is damaged.");
    }
  }
  for (models::StateArray<T>& array : model.state()) read_array<T>(file, array.name, array.value);
  return read_matrices<double>(file);
}

void write_record(KeptFileWriter& file, const EpochRecord& record) {
  file.put(record.stage);
  file.put<std::int64_t>(record.epoch);
  for (double value : {record.training, record.validation, record.seconds}) file.put(value);
  write_figures(file, record.terms);
  write_figures(file, record.figures);
}

EpochRecord read_record(KeptFileReader& file) {
  EpochRecord record;
  record.stage = file.text();
  record.epoch = file.get<std::int64_t>();
  for (double* value : {&record.training, &record.validation, &record.seconds})
    *value = file.get<double>();
  record.terms = read_figures(file);
  record.figures = read_figures(file);
  return record;
}

void write_place(KeptFileWriter& file, const TrainingPlace& at) {
  file.put<std::uint64_t>(at.stage);
  file.put<std::int64_t>(at.epoch);
  file.put<std::uint64_t>(at.batches);
  file.put<std::int64_t>(at.halvings);
  file.put<std::int64_t>(at.slowed);
  file.put<int>(at.done ? 1 : 0);
  write_record(file, at.record);
}

TrainingPlace read_place(KeptFileReader& file) {
  TrainingPlace at;
  at.stage = file.get<std::uint64_t>();
  at.epoch = file.get<std::int64_t>();
  at.batches = file.get<std::uint64_t>();
  at.halvings = file.get<std::int64_t>();
  at.slowed = file.get<std::int64_t>();
  at.done = file.get<int>() == 1;
  at.record = read_record(file);
  return at;
}

}  // namespace

CheckpointKey key_of_checkpoint(const std::string& path) {
  KeptFileReader file(path);
  return read_key(file);
}

bool file_exists(const std::string& path) {
  return OpenFile(std::fopen(path.c_str(), "rb")) != nullptr;
}

template <typename T>
void write_checkpoint(const CheckpointConfig& config, const KeptTraining<T>& training,
                      models::Model<T>& model) {
  KeptFileWriter file(config.path);
  write_key(file, config.key);
  write_place(file, training.at);
  file.put(training.seconds);
  file.put<std::int64_t>(training.best_epoch);
  file.put<int>(static_cast<int>(training.stopped));
  file.put<std::uint64_t>(training.history.size());
  for (const EpochRecord& record : training.history) write_record(file, record);
  file.put<std::uint64_t>(training.steps.size());
  for (long steps : training.steps) file.put<std::int64_t>(steps);
  file.put<std::int64_t>(training.lowest_epoch);
  file.put(training.lowest_loss);
  write_model(file, model, training.at.done);
  write_matrices(file, training.best.values());
  file.finish();
}

template <typename T>
KeptTraining<T> read_checkpoint(const std::string& path, models::Model<T>& model) {
  KeptFileReader file(path);
  read_key(file);
  KeptTraining<T> training;
  training.at = read_place(file);
  training.seconds = file.get<double>();
  training.best_epoch = file.get<std::int64_t>();
  training.stopped = static_cast<Stopped>(file.get<int>());
  training.history.resize(file.expect(file.get<std::uint64_t>(), sizeof(double)));
  for (EpochRecord& record : training.history) record = read_record(file);
  training.steps.resize(file.expect(file.get<std::uint64_t>(), sizeof(std::int64_t)));
  for (long& steps : training.steps) steps = file.get<std::int64_t>();
  training.lowest_epoch = file.get<std::int64_t>();
  training.lowest_loss = file.get<double>();
  training.counts = read_model(file, model, training.at.done);
  training.best = models::Snapshot<T>(read_matrices<T>(file));
  file.finish();
  return training;
}

#define POEMS_INSTANTIATE(T)                                                         \
  template void write_checkpoint<T>(const CheckpointConfig&, const KeptTraining<T>&, \
                                    models::Model<T>&);                              \
  template KeptTraining<T> read_checkpoint<T>(const std::string&, models::Model<T>&);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
