// The largest components of many samples, against those of Eigen's solver for all of them.
#include <gtest/gtest.h>

#include <cmath>

#include "analysis/components.h"
#include "analysis/factor_model.h"
#include "analysis/gram.h"
#include "random_problem.h"

using namespace poems_test;
using poems::Vector;

namespace {

constexpr Index samples = 300, features = 420, factors = 6;

/// Factors of falling strength and noise: samples x features.
Matrix<float> planted() {
  const Vector<double> strength = Vector<double>::LinSpaced(factors, 1.5, 0.4);
  const Matrix<double> x = normal_matrix(samples, factors, 1) * strength.asDiagonal() *
                               normal_matrix(factors, features, 2) +
                           normal_matrix(samples, features, 3);
  return x.cast<float>();
}

Eigen::SelfAdjointEigenSolver<Matrix<double>> all_components(const Matrix<float>& x) {
  const Matrix<double> exact = x.cast<double>();
  return Eigen::SelfAdjointEigenSolver<Matrix<double>>(exact * exact.transpose());
}

}  // namespace

TEST(Components, AreTheLargest) {
  const Matrix<float> x = planted();
  const auto all = all_components(x);
  const poems::Components found = poems::leading_components(x, 12, 1);
  ASSERT_EQ(found.values.size(), 12);
  for (Index k = 0; k < 12; ++k)
    EXPECT_NEAR(found.values(k) / all.eigenvalues()(samples - 1 - k), 1.0,
                k < factors ? 1e-5 : 1e-2)
        << k;
  for (Index k = 0; k < factors; ++k)
    EXPECT_GT(std::fabs(found.vectors.col(k).dot(all.eigenvectors().col(samples - 1 - k))), 0.9999);
  const Matrix<double> inner = found.vectors.transpose() * found.vectors;
  EXPECT_LT((inner - Matrix<double>::Identity(12, 12)).cwiseAbs().maxCoeff(), 1e-5);
}

TEST(Components, SpanMostOfWhatManyShould) {
  const Matrix<float> x = planted();
  const poems::Components found = poems::leading_components(x, 100, 1);
  const double all = all_components(x).eigenvalues().tail(100).sum();
  EXPECT_LE(found.values.sum(), all * (1 + 1e-5));
  EXPECT_GT(found.values.sum(), all * 0.97);
}

TEST(Components, AreNoMoreThanThereAre) {
  const Matrix<float> few = planted().topRows(5);
  const poems::Components found = poems::leading_components(few, 12, 1);
  ASSERT_EQ(found.values.size(), 5);
  EXPECT_NEAR(found.values.sum(), few.squaredNorm(), 1e-4 * few.squaredNorm());
  const poems::Components none = poems::leading_components(Matrix<float>::Zero(40, 50), 3, 1);
  EXPECT_LT(none.values.cwiseAbs().maxCoeff(), 1e-12);
}

TEST(Components, AreTheSameOnSeveralThreads) {
  const Matrix<float> x = planted();
  const poems::Components one = poems::leading_components(x, 12, 1);
  const poems::Components two = poems::leading_components(x, 12, 2);
  EXPECT_EQ(one.values, two.values);
  EXPECT_EQ(one.vectors, two.vectors);
}

TEST(Components, ProductsAreThoseOfEigen) {
  for (const Index rows : {3, 40, 700})
    for (const Index columns : {1, 30, 600}) {
      const Matrix<double> a = normal_matrix(rows, 50, 4), b = normal_matrix(50, columns, 5);
      const Matrix<float> found = poems::products(a.cast<float>(), b.cast<float>().eval(), 2);
      EXPECT_LT((found.cast<double>() - a * b).cwiseAbs().maxCoeff(), 1e-4) << rows << columns;
    }
}

// Many samples are looked at in single precision, few in double.
TEST(Components, FactorsOfManySamplesAreThoseOfFew) {
  constexpr Index many = 600, few = 200;
  const Matrix<double> loadings = normal_matrix(3, 80, 6);
  Matrix<double> x = loadings.transpose() * normal_matrix(3, many, 7) + normal_matrix(80, many, 8);
  for (Index i = 0; i < x.size(); i += 3) x.data()[i] = std::nan("");  // many gaps in a sample
  const std::vector<int> omic(80, 0);
  const Vector<double> noise = Vector<double>::Ones(80);
  const Matrix<double> uncertainty = Matrix<double>::Zero(3, 1);
  const Matrix<double> all = poems::factor_scores(x, omic, loadings, noise, uncertainty, 2);
  const Matrix<double> some =
      poems::factor_scores(x.leftCols(few), omic, loadings, noise, uncertainty, 1);
  EXPECT_LT((all.leftCols(few) - some).cwiseAbs().maxCoeff(), 1e-5);

  // And of few, those of Gaussian conditioning.
  Matrix<double> precision = Matrix<double>::Identity(3, 3);
  Vector<double> right = Vector<double>::Zero(3);
  for (Index j = 0; j < 80; ++j) {
    if (std::isnan(x(j, 0))) continue;
    precision += loadings.col(j) * loadings.col(j).transpose();
    right += loadings.col(j) * x(j, 0);
  }
  EXPECT_LT((some.col(0) - precision.llt().solve(right)).cwiseAbs().maxCoeff(), 1e-9);
}
