// What is said of a trained model, against reconstructions made one by one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/projection.h"
#include "analysis/slopes.h"
#include "analysis/variance.h"
#include "random_problem.h"

using namespace poems_test;
using poems::Vector;

namespace {

const std::vector<Index> features = {300, 4, 80};  // enough for several threads
constexpr Index samples = 300;                     // more than a tile

/// Every third loading is 0, and factor 1 has none in omic 0.
template <typename T>
poems::models::Poems<T> sparse_model(bool elbo, bool row_normalize = false) {
  poems::models::Poems<T> model =
      initialised_model<T>(small_options(features, elbo, row_normalize), 11);
  for (auto& omic : model.omics)
    for (Index i = 0; i < omic.decoder.W.value.size(); i += 3) omic.decoder.W.value.data()[i] = 0;
  model.omics[0].decoder.W.value.row(1).setZero();
  return model;
}

template <typename T>
Matrix<T> random_z() {
  return normal_matrix(3, samples, 5).cast<T>();
}

const std::vector<bool> everyone(samples, true);
const Vector<double> held = Vector<double>::LinSpaced(3, -0.3, 0.4);

/// Total, residual and residual with a factor held, of one feature.
struct Sums {
  double total = 0.0, residual = 0.0, held = 0.0, change = 0.0;
};

Sums sums_of(const poems::OmicData<double>& data, const Matrix<double>& xhat,
             const Matrix<double>& xhat_held, Index j) {
  Sums sums;
  for (Index i = 0; i < samples; ++i) {
    if (data.column[i] < 0) continue;
    const double x = data.values(j, data.column[i]);
    if (std::isnan(x)) continue;
    sums.total += x * x;
    sums.residual += std::pow(x - xhat(j, i), 2);
    sums.held += std::pow(x - xhat_held(j, i), 2);
    sums.change += std::pow(xhat(j, i) - xhat_held(j, i), 2);
  }
  return sums;
}

}  // namespace

TEST(Variance, IsThatOfReconstructionsWithAFactorHeld) {
  for (const bool row_normalize : {false, true}) {
    poems::models::Poems<double> model = sparse_model<double>(!row_normalize, row_normalize);
    const poems::Cohort<double> cohort = random_cohort<double>(samples, features, true);
    const Matrix<double> z = random_z<double>();
    const auto all = poems::variance_sums(model, cohort, z, held, everyone, 1);
    for (std::size_t v = 0; v < features.size(); ++v) {
      const Matrix<double> xhat = poems::reconstruct(model, v, z, 1);
      for (Index k = 0; k < 3; ++k) {
        Matrix<double> z_held = z;
        z_held.row(k).setConstant(held(k));
        const Matrix<double> xhat_held = poems::reconstruct(model, v, z_held, 1);
        double gain = 0.0, change = 0.0, largest_change = 0.0;
        for (Index j = 0; j < features[v]; ++j) {
          const Sums sums = sums_of(cohort.omics[v], xhat, xhat_held, j);
          EXPECT_NEAR(all[v].total(j), sums.total, 1e-10 * sums.total);
          EXPECT_NEAR(all[v].residual(j), sums.residual, 1e-10 * sums.residual);
          gain += sums.held - sums.residual;
          change += sums.change / sums.total;
          largest_change = std::max(largest_change, sums.change / sums.total);
        }
        EXPECT_NEAR(all[v].gain(k), gain, 1e-9 * (1.0 + std::abs(gain)));
        EXPECT_NEAR(all[v].change(k), change, 1e-10);
        EXPECT_NEAR(all[v].largest_change(k), largest_change, 1e-10);
      }
    }
    if (!row_normalize) {
      EXPECT_EQ(all[0].gain(1), 0.0);
    }
  }
}

TEST(Variance, OfSamplesIsThatOfTheirFeatures) {
  poems::models::Poems<double> model = sparse_model<double>(true);
  const poems::Cohort<double> cohort = random_cohort<double>(samples, features, true);
  const Matrix<double> z = random_z<double>();
  std::vector<bool> counted(samples);
  for (Index i = 0; i < samples; ++i) counted[i] = i % 3 != 1;
  const auto some = poems::variance_sums(model, cohort, z, held, counted, 2);
  for (std::size_t v = 0; v < features.size(); ++v) {
    const poems::OmicData<double>& data = cohort.omics[v];
    const Matrix<double> xhat = poems::reconstruct(model, v, z, 1);
    Vector<double> total = Vector<double>::Zero(samples), residual = total;
    for (Index i = 0; i < samples; ++i) {
      if (!counted[i] || data.column[i] < 0) continue;
      for (Index j = 0; j < features[v]; ++j) {
        const double x = data.values(j, data.column[i]);
        if (std::isnan(x)) continue;
        total(i) += x * x;
        residual(i) += std::pow(x - xhat(j, i), 2);
      }
    }
    EXPECT_LT((some[v].sample_total - total).norm(), 1e-10 * total.norm());
    EXPECT_LT((some[v].sample_residual - residual).norm(), 1e-10 * residual.norm());
    EXPECT_NEAR(some[v].total.sum(), total.sum(), 1e-10 * total.sum());
    EXPECT_NEAR(some[v].residual.sum(), residual.sum(), 1e-10 * residual.sum());
  }
}

