// IndiSeek: both stages against recorded numbers (see fixtures/README.md), and each move against
// finite differences.
#include <gtest/gtest.h>

#include "complete_batch.h"
#include "gradient_check.h"
#include "model_fixture.h"
#include "models/indiseek.h"
#include "random_problem.h"

using namespace poems_test;
using poems::Adam;
using poems::Decay;
using poems::models::IndiSeek;
using poems::models::IndiSeekOptions;
using poems::models::IndiSeekSpecific;
using poems::models::Move;
using poems::models::Stage;
using poems::pieces::ClubKind;
using poems::pieces::Draws;

namespace {

using Parameters = std::vector<Parameter<double>*>;
constexpr double least = 1e-3;  // 15 digits are recorded: an absolute error of 1e-12 may be theirs

/// The fixture's name of a parameter: "f1.2.W" is "omics/0/shared/layer2/weight".
std::string fixture_name(std::string name) {
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"omics/0/shared", "f1"},
      {"omics/1/shared", "f2"},
      {"omic/encoder", "h"},
      {"omic/decoder", "g"},
      {"omic/club/mean", "q.mean"},
      {"omic/club/logvar", "q.logvar"},
      {"omic/club/critic", "critic"},
      {"/layer", "."},
      {"/weight", ".W"},
      {"/bias", ".b"}};
  for (const auto& change : changes) {
    const std::size_t at = name.find(change.first);
    if (at != std::string::npos) name.replace(at, change.first.size(), change.second);
  }
  return name;
}

void set_parameters(const json& recorded, const Parameters& parameters) {
  EXPECT_EQ(parameters.size(), recorded.size());
  for (Parameter<double>* p : parameters) p->value = as_matrix(recorded.at(fixture_name(p->name)));
}

void expect_values(Comparison& compare, const json& recorded, const Parameters& parameters) {
  for (const Parameter<double>* p : parameters)
    compare.expect("parameters after steps", p->name, p->value,
                   as_matrix(recorded.at(fixture_name(p->name))), after_steps, least);
}

void expect_gradients_as(Comparison& compare, const json& recorded, const Parameters& parameters) {
  EXPECT_EQ(parameters.size(), recorded.size());
  for (const Parameter<double>* p : parameters)
    compare.expect("gradients", p->name, p->gradient, as_matrix(recorded.at(fixture_name(p->name))),
                   exact, least);
}

Adam<double> adam(double rate) { return Adam<double>({rate, 0.0}, Decay::none); }

/// What of the fixture's stage 2 is the same in every step.
struct SpecificCase {
  explicit SpecificCase(const json& recorded)
      : specific("omic", recorded.at("settings").at("D"), options(recorded.at("settings")),
                 recorded.at("settings").at("e")) {
    specific.squared_length.setConstant(
        recorded.at("settings").at("mean_squared_length").get<double>());
    own = specific.own_parameters();
    auxiliary = specific.auxiliary_parameters();
    all = own;
    all.insert(all.end(), auxiliary.begin(), auxiliary.end());
    set_parameters(recorded.at("parameters"), own);
    set_parameters(recorded.at("auxiliary"), auxiliary);
  }

  static IndiSeekOptions options(const json& settings) {
    IndiSeekOptions o;
    o.shared_factors = settings.at("d");
    o.units = settings.at("H");
    o.auxiliary_units = settings.at("Hq");
    o.club = settings.at("kind") == "gauss" ? ClubKind::gaussian : ClubKind::critic;
    return o;
  }

  IndiSeekSpecific<double> specific;
  Parameters own, auxiliary, all;
};

