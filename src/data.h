// The cohort as the core holds it, and mini-batches cut from it.
#pragma once

#include <vector>

#include "types.h"

namespace poems {

/// One omic of the cohort, scaled and in the precision of training.
template <typename T>
struct OmicData {
  Matrix<T> values;           ///< features x samples that have the omic; NaN where missing
  Vector<T> fill;             ///< per feature, what the encoder sees where a value is missing
  std::vector<Index> column;  ///< per sample of the cohort, its column in `values`, or -1
  bool has_missing = false;   ///< whether any value is NaN
};

template <typename T>
struct Cohort {
  Index samples = 0;
  std::vector<OmicData<T>> omics;
};

/// Scales raw values as (x - center) / scale, limited to [-clip, clip]; NaN stays NaN.
/// raw: features x samples; center, scale, fill: one number per feature.
template <typename T>
OmicData<T> scale_omic(const Eigen::Ref<const Matrix<double>>& raw, const Vector<double>& center,
                       const Vector<double>& scale, const Vector<double>& fill, double clip,
                       std::vector<Index> column, int threads);

/// One omic of a mini-batch: only the samples that have it.
template <typename T>
struct OmicBatch {
  std::vector<Index> members;  ///< positions in the batch of the samples that have the omic
  std::vector<Index> samples;  ///< the same samples' numbers in the cohort
  Matrix<T> x;                 ///< members x features, missing values filled
  Matrix<T> observed;          ///< members x features, 1 or 0; empty when nothing is missing
};

template <typename T>
struct Batch {
  std::vector<Index> samples;
  std::vector<OmicBatch<T>> omics;

  Index size() const { return static_cast<Index>(samples.size()); }
};

template <typename T>
Batch<T> make_batch(const Cohort<T>& cohort, std::vector<Index> samples, int threads);

}  // namespace poems
