// Random cohorts: any family, samples that lack omics, missing and extreme values, covariates,
// omics in storage; once in a while something of a wrong size, which the core must refuse.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "choices.h"
#include "data/cohort.h"
#include "likelihoods/likelihood.h"
#include "support/random.h"
#include "support/sizes.h"

namespace poems_fuzz {

using poems::Cohort;
using poems::Family;

/// What the omics of a cohort look like.
struct Shape {
  Index samples, covariates;
  std::vector<Index> features;
  std::vector<Family> families;
  bool complete;
  std::vector<std::vector<bool>> has;  ///< per omic and sample; every sample has an omic
};

inline Shape choose_shape(Choices& choose) {
  Shape shape;
  shape.samples = choose.count(1, 40);
  shape.covariates = choose.once_in(3) ? choose.count(1, 3) : 0;
  shape.complete = choose.coin();
  for (Index left = choose.count(1, 3); left > 0; --left) {
    shape.features.push_back(choose.count(1, choose.once_in(8) ? 150 : 20));
    shape.families.push_back(choose.one_of<Family>(
        {Family::gaussian, Family::bernoulli, Family::poisson, Family::negative_binomial}));
    shape.has.emplace_back();
    for (Index i = 0; i < shape.samples; ++i)
      shape.has.back().push_back(shape.complete || choose.coin());
  }
  for (std::size_t i = 0; i < shape.has[0].size(); ++i) {
    const auto has_sample = [i](const std::vector<bool>& has) { return has[i]; };
    if (std::none_of(shape.has.begin(), shape.has.end(), has_sample)) shape.has[0][i] = true;
  }
  return shape;
}

inline Shape only_gaussian(Shape shape) {
  std::fill(shape.families.begin(), shape.families.end(), Family::gaussian);
  shape.covariates = 0;
  return shape;
}

inline Matrix<double> normals(Index rows, Index cols, std::uint64_t seed) {
  const poems::Stream stream(seed, poems::Purpose::latent_normals, 0);
  Matrix<double> x(rows, cols);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = stream.normal(static_cast<std::uint64_t>(i));
  return x;
}

inline Matrix<double> raw_values(Choices& choose, Family family, Index features, Index samples,
                                 std::uint64_t seed) {
  Matrix<double> x = normals(features, samples, seed);
  if (family == Family::bernoulli) x = (x.array() > 0.0).cast<double>();
  if (family == Family::poisson || family == Family::negative_binomial)
    x = (x.array() + 1.0).exp().floor();
  if (x.size() == 0) return x;
  const bool has_odd = choose.once_in(3);
  for (Index left = choose.count(0, 12); left > 0; --left)
    x.data()[choose.count(0, x.size() - 1)] =
        has_odd ? choose.odd_number() : std::numeric_limits<double>::quiet_NaN();
  if (choose.once_in(16)) x.setZero();
  return x;
}

/// A storage with what it looks at.
struct KeptDense {
  Matrix<double> x;
  poems::DenseColumns columns{x.data(), x.rows(), x.cols()};

  explicit KeptDense(Matrix<double> values) : x(std::move(values)) {}
};

struct KeptSparse {
  std::vector<int> start{0}, row;
  std::vector<double> value;
  std::unique_ptr<poems::SparseColumns> columns;

  KeptSparse(const Matrix<double>& x, const poems::Selection& selection) {
    for (Index i = 0; i < x.cols(); ++i) {
      for (Index j = 0; j < x.rows(); ++j) {
        if (x(j, i) == 0.0) continue;
        row.push_back(static_cast<int>(j));
        value.push_back(x(j, i));
      }
      start.push_back(static_cast<int>(row.size()));
    }
    columns = std::make_unique<poems::SparseColumns>(start.data(), row.data(), value.data(),
                                                     x.rows(), x.cols(), selection);
  }
};

inline std::shared_ptr<const poems::Storage> store(Choices& choose, const Matrix<double>& x) {
  if (choose.coin()) {
    const auto kept = std::make_shared<KeptDense>(x);
    return {kept, &kept->columns};
  }
  poems::Selection selection;
  for (Index j = 0; j < x.rows(); ++j) selection.rows.push_back(choose.once_in(16) ? -1 : j);
  for (Index i = 0; i < x.cols(); ++i) selection.columns.push_back(x.cols() - 1 - i);
  const auto kept = std::make_shared<KeptSparse>(x, selection);
  return {kept, kept->columns.get()};
}

inline poems::LinkScale<float> make_link(Choices& choose, Index features, Index covariates) {
  return {choose.numbers(features, 0.3).cast<float>(), choose.numbers(features, 0.7).cast<float>(),
          Matrix<float>::Constant(choose.size(covariates), features, 0.1f)};
}

inline poems::OmicData<float> make_omic(Choices& choose, const Shape& shape, std::size_t v) {
  std::vector<Index> column;
  Index present = 0;
  for (const bool has : shape.has[v]) column.push_back(has ? present++ : -1);
  const Index features = shape.features[v];
  const Family family = shape.families[v];
  const Matrix<double> x = raw_values(choose, family, features, present, 10 + v);
  const poems::Scaling scaling{choose.numbers(features, 0.1), choose.numbers(features, 1.5), 6.0};
  const Vector<double> fill = choose.numbers(features, 0.0);
  const bool is_gaussian = family == Family::gaussian;
  poems::Adjustment adjustment;
  if (shape.covariates > 0) {
    adjustment.covariates = normals(choose.size(shape.covariates), present, 20 + v);
    adjustment.effects = normals(shape.covariates, choose.size(features), 30 + v);
  }
  if (!is_gaussian && family != Family::bernoulli) adjustment.offset = choose.numbers(present, 0.2);
  const bool stored = choose.once_in(3);
  poems::OmicData<float> omic =
      stored ? poems::stored_omic<float>(store(choose, x), true, scaling, fill, adjustment, column)
             : poems::scale_omic<float>(x, scaling, fill, adjustment, column, 2);
  if (is_gaussian) return omic;
  poems::LinkScale<float> link = make_link(choose, features, shape.covariates);
  if (stored)
    poems::set_link(link, omic);
  else
    poems::set_targets<float>(x, link, omic);
  return omic;
}

inline Cohort<float> make_cohort(Choices& choose, const Shape& shape) {
  Cohort<float> cohort;
  cohort.samples = shape.samples;
  for (std::size_t v = 0; v < shape.features.size(); ++v)
    cohort.omics.push_back(make_omic(choose, shape, v));
  // As every door does.
  poems::check_cohort(cohort, shape.features, shape.covariates);
  return cohort;
}

}  // namespace poems_fuzz
