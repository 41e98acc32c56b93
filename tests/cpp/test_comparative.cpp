// Comparative VAEs: against an independent implementation (see fixtures/README.md), every gradient
// against finite differences, and what they are for: planted salient factors are found.
#include <gtest/gtest.h>

#include <numeric>

#include "complete_batch.h"
#include "gradient_check.h"
#include "model_fixture.h"
#include "models/comparative.h"

using namespace poems_test;
using poems::Batch;
using poems::Decay;
using poems::Family;
using poems::Vector;
using poems::models::Balance;
using poems::models::Comparative;
using poems::models::ComparativeOptions;
using poems::models::Group;
using poems::pieces::StreamDraws;

namespace {

const std::map<std::string, Family> families = {{"gaussian", Family::gaussian},
                                                {"poisson", Family::poisson},
                                                {"negative_binomial", Family::negative_binomial}};

// ---- Fixtures

ComparativeOptions fixture_options(const json& s) {
  const std::string model = s.at("model");
  ComparativeOptions o;
  o.omics = {{"x", s.at("D")}};
  o.families = {families.at(s.at("family"))};
  o.noise_prior = {1.0};
  o.shared = s.at("p");
  o.salient = s.at("q");
  o.inference.encoder_units = o.generation.decoder_units = s.at("H");
  o.generation.sparse = s.at("decoder") == "sparse";
  o.target_share = s.at("weight_pooled_target");
  o.balance = model == "mo" || model == "co_mo" ? Balance::pareto : Balance::pooled;
  o.kl_weight = s.at("beta");
  const bool bounded = model == "co" || model == "co_mo";
  o.independence = bounded ? s.at("epsilon").get<double>() / s.at("hsic_null").get<double>() : 0.0;
  o.dual.rule =
      s.at("dual") == "geco" ? poems::pieces::DualRule::geco : poems::pieces::DualRule::additive;
  o.dual.start = s.at("lambda0");
  o.dual.rate = s.at("eta");
  o.dual.memory = s.at("rho");
  return o;
}

/// Samples x features of the target, then of the background, with features in rows.
Matrix<double> side_by_side(const json& fixture, const std::string& name) {
  const Matrix<double> target = columns(fixture.at(name + "target"));
  const Matrix<double> background = columns(fixture.at(name + "background"));
  Matrix<double> both(target.rows(), target.cols() + background.cols());
  both << target, background;
  return both;
}

std::vector<int> target_first(Index targets, Index backgrounds) {
  std::vector<int> groups(targets, Group::target);
  groups.resize(targets + backgrounds, Group::background);
  return groups;
}

/// Counts as the only link that adds nothing but library sizes.
void set_counts(const Matrix<double>& counts, const Vector<double>& library,
                poems::OmicBatch<double>& omic) {
  const Index features = counts.rows();
  omic.targets = counts.transpose();
  omic.offset = library.array().log();
  omic.link = std::make_shared<const poems::LinkScale<double>>(
      poems::LinkScale<double>{Vector<double>::Zero(features), Vector<double>::Ones(features), {}});
}

Batch<double> fixture_batch(const json& fixture) {
  const json& s = fixture.at("settings");
  const Matrix<double> x = side_by_side(fixture, "x_");
  const bool counts = s.at("family") != "gaussian";
  Batch<double> batch =
      complete_batch<double>({counts ? side_by_side(fixture, "encoder_input_") : x});
  batch.groups = target_first(s.at("nt"), s.at("nb"));
  if (counts) set_counts(x, side_by_side(fixture, "library_").transpose(), batch.omics[0]);
  return batch;
}

RecordedDraws fixture_draws(const json& step) {
  RecordedDraws draws;
  draws.normals_of["z"] = side_by_side(step, "noise_z_");
  const Matrix<double> t = columns(step.at("noise_t_target"));
  Matrix<double> noise = Matrix<double>::Constant(t.rows(), draws.normals_of["z"].cols(), 7.0);
  noise.leftCols(t.cols()) = t;  // the background's has no part in anything
  draws.normals_of["t"] = noise;
  return draws;
}

/// The parameters of a fixture by the model's names.
Arrays fixture_arrays(const json& tree) {
  Arrays arrays;
  for (const auto& item : tree.items()) arrays[item.key()] = as_matrix(item.value());
  const std::vector<std::pair<std::string, std::string>> names = {
      {".W", "/weight"},
      {".b", "/bias"},
      {"enc_z.", "omics/x/shared/encoder/"},
      {"enc_t.", "omics/x/salient/encoder/"},
      {"dec.A", "omics/x/decoder/hidden/weight"},
      {"dec/weight", "omics/x/decoder/loadings"},
      {"dec.v", "omics/x/decoder/output/weight"},
      {"dec.c", "omics/x/decoder/output/bias"},
      {"dec.out", "omics/x/decoder/output"},
      {"dec.hidden", "omics/x/decoder/hidden/layer"},
      {"encoder/hidden1", "encoder/hidden/layer1"},
      {"encoder/hidden2", "encoder/hidden/layer2"},
      {"logsigma", "omics/x/log_sigma"},
      {"logdisp", "omics/x/log_dispersion"}};
  for (const auto& name : names) rename(arrays, name.first, name.second);
  return arrays;
}

class ComparativeFixture {
 public:
  explicit ComparativeFixture(const json& fixture)
      : settings_(fixture.at("settings")),
        steps_(fixture.at("steps")),
        batch_(fixture_batch(fixture)),
        model_(fixture_options(settings_)) {
    set_parameters(fixture_arrays(fixture.at("parameters")), model_);
  }

