// Pieces against closed forms worked out by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "layers/fusion.h"
#include "likelihoods/bernoulli.h"
#include "likelihoods/counts.h"
#include "likelihoods/gaussian.h"
#include "pieces/spike_slab.h"
#include "random_problem.h"
#include "support/gamma.h"
#include "tape/adamw.h"

using namespace poems_test;

TEST(KlDivergence, IsThatOfTwoGaussians) {
  poems::Tape<double> tape;
  Matrix<double> mean(2, 1), logvar(2, 1);
  mean << 1.0, -2.0;
  logvar << 0.0, std::log(4.0);
  // Factor 1: (1 + 1 - 1 - 0) / 2 = 0.5; factor 2: (4 + 4 - 1 - log 4) / 2.
  const double kl =
      poems::pieces::total_kl<double>(tape, {tape.constant(mean), tape.constant(logvar)})->scalar();
  EXPECT_NEAR(kl, 0.5 + 0.5 * (7.0 - std::log(4.0)), 1e-14);
}

TEST(Fusion, MultipliesTwoGaussians) {
  const poems::Cohort<double> cohort = random_cohort<double>(1, {2, 2}, false);
  const poems::Batch<double> batch = poems::make_batch(cohort, {0}, 1);
  poems::Tape<double> tape;
  const auto number = [&](double x) { return tape.constant(Matrix<double>::Constant(1, 1, x)); };
  std::vector<poems::pieces::Gaussian<double>> experts(2);
  experts[0].mean = number(1.0);
  experts[0].logvar = number(std::log(0.5));  // precision 2
  experts[1].mean = number(4.0);
  experts[1].logvar = number(std::log(0.25));  // precision 4
  Matrix<double> alpha(2, 1);

  // Ungated, the product of N(1, 1/2) and N(4, 1/4) is N((2 * 1 + 4 * 4) / 6, 1 / 6).
  alpha << 1.0, 1.0;
  auto posterior = poems::fuse(tape, batch, experts, tape.constant(alpha), 1);
  EXPECT_NEAR(posterior.mean->value(0), 3.0, 1e-14);
  EXPECT_NEAR(std::exp(posterior.logvar->value(0)), 1.0 / 6.0, 1e-14);

  // Gates scale the precisions: 0.75 * 2 + 0.25 * 4 = 2.5.
  alpha << 0.75, 0.25;
  posterior = poems::fuse(tape, batch, experts, tape.constant(alpha), 1);
  EXPECT_NEAR(posterior.mean->value(0), (1.5 * 1.0 + 1.0 * 4.0) / 2.5, 1e-14);
  EXPECT_NEAR(std::exp(posterior.logvar->value(0)), 0.4, 1e-14);

  // z = mean + sd * noise.
  const auto z = poems::pieces::sample(tape, posterior, number(-2.0));
  EXPECT_NEAR(z->value(0), 2.2 - 2.0 * std::sqrt(0.4), 1e-14);
}

TEST(Gate, GivesAbsentOmicsNoWeightAndTheRestAllOfIt) {
  const std::vector<Index> features = {5, 4, 6};
  const poems::Cohort<double> cohort = random_cohort<double>(9, features, true);
  poems::models::Poems<double> model = initialised_model<double>(small_options(features, true), 7);
  const poems::Batch<double> batch = poems::make_batch(cohort, all_samples(9), 1);
  poems::Tape<double> tape(false);
  const auto pass = model.encode(tape, batch, poems::pieces::Draws<double>(), 1);
  for (Index i = 0; i < 9; ++i) {
    EXPECT_NEAR(pass.alpha->value.col(i).sum(), 1.0, 1e-14);
    for (std::size_t v = 0; v < 3; ++v) {
      const bool has = cohort.omics[v].column[i] >= 0;
      EXPECT_EQ(pass.alpha->value(v, i) > 0.0, has);
      EXPECT_EQ(pass.gate_input->value.col(i).segment(3 * v, 3).norm() > 0.0, has);
    }
  }
}

