// Every piece: its gradients against finite differences, used once and used twice in one pass, and
// what else its equation promises.
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "pieces/activations.h"
#include "pieces/autoencoder.h"
#include "pieces/contrast.h"
#include "pieces/dense_decoder.h"
#include "pieces/frobenius.h"
#include "pieces/gate.h"
#include "pieces/gaussian_encoder.h"
#include "pieces/gaussian_likelihood.h"
#include "pieces/orthogonality.h"
#include "pieces/product_of_experts.h"
#include "pieces/sparse_decoder.h"
#include "pieces/spike_slab_penalty.h"
#include "pieces/unit.h"
#include "tape/adam.h"

using namespace poems_test;
using namespace poems::pieces;

namespace {

using Nodes = std::vector<Var<double>>;
std::vector<Index> samples_of(Index n) {
  std::vector<Index> samples(n);
  for (Index i = 0; i < n; ++i) samples[i] = 7 * i + 3;
  return samples;
}

}  // namespace

TEST(TapePieces, Activations) {
  expect_gradients([](auto& t, const Nodes& x) { return relu(t, x[0]); }, random_inputs({{4, 5}}));
  expect_gradients([](auto& t, const Nodes& x) { return tanh(t, x[0]); }, random_inputs({{4, 5}}));
  expect_gradients([](auto& t, const Nodes& x) { return sigmoid(t, x[0]); },
                   random_inputs({{4, 5}}));
  expect_gradients([](auto& t, const Nodes& x) { return softmax(t, x[0]); },
                   random_inputs({{4, 5}}));
}

TEST(TapePieces, SoftmaxSumsToOneHoweverLargeItsInputs) {
  Tape<double> tape;
  Matrix<double> x(2, 1);
  x << 1000.0, 1000.0 + std::log(3.0);
  const Matrix<double>& y = softmax(tape, tape.constant(x))->value;
  EXPECT_NEAR(y(0), 0.25, 1e-12);
  EXPECT_NEAR(y(1), 0.75, 1e-12);
}

TEST(TapePieces, Arithmetic) {
  const auto two = [] { return random_inputs({{3, 4}, {3, 4}}); };
  expect_gradients([](auto& t, const Nodes& x) { return plus(t, x[0], x[1]); }, two());
  expect_gradients([](auto& t, const Nodes& x) { return times(t, x[0], x[1]); }, two());
  expect_gradients([](auto& t, const Nodes& x) { return times(t, x[0], x[0]); },
                   random_inputs({{3, 4}}));
  expect_gradients([](auto& t, const Nodes& x) { return average(t, x); }, two());
  expect_gradients([](auto& t, const Nodes& x) { return sum(t, x[0]); }, random_inputs({{3, 4}}));
  expect_gradients([](auto& t, const Nodes& x) { return mean(t, x[0]); }, random_inputs({{3, 4}}));
}

TEST(TapePieces, Linear) {
  for (bool has_bias : {true, false}) {
    Linear<double> layer("layer", 4, 3, has_bias);
    EXPECT_EQ(layer.parameters().size(), has_bias ? 2u : 1u);
    expect_gradients([&](auto& t, const Nodes& x) { return layer(t, x[0]); },
                     random_inputs({{4, 5}}), randomise(layer));
  }
}

TEST(TapePieces, LinearFedItself) {
  Linear<double> layer("layer", 4, 4);
  expect_gradients([&](auto& t, const Nodes& x) { return layer(t, layer(t, x[0])); },
                   random_inputs({{4, 5}}), randomise(layer));
}

TEST(TapePieces, LinearStartsAsItsNameSays) {
  Linear<double> layer("layer", 400, 50);
  std::uint64_t part = 0;
  layer.initialise(Start::uniform, 1, part);
  EXPECT_LT(layer.weight.value.cwiseAbs().maxCoeff(), 0.05);
  EXPECT_GT(layer.weight.value.cwiseAbs().maxCoeff(), 0.0499);
  layer.initialise(Start::kaiming, 1, part);
  EXPECT_NEAR(layer.weight.value.squaredNorm() / 20000.0, 2.0 / 400.0, 0.05 * 2.0 / 400.0);
  EXPECT_LT(layer.bias.value.cwiseAbs().maxCoeff(), 0.05);
  EXPECT_GT(layer.bias.value.cwiseAbs().maxCoeff(), 0.045);
}

