// The pieces of POEMS, which work on all omics of a batch at once, against finite differences: with
// samples that lack omics, omics that are hidden, missing values and dropout; used once, and twice
// in one pass.
#include <gtest/gtest.h>

#include "data/hide_omics.h"
#include "gradient_check.h"
#include "layers/decoders.h"
#include "layers/encoder.h"
#include "layers/fusion.h"
#include "layers/gate.h"
#include "layers/mask.h"
#include "likelihoods/gaussian.h"
#include "pieces/columns.h"
#include "pieces/noise_prior.h"
#include "random_problem.h"

using namespace poems_test;
using poems::Batch;
using poems::pieces::Gaussian;
using poems::pieces::stack;
using poems::pieces::StreamDraws;

namespace {

using Nodes = std::vector<Var<double>>;

const std::vector<Index> features = {5, 4, 6};
constexpr Index samples = 9, factors = 3;

/// Some samples lack omics, and some show but one of theirs.
const Batch<double>& batch() {
  static const Batch<double> made = [] {
    Batch<double> b =
        poems::make_batch(random_cohort<double>(samples, features, true), all_samples(samples), 1);
    poems::hide_omics(poems::Stream(1, poems::Purpose::hide_omics, 1), b);
    b.omics[0].hidden[1] = true;
    return b;
  }();
  return made;
}

/// Shapes of the omics' means and log-variances.
std::vector<std::pair<Index, Index>> expert_shapes() {
  std::vector<std::pair<Index, Index>> shapes;
  for (const auto& omic : batch().omics)
    shapes.insert(shapes.end(), 2, {factors, static_cast<Index>(omic.members.size())});
  return shapes;
}

std::vector<Gaussian<double>> experts_of(const Nodes& x) {
  return {{x[0], x[1]}, {x[2], x[3]}, {x[4], x[5]}};
}

const StreamDraws<double>& draws() {
  static const StreamDraws<double> made(3, 1, all_samples(samples));
  return made;
}

std::vector<Parameter<double>*> random_values(const std::vector<Parameter<double>*>& list) {
  for (std::size_t i = 0; i < list.size(); ++i)
    list[i]->value = 0.7 * normals(list[i]->value.rows(), list[i]->value.cols(), 60 + i);
  return list;
}

}  // namespace

TEST(PoemsPieces, Encoders) {
  std::vector<poems::Encoder<double>> encoders;
  for (std::size_t v = 0; v < features.size(); ++v)
    encoders.emplace_back(std::to_string(v), features[v], 6, factors);
  std::vector<Parameter<double>*> own;
  for (auto& e : encoders)
    for (auto* layer : {&e.hidden1, &e.hidden2, &e.mean, &e.logvar})
      own.insert(own.end(), {&layer->weight, &layer->bias});
  expect_gradients(
      [&](auto& t, const Nodes&) {
        const auto experts = poems::encode_omics<double>(
            t, {&encoders[0], &encoders[1], &encoders[2]}, batch(), draws(), 0.2, 1);
        std::vector<Var<double>> all;
        for (std::size_t v = 0; v < experts.size(); ++v)
          for (Var<double> y : {experts[v].mean, experts[v].logvar})
            all.push_back(poems::pieces::scatter(t, y, batch().omics[v].members, samples));
        return stack(t, all);
      },
      {}, random_values(own));
}

TEST(PoemsPieces, GateInput) {
  poems::Gate<double> gate({"a", "b", "c"}, factors, 4, false);
  std::vector<Parameter<double>*> own;
  for (auto& norm : gate.norms) own.insert(own.end(), {&norm.weight, &norm.bias});
  random_values(own);
  Inputs means = random_inputs(expert_shapes());
  for (std::size_t v : {5, 3, 1}) means.erase(means.begin() + static_cast<long>(v));
  expect_gradients(
      [&](auto& t, const Nodes& x) {
        return gate.input(t, batch(), {{x[0], x[0]}, {x[1], x[1]}, {x[2], x[2]}});
      },
      means, own);
}