  void expect_all() {
    poems::Adam<double> adam({settings_.at("lr").get<double>(), 0.0}, Decay::none);
    expect_closed_forms();
    for (std::size_t k = 0; k < 3; ++k) {
      SCOPED_TRACE("step " + std::to_string(k + 1));
      const json& step = steps_[k];
      tolerance_ = k == 0 ? exact : after_steps;
      const RecordedDraws draws = fixture_draws(step);
      if (k == 0) expect_forward(step, draws);
      expect_losses(step, draws);
      expect_step(step, draws, adam);
    }
  }

 private:
  void expect(const std::string& kind, const std::string& what, double got, const json& expected) {
    compare_.expect(kind, what, got, expected.get<double>(), tolerance_);
  }

  void expect(const std::string& kind, const std::string& what, const Matrix<double>& got,
              const json& expected) {
    compare_.expect(kind, what, got, columns(expected), tolerance_);
  }

  Index targets() const { return settings_.at("nt"); }
  Index backgrounds() const { return settings_.at("nb"); }
  Index p() const { return settings_.at("p"); }
  Index q() const { return settings_.at("q"); }

  void expect_closed_forms() {
    using poems::pieces::expected_hsic, poems::pieces::kernel_rate;
    expect("closed forms", "gamma_z", kernel_rate(p()), settings_.at("gamma_z"));
    expect("closed forms", "gamma_t", kernel_rate(q()), settings_.at("gamma_t"));
    expect("closed forms", "h_0", expected_hsic(targets(), p(), q()), settings_.at("hsic_null"));
  }

  void expect_forward(const json& step, const RecordedDraws& draws) {
    Tape<double> tape;
    const auto pass = model_.forward(tape, batch_, draws);
    const auto of_target = [&](Var<double> x) { return x->value.leftCols(targets()); };
    const auto of_background = [&](Var<double> x) { return x->value.rightCols(backgrounds()); };
    expect("forward", "z_t", of_target(pass.z), step.at("z_t"));
    expect("forward", "t_t", of_target(pass.t), step.at("t_t"));
    expect("forward", "z_b", of_background(pass.z), step.at("z_b"));
    EXPECT_TRUE(of_background(pass.t).isZero(0.0));
    expect("forward", "f_t", of_target(pass.x_hat[0]), step.at("f_t"));
    expect("forward", "f_b", of_background(pass.x_hat[0]), step.at("f_b"));
    for (const std::string head : {"mean", "logvar"}) {
      const bool mean = head == "mean";
      Var<double> z = mean ? pass.q_z.mean : pass.q_z.logvar;
      Var<double> t = mean ? pass.q_t.mean : pass.q_t.logvar;
      expect("forward", "enc_z_target", of_target(z), step.at("enc_z_target").at(head));
      expect("forward", "enc_z_background", of_background(z), step.at("enc_z_background").at(head));
      expect("forward", "enc_t_target", of_target(t), step.at("enc_t_target").at(head));
    }
    expect_hsic(step, of_target(pass.z), of_target(pass.t));
  }

