// The cohort as the core holds it, and mini-batches cut from it.
#pragma once

#include <memory>
#include <vector>

#include "data/scaling.h"
#include "data/storage.h"
#include "support/types.h"

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

/// One omic of the cohort, scaled and in the precision of training: held in memory, or scaled as it
/// is read from storage. `values` is what the encoder sees, and what the decoder reconstructs
/// unless there is a `link`.
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

  // Of omics in storage, in place of `values` and `targets`.
  std::shared_ptr<const Storage> storage;
  Scaling scaling;
  Adjustment adjustment;
  Vector<T> zero;  ///< per feature, a value of 0 as the encoder sees it; empty if samples differ

  Index features() const { return fill.size(); }

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

/// What is wanted of the columns of an omic.
enum class Wanted { all, targets };

/// Some columns of an omic, at hand.
template <typename T>
class Columns {
 public:
  /// samples: numbers in the cohort of samples that have the omic. `omic` must outlive this.
  Columns(const OmicData<T>& omic, const std::vector<Index>& samples, int threads,
          Wanted wanted = Wanted::all);

  /// The features of the i-th of the samples, as encoders see them.
  const T* operator[](Index i) const { return values_[i]; }

  /// What the likelihood compares with the prediction of every feature. NaN where missing.
  const T* targets(Index i) const { return targets_[i]; }
  T target(Index j, Index i) const { return targets_[i][j]; }

 private:
  std::vector<const T*> values_, targets_;
  Matrix<T> read_, read_targets_;  ///< features x samples, what came from storage
};

template <typename T>
struct Cohort {
  Index samples = 0;
  std::vector<OmicData<T>> omics;
  std::vector<int> groups;  ///< per sample, which group it is of; empty: one group
};

/// An omic in memory. raw: features x samples.
template <typename T>
OmicData<T> scale_omic(const Eigen::Ref<const Matrix<double>>& raw, const Scaling& scaling,
                       const Vector<double>& fill, const Adjustment& adjustment,
                       std::vector<Index> column, int threads);

/// Makes the raw values the decoder's targets, for an omic that is not Gaussian.
template <typename T>
void set_targets(const Eigen::Ref<const Matrix<double>>& raw, LinkScale<T> link, OmicData<T>& omic);

/// An omic that stays in storage. Gaussian until it has a link.
template <typename T>
OmicData<T> stored_omic(std::shared_ptr<const Storage> storage, bool has_missing, Scaling scaling,
                        const Vector<double>& fill, Adjustment adjustment,
                        std::vector<Index> column);

/// How an omic that is not Gaussian is predicted; of one in memory, see set_targets().
template <typename T>
void set_link(LinkScale<T> link, OmicData<T>& omic);

/// Stops unless the cohort has the omics of a model: so many features each, and so many covariates
/// where any sample has the omic.
template <typename T>
void check_cohort(const Cohort<T>& cohort, const std::vector<Index>& features, Index covariates);

/// One omic of a mini-batch: only the samples that have it.
template <typename T>
struct OmicBatch {
  std::vector<Index> members;  ///< positions in the batch of the samples that have the omic
  std::vector<Index> samples;  ///< the same samples' numbers in the cohort
  std::vector<bool> hidden;    ///< per member, whether gate and fusion do without; empty: none
  Matrix<T> x;                 ///< members x features, missing values filled
  Matrix<T> observed;          ///< members x features, 1 or 0; empty when nothing is missing
  Matrix<T> covariates;        ///< members x covariates; empty without any

  // Of omics that are not Gaussian.
  Matrix<T> targets;  ///< members x features, 0 where missing
  Vector<T> offset;   ///< members; empty without one
  std::shared_ptr<const LinkScale<T>> link;

  bool is_hidden(std::size_t member) const { return !hidden.empty() && hidden[member]; }
};

template <typename T>
struct Batch {
  std::vector<Index> samples;
  std::vector<int> groups;  ///< per sample, as in the cohort
  std::vector<OmicBatch<T>> omics;

  Index size() const { return static_cast<Index>(samples.size()); }
};

template <typename T>
Batch<T> make_batch(const Cohort<T>& cohort, std::vector<Index> samples, int threads);

/// Says that a batch of these samples is made soon: what is on a disk is fetched meanwhile.
template <typename T>
void will_make_batch(const Cohort<T>& cohort, const std::vector<Index>& samples);

/// Some members of an omic's batch.
template <typename T>
OmicBatch<T> some_members(const OmicBatch<T>& omic, const std::vector<Index>& which);

}  // namespace poems
