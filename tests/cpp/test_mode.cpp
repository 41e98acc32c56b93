// The mode of the latent space, against the function it is the lowest point of, put together from
// reconstructions and deviances.
#include <gtest/gtest.h>

#include <cmath>

#include "analysis/latent_mode.h"
#include "analysis/projection.h"
#include "random_problem.h"

using namespace poems_test;
using poems::Vector;

namespace {

const std::vector<Index> features = {120, 6, 40};
constexpr Index samples = 150;  // several tiles

/// Omics of three families with gaps, covariates and loadings that are 0.
struct Problem {
  poems::Cohort<double> cohort = random_cohort<double>(samples, features, true);
  poems::models::PoemsOptions options = small_options(features, true);

  Problem() {
    const poems::Family families[] = {poems::Family::negative_binomial, poems::Family::gaussian,
                                      poems::Family::bernoulli};
    add_covariates(2, cohort);
    options.covariates = 2;
    options.omics[0].weight = 0.4;
    options.omics[1].weight = 1.7;
    for (std::size_t v = 0; v < features.size(); ++v) {
      options.omics[v].family = families[v];
      if (families[v] != poems::Family::gaussian) change_family(families[v], cohort.omics[v]);
    }
  }

  poems::models::Poems<double> model() const {
    poems::models::Poems<double> model = initialised_model<double>(options, 11);
    for (std::size_t v = 0; v < features.size(); ++v) {
      auto& decoder = model.omics[v].decoder;
      for (Index i = 0; i < decoder.W.value.size(); i += 3) decoder.W.value.data()[i] = 0;
      decoder.effects.value = 0.3 * normal_matrix(2, features[v], 8);
      if (poems::Parameter<double>* noise = model.omics[v].likelihood->noise())
        noise->value = 0.3 * normal_matrix(features[v], 1, 9);
    }
    return model;
  }

  /// What is minimised, of every sample.
  Vector<double> value(poems::models::Poems<double>& model, const Matrix<double>& z) const {
    Vector<double> sum = 0.5 * z.colwise().squaredNorm().transpose();
    for (std::size_t v = 0; v < features.size(); ++v) {
      const poems::OmicData<double>& data = cohort.omics[v];
      const Matrix<double> xhat = poems::reconstruct(model, v, z, 1);
      double scale = 1.0 / options.omics[v].weight;
      if (options.omics[v].family == poems::Family::gaussian)
        scale *= (2.0 * model.omics[v].likelihood->noise()->value.array()).exp().mean();
      for (Index i = 0; i < samples; ++i) {
        const Index n = data.column[i];
        if (n < 0) continue;
        for (Index j = 0; j < features[v]; ++j) {
          const double x = data.link ? data.targets(j, n) : data.values(j, n);
          if (std::isnan(x)) continue;
          double eta =
              xhat(j, i) + model.omics[v].decoder.effects.value.col(j).dot(data.covariates.col(n));
          if (data.link) {
            eta = data.link->unit(j) * eta + data.link->intercept(j) +
                  data.link->effects.col(j).dot(data.covariates.col(n));
            if (data.offset.size() > 0) eta += data.offset(n);
          }
          sum(i) += 0.5 * model.omics[v].likelihood->deviance(j, x, eta) / scale;
        }
      }
    }
    return sum;
  }
};

}  // namespace

TEST(Mode, IsALowestPoint) {
  const Problem problem;
  poems::models::Poems<double> model = problem.model();
  const Matrix<double> start = normal_matrix(3, samples, 5);
  Matrix<double> mode = poems::latent_mode(model, problem.cohort, start, 1);
  EXPECT_TRUE((problem.value(model, mode).array() <= problem.value(model, start).array()).all());
  // From so far, some samples are still on their way. A few end where linear pieces meet.
  for (int again = 0; again < 4; ++again) mode = poems::latent_mode(model, problem.cohort, mode, 1);
  const Vector<double> lowest = problem.value(model, mode);
  Vector<double> best_move = Vector<double>::Constant(samples, 1.0);
  for (Index k = 0; k < 3; ++k)
    for (const double move : {-0.1, 0.1}) {
      Matrix<double> moved = mode;
      moved.row(k).array() += move;
      best_move = best_move.cwiseMin(problem.value(model, moved) - lowest);
    }
  EXPECT_GT((best_move.array() > -0.02).count(), 0.85 * samples);
}