  void expect_hsic(const json& step, const Matrix<double>& z, const Matrix<double>& t) {
    using poems::pieces::gaussian_kernel, poems::pieces::hsic;
    expect("HSIC", "K", gaussian_kernel(z), step.at("kernel_z"));
    expect("HSIC", "L", gaussian_kernel(t), step.at("kernel_t"));
    Parameter<double> in_z("z", z.rows(), z.cols()), in_t("t", t.rows(), t.cols());
    in_z.value = z;
    in_t.value = t;
    Tape<double> tape;
    Terms<double> terms;
    terms.add("hsic", hsic(tape, tape.parameter(in_z), tape.parameter(in_t)));
    tape.backward(terms, {&in_z, &in_t});
    expect("HSIC", "value", terms.total(), step.at("hsic"));
    expect("HSIC", "d_z", in_z.gradient, step.at("d_hsic_d_z"));
    expect("HSIC", "d_t", in_t.gradient, step.at("d_hsic_d_t"));
  }

  /// L_t, L_b, HSIC, their gradients, and the weight that balances them.
  void expect_losses(const json& step, const RecordedDraws& draws) {
    Tape<double> tape;
    const auto pass = model_.forward(tape, batch_, draws);
    const double b = settings_.at("beta");
    const Terms<double> L_t = model_.group_loss(tape, batch_, pass, Group::target, b);
    const Terms<double> L_b = model_.group_loss(tape, batch_, pass, Group::background, b);
    expect("losses", "L_t", L_t.total(), step.at("L_t"));
    expect("losses", "L_b", L_b.total(), step.at("L_b"));
    if (step.contains("nll_t")) expect_terms(step, L_t, L_b);

    const auto g_t = gradient(tape, L_t, step, "grad_L_t");
    const auto g_b = gradient(tape, L_b, step, "grad_L_b");
    using poems::pieces::inner_product;
    expect("min-norm", "g_t'g_t", inner_product(g_t, g_t), step.at("dot_tt"));
    expect("min-norm", "g_b'g_b", inner_product(g_b, g_b), step.at("dot_bb"));
    expect("min-norm", "g_t'g_b", inner_product(g_t, g_b), step.at("dot_tb"));
    expect("min-norm", "weight", poems::pieces::min_norm_weight(g_t, g_b),
           step.at("alpha_min_norm"));

    std::vector<Index> of_target(targets());
    std::iota(of_target.begin(), of_target.end(), Index(0));
    Terms<double> hsic;
    hsic.add("hsic", poems::pieces::hsic(tape, poems::pieces::gather(tape, pass.z, of_target),
                                         poems::pieces::gather(tape, pass.t, of_target)));
    expect("losses", "HSIC", hsic.total(), step.at("hsic"));
    if (!step.contains("grad_hsic")) return;
    tape.backward(hsic, model_.parameters());
    Arrays expected = fixture_arrays(step.at("grad_hsic"));
    // HSIC does not change when a latent is shifted: what is left of these is rounding.
    for (Parameter<double>* p : model_.parameters()) {
      if (p->name.find("encoder/mean/bias") == std::string::npos) continue;
      EXPECT_LT(p->gradient.cwiseAbs().maxCoeff(), 1e-15);
      EXPECT_LT(expected.at(p->name).cwiseAbs().maxCoeff(), 1e-15);
      p->gradient = expected.at(p->name);
    }
    expect_gradients_as(compare_, expected, model_, "grad_hsic");
  }

  void expect_terms(const json& step, const Terms<double>& L_t, const Terms<double>& L_b) {
    const auto value = [](const Terms<double>& terms, const std::string& name) {
      return terms.at(name).value->scalar();
    };
    expect("losses", "nll_t", value(L_t, "target/reconstruction/x"), step.at("nll_t"));
    expect("losses", "kl_z_t", value(L_t, "target/kl_shared"), step.at("kl_z_t"));
    expect("losses", "kl_t_t", value(L_t, "target/kl_salient"), step.at("kl_t_t"));
    expect("losses", "nll_b", value(L_b, "background/reconstruction/x"), step.at("nll_b"));
    expect("losses", "kl_z_b", value(L_b, "background/kl_shared"), step.at("kl_z_b"));
  }

