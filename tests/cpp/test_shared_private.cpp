// MVAE, MoPoE-VAE, MMVAE and MMVAE++: against what the authors' classes compute (see
// fixtures/README.md), with omics missing and with labels, and every gradient against finite
// differences.
#include <gtest/gtest.h>

#include <set>

#include "gradient_check.h"
#include "model_fixture.h"
#include "models/mmvae.h"
#include "models/mvae.h"
#include "random_problem.h"

using namespace poems_test;
using poems::Decay;
using poems::models::LatentDraw;
using poems::models::Mmvae;
using poems::models::MmvaeKind;
using poems::models::Mvae;
using poems::models::MvaeKind;
using poems::models::SharedPrivateOptions;
using poems::models::SharedPrivateVae;
using poems::pieces::columns_at;
using poems::pieces::StreamDraws;

namespace {

using Vae = SharedPrivateVae<double>;
const std::vector<std::string> kinds = {"mvae", "mopoe", "mmvae", "mmvaepp"};

std::unique_ptr<Vae> make(const std::string& kind, const SharedPrivateOptions& options) {
  if (kind == "mvae") return std::make_unique<Mvae<double>>(options, MvaeKind::mvae);
  if (kind == "mopoe") return std::make_unique<Mvae<double>>(options, MvaeKind::mopoe);
  if (kind == "mmvae") return std::make_unique<Mmvae<double>>(options, MmvaeKind::mmvae);
  return std::make_unique<Mmvae<double>>(options, MmvaeKind::mmvaepp);
}

// The fixtures' latents are [private1, shared, private2], all of which every encoder gives and
// every decoder takes; ours are [shared, private] of the omic alone.

std::vector<Index> range(Index first, Index size) {
  std::vector<Index> list(static_cast<std::size_t>(size));
  std::iota(list.begin(), list.end(), first);
  return list;
}

struct Layout {
  std::vector<Index> shared, own[2], seen[2];  ///< coordinates; seen: shared, then own

  explicit Layout(const json& config) {
    const Index p1 = config.at("private1"), s = config.at("shared"), p2 = config.at("private2");
    shared = range(p1, s);
    own[0] = range(0, p1);
    own[1] = range(p1 + s, p2);
    for (int v : {0, 1}) {
      seen[v] = shared;
      seen[v].insert(seen[v].end(), own[v].begin(), own[v].end());
    }
  }
};

Matrix<double> rows_at(const Matrix<double>& x, const std::vector<Index>& at) {
  return columns_at<double>(x.transpose(), at).transpose();
}

class Case {
 public:
  Case(const std::string& kind_, const std::string& name)
      : kind(kind_),
        fixture(read_fixture(kind_)),
        recorded(fixture.at("cases").at(name)),
        layout(fixture.at("config")) {
    const json& config = fixture.at("config");
    for (const json& features : config.at("features"))
      options.omics.push_back({std::to_string(options.omics.size()), features.get<Index>()});
    options.shared_factors = config.at("shared");
    for (int v : {1, 2})
      options.private_factors.push_back(config.at("private" + std::to_string(v)));
    options.encoder_units = config.at("encoder_hidden");
    options.decoder_units = config.at("decoder_hidden");
    if (recorded.at("labels_used").get<bool>()) options.labels = as_matrix(fixture.at("labels"));
    options.label_weight = recorded.at("modality_weights")[2];
    batch = poems::make_batch(cohort(), range(0, config.at("samples")), 1);
  }

  std::unique_ptr<Vae> model() const {
    std::unique_ptr<Vae> vae = make(kind, options);
    set_parameters(arrays(recorded.at("parameters")), *vae);
    set_kl_weight(*vae, 0);
    return vae;
  }

  void set_kl_weight(Vae& vae, std::size_t step) const {
    vae.set_kl_weight(recorded.at("beta")[step].get<double>());
  }

