// The models in their published form: against what the authors' classes compute (see
// fixtures/README.md), and every gradient against finite differences, dropout included.
#include <gtest/gtest.h>

#include "complete_batch.h"
#include "gradient_check.h"
#include "model_fixture.h"
#include "models/mocss.h"
#include "models/poem.h"

using namespace poems_test;
using poems::Batch;
using poems::Decay;
using poems::models::Mocss;
using poems::models::MocssKind;
using poems::models::MocssOptions;
using poems::models::Poem;
using poems::models::PoemOptions;
using poems::pieces::StreamDraws;

namespace {

std::vector<poems::models::OmicShape> shapes(const json& config) {
  std::vector<poems::models::OmicShape> omics;
  for (const json& features : config.at("features"))
    omics.push_back({std::to_string(omics.size()), features.get<Index>()});
  return omics;
}

Batch<double> data(const json& fixture) {
  std::vector<Matrix<double>> x;
  for (const json& omic : fixture.at("x")) x.push_back(columns(omic));
  return complete_batch(x);
}

/// The models' name for an array of a fixture.
std::string our_name(const std::string& path) {
  static const std::vector<std::pair<std::string, std::string>> changes = {
      {"decoder_hidden_weight", "decoder/hidden/weight"},
      {"decoder_output_weight", "decoder/output/weight"},
      {"decoder_output_bias", "decoder/output/bias"},
      {"layer_norm/", "gate/norm/"}};
  std::string name = path;
  for (const auto& change : changes) {
    const std::size_t at = name.find(change.first);
    if (at != std::string::npos) name.replace(at, change.first.size(), change.second);
  }
  // Layers are counted from 1: encoder/0 is encoder/layer1.
  for (const std::string list : {"encoder/", "decoder/", "projection/"}) {
    const std::size_t at = name.find(list);
    if (at == std::string::npos || !std::isdigit(name[at + list.size()])) continue;
    const int layer = name[at + list.size()] - '0' + 1;
    name.replace(at + list.size(), 1, "layer" + std::to_string(layer));
  }
  return name;
}

/// The parameters of a fixture, or their gradients, by the models' names. A list of omics without
/// a name is "omics".
Arrays named_arrays(const json& tree) {
  Arrays arrays, renamed;
  flatten(tree, tree.is_array() ? "omics" : "", arrays);
  for (auto& item : arrays) renamed[our_name(item.first)] = item.second;
  return renamed;
}

/// Terms by omic or pair; `unnamed` is one for all.
void expect_terms(Comparison& compare, const json& loss, const Terms<double>& terms) {
  std::size_t compared = 0;
  for (const auto& item : loss.items()) {
    if (item.key() == "total") {
      compare.expect("loss terms", "total", terms.total(), item.value().get<double>(), exact);
      continue;
    }
    const json list = item.value().is_array() ? item.value() : json::array({item.value()});
    for (std::size_t i = 0; i < list.size(); ++i, ++compared) {
      static const char* const pairs[] = {"0-1", "0-2", "1-2"};
      std::string name = item.key();
      if (item.value().is_array())
        name += "/" + (name == "contrastive" ? pairs[i] : std::to_string(i));
      compare.expect("loss terms", name, terms.at(name).value->scalar(), list[i].get<double>(),
                     exact);
    }
  }
  EXPECT_EQ(compared, terms.size());
}

// ---- POEM

PoemOptions poem_options(const json& config) {
  PoemOptions options;
  options.omics = shapes(config);
  options.factors = config.at("factors");
  options.encoder_units = config.at("encoder_hidden");
  options.decoder_units = config.at("decoder_hidden");
  options.gate_units = config.at("gate_hidden");
  options.dropout = config.at("dropout");
  options.sigma_df = config.at("sigma_df");
  options.prior_variance = config.at("sigma_scale").get<std::vector<double>>();
  return options;
}

Arrays poem_arrays(const json& tree) {
  Arrays arrays = named_arrays(tree);
  for (const std::string v : {"0", "1", "2"}) {
    const std::string omic = "omics/" + v + "/";
    rename(arrays, omic + "encoder/layer", omic + "encoder/hidden/layer");
    rename(arrays, omic + "mean/", omic + "encoder/mean/");
    rename(arrays, omic + "logvar/", omic + "encoder/logvar/");
  }
  return arrays;
}

std::vector<RecordedDraws> poem_draws(const json& fixture) {
  std::vector<RecordedDraws> draws(3);
  for (std::size_t step = 0; step < 3; ++step)
    draws[step].noises["z"] = columns(fixture.at("eps")[step]);
  return draws;
}

void expect_forward(Comparison& compare, Poem<double>& model, const Batch<double>& x,
                    const RecordedDraws& draws, const json& forward) {
  Tape<double> tape;
  const auto pass = model.forward(tape, poems::models::constants(tape, x), draws);
  const auto expect = [&](const std::string& what, Var<double> got, const json& expected) {
    compare.expect("forward", what, got->value, columns(expected), exact);
  };
  for (std::size_t v = 0; v < 3; ++v) {
    expect("expert_mean", pass.experts[v].mean, forward.at("expert_mean")[v]);
    expect("expert_logvar", pass.experts[v].logvar, forward.at("expert_logvar")[v]);
    expect("gate_input", pass.gate_input[v], forward.at("gate_input")[v]);
    expect("reconstruction", pass.reconstruction[v], forward.at("reconstruction")[v]);
  }
  expect("gates", pass.alpha, forward.at("gates"));
  expect("posterior_mean", pass.posterior.mean, forward.at("posterior_mean"));
  expect("posterior_logvar", pass.posterior.logvar, forward.at("posterior_logvar"));
  expect("z", pass.z, forward.at("z"));
}

void expect_pass(Comparison& compare, Poem<double>& model, const Batch<double>& x,
                 const RecordedDraws& draws, const json& recorded) {
  expect_forward(compare, model, x, draws, recorded.at("forward"));
  Tape<double> tape;
  Terms<double> terms;
  pass(model, x, draws, terms, tape);
  expect_terms(compare, recorded.at("loss"), terms);
  expect_gradients_as(compare, poem_arrays(recorded.at("gradients")), model);
}

}  // namespace