  /// The gradients of all that both groups train, compared where they are recorded.
  std::vector<Matrix<double>> gradient(Tape<double>& tape, const Terms<double>& terms,
                                       const json& step, const std::string& name) {
    tape.backward(terms, model_.parameters());
    if (step.contains(name))
      expect_gradients_as(compare_, fixture_arrays(step.at(name)), model_, name);
    std::vector<Matrix<double>> list;
    for (const Parameter<double>* p : model_.parameters())
      if (p->name.find("/salient/") == std::string::npos) list.push_back(p->gradient);
    return list;
  }

  void expect_step(const json& step, const RecordedDraws& draws, poems::Adam<double>& adam) {
    const bool bounded = settings_.at("model") == "co" || settings_.at("model") == "co_mo";
    Tape<double> tape;
    Terms<double> terms;
    model_.enter({true, 1, 1, 1, 1});
    expect("dual", "before", model_.dual().multiplier, step.at("lambda_before"));
    model_.gradients(tape, batch_, draws, terms);
    expect("step", "total", terms.total(), step.at("total"));
    expect("step", "weight", model_.target_weight(), step.at("weight_target"));
    if (bounded) expect("dual", "excess", model_.excess(), step.at("constraint"));
    if (step.contains("grad_total"))
      expect_gradients_as(compare_, fixture_arrays(step.at("grad_total")), model_, "grad_total");
    adam.step(model_.parameters(), 1);
    model_.after_step(1);
    expect("dual", "after", model_.dual().multiplier, step.at("lambda_after"));
    if (bounded) expect("dual", "mean", model_.dual().mean, step.at("cbar_after"));
    if (step.contains("parameters_after"))
      expect_values(compare_, "parameters", fixture_arrays(step.at("parameters_after")), model_);
  }

  const json settings_, steps_;
  Batch<double> batch_;
  Comparative<double> model_;
  Comparison compare_;
  double tolerance_ = exact;
};

void expect_cases(const std::string& file) {
  const json cases = read_fixture(file);
  for (const auto& item : cases.items()) {
    SCOPED_TRACE(item.key());
    std::cout << item.key() << "\n";
    ComparativeFixture(item.value()).expect_all();
  }
}

}  // namespace

TEST(ComparativeFixture, PooledAndPareto) { expect_cases("mo_cvae"); }
TEST(ComparativeFixture, Bounded) { expect_cases("co_cvae"); }

// ---- Gradients of whole models, from their own start, with dropout and priors

namespace {

constexpr Index samples = 9;

ComparativeOptions small_options(bool sparse, const std::vector<Family>& omics) {
  ComparativeOptions o;
  for (std::size_t v = 0; v < omics.size(); ++v)
    o.omics.push_back({std::to_string(v), static_cast<Index>(5 + v)});
  o.families = omics;
  o.noise_prior.assign(omics.size(), 0.6);
  o.shared = 3;
  o.salient = 2;
  o.inference = {6, 5, 0.2};
  o.generation.sparse = sparse;
  o.generation.decoder_units = 6;
  o.generation.dropout = 0.2;
  o.target_share = 0.4;
  o.independence = 1.5;
  o.dual.start = 0.7;
  o.training_samples = 20;
  return o;
}

/// Samples of both groups, not in order, with counts where the family has them.
Batch<double> small_batch(const ComparativeOptions& o) {
  std::vector<Matrix<double>> x;
  for (std::size_t v = 0; v < o.omics.size(); ++v)
    x.push_back(normals(o.omics[v].features, samples, 30 + v));
  Batch<double> batch = complete_batch(x);
  batch.groups = {1, 0, 1, 1, 0, 0, 1, 0, 1};
  for (std::size_t v = 0; v < o.omics.size(); ++v)
    if (o.families[v] != Family::gaussian)
      set_counts((2.0 * x[v].array().abs()).floor(),
                 0.5 + 0.5 * normals(samples, 1, 40 + v).array().abs(), batch.omics[v]);
  return batch;
}

void start(const ComparativeOptions& o, Comparative<double>& model) {
  std::vector<Vector<double>> noise;
  for (const auto& omic : o.omics) noise.push_back(Vector<double>::Constant(omic.features, 0.8));
  model.initialise(5, noise);
  std::uint64_t seed = 70;
  for (Parameter<double>* p : model.parameters())
    p->value += 0.1 * normals(p->value.rows(), p->value.cols(), seed++);
}

StreamDraws<double> some_draws() {
  std::vector<Index> numbers(samples);
  std::iota(numbers.begin(), numbers.end(), Index(0));
  return {1, 1, numbers};
}

void expect_model_gradients(const ComparativeOptions& o, bool gaps = false) {
  Comparative<double> model(o);
  start(o, model);
  Batch<double> batch = small_batch(o);
  if (gaps) {  // of the first three samples one lacks the first omic, one the second
    batch.omics[0] = some_members(batch.omics[0], {0, 2, 3, 4, 5, 6, 7, 8});
    batch.omics[1] = some_members(batch.omics[1], {1, 2, 3, 4, 5, 6, 7, 8});
  }
  const StreamDraws<double> draws = some_draws();
  expect_gradients_of(
      [&](Tape<double>& tape, Terms<double>& terms) {
        model.gradients(tape, batch, draws, terms);
        EXPECT_NE(terms.at("dependence").value->scalar(), 0.0);
      },
      model.parameters());
}

}  // namespace

