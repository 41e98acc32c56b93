#include "data/statistics.h"

#include <cmath>
#include <limits>
#include <vector>

#include "data/scaling.h"

namespace poems {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Sums as R takes them.
using Sums = std::vector<long double>;

Vector<double> rounded(const Sums& sums) {
  Vector<double> values(static_cast<Index>(sums.size()));
  for (Index j = 0; j < values.size(); ++j) values(j) = static_cast<double>(sums[j]);
  return values;
}

/// Calls take(x, j, i) for every value of a block that is not missing, samples in order; each
/// feature is one thread's.
template <typename Take>
void for_each_value(const Matrix<double>& values, Block block, int threads, Take take) {
  constexpr Index features_at_once = 256;  // their sums stay in cache
  const double work = 4.0 * static_cast<double>(values.rows()) * static_cast<double>(block.size);
  parallel_for(block_count(features_at_once, values.rows()), work, threads, [&](Index b, int) {
    const Block features = block_at(b, features_at_once, values.rows());
    for (Index i = 0; i < block.size; ++i)
      for (Index j = features.begin; j < features.begin + features.size; ++j)
        if (!std::isnan(values(j, i))) take(values(j, i), j, block.begin + i);
  });
}

/// One pass over all values, adjusted by the library sizes, if there are any.
template <typename Take>
void for_each_adjusted(const Storage& storage, const Adjustment& adjustment, int threads,
                       Take take) {
  for_each_block(storage, threads, [&](Matrix<double>& values, Block block) {
    if (adjustment.offset.size() > 0)
      parallel_for(block.size, 10.0 * static_cast<double>(values.size()), threads,
                   [&](Index i, int) {
                     const AdjustedSample adjusted(adjustment, block.begin + i);
                     for (Index j = 0; j < values.rows(); ++j)
                       if (values(j, i) != 0.0) values(j, i) = adjusted(values(j, i), j);
                   });
    for_each_value(values, block, threads, take);
  });
}

}  // namespace

FeatureStatistics feature_statistics(const Storage& storage, const Vector<double>& offset,
                                     int threads) {
  if (offset.size() > 0) check_size(offset.size(), storage.columns(), "Library sizes of samples");
  Adjustment adjustment;
  adjustment.offset = offset;
  const Index features = storage.features();
  FeatureStatistics of;
  of.lowest.setConstant(features, infinity);
  of.highest.setConstant(features, -infinity);
  for_each_adjusted(storage, adjustment, threads, [&](double x, Index j, Index) {
    if (x < of.lowest(j)) of.lowest(j) = x;
    if (x > of.highest(j)) of.highest(j) = x;
  });
  const Vector<double> range = of.highest - of.lowest;
  const Vector<double> middle = of.lowest + range / 2.0;

  Vector<double> count = Vector<double>::Zero(features), total = count, squares = count;
  for_each_adjusted(storage, adjustment, threads, [&](double x, Index j, Index) {
    const double deviation = (x - middle(j)) / range(j);
    if (std::isnan(deviation)) return;
    count(j) += 1.0;
    total(j) += deviation;
    squares(j) += deviation * deviation;
  });
  of.mean.resize(features);
  of.sd.resize(features);
  for (Index j = 0; j < features; ++j) {
    const double variance = (squares(j) - total(j) * total(j) / count(j)) / (count(j) - 1.0);
    of.mean(j) = middle(j) + range(j) * total(j) / count(j);
    of.sd(j) = range(j) * std::sqrt(variance);
  }
  return of;
}

SampleSums sample_sums(const Storage& storage, const Vector<double>& reference, int threads) {
  check_size(reference.size(), storage.features(), "Means of features");
  SampleSums of;
  of.sum.resize(storage.columns());
  of.expected.resize(storage.columns());
  for_each_block(storage, threads, [&](const Matrix<double>& values, Block block) {
    parallel_for(block.size, 2.0 * static_cast<double>(values.size()), threads, [&](Index i, int) {
      long double sum = 0.0, expected = 0.0;
      for (Index j = 0; j < values.rows(); ++j) {
        if (std::isnan(values(j, i))) continue;
        sum += values(j, i);
        expected += reference(j);
      }
      of.sum(block.begin + i) = static_cast<double>(sum);
      of.expected(block.begin + i) = static_cast<double>(expected);
    });
  });
  return of;
}

RateMoments rate_moments(const Storage& storage, const Vector<double>& size, int threads) {
  check_size(size.size(), storage.columns(), "Sizes of samples");
  const Index features = storage.features();
  RateMoments of;
  of.exposure.setZero(features);
  of.count.setZero(features);
  Sums sum(features, 0.0L), rate(features, 0.0L), squares(features, 0.0L);
  for_each_adjusted(storage, {}, threads, [&](double x, Index j, Index i) {
    of.exposure(j) += size(i);
    of.count(j) += 1.0;
    if (x == 0.0) return;
    sum[j] += x;
    rate[j] += x / size(i);
  });
  for (Index j = 0; j < features; ++j) rate[j] /= static_cast<long double>(of.count(j));
  of.sum = rounded(sum);
  of.mean = rounded(rate);
  for_each_adjusted(storage, {}, threads, [&](double x, Index j, Index i) {
    const double deviation = x / size(i) - of.mean(j);
    squares[j] += deviation * deviation;
  });
  of.variance = rounded(squares).array() / (of.count.array() - 1.0);
  return of;
}

ValueKinds value_kinds(const Storage& storage, int threads) {
  ValueKinds of;
  std::vector<ValueKinds> samples(storage.columns());
  for_each_block(storage, threads, [&](const Matrix<double>& values, Block block) {
    parallel_for(block.size, 2.0 * static_cast<double>(values.size()), threads, [&](Index i, int) {
      ValueKinds kinds;
      kinds.highest = -infinity;
      for (Index j = 0; j < values.rows(); ++j) {
        const double x = values(j, i);
        if (std::isnan(x)) continue;
        if (x != 0.0 && x != 1.0) kinds.binary = false;
        if (x < 0.0 || x != std::trunc(x)) kinds.count = false;
        if (x > kinds.highest) kinds.highest = x;
      }
      samples[block.begin + i] = kinds;
    });
  });
  of.highest = -infinity;
  for (const ValueKinds& kinds : samples) {
    of.count = of.count && kinds.count;
    of.binary = of.binary && kinds.binary;
    of.highest = std::max(of.highest, kinds.highest);
  }
  return of;
}

}  // namespace poems
