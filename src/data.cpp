#include "data.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "parallel.h"

namespace poems {

template <typename T>
OmicData<T> scale_omic(const Eigen::Ref<const Matrix<double>>& raw, const Vector<double>& center,
                       const Vector<double>& scale, const Vector<double>& fill, double clip,
                       std::vector<Index> column, int threads) {
  OmicData<T> omic;
  omic.values.resize(raw.rows(), raw.cols());
  omic.fill = fill.cast<T>();
  omic.column = std::move(column);
  std::vector<char> missing(raw.cols(), 0);
  parallel_for(raw.cols(), static_cast<double>(raw.size()), threads, [&](Index i, int) {
    for (Index j = 0; j < raw.rows(); ++j) {
      const double value = (raw(j, i) - center(j)) / scale(j);
      if (std::isnan(value)) missing[i] = 1;
      // NaN fails both comparisons of clamp and so passes through.
      omic.values(j, i) = static_cast<T>(std::clamp(value, -clip, clip));
    }
  });
  omic.has_missing = std::find(missing.begin(), missing.end(), 1) != missing.end();
  return omic;
}

namespace {

/// Copies some features of a batch's values of one omic, transposed, and notes which of them were
/// observed.
template <typename T>
void gather_values(const OmicData<T>& omic, Block features, OmicBatch<T>& batch) {
  constexpr Index samples_at_once = 16;  // a cache line of every feature
  const auto members = static_cast<Index>(batch.members.size());
  std::vector<const T*> columns(members);
  for (Index i = 0; i < members; ++i)
    columns[i] = omic.values.col(omic.column[batch.samples[i]]).data();
  for (Index part = 0; part < block_count(samples_at_once, members); ++part) {
    const Block samples = block_at(part, samples_at_once, members);
    for (Index j = features.begin; j < features.begin + features.size; ++j)
      for (Index i = samples.begin; i < samples.begin + samples.size; ++i)
        batch.x(i, j) = columns[i][j];
  }
  if (!omic.has_missing) return;
  for (Index j = features.begin; j < features.begin + features.size; ++j)
    for (Index i = 0; i < members; ++i) {
      const bool missing = std::isnan(batch.x(i, j));
      batch.observed(i, j) = missing ? T(0) : T(1);
      if (missing) batch.x(i, j) = omic.fill(j);
    }
}

}  // namespace

template <typename T>
Batch<T> make_batch(const Cohort<T>& cohort, std::vector<Index> samples, int threads) {
  constexpr Index features_at_once = 64;  // whole cache lines of every sample
  Batch<T> batch;
  std::vector<std::pair<std::size_t, Block>> blocks;
  double work = 0.0;
  batch.samples = std::move(samples);
  batch.omics.resize(cohort.omics.size());
  for (std::size_t v = 0; v < cohort.omics.size(); ++v) {
    OmicBatch<T>& omic = batch.omics[v];
    for (Index i = 0; i < batch.size(); ++i) {
      if (cohort.omics[v].column[batch.samples[i]] < 0) continue;
      omic.members.push_back(i);
      omic.samples.push_back(batch.samples[i]);
    }
    const auto members = static_cast<Index>(omic.members.size());
    const Index features = cohort.omics[v].values.rows();
    omic.x.resize(members, features);
    if (cohort.omics[v].has_missing) omic.observed.resize(members, features);
    for (Index i = 0; i < block_count(features_at_once, features); ++i)
      blocks.emplace_back(v, block_at(i, features_at_once, features));
    work += 4.0 * static_cast<double>(omic.x.size());  // a copy takes as long as a few products
  }
  parallel_for(static_cast<Index>(blocks.size()), work, threads, [&](Index i, int) {
    const std::size_t v = blocks[i].first;
    gather_values(cohort.omics[v], blocks[i].second, batch.omics[v]);
  });
  return batch;
}

#define POEMS_INSTANTIATE(T)                                                                  \
  template OmicData<T> scale_omic<T>(const Eigen::Ref<const Matrix<double>>&,                 \
                                     const Vector<double>&, const Vector<double>&,            \
                                     const Vector<double>&, double, std::vector<Index>, int); \
  template Batch<T> make_batch<T>(const Cohort<T>&, std::vector<Index>, int);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
