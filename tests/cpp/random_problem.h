// A tiny random problem with every kind of gap: samples that lack omics, values that are missing.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "data/cohort.h"
#include "models/poems.h"
#include "support/random.h"

namespace poems_test {

using poems::Index;
using poems::Matrix;

inline Matrix<double> normal_matrix(Index rows, Index cols, std::uint64_t seed) {
  const poems::Stream stream(seed, poems::Purpose::latent_normals, 0);
  Matrix<double> x(rows, cols);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = stream.normal(i);
  return x;
}

/// Omic v lacks every sample i with (i + v) % 4 == 0, and 1 value in 5 of omic 1 is missing.
template <typename T>
poems::Cohort<T> random_cohort(Index samples, const std::vector<Index>& features, bool gaps) {
  poems::Cohort<T> cohort;
  cohort.samples = samples;
  for (std::size_t v = 0; v < features.size(); ++v) {
    std::vector<Index> column(samples, -1);
    Index present = 0;
    for (Index i = 0; i < samples; ++i)
      if (!gaps || (i + static_cast<Index>(v)) % 4 != 0) column[i] = present++;
    Matrix<double> x = normal_matrix(features[v], present, 100 + v);
    if (gaps && v == 1)
      for (Index i = 0; i < x.size(); i += 5)
        x.data()[i] = std::numeric_limits<double>::quiet_NaN();
    const poems::Vector<double> zero = poems::Vector<double>::Zero(features[v]);
    const poems::Vector<double> one = poems::Vector<double>::Ones(features[v]);
    cohort.omics.push_back(poems::scale_omic<T>(x, {zero, one, 6.0}, zero, {}, column, 1));
  }
  return cohort;
}

/// Makes an omic one of another family, with raw values, offsets (of counts) and a link of its own.
/// Values stay missing where they are.
template <typename T>
void change_family(poems::Family family, poems::OmicData<T>& omic) {
  const Index features = omic.values.rows(), samples = omic.values.cols();
  const bool counts = family != poems::Family::bernoulli;
  const poems::Stream stream(31, poems::Purpose::shuffle, 0);
  Matrix<double> raw(features, samples);
  for (Index i = 0; i < raw.size(); ++i)
    raw.data()[i] = std::isnan(omic.values.data()[i])
                        ? std::numeric_limits<double>::quiet_NaN()
                        : std::floor((counts ? 9.0 : 2.0) * stream.uniform(i));
  poems::LinkScale<T> link;
  link.intercept = normal_matrix(features, 1, 32).cast<T>();
  const Matrix<double> unit = 0.5 + 0.3 * normal_matrix(features, 1, 33).array().abs();
  link.unit = unit.cast<T>();
  if (omic.covariates.size() > 0)
    link.effects = normal_matrix(omic.covariates.rows(), features, 34).template cast<T>();
  if (counts) omic.offset = (0.4 * normal_matrix(samples, 1, 35)).cast<T>();
  poems::set_targets<T>(raw, link, omic);
}

template <typename T>
void add_covariates(Index covariates, poems::Cohort<T>& cohort) {
  const Matrix<double> all = normal_matrix(covariates, cohort.samples, 36);
  for (poems::OmicData<T>& omic : cohort.omics) {
    omic.covariates.resize(covariates, omic.values.cols());
    for (Index i = 0; i < cohort.samples; ++i)
      if (omic.column[i] >= 0) omic.covariates.col(omic.column[i]) = all.col(i).cast<T>();
  }
}

inline poems::models::PoemsOptions small_options(const std::vector<Index>& features, bool elbo,
                                                 bool row_normalize = false) {
  poems::models::PoemsOptions options{};
  for (Index d : features)
    options.omics.push_back({d, 0.3, static_cast<double>(d) / 10.0, poems::Family::gaussian});
  options.factors = 3;
  options.encoder_hidden = 6;
  options.decoder_hidden = 5;
  options.gate_hidden = 4;
  options.dropout = 0.2;
  options.lambda0 = 5.0;
  options.lambda1 = 0.5;
  options.inclusion_a = 1.0;
  options.sigma_df = 3.0;
  options.row_normalize = row_normalize;
  options.objective = elbo ? poems::Objective::elbo() : poems::Objective::published();
  return options;
}

template <typename T>
poems::models::Poems<T> initialised_model(const poems::models::PoemsOptions& options,
                                          std::uint64_t seed) {
  poems::models::Poems<T> model(options);
  std::vector<poems::Vector<double>> sigma;
  for (const poems::models::SparseOmicShape& omic : options.omics)
    sigma.push_back(poems::Vector<double>::Constant(omic.features, 0.8));
  model.initialise(seed, sigma);
  return model;
}

inline std::vector<Index> all_samples(Index n) {
  std::vector<Index> samples(n);
  for (Index i = 0; i < n; ++i) samples[i] = i;
  return samples;
}

}  // namespace poems_test