TEST(ComparativeGradients, OfEveryFamilyAndDecoder) {
  for (bool sparse : {true, false})
    for (Family family :
         {Family::gaussian, Family::bernoulli, Family::poisson, Family::negative_binomial}) {
      SCOPED_TRACE((sparse ? "sparse, family " : "dense, family ") +
                   std::to_string(static_cast<int>(family)));
      expect_model_gradients(small_options(sparse, {family}));
    }
}

TEST(ComparativeGradients, OfSeveralOmics) {
  for (bool sparse : {true, false})
    for (bool gaps : {false, true})
      expect_model_gradients(small_options(sparse, {Family::gaussian, Family::negative_binomial}),
                             gaps);
}

// ---- What a step does

// From next to 0, the first step of Adam takes a loading as far as its rate, and the proximal step
// takes it back where its gradient is below what the prior costs.
TEST(Comparative, LoadingsThatArentWorthTheirPriorAreExactlyZero) {
  ComparativeOptions o = small_options(true, {Family::gaussian});
  o.generation.exact_zeros = true;
  o.independence = 0.0;
  Comparative<double> model(o);
  start(o, model);
  const auto named = [&](const std::string& name) {
    for (Parameter<double>* p : model.parameters())
      if (p->name == "omics/0/decoder/" + name) return p;
    throw std::invalid_argument(name);
  };
  Parameter<double>&W = *named("loadings"), &A = *named("hidden/weight");
  W.value.setConstant(1e-9);
  Batch<double> batch = small_batch(o);
  Tape<double> tape;
  Terms<double> terms;
  model.gradients(tape, batch, some_draws(), terms);
  const Matrix<double> slope = W.gradient.cwiseAbs();
  const double cost =
      0.5 * (o.generation.lambda0 + o.generation.lambda1) / static_cast<double>(o.training_samples);
  poems::Adam<double> adam({0.01, 0.0}, Decay::none);
  model.step(adam, 1);
  EXPECT_TRUE(A.value.colwise().norm().isOnes(1e-12));
  Index zeros = 0;
  for (Index i = 0; i < W.value.size(); ++i) {
    EXPECT_EQ(W.value(i) == 0.0, slope(i) < cost);
    zeros += W.value(i) == 0.0;
  }
  EXPECT_GT(zeros, 0);
  EXPECT_LT(zeros, W.value.size());
}

TEST(Comparative, SalientFactorsAndTheirLoadingsAreTheTargetsAlone) {
  const ComparativeOptions o = small_options(true, {Family::gaussian});
  Comparative<double> model(o);
  start(o, model);
  Batch<double> batch = small_batch(o);
  Tape<double> tape;
  const StreamDraws<double> draws = some_draws();
  const auto blocks = model.embedding(tape, batch, draws);
  ASSERT_EQ(blocks.size(), 2u);
  for (Index i = 0; i < samples; ++i)
    EXPECT_EQ(blocks[1].value->value.col(i).isZero(0.0), batch.groups[i] == Group::background);

  tape.reset();
  const auto pass = model.forward(tape, batch, draws);
  tape.backward(model.group_loss(tape, batch, pass, Group::background, 1.0), model.parameters());
  for (const Parameter<double>* p : model.parameters()) {
    if (p->name.find("/salient/") != std::string::npos) {
      EXPECT_TRUE(p->gradient.isZero(0.0));
    } else if (p->name == "omics/0/decoder/loadings") {
      EXPECT_FALSE(p->gradient.topRows(o.shared).isZero(0.0));
      EXPECT_TRUE(p->gradient.bottomRows(o.salient).isZero(0.0));
    }
  }
  // A batch without groups is all background.
  batch.groups.clear();
  tape.reset();
  EXPECT_TRUE(model.embedding(tape, batch, draws)[1].value->value.isZero(0.0));
}