TEST(TapePieces, MlpWithDropout) {
  const StreamDraws<double> draws(1, 1, samples_of(5));
  Mlp<double> mlp("mlp", {4, 6, 5, 3}, Activation::tanh, Activation::sigmoid, 0.3);
  expect_gradients([&](auto& t, const Nodes& x) { return mlp(t, x[0], draws); },
                   random_inputs({{4, 5}}), randomise(mlp));
}

TEST(TapePieces, Autoencoder) {
  Autoencoder<double> net("net", layer_sizes(6, {5, 4}, 2));
  Tape<double> tape;
  EXPECT_EQ(net.encoder(tape, tape.constant(normals(6, 5, 1)))->value.rows(), 2);
  expect_gradients([&](auto& t, const Nodes& x) { return net.decoder(t, net.encoder(t, x[0])); },
                   random_inputs({{6, 5}}), randomise(net));
}

TEST(TapePieces, LayerNorm) {
  LayerNorm<double> norm("norm", 4);
  expect_gradients([&](auto& t, const Nodes& x) { return norm(t, x[0]); }, random_inputs({{4, 5}}),
                   randomise(norm));
}

TEST(TapePieces, Latent) {
  const auto q = [] { return random_inputs({{3, 5}, {3, 5}, {3, 5}}); };
  expect_gradients(
      [](auto& t, const Nodes& x) {
        return sample(t, Gaussian<double>{x[0], x[1]}, x[2]);
      },
      q());
  expect_gradients(
      [](auto& t, const Nodes& x) {
        return kl(t, Gaussian<double>{x[0], x[1]});
      },
      random_inputs({{3, 5}, {3, 5}}));
  // A part and the whole: rows 1 and 2 take two gradients.
  expect_gradients(
      [](auto& t, const Nodes& x) {
        return stack(t, Nodes{block(t, x[0], 1, 2), x[1], x[0]});
      },
      random_inputs({{4, 5}, {2, 5}}));
}

TEST(TapePieces, DetachLetsNoGradientThrough) {
  Parameter<double> p = random_parameter("p", 3, 4, 1);
  Tape<double> tape;
  Terms<double> terms;
  Var<double> x = tape.parameter(p);
  terms.add("", sum(tape, times(tape, x, detach(tape, x))));
  tape.backward(terms, {&p});
  EXPECT_TRUE(p.gradient.isApprox(p.value)) << "x^2 has slope x where one factor is held";
}

TEST(TapePieces, Gate) {
  Gate<double> gate("gate", {"a", "b"}, 3, 6);
  const auto weights = [&](auto& t, const Nodes& x) {
    return gate(t, gate.normalise(t, {{x[0], x[0]}, {x[1], x[1]}}));
  };
  Tape<double> tape;
  const auto own = randomise(gate);
  const Nodes x = {tape.constant(normals(3, 5, 1)), tape.constant(normals(3, 5, 2))};
  EXPECT_TRUE(weights(tape, x)->value.colwise().sum().isOnes(1e-12));
  expect_gradients(weights, random_inputs({{3, 5}, {3, 5}}), own);
}

TEST(TapePieces, ProductOfExperts) {
  Inputs inputs = random_inputs({{3, 5}, {3, 5}, {3, 5}, {3, 5}, {2, 5}});
  inputs[4].value = inputs[4].value.cwiseAbs().array() + 0.2;  // alpha
  const auto product = [](auto& t, const Nodes& x) {
    return product_of_experts<double>(t, {{x[0], x[1]}, {x[2], x[3]}}, x[4]);
  };
  expect_gradients([&](auto& t, const Nodes& x) { return product(t, x).mean; }, inputs);
  // The mean of the product does not move its variance.
  expect_gradients(
      [&](auto& t, const Nodes& x) {
        const Gaussian<double> q = product(t, x);
        return stack(t, Nodes{q.mean, q.logvar});
      },
      inputs);
}

