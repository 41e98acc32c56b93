#include "analysis/latent_mode.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "kernel/product.h"
#include "layers/trained_feature.h"

namespace poems {

namespace {

constexpr Index samples_at_once = 512;  // bounds memory
constexpr Index tile_size = 64;         // samples that a thread handles together
constexpr double smallest_length = 1.0 / 32.0;
constexpr double least_gain = 1e-3;  // of a step, in units of log p

/// What is minimised, in one point per sample.
template <typename T>
struct Surface {
  Vector<double> value;     ///< samples
  Matrix<double> gradient;  ///< samples x factors
  Matrix<T> curvature;  ///< Gauss and Newton's, padded samples x factors^2: column a K + b, b <= a

  Surface(Index samples, Index factors)
      : value(Vector<double>::Zero(samples)),
        gradient(Matrix<double>::Zero(samples, factors)),
        curvature(Matrix<T>::Zero(padded(samples), factors * factors)) {}

  /// -H^-1 g of one sample.
  Vector<double> step(Index sample) const {
    const Index factors = gradient.cols();
    Matrix<double> H(factors, factors);
    for (Index a = 0; a < factors; ++a)
      for (Index b = 0; b <= a; ++b)
        H(a, b) = static_cast<double>(curvature(sample, a * factors + b));
    return -H.template selfadjointView<Eigen::Lower>().llt().solve(
        gradient.row(sample).transpose());
  }
};

/// The values of one omic that samples at hand have.
template <typename T>
class OmicValues {
 public:
  /// samples: numbers in the cohort.
  OmicValues(const models::PoemsOmicModel<T>& model, double weight, Matrix<T> mask,
             const OmicData<T>& data, Block samples, int threads)
      : model_(model),
        mask_(std::move(mask)),
        data_(data),
        weight_(weight / model.likelihood->deviance_scale()),
        members_(members_of(data, samples)),
        member_at_(samples.size, -1),
        columns_(data, members_, threads, Wanted::targets) {
    for (std::size_t m = 0; m < members_.size(); ++m)
      member_at_[members_[m] - samples.begin] = static_cast<Index>(m);
  }

  double work() const {
    return 3.0 * static_cast<double>((mask_.array() != T(0)).count()) *
           static_cast<double>(model_.decoder.hidden.value.rows()) *
           static_cast<double>(members_.size());
  }

  /// Adds to the surface in z, a row for each of the positions among the samples at hand; without
  /// `steps` to its value alone.
  void add_to(Surface<T>& surface, const Matrix<T>& z, const std::vector<Index>& positions,
              bool steps) const {
    std::vector<Index> rows, members;
    for (std::size_t row = 0; row < positions.size(); ++row) {
      if (member_at_[positions[row]] < 0) continue;
      rows.push_back(static_cast<Index>(row));
      members.push_back(member_at_[positions[row]]);
    }
    if (rows.empty()) return;

    const auto size = static_cast<Index>(rows.size());
    Matrix<T> members_z = Matrix<T>::Zero(padded(size), z.cols());
    for (Index i = 0; i < size; ++i) members_z.row(i) = z.row(rows[i]);
    TrainedFeature<T> feature(model_.decoder, mask_, members_z);
    Surface<T> part(size, z.cols());
    for (Index j = 0; j < mask_.cols(); ++j) {
      feature.set(j);
      if (feature.active.empty()) continue;
      if (steps)
        feature.set_slopes({0, size});
      else
        feature.set_xhat({0, size});
      add_feature(feature, j, members, steps, part);
    }
    for (Index i = 0; i < size; ++i) {
      surface.value(rows[i]) += part.value(i);
      surface.gradient.row(rows[i]) += part.gradient.row(i);
      surface.curvature.row(rows[i]) += part.curvature.row(i);
    }
  }

 private:
  static std::vector<Index> members_of(const OmicData<T>& data, Block samples) {
    std::vector<Index> members;
    for (Index i = samples.begin; i < samples.begin + samples.size; ++i)
      if (data.column[i] >= 0) members.push_back(i);
    return members;
  }

  void add_feature(const TrainedFeature<T>& feature, Index j, const std::vector<Index>& members,
                   bool steps, Surface<T>& part) const {
    const SparseDecoder<T>& decoder = model_.decoder;
    const auto size = static_cast<Index>(members.size());
    Vector<T> x(size), eta(size);
    for (Index i = 0; i < size; ++i) {
      const Index column = data_.column[members_[members[i]]];
      T xhat = feature.xhat(i);
      if (decoder.effects.value.size() > 0)
        xhat += decoder.effects.value.col(j).dot(data_.covariates.col(column));
      x(i) = columns_.target(j, members[i]);
      eta(i) = data_.prediction(j, column, xhat);
    }
    const Scores<T> scores = model_.likelihood->scores(j, x, eta);
    part.value += weight_ * scores.half_deviance.template cast<double>();
    if (!steps) return;

    const T unit = data_.link ? data_.link->unit(j) : T(1), weight = static_cast<T>(weight_);
    const Vector<T> slope = weight * unit * scores.slope;
    Vector<T> information = Vector<T>::Zero(padded(size));
    information.head(size) = weight * unit * unit * scores.information;
    for (int k : feature.active)
      part.gradient.col(k) +=
          slope.cwiseProduct(feature.slopes.col(k).head(size)).template cast<double>();
    add_outer_products(feature.slopes, feature.active, information, part.curvature);
  }