TEST(Variance, IsThatOfDeviancesWithOtherFamiliesAndCovariates) {
  const poems::Family families[] = {poems::Family::negative_binomial, poems::Family::gaussian,
                                    poems::Family::bernoulli};
  poems::Cohort<double> cohort = random_cohort<double>(samples, features, true);
  add_covariates(2, cohort);
  poems::models::PoemsOptions options = small_options(features, true);
  options.covariates = 2;
  for (std::size_t v = 0; v < 3; ++v) {
    options.omics[v].family = families[v];
    if (families[v] != poems::Family::gaussian) change_family(families[v], cohort.omics[v]);
  }
  poems::models::Poems<double> model = initialised_model<double>(options, 11);
  for (auto& omic : model.omics)
    omic.decoder.effects.value = 0.3 * normal_matrix(2, omic.decoder.W.value.cols(), 8);
  const Matrix<double> z = random_z<double>();
  const auto all = poems::variance_sums(model, cohort, z, held, everyone, 2);
  for (std::size_t v = 0; v < 3; ++v) {
    const poems::OmicData<double>& data = cohort.omics[v];
    const poems::Likelihood<double>& likelihood = *model.omics[v].likelihood;
    /// Deviance of feature j from its values, or from what `from` expects; at `xhat` decoded, or
    /// without the decoder if null.
    const auto deviance = [&](Index j, const Matrix<double>* xhat, const Matrix<double>* from) {
      double sum = 0.0;
      for (Index i = 0; i < samples; ++i) {
        const Index n = data.column[i];
        if (n < 0 || std::isnan(data.values(j, n))) continue;
        const Vector<double> c = data.covariates.col(n);
        const auto predict = [&](const Matrix<double>* decoded) {
          double part = 0.0;
          if (decoded) part = (*decoded)(j, i) + model.omics[v].decoder.effects.value.col(j).dot(c);
          if (!data.link) return part;
          const double offset = data.offset.size() > 0 ? data.offset(n) : 0.0;
          return offset + data.link->intercept(j) + data.link->effects.col(j).dot(c) +
                 data.link->unit(j) * part;
        };
        const double x = from        ? likelihood.mean(predict(from))
                         : data.link ? data.targets(j, n)
                                     : data.values(j, n);
        sum += likelihood.deviance(j, x, predict(xhat));
      }
      return sum;
    };
    const Matrix<double> xhat = poems::reconstruct(model, v, z, 1);
    for (Index k = 0; k < 3; ++k) {
      Matrix<double> z_held = z;
      z_held.row(k).setConstant(held(k));
      const Matrix<double> xhat_held = poems::reconstruct(model, v, z_held, 1);
      double gain = 0.0, change = 0.0;
      for (Index j = 0; j < features[v]; ++j) {
        const double total = deviance(j, nullptr, nullptr), residual = deviance(j, &xhat, nullptr);
        EXPECT_NEAR(all[v].total(j), total, 1e-10 * total);
        EXPECT_NEAR(all[v].residual(j), residual, 1e-10 * residual);
        gain += deviance(j, &xhat_held, nullptr) - residual;
        change += deviance(j, &xhat_held, &xhat) / total;
      }
      EXPECT_NEAR(all[v].gain(k), gain, 1e-8 * (1.0 + std::abs(gain)));
      EXPECT_NEAR(all[v].change(k), change, 1e-8 * (1.0 + change));
    }
  }
}

TEST(Variance, IsTheSameOnAnyNumberOfThreadsAndInFloatNearly) {
  poems::models::Poems<float> model = sparse_model<float>(true);
  const poems::Cohort<float> cohort = random_cohort<float>(samples, features, true);
  const Vector<float> held_at = held.cast<float>();
  const auto one = poems::variance_sums(model, cohort, random_z<float>(), held_at, everyone, 1);
  const auto three = poems::variance_sums(model, cohort, random_z<float>(), held_at, everyone, 3);
  poems::models::Poems<double> in_double = sparse_model<double>(true);
  const auto exact = poems::variance_sums(in_double, random_cohort<double>(samples, features, true),
                                          random_z<double>(), held, everyone, 1);
  for (std::size_t v = 0; v < features.size(); ++v) {
    EXPECT_EQ(one[v].residual, three[v].residual);
    EXPECT_EQ(one[v].sample_residual, three[v].sample_residual);
    EXPECT_EQ(one[v].gain, three[v].gain);
    EXPECT_EQ(one[v].change, three[v].change);
    EXPECT_EQ(one[v].largest_change, three[v].largest_change);
    EXPECT_TRUE(one[v].residual.isApprox(exact[v].residual, 1e-5));
    EXPECT_TRUE(one[v].gain.isApprox(exact[v].gain, 1e-4));
  }
}

TEST(Slopes, AreThoseOfFiniteDifferences) {
  for (const bool row_normalize : {false, true}) {
    poems::models::Poems<double> model = sparse_model<double>(!row_normalize, row_normalize);
    const Matrix<double> z = random_z<double>();
    const auto all = poems::mean_slopes(model, z, 1);
    constexpr double step = 1e-7;
    for (std::size_t v = 0; v < features.size(); ++v)
      for (Index k = 0; k < 3; ++k) {
        Matrix<double> up = z, down = z;
        up.row(k).array() += step;
        down.row(k).array() -= step;
        const Matrix<double> slope =
            (poems::reconstruct(model, v, up, 1) - poems::reconstruct(model, v, down, 1)) /
            (2.0 * step);
        for (Index j = 0; j < features[v]; ++j) {
          const double mean = slope.row(j).mean();
          EXPECT_NEAR(all[v].mean(k, j), mean, 1e-5);
          if (model.mask(v)(k, j) == 0.0) {
            EXPECT_EQ(all[v].mean(k, j), 0.0);
          }
        }
      }
  }
}

TEST(Slopes, AreTheSameOnAnyNumberOfThreads) {
  poems::models::Poems<float> model = sparse_model<float>(true);
  const auto one = poems::mean_slopes(model, random_z<float>(), 1);
  const auto three = poems::mean_slopes(model, random_z<float>(), 3);
  for (std::size_t v = 0; v < features.size(); ++v) EXPECT_EQ(one[v].mean, three[v].mean);
}
