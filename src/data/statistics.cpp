#include "data/statistics.h"

#include <algorithm>
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

/// Of every sample, values in the order of features. Sparse ones leave out zeros.
struct Listed {
  Index size;
  const double* value;
  const Index* feature;  ///< null where all are listed

  Index at(Index e) const { return feature ? feature[e] : e; }
};

/// Calls take(listed, i) for every sample, on several threads.
template <typename Take>
void for_each_sample(const Storage& storage, int threads, Take take) {
  if (!storage.is_sparse()) {
    for_each_block(storage, threads, [&](const Matrix<double>& values, Block block) {
      parallel_for(block.size, 2.0 * static_cast<double>(values.size()), threads,
                   [&](Index i, int) {
                     take(Listed{values.rows(), values.col(i).data(), nullptr}, block.begin + i);
                   });
    });
    return;
  }
  constexpr Index samples_at_once = 256;
  const Index blocks = block_count(samples_at_once, storage.columns());
  const double work = 0.1 * static_cast<double>(storage.features() * storage.columns());
  parallel_for(blocks, work, threads, [&](Index b, int) {
    const Block block = block_at(b, samples_at_once, storage.columns());
    Entries entries;
    for (Index i = block.begin; i < block.begin + block.size; ++i) {
      storage.read_entries(i, entries);
      take(Listed{static_cast<Index>(entries.value.size()), entries.value.data(),
                  entries.feature.data()},
           i);
    }
  });
}

/// Calls take(x, j, i) for every value x that is not 0, missing ones (NaN) among them; of each
/// feature the samples come in order, and all on one thread.
template <typename Take>
void for_each_nonzero(const Storage& storage, int threads, Take take) {
  if (storage.is_sparse()) {
    Entries entries;
    for (Index i = 0; i < storage.columns(); ++i) {
      storage.read_entries(i, entries);
      for (std::size_t e = 0; e < entries.value.size(); ++e)
        if (entries.value[e] != 0.0) take(entries.value[e], entries.feature[e], i);
    }
    return;
  }
  constexpr Index features_at_once = 256;  // their sums stay in cache
  for_each_block(storage, threads, [&](const Matrix<double>& values, Block block) {
    const double work = 4.0 * static_cast<double>(values.size());
    parallel_for(block_count(features_at_once, values.rows()), work, threads, [&](Index b, int) {
      const Block features = block_at(b, features_at_once, values.rows());
      for (Index i = 0; i < block.size; ++i)
        for (Index j = features.begin; j < features.begin + features.size; ++j)
          if (values(j, i) != 0.0) take(values(j, i), j, block.begin + i);
    });
  });
}

}  // namespace

