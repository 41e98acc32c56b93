// The cohort as the core holds it, and mini-batches cut from it.
#pragma once

#include <memory>
#include <vector>

#include "types.h"

namespace poems {

/// How an omic that is not Gaussian is predicted: on the scale of its link, feature j of sample n
/// is
///
///   eta_nj = offset_n + intercept_j + effects_j' c_n + unit_j (decoder's output)_nj
///
/// with everything but the last term known before training. c_n: the sample's covariates.
template <typename T>
struct LinkScale {
  Vector<T> intercept, unit;  ///< per feature
  Matrix<T> effects;          ///< covariates x features; no rows without covariates
};

/// One omic of the cohort, scaled and in the precision of training. `values` is what the encoder
/// sees, and what the decoder reconstructs unless there are `targets`.
template <typename T>
struct OmicData {
  Matrix<T> values;           ///< features x samples that have the omic; NaN where missing
  Vector<T> fill;             ///< per feature, what the encoder sees where a value is missing
  std::vector<Index> column;  ///< per sample of the cohort, its column in `values`, or -1
  bool has_missing = false;   ///< whether any value is NaN
  Matrix<T> covariates;       ///< covariates x samples that have the omic; empty without any

  // Of omics that are not Gaussian; empty otherwise.
  Matrix<T> targets;  ///< raw values, shaped as `values`
  Vector<T> offset;   ///< counts: per sample that has the omic, the log of its library size
  std::shared_ptr<const LinkScale<T>> link;

  /// What the likelihood compares with the prediction. NaN where missing.
  T target(Index j, Index i) const { return link ? targets(j, i) : values(j, i); }

  /// The prediction for a decoder's output of 0, but for Gaussian omics, where it is the value that
  /// stands for missing ones, and the prediction for an output of xhat.
  T null_prediction(Index j, Index i) const { return link ? known(j, i) : fill(j); }
  T prediction(Index j, Index i, T xhat) const {
    return link ? known(j, i) + link->unit(j) * xhat : xhat;
  }

 private:
  T known(Index j, Index i) const {
    T eta = link->intercept(j);
    if (offset.size() > 0) eta += offset(i);
    if (link->effects.size() > 0) eta += link->effects.col(j).dot(covariates.col(i));
    return eta;
  }
};

template <typename T>
struct Cohort {
  Index samples = 0;
  std::vector<OmicData<T>> omics;
};

/// What is taken off raw values before they are centred and scaled.
struct Adjustment {
  /// Of counts, per sample: x becomes log(1 + x exp(-offset)). Empty: x stays as it is.
  Vector<double> offset;
  /// Then effects' covariates is subtracted. Empty: nothing is.
  Matrix<double> effects;     ///< covariates x features
  Matrix<double> covariates;  ///< covariates x samples
};

/// Scales raw values as (x - center) / scale, limited to [-clip, clip]; NaN stays NaN.
/// raw: features x samples; center, scale, fill: one number per feature.
template <typename T>
OmicData<T> scale_omic(const Eigen::Ref<const Matrix<double>>& raw, const Vector<double>& center,
                       const Vector<double>& scale, const Vector<double>& fill, double clip,
                       const Adjustment& adjustment, std::vector<Index> column, int threads);

/// Makes the raw values the decoder's targets, for an omic that is not Gaussian.
template <typename T>
void set_targets(const Eigen::Ref<const Matrix<double>>& raw, LinkScale<T> link, OmicData<T>& omic);

/// One omic of a mini-batch: only the samples that have it.
template <typename T>
struct OmicBatch {
  std::vector<Index> members;  ///< positions in the batch of the samples that have the omic
  std::vector<Index> samples;  ///< the same samples' numbers in the cohort
  Matrix<T> x;                 ///< members x features, missing values filled
  Matrix<T> observed;          ///< members x features, 1 or 0; empty when nothing is missing
  Matrix<T> covariates;        ///< members x covariates; empty without any

  // Of omics that are not Gaussian.
  Matrix<T> targets;  ///< members x features, 0 where missing
  Vector<T> offset;   ///< members; empty without one
  std::shared_ptr<const LinkScale<T>> link;
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