  /// Of the latents and data of a fixture, what our models have.
  Arrays arrays(const json& tree) const {
    Arrays list;
    for (std::size_t v = 0; v < 2; ++v) {
      const std::string omic = "omics/" + std::to_string(v) + "/";
      const json &encoder = tree.at("encoders")[v], &decoder = tree.at("decoders")[v];
      list[omic + "encoder/hidden/layer1/weight"] = as_matrix(encoder.at("hidden_weight"));
      list[omic + "encoder/hidden/layer1/bias"] = as_matrix(encoder.at("hidden_bias"));
      for (const std::string head : {"mean", "scale"})
        for (const std::string part : {"weight", "bias"})
          list[omic + "encoder/" + head + "/" + part] =
              rows_at(as_matrix(encoder.at(head + "_" + part)), layout.seen[v]);
      list[omic + "decoder/layer1/weight"] =
          columns_at(as_matrix(decoder.at("hidden_weight")), layout.seen[v]);
      list[omic + "decoder/layer1/bias"] = as_matrix(decoder.at("hidden_bias"));
      list[omic + "decoder/layer2/weight"] = as_matrix(decoder.at("output_weight"));
      list[omic + "decoder/layer2/bias"] = as_matrix(decoder.at("output_bias"));
      list[omic + "noise"] = as_matrix(tree.at("noise")[v]);
    }
    if (options.labels.size() == 0) return list;
    const json& label = tree.at("label_decoder");
    list["label/weight"] = columns_at(as_matrix(label.at("weight")), layout.shared);
    list["label/bias"] = as_matrix(label.at("bias"));
    return list;
  }

  /// view1_cross is what we call omics/0/to/1.
  static std::string draw_name(const std::string& name) {
    if (name == "joint") return name;
    const std::string v = name.substr(4, 1) == "1" ? "0" : "1", w = v == "0" ? "1" : "0";
    return "omics/" + v + (name.size() > 5 ? "/to/" + w : "");
  }

  std::vector<RecordedDraws> draws() const {
    std::vector<RecordedDraws> list(3);
    for (std::size_t step = 0; step < 3; ++step) {
      const json& eps = recorded.at("eps")[step];
      for (std::size_t d = 0; d < eps.size(); ++d) {
        const std::string name = draw_name(recorded.at("forward").at("draws")[d].at("name"));
        const Matrix<double> all = columns(eps[d]);
        list[step].normals_of[name + "/shared"] = rows_at(all, layout.shared);
        for (int v : {0, 1})
          list[step].normals_of[name + "/private/" + std::to_string(v)] =
              rows_at(all, layout.own[v]);
      }
    }
    return list;
  }

  const std::string kind;
  const json fixture, recorded;
  const Layout layout;
  SharedPrivateOptions options;
  poems::Batch<double> batch;