TEST(SpikeSlab, UpdatesByHand) {
  // lambda0 = 4, lambda1 = 1, eta = 0.5, w = (0, log 2): with full densities
  // p(0) = 1 / (1 + 4) = 0.2 and p(log 2) = 1 / (1 + 4 e^{-3 log 2}) = 1 / (1 + 4 / 8) = 2 / 3.
  Matrix<double> W(1, 2);
  W << 0.0, std::log(2.0);
  poems::SpikeSlab<double> proper({4.0, 1.0, 2.0, 3.0, true}, 1, 2);
  proper.update(W, 1);
  EXPECT_NEAR(proper.inclusion_probability(0, 0), 0.2, 1e-14);
  EXPECT_NEAR(proper.inclusion_probability(0, 1), 2.0 / 3.0, 1e-14);
  // eta = (0.2 + 2/3 + a - 1) / (a + b + D - 2), a = 2, b = 3, D = 2.
  EXPECT_NEAR(proper.inclusion_rate(0), (0.2 + 2.0 / 3.0 + 1.0) / 5.0, 1e-14);
  // penalty = (1 p + 4 (1 - p)) |w|
  EXPECT_NEAR(proper.penalty(W, 1), (2.0 / 3.0 + 4.0 / 3.0) * std::log(2.0), 1e-14);

  // Without the densities' constants: p(0) = 0.5, p(log 2) = 1 / (1 + 1 / 8).
  poems::SpikeSlab<double> published({4.0, 1.0, 1.0, 0.5, false}, 1, 2);
  published.update(W, 1);
  EXPECT_NEAR(published.inclusion_probability(0, 0), 0.5, 1e-14);
  EXPECT_NEAR(published.inclusion_probability(0, 1), 8.0 / 9.0, 1e-14);
  EXPECT_NEAR(published.inclusion_rate(0), (0.5 + 8.0 / 9.0) / 1.5, 1e-14);
}

// The M step with members of a set, against the slope of what it maximises: over lambda = logit
// eta,
//   sum_j p_j log s(lambda + m_j) + (1 - p_j) log(1 - s(lambda + m_j)) + (a - 1) log eta
//   + (b - 1) log(1 - eta),    s the logistic function, m_j = log(odds) of members, else 0.
TEST(InclusionRate, IsTheMostLikely) {
  const double a = 1.5, b = 4.0;
  for (double odds : {0.2, 3.0, 100.0})
    for (Index members : {0, 1, 7, 20})
      for (double included : {0.01, 2.0, 11.0, 19.5}) {
        const Index features = 20;
        const double eta = poems::inclusion_rate(included, a, b, features, members, odds);
        ASSERT_GT(eta, 0.0);
        ASSERT_LT(eta, 1.0);
        const auto objective = [&](double lambda) {
          // p enters through its sums alone: of all features, and of members.
          const double others = static_cast<double>(features - members);
          const double log_eta = -std::log1p(std::exp(-lambda));
          double value =
              included * lambda + (a + b - 2.0 + others) * (log_eta - lambda) + (a - 1.0) * lambda;
          value -= static_cast<double>(members) * std::log1p(odds * std::exp(lambda));
          return value;
        };
        const double lambda = std::log(eta / (1.0 - eta)), step = 1e-4;
        EXPECT_NEAR((objective(lambda + step) - objective(lambda - step)) / (2.0 * step), 0.0,
                    1e-6);
      }
  EXPECT_EQ(poems::inclusion_rate(3.0, 2.0, 3.0, 10, 0, 100.0), 4.0 / 13.0);
}

TEST(SpikeSlab, MembersOfSetsHaveLargerPriorOdds) {
  // lambda0 = 4, lambda1 = 1, eta = 0.5: the odds of the slab are 1 / 4 e^{3 |w|}, of members three
  // times as large. The first factor has a set, the second none.
  Matrix<double> W(2, 3);
  W << 0.0, 0.0, std::log(2.0), 0.0, 0.0, std::log(2.0);
  poems::SpikeSlab<double> slab({4.0, 1.0, 2.0, 3.0, true}, 2, 3), plain = slab;
  slab.sets.odds = 3.0;
  slab.sets.is_member.resize(2, 3);
  slab.sets.is_member << 1, 0, 1, 0, 0, 0;
  slab.update(W, 1);
  plain.update(W, 1);
  EXPECT_NEAR(slab.inclusion_probability(0, 0), 3.0 / 7.0, 1e-14);
  EXPECT_NEAR(slab.inclusion_probability(0, 1), 1.0 / 5.0, 1e-14);
  EXPECT_NEAR(slab.inclusion_probability(0, 2), 6.0 / 7.0, 1e-14);
  EXPECT_NEAR(slab.inclusion_rate(0),
              poems::inclusion_rate(3.0 / 7.0 + 1.0 / 5.0 + 6.0 / 7.0, 2.0, 3.0, 3, 2, 3.0), 1e-14);
  EXPECT_EQ(slab.inclusion_probability.row(1), plain.inclusion_probability.row(1));
  EXPECT_EQ(slab.inclusion_rate(1), plain.inclusion_rate(1));
}