void expect_specific(const std::string& name) {
  const json recorded = read_fixture("indiseek").at(name);
  const json& settings = recorded.at("settings");
  SpecificCase c(recorded);
  Adam<double> own = adam(settings.at("lr")), auxiliary = adam(settings.at("lr_q"));
  const std::vector<Index> everyone = all_samples(settings.at("B"));
  const double completeness = settings.at("reconstruction_weight");
  // The critic's first gradients are nothing but rounding, which Adam makes a step of.
  const double tolerance = name == "stage2_gaussian" ? exact : after_steps;
  Comparison compare;
  Tape<double> tape;
  Terms<double> terms;
  const auto begin = [&] {
    tape.reset();
    terms.clear();
    return tape.constant(columns(recorded.at("x")));
  };
  for (std::size_t k = 0; k < 3; ++k) {
    const json& step = recorded.at("steps")[k];
    for (const json& inner : step.at("inner")) {
      Var<double> z = poems::pieces::detach(tape, c.specific.encode(tape, begin()));
      Var<double> c_other = tape.constant(columns(recorded.at("c_other")));
      terms.add("auxiliary", c.specific.auxiliary(tape, z, c_other, everyone));
      compare.expect("losses", "fit", Matrix<double>::Constant(1, 1, terms.total()),
                     Matrix<double>::Constant(1, 1, inner.at("fit_loss").get<double>()), tolerance,
                     least);
      tape.backward(terms, c.all);
      if (inner.contains("grad")) expect_gradients_as(compare, inner.at("grad"), c.auxiliary);
      for (const Parameter<double>* p : c.own) EXPECT_TRUE(p->gradient.isZero(0.0)) << p->name;
      auxiliary.step(c.auxiliary, 1);
    }
    if (k == 0) expect_values(compare, step.at("auxiliary_at_main_step"), c.auxiliary);

    Var<double> x = begin();
    Var<double> c_other = tape.constant(columns(recorded.at("c_other")));
    Var<double> z = c.specific.encode(tape, x);
    Var<double> x_hat = c.specific.decode(tape, z, tape.constant(columns(recorded.at("c_own"))));
    terms.add("club", c.specific.dependence(tape, z, c_other, everyone));
    terms.add("reconstruction", c.specific.reconstruction(tape, x, x_hat, nullptr), completeness);
    for (const std::string term : {"club", "reconstruction"})
      compare.expect("losses", term, terms.at(term).value->value,
                     Matrix<double>::Constant(1, 1, step.at(term).get<double>()), tolerance, least);
    compare.expect("losses", "total", terms.total(), step.at("total").get<double>(), tolerance);
    tape.backward(terms, c.all);
    if (k == 0) {
      expect_gradients_as(compare, step.at("grad"), c.own);
      compare.expect("forward", "z", z->value, columns(step.at("z")), tolerance, least);
      compare.expect("forward", "x_hat", x_hat->value, columns(step.at("x_hat")), tolerance, least);
      if (name == "stage2_gaussian") {
        auto& club = dynamic_cast<poems::pieces::GaussianClub<double>&>(c.specific.club());
        const auto q = club.q(tape, c_other);
        compare.expect("forward", "q", q.mean->value, columns(step.at("q_mean")), tolerance, least);
        compare.expect("forward", "q", q.logvar->value, columns(step.at("q_logvar")), tolerance,
                       least);
      } else {
        auto& club = dynamic_cast<poems::pieces::CriticClub<double>&>(c.specific.club());
        const Matrix<double> F = poems::pieces::by_condition(club.critic(tape, z, c_other)->value);
        compare.expect("forward", "F", F, columns(step.at("critic")), tolerance, least);
      }
    }
    own.step(c.own, 1);
    if (k == 1) continue;
    expect_values(compare, step.at("parameters_after"), c.own);
    expect_values(compare, step.at("auxiliary_after"), c.auxiliary);
  }
}

}  // namespace