 private:
  /// Without the data of omics that are missing.
  poems::Cohort<double> cohort() const {
    poems::Cohort<double> cohort;
    cohort.samples = fixture.at("config").at("samples");
    for (std::size_t v = 0; v < 2; ++v) {
      poems::OmicData<double> omic;
      std::vector<Index> present;
      omic.column.assign(static_cast<std::size_t>(cohort.samples), -1);
      for (Index i = 0; i < cohort.samples; ++i) {
        if (recorded.at("missing")[v][i].get<bool>()) continue;
        omic.column[i] = static_cast<Index>(present.size());
        present.push_back(i);
      }
      omic.values = columns_at(columns(fixture.at("x")[v]), present);
      omic.fill = poems::Vector<double>::Zero(omic.values.rows());
      cohort.omics.push_back(omic);
    }
    return cohort;
  }
};

void expect_experts(Comparison& compare, const Case& c, Vae& model) {
  Tape<double> tape;
  const Vae::Experts experts = model.encode(tape, c.batch);
  for (std::size_t v = 0; v < 2; ++v) {
    const std::vector<Index>& members = c.batch.omics[v].members;
    const auto expect = [&](const std::string& what, const Matrix<double>& got,
                            const std::vector<Index>& coordinates) {
      const Matrix<double> all = columns(c.recorded.at("forward").at(what)[v]);
      compare.expect("forward", what, columns_at(got, members),
                     columns_at(rows_at(all, coordinates), members), exact);
    };
    const auto sd = [](Var<double> logvar) -> Matrix<double> {
      return (0.5 * logvar->value.array()).exp();
    };
    expect("encoder_mean", experts.shared[v].mean->value, c.layout.shared);
    expect("encoder_mean", experts.own[v].mean->value, c.layout.own[v]);
    expect("encoder_sd", sd(experts.shared[v].logvar), c.layout.shared);
    expect("encoder_sd", sd(experts.own[v].logvar), c.layout.own[v]);
  }
}

void expect_latents(Comparison& compare, const Case& c, const LatentDraw<double>& draw,
                    const json& expected) {
  const auto expect = [&](const std::string& what, Matrix<double> got,
                          const std::vector<Index>& coordinates) {
    Matrix<double> all = rows_at(columns(expected.at(what)), coordinates);
    for (Index i = 0; i < all.cols(); ++i)  // what does not count is ours to choose
      if (draw.counts(i) == 0.0) all.col(i) = got.col(i);
    compare.expect("forward", draw.name + " " + what, got, all, exact);
  };
  const auto expect_block = [&](const poems::pieces::Gaussian<double>& q, Var<double> z,
                                const std::vector<Index>& coordinates) {
    expect("posterior_mean", q.mean->value, coordinates);
    expect("posterior_sd", (0.5 * q.logvar->value.array()).exp(), coordinates);
    expect("z", z->value, coordinates);
  };
  expect_block(draw.q.shared, draw.shared, c.layout.shared);
  for (std::size_t v = 0; v < 2; ++v)
    if (draw.own[v] != nullptr) expect_block(draw.q.own[v], draw.own[v], c.layout.own[v]);
}

/// Explained omics and the label, each as weighted in the total, and the KL divergence.
void expect_terms(Comparison& compare, const Case& c, const LatentDraw<double>& draw,
                  const Terms<double>& terms, const json& expected) {
  compare.expect("terms", "kl/" + draw.name, terms.at("kl/" + draw.name).value->scalar(),
                 expected.at("kl").get<double>(), exact);
  std::size_t omics = 0;
  for (const json& term : expected.at("terms")) {
    const std::string target = term.at("target");
    const bool label = target == "label";
    const std::string name = label ? "label/" + draw.name
                                   : "reconstruction/" + draw.name + "/" +
                                         c.options.omics[target == "view1" ? 0 : 1].name;
    compare.expect("terms", name, -terms.at(name).weighted(),
                   term.at("weight").get<double>() * term.at("loglik").get<double>(), exact);
    const std::vector<Index> every = range(0, c.batch.size());
    const std::size_t v = target == "view1" ? 0 : 1;
    const std::vector<Index>& members = label ? every : c.batch.omics[v].members;
    Var<double> output = label ? draw.logit : draw.omics.at(omics).x_hat;
    Var<double> density = label ? draw.label_log_density : draw.omics.at(omics).log_density;
    if (!label) {
      EXPECT_EQ(draw.omics.at(omics++).omic, v);
    }
    compare.expect("forward", name + " log-likelihood", density->value,
                   columns_at<double>(as_matrix(term.at("loglik_per_sample")).transpose(), members),
                   exact);
    Matrix<double> decoded = columns_at(columns(term.at("decoder_output")), members);
    for (std::size_t i = 0; i < members.size(); ++i)
      if (draw.counts(members[i]) == 0.0) decoded.col(i) = output->value.col(i);
    compare.expect("forward", name + " decoder output", output->value, decoded, exact);
  }
  EXPECT_EQ(omics, draw.omics.size());
}

/// That the coordinates which we leave out have no part in the fixture's model.
void expect_rest_unused(const Case& c) {
  const json& gradients = c.recorded.at("gradients");
  for (std::size_t v = 0; v < 2; ++v) {
    const std::vector<Index>& rest = c.layout.own[1 - v];
    const json &encoder = gradients.at("encoders")[v], &decoder = gradients.at("decoders")[v];
    EXPECT_TRUE(rows_at(as_matrix(encoder.at("mean_weight")), rest).isZero(0.0));
    EXPECT_TRUE(rows_at(as_matrix(encoder.at("scale_weight")), rest).isZero(0.0));
    EXPECT_TRUE(columns_at(as_matrix(decoder.at("hidden_weight")), rest).isZero(0.0));
  }
}

void expect_pass(Comparison& compare, const Case& c, Vae& model) {
  expect_rest_unused(c);
  expect_experts(compare, c, model);
  const RecordedDraws draws = c.draws()[0];
  Tape<double> tape;
  Terms<double> terms;
  const double total = pass(model, c.batch, draws, terms, tape);
  compare.expect("terms", "total", total, c.recorded.at("loss").at("total").get<double>(), exact);
  expect_gradients_as(compare, c.arrays(c.recorded.at("gradients")), model);

  Tape<double> again;
  const std::vector<LatentDraw<double>> list = model.forward(again, c.batch, draws);
  const json& recorded = c.recorded.at("forward").at("draws");
  ASSERT_EQ(list.size(), recorded.size());
  std::size_t expected_terms = 0;
  for (std::size_t d = 0; d < list.size(); ++d) {
    EXPECT_EQ(list[d].name, Case::draw_name(recorded[d].at("name")));
    expect_latents(compare, c, list[d], recorded[d]);
    expect_terms(compare, c, list[d], terms, recorded[d]);
    expected_terms += 1 + recorded[d].at("terms").size();
  }
  EXPECT_EQ(terms.size(), expected_terms);
}

void expect_evaluation(Comparison& compare, const Case& c, Vae& model) {
  const json& recorded = c.recorded.at("evaluation_at_start");
  Tape<double> tape;
  for (std::size_t v = 0; v < 2; ++v) {
    const std::size_t w = 1 - v;
    const auto expect = [&](const std::string& what, const std::vector<std::size_t>& from) {
      compare.expect("evaluation", what, model.predict(tape, c.batch, from, v)->value,
                     columns(recorded.at(what)[v]), exact);
    };
    expect("self_prediction", {v});
    expect("cross_prediction", {w});
    expect("joint_prediction", {0, 1});
  }
  const Matrix<double> latent = columns(recorded.at("latent"));
  const auto blocks = model.embedding(tape, c.batch, poems::pieces::Draws<double>());
  ASSERT_EQ(blocks.size(), 3u);
  EXPECT_EQ(blocks[0].name, "shared");
  EXPECT_EQ(blocks[1].name, "private/0");
  compare.expect("evaluation", "shared", blocks[0].value->value, rows_at(latent, c.layout.shared),
                 exact);
  for (std::size_t v = 0; v < 2; ++v)
    compare.expect("evaluation", "private", blocks[1 + v].value->value,
                   rows_at(latent, c.layout.own[v]), exact);
}

class SharedPrivateFixture : public testing::TestWithParam<std::string> {};

}  // namespace