TEST(PoemFixture, PassAndSteps) {
  const json fixture = read_fixture("poem");
  const json& plain = fixture.at("plain");
  const Batch<double> x = data(fixture);
  Poem<double> model(poem_options(fixture.at("config")));
  set_parameters(poem_arrays(plain.at("parameters")), model);
  Comparison compare;
  const std::vector<RecordedDraws> draws = poem_draws(fixture);
  expect_pass(compare, model, x, draws[0], plain);
  const poems::Adam<double> adam(adam_config(fixture.at("optimizer")), Decay::decoupled);
  expect_steps(compare, model, x, draws, adam, plain, poem_arrays);
}

TEST(PoemFixture, PassWithDropout) {
  const json fixture = read_fixture("poem");
  const json& dropout = fixture.at("dropout");
  Poem<double> model(poem_options(fixture.at("config")));
  set_parameters(poem_arrays(fixture.at("plain").at("parameters")), model);
  RecordedDraws draws = poem_draws(fixture)[0];
  for (const std::string v : {"0", "1", "2"}) {
    const std::string omic = "omics/" + v;
    const json& multipliers = dropout.at("multipliers");
    draws.multipliers[omic + "/encoder/hidden/layer1"] = columns(multipliers.at("encoder1_" + v));
    draws.multipliers[omic + "/encoder/hidden/layer2"] = columns(multipliers.at("encoder2_" + v));
    draws.multipliers[omic + "/decoder"] = columns(multipliers.at("decoder_" + v));
  }
  Comparison compare;
  expect_pass(compare, model, data(fixture), draws, dropout);
}

// ---- MOCSS