TEST(IndiSeekFixture, Shared) {
  const json recorded = read_fixture("indiseek").at("stage1");
  const json& settings = recorded.at("settings");
  IndiSeekOptions options;
  for (std::size_t v = 0; v < 2; ++v)
    options.omics.push_back({std::to_string(v), settings.at("D")[v].get<Index>()});
  options.shared_factors = settings.at("d");
  options.private_factors = {2, 2};
  options.units = settings.at("H");
  options.temperature = settings.at("tau");
  IndiSeek<double> model(options);
  const Stage<double> stage = model.stages().at(0);
  ASSERT_EQ(stage.moves.size(), 1u);
  const Parameters& parameters = stage.moves[0].parameters;
  set_parameters(recorded.at("parameters"), parameters);
  const auto batch =
      complete_batch<double>({columns(recorded.at("x1")), columns(recorded.at("x2"))});
  Adam<double> rule = adam(settings.at("lr"));
  Comparison compare;
  Tape<double> tape;
  Terms<double> terms;
  for (std::size_t k = 0; k < 3; ++k) {
    const json& step = recorded.at("steps")[k];
    tape.reset();
    terms.clear();
    stage.moves[0].loss(tape, batch, Draws<double>(), terms);
    compare.expect("losses", "contrast", terms.total(), step.at("loss").get<double>(), exact);
    tape.backward(terms, model.parameters());
    if (k == 0) expect_gradients_as(compare, step.at("grad"), parameters);
    rule.step(parameters, 1);
    if (k != 1) expect_values(compare, step.at("parameters_after"), parameters);
  }
}

TEST(IndiSeekFixture, SpecificWithGaussianClub) { expect_specific("stage2_gaussian"); }

TEST(IndiSeekFixture, SpecificWithCritic) { expect_specific("stage2_nce"); }

// ---- From its own start, three omics, some of them and some values missing

namespace {

constexpr Index samples = 9;

IndiSeekOptions three_omics(ClubKind club) {
  IndiSeekOptions o;
  o.omics = {{"mrna", 5}, {"methylation", 4}, {"mirna", 6}};
  o.shared_factors = 3;
  o.private_factors.assign(o.omics.size(), 2);
  o.units = 6;
  o.auxiliary_units = 8;
  o.completeness = 1.5;
  o.club = club;
  return o;
}

std::unique_ptr<IndiSeek<double>> started(ClubKind club) {
  auto model = std::make_unique<IndiSeek<double>>(three_omics(club));
  std::vector<poems::Vector<double>> spread;
  for (Index features : {5, 4, 6}) spread.push_back(poems::Vector<double>::Ones(features));
  model->initialise(5, spread);
  return model;
}

poems::Batch<double> batch_with_gaps(const std::vector<Index>& numbers) {
  return poems::make_batch(random_cohort<double>(samples, {5, 4, 6}, true), numbers, 1);
}

}  // namespace

TEST(IndiSeekGradients, EveryMove) {
  const poems::Batch<double> batch = batch_with_gaps(all_samples(samples));
  for (ClubKind club : {ClubKind::gaussian, ClubKind::critic}) {
    const auto model = started(club);
    std::uint64_t seed = 170;  // as a critic starts, none of its units rests
    for (Parameter<double>* p : model->parameters()) {
      p->value += 0.5 * normals(p->value.rows(), p->value.cols(), seed++);
      p->zero_gradient();
    }
    for (const Stage<double>& stage : model->stages()) {
      for (const Move<double>& move : stage.moves) {
        SCOPED_TRACE(stage.name);
        Parameters felt;  // a constant added to a critic changes nothing
        for (Parameter<double>* p : move.parameters)
          if (p->name.find("critic/layer3/bias") == std::string::npos) felt.push_back(p);
        expect_gradients_of(
            [&](Tape<double>& tape, Terms<double>& terms) {
              move.loss(tape, batch, Draws<double>(), terms);
            },
            felt);
      }
    }
  }
}