TEST(Comparative, WarmsUpAndIsBoundedLater) {
  ComparativeOptions o = small_options(false, {Family::gaussian});
  o.kl_weight = 2.0;
  Comparative<double> model(o);
  start(o, model);
  const Batch<double> batch = small_batch(o);
  const StreamDraws<double> draws = some_draws();
  Tape<double> tape;
  for (long epoch : {1, 3, 5, 10, 11}) {
    SCOPED_TRACE(epoch);
    Terms<double> terms;
    tape.reset();
    model.enter({true, epoch, 25, 1, 1});
    const double before = model.dual().multiplier;
    model.gradients(tape, batch, draws, terms);
    model.after_step(1);
    const double b = std::min(2.0, 2.0 * static_cast<double>(epoch) / 5.0);
    EXPECT_NEAR(terms.at("target/kl_salient").weight, b * o.target_share, 1e-15);
    const bool bounded = epoch > 10;
    EXPECT_EQ(terms.size(), bounded ? 7u : 6u);
    EXPECT_EQ(model.dual().multiplier != before, bounded);
    EXPECT_EQ(model.may_be_best(), bounded && model.excess() <= 0.1);
  }
  // What epochs are compared by does not warm up, and has neither bound nor priors.
  Terms<double> terms;
  tape.reset();
  model.enter({true, 1, 25, 1, 1});
  model.loss(tape, batch, draws, terms);
  EXPECT_EQ(terms.size(), 5u);
  EXPECT_NEAR(terms.at("background/kl_shared").weight, 2.0 * 0.6, 1e-15);
}

TEST(Comparative, ASnapshotHoldsAllThatIsLearned) {
  ComparativeOptions o = small_options(true, {Family::gaussian});
  o.balance = Balance::pareto;
  Comparative<double> one(o), two(o);
  start(o, one);
  start(o, two);
  const Batch<double> batch = small_batch(o);
  const StreamDraws<double> draws = some_draws();
  Tape<double> tape;
  const auto step = [&](Comparative<double>& model, poems::Adam<double> adam) {
    Terms<double> terms;
    tape.reset();
    model.gradients(tape, batch, draws, terms);
    adam.step(model.parameters(), 1);
    model.after_step(1);
    return terms.total();
  };
  const poems::Adam<double> adam({0.01, 0.0}, Decay::none);
  const double first = step(one, adam);
  for (std::size_t i = 0; i < one.parameters().size(); ++i) {
    two.parameters()[i]->value = one.parameters()[i]->value;
    two.parameters()[i]->first_moment = one.parameters()[i]->first_moment;
    two.parameters()[i]->second_moment = one.parameters()[i]->second_moment;
  }
  ASSERT_EQ(one.state().size(), 3u);
  EXPECT_EQ(one.state()[1].name, "omics/0/inclusion_probability");
  for (std::size_t i = 0; i < one.state().size(); ++i) {
    EXPECT_NE(two.state()[i].value, one.state()[i].value) << one.state()[i].name;
    two.state()[i].value = one.state()[i].value;
  }
  const double second = step(one, adam);
  EXPECT_NE(first, second);
  EXPECT_EQ(step(two, adam), second);
  EXPECT_EQ(two.dual().multiplier, one.dual().multiplier);
}

// ---- What they are for

namespace {

/// Target samples, then background samples, x = A z + B t + noise; z_1 and t_1 correlate by `r`.
struct World {
  static constexpr Index n = 200, features = 20;
  Matrix<float> z, t, x;

  explicit World(double r) {
    Matrix<double> latent = normals(4, 2 * n, 3);
    latent.row(2) = r * latent.row(0) + std::sqrt(1.0 - r * r) * latent.row(2);
    latent.bottomRightCorner(2, n).setZero();
    z = latent.topRows(2).cast<float>();
    t = latent.bottomRows(2).cast<float>();
    x = (normals(features, 4, 4) * latent + 0.3 * normals(features, 2 * n, 5)).cast<float>();
  }

