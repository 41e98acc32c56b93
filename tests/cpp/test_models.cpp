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
      // Recorded without the weights of autoencoders, and the mask's loss with its own.
      const poems::Term<double>& term = terms.at(name);
      const double value = item.key() == "mask" ? term.weighted() : term.value->scalar();
      compare.expect("loss terms", name, value, list[i].get<double>(), exact);
    }
  }
  EXPECT_EQ(compared, terms.size());
}

// ---- POEM

PoemOptions poem_options(const json& config) {
  PoemOptions options = PoemOptions::published();
  options.omics = shapes(config);
  options.settings.factors = config.at("factors");
  options.settings.encoder_units = config.at("encoder_hidden");
  options.settings.decoder_units = config.at("decoder_hidden");
  options.settings.gate_units = config.at("gate_hidden");
  options.settings.dropout = config.at("dropout");
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
    draws[step].normals_of["z"] = columns(fixture.at("eps")[step]);
  return draws;
}

void expect_forward(Comparison& compare, Poem<double>& model, const Batch<double>& x,
                    const RecordedDraws& draws, const json& forward) {
  Tape<double> tape;
  const auto pass = model.forward(tape, x, draws);
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
  MocssOptions options = MocssOptions::published(kind);
  options.omics = shapes(config);
  options.settings.embedding = config.at("embedding");
  for (const json& units : config.at("units")) {
    options.units.push_back(units.get<std::vector<Index>>());
    EXPECT_EQ(options.units.back().back(), options.settings.embedding);
    options.units.back().pop_back();
  }
  options.settings.projection = config.at("projection").back();
  options.settings.temperature = config.at("temperature");
  options.settings.reconstruction_weight = config.at("reconstruction_weight");
  if (kind != MocssKind::sparse_vae) return options;
  options.sparse_settings.encoder_units = config.at("encoder_hidden");
  options.sparse_settings.decoder_units = config.at("decoder_hidden");
  options.sparse.sigma_df = config.at("sigma_df");
  options.sparse_settings.lambda0 = config.at("lambda0");
  options.sparse_settings.lambda1 = config.at("lambda1");
  options.sparse.inclusion_a = config.at("theta_a");
  options.prior_variance = config.at("sigma_scale").get<std::vector<double>>();
  return options;
}

