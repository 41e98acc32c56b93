#include "data.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "parallel.h"

namespace poems {

namespace {

/// One sample's values after the adjustment.
class AdjustedSample {
 public:
  AdjustedSample(const Adjustment& adjustment, Index i)
      : adjustment_(adjustment),
        sample_(i),
        shrink_(adjustment.offset.size() > 0 ? std::exp(-adjustment.offset(i)) : 1.0) {}

  double operator()(double x, Index j) const {
    if (adjustment_.offset.size() > 0) x = std::log1p(x * shrink_);
    if (adjustment_.effects.size() > 0)
      x -= adjustment_.effects.col(j).dot(adjustment_.covariates.col(sample_));
    return x;
  }

 private:
  const Adjustment& adjustment_;
  Index sample_;
  double shrink_;
};

/// `adjust`: of raw value and feature. Returns whether any value is missing.
template <typename T, typename Adjust>
bool scale_column(const double* raw, const Scaling& scaling, Adjust adjust, T* scaled) {
  bool missing = false;
  for (Index j = 0; j < scaling.center.size(); ++j) {
    const double value = (adjust(raw[j], j) - scaling.center(j)) / scaling.scale(j);
    if (std::isnan(value)) missing = true;
    // NaN fails both comparisons of clamp and so passes through.
    scaled[j] = static_cast<T>(std::clamp(value, -scaling.clip, scaling.clip));
  }
  return missing;
}

}  // namespace

template <typename T>
OmicData<T> scale_omic(const Eigen::Ref<const Matrix<double>>& raw, const Scaling& scaling,
                       const Vector<double>& fill, const Adjustment& adjustment,
                       std::vector<Index> column, int threads) {
  OmicData<T> omic;
  omic.values.resize(raw.rows(), raw.cols());
  omic.fill = fill.cast<T>();
  omic.column = std::move(column);
  omic.covariates = adjustment.covariates.cast<T>();
  omic.offset = adjustment.offset.cast<T>();
  std::vector<char> missing(raw.cols(), 0);
  parallel_for(raw.cols(), static_cast<double>(raw.size()), threads, [&](Index i, int) {
    missing[i] = scale_column(raw.col(i).data(), scaling, AdjustedSample(adjustment, i),
                              omic.values.col(i).data());
  });
  omic.has_missing = std::find(missing.begin(), missing.end(), 1) != missing.end();
  return omic;
}

template <typename T>
void set_targets(const Eigen::Ref<const Matrix<double>>& raw, LinkScale<T> link,
                 OmicData<T>& omic) {
  omic.targets = raw.cast<T>();
  omic.link = std::make_shared<const LinkScale<T>>(std::move(link));
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
  values_.resize(count);
  if (!omic.storage) {
    targets_.resize(count);
    for (Index i = 0; i < count; ++i) {
      const Index column = omic.column[samples[i]];
      values_[i] = omic.values.col(column).data();
      targets_[i] = omic.link ? omic.targets.col(column).data() : values_[i];
    }
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
      values_[block.begin + i] = read_.col(block.begin + i).data();
      scale_column(
          raw.col(i).data(), omic.scaling, [](double x, Index) { return x; },
          read_.col(block.begin + i).data());
    });
  }
  targets_ = values_;
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

/// The same for what an omic that is not Gaussian has beside, and for covariates.
template <typename T>
void gather_rest(const OmicData<T>& omic, OmicBatch<T>& batch, int threads) {
  const auto members = static_cast<Index>(batch.members.size());
  const auto column = [&](Index i) { return omic.column[batch.samples[i]]; };
  batch.covariates.resize(omic.covariates.size() > 0 ? members : 0, omic.covariates.rows());
  for (Index i = 0; i < batch.covariates.rows(); ++i)
    batch.covariates.row(i) = omic.covariates.col(column(i)).transpose();
  if (!omic.link) return;

  batch.link = omic.link;
  batch.offset.resize(omic.offset.size() > 0 ? members : 0);
  for (Index i = 0; i < batch.offset.size(); ++i) batch.offset(i) = omic.offset(column(i));
  batch.targets.resize(members, omic.targets.rows());
  parallel_for(members, static_cast<double>(batch.targets.size()), threads, [&](Index i, int) {
    const auto values = omic.targets.col(column(i)).transpose().array();
    batch.targets.row(i) = values.isNaN().select(T(0), values);
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
    gather_rest(cohort.omics[v], omic, threads);
  }
  return batch;
}

#define POEMS_INSTANTIATE(T)                                                                       \
  template OmicData<T> scale_omic<T>(const Eigen::Ref<const Matrix<double>>&, const Scaling&,      \
                                     const Vector<double>&, const Adjustment&, std::vector<Index>, \
                                     int);                                                         \
  template void set_targets<T>(const Eigen::Ref<const Matrix<double>>&, LinkScale<T>,              \
                               OmicData<T>&);                                                      \
  template OmicData<T> stored_omic<T>(std::shared_ptr<Storage>, bool, Scaling,                     \
                                      const Vector<double>&, std::vector<Index>);                  \
  template class Columns<T>;                                                                       \
  template Batch<T> make_batch<T>(const Cohort<T>&, std::vector<Index>, int);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