  Batch<float> batch() const {
    Batch<float> all = complete_batch<float>({x});
    all.groups = target_first(n, n);
    return all;
  }
};

ComparativeOptions world_options() {
  ComparativeOptions o;
  o.omics = {{"x", World::features}};
  o.families = {Family::gaussian};
  o.noise_prior = {0.1};
  o.shared = o.salient = 2;
  o.inference.encoder_units = o.generation.decoder_units = 24;
  o.generation.sparse = false;
  o.independence = 0.0;
  return o;
}

/// Trains on all samples at once. Returns the mean of HSIC / h_0 over the last steps.
double train(const World& world, Comparative<float>& model, long epochs) {
  const Batch<float> batch = world.batch();
  model.initialise(1, {Vector<double>::Ones(World::features)});
  poems::Adam<float> adam({0.01, 0.0}, Decay::none);
  Tape<float> tape;
  Terms<float> terms;
  double dependence = 0.0;
  constexpr long last = 50;
  for (long epoch = 1; epoch <= epochs; ++epoch) {
    const StreamDraws<float> draws(1, static_cast<std::uint64_t>(epoch), batch.samples);
    tape.reset();
    terms.clear();
    model.enter({true, epoch, epochs, 1, 1});
    model.gradients(tape, batch, draws, terms);
    model.step(adam, 1);
    if (epoch <= epochs - last) continue;
    tape.reset();
    const auto pass = model.encode(tape, batch, draws);
    Var<float> z = tape.constant(pass.z->value.leftCols(World::n));
    Var<float> t = tape.constant(pass.t->value.leftCols(World::n));
    dependence += static_cast<double>(poems::pieces::hsic(tape, z, t)->scalar()) / last;
  }
  return dependence / poems::pieces::expected_hsic(World::n, 2, 2);
}

/// How much of y a linear map of x explains, over target samples.
double explained(const Matrix<float>& y, const Matrix<float>& x) {
  const auto centred = [](const Matrix<float>& m) -> Matrix<double> {
    const Matrix<double> columns = m.leftCols(World::n).cast<double>().transpose();
    return columns.rowwise() - columns.colwise().mean();
  };
  const Matrix<double> Y = centred(y), X = centred(x);
  const Matrix<double> fitted = X * X.colPivHouseholderQr().solve(Y);
  return 1.0 - (Y - fitted).squaredNorm() / Y.squaredNorm();
}

struct Found {
  double t_in_t, z_in_z, z_in_t, t_in_z, dependence;
};

Found find(const World& world, const ComparativeOptions& options) {
  Comparative<float> model(options);
  Found found{};
  found.dependence = train(world, model, 400);
  Tape<float> tape;
  const auto blocks = model.embedding(tape, world.batch(), poems::pieces::Draws<float>());
  const Matrix<float>&z = blocks[0].value->value, &t = blocks[1].value->value;
  found.t_in_t = explained(world.t, t);
  found.z_in_z = explained(world.z, z);
  found.z_in_t = explained(world.z, t);
  found.t_in_z = explained(world.t, z);
  std::cout << "  explained: t by t " << found.t_in_t << ", z by z " << found.z_in_z << ", z by t "
            << found.z_in_t << ", t by z " << found.t_in_z << "; HSIC / h_0 " << found.dependence
            << "\n";
  return found;
}

}  // namespace

TEST(ComparativeLearns, WhatIsInTheTargetAlone) {
  ComparativeOptions pooled = world_options(), pareto = world_options(), sparse = world_options();
  pareto.balance = Balance::pareto;
  sparse.generation.sparse = true;
  sparse.training_samples = 2 * World::n;
  for (const ComparativeOptions& o : {pooled, pareto, sparse}) {
    const Found found = find(World(0.0), o);
    EXPECT_GT(found.t_in_t, 0.95);
    EXPECT_GT(found.z_in_z, 0.9);
    EXPECT_LT(found.z_in_t, 0.1);
    EXPECT_LT(found.t_in_z, 0.1);
  }
}

TEST(ComparativeLearns, ToKeepItsBound) {
  ComparativeOptions o = world_options();
  const World world(0.8);
  const Found free = find(world, o);
  o.independence = 1.5;
  o.dual.rate = 0.03;
  const Found bounded = find(world, o);
  EXPECT_GT(free.dependence, 3.0);
  EXPECT_LT(bounded.dependence, 2.0);
}