std::vector<RecordedDraws> mocss_draws(const json& fixture) {
  std::vector<RecordedDraws> draws(3);
  if (!fixture.contains("eps")) return draws;
  for (std::size_t step = 0; step < 3; ++step)
    for (std::size_t v = 0; v < 3; ++v)
      draws[step].normals_of["omics/" + std::to_string(v) + "/specific"] =
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

const std::vector<Index> features_of = {5, 4, 6};

Batch<double> whole_batch() {
  std::vector<Matrix<double>> omics;
  for (std::size_t v = 0; v < features_of.size(); ++v)
    omics.push_back(normals(features_of[v], 7, 30 + v));
  return complete_batch(omics);
}

/// Three of the samples have all omics, one has one; two omics lack values.
Batch<double> batch_with_gaps() {
  Batch<double> batch = whole_batch();
  const std::vector<std::vector<Index>> members = {{0, 1, 2, 4, 6}, {1, 2, 3, 4, 5}, {0, 1, 2, 5}};
  for (std::size_t v = 0; v < members.size(); ++v) keep_members(batch.omics[v], members[v]);
  for (std::size_t v : {0u, 2u}) {
    poems::OmicBatch<double>& omic = batch.omics[v];
    omic.observed = Matrix<double>::Ones(omic.x.rows(), omic.x.cols());
    omic.observed(1, 2) = omic.observed(3, 0) = 0.0;
    omic.x.array() *= omic.observed.array();
  }
  return batch;
}

void expect_model_gradients(Model& model, const Batch<double>& x) {
  std::vector<poems::Vector<double>> spread;
  for (Index features : features_of)
    spread.push_back(poems::Vector<double>::Constant(features, 0.8));
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

PoemOptions small(PoemOptions options) {
  options.omics = three_omics();
  options.settings.factors = 3;
  options.settings.encoder_units = options.settings.gate_units = 6;
  options.settings.decoder_units = 5;
  options.prior_variance = {0.3, 0.4, 0.5};
  options.samples = 20;
  return options;
}

MocssOptions small(MocssOptions options) {
  options.omics = three_omics();
  options.units = {{5, 4}, {5, 4}, {4, 4}};
  options.settings.embedding = 3;
  options.settings.projection = 2;
  options.sparse_settings.encoder_units = 6;
  options.sparse_settings.decoder_units = 5;
  options.sparse_settings.dropout = 0.2;
  options.prior_variance = {0.3, 0.4, 0.5};
  options.sparse.samples = 20;
  return options;
}

/// In published form, and corrected with and without gaps.
void expect_mocss_gradients(MocssKind kind) {
  Mocss<double> published(small(MocssOptions::published(kind)));
  expect_model_gradients(published, whole_batch());
  Mocss<double> corrected(small(MocssOptions::corrected(kind)));
  expect_model_gradients(corrected, whole_batch());
  expect_model_gradients(corrected, batch_with_gaps());
}

}  // namespace

TEST(ModelGradients, Poem) {
  Poem<double> published(small(PoemOptions::published()));
  EXPECT_EQ(published.parameters().size(), 3u * (8u + 3u + 1u + 2u) + 4u);
  EXPECT_EQ(published.parameters().front()->name, "omics/mrna/encoder/hidden/layer1/weight");
  EXPECT_EQ(published.parameters().back()->name, "gate/output/bias");
  expect_model_gradients(published, whole_batch());
  Poem<double> corrected(small(PoemOptions::corrected()));
  expect_model_gradients(corrected, whole_batch());
  expect_model_gradients(corrected, batch_with_gaps());
}

TEST(ModelGradients, MocssAe) { expect_mocss_gradients(MocssKind::ae); }
TEST(ModelGradients, MocssVae) { expect_mocss_gradients(MocssKind::vae); }
TEST(ModelGradients, MocssSparseVae) { expect_mocss_gradients(MocssKind::sparse_vae); }

// ---- Samples that lack omics, and values

namespace {

/// The loss at the latents' means.
double loss_of(Model& model, const Batch<double>& x) {
  Tape<double> tape;
  Terms<double> terms;
  const poems::pieces::Draws<double> means;
  model.loss(tape, x, means, terms);
  return terms.total();
}

template <typename M, typename Options>
void expect_gaps_do_not_matter(const Options& options) {
  M model(options);
  model.initialise(5, std::vector<poems::Vector<double>>{poems::Vector<double>::Ones(5),
                                                         poems::Vector<double>::Ones(4),
                                                         poems::Vector<double>::Ones(6)});
  Tape<double> tape;
  const poems::pieces::Draws<double> means;
  Batch<double> some = batch_with_gaps();
  const auto blocks = model.embedding(tape, some, means);
  // A sample alone is encoded as it is among others: the fourth has the second omic only.
  Batch<double> one;
  one.samples = {0};
  one.omics.resize(3);
  for (std::size_t v : {0u, 2u}) one.omics[v].x.resize(0, features_of[v]);
  one.omics[1].members = one.omics[1].samples = {0};
  one.omics[1].x = some.omics[1].x.row(2);
  const auto alone = model.embedding(tape, one, means);
  EXPECT_TRUE(alone.back().value->value.col(0).isApprox(blocks.back().value->value.col(3), 1e-12));
  EXPECT_TRUE(std::isfinite(loss_of(model, one)));
}

}  // namespace

TEST(Gaps, ASampleIsEncodedFromTheOmicsItHas) {
  expect_gaps_do_not_matter<Poem<double>>(small(PoemOptions::corrected()));
  for (MocssKind kind : {MocssKind::ae, MocssKind::vae, MocssKind::sparse_vae})
    expect_gaps_do_not_matter<Mocss<double>>(small(MocssOptions::corrected(kind)));
}

TEST(Gaps, PoemGivesNoWeightToOmicsASampleLacks) {
  Poem<double> model(small(PoemOptions::corrected()));
  model.initialise(5, {poems::Vector<double>::Ones(5), poems::Vector<double>::Ones(4),
                       poems::Vector<double>::Ones(6)});
  Tape<double> tape;
  const poems::pieces::Draws<double> means;
  const auto pass = model.encode(tape, batch_with_gaps(), means);
  const Matrix<double>& alpha = pass.alpha->value;
  EXPECT_TRUE(alpha.colwise().sum().isOnes(1e-12));
  EXPECT_EQ(alpha(1, 3), 1.0);
  EXPECT_EQ(alpha(1, 0), 0.0);
  EXPECT_TRUE(
      pass.posterior.mean->value.col(3).isApprox(pass.experts[1].mean->value.col(2), 1e-12));
}

// What stands where a value is missing reaches the loss through the encoder alone: with encoders
// that ignore their input, it does not matter.
TEST(Gaps, MissingValuesAreNotReconstructed) {
  Poem<double> model(small(PoemOptions::corrected()));
  model.initialise(5, {poems::Vector<double>::Ones(5), poems::Vector<double>::Ones(4),
                       poems::Vector<double>::Ones(6)});
  for (Parameter<double>* p : model.parameters())
    if (p->name.find("encoder/hidden/layer1/weight") != std::string::npos) p->value.setZero();
  Batch<double> x = batch_with_gaps();
  const double loss = loss_of(model, x);
  x.omics[0].x(1, 2) += 5.0;
  EXPECT_DOUBLE_EQ(loss_of(model, x), loss);
  x.omics[0].x(1, 1) += 5.0;
  EXPECT_GT(loss_of(model, x), loss + 0.1);
}

// ---- What the corrected form puts right

TEST(Corrected, LossesDoNotGrowWithTheBatch) {
  std::vector<Matrix<double>> once, twice;
  for (std::size_t v = 0; v < features_of.size(); ++v) {
    once.push_back(normals(features_of[v], 7, 30 + v));
    Matrix<double> both(features_of[v], 14);
    both << once.back(), once.back();
    twice.push_back(both);
  }
  for (MocssKind kind : {MocssKind::ae, MocssKind::vae, MocssKind::sparse_vae}) {
    MocssOptions options = small(MocssOptions::corrected(kind));
    Mocss<double> model(options);
    model.initialise(5, {poems::Vector<double>::Ones(5), poems::Vector<double>::Ones(4),
                         poems::Vector<double>::Ones(6)});
    const auto terms_of = [&](const std::vector<Matrix<double>>& omics) {
      Tape<double> tape;
      Terms<double> terms;
      const poems::pieces::Draws<double> means;
      model.loss(tape, complete_batch(omics), means, terms);
      std::map<std::string, double> values;
      for (const auto& term : terms) values[term.name] = term.value->scalar();
      return values;
    };
    const auto small_batch = terms_of(once), large_batch = terms_of(twice);
    for (const auto& term : small_batch) {
      if (term.first.find("contrastive") == 0) continue;  // has more alternatives
      EXPECT_NEAR(large_batch.at(term.first), term.second, 1e-9) << term.first;
    }
  }
}

TEST(Corrected, SparseDecodersLayersKeepUnitLength) {
  Mocss<double> model(small(MocssOptions::corrected(MocssKind::sparse_vae)));
  model.initialise(5, {poems::Vector<double>::Ones(5), poems::Vector<double>::Ones(4),
                       poems::Vector<double>::Ones(6)});
  for (Parameter<double>* p : model.parameters()) p->value *= 1.3;
  const double loss = loss_of(model, whole_batch());
  const auto penalty = [&] {
    Tape<double> tape;
    Terms<double> terms;
    const poems::pieces::Draws<double> means;
    model.loss(tape, whole_batch(), means, terms);
    double sum = 0.0;
    for (const auto& term : terms)
      if (term.name.find("mask") == 0) sum += term.weight * term.value->scalar();
    return sum;
  };
  const double before = penalty();
  const auto slab_before = slab(model, 0).inclusion_probability;
  model.after_step(1);
  for (Parameter<double>* p : model.parameters())
    for (const std::string part : {"specific/decoder/hidden", "specific/decoder/output/weight"})
      if (p->name.find(part) != std::string::npos) {
        EXPECT_TRUE(p->value.colwise().norm().isOnes(1e-12)) << p->name;
      }
  // Reconstructions stay as they were, so all but the penalty does.
  EXPECT_NEAR(loss_of(model, whole_batch()) - penalty(), loss - before, 1e-10);
  EXPECT_NE(slab(model, 0).inclusion_probability, slab_before);
}
