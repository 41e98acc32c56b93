// The factor model of the start, against the formulas of Gaussian conditioning.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "analysis/factor_model.h"
#include "random_problem.h"

using namespace poems_test;
using poems::Vector;

namespace {

constexpr Index features = 60, samples = 90, factors = 3;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// Two omics of 40 and 20 features, every feature with one of three factors.
struct Problem {
  std::vector<int> omic;
  Matrix<double> loadings = Matrix<double>::Zero(factors, features);
  Matrix<double> z = normal_matrix(factors, samples, 1);
  Matrix<double> x;

  Problem() {
    for (Index j = 0; j < features; ++j) {
      omic.push_back(j < 40 ? 0 : 1);
      loadings(j % factors, j) = j % 2 == 0 ? 1.0 : -0.8;
    }
    x = loadings.transpose() * z + 0.5 * normal_matrix(features, samples, 2);
  }

  /// Some values, and the second omic of some samples.
  void make_gaps() {
    for (Index i = 0; i < x.size(); i += 7) x.data()[i] = unknown;
    for (Index n = 0; n < samples; n += 4) x.col(n).tail(20).setConstant(unknown);
  }
};

}  // namespace

TEST(FactorModel, FindsLoadingsAndFactorsInSpiteOfGaps) {
  Problem problem;
  problem.make_gaps();
  const Matrix<double> start = problem.z + 0.5 * normal_matrix(factors, samples, 3);
  const poems::FactorModel model = poems::fit_factor_model(problem.x, problem.omic, start, 60, 1);
  int by_chance = 0;  // of the 120 loadings that are 0
  for (Index j = 0; j < features; ++j)
    for (Index k = 0; k < factors; ++k) {
      const bool found = model.inclusion(k, j) > 0.5;
      if (problem.loadings(k, j) != 0.0)
        EXPECT_TRUE(found);
      else
        by_chance += found;
    }
  EXPECT_LE(by_chance, 6);
  for (Index k = 0; k < factors; ++k) {
    const Vector<double> a = model.mean.row(k), b = problem.z.row(k);
    EXPECT_GT(a.dot(b) / a.norm() / b.norm(), 0.97);
  }
  EXPECT_NEAR(model.noise.mean(), 0.25, 0.05);
}

// Of one factor, in the first round, when rates are 0.5 with and without sets: evidence is the
// same, and prior odds differ by what members have.
TEST(FactorModel, AddsLogOddsOfMembers) {
  const Problem problem;
  const Matrix<double> start = problem.z.topRows(1);
  poems::SetMembers sets;
  sets.odds = 20.0;
  sets.is_member.setZero(1, features);
  for (Index j = 0; j < features; j += 4) sets.is_member(0, j) = 1;
  const auto fit = [&](const poems::SetMembers& members) {
    return poems::fit_factor_model(problem.x, problem.omic, start, 1, 1, members).inclusion;
  };
  const Matrix<double> with = fit(sets), without = fit({});
  int looked_at = 0;
  for (Index j = 0; j < features; ++j) {
    if (without(0, j) > 1.0 - 1e-9) continue;  // too close to 1 to take a logit of
    ++looked_at;
    const auto logit = [](double p) { return std::log(p / (1.0 - p)); };
    EXPECT_NEAR(logit(with(0, j)) - logit(without(0, j)), j % 4 == 0 ? std::log(20.0) : 0.0, 1e-5);
  }
  EXPECT_GT(looked_at, 30);
}

TEST(FactorModel, IsTheSameOnAnyNumberOfThreads) {
  Problem problem;
  problem.make_gaps();
  const Matrix<double> start = normal_matrix(factors, samples, 3);
  const poems::FactorModel one = poems::fit_factor_model(problem.x, problem.omic, start, 5, 1);
  const poems::FactorModel four = poems::fit_factor_model(problem.x, problem.omic, start, 5, 4);
  EXPECT_EQ(one.loadings, four.loadings);
  EXPECT_EQ(one.mean, four.mean);
}

TEST(FactorModel, ScoresAndTheirUncertaintyAreThoseOfConditioning) {
  Problem problem;
  problem.make_gaps();
  const Vector<double> noise = normal_matrix(features, 1, 4).array().exp().matrix();
  const Matrix<double> certain = Matrix<double>::Zero(factors, 2);
  const Matrix<double> scores =
      poems::factor_scores(problem.x, problem.omic, problem.loadings, noise, certain, 2);
  const Matrix<double> uncertainty =
      poems::factor_posterior(problem.x, problem.omic, problem.loadings, noise, certain, 2)
          .variances;
  for (Index n : {0, 1, 4, 50}) {
    Matrix<double> precision = Matrix<double>::Identity(factors, factors);
    Vector<double> right = Vector<double>::Zero(factors);
    bool lacks = true;
    for (Index j = 40; j < features; ++j) lacks = lacks && std::isnan(problem.x(j, n));
    for (Index j = 0; j < features; ++j) {
      if (std::isnan(problem.x(j, n))) continue;
      const Vector<double> w = problem.loadings.col(j);
      precision += w * w.transpose() / noise(j);
      right += w * problem.x(j, n) / noise(j);
    }
    EXPECT_LT((scores.col(n) - precision.inverse() * right).norm(), 1e-9);
    for (Index j = 0; j < features; ++j) {
      const bool gap = std::isnan(problem.x(j, n)) && !(lacks && j >= 40);
      const Vector<double> w = problem.loadings.col(j);
      EXPECT_NEAR(uncertainty(j, n), gap ? w.dot(precision.inverse() * w) : 0.0, 1e-9);
    }
  }
}
