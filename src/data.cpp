#include "data.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "parallel.h"

namespace poems {

namespace {

/// Returns whether any value is missing.
template <typename T>
bool scale_column(const double* raw, const Scaling& scaling, T* scaled) {
  bool missing = false;
  for (Index j = 0; j < scaling.center.size(); ++j) {
    const double value = (raw[j] - scaling.center(j)) / scaling.scale(j);
    if (std::isnan(value)) missing = true;
    // NaN fails both comparisons of clamp and so passes through.
    scaled[j] = static_cast<T>(std::clamp(value, -scaling.clip, scaling.clip));
  }
  return missing;
}

}  // namespace

template <typename T>
OmicData<T> scale_omic(const Eigen::Ref<const Matrix<double>>& raw, const Scaling& scaling,
                       const Vector<double>& fill, std::vector<Index> column, int threads) {
  OmicData<T> omic;
  omic.values.resize(raw.rows(), raw.cols());
  omic.fill = fill.cast<T>();
  omic.column = std::move(column);
  std::vector<char> missing(raw.cols(), 0);
  parallel_for(raw.cols(), static_cast<double>(raw.size()), threads, [&](Index i, int) {
    missing[i] = scale_column(raw.col(i).data(), scaling, omic.values.col(i).data());
  });
  omic.has_missing = std::find(missing.begin(), missing.end(), 1) != missing.end();
  return omic;
}

template <typename T>
OmicData<T> stored_omic(std::shared_ptr<Storage> storage, bool has_missing, Scaling scaling,
                        const Vector<double>& fill, std::vector<Index> column) {
  OmicData<T> omic;
  omic.fill = fill.cast<T>();
  omic.column = std::move(column);
  omic.has_missing = has_missing;
  omic.storage = std::move(storage);
  omic.scaling = std::move(scaling);
  return omic;
}

template <typename T>
Columns<T>::Columns(const OmicData<T>& omic, const std::vector<Index>& samples, int threads) {
  constexpr Index columns_at_once = 64;  // bounds memory
  const auto count = static_cast<Index>(samples.size());
  at_.resize(count);
  if (!omic.storage) {
    for (Index i = 0; i < count; ++i) at_[i] = omic.values.col(omic.column[samples[i]]).data();
    return;
  }
  read_.resize(omic.features(), count);
  Matrix<double> raw(omic.features(), std::min(columns_at_once, count));
  for (Index b = 0; b < block_count(columns_at_once, count); ++b) {
    const Block block = block_at(b, columns_at_once, count);
    for (Index i = 0; i < block.size; ++i)
      omic.storage->read(omic.column[samples[block.begin + i]], raw.col(i));
    const double work = 10.0 * static_cast<double>(raw.size());
    parallel_for(block.size, work, threads, [&](Index i, int) {
      at_[block.begin + i] = read_.col(block.begin + i).data();
      scale_column(raw.col(i).data(), omic.scaling, read_.col(block.begin + i).data());
    });
  }
}

namespace {

/// Copies the batch's values of one omic, transposed, and notes which of them were observed.
template <typename T>
void gather_values(const OmicData<T>& omic, OmicBatch<T>& batch, int threads) {
  constexpr Index feature_block = 256;  // keeps both sides of the transposition in cache
  const Index features = omic.features();
  const Columns<T> columns(omic, batch.samples, threads);
  const auto members = static_cast<Index>(batch.members.size());
  batch.x.resize(members, features);
  if (omic.has_missing) batch.observed.resize(members, features);
  const double work = static_cast<double>(members * features);
  parallel_for(block_count(feature_block, features), work, threads, [&](Index block, int) {
    const Block range = block_at(block, feature_block, features);
    for (Index i = 0; i < members; ++i) {
      const T* column = columns[i];
      for (Index j = range.begin; j < range.begin + range.size; ++j) {
        const bool missing = omic.has_missing && std::isnan(column[j]);
        batch.x(i, j) = missing ? omic.fill(j) : column[j];
        if (omic.has_missing) batch.observed(i, j) = missing ? T(0) : T(1);
      }
    }
  });
}

}  // namespace

template <typename T>
Batch<T> make_batch(const Cohort<T>& cohort, std::vector<Index> samples, int threads) {
  Batch<T> batch;
  batch.samples = std::move(samples);
  batch.omics.resize(cohort.omics.size());
  for (std::size_t v = 0; v < cohort.omics.size(); ++v) {
    OmicBatch<T>& omic = batch.omics[v];
    for (Index i = 0; i < batch.size(); ++i) {
      if (cohort.omics[v].column[batch.samples[i]] < 0) continue;
      omic.members.push_back(i);
      omic.samples.push_back(batch.samples[i]);
    }
    gather_values(cohort.omics[v], omic, threads);
  }
  return batch;
}

#define POEMS_INSTANTIATE(T)                                                                  \
  template OmicData<T> scale_omic<T>(const Eigen::Ref<const Matrix<double>>&, const Scaling&, \
                                     const Vector<double>&, std::vector<Index>, int);         \
  template OmicData<T> stored_omic<T>(std::shared_ptr<Storage>, bool, Scaling,                \
                                      const Vector<double>&, std::vector<Index>);             \
  template class Columns<T>;                                                                  \
  template Batch<T> make_batch<T>(const Cohort<T>&, std::vector<Index>, int);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