TEST(Mode, LeavesStepsThatHardlyMove) {
  const Problem problem;
  poems::models::Poems<double> model = problem.model();
  const Matrix<double> start = normal_matrix(3, samples, 5);
  const auto mode = [&](poems::ModeSearch search) {
    return poems::latent_mode(model, problem.cohort, start, 1, search);
  };
  EXPECT_EQ(start, mode({12, 1e9}));
  EXPECT_EQ(start, mode({1, 0.0}));  // which only looks
  // What stops early is nearly as low as what does not.
  const Vector<double> early = problem.value(model, mode({12, 0.02}));
  const Vector<double> late = problem.value(model, mode({12, 0.0}));
  const Vector<double> at_start = problem.value(model, start);
  EXPECT_TRUE((early.array() <= at_start.array()).all());
  EXPECT_LT((early - late).sum(), 0.01 * (at_start - late).sum());
  EXPECT_GT((early.array() != late.array()).count(), 0);
}

TEST(Mode, IsTheSameOnSeveralThreadsAndCloseInFloat) {
  const Problem problem;
  poems::models::Poems<double> model = problem.model();
  const Matrix<double> start = normal_matrix(3, samples, 5);
  const Matrix<double> mode = poems::latent_mode(model, problem.cohort, start, 1);
  EXPECT_EQ(mode, poems::latent_mode(model, problem.cohort, start, 3));

  const poems::Cohort<float> cohort = random_cohort<float>(samples, features, true);
  poems::models::Poems<float> in_float =
      initialised_model<float>(small_options(features, true), 11);
  poems::models::Poems<double> in_double =
      initialised_model<double>(small_options(features, true), 11);
  const Matrix<double> exact =
      poems::latent_mode(in_double, random_cohort<double>(samples, features, true), start, 1);
  const Matrix<float> rounded = poems::latent_mode<float>(in_float, cohort, start.cast<float>(), 1);
  const Matrix<double> difference = (rounded.cast<double>() - exact).cwiseAbs();
  EXPECT_LT(difference.mean(), 1e-4);
}

TEST(Mode, IsThePosteriorMeanWherePublished) {
  poems::models::Poems<double> model =
      initialised_model<double>(small_options(features, false), 11);
  const Matrix<double> start = normal_matrix(3, samples, 5);
  EXPECT_EQ(start,
            poems::latent_mode(model, random_cohort<double>(samples, features, true), start, 1));
}

TEST(Mode, ScoresAreDerivativesOfDeviances) {
  const poems::Family families[] = {poems::Family::gaussian, poems::Family::bernoulli,
                                    poems::Family::poisson, poems::Family::negative_binomial};
  for (const poems::Family family : families) {
    const auto likelihood = poems::make_likelihood<double>(family, 1, 0.5, {true, 3.0});
    likelihood->initialise(Vector<double>::Constant(1, 0.4));
    Vector<double> x(4), eta(4);
    x << 0.0, 1.0, std::numeric_limits<double>::quiet_NaN(), 1.0;
    eta << -0.7, 1.2, 0.3, -0.2;
    const poems::Scores<double> scores = likelihood->scores(0, x, eta);
    const double h = 1e-5;
    for (Index i : {0, 1, 3}) {
      const auto half = [&](double e) { return 0.5 * likelihood->deviance(0, x(i), e); };
      EXPECT_NEAR(scores.half_deviance(i), half(eta(i)), 1e-12);
      EXPECT_NEAR(scores.slope(i), (half(eta(i) + h) - half(eta(i) - h)) / (2 * h), 1e-7);
      // Slopes are linear in x: the expected derivative is that at the mean.
      const auto slope = [&](double e) {
        return likelihood->score(0, likelihood->mean(eta(i)), e).slope;
      };
      EXPECT_NEAR(scores.information(i), (slope(eta(i) + h) - slope(eta(i) - h)) / (2 * h), 1e-7);
    }
    EXPECT_EQ(scores.half_deviance(2) + scores.slope(2) + scores.information(2), 0.0);
  }
}