TEST(TapePieces, GaussianEncoder) {
  const StreamDraws<double> draws(2, 1, samples_of(5));
  GaussianEncoder<double> encoder("encoder", 4, 6, 3, 0.2);
  expect_gradients(
      [&](auto& t, const Nodes& x) {
        const Gaussian<double> q = encoder(t, x[0], draws);
        return stack(t, Nodes{q.mean, q.logvar});
      },
      random_inputs({{4, 5}}), randomise(encoder));
}

TEST(TapePieces, DenseDecoder) {
  DenseDecoder<double> decoder("decoder", 3, 6, 4, 0.2);
  const Draws<double> none;
  const StreamDraws<double> some(3, 1, samples_of(5));
  for (const Draws<double>* draws : {&none, static_cast<const Draws<double>*>(&some)})
    expect_gradients([&](auto& t, const Nodes& x) { return decoder(t, x[0], *draws); },
                     random_inputs({{3, 5}}), randomise(decoder));
}

TEST(TapePieces, SparseDecoder) {
  SparseDecoder<double> decoder("decoder", 3, 6, 4, 0.2);
  const Draws<double> none;
  const StreamDraws<double> some(3, 1, samples_of(5));
  for (const Draws<double>* draws : {&none, static_cast<const Draws<double>*>(&some)})
    expect_gradients([&](auto& t, const Nodes& x) { return decoder(t, x[0], *draws); },
                     random_inputs({{3, 5}}), randomise(decoder));
}

TEST(TapePieces, SparseDecoderWithAllLoadingsOneIsTheDenseOne) {
  SparseDecoder<double> sparse("decoder", 3, 6, 4, 0.0);
  DenseDecoder<double> dense("decoder", 3, 6, 4, 0.0);
  randomise(sparse);
  sparse.loadings.value.setOnes();
  dense.hidden.weight.value = sparse.hidden.value;
  dense.output.weight.value = sparse.output.value.transpose();
  dense.output.bias.value = sparse.bias.value;
  Tape<double> tape;
  Var<double> z = tape.constant(normals(3, 5, 1));
  const Draws<double> none;
  EXPECT_TRUE(sparse(tape, z, none)->value.isApprox(dense(tape, z, none)->value, 1e-14));
}

TEST(TapePieces, GaussianLikelihood) {
  GaussianLikelihood<double> likelihood("omic", 4, 3.0, 0.6);
  expect_gradients(
      [&](auto& t, const Nodes& x) { return likelihood.reconstruction(t, x[0], x[1]); },
      random_inputs({{4, 5}, {4, 5}}), randomise(likelihood));
  expect_gradients([&](auto& t, const Nodes&) { return likelihood.prior(t, 5); }, {},
                   randomise(likelihood));
}

TEST(TapePieces, SpikeSlabPenalty) {
  poems::SpikeSlab<double> slab({5.0, 0.5, 1.0, 0.4, false}, 3, 4);
  slab.inclusion_probability = 0.5 * (1.0 + 0.9 * normals(3, 4, 4).array().tanh());
  Parameter<double> W = random_parameter("loadings", 3, 4, 5);
  expect_gradients([&](auto& t, const Nodes&) { return spike_slab_penalty(t, slab, W, 5); }, {},
                   {&W});
}

TEST(TapePieces, Unit) {
  expect_gradients([](auto& t, const Nodes& x) { return unit(t, x[0]); }, random_inputs({{3, 5}}));
}

TEST(TapePieces, UnitIgnoresOffsetAndScaleAndSurvivesASampleOfNoLength) {
  Tape<double> tape;
  const Matrix<double> x = normals(3, 5, 1);
  const Matrix<double> y = unit(tape, tape.constant(x))->value;
  EXPECT_TRUE(y.colwise().norm().isOnes(1e-12));
  const Matrix<double> moved = 3.0 * x.array() - 8.0;
  EXPECT_TRUE(unit(tape, tape.constant(moved))->value.isApprox(y, 1e-12));
  Parameter<double> flat("flat", 3, 5);
  Terms<double> terms;
  terms.add("", sum(tape, unit(tape, tape.parameter(flat))));
  tape.backward(terms, {&flat});
  EXPECT_EQ(terms.total(), 0.0);
  EXPECT_TRUE(flat.gradient.allFinite());
}

