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

}  // namespace

template <typename T>
OmicData<T> scale_omic(const Eigen::Ref<const Matrix<double>>& raw, const Vector<double>& center,
                       const Vector<double>& scale, const Vector<double>& fill, double clip,
                       const Adjustment& adjustment, std::vector<Index> column, int threads) {
  OmicData<T> omic;
  omic.values.resize(raw.rows(), raw.cols());
  omic.fill = fill.cast<T>();
  omic.column = std::move(column);
  omic.covariates = adjustment.covariates.cast<T>();
  omic.offset = adjustment.offset.cast<T>();
  std::vector<char> missing(raw.cols(), 0);
  parallel_for(raw.cols(), static_cast<double>(raw.size()), threads, [&](Index i, int) {
    const AdjustedSample sample(adjustment, i);
    for (Index j = 0; j < raw.rows(); ++j) {
      const double value = (sample(raw(j, i), j) - center(j)) / scale(j);
      if (std::isnan(value)) missing[i] = 1;
      // NaN fails both comparisons of clamp and so passes through.
      omic.values(j, i) = static_cast<T>(std::clamp(value, -clip, clip));
    }
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

namespace {

/// Copies the batch's values of one omic, transposed, and notes which of them were observed.
template <typename T>
void gather_values(const OmicData<T>& omic, OmicBatch<T>& batch, int threads) {
  constexpr Index feature_block = 256;  // keeps both sides of the transposition in cache
  const Index features = omic.values.rows();
  const auto members = static_cast<Index>(batch.members.size());
  batch.x.resize(members, features);
  if (omic.has_missing) batch.observed.resize(members, features);
  const double work = static_cast<double>(members * features);
  parallel_for(block_count(feature_block, features), work, threads, [&](Index block, int) {
    const Block range = block_at(block, feature_block, features);
    for (Index i = 0; i < members; ++i) {
      const T* column = omic.values.col(omic.column[batch.samples[i]]).data();
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

#define POEMS_INSTANTIATE(T)                                                                 \
  template OmicData<T> scale_omic<T>(                                                        \
      const Eigen::Ref<const Matrix<double>>&, const Vector<double>&, const Vector<double>&, \
      const Vector<double>&, double, const Adjustment&, std::vector<Index>, int);            \
  template void set_targets<T>(const Eigen::Ref<const Matrix<double>>&, LinkScale<T>,        \
                               OmicData<T>&);                                                \
  template Batch<T> make_batch<T>(const Cohort<T>&, std::vector<Index>, int);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