  const models::PoemsOmicModel<T>& model_;
  const Matrix<T> mask_;
  const OmicData<T>& data_;
  double weight_;                 ///< of deviances
  std::vector<Index> members_;    ///< numbers in the cohort
  std::vector<Index> member_at_;  ///< per sample at hand, which of the members it is, or -1
  Columns<T> columns_;
};

/// The prior and all omics in z, a row for each of the positions.
template <typename T>
Surface<T> surface_in(const Matrix<T>& z, const std::vector<OmicValues<T>>& omics,
                      const std::vector<Index>& positions, bool steps) {
  Surface<T> surface(z.rows(), z.cols());
  surface.gradient = z.template cast<double>();
  surface.value = 0.5 * surface.gradient.rowwise().squaredNorm();
  for (Index k = 0; k < z.cols(); ++k) surface.curvature.col(k * z.cols() + k).setOnes();
  for (const OmicValues<T>& omic : omics) omic.add_to(surface, z, positions, steps);
  return surface;
}

/// A sample on its way.
struct Walker {
  Index column;  ///< of z
  double lowest = std::numeric_limits<double>::infinity();
  Vector<double> step;
  double length = 1.0;  ///< of the step to try; 0 at the end
};

/// Moves z, factors x samples at hand, towards the mode in the columns of the tile. The last pass
/// only looks whether the step before it gains.
template <typename T>
void walk(const std::vector<OmicValues<T>>& omics, Block tile, ModeSearch search,
          Eigen::Ref<Matrix<T>> z) {
  std::vector<Walker> walkers(tile.size);
  for (Index i = 0; i < tile.size; ++i) {
    walkers[i].column = tile.begin + i;
    walkers[i].step = Vector<double>::Zero(z.rows());
  }
  for (int pass = 0; pass < search.passes && !walkers.empty(); ++pass) {
    std::vector<Index> positions;
    Matrix<T> trial(walkers.size(), z.rows());
    for (const Walker& walker : walkers) {
      trial.row(positions.size()) =
          (z.col(walker.column) + (walker.length * walker.step).template cast<T>()).transpose();
      positions.push_back(walker.column);
    }
    const bool last = pass + 1 == search.passes;
    const Surface<T> surface = surface_in(trial, omics, positions, !last);
    for (std::size_t i = 0; i < walkers.size(); ++i) {
      Walker& walker = walkers[i];
      const double gained = walker.lowest - surface.value(i);
      if (gained > 0.0) {
        walker.lowest = surface.value(i);
        z.col(walker.column) = trial.row(i).transpose();
        if (last) continue;
        walker.step = surface.step(i);
        const double gain = -0.5 * surface.gradient.row(i).dot(walker.step);
        walker.length = std::min(gained, gain) < least_gain ? 0.0 : 1.0;
      } else {
        walker.length = walker.length > smallest_length ? walker.length / 2.0 : 0.0;
      }
      if (walker.length * walker.step.cwiseAbs().maxCoeff() < search.shortest_step)
        walker.length = 0.0;
    }
    const auto arrived = [](const Walker& walker) { return walker.length == 0.0; };
    walkers.erase(std::remove_if(walkers.begin(), walkers.end(), arrived), walkers.end());
  }
}

}  // namespace

template <typename T>
Matrix<T> latent_mode(const models::Poems<T>& model, const Cohort<T>& cohort,
                      const Matrix<T>& start, int threads, ModeSearch search) {
  Matrix<T> mode = start;
  if (!model.options().objective.reconstructs_from_mode) return mode;
  for (Index part = 0; part < block_count(samples_at_once, cohort.samples); ++part) {
    const Block samples = block_at(part, samples_at_once, cohort.samples);
    std::vector<OmicValues<T>> omics;
    omics.reserve(model.omics.size());
    double work = 0.0;
    for (std::size_t v = 0; v < model.omics.size(); ++v) {
      omics.emplace_back(model.omics[v], model.options().omics[v].weight, model.mask(v),
                         cohort.omics[v], samples, threads);
      work += omics[v].work();
    }
    parallel_for(block_count(tile_size, samples.size), work, threads, [&](Index i, int) {
      const Block tile = block_at(i, tile_size, samples.size);
      walk<T>(omics, tile, search, mode.middleCols(samples.begin, samples.size));
    });
  }
  return mode;
}

template Matrix<float> latent_mode<float>(const models::Poems<float>&, const Cohort<float>&,
                                          const Matrix<float>&, int, ModeSearch);
template Matrix<double> latent_mode<double>(const models::Poems<double>&, const Cohort<double>&,
                                            const Matrix<double>&, int, ModeSearch);

}  // namespace poems