TEST(TapePieces, Orthogonality) {
  expect_gradients([](auto& t, const Nodes& x) { return orthogonality(t, x[0], x[1]); },
                   random_inputs({{3, 5}, {3, 5}}));
}

TEST(TapePieces, Frobenius) {
  expect_gradients([](auto& t, const Nodes& x) { return frobenius(t, x[0], x[1]); },
                   random_inputs({{3, 5}, {3, 5}}));
  Parameter<double> p = random_parameter("p", 3, 5, 1);
  Tape<double> tape;
  Terms<double> terms;
  terms.add("", frobenius(tape, tape.parameter(p), tape.constant(p.value)));
  tape.backward(terms, {&p});
  EXPECT_TRUE(p.gradient.isZero()) << "the norm has a corner at 0";
}

TEST(TapePieces, Contrast) {
  expect_gradients([](auto& t, const Nodes& x) { return contrast(t, x[0], x[1], 0.4); },
                   random_inputs({{3, 5}, {3, 5}}));
}

TEST(TapePieces, ContrastOfOneSampleIsNothing) {
  Tape<double> tape;
  Var<double> a = tape.constant(normals(3, 1, 1)), b = tape.constant(normals(3, 1, 2));
  EXPECT_EQ(contrast(tape, a, b, 0.4)->scalar(), 0.0);
}

TEST(TapeDraws, BelongToTheSampleNotToTheBatch) {
  const StreamDraws<double> both(1, 2, {4, 9}), one(1, 2, {9});
  EXPECT_EQ(both.noise("z", 3, 2).col(1), one.noise("z", 3, 1).col(0));
  EXPECT_NE(both.noise("z", 3, 2), both.noise("y", 3, 2));
  EXPECT_NE(both.noise("z", 3, 2), StreamDraws<double>(1, 3, {4, 9}).noise("z", 3, 2));
  const Matrix<double> kept = StreamDraws<double>(1, 2, samples_of(100)).kept("h", 0.2, 50, 100);
  EXPECT_NEAR(kept.mean(), 1.0, 0.02);
  EXPECT_EQ((kept.array() == 0.0).count() + (kept.array() == 1.25).count(), kept.size());
}

TEST(TapeConstants, TakeNoGradientAndPassNone) {
  Tape<double> tape;
  Parameter<double> p = random_parameter("p", 2, 2, 1);
  Var<double> c = tape.constant(normals(2, 2, 2));
  Var<double> y = relu(tape, c);
  EXPECT_TRUE(y->constant);
  EXPECT_FALSE(times(tape, y, tape.parameter(p))->constant);
}

TEST(TapeReset, LeavesNothingOfThePassBefore) {
  Tape<double> tape;
  Parameter<double> p = random_parameter("p", 2, 3, 1);
  for (int pass = 0; pass < 2; ++pass) {
    tape.reset();
    Terms<double> terms;
    terms.add("", sum(tape, tape.parameter(p)), 2.0);
    tape.backward(terms, {&p});
    EXPECT_TRUE(p.gradient.isConstant(2.0));
  }
}

TEST(TapeAdam, FirstStepsOfAllThreeForms) {
  // The first step of Adam is lr g / (|g| + eps).
  const auto after = [](poems::Decay decay) {
    Parameter<double> p("p", 1, 1);
    p.value(0) = 2.0;
    p.gradient = Matrix<double>::Constant(1, 1, -0.1);
    poems::Adam<double> adam({0.01, 0.5, 0.9, 0.999, 1e-8}, decay);
    adam.step({&p}, 1);
    return p.value(0);
  };
  EXPECT_NEAR(after(poems::Decay::none), 2.01, 1e-8);
  EXPECT_NEAR(after(poems::Decay::in_gradient), 1.99, 1e-8);  // -0.1 + 0.5 * 2 is positive
  EXPECT_NEAR(after(poems::Decay::decoupled), 2.0 * 0.995 + 0.01, 1e-8);
}
