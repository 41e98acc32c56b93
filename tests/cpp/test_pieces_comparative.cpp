// The pieces of the comparative VAEs: gradients against finite differences, used once and used
// twice in one pass, and closed forms.
#include <gtest/gtest.h>

#include "complete_batch.h"
#include "gradient_check.h"
#include "pieces/columns.h"
#include "pieces/deep_decoder.h"
#include "pieces/dual.h"
#include "pieces/independence.h"
#include "pieces/likelihood.h"
#include "pieces/min_norm.h"
#include "pieces/noise_prior.h"
#include "random_problem.h"

using namespace poems_test;
using namespace poems::pieces;
using poems::Family;

namespace {

using Nodes = std::vector<Var<double>>;

double hsic_of(const Matrix<double>& z, const Matrix<double>& t) {
  Tape<double> tape;
  return hsic(tape, tape.constant(z), tape.constant(t))->scalar();
}

}  // namespace

// ---- Independence

TEST(Independence, Gradients) {
  const auto piece = [](auto& t, const Nodes& x) { return hsic(t, x[0], x[1]); };
  expect_gradients(piece, random_inputs({{2, 6}, {3, 6}}));
  expect_gradients(piece, random_inputs({{1, 5}, {1, 5}}));
  // Both arguments one node: its two gradients add up.
  expect_gradients([](auto& t, const Nodes& x) { return hsic(t, x[0], x[0]); },
                   random_inputs({{2, 6}}));
  expect_gradients([](auto& t, const Nodes& x) { return excess(t, hsic(t, x[0], x[1]), 0.02); },
                   random_inputs({{2, 6}, {3, 6}}));
}

/// Of two samples, with k and l the kernels' values between them: hsic = (1 - k)(1 - l) / 4, and
/// its slope in z_1 - z_2 is -(1 - l) / 4 dk.
TEST(Independence, OfTwoSamplesInClosedForm) {
  const double r = kernel_rate(1), dz = 0.7, dt = -1.3;
  EXPECT_NEAR(r, M_PI / 8.0, 1e-14);  // g_1 = 2 / sqrt(pi)
  EXPECT_NEAR(kernel_rate(2), 1.0 / (2.0 * M_PI), 1e-14);
  const double k = std::exp(-r * dz * dz), l = std::exp(-r * dt * dt);
  Parameter<double> z("z", 1, 2), t("t", 1, 2);
  z.value << dz, 0.0;
  t.value << 0.0, -dt;
  Tape<double> tape;
  Terms<double> terms;
  terms.add("hsic", hsic(tape, tape.parameter(z), tape.parameter(t)));
  tape.backward(terms, {&z, &t});
  EXPECT_NEAR(terms.total(), (1.0 - k) * (1.0 - l) / 4.0, 1e-15);
  EXPECT_NEAR(z.gradient(0), 2.0 * r * dz * k * (1.0 - l) / 4.0, 1e-15);
  EXPECT_NEAR(z.gradient(1), -z.gradient(0), 1e-15);
  EXPECT_NEAR(t.gradient(0), 2.0 * r * dt * l * (1.0 - k) / 4.0, 1e-15);
}

TEST(Independence, IsTheTraceAndZeroOfAConstant) {
  const Index n = 9;
  const Matrix<double> z = normals(2, n, 1), t = normals(3, n, 2);
  const Matrix<double> H = Matrix<double>::Identity(n, n).array() - 1.0 / n;
  const double trace = (gaussian_kernel(z) * H * gaussian_kernel(t) * H).trace() / (n * n);
  EXPECT_NEAR(hsic_of(z, t), trace, 1e-15);
  EXPECT_GT(trace, 0.0);
  EXPECT_NEAR(hsic_of(z, Matrix<double>::Constant(3, n, 0.4)), 0.0, 1e-16);
  EXPECT_NEAR(hsic_of(z.rowwise().reverse(), t.rowwise().reverse()), trace, 1e-15);
}

/// The mean over many draws, to 3 standard errors of about 1 %.
TEST(Independence, OfIndependentLatentsIsWhatIsExpected) {
  struct Shape {
    Index n, p, q;
  };
  for (const Shape& s : {Shape{64, 2, 2}, Shape{100, 4, 3}, Shape{128, 16, 8}}) {
    double sum = 0.0;
    const std::uint64_t draws = 200;
    for (std::uint64_t i = 0; i < draws; ++i)
      sum += hsic_of(normals(s.p, s.n, 2 * i), normals(s.q, s.n, 2 * i + 1));
    EXPECT_NEAR(sum / draws / expected_hsic(s.n, s.p, s.q), 1.0, 0.05);
  }
  const Matrix<double> z = normals(2, 100, 1);
  EXPECT_GT(hsic_of(z, z), 10.0 * expected_hsic(100, 2, 2));
}

// ---- Two losses at once

