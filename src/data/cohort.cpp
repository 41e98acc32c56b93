#include "data/cohort.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "support/parallel.h"
#include "support/sizes.h"

namespace poems {

namespace {

/// All values of a column. Returns whether any is missing.
template <typename T>
bool scale_column(const double* raw, const Scaling& scaling, const AdjustedSample& adjusted,
                  T* scaled) {
  bool missing = false;
  for (Index j = 0; j < scaling.center.size(); ++j) {
    scaled[j] = scaling.operator()<T>(adjusted(raw[j], j), j);
    if (std::isnan(scaled[j])) missing = true;
  }
  return missing;
}

void check_scaling(const Scaling& scaling, Index features) {
  check_size(scaling.center.size(), features, "Centres of features");
  check_size(scaling.scale.size(), features, "Scales of features");
}

void check_adjustment(const Adjustment& adjustment, Index features, Index samples) {
  if (adjustment.offset.size() > 0)
    check_size(adjustment.offset.size(), samples, "Library sizes of samples");
  check_size(adjustment.effects.rows(), adjustment.covariates.rows(), "Effects of covariates");
  if (adjustment.covariates.size() == 0) return;
  check_size(adjustment.covariates.cols(), samples, "Covariates of samples");
  check_size(adjustment.effects.cols(), features, "Effects of covariates on features");
}

}  // namespace

template <typename T>
OmicData<T> scale_omic(const Eigen::Ref<const Matrix<double>>& raw, const Scaling& scaling,
                       const Vector<double>& fill, const Adjustment& adjustment,
                       std::vector<Index> column, int threads) {
  check_size(raw.rows(), fill.size(), "Features of an omic");
  check_scaling(scaling, fill.size());
  check_adjustment(adjustment, raw.rows(), raw.cols());
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
void set_link(LinkScale<T> link, OmicData<T>& omic) {
  check_size(link.intercept.size(), omic.features(), "Intercepts of features");
  check_size(link.unit.size(), omic.features(), "Units of features");
  if (link.effects.size() > 0) {
    check_size(link.effects.rows(), omic.covariates.rows(), "Effects of covariates");
    check_size(link.effects.cols(), omic.features(), "Effects of covariates on features");
  }
  omic.link = std::make_shared<const LinkScale<T>>(std::move(link));
}

template <typename T>
void set_targets(const Eigen::Ref<const Matrix<double>>& raw, LinkScale<T> link,
                 OmicData<T>& omic) {
  check_size(raw.rows(), omic.features(), "Features of an omic");
  set_link(std::move(link), omic);
  omic.targets = raw.cast<T>();
}

template <typename T>
OmicData<T> stored_omic(std::shared_ptr<const Storage> storage, bool has_missing, Scaling scaling,
                        const Vector<double>& fill, Adjustment adjustment,
                        std::vector<Index> column) {
  check_size(storage->features(), fill.size(), "Features of an omic");
  check_scaling(scaling, fill.size());
  check_adjustment(adjustment, storage->features(), storage->columns());
  OmicData<T> omic;
  omic.fill = fill.cast<T>();
  omic.column = std::move(column);
  omic.has_missing = has_missing;
  omic.covariates = adjustment.covariates.cast<T>();
  omic.offset = adjustment.offset.cast<T>();
  if (storage->is_sparse() && adjustment.keeps_zeros()) {
    omic.zero.resize(fill.size());
    for (Index j = 0; j < fill.size(); ++j) omic.zero(j) = scaling.operator()<T>(0.0, j);
  }
  omic.storage = std::move(storage);
  omic.scaling = std::move(scaling);
  omic.adjustment = std::move(adjustment);
  return omic;
}

template <typename T>
void check_cohort(const Cohort<T>& cohort, const std::vector<Index>& features, Index covariates) {
  check_size(static_cast<Index>(cohort.omics.size()), static_cast<Index>(features.size()), "Omics");
  for (std::size_t v = 0; v < features.size(); ++v) {
    const OmicData<T>& omic = cohort.omics[v];
    check_size(omic.features(), features[v], "Features of an omic");
    if (omic.values.cols() > 0 || omic.storage)
      check_size(omic.covariates.rows(), covariates, "Covariates");
  }
}

namespace {

/// One column from storage, a working space for it.
template <typename T>
class ColumnReader {
 public:
  explicit ColumnReader(const OmicData<T>& omic) : omic_(omic) {}

  /// values, targets: null where not wanted.
  void read(Index column, T* values, T* targets) {
    const AdjustedSample adjusted(omic_.adjustment, column);
    if (omic_.storage->is_sparse()) {
      omic_.storage->read_entries(column, entries_);
      if (targets != nullptr) scatter(T(0), targets, [](double x, Index) { return T(x); });
      if (values == nullptr) return;
      if (omic_.zero.size() > 0) {
        std::copy_n(omic_.zero.data(), omic_.zero.size(), values);
        put(values, [&](double x, Index j) {
          return omic_.scaling.template operator()<T>(adjusted(x, j), j);
        });
        return;
      }
    }
    raw_.resize(omic_.features());
    omic_.storage->read(column, raw_.data());
    if (values != nullptr) scale_column(raw_.data(), omic_.scaling, adjusted, values);
    if (targets != nullptr)
      std::transform(raw_.begin(), raw_.end(), targets, [](double x) { return T(x); });
  }

 private:
  template <typename Convert>
  void scatter(T zero, T* out, Convert convert) const {
    std::fill_n(out, omic_.features(), zero);
    put(out, convert);
  }

  template <typename Convert>
  void put(T* out, Convert convert) const {
    for (std::size_t e = 0; e < entries_.feature.size(); ++e)
      out[entries_.feature[e]] = convert(entries_.value[e], entries_.feature[e]);
  }

  const OmicData<T>& omic_;
  Entries entries_;
  std::vector<double> raw_;
};

}  // namespace

template <typename T>
Columns<T>::Columns(const OmicData<T>& omic, const std::vector<Index>& samples, int threads,
                    Wanted wanted) {
  constexpr Index columns_at_once = 16;  // that share a working space
  const auto count = static_cast<Index>(samples.size());
  const bool has_values = wanted == Wanted::all || !omic.link;
  const bool has_targets = static_cast<bool>(omic.link);
  values_.resize(has_values ? count : 0);
  targets_.resize(count);
  if (omic.storage) {
    read_.resize(omic.features(), has_values ? count : 0);
    read_targets_.resize(omic.features(), has_targets ? count : 0);
  }
  for (Index i = 0; i < count; ++i) {
    const Index column = omic.storage ? i : omic.column[samples[i]];
    if (has_values) values_[i] = (omic.storage ? read_ : omic.values).col(column).data();
    targets_[i] =
        has_targets ? (omic.storage ? read_targets_ : omic.targets).col(column).data() : values_[i];
  }
  if (!omic.storage) return;
  const double work = 10.0 * static_cast<double>(omic.features()) * static_cast<double>(count);
  parallel_for(block_count(columns_at_once, count), work, threads, [&](Index b, int) {
    ColumnReader<T> reader(omic);
    const Block block = block_at(b, columns_at_once, count);
    for (Index i = block.begin; i < block.begin + block.size; ++i)
      reader.read(omic.column[samples[i]], has_values ? read_.col(i).data() : nullptr,
                  has_targets ? read_targets_.col(i).data() : nullptr);
  });
}

namespace {

/// Copies some features of a batch's values of one omic, transposed, and notes which of them were
/// observed.
template <typename T>
void gather_values(const OmicData<T>& omic, const Columns<T>& columns, Block features,
                   OmicBatch<T>& batch) {
  constexpr Index samples_at_once = 16;  // a cache line of every feature
  const auto members = static_cast<Index>(batch.members.size());
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

/// Copies what an omic that is not Gaussian has beside, and covariates.
template <typename T>
void gather_rest(const OmicData<T>& omic, const Columns<T>& columns, OmicBatch<T>& batch,
                 int threads) {
  constexpr Index targets_at_once = 64;
  const auto members = static_cast<Index>(batch.members.size());
  const auto column = [&](Index i) { return omic.column[batch.samples[i]]; };
  batch.covariates.resize(omic.covariates.size() > 0 ? members : 0, omic.covariates.rows());
  for (Index i = 0; i < batch.covariates.rows(); ++i)
    batch.covariates.row(i) = omic.covariates.col(column(i)).transpose();
  if (!omic.link) return;

  batch.link = omic.link;
  batch.offset.resize(omic.offset.size() > 0 ? members : 0);
  for (Index i = 0; i < batch.offset.size(); ++i) batch.offset(i) = omic.offset(column(i));
  batch.targets.resize(members, omic.features());
  parallel_for(block_count(targets_at_once, omic.features()),
               static_cast<double>(batch.targets.size()), threads, [&](Index b, int) {
                 const Block block = block_at(b, targets_at_once, omic.features());
                 for (Index i = 0; i < members; ++i)
                   for (Index j = block.begin; j < block.begin + block.size; ++j) {
                     const T value = columns.target(j, i);
                     batch.targets(i, j) = std::isnan(value) ? T(0) : value;
                   }
               });
}

}  // namespace

template <typename T>
Batch<T> make_batch(const Cohort<T>& cohort, std::vector<Index> samples, int threads) {
  constexpr Index features_at_once = 64;  // whole cache lines of every sample
  Batch<T> batch;
  std::vector<Columns<T>> columns;
  columns.reserve(cohort.omics.size());
  std::vector<std::pair<std::size_t, Block>> blocks;
  double work = 0.0;
  batch.samples = std::move(samples);
  if (!cohort.groups.empty())
    for (Index i : batch.samples) batch.groups.push_back(cohort.groups[i]);
  batch.omics.resize(cohort.omics.size());
  for (std::size_t v = 0; v < cohort.omics.size(); ++v) {
    OmicBatch<T>& omic = batch.omics[v];
    for (Index i = 0; i < batch.size(); ++i) {
      if (cohort.omics[v].column[batch.samples[i]] < 0) continue;
      omic.members.push_back(i);
      omic.samples.push_back(batch.samples[i]);
    }
    columns.emplace_back(cohort.omics[v], omic.samples, threads);
    gather_rest(cohort.omics[v], columns[v], omic, threads);
    const auto members = static_cast<Index>(omic.members.size());
    const Index features = cohort.omics[v].features();
    omic.x.resize(members, features);
    if (cohort.omics[v].has_missing) omic.observed.resize(members, features);
    for (Index i = 0; i < block_count(features_at_once, features); ++i)
      blocks.emplace_back(v, block_at(i, features_at_once, features));
    work += 4.0 * static_cast<double>(omic.x.size());  // a copy takes as long as a few products
  }
  parallel_for(static_cast<Index>(blocks.size()), work, threads, [&](Index i, int) {
    const std::size_t v = blocks[i].first;
    gather_values(cohort.omics[v], columns[v], blocks[i].second, batch.omics[v]);
  });
  return batch;
}

template <typename T>
void will_make_batch(const Cohort<T>& cohort, const std::vector<Index>& samples) {
  for (const OmicData<T>& omic : cohort.omics) {
    if (!omic.storage) continue;
    for (Index i : samples)
      if (omic.column[i] >= 0) omic.storage->will_read(omic.column[i]);
  }
}

namespace {

/// Some rows; of none, none of as many columns.
template <typename Values>
Values some_rows(const Values& x, const std::vector<Index>& which) {
  if (x.rows() == 0) return x;
  Values y(static_cast<Index>(which.size()), x.cols());
  for (Index i = 0; i < y.rows(); ++i) y.row(i) = x.row(which[i]);
  return y;
}

}  // namespace

template <typename T>
OmicBatch<T> some_members(const OmicBatch<T>& omic, const std::vector<Index>& which) {
  OmicBatch<T> some;
  for (Index i : which) {
    some.members.push_back(omic.members[i]);
    some.samples.push_back(omic.samples[i]);
    if (!omic.hidden.empty()) some.hidden.push_back(omic.hidden[i]);
  }
  some.x = some_rows(omic.x, which);
  some.observed = some_rows(omic.observed, which);
  some.covariates = some_rows(omic.covariates, which);
  some.targets = some_rows(omic.targets, which);
  some.offset = some_rows(omic.offset, which);
  some.link = omic.link;
  return some;
}

#define POEMS_INSTANTIATE(T)                                                                       \
  template OmicData<T> scale_omic<T>(const Eigen::Ref<const Matrix<double>>&, const Scaling&,      \
                                     const Vector<double>&, const Adjustment&, std::vector<Index>, \
                                     int);                                                         \
  template void set_targets<T>(const Eigen::Ref<const Matrix<double>>&, LinkScale<T>,              \
                               OmicData<T>&);                                                      \
  template void set_link<T>(LinkScale<T>, OmicData<T>&);                                           \
  template OmicData<T> stored_omic<T>(std::shared_ptr<const Storage>, bool, Scaling,               \
                                      const Vector<double>&, Adjustment, std::vector<Index>);      \
  template void check_cohort<T>(const Cohort<T>&, const std::vector<Index>&, Index);               \
  template class Columns<T>;                                                                       \
  template Batch<T> make_batch<T>(const Cohort<T>&, std::vector<Index>, int);                      \
  template void will_make_batch<T>(const Cohort<T>&, const std::vector<Index>&);                   \
  template OmicBatch<T> some_members<T>(const OmicBatch<T>&, const std::vector<Index>&);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