TEST(SpikeSlab, ProximalStepShrinksAndZeroes) {
  poems::SpikeSlab<double> prior({4.0, 1.0, 1.0, 1.0, true}, 1, 4);
  prior.inclusion_probability << 0.0, 1.0, 0.5, 0.0;  // penalties 4, 1, 2.5, 4
  Matrix<double> W(1, 4), step(1, 4);
  W << 1.0, -1.0, 0.2, -3.0;
  step << 0.1, 0.1, 0.1, 0.2;
  prior.proximal_step(step, 0.5, {0, 4}, W);  // thresholds 0.2, 0.05, 0.125, 0.4
  EXPECT_NEAR(W(0), 0.8, 1e-15);
  EXPECT_NEAR(W(1), -0.95, 1e-15);
  EXPECT_NEAR(W(2), 0.075, 1e-15);
  EXPECT_NEAR(W(3), -2.6, 1e-15);
  prior.proximal_step(Matrix<double>::Constant(1, 4, 1.0), 10.0, {0, 4}, W);
  EXPECT_EQ(W.cwiseAbs().maxCoeff(), 0.0);
}

TEST(ProximalAdamW, FindsTheSoftThresholdedMinimum) {
  // min 1/2 (w - t)^2 + weight |w| is at sign(t) max(|t| - weight, 0), whatever Adam's scaling.
  poems::SpikeSlab<double> prior({2.0, 1.0, 1.0, 1.0, true}, 1, 3);
  prior.inclusion_probability.setOnes();  // penalty rate 1
  poems::Parameter<double> w("w", 1, 3);
  const Matrix<double> target = (Matrix<double>(1, 3) << 2.0, 0.3, -1.5).finished();
  w.value.setConstant(0.7);
  poems::AdamW<double> optimizer({1e-2, 0.0});
  for (int i = 0; i < 20000; ++i) {
    w.gradient = w.value - target;
    optimizer.next_step();
    optimizer.update(w, false, 1);
    prior.proximal_step(optimizer.step_sizes(w, {0, 3}), 0.5, {0, 3}, w.value);
  }
  EXPECT_NEAR(w.value(0), 1.5, 1e-3);
  EXPECT_EQ(w.value(1), 0.0);
  EXPECT_NEAR(w.value(2), -1.0, 1e-3);
}

TEST(AdamW, FirstStepMovesByTheLearningRate) {
  poems::Parameter<double> p("p", 2, 1);
  p.value << 1.0, -2.0;
  p.gradient = (Matrix<double>(2, 1) << 0.3, -5.0).finished();
  poems::AdamW<double> optimizer({0.1, 0.5});
  optimizer.next_step();
  optimizer.update(p, true, 1);
  // Decay by 0.1 * 0.5, then the sign of the gradient times the learning rate.
  EXPECT_NEAR(p.value(0), 0.95 - 0.1, 1e-8);
  EXPECT_NEAR(p.value(1), -1.9 + 0.1, 1e-8);
}

TEST(AdamW, ParametersMayMoveAtAPaceOfTheirOwn) {
  poems::Parameter<double> p("p", 1, 1);
  p.pace = 0.25;
  p.value << 1.0;
  p.gradient = Matrix<double>::Constant(1, 1, 0.3);
  poems::AdamW<double> optimizer({0.1, 0.5});
  optimizer.next_step();
  optimizer.update(p, true, 1);
  EXPECT_NEAR(p.value(0), 1.0 - 0.25 * 0.1 * 0.5 - 0.25 * 0.1, 1e-8);
}

