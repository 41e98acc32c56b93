// Every piece: its gradients against finite differences, used once and used twice in one pass, and
// what else its equation promises.
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "pieces/activations.h"
#include "pieces/autoencoder.h"
#include "pieces/contrast.h"
#include "pieces/correlation.h"
#include "pieces/dense_decoder.h"
#include "pieces/frobenius.h"
#include "pieces/gate.h"
#include "pieces/gaussian_encoder.h"
#include "pieces/gaussian_likelihood.h"
#include "pieces/members.h"
#include "pieces/orthogonality.h"
#include "pieces/product_of_experts.h"
#include "pieces/sparse_decoder.h"
#include "pieces/spike_slab_penalty.h"
#include "pieces/squared_error.h"
#include "pieces/unit.h"
#include "tape/adam.h"

using namespace poems_test;
using namespace poems::pieces;

namespace {

using Nodes = std::vector<Var<double>>;
/// Of five samples, one that has both omics, one of each alone, and two more of the first.
Members some_members() { return {5, {{0, 1, 3, 4}, {1, 2}}}; }

Members all_members() { return {5, {{0, 1, 2, 3, 4}, {0, 1, 2, 3, 4}}}; }

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
  Matrix<double> takes_part = Matrix<double>::Ones(4, 5);
  takes_part(0, 1) = takes_part(3, 1) = takes_part(2, 4) = 0.0;
  expect_gradients([&](auto& t, const Nodes& x) { return softmax(t, x[0], takes_part); },
                   random_inputs({{4, 5}}));
}

TEST(TapePieces, SoftmaxOverWhatTakesPart) {
  Tape<double> tape;
  Matrix<double> x(3, 1), takes_part(3, 1);
  x << 0.0, 1e6, std::log(3.0);
  takes_part << 1.0, 0.0, 1.0;
  const Matrix<double>& y = softmax(tape, tape.constant(x), takes_part)->value;
  EXPECT_NEAR(y(0), 0.25, 1e-12);
  EXPECT_EQ(y(1), 0.0);
  EXPECT_NEAR(y(2), 0.75, 1e-12);
}

TEST(TapePieces, Members) {
  const Members members = some_members();
  expect_gradients([&](auto& t, const Nodes& x) { return spread(t, x[0], members.omics[0], 5); },
                   random_inputs({{3, 4}}));
  expect_gradients(
      [&](auto& t, const Nodes& x) {
        return pick(t, x[0], {0, 2, 3});
      },
      random_inputs({{3, 4}}));
  expect_gradients([&](auto& t, const Nodes& x) { return average(t, x, members); },
                   random_inputs({{3, 4}, {3, 2}}));
  EXPECT_EQ(members.common(0, 1).first, std::vector<Index>{1});
  EXPECT_EQ(members.common(0, 1).second, std::vector<Index>{0});
}