TEST_P(SharedPrivateFixture, PassAndSteps) {
  for (const std::string name : {"complete", "missing", "supervised"}) {
    SCOPED_TRACE(name);
    const Case c(GetParam(), name);
    const std::unique_ptr<Vae> model = c.model();
    Comparison compare;
    expect_pass(compare, c, *model);
    const poems::Adam<double> adam(adam_config(c.fixture.at("optimizer")), Decay::none);
    expect_steps(
        compare, *model, c.batch, c.draws(), adam, c.recorded,
        [&](const json& tree) { return c.arrays(tree); }, [](const Arrays&) {},
        [&](std::size_t step) { c.set_kl_weight(*model, step); });
  }
}

TEST_P(SharedPrivateFixture, Evaluation) {
  for (const std::string name : {"complete", "supervised"}) {
    const Case c(GetParam(), name);
    Comparison compare;
    expect_evaluation(compare, c, *c.model());
  }
}

INSTANTIATE_TEST_SUITE_P(All, SharedPrivateFixture, testing::ValuesIn(kinds),
                         [](const auto& info) { return info.param; });

TEST(SharedPrivate, MmvaeppHasTheLossOfMmvaeAndOtherGradients) {
  const Case mmvae("mmvae", "complete"), mmvaepp("mmvaepp", "complete");
  const std::unique_ptr<Vae> a = mmvae.model(), b = mmvaepp.model();
  const RecordedDraws draws = mmvae.draws()[0];
  Tape<double> tape;
  Terms<double> terms;
  EXPECT_EQ(pass(*a, mmvae.batch, draws, terms, tape), pass(*b, mmvae.batch, draws, terms, tape));
  const Index shared = mmvae.options.shared_factors, own = mmvae.options.private_factors[0];
  for (std::size_t i = 0; i < a->parameters().size(); ++i) {
    const Parameter<double>&p = *a->parameters()[i], &q = *b->parameters()[i];
    const bool head =
        p.name.find("/mean/") != std::string::npos || p.name.find("/scale/") != std::string::npos;
    if (head) {
      EXPECT_GT((p.gradient - q.gradient).topRows(shared).norm(), 1e-3) << p.name;
      EXPECT_EQ(p.gradient.bottomRows(own), q.gradient.bottomRows(own)) << p.name;
    } else if (p.name.find("/encoder/") != std::string::npos) {
      EXPECT_GT((p.gradient - q.gradient).norm(), 1e-3) << p.name;
    } else {
      EXPECT_EQ(p.gradient, q.gradient) << p.name;
    }
  }
}