TEST(IndiSeek, EveryParameterMovesInOneMoveAlone) {
  const auto model = started(ClubKind::gaussian);
  const poems::Batch<double> batch = batch_with_gaps(all_samples(samples));
  std::map<std::string, int> moves;
  for (const Stage<double>& stage : model->stages())
    for (const Move<double>& move : stage.moves)
      for (const Parameter<double>* p : move.parameters) ++moves[p->name];
  EXPECT_EQ(moves.size(), model->parameters().size());
  for (const auto& item : moves) EXPECT_EQ(item.second, 1) << item.first;

  // The second stage does not reach the shared block, nor CLUB's nets what they judge.
  Tape<double> tape;
  const std::vector<Stage<double>> stages = model->stages();
  for (const Move<double>& move : stages[1].moves) {
    Terms<double> terms;
    tape.reset();
    move.loss(tape, batch, Draws<double>(), terms);
    tape.backward(terms, model->parameters());
    const bool auxiliary = move.repeats == 2;
    for (const Parameter<double>* p : model->parameters()) {
      const bool club = p->name.find("/club/") != std::string::npos;
      if (p->name.find("/shared/") != std::string::npos || (auxiliary && !club)) {
        EXPECT_TRUE(p->gradient.isZero(0.0)) << p->name;
      }
    }
  }
}

TEST(IndiSeek, TermsAreOfTheSamplesThatHaveWhatTheyNeed) {
  const auto model = started(ClubKind::gaussian);
  const poems::Batch<double> whole = batch_with_gaps(all_samples(samples));
  Tape<double> tape;
  Terms<double> terms;
  model->loss(tape, whole, Draws<double>(), terms);
  EXPECT_EQ(terms.size(), 9u);

  // Of the samples alone that have the first two omics: the same contrast of these.
  std::vector<Index> both;
  for (Index i = 0; i < samples; ++i)
    if (i % 4 != 0 && (i + 1) % 4 != 0) both.push_back(i);
  Terms<double> fewer;
  model->loss(tape, batch_with_gaps(both), Draws<double>(), fewer);
  EXPECT_NEAR(terms.at("contrast/mrna-methylation").value->scalar(),
              fewer.at("contrast/mrna-methylation").value->scalar(), 1e-12);

  // Samples with one omic have nothing to contrast, nor to depend on.
  poems::Cohort<double> cohort = random_cohort<double>(samples, {5, 4, 6}, true);
  cohort.omics[1].column.assign(samples, -1);
  cohort.omics[2].column.assign(samples, -1);
  Terms<double> alone;
  model->loss(tape, poems::make_batch(cohort, {1, 2}, 1), Draws<double>(), alone);
  tape.backward(alone, model->parameters());
  for (const auto& term : alone)
    EXPECT_EQ(term.value->scalar() > 0.0, term.name == "reconstruction/mrna") << term.name;
}

TEST(IndiSeek, OtherIsTheMeanOfTheOtherOmicsUnitVectors) {
  const auto model = started(ClubKind::gaussian);
  // The batch without some omics; samples 5 and 6 have the first two.
  const auto without = [](const std::vector<std::size_t>& omics) {
    poems::Cohort<double> cohort = random_cohort<double>(samples, {5, 4, 6}, true);
    for (std::size_t v : omics) cohort.omics[v].column.assign(samples, -1);
    return poems::make_batch(cohort, {5, 6}, 1);
  };
  Tape<double> tape;
  // The second omic's unit vectors: the embedding's shared block where there is no other.
  const poems::Batch<double> second = without({0, 2});
  const Matrix<double> c_other = model->embedding(tape, second, Draws<double>())[0].value->value;
  EXPECT_TRUE(c_other.colwise().norm().isOnes(1e-12));
  const poems::Batch<double> two = without({2});
  Terms<double> terms;
  model->loss(tape, two, Draws<double>(), terms);
  Var<double> z = model->specific(0).encode(tape, tape.constant(two.omics[0].x.transpose()));
  const double expected =
      model->specific(0).dependence(tape, z, tape.constant(c_other), {0, 1})->scalar();
  EXPECT_NEAR(terms.at("dependence/mrna").value->scalar(), expected, 1e-12);
  EXPECT_GT(std::abs(expected), 1e-6);
}
