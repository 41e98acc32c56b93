#include "training/checkpoint.h"

#include <stdexcept>

namespace poems {

namespace {

/// Changes with the form of the file.
const std::string mark = "omicpoems checkpoint 2";

template <typename T>
void read_array(KeptFileReader& file, const std::string& name, Eigen::Ref<Matrix<T>> value) {
  const std::string found = file.text();
  const Matrix<T> read = file.template matrix<T>();
  if (found != name || read.rows() != value.rows() || read.cols() != value.cols())
    throw std::runtime_error("The checkpoint is of a model with other parameters than \"" + name +
                             "\".");
  value = read;
}

}  // namespace

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

CheckpointKey key_of_checkpoint(const std::string& path) {
  KeptFileReader file(path);
  return read_key(file);
}

bool file_exists(const std::string& path) {
  return OpenFile(std::fopen(path.c_str(), "rb")) != nullptr;
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

#define POEMS_INSTANTIATE(T)                                                       \
  template void write_matrices<T>(KeptFileWriter&, const std::vector<Matrix<T>>&); \
  template std::vector<Matrix<T>> read_matrices<T>(KeptFileReader&);               \
  template void write_model<T>(KeptFileWriter&, models::Model<T>&, bool);          \
  template std::vector<Matrix<double>> read_model<T>(KeptFileReader&, models::Model<T>&, bool);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
