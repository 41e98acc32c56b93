#include "analysis/variance.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "layers/trained_feature.h"

namespace poems {

namespace {

/// Members looked at together, a multiple of the tile: what is not in memory is read so many at a
/// time.
constexpr Index samples_at_once = 4 * trained_samples;

/// One omic's part of the work.
template <typename T>
class OmicVariance {
 public:
  OmicVariance(const models::PoemsOmicModel<T>& model, Matrix<T> mask, const OmicData<T>& data,
               const Matrix<T>& z, const Vector<T>& held, const std::vector<bool>& counted)
      : decoder_(model.decoder),
        likelihood_(*model.likelihood),
        mask_(std::move(mask)),
        data_(data),
        held_(held) {
    for (Index i = 0; i < z.cols(); ++i)
      if (counted[i] && data.column[i] >= 0) members_.push_back(i);
    const auto size = static_cast<Index>(members_.size());
    z_.setZero(padded(size), z.rows());
    for (Index i = 0; i < size; ++i) z_.row(i) = z.col(members_[i]).transpose();
    sums.total.setZero(mask_.cols());
    sums.residual.setZero(mask_.cols());
    sums.sample_total.setZero(z.cols());
    sums.sample_residual.setZero(z.cols());
    gain_.setZero(mask_.rows(), blocks());
    change_.setZero(mask_.rows(), mask_.cols());
  }

  VarianceSums sums;

  Index parts() const { return block_count(samples_at_once, size()); }

  /// Brings a part of the members, which run_block() is then about.
  void fetch(Index part, int threads) {
    part_ = block_at(part, samples_at_once, size());
    columns_.emplace(data_,
                     std::vector<Index>(members_.begin() + part_.begin,
                                        members_.begin() + part_.begin + part_.size),
                     threads, Wanted::targets);
    member_total_.setZero(part_.size, blocks());
    member_residual_.setZero(part_.size, blocks());
  }

  /// After the blocks of a part: what they say of its samples.
  void collect() {
    for (Index i = 0; i < part_.size; ++i) {
      const Index sample = members_[part_.begin + i];
      sums.sample_total(sample) = member_total_.row(i).sum();
      sums.sample_residual(sample) = member_residual_.row(i).sum();
    }
  }

  Index blocks() const { return block_count(trained_features, mask_.cols()); }

  double work() const {
    return 3.0 * static_cast<double>((mask_.array() != T(0)).count()) *
           static_cast<double>(decoder_.hidden.value.rows()) * static_cast<double>(part_.size);
  }

  void run_block(Index block) {
    TrainedFeature<T> feature(decoder_, mask_, z_);
    const Block range = block_at(block, trained_features, mask_.cols());
    for (Index j = range.begin; j < range.begin + range.size; ++j) {
      feature.set(j);
      for (Index i = 0; i < block_count(trained_samples, part_.size); ++i) {
        Block tile = block_at(i, trained_samples, part_.size);
        tile.begin += part_.begin;
        feature.set_held(tile, held_);
        add_tile(feature, tile, j, block);
      }
    }
  }

  void finish() {
    sums.gain = gain_.rowwise().sum();
    sums.change.setZero(change_.rows());
    sums.largest_change.setZero(change_.rows());
    for (Index j = 0; j < change_.cols(); ++j) {
      if (sums.total(j) == 0.0) continue;
      const Vector<double> share = change_.col(j) / sums.total(j);
      sums.change += share;
      sums.largest_change = sums.largest_change.cwiseMax(share);
    }
  }

 private:
  Index size() const { return static_cast<Index>(members_.size()); }

  void add_tile(const TrainedFeature<T>& feature, Block tile, Index j, Index block) {
    Vector<T> x(tile.size), eta(tile.size), null(tile.size);
    for (Index i = 0; i < tile.size; ++i) {
      const Index column = data_.column[members_[tile.begin + i]];
      T predicted = feature.xhat(i);
      if (decoder_.effects.value.size() > 0)
        predicted += decoder_.effects.value.col(j).dot(data_.covariates.col(column));
      x(i) = columns_->target(j, tile.begin - part_.begin + i);
      eta(i) = data_.prediction(j, column, predicted);
      null(i) = data_.null_prediction(j, column);
    }
    const Index first = tile.begin - part_.begin;
    const Vector<double> total = likelihood_.deviances(j, x, null);
    member_total_.col(block).segment(first, tile.size) += total;
    const Vector<double> residual = likelihood_.deviances(j, x, eta);
    member_residual_.col(block).segment(first, tile.size) += residual;
    for (Index i = 0; i < tile.size; ++i) {
      sums.total(j) += total(i);
      sums.residual(j) += residual(i);
    }

    if (feature.active.empty()) return;
    Matrix<T> difference = feature.xhat.head(tile.size).replicate(1, feature.held.cols()) -
                           feature.held.topRows(tile.size);
    if (data_.link) difference *= data_.link->unit(j);
    const std::vector<Comparison> compared = likelihood_.compare(j, x, eta, residual, difference);
    for (std::size_t a = 0; a < feature.active.size(); ++a) {
      gain_(feature.active[a], block) += compared[a].gain;
      change_(feature.active[a], j) += compared[a].change;
    }
  }

  const SparseDecoder<T>& decoder_;
  const Likelihood<T>& likelihood_;
  const Matrix<T> mask_;
  const OmicData<T>& data_;
  const Vector<T>& held_;
  std::vector<Index> members_;  ///< samples that have the omic
  Matrix<T> z_;                 ///< padded members x factors
  Block part_;                  ///< of the members, those at hand
  std::optional<Columns<T>> columns_;
  Matrix<double> gain_;                            ///< factors x blocks
  Matrix<double> change_;                          ///< factors x features: sum (xhat - xhat_k)^2
  Matrix<double> member_total_, member_residual_;  ///< members of the part x blocks
};

}  // namespace

template <typename T>
std::vector<VarianceSums> variance_sums(const models::Poems<T>& model, const Cohort<T>& cohort,
                                        const Matrix<T>& z, const Vector<T>& held,
                                        const std::vector<bool>& counted, int threads) {
  std::vector<OmicVariance<T>> omics;
  omics.reserve(model.omics.size());
  Index parts = 0;
  for (std::size_t v = 0; v < model.omics.size(); ++v) {
    omics.emplace_back(model.omics[v], model.mask(v), cohort.omics[v], z, held, counted);
    parts = std::max(parts, omics[v].parts());
  }
  for (Index part = 0; part < parts; ++part) {
    std::vector<std::pair<OmicVariance<T>*, Index>> blocks;
    double work = 0.0;
    for (OmicVariance<T>& omic : omics) {
      if (part >= omic.parts()) continue;
      omic.fetch(part, threads);
      work += omic.work();
      for (Index block = 0; block < omic.blocks(); ++block) blocks.emplace_back(&omic, block);
    }
    parallel_for(static_cast<Index>(blocks.size()), work, threads,
                 [&](Index i, int) { blocks[i].first->run_block(blocks[i].second); });
    for (OmicVariance<T>& omic : omics)
      if (part < omic.parts()) omic.collect();
  }
  std::vector<VarianceSums> sums;
  for (OmicVariance<T>& omic : omics) {
    omic.finish();
    sums.push_back(std::move(omic.sums));
  }
  return sums;
}

#define POEMS_INSTANTIATE(T)                                                                     \
  template std::vector<VarianceSums> variance_sums<T>(const models::Poems<T>&, const Cohort<T>&, \
                                                      const Matrix<T>&, const Vector<T>&,        \
                                                      const std::vector<bool>&, int);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