TEST(TapePieces, MembersGoToTheirPlaces) {
  Tape<double> tape;
  const Members members = some_members();
  const Matrix<double> x = normals(3, 4, 1), w = normals(3, 2, 2);
  const Matrix<double> y = spread(tape, tape.constant(x), members.omics[0], 5)->value;
  EXPECT_EQ(y.col(3), x.col(2));
  EXPECT_TRUE(y.col(2).isZero());
  EXPECT_EQ(pick(tape, tape.constant(y), members.omics[0])->value, x);
  const Matrix<double> mean =
      average<double>(tape, {tape.constant(x), tape.constant(w)}, members)->value;
  EXPECT_TRUE(mean.col(1).isApprox((x.col(1) + w.col(0)) / 2.0));
  EXPECT_EQ(mean.col(2), w.col(1));
  EXPECT_EQ(mean.col(4), x.col(3));
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

TEST(TapePieces, LinearIsTheSameOnAnyNumberOfThreads) {
  const Matrix<double> x = normals(210, 150, 1), dy = normals(170, 150, 2);
  Matrix<float> y[2], dx[2], dA[2];
  for (int i = 0; i < 2; ++i) {
    Linear<float> layer("layer", 210, 170);
    layer.weight.value = normals(170, 210, 3).cast<float>();
    Parameter<float> input("x", 210, 150);
    input.value = x.cast<float>();
    Tape<float> tape(true, i == 0 ? 1 : 3);
    Terms<float> terms;
    Var<float> node = tape.parameter(input), out = layer(tape, node);
    terms.add("", sum(tape, times(tape, out, tape.constant(dy.cast<float>()))));
    tape.backward(terms, {&input, &layer.weight, &layer.bias});
    y[i] = out->value;
    dx[i] = input.gradient;
    dA[i] = layer.weight.gradient;
  }
  EXPECT_TRUE(y[0] == y[1]);
  EXPECT_TRUE(dx[0] == dx[1]);
  EXPECT_TRUE(dA[0] == dA[1]);
  const Matrix<double> expected = dy * x.transpose();
  EXPECT_LT((dA[0].cast<double>() - expected).norm(), 1e-5 * expected.norm());
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
  Autoencoder<double> net("net", layer_sizes(6, {5, 4}, 2), Activation::sigmoid);
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
  const auto own = randomise(gate);
  for (const Members& members : {all_members(), some_members()}) {
    const auto weights = [&](auto& t, const Nodes& x) {
      return gate(t, gate.normalise(t, {{x[0], x[0]}, {x[1], x[1]}}), members);
    };
    Tape<double> tape;
    const Index a = members.omics[0].size(), b = members.omics[1].size();
    const Nodes x = {tape.constant(normals(3, a, 1)), tape.constant(normals(3, b, 2))};
    const Matrix<double> alpha = weights(tape, x)->value;
    EXPECT_TRUE(alpha.colwise().sum().isOnes(1e-12));
    EXPECT_TRUE((alpha.array() > 0.0).cast<double>().matrix() == members.indicator<double>());
    expect_gradients(weights, random_inputs({{3, a}, {3, b}}), own);
  }
}

TEST(TapePieces, ProductOfExperts) {
  for (const Members& members : {all_members(), some_members()}) {
    const Index a = members.omics[0].size(), b = members.omics[1].size();
    Inputs inputs = random_inputs({{3, a}, {3, a}, {3, b}, {3, b}, {2, 5}});
    // As weights are: positive where there is an expert, 0 elsewhere.
    const Matrix<double> has = members.indicator<double>();
    inputs[4].value = (inputs[4].value.cwiseAbs().array() + 0.2) * has.array();
    const auto product = [&](auto& t, const Nodes& x) {
      Var<double> alpha = times(t, x[4], t.constant(has));
      return product_of_experts<double>(t, {{x[0], x[1]}, {x[2], x[3]}}, alpha, members);
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
  expect_gradients([&](auto& t, const Nodes&) { return likelihood.prior(t, 5.0, 0.2); }, {},
                   randomise(likelihood));
  Matrix<double> seen = Matrix<double>::Ones(4, 5);
  seen(0, 1) = seen(2, 3) = seen(2, 4) = 0.0;
  for (bool gaps : {false, true})
    expect_gradients(
        [&](auto& t, const Nodes& x) {
          return likelihood.misfit(t, x[0], x[1], gaps ? t.constant(seen) : nullptr, 0.3);
        },
        random_inputs({{4, 5}, {4, 5}}), randomise(likelihood));
}

TEST(TapePieces, GaussianMisfitIsMinusTheLogDensityOfWhatWasObserved) {
  GaussianLikelihood<double> likelihood("omic", 2, 3.0, 0.6);
  likelihood.log_sigma.value << std::log(2.0), std::log(0.5);
  Tape<double> tape;
  Matrix<double> x(2, 2), x_hat(2, 2), seen(2, 2);
  x << 1.0, 3.0, -1.0, 9.0;
  x_hat << 0.0, 1.0, 1.0, 1.0;
  seen << 1.0, 1.0, 1.0, 0.0;
  const double misfit =
      likelihood.misfit(tape, tape.constant(x), tape.constant(x_hat), tape.constant(seen), 1.0)
          ->scalar();
  const auto density = [](double r, double sd) {
    return std::exp(-0.5 * r * r / (sd * sd)) / sd;  // without 1 / sqrt(2 pi)
  };
  EXPECT_NEAR(misfit, -std::log(density(1.0, 2.0) * density(2.0, 2.0) * density(2.0, 0.5)), 1e-12);
}

TEST(TapePieces, SquaredError) {
  Matrix<double> seen = Matrix<double>::Ones(3, 5);
  seen(0, 1) = seen(2, 4) = 0.0;
  for (bool gaps : {false, true})
    expect_gradients(
        [&](auto& t, const Nodes& x) {
          return squared_error(t, x[0], x[1], gaps ? t.constant(seen) : nullptr, 0.3);
        },
        random_inputs({{3, 5}, {3, 5}}));
}

TEST(TapePieces, SparseDecoderAtUnitLengthReconstructsTheSame) {
  SparseDecoder<double> decoder("decoder", 3, 6, 4, 0.0);
  randomise(decoder);
  Tape<double> tape;
  const Draws<double> none;
  Var<double> z = tape.constant(normals(3, 5, 1));
  const Matrix<double> before = decoder(tape, z, none)->value;
  decoder.normalise_to_unit();
  EXPECT_TRUE(decoder.hidden.value.colwise().norm().isOnes(1e-12));
  EXPECT_TRUE(decoder.output.value.colwise().norm().isOnes(1e-12));
  EXPECT_TRUE(decoder(tape, z, none)->value.isApprox(before, 1e-12));
}

TEST(TapePieces, SpikeSlabPenalty) {
  poems::SpikeSlab<double> slab({5.0, 0.5, 1.0, 0.4, false}, 3, 4);
  slab.inclusion_probability = 0.5 * (1.0 + 0.9 * normals(3, 4, 4).array().tanh());
  Parameter<double> W = random_parameter("loadings", 3, 4, 5);
  expect_gradients(
      [&](auto& t, const Nodes&) { return spike_slab_penalty(t, slab, t.parameter(W)); }, {}, {&W});
}

TEST(TapePieces, Unit) {
  for (Centring centring : {Centring::all_entries, Centring::coordinates})
    expect_gradients([&](auto& t, const Nodes& x) { return unit(t, x[0], centring); },
                     random_inputs({{3, 5}}));
}

TEST(TapePieces, UnitByCoordinatesIgnoresAnOffsetOfEach) {
  Tape<double> tape;
  const Matrix<double> x = normals(3, 5, 1);
  const Matrix<double> moved = x.colwise() + normals(3, 1, 2).col(0);
  EXPECT_TRUE(
      unit(tape, tape.constant(x), Centring::coordinates)
          ->value.isApprox(unit(tape, tape.constant(moved), Centring::coordinates)->value, 1e-12));
}

TEST(TapePieces, UnitIgnoresOffsetAndScaleAndSurvivesASampleOfNoLength) {
  Tape<double> tape;
  const Matrix<double> x = normals(3, 5, 1);
  const Matrix<double> y = unit(tape, tape.constant(x), Centring::all_entries)->value;
  EXPECT_TRUE(y.colwise().norm().isOnes(1e-12));
  const Matrix<double> moved = 3.0 * x.array() - 8.0;
  EXPECT_TRUE(unit(tape, tape.constant(moved), Centring::all_entries)->value.isApprox(y, 1e-12));
  Parameter<double> flat("flat", 3, 5);
  Terms<double> terms;
  terms.add("", sum(tape, unit(tape, tape.parameter(flat), Centring::all_entries)));
  tape.backward(terms, {&flat});
  EXPECT_EQ(terms.total(), 0.0);
  EXPECT_TRUE(flat.gradient.allFinite());
}

TEST(TapePieces, Orthogonality) {
  expect_gradients([](auto& t, const Nodes& x) { return orthogonality(t, x[0], x[1]); },
                   random_inputs({{3, 5}, {3, 5}}));
}

TEST(TapePieces, Correlation) {
  expect_gradients([](auto& t, const Nodes& x) { return correlation(t, x[0], x[1]); },
                   random_inputs({{3, 6}, {2, 6}}));
}

TEST(TapePieces, CorrelationIsNothingForWhatIsUncorrelatedAndAlikeForBothSigns) {
  Tape<double> tape;
  const Matrix<double> a = normals(2, 40, 1);
  const auto of = [&](const Matrix<double>& x, const Matrix<double>& y) {
    return correlation(tape, tape.constant(x), tape.constant(y))->scalar();
  };
  const Matrix<double> opposite = -a;
  EXPECT_NEAR(of(a, opposite), of(a, a), 1e-12);
  EXPECT_GT(of(a, a), 0.45);
  // Against one coordinate, the mean of its squared correlations.
  const Matrix<double> b = normals(1, 40, 2);
  const auto centred = [](const Matrix<double>& x, Index k) {
    return poems::Vector<double>(x.row(k).array() - x.row(k).mean());
  };
  double expected = 0.0;
  for (Index k = 0; k < 2; ++k) {
    const double r = centred(a, k).dot(centred(b, 0)) / centred(a, k).norm() / centred(b, 0).norm();
    expected += r * r / 2.0;
  }
  EXPECT_NEAR(of(a, b), expected, 1e-4);
  // What is left of b by a regression on a.
  Matrix<double> x(40, 3);
  x << poems::Vector<double>::Ones(40), a.transpose();
  const poems::Vector<double> y = b.transpose();
  const Matrix<double> rest = (y - x * x.colPivHouseholderQr().solve(y)).transpose();
  EXPECT_NEAR(of(a, rest), 0.0, 1e-12);
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
  EXPECT_EQ(both.normals("z", 3, 2).col(1), one.normals("z", 3, 1).col(0));
  EXPECT_NE(both.normals("z", 3, 2), both.normals("y", 3, 2));
  EXPECT_NE(both.normals("z", 3, 2), StreamDraws<double>(1, 3, {4, 9}).normals("z", 3, 2));
  const Matrix<double> kept = StreamDraws<double>(1, 2, samples_of(100)).kept("h", 0.2, 50, 100);
  EXPECT_NEAR(kept.mean(), 1.0, 0.02);
  EXPECT_EQ((kept.array() == 0.0).count() + (kept.array() == 1.25).count(), kept.size());
}

TEST(TapeDraws, OfMembersAreThoseOfTheBatch) {
  const StreamDraws<double> all(1, 2, {4, 9, 5});
  const Draws<double>& some = all.of({0, 2}, 3);
  const Matrix<double> z = all.normals("z", 3, 3), kept = all.kept("h", 0.5, 8, 3);
  EXPECT_EQ(some.normals("z", 3, 2).col(1), z.col(2));
  EXPECT_EQ(some.kept("h", 0.5, 8, 2).col(1), kept.col(2));
  EXPECT_EQ(&all.of({0, 1, 2}, 3), &all);
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