// With Adam every weight of the first layer moves by the learning rate in the first step, so that a
// hidden unit moves by the rate times its inputs.
TEST(Encoder, OfManyFeaturesMovesAtAPaceOfItsOwn) {
  for (const bool elbo : {true, false}) {
    const poems::models::Poems<double> model(small_options({400, 4000}, elbo));
    EXPECT_EQ(model.omics[0].encoder.hidden1.weight.pace, 1.0);
    EXPECT_EQ(model.omics[1].encoder.hidden1.weight.pace, elbo ? 0.25 : 1.0);
    EXPECT_EQ(model.omics[1].encoder.hidden1.bias.pace, 1.0);
    EXPECT_EQ(model.omics[1].decoder.hidden.pace, 1.0);
  }
}

TEST(GaussianLikelihood, SigmaIsTheModeOfItsPosterior) {
  const std::vector<Index> features = {4, 4};
  const poems::Cohort<double> cohort = random_cohort<double>(12, features, true);
  const poems::Batch<double> batch = poems::make_batch(cohort, all_samples(12), 1);
  const poems::OmicBatch<double>& omic = batch.omics[1];  // has missing values
  const double df = 3.0, prior_variance = 0.3;
  poems::GaussianLikelihood<double> likelihood(4, true, df, prior_variance);
  const auto members = static_cast<Index>(omic.members.size());
  for (Index j = 0; j < 4; ++j) {
    poems::Vector<double> xhat = poems::Vector<double>::Constant(members, 0.1);
    likelihood.feature(omic, j, 0, 1.0, xhat);
  }
  likelihood.update_noise();
  for (Index j = 0; j < 4; ++j) {
    double squares = 0.0, count = 0.0;
    for (Index i = 0; i < members; ++i) {
      squares += omic.observed(i, j) * std::pow(omic.x(i, j) - 0.1, 2);
      count += omic.observed(i, j);
    }
    EXPECT_LT(count, static_cast<double>(members));
    EXPECT_NEAR(std::exp(2.0 * likelihood.log_sigma.value(j)),
                (squares + df * prior_variance) / (count + df + 2.0), 1e-12);
  }
}

TEST(GaussianLikelihood, IsTheNormalDensity) {
  const poems::Cohort<double> cohort = random_cohort<double>(1, {1}, false);
  const poems::Batch<double> batch = poems::make_batch(cohort, {0}, 1);
  poems::GaussianLikelihood<double> likelihood(1, true, 3.0, 0.3);
  likelihood.log_sigma.value(0) = std::log(0.5);
  poems::Vector<double> xhat = poems::Vector<double>::Constant(1, 0.2);
  const double x = batch.omics[0].x(0, 0);
  const double density = std::exp(-0.5 * std::pow((x - 0.2) / 0.5, 2)) /
                         (0.5 * std::sqrt(2.0 * 3.14159265358979323846));
  EXPECT_NEAR(likelihood.feature(batch.omics[0], 0, 0, 1.0, xhat), -std::log(density), 1e-12);
  EXPECT_NEAR(xhat(0), (0.2 - x) / 0.25, 1e-12);
}