FeatureStatistics feature_statistics(const Storage& storage, const Vector<double>& offset,
                                     int threads) {
  if (offset.size() > 0) check_size(offset.size(), storage.columns(), "Library sizes of samples");
  Adjustment adjustment;
  adjustment.offset = offset;
  const Index features = storage.features();
  std::vector<AdjustedSample> adjusted;
  for (Index i = 0; i < storage.columns(); ++i) adjusted.emplace_back(adjustment, i);
  const auto for_each_adjusted = [&](auto take) {
    for_each_nonzero(storage, threads,
                     [&](double x, Index j, Index i) { take(adjusted[i](x, j), j); });
  };
  FeatureStatistics of;
  of.lowest.setConstant(features, infinity);
  of.highest.setConstant(features, -infinity);
  Vector<double> zeros = Vector<double>::Constant(features, static_cast<double>(storage.columns()));
  for_each_adjusted([&](double x, Index j) {
    zeros(j) -= 1.0;
    if (x < of.lowest(j)) of.lowest(j) = x;
    if (x > of.highest(j)) of.highest(j) = x;
  });
  for (Index j = 0; j < features; ++j)
    if (zeros(j) > 0.0) {
      of.lowest(j) = std::min(of.lowest(j), 0.0);
      of.highest(j) = std::max(of.highest(j), 0.0);
    }
  const Vector<double> range = of.highest - of.lowest;
  const Vector<double> middle = of.lowest + range / 2.0;

  Vector<double> count = Vector<double>::Zero(features), total = count, squares = count;
  const auto add = [&](double times, double x, Index j) {
    const double deviation = (x - middle(j)) / range(j);
    if (std::isnan(deviation)) return;
    count(j) += times;
    total(j) += times * deviation;
    squares(j) += times * deviation * deviation;
  };
  for_each_adjusted([&](double x, Index j) { add(1.0, x, j); });
  of.mean.resize(features);
  of.sd.resize(features);
  for (Index j = 0; j < features; ++j) {
    if (zeros(j) > 0.0) add(zeros(j), 0.0, j);
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
  long double of_all = 0.0;
  for (Index j = 0; j < reference.size(); ++j) of_all += reference(j);
  for_each_sample(storage, threads, [&](const Listed& listed, Index i) {
    long double sum = 0.0, unknown = 0.0;
    Index known = storage.features();
    for (Index e = 0; e < listed.size; ++e)
      if (std::isnan(listed.value[e])) {
        unknown += reference(listed.at(e));
        --known;
      } else {
        sum += listed.value[e];
      }
    of.sum(i) = static_cast<double>(sum);
    // Exactly 0 of a sample without values, in whatever order they are listed.
    of.expected(i) = known > 0 ? static_cast<double>(of_all - unknown) : 0.0;
  });
  return of;
}

RateMoments rate_moments(const Storage& storage, const Vector<double>& size, int threads) {
  check_size(size.size(), storage.columns(), "Sizes of samples");
  const Index features = storage.features();
  long double of_all = 0.0;
  for (Index i = 0; i < size.size(); ++i) of_all += size(i);
  Sums unknown(features, 0.0L), sum = unknown, rate = unknown, squares = unknown;
  Vector<double> missing = Vector<double>::Zero(features), positive = missing;
  for_each_nonzero(storage, threads, [&](double x, Index j, Index i) {
    if (std::isnan(x)) {
      missing(j) += 1.0;
      unknown[j] += size(i);
      return;
    }
    positive(j) += 1.0;
    sum[j] += x;
    rate[j] += x / size(i);
  });
  RateMoments of;
  of.exposure.resize(features);
  of.count = static_cast<double>(storage.columns()) - missing.array();
  for (Index j = 0; j < features; ++j) {
    of.exposure(j) = static_cast<double>(of_all - unknown[j]);
    rate[j] /= static_cast<long double>(of.count(j));
  }
  of.sum = rounded(sum);
  of.mean = rounded(rate);
  for_each_nonzero(storage, threads, [&](double x, Index j, Index i) {
    if (std::isnan(x)) return;
    const double deviation = x / size(i) - of.mean(j);
    squares[j] += deviation * deviation;
  });
  for (Index j = 0; j < features; ++j)
    squares[j] += (of.count(j) - positive(j)) * of.mean(j) * of.mean(j);
  of.variance = rounded(squares).array() / (of.count.array() - 1.0);
  return of;
}

ValueKinds value_kinds(const Storage& storage, int threads) {
  std::vector<ValueKinds> samples(storage.columns());
  for_each_sample(storage, threads, [&](const Listed& listed, Index i) {
    ValueKinds kinds;
    kinds.highest = listed.size < storage.features() ? 0.0 : -infinity;
    for (Index e = 0; e < listed.size; ++e) {
      const double x = listed.value[e];
      if (std::isnan(x)) continue;
      if (x != 0.0 && x != 1.0) kinds.binary = false;
      if (x < 0.0 || x != std::trunc(x)) kinds.count = false;
      if (x > kinds.highest) kinds.highest = x;
    }
    samples[i] = kinds;
  });
  ValueKinds of;
  of.highest = -infinity;
  for (const ValueKinds& kinds : samples) {
    of.count = of.count && kinds.count;
    of.binary = of.binary && kinds.binary;
    of.highest = std::max(of.highest, kinds.highest);
  }
  return of;
}

}  // namespace poems
