// What scaling, library sizes and families are decided by: statistics of raw values, in passes over
// blocks of samples. The same to the last bit wherever the values are, on any number of threads.
#pragma once

#include "data/storage.h"

namespace poems {

/// Of every feature over its values that are not missing. NaN without any.
struct FeatureStatistics {
  Vector<double> lowest, highest, mean, sd;
};

/// offset: of counts, per sample the log of its library size: of log(1 + x exp(-offset)). Empty: of
/// x. Two passes: deviations are taken from the middle of the range, in units of the range, so that
/// neither a large mean nor very large or small values spoil them.
FeatureStatistics feature_statistics(const Storage& storage, const Vector<double>& offset,
                                     int threads);

/// Per sample, the sum of its values and of what `reference` has for those that are not missing.
struct SampleSums {
  Vector<double> sum, expected;
};

SampleSums sample_sums(const Storage& storage, const Vector<double>& reference, int threads);

/// Of every feature: the sum of x and, over samples in which it is known, of their size; the number
/// of these samples; mean and variance of x / size.
struct RateMoments {
  Vector<double> sum, exposure, count, mean, variance;
};

RateMoments rate_moments(const Storage& storage, const Vector<double>& size, int threads);

/// What all values are, those that are missing aside.
struct ValueKinds {
  bool count = true;   ///< whole numbers of at least 0
  bool binary = true;  ///< 0 or 1
  double highest;
};

ValueKinds value_kinds(const Storage& storage, int threads);

}  // namespace poems