TEST(MinNorm, InClosedForm) {
  using List = std::vector<Matrix<double>>;
  const Matrix<double> g = normals(3, 4, 1);
  EXPECT_NEAR(min_norm_weight(List{g}, List{-3.0 * g}), 0.75, 1e-15);  // c / (1 + c)
  EXPECT_EQ(min_norm_weight(List{g}, List{g}), 0.5);
  EXPECT_EQ(min_norm_weight(List{g}, List{3.0 * g}), 1.0);
  EXPECT_EQ(min_norm_weight(List{3.0 * g}, List{g}), 0.0);
  // At a right angle: each counts by the other's squared length.
  EXPECT_NEAR(min_norm_weight(4.0, 1.0, 0.0), 0.2, 1e-15);
}

TEST(MinNorm, IsTheShortestMixtureAndRaisesNeitherLoss) {
  const std::vector<Matrix<double>> g = {normals(3, 4, 1), normals(2, 1, 2)};
  for (std::uint64_t seed = 10; seed < 30; ++seed) {
    const std::vector<Matrix<double>> h = {2.0 * normals(3, 4, seed), normals(2, 1, seed + 50)};
    const auto mixture = [&](double a) {
      return std::vector<Matrix<double>>{a * g[0] + (1.0 - a) * h[0], a * g[1] + (1.0 - a) * h[1]};
    };
    const double a = min_norm_weight(g, h), square = inner_product(mixture(a), mixture(a));
    for (double other = 0.0; other <= 1.0; other += 0.01)
      EXPECT_LE(square, inner_product(mixture(other), mixture(other)) + 1e-12);
    EXPECT_GE(inner_product(mixture(a), g), square - 1e-12);
    EXPECT_GE(inner_product(mixture(a), h), square - 1e-12);
  }
}

// ---- The multiplier of a constraint

TEST(Dual, Geco) {
  const DualOptions o{DualRule::geco, 0.5, 0.1, 0.9};
  Dual dual = updated({o.start}, 0.4, o);
  EXPECT_NEAR(dual.mean, 0.4, 1e-15);
  EXPECT_NEAR(dual.multiplier, 0.5 * std::exp(0.04), 1e-15);
  dual = updated(dual, -0.6, o);
  EXPECT_NEAR(dual.mean, 0.9 * 0.4 - 0.1 * 0.6, 1e-15);
  EXPECT_NEAR(dual.multiplier, 0.5 * std::exp(0.04 + 0.03), 1e-15);
  // However large the violation it grows by `rate` a step, and it stays within its limits.
  const double before = dual.multiplier;
  dual = updated(dual, 1e6, o);
  EXPECT_NEAR(dual.multiplier, before * std::exp(0.1), 1e-14);
  for (int step = 0; step < 300; ++step) dual = updated(dual, 1e6, o);
  EXPECT_EQ(dual.multiplier, 1e4);
  for (int step = 0; step < 2000; ++step) dual = updated(dual, -1.0, o);
  EXPECT_EQ(dual.multiplier, 1e-3);
}

TEST(Dual, Additive) {
  const DualOptions o{DualRule::additive, 0.5, 0.1, 0.9};
  Dual dual = updated({o.start}, 0.4, o);
  EXPECT_NEAR(dual.multiplier, 0.54, 1e-15);
  dual = updated(dual, -6.0, o);
  EXPECT_EQ(dual.multiplier, 0.0);
  EXPECT_EQ(dual.mean, -6.0);
}

// ---- Likelihoods

namespace {

/// Some samples of an omic with missing values, a link and library sizes.
poems::OmicBatch<double> gappy_omic(Family family) {
  poems::Cohort<double> cohort = random_cohort<double>(9, {4, 4}, true);
  if (family != Family::gaussian) change_family(family, cohort.omics[1]);
  return poems::make_batch(cohort, {1, 2, 3, 4, 5, 6, 7, 8}, 1).omics[1];
}

}  // namespace

TEST(LikelihoodPiece, Gradients) {
  for (Family family :
       {Family::gaussian, Family::bernoulli, Family::poisson, Family::negative_binomial}) {
    SCOPED_TRACE(static_cast<int>(family));
    const poems::OmicBatch<double> omic = gappy_omic(family);
    const auto members = static_cast<Index>(omic.members.size());
    ASSERT_LT(omic.observed.sum(), static_cast<double>(omic.observed.size()));
    const auto likelihood = poems::make_likelihood<double>(family, 4, 0.6, {true, 3.0});
    std::vector<Parameter<double>*> noise;
    if (likelihood->noise() != nullptr) noise.push_back(likelihood->noise());
    if (!noise.empty()) noise[0]->value = 0.4 * normals(4, 1, 3);
    Inputs x_hat = random_inputs({{4, members}});
    x_hat[0].value *= 0.3;  // large expected counts make finite differences coarse
    expect_gradients(
        [&](auto& t, const Nodes& x) {
          return negative_log_likelihood(t, *likelihood, omic, x[0], 20);
        },
        x_hat, noise);
    if (!noise.empty())
      expect_gradients([&](auto& t, const Nodes&) { return noise_prior(t, *likelihood, 0.2, 0.0); },
                       {}, noise);
  }
}

