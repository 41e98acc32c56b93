// The cohort as the core holds it, and mini-batches cut from it.
#pragma once

#include <memory>
#include <vector>

#include "types.h"

namespace poems {

/// How raw values become those of training: (x - center) / scale, limited to [-clip, clip]; NaN
/// stays NaN. One number per feature.
struct Scaling {
  Vector<double> center, scale;
  double clip;
};

/// Raw values that are not in memory.
class Storage {
 public:
  virtual ~Storage() = default;
  /// Reads the features of one column; called by one thread at a time.
  virtual void read(Index column, Eigen::Ref<Vector<double>> values) = 0;
};

/// One omic of the cohort, scaled and in the precision of training: held in memory, or scaled as it
/// is read from storage.
template <typename T>
struct OmicData {
  Matrix<T> values;           ///< features x samples that have the omic; NaN where missing
  Vector<T> fill;             ///< per feature, what the encoder sees where a value is missing
  std::vector<Index> column;  ///< per sample of the cohort, its column in `values`, or -1
  bool has_missing = false;   ///< whether any value is NaN
  std::shared_ptr<Storage> storage;  ///< where the columns are if not in `values`
  Scaling scaling;                   ///< of what is in storage

  Index features() const { return fill.size(); }
};

/// Some columns of an omic, at hand.
template <typename T>
class Columns {
 public:
  /// samples: numbers in the cohort of samples that have the omic. `omic` must outlive this.
  Columns(const OmicData<T>& omic, const std::vector<Index>& samples, int threads);

  /// The features of the i-th of the samples.
  const T* operator[](Index i) const { return at_[i]; }

 private:
  std::vector<const T*> at_;
  Matrix<T> read_;  ///< features x samples, what came from storage
};

template <typename T>
struct Cohort {
  Index samples = 0;
  std::vector<OmicData<T>> omics;
};

/// An omic in memory. raw: features x samples.
template <typename T>
OmicData<T> scale_omic(const Eigen::Ref<const Matrix<double>>& raw, const Scaling& scaling,
                       const Vector<double>& fill, std::vector<Index> column, int threads);

/// An omic that stays in storage.
template <typename T>
OmicData<T> stored_omic(std::shared_ptr<Storage> storage, bool has_missing, Scaling scaling,
                        const Vector<double>& fill, std::vector<Index> column);

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
