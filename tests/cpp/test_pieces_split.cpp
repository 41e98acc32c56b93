// The pieces of the models that split latents into shared and private blocks: their gradients
// against finite differences, used once and used twice in one pass, and what else they promise.
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "pieces/club.h"
#include "pieces/columns.h"
#include "pieces/info_nce.h"
#include "pieces/log_density.h"
#include "pieces/product_with_prior.h"
#include "pieces/scale_encoder.h"
#include "pieces/squared_error.h"
#include "pieces/unit.h"

using namespace poems_test;
using namespace poems::pieces;

namespace {

using Nodes = std::vector<Var<double>>;

Var<double> both(Tape<double>& tape, const Gaussian<double>& q) {
  return stack(tape, Nodes{q.mean, q.logvar});
}

}  // namespace

TEST(SplitPieces, LeakyRelu) {
  expect_gradients([](auto& t, const Nodes& x) { return leaky_relu(t, x[0]); },
                   random_inputs({{4, 5}}));
}

TEST(SplitPieces, SoftplusLogvar) {
  expect_gradients([](auto& t, const Nodes& x) { return softplus_logvar(t, x[0]); },
                   random_inputs({{4, 5}}));
  Tape<float> tape;
  poems::Matrix<float> x(3, 1);
  x << -200.0f, 0.0f, 200.0f;
  const poems::Matrix<float>& y = softplus_logvar(tape, tape.constant(x))->value;
  EXPECT_FLOAT_EQ(y(0), -400.0f);
  EXPECT_FLOAT_EQ(y(1), static_cast<float>(2.0 * std::log(std::log(2.0))));
  EXPECT_FLOAT_EQ(y(2), static_cast<float>(2.0 * std::log(200.0)));
}

TEST(SplitPieces, Columns) {
  expect_gradients(
      [](auto& t, const Nodes& x) {
        return gather(t, x[0], {3, 0, 3});
      },
      random_inputs({{4, 5}}));
  expect_gradients(
      [](auto& t, const Nodes& x) {
        return scatter(t, x[0], {4, 1}, 6);
      },
      random_inputs({{3, 2}}));
  Tape<double> tape;
  const Matrix<double> x = normals(3, 2, 1);
  Var<double> spread = scatter(tape, tape.constant(x), {4, 1}, 6);
  EXPECT_EQ(gather(tape, spread, {4, 1})->value, x);
  EXPECT_TRUE(gather(tape, spread, {0, 2, 3, 5})->value.isZero());
  EXPECT_EQ(gather(tape, spread, {})->value.cols(), 0);
}

TEST(SplitPieces, ProductWithPrior) {
  Matrix<double> observed(2, 4);
  observed << 1, 0, 1, 0, 1, 1, 0, 0;
  expect_gradients(
      [&](auto& t, const Nodes& x) {
        return both(t, product_with_prior<double>(t, {{x[0], x[1]}, {x[2], x[3]}}, observed));
      },
      random_inputs({{3, 4}, {3, 4}, {3, 4}, {3, 4}}));
}

TEST(SplitPieces, ProductWithPriorHalvesOneStandardNormalAndIsThePriorWithoutAny) {
  Tape<double> tape;
  const Gaussian<double> expert = {tape.constant(Matrix<double>::Constant(1, 2, 3.0)),
                                   tape.constant(Matrix<double>::Zero(1, 2))};
  Matrix<double> observed(1, 2);
  observed << 1, 0;
  const Gaussian<double> q = product_with_prior<double>(tape, {expert}, observed);
  EXPECT_NEAR(q.mean->value(0), 1.5, 1e-7);
  EXPECT_NEAR(q.logvar->value(0), std::log(0.5), 1e-7);
  EXPECT_EQ(q.mean->value(1), 0.0);
  EXPECT_EQ(q.logvar->value(1), 0.0);
}

TEST(SplitPieces, ScaleEncoder) {
  ScaleEncoder<double> encoder("encoder", 4, 6, 3);
  expect_gradients([&](auto& t, const Nodes& x) { return both(t, encoder(t, x[0])); },
                   random_inputs({{4, 5}}), randomise(encoder));
}

TEST(SplitPieces, GaussianDensity) {
  GaussianDensity<double> density("omic", 4);
  const auto own = randomise(density);
  Matrix<double> some = Matrix<double>::Ones(4, 5);
  some(1, 2) = some(3, 2) = some(0, 0) = 0.0;
  for (bool all : {true, false})
    expect_gradients(
        [&](auto& t, const Nodes& x) {
          return density(t, x[0], x[1], all ? nullptr : t.constant(some));
        },
        random_inputs({{4, 5}, {4, 5}}), own);
  Tape<double> tape;
  density.noise.value.setConstant(std::log(std::exp(2.0) - 1.0));  // sigma is 2
  Var<double> x = tape.constant(Matrix<double>::Constant(4, 5, 3.0));
  Var<double> mean = tape.constant(Matrix<double>::Constant(4, 5, 1.0));
  const double one = -0.5 - std::log(2.0 * std::sqrt(2.0 * M_PI));
  EXPECT_NEAR(density(tape, x, mean, nullptr)->value(2), 4.0 * one, 1e-12);
  EXPECT_NEAR(density(tape, x, mean, tape.constant(some))->value(2), 2.0 * one, 1e-12);
}