namespace {

MocssOptions mocss_options(const json& config, MocssKind kind) {
  MocssOptions options;
  options.kind = kind;
  options.omics = shapes(config);
  options.embedding = config.at("embedding");
  for (const json& units : config.at("units")) {
    options.units.push_back(units.get<std::vector<Index>>());
    EXPECT_EQ(options.units.back().back(), options.embedding);
    options.units.back().pop_back();
  }
  options.projection = config.at("projection").back();
  options.temperature = config.at("temperature");
  options.reconstruction_weight = config.at("reconstruction_weight");
  if (kind != MocssKind::sparse_vae) return options;
  options.sparse.encoder_units = config.at("encoder_hidden");
  options.sparse.decoder_units = config.at("decoder_hidden");
  options.sparse.sigma_df = config.at("sigma_df");
  options.sparse.lambda0 = config.at("lambda0");
  options.sparse.lambda1 = config.at("lambda1");
  options.sparse.inclusion_a = config.at("theta_a");
  options.prior_variance = config.at("sigma_scale").get<std::vector<double>>();
  return options;
}

std::vector<RecordedDraws> mocss_draws(const json& fixture) {
  std::vector<RecordedDraws> draws(3);
  if (!fixture.contains("eps")) return draws;
  for (std::size_t step = 0; step < 3; ++step)
    for (std::size_t v = 0; v < 3; ++v)
      draws[step].noises["omics/" + std::to_string(v) + "/specific"] =
          columns(fixture.at("eps")[step][v]);
  return draws;
}

Arrays sparse_vae_arrays(const json& tree) {
  Arrays arrays = named_arrays(tree);
  for (const std::string v : {"0", "1", "2"}) {
    const std::string omic = "omics/" + v + "/specific/";
    rename(arrays, omic + "encoder/layer", omic + "encoder/hidden/layer");
    rename(arrays, omic + "mean/", omic + "encoder/mean/");
    rename(arrays, omic + "logvar/", omic + "encoder/logvar/");
    rename(arrays, omic + "loadings", omic + "decoder/loadings");
  }
  return arrays;
}

poems::SpikeSlab<double>& slab(Mocss<double>& model, std::size_t omic) {
  return dynamic_cast<poems::models::SpecificSparseVae<double>&>(model.specific(omic)).slab;
}

void expect_forward(Comparison& compare, Mocss<double>& model, const Batch<double>& x,
                    const RecordedDraws& draws, const json& forward) {
  Tape<double> tape;
  const auto pass = model.forward(tape, x, draws);
  for (std::size_t v = 0; v < 3; ++v) {
    const auto& specific = pass.specific[v];
    std::map<std::string, Var<double>> got = {{"shared_embedding", pass.H[v]},
                                              {"shared_reconstruction", pass.x_hat[v]},
                                              {"projection", pass.P[v]},
                                              {"specific_embedding", specific.S},
                                              {"specific_reconstruction", specific.x_hat},
                                              {"specific_mean", specific.q.mean},
                                              {"specific_logvar", specific.q.logvar}};
    if (forward.contains("specific_softmax"))
      got["specific_softmax"] = poems::pieces::softmax(tape, specific.q.logvar);
    for (const auto& item : forward.items())
      compare.expect("forward", item.key(), got.at(item.key())->value, columns(item.value()[v]),
                     exact);
  }
}

void expect_pass(Comparison& compare, Mocss<double>& model, const json& fixture,
                 const std::function<Arrays(const json&)>& arrays) {
  const Batch<double> x = data(fixture);
  const std::vector<RecordedDraws> draws = mocss_draws(fixture);
  expect_forward(compare, model, x, draws[0], fixture.at("forward"));
  Tape<double> tape;
  Terms<double> terms;
  pass(model, x, draws[0], terms, tape);
  expect_terms(compare, fixture.at("loss"), terms);
  expect_gradients_as(compare, arrays(fixture.at("gradients")), model);

  tape.reset();
  std::vector<Var<double>> blocks;
  for (const auto& block : model.embedding(tape, x, draws[0])) blocks.push_back(block.value);
  compare.expect("forward", "embedding", poems::pieces::stack(tape, blocks)->value,
                 columns(fixture.at("embedding")), exact);
}

void expect_autoencoders(const std::string& name, MocssKind kind,
                         const std::map<std::string, Decay>& optimizers) {
  const json fixture = read_fixture(name);
  Comparison compare;
  Mocss<double> model(mocss_options(fixture.at("config"), kind));
  set_parameters(named_arrays(fixture.at("parameters")), model);
  expect_pass(compare, model, fixture, named_arrays);
  for (const auto& optimizer : optimizers) {
    SCOPED_TRACE(optimizer.first);
    Mocss<double> fresh(mocss_options(fixture.at("config"), kind));
    set_parameters(named_arrays(fixture.at("parameters")), fresh);
    const json& config = fixture.at("optimizers").at(optimizer.first);
    expect_steps(compare, fresh, data(fixture), mocss_draws(fixture),
                 poems::Adam<double>(adam_config(config), optimizer.second),
                 fixture.at(optimizer.first), named_arrays);
  }
}

}  // namespace

TEST(MocssFixture, Ae) {
  expect_autoencoders("mocss_ae", MocssKind::ae,
                      {{"adam", Decay::none}, {"adam_l2", Decay::in_gradient}});
}

TEST(MocssFixture, Vae) {
  expect_autoencoders("mocss_vae", MocssKind::vae,
                      {{"adam_l2", Decay::in_gradient}, {"adamw", Decay::decoupled}});
}