// ---- From their own start, three omics, some of them and some values missing, with labels

namespace {

constexpr Index samples = 9;

SharedPrivateOptions three_omics() {
  SharedPrivateOptions options;
  options.omics = {{"mrna", 5}, {"methylation", 4}, {"mirna", 6}};
  options.shared_factors = 3;
  options.private_factors.assign(options.omics.size(), 2);
  options.encoder_units = 6;
  options.decoder_units = 5;
  options.labels.resize(samples);
  options.labels << 0, 1, 1, NAN, 0, 1, 0, 0, NAN;
  options.label_weight = 3.0;
  return options;
}

poems::Batch<double> batch_with_gaps(const std::vector<Index>& numbers) {
  return poems::make_batch(random_cohort<double>(samples, {5, 4, 6}, true), numbers, 1);
}

std::unique_ptr<Vae> started(const std::string& kind) {
  std::unique_ptr<Vae> model = make(kind, three_omics());
  model->initialise(5, {});
  model->set_kl_weight(0.7);
  return model;
}

/// As in training, of the terms whose names pass.
Loss terms_of(
    Vae& model, const poems::Batch<double>& batch, const poems::pieces::Draws<double>& draws,
    std::function<bool(const std::string&)> passes = [](const std::string&) { return true; }) {
  return [&model, &batch, &draws, passes](Tape<double>& tape, Terms<double>& terms) {
    Terms<double> all;
    model.loss(tape, batch, draws, all);
    for (const auto& term : all)
      if (passes(term.name)) terms.add(term.name, term.value, term.weight);
  };
}

class SharedPrivateModel : public testing::TestWithParam<std::string> {};

}  // namespace

TEST_P(SharedPrivateModel, StartsAsItSays) {
  const std::unique_ptr<Vae> model = started(GetParam());
  EXPECT_EQ(model->parameters().size(), 3u * (6u + 4u + 1u) + 2u);
  EXPECT_EQ(model->parameters().front()->name, "omics/mrna/encoder/hidden/layer1/weight");
  EXPECT_EQ(model->parameters().back()->name, "label/bias");
  for (const Parameter<double>* p : model->parameters()) {
    if (p->name.find("/noise") != std::string::npos) {
      EXPECT_TRUE(p->value.isConstant(-1.0)) << p->name;
    }
  }
}

