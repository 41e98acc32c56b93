// Comparative VAEs: against an independent implementation (see fixtures/README.md), every gradient
// against finite differences, and what they are for: planted salient factors are found.
#include <gtest/gtest.h>

#include <numeric>

#include "complete_batch.h"
#include "gradient_check.h"
#include "model_fixture.h"
#include "models/comparative.h"
#include "tape/adam.h"

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
  draws.noises["z"] = side_by_side(step, "noise_z_");
  const Matrix<double> t = columns(step.at("noise_t_target"));
  Matrix<double> noise = Matrix<double>::Constant(t.rows(), draws.noises["z"].cols(), 7.0);
  noise.leftCols(t.cols()) = t;  // the background's has no part in anything
  draws.noises["t"] = noise;
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
      draws_ = fixture_draws(step);
      if (k == 0) expect_forward(step);
      expect_losses(step);
      expect_step(step, adam);
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

  void expect_forward(const json& step) {
    Tape<double> tape;
    const auto pass = model_.forward(tape, batch_, draws_);
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
  void expect_losses(const json& step) {
    Tape<double> tape;
    const auto pass = model_.forward(tape, batch_, draws_);
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
    hsic.add("hsic", poems::pieces::hsic(tape, poems::pieces::select(tape, pass.z, of_target),
                                         poems::pieces::select(tape, pass.t, of_target)));
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

  void expect_step(const json& step, poems::Adam<double>& adam) {
    const bool bounded = settings_.at("model") == "co" || settings_.at("model") == "co_mo";
    Tape<double> tape;
    Terms<double> terms;
    model_.begin_epoch(1, 1);
    expect("dual", "before", model_.dual().multiplier, step.at("lambda_before"));
    model_.gradients(tape, batch_, draws_, terms);
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
  RecordedDraws draws_;
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