TEST(GammaFunction, AgreesWithTheStandardLibraryAndItsDifferences) {
  for (double x : {1e-3, 0.3, 1.0, 2.5, 9.99, 10.01, 57.0, 1e4, 3e7}) {
    const poems::GammaFunction gamma = poems::gamma_function(x);
    const double scale = 1.0 + std::abs(std::lgamma(x));
    EXPECT_NEAR(gamma.log, std::lgamma(x), 1e-13 * scale) << x;
    EXPECT_NEAR(poems::log_gamma(x), std::lgamma(x), 1e-13 * scale) << x;
    // psi(x + 1) - psi(x) = 1 / x, psi'(x + 1) - psi'(x) = -1 / x^2.
    const poems::GammaFunction next = poems::gamma_function(x + 1.0);
    EXPECT_NEAR(next.digamma - gamma.digamma, 1.0 / x, 1e-13 * (1.0 + 1.0 / x)) << x;
    EXPECT_NEAR(next.trigamma - gamma.trigamma, -1.0 / (x * x), 1e-13 * (1.0 + 1.0 / (x * x))) << x;
  }
  EXPECT_NEAR(poems::gamma_function(1.0).digamma, -0.57721566490153286, 1e-13);
  for (double r : {1e-4, 0.7, 30.0, 1e4})
    for (double x : {0.0, 1.0, 2.0, 9.0, 16.0, 17.0, 300.0, 2.5}) {
      const poems::GammaFunction at_r = poems::gamma_function(r),
                                 at_x = poems::gamma_function(r + x);
      const poems::GammaFunction ratio = poems::gamma_ratio(r, x, at_r);
      const double scale = 1.0 + std::abs(at_r.log) + std::abs(at_x.log);
      EXPECT_NEAR(ratio.log, at_x.log - at_r.log, 1e-13 * scale) << r << ", " << x;
      EXPECT_NEAR(ratio.digamma, at_x.digamma - at_r.digamma, 1e-13 * (1.0 + 1.0 / r));
      EXPECT_NEAR(ratio.trigamma, at_x.trigamma - at_r.trigamma, 1e-13 * (1.0 + 1.0 / (r * r)));
    }
  // Shifting -1e30 up by 1 would take forever.
  for (double x : {0.0, -0.5, -1e30, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_TRUE(std::isnan(poems::log_gamma(x))) << x;
    EXPECT_TRUE(std::isnan(poems::gamma_function(x).trigamma)) << x;
  }
  EXPECT_NEAR(poems::gamma_function(1.0).trigamma, 1.6449340668482264, 1e-13);
}

namespace {

/// A batch of one feature whose prediction is what the decoder says.
poems::OmicBatch<double> batch_of(const poems::Vector<double>& x) {
  poems::OmicBatch<double> batch;
  batch.targets = x;
  batch.link = std::make_shared<poems::LinkScale<double>>(poems::LinkScale<double>{
      poems::Vector<double>::Zero(1), poems::Vector<double>::Ones(1), Matrix<double>()});
  return batch;
}

/// -log p and the slope in eta of one value.
std::pair<double, double> loss_of(poems::Likelihood<double>& likelihood, double x, double eta) {
  poems::Vector<double> xhat = poems::Vector<double>::Constant(1, eta);
  const double loss =
      likelihood.feature(batch_of(poems::Vector<double>::Constant(1, x)), 0, 0, 1.0, xhat);
  return {loss, xhat(0)};
}

/// The deviance is twice what the log-likelihood gains from a perfect prediction.
void expect_deviance(poems::Likelihood<double>& likelihood, double x, double eta, double perfect) {
  EXPECT_NEAR(likelihood.deviance(0, x, eta),
              2.0 * (loss_of(likelihood, x, eta).first - loss_of(likelihood, x, perfect).first),
              1e-9 * (1.0 + x));
}

}  // namespace

TEST(BernoulliLikelihood, IsTheBernoulliDensity) {
  poems::BernoulliLikelihood<double> likelihood;
  for (double eta : {-3.0, 0.4, 2.0}) {
    const double p = 1.0 / (1.0 + std::exp(-eta));
    EXPECT_NEAR(loss_of(likelihood, 1.0, eta).first, -std::log(p), 1e-14);
    EXPECT_NEAR(loss_of(likelihood, 0.0, eta).first, -std::log(1.0 - p), 1e-14);
    EXPECT_NEAR(loss_of(likelihood, 1.0, eta).second, p - 1.0, 1e-14);
    EXPECT_NEAR(likelihood.mean(eta), p, 1e-15);
    expect_deviance(likelihood, 1.0, eta, 50.0);
    expect_deviance(likelihood, 0.0, eta, -50.0);
  }
  // Far out: no infinities.
  EXPECT_NEAR(loss_of(likelihood, 0.0, 800.0).first, 800.0, 1e-9);
  EXPECT_NEAR(loss_of(likelihood, 1.0, 800.0).first, 0.0, 1e-12);
}

TEST(PoissonLikelihood, IsThePoissonDensity) {
  poems::PoissonLikelihood<double> likelihood;
  for (double x : {0.0, 1.0, 7.0, 300.0})
    for (double eta : {-2.0, 0.5, 4.0}) {
      const double mu = std::exp(eta);
      EXPECT_NEAR(loss_of(likelihood, x, eta).first, mu - x * eta + std::lgamma(x + 1.0), 1e-10);
      EXPECT_NEAR(loss_of(likelihood, x, eta).second, mu - x, 1e-10);
      expect_deviance(likelihood, x, eta, x > 0.0 ? std::log(x) : -700.0);
    }
  // Beyond the largest count the loss is a straight line.
  const auto at = loss_of(likelihood, 3.0, 30.0), further = loss_of(likelihood, 3.0, 40.0);
  EXPECT_TRUE(std::isfinite(further.first));
  EXPECT_EQ(at.second, further.second);
  EXPECT_NEAR((further.first - at.first) / (10.0 * at.second), 1.0, 1e-12);
}

TEST(NegativeBinomialLikelihood, IsTheNegativeBinomialDensity) {
  for (double a : {1e-3, 0.2, 5.0}) {
    poems::NegativeBinomialLikelihood<double> likelihood(1, 0.1);
    likelihood.initialise(poems::Vector<double>::Constant(1, a));
    const double r = 1.0 / a;
    for (double x : {0.0, 1.0, 12.0, 4000.0})
      for (double eta : {-2.0, 1.0, 6.0}) {
        const double mu = std::exp(eta);
        const double expected = -std::lgamma(x + r) + std::lgamma(r) + std::lgamma(x + 1.0) -
                                r * std::log(r / (r + mu)) - x * std::log(mu / (r + mu));
        EXPECT_NEAR(loss_of(likelihood, x, eta).first, expected, 1e-9 * (1.0 + std::abs(expected)));
        EXPECT_NEAR(loss_of(likelihood, x, eta).second, (mu - x) / (1.0 + a * mu), 1e-9);
        expect_deviance(likelihood, x, eta, x > 0.0 ? std::log(x) : -700.0);
      }
    EXPECT_TRUE(std::isfinite(loss_of(likelihood, 5.0, 300.0).first));
  }
}

TEST(NegativeBinomialLikelihood, StepsLeadToTheModeOfTheDispersion) {
  // 4000 counts with quantiles of a negative binomial of dispersion 1 (geometric), mean 10.
  const double mu = 10.0, p = 1.0 / (1.0 + mu);
  poems::Vector<double> x(4000);
  for (Index i = 0; i < x.size(); ++i)
    x(i) = std::floor(std::log1p(-(static_cast<double>(i) + 0.5) / 4000.0) / std::log1p(-p));
  for (double start : {1e-3, 0.3, 50.0}) {
    poems::NegativeBinomialLikelihood<double> likelihood(1, 1.0);
    likelihood.initialise(poems::Vector<double>::Constant(1, start));
    for (int step = 0; step < 30; ++step) {
      likelihood.reset_counts();
      poems::Vector<double> xhat = poems::Vector<double>::Constant(x.size(), std::log(mu));
      likelihood.feature(batch_of(x), 0, 0, 1.0, xhat);
      likelihood.update_noise();
    }
    EXPECT_NEAR(std::exp(likelihood.log_dispersion.value(0)), 1.0, 0.01) << "from " << start;
  }
}

TEST(SparseDecoder, UnitNormsDoNotChangeTheReconstruction) {
  poems::models::Poems<double> model = initialised_model<double>(small_options({6, 4}, false), 4);
  poems::SparseDecoder<double>& decoder = model.omics[0].decoder;
  const Matrix<double> z = normal_matrix(3, 8, 1);
  decoder.W.value(1, 2) = 0.0;
  const Matrix<double> before = model.reconstruct(0, z, 1);
  decoder.normalise_to_unit();
  EXPECT_TRUE(model.reconstruct(0, z, 1).isApprox(before, 1e-12));
  EXPECT_EQ(decoder.W.value(1, 2), 0.0);
  for (Index k = 0; k < 3; ++k) EXPECT_NEAR(decoder.hidden.value.col(k).norm(), 1.0, 1e-12);
  for (Index j = 0; j < 6; ++j) EXPECT_NEAR(decoder.output.value.col(j).norm(), 1.0, 1e-12);
}