TEST(MocssFixture, SparseVae) {
  const json fixture = read_fixture("mocss_sparsevae");
  Mocss<double> model(mocss_options(fixture.at("config"), MocssKind::sparse_vae));
  for (std::size_t v = 0; v < 3; ++v)
    ASSERT_DOUBLE_EQ(fixture.at("config").at("theta_b")[v].get<double>(),
                     fixture.at("config").at("features")[v].get<double>() / 10.0);
  const Arrays parameters = sparse_vae_arrays(fixture.at("parameters"));
  set_parameters(parameters, model);
  const auto inclusion = [](std::size_t v) {
    return "omics/" + std::to_string(v) + "/specific/inclusion_";
  };
  for (std::size_t v = 0; v < 3; ++v) {
    slab(model, v).inclusion_probability = parameters.at(inclusion(v) + "probability").transpose();
    slab(model, v).inclusion_rate = parameters.at(inclusion(v) + "rate");
  }
  Comparison compare;
  expect_pass(compare, model, fixture, sparse_vae_arrays);
  expect_steps(compare, model, data(fixture), mocss_draws(fixture),
               poems::Adam<double>(adam_config(fixture.at("optimizer")), Decay::decoupled), fixture,
               sparse_vae_arrays, [&](const Arrays& expected) {
                 for (std::size_t v = 0; v < 3; ++v) {
                   compare.expect("EM", "p", slab(model, v).inclusion_probability.transpose(),
                                  expected.at(inclusion(v) + "probability"), after_steps);
                   compare.expect("EM", "eta", slab(model, v).inclusion_rate,
                                  expected.at(inclusion(v) + "rate"), after_steps);
                 }
               });
}

// ---- Gradients of whole models, from their own start, with dropout

namespace {

void expect_model_gradients(Model& model) {
  const std::vector<Index> features = {5, 4, 6};
  std::vector<poems::Vector<double>> spread;
  std::vector<Matrix<double>> omics;
  for (std::size_t v = 0; v < features.size(); ++v) {
    spread.push_back(poems::Vector<double>::Constant(features[v], 0.8));
    omics.push_back(normals(features[v], 7, 30 + v));
  }
  const Batch<double> x = complete_batch(omics);
  model.initialise(5, spread);
  // As initialised, layer norms do nothing and hide what a wrong one would.
  std::uint64_t seed = 70;
  for (Parameter<double>* p : model.parameters())
    p->value += 0.1 * normals(p->value.rows(), p->value.cols(), seed++);
  const StreamDraws<double> draws(1, 1, {0, 1, 2, 3, 4, 5, 6});
  expect_gradients_of(
      [&](Tape<double>& tape, Terms<double>& terms) { model.loss(tape, x, draws, terms); },
      model.parameters());
}

std::vector<poems::models::OmicShape> three_omics() {
  return {{"mrna", 5}, {"methylation", 4}, {"mirna", 6}};
}

PoemOptions small_poem() {
  PoemOptions options;
  options.omics = three_omics();
  options.factors = 3;
  options.encoder_units = 6;
  options.decoder_units = 5;
  options.gate_units = 6;
  options.prior_variance = {0.3, 0.4, 0.5};
  return options;
}

MocssOptions small_mocss(MocssKind kind) {
  MocssOptions options;
  options.kind = kind;
  options.omics = three_omics();
  options.units = {{5, 4}, {5, 4}, {4, 4}};
  options.embedding = 3;
  options.projection = 2;
  options.sparse.encoder_units = 6;
  options.sparse.decoder_units = 5;
  options.prior_variance = {0.3, 0.4, 0.5};
  return options;
}

}  // namespace

TEST(ModelGradients, Poem) {
  Poem<double> model(small_poem());
  EXPECT_EQ(model.parameters().size(), 3u * (8u + 3u + 1u + 2u) + 4u);
  EXPECT_EQ(model.parameters().front()->name, "omics/mrna/encoder/hidden/layer1/weight");
  EXPECT_EQ(model.parameters().back()->name, "gate/output/bias");
  expect_model_gradients(model);
}

TEST(ModelGradients, MocssAe) {
  Mocss<double> model(small_mocss(MocssKind::ae));
  expect_model_gradients(model);
}

TEST(ModelGradients, MocssVae) {
  Mocss<double> model(small_mocss(MocssKind::vae));
  expect_model_gradients(model);
}

TEST(ModelGradients, MocssSparseVae) {
  Mocss<double> model(small_mocss(MocssKind::sparse_vae));
  expect_model_gradients(model);
}