TEST_P(SharedPrivateModel, DrawsAsManyTimesAsItsTableSays) {
  const std::unique_ptr<Vae> model = started(GetParam());
  const poems::Batch<double> batch = batch_with_gaps({0, 1, 2});
  const StreamDraws<double> draws(1, 1, {0, 1, 2});
  const std::map<std::string, std::pair<std::size_t, std::size_t>> expected = {
      {"mvae", {1 + 3, 3 + 3}},
      {"mopoe", {1 + 3 + 6, 3 + 3 + 6}},
      {"mmvae", {3, 9}},
      {"mmvaepp", {3, 9}}};
  Tape<double> tape;
  std::size_t explained = 0;
  std::set<std::string> names;
  for (const LatentDraw<double>& draw : model->forward(tape, batch, draws)) {
    names.insert(draw.name);
    explained += draw.omics.size();
  }
  EXPECT_EQ(names.size(), expected.at(GetParam()).first);
  EXPECT_EQ(explained, expected.at(GetParam()).second);
}

// MoPoE draws from and to an omic even where that is missing: it predicts the others from the
// prior, and pays for their shared blocks once more.
TEST_P(SharedPrivateModel, AnOmicThatNoSampleHasIsAsGoodAsNone) {
  SharedPrivateOptions three = three_omics(), two = three_omics();
  three.labels.resize(0);
  two.labels.resize(0);
  two.omics.pop_back();
  const std::unique_ptr<Vae> a = make(GetParam(), three), b = make(GetParam(), two);
  a->initialise(5, {});
  b->initialise(5, {});  // omics start one after the other: the first two alike
  poems::Cohort<double> cohort = random_cohort<double>(samples, {5, 4, 6}, true);
  cohort.omics[2].column.assign(samples, -1);
  const std::vector<Index> all = all_samples(samples);
  const StreamDraws<double> draws(1, 1, all);
  Tape<double> tape;
  const auto total = [&](Vae& model, double& of_third) {
    Terms<double> terms;
    tape.reset();
    model.loss(tape, poems::make_batch(cohort, all, 1), draws, terms);
    of_third = 0.0;
    for (const auto& term : terms)
      if (term.name.find("/mirna/to/") != std::string::npos ||
          term.name.find("/to/mirna") != std::string::npos)
        of_third += term.weight * term.value->scalar();
    return terms.total();
  };
  double of_third, none;
  const double with = total(*a, of_third);
  cohort.omics.pop_back();
  const double without = total(*b, none);
  EXPECT_EQ(of_third > 0.0, GetParam() == "mopoe");
  EXPECT_EQ(none, 0.0);
  EXPECT_NEAR(with - of_third, without, 1e-10);
}

TEST_P(SharedPrivateModel, SamplesWithoutAnyOmicHaveThePriorAndAddNothing) {
  const std::unique_ptr<Vae> model = started(GetParam());
  poems::Cohort<double> cohort = random_cohort<double>(samples, {5, 4, 6}, true);
  for (auto& omic : cohort.omics) omic.column.assign(samples, -1);
  const poems::Batch<double> batch = poems::make_batch(cohort, {3, 5}, 1);
  Tape<double> tape;
  Terms<double> terms;
  const StreamDraws<double> draws(1, 1, batch.samples);
  model->loss(tape, batch, draws, terms);
  tape.backward(terms, model->parameters());
  for (const auto& term : terms) {
    if (term.name.find("label/") == std::string::npos) {
      EXPECT_EQ(term.value->scalar(), 0.0) << term.name;
    }
  }
  for (const auto& block : model->embedding(tape, batch, draws))
    EXPECT_TRUE(block.value->value.isZero()) << block.name;
  for (const Parameter<double>* p : model->parameters()) {
    if (p->name.find("label") == std::string::npos) {
      EXPECT_TRUE(p->gradient.isZero()) << p->name;
    }
  }
}