TEST(SplitPieces, BernoulliDensity) {
  expect_gradients([](auto& t, const Nodes& x) { return bernoulli_density(t, x[0], x[1]); },
                   random_inputs({{1, 5}, {1, 5}}));
  Tape<double> tape;
  Matrix<double> x(1, 2);
  x << 1, 0;
  Var<double> logit = tape.constant(Matrix<double>::Constant(1, 2, std::log(3.0)));
  const Matrix<double>& y = bernoulli_density(tape, tape.constant(x), logit)->value;
  EXPECT_NEAR(y(0), std::log(0.75), 1e-12);
  EXPECT_NEAR(y(1), std::log(0.25), 1e-12);
}

TEST(SplitPieces, SquaredError) {
  Matrix<double> some = Matrix<double>::Ones(4, 5);
  some(1, 2) = some(3, 2) = 0.0;
  for (bool all : {true, false})
    expect_gradients(
        [&](auto& t, const Nodes& x) {
          return squared_error(t, x[0], x[1], all ? nullptr : t.constant(some), 0.3);
        },
        random_inputs({{4, 5}, {4, 5}}));
}

TEST(SplitPieces, UnitLength) {
  expect_gradients([](auto& t, const Nodes& x) { return unit_length(t, x[0]); },
                   random_inputs({{3, 5}}));
}

TEST(SplitPieces, InfoNce) {
  expect_gradients([](auto& t, const Nodes& x) { return info_nce(t, x[0], x[1], 0.3); },
                   random_inputs({{3, 5}, {3, 5}}));
  Tape<double> tape;
  Var<double> same = tape.constant(Matrix<double>::Ones(3, 5));
  EXPECT_NEAR(info_nce(tape, same, same, 0.3)->scalar(), std::log(5.0), 1e-12);
}

TEST(SplitPieces, GaussianFitAndClub) {
  const auto inputs = random_inputs({{2, 5}, {2, 5}, {2, 5}});
  expect_gradients(
      [](auto& t, const Nodes& x) {
        return gaussian_fit(t, x[0], Gaussian<double>{x[1], x[2]});
      },
      inputs);
  expect_gradients(
      [](auto& t, const Nodes& x) {
        return gaussian_club(t, x[0], Gaussian<double>{x[1], x[2]});
      },
      inputs);
}

TEST(SplitPieces, GaussianClubIsTheMeanOverAllPairs) {
  Tape<double> tape;
  const Matrix<double> z = normals(2, 6, 1), mean = normals(2, 6, 2), logvar = normals(2, 6, 3);
  const auto log_q = [&](Index j, Index i) {
    return -0.5 * ((z.col(j) - mean.col(i)).array().square() / logvar.col(i).array().exp() +
                   logvar.col(i).array())
                      .sum();
  };
  double own = 0.0, all = 0.0;
  for (Index i = 0; i < 6; ++i) {
    own += log_q(i, i) / 6.0;
    for (Index j = 0; j < 6; ++j) all += log_q(j, i) / 36.0;
  }
  const Gaussian<double> q = {tape.constant(mean), tape.constant(logvar)};
  EXPECT_NEAR(gaussian_club(tape, tape.constant(z), q)->scalar(), own - all, 1e-12);
}

TEST(SplitPieces, ClubOfANetThatIgnoresItsConditionIsNothing) {
  Tape<double> tape;
  Var<double> z = tape.constant(normals(2, 6, 1)), c = tape.constant(normals(3, 6, 2));
  GaussianClub<double> club("club", 2, 3, 4);
  randomise(club);
  for (Parameter<double>* p : club.parameters())
    if (p->name.find("layer1/weight") != std::string::npos) p->value.setZero();
  EXPECT_NEAR(club.bound(tape, z, c)->scalar(), 0.0, 1e-14);
}

TEST(SplitPieces, Clubs) {
  GaussianClub<double> gaussian("club", 2, 3, 6);
  CriticClub<double> critic("club", 2, 3, 6);
  for (Club<double>* club :
       {static_cast<Club<double>*>(&gaussian), static_cast<Club<double>*>(&critic)}) {
    std::vector<Parameter<double>*> own = randomise(*club);
    for (Parameter<double>* p : own) p->zero_gradient();
    if (club == &critic) own.pop_back();  // a constant added to all of F changes nothing
    const auto inputs = random_inputs({{2, 5}, {3, 5}});
    expect_gradients([&](auto& t, const Nodes& x) { return club->fit(t, x[0], x[1]); }, inputs,
                     own);
    expect_gradients([&](auto& t, const Nodes& x) { return club->bound(t, x[0], x[1]); }, inputs,
                     own);
  }
}