TEST(PoemsPieces, GateThatNotices) {
  poems::Gate<double> gate({"a", "b", "c"}, factors, 4, true);
  std::vector<Parameter<double>*> own = {&gate.hidden.weight, &gate.hidden.bias,
                                         &gate.output.weight, &gate.output.bias};
  for (auto& omic : gate.agreement.omics)
    for (Parameter<double>* p : omic.parameters()) own.push_back(p);
  random_values(own);
  auto shapes = expert_shapes();
  shapes.emplace_back(3 * factors, samples);
  expect_gradients([&](auto& t, const Nodes& x) { return gate(t, batch(), experts_of(x), x[6]); },
                   random_inputs(shapes), own);
}

TEST(PoemsPieces, Fusion) {
  auto shapes = expert_shapes();
  shapes.emplace_back(3, samples);
  Inputs inputs = random_inputs(shapes);
  inputs[6].value = inputs[6].value.array().abs() + 0.2;  // weights
  const auto fused = [](auto& t, const Nodes& x, Var<double> alpha) {
    const Gaussian<double> q = poems::fuse(t, batch(), experts_of(x), alpha, 1);
    return stack<double>(t, {q.mean, q.logvar});
  };
  expect_gradients([&](auto& t, const Nodes& x) { return fused(t, x, x[6]); }, inputs);
  // Weights that are given.
  const Matrix<double> alpha = inputs[6].value;
  inputs.pop_back();
  expect_gradients([&](auto& t, const Nodes& x) { return fused(t, x, t.constant(alpha)); }, inputs);
}

TEST(PoemsPieces, NormalisedMask) {
  expect_gradients([](auto& t, const Nodes& x) { return poems::normalise_mask(t, x[0]); },
                   random_inputs({{factors, 4}}));
}

TEST(PoemsPieces, TotalKl) {
  expect_gradients(
      [](auto& t, const Nodes& x) {
        return poems::pieces::total_kl<double>(t, {x[0], x[1]});
      },
      random_inputs({{factors, 4}, {factors, 4}}));
}

TEST(PoemsPieces, NoisePrior) {
  poems::GaussianLikelihood<double> likelihood(4, true, 3.0, 0.3);
  expect_gradients(
      [&](auto& t, const Nodes&) { return poems::pieces::noise_prior(t, likelihood, 0.3, 2.0); },
      {}, random_values({&likelihood.log_sigma}));
}

TEST(PoemsPieces, Decoders) {
  std::vector<poems::SparseDecoder<double>> decoders;
  std::vector<poems::GaussianLikelihood<double>> likelihoods;
  for (std::size_t v = 0; v < features.size(); ++v) {
    decoders.emplace_back(std::to_string(v), features[v], factors, 5);
    likelihoods.emplace_back(features[v], true, 3.0, 0.3);
  }
  std::vector<Parameter<double>*> own;
  for (std::size_t v = 0; v < features.size(); ++v) {
    auto& d = decoders[v];
    own.insert(own.end(), {&d.hidden, &d.W, &d.output, &d.bias, &likelihoods[v].log_sigma});
  }
  std::vector<poems::DecoderWorkspace<double>> workspaces;
  expect_gradients(
      [&](auto& t, const Nodes& x) {
        std::vector<poems::DecodedOmic<double>> omics;
        for (std::size_t v = 0; v < features.size(); ++v)
          omics.push_back({&decoders[v], &likelihoods[v], x[v == 1 ? 1 : 0], &decoders[v].W.value,
                           &decoders[v].W.gradient, 0.3,
                           draws().dropout(poems::Purpose::decoder_dropout, v, 0.2)});
        return stack(t, poems::decode_omics(t, omics, batch(), {false, 1}, workspaces));
      },
      random_inputs({{factors, samples}, {factors, samples}}), random_values(own));
}