TEST_P(SharedPrivateModel, ALossIsTheMeanOverItsSamples) {
  const std::unique_ptr<Vae> model = started(GetParam());
  const auto total = [&](const std::vector<Index>& numbers) {
    Tape<double> tape;
    Terms<double> terms;
    model->loss(tape, batch_with_gaps(numbers), StreamDraws<double>(1, 1, numbers), terms);
    return terms.total();
  };
  EXPECT_NEAR(total({7, 2, 4}), (total({2}) + total({4}) + total({7})) / 3.0, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(All, SharedPrivateModel, testing::ValuesIn(kinds),
                         [](const auto& info) { return info.param; });

TEST(SharedPrivateGradients, Models) {
  const std::vector<Index> all = all_samples(samples);
  const poems::Batch<double> batch = batch_with_gaps(all);
  const StreamDraws<double> draws(1, 1, all);
  for (const std::string kind : {"mvae", "mopoe", "mmvae"}) {
    SCOPED_TRACE(kind);
    const std::unique_ptr<Vae> model = started(kind);
    expect_gradients_of(terms_of(*model, batch, draws), model->parameters());
  }
}

/// A model with sparse decoders, started.
std::unique_ptr<Vae> started_sparse(const std::string& kind, bool fixed_encoders) {
  SharedPrivateOptions options = three_omics();
  options.private_factors = {2, 1, 3};
  options.sparse = true;
  options.fixed_encoders = fixed_encoders;
  options.sparse_settings.decoder_hidden = 5;
  std::vector<poems::Vector<double>> noise;
  for (const auto& omic : options.omics) {
    options.sparse_omics.push_back({omic.features, 0.3, 1.0, poems::Family::gaussian});
    noise.push_back(poems::Vector<double>::Constant(omic.features, 0.8));
  }
  std::unique_ptr<Vae> model = make(kind, options);
  model->initialise(5, noise);
  return model;
}

// With sparse decoders all but the penalty, which has a proximal step, comes by the gradient.
TEST(SharedPrivateGradients, SparseDecoders) {
  const std::vector<Index> all = all_samples(samples);
  const poems::Batch<double> batch = batch_with_gaps(all);
  const StreamDraws<double> draws(1, 1, all);
  for (const std::string kind : {"mvae", "mopoe", "mmvae"}) {
    SCOPED_TRACE(kind);
    const std::unique_ptr<Vae> model = started_sparse(kind, false);
    std::vector<Parameter<double>*> parameters;
    for (Parameter<double>* p : model->parameters())  // MVAE predicts no omic from another
      if (kind != "mvae" || p->name.find("/across/") == std::string::npos) parameters.push_back(p);
    expect_gradients_of(
        terms_of(*model, batch, draws,
                 [](const std::string& name) { return name.find("penalty") == std::string::npos; }),
        parameters);
  }
}

// Fixed encoders change no loss and no gradient of the decoders, and stay as they are.
TEST(SharedPrivate, FixedEncodersStay) {
  const std::vector<Index> all = all_samples(samples);
  const poems::Batch<double> batch = batch_with_gaps(all);
  const StreamDraws<double> draws(1, 1, all);
  for (const std::string kind : {"mvae", "mopoe", "mmvae", "mmvaepp"}) {
    SCOPED_TRACE(kind);
    const std::unique_ptr<Vae> fixed = started_sparse(kind, true),
                               moving = started_sparse(kind, false);
    Tape<double> tape, other;
    Terms<double> terms, expected;
    fixed->gradients(tape, batch, draws, terms);
    moving->gradients(other, batch, draws, expected);
    EXPECT_EQ(terms.total(), expected.total());
    std::vector<Matrix<double>> before;
    for (Parameter<double>* p : fixed->parameters()) before.push_back(p->value);
    poems::Adam<double> adam({0.01, 0.1}, poems::Decay::decoupled);
    fixed->step(adam, 1);
    for (std::size_t i = 0; i < before.size(); ++i) {
      const Parameter<double>&p = *fixed->parameters()[i], &q = *moving->parameters()[i];
      SCOPED_TRACE(p.name);
      if (p.name.find("/encoder/") == std::string::npos) {
        EXPECT_EQ(p.gradient, q.gradient);
      } else {
        EXPECT_EQ(p.value, before[i]);
      }
    }
    EXPECT_NE(fixed->parameters().back()->value, before.back());  // of a decoder
  }
}

// MMVAE++ does not follow the slope of its loss. What its shared block follows is that of the terms
// in which a draw does not explain its own omic.
TEST(SharedPrivateGradients, Mmvaepp) {
  const std::vector<Index> all = all_samples(samples);
  const poems::Batch<double> batch = batch_with_gaps(all);
  const StreamDraws<double> draws(1, 1, all);
  const std::unique_ptr<Vae> mmvaepp = started("mmvaepp"), mmvae = started("mmvae");
  Tape<double> tape;
  Terms<double> terms;
  const auto gradient_at = [&](Vae& model, const Loss& loss) {
    tape.reset();
    terms.clear();
    loss(tape, terms);
    tape.backward(terms, model.parameters());
  };
  const auto across = [](const std::string& name) {
    for (const std::string v : {"mrna", "methylation", "mirna"})
      if (name == "reconstruction/omics/" + v + "/" + v) return false;
    return true;
  };
  // That MMVAE's gradients are right is tested above.
  gradient_at(*mmvaepp, terms_of(*mmvaepp, batch, draws));
  std::map<std::string, Matrix<double>> expected;
  gradient_at(*mmvae, terms_of(*mmvae, batch, draws, across));
  for (const Parameter<double>* p : mmvae->parameters()) expected[p->name] = p->gradient;
  gradient_at(*mmvae, terms_of(*mmvae, batch, draws));
  int heads = 0;
  for (std::size_t i = 0; i < mmvae->parameters().size(); ++i) {
    const Parameter<double>&whole = *mmvae->parameters()[i], &p = *mmvaepp->parameters()[i];
    if (p.name.find("/mean/") != std::string::npos || p.name.find("/scale/") != std::string::npos) {
      EXPECT_TRUE(p.gradient.topRows(3).isApprox(expected.at(p.name).topRows(3), 1e-12)) << p.name;
      EXPECT_GT((p.gradient - whole.gradient).topRows(3).norm(), 1e-3) << p.name;
      EXPECT_TRUE(p.gradient.bottomRows(2).isApprox(whole.gradient.bottomRows(2), 1e-12));
      ++heads;
    } else if (p.name.find("/encoder/") == std::string::npos) {
      EXPECT_TRUE(p.gradient.isApprox(whole.gradient, 1e-12)) << p.name;
    }
  }
  EXPECT_EQ(heads, 12);
}

TEST(SharedPrivate, KlWeightGrowsToOne) {
  const std::unique_ptr<Vae> model = started("mvae");
  const poems::Batch<double> batch = batch_with_gaps({0, 1});
  const auto weight = [&](long epoch, long epochs) {
    Tape<double> tape;
    Terms<double> terms;
    model->enter({true, epoch, epochs, 2, 1});
    model->loss(tape, batch, StreamDraws<double>(1, 1, {0, 1}), terms);
    return terms.at("kl/joint").weight;
  };
  EXPECT_DOUBLE_EQ(weight(1, 5), 1e-5);
  EXPECT_DOUBLE_EQ(weight(3, 5), 0.5 * (1.0 + 1e-5));
  EXPECT_DOUBLE_EQ(weight(5, 5), 1.0);
  EXPECT_DOUBLE_EQ(weight(1, 1), 1e-5);
  model->enter({false, 1, 5, 2, 1});
  Tape<double> tape;
  Terms<double> terms;
  model->loss(tape, batch, StreamDraws<double>(1, 1, {0, 1}), terms);
  EXPECT_DOUBLE_EQ(terms.at("kl/joint").weight, 1.0) << "in validation";
}