/// The density of N(0.2, 4) at 1.2, the probability of 2 under Poisson(3), and of a negative
/// binomial of mean 3 and dispersion 1, the geometric: 1/4 (3/4)^2.
TEST(LikelihoodPiece, InClosedForm) {
  const auto value = [](Family family, double x, double x_hat, double noise) {
    const auto likelihood = poems::make_likelihood<double>(family, 1, 1.0, {true, 3.0});
    likelihood->initialise(poems::Vector<double>::Constant(1, noise));
    poems::OmicBatch<double> omic =
        complete_batch<double>({Matrix<double>::Constant(1, 1, x)}).omics[0];
    omic.targets = omic.x;
    const auto zero = poems::Vector<double>::Zero(1), one = poems::Vector<double>::Ones(1);
    omic.link =
        std::make_shared<const poems::LinkScale<double>>(poems::LinkScale<double>{zero, one, {}});
    Tape<double> tape;
    Var<double> at = tape.constant(Matrix<double>::Constant(1, 1, x_hat));
    return negative_log_likelihood(tape, *likelihood, omic, at, 1)->scalar();
  };
  EXPECT_NEAR(value(Family::gaussian, 1.2, 0.2, 2.0),
              0.125 + std::log(2.0) + 0.5 * std::log(2.0 * M_PI), 1e-14);
  EXPECT_NEAR(value(Family::poisson, 2.0, std::log(3.0), 1.0), -std::log(4.5 * std::exp(-3.0)),
              1e-13);
  EXPECT_NEAR(value(Family::negative_binomial, 2.0, std::log(3.0), 1.0), -std::log(9.0 / 64.0),
              1e-13);
}

TEST(LikelihoodPiece, LeavesTheGradientOfItsNoiseToTheBackwardPass) {
  const poems::OmicBatch<double> omic = gappy_omic(Family::negative_binomial);
  const auto likelihood =
      poems::make_likelihood<double>(Family::negative_binomial, 4, 0.6, {true, 3.0});
  likelihood->noise()->gradient.setConstant(4, 1, 3.0);
  Tape<double> tape;
  Var<double> x_hat =
      tape.constant(Matrix<double>::Zero(4, static_cast<Index>(omic.members.size())));
  negative_log_likelihood(tape, *likelihood, omic, x_hat, 5);
  EXPECT_TRUE(likelihood->noise()->gradient.isConstant(3.0));
}

// ---- Parts

TEST(DeepDecoder, Gradients) {
  DeepDecoder<double> decoder("decoder", 3, 6, 4, 0.2);
  const Draws<double> none;
  const StreamDraws<double> some(3, 1, {1, 4, 5, 8, 9});
  for (const Draws<double>* draws : {&none, static_cast<const Draws<double>*>(&some)})
    expect_gradients([&](auto& t, const Nodes& x) { return decoder(t, x[0], *draws); },
                     random_inputs({{3, 5}}), randomise(decoder));
}

/// Some members of a batch are the members of a batch of those samples.
TEST(SomeMembers, AreABatchOfTheirOwn) {
  poems::Cohort<double> cohort = random_cohort<double>(12, {4, 3}, true);
  add_covariates(2, cohort);
  change_family(Family::negative_binomial, cohort.omics[1]);
  for (Index i = 0; i < 12; ++i) cohort.groups.push_back(static_cast<int>(i % 3));
  const poems::Batch<double> all = poems::make_batch(cohort, {1, 2, 4, 5, 8, 9, 10}, 1);
  EXPECT_EQ(all.groups, (std::vector<int>{1, 2, 1, 2, 2, 0, 1}));
  for (std::size_t v = 0; v < 2; ++v) {
    const std::vector<Index> which = {0, 2, 3};
    const poems::OmicBatch<double> some = some_members(all.omics[v], which);
    std::vector<Index> samples;
    for (Index i : which) samples.push_back(all.omics[v].samples[i]);
    const poems::OmicBatch<double> expected = poems::make_batch(cohort, samples, 1).omics[v];
    EXPECT_EQ(some.samples, expected.samples);
    EXPECT_EQ(some.x, expected.x);
    EXPECT_EQ(some.observed.size(), expected.observed.size());
    EXPECT_EQ(some.observed, expected.observed);
    EXPECT_EQ(some.covariates, expected.covariates);
    EXPECT_EQ(some.targets, expected.targets);
    EXPECT_EQ(some.offset, expected.offset);
    EXPECT_EQ(some.link, expected.link);
  }
}
